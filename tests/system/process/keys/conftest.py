"""A desktop with the real portal, and a daemon that notes what it is asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.system.process.keys.desktop import Desktop, ToolMissing, require_portal
from tests.unit.clients.deck.linux.rig import Controls, controls_with, serving_daemon


@pytest.fixture
async def desktop(require_tools: bool, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desktop]:
    """A session bus of its own; skipped where the portal cannot be run."""
    try:
        require_portal()
    except ToolMissing as error:
        if require_tools:
            raise
        pytest.skip(str(error))
    async with Desktop() as made:
        monkeypatch.setenv("XDG_DATA_HOME", str(made.folder))
        yield made


@pytest.fixture
async def controls() -> AsyncIterator[Controls]:
    """A daemon with four looks, which runs."""
    controls = controls_with(4)
    async with serving_daemon(controls):
        yield controls
