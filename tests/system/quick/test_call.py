"""One call from camera to sink: a real clip through the real SDK and Reactor's own runtime."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.system.daemon import View, clip, running_daemon, running_standin

NOIR = "film noir, black and white"
NEON = "neon cyberpunk city lights"


def noir(view: View) -> bool:
    """Whether it is the clip in the stand-in's noir: grey, and not a flat card."""
    return view.colourfulness < 2.5 and view.luma.std() > 25


def neon(view: View) -> bool:
    return view.colourfulness > 8.0


async def test_a_clip_is_edited_takes_another_prompt_and_survives_a_killed_model(tmp_path: Path):
    camera = {"CAMERA__SOURCE": "file", "CAMERA__PATH": str(clip("bigbuckbunny.mp4"))}
    async with (
        running_standin() as standin,
        running_daemon(tmp_path, standin.url, "--prompt", NOIR, **camera) as bridge,
    ):
        control, viewer = bridge.control, bridge.viewer
        first = await viewer.until(lambda _: True)
        assert first.luma.shape == (720, 1280)
        await control.live()
        await viewer.until(noir, "the noir edit")
        assert control.state["model_prompt"] == NOIR

        await control.ok("set_prompt", prompt=NEON)
        await viewer.until(neon, "the neon edit")
        await control.until(lambda state: state["model_prompt"] == NEON)

        await standin.end(signal.SIGKILL)
        await control.until(lambda state: state["output"] == "slate", "a slate")
        await viewer.until(lambda view: not neon(view), "the slate")
        await standin.start()
        await control.until(lambda state: state["session"] != "streaming", "the loss")
        await control.live()
        await viewer.until(neon, "the neon edit again")

        bridge.signal(signal.SIGTERM)
        assert await bridge.exit_status() == 0
    assert viewer.ended
    assert not viewer.torn
    assert not bridge.control_file.exists()
