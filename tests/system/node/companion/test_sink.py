"""The whole way: a press in Companion changes the picture that viewers get."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.system.daemon import View, running_daemon, running_standin
from tests.system.node.companion.host import running_module

NEON = "neon cyberpunk city lights"


def grey(view: View) -> bool:
    """A picture of the noir edit: no colour, and not a flat card."""
    return view.colourfulness < 2.5 and view.luma.std() > 25


async def test_a_button_of_companion_changes_the_picture_at_the_sink(
    module: Path, companions_node: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with (
        running_standin() as standin,
        running_daemon(tmp_path / "home", standin.url, "--prompt", NEON) as bridge,
    ):
        await bridge.control.live()
        await bridge.viewer.until(lambda view: view.colourfulness > 8, "the neon edit")
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(bridge.control_file.parent.parent))
        async with running_module(module, companions_node) as host:
            await host.until_ok()
            await host.until(lambda host: "look_noir" in host.presets, "the daemon's looks")
            await host.put("lit", "preset_active", id="noir")
            await host.press("look_noir")
            await bridge.viewer.until(grey, "the noir edit")
            await host.until(lambda host: host.values["lit"] is True, "a lit button")
            await host.until_variable("output", "Live")
            await host.press("privacy")
            await bridge.viewer.until(lambda view: view.is_black, "black")
            await host.until_variable("output", "Black")
            await host.press("privacy")
            await bridge.viewer.until(grey, "the noir edit again")
