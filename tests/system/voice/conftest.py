"""A session of each PipeWire, and a delay line in it on a thread of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.rigs.pipewire import Session
from tests.rigs.pipewire.fixtures import pipewire
from tests.system.voice.rig import Carried

__all__ = ["line", "pipewire"]


@pytest.fixture
def line(pipewire: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[Carried]:
    for name, value in pipewire.environment.items():
        monkeypatch.setenv(name, value)
    with Carried(pipewire) as carried:
        yield carried
