"""Each model and generation from the camera to the raw sink, over the real SDK and runtime.

A real clip goes through the daemon; the stand-in's words are those of the model's documents.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.system.daemon import View
from tests.system.webrtc.models.rig import (
    NEON,
    NOIR,
    SENT,
    coloured,
    is_coloured,
    is_grey,
    staged,
    tint,
)

SANA = "reactor/sana-streaming"
SIZE = ("--width", "320", "--height", "176")


async def test_the_eye_knows_the_raw_camera(tmp_path: Path):
    """What the other tests of this file never see: the clip as it is, sent there and back."""
    async with staged(tmp_path, SANA, *SIZE, "--edit", "copy") as stage:
        await stage.live()
        await stage.viewer.until(lambda _: bool(stage.eye.seen), "the clip as it is")


@pytest.mark.parametrize("wire", ["npm", "page", "live"])
async def test_sana(tmp_path: Path, wire: str):
    async with staged(tmp_path, SANA, *SIZE, "--wire", wire, START__PROMPT=NOIR) as stage:
        await stage.live()
        await stage.viewer.until(is_grey, "the noir edit")
        assert (stage.state.model_width, stage.state.model_height) == SENT
        await stage.engine.set_prompt(NEON, preset=None, seed=None)
        await stage.viewer.until(is_coloured, "the neon edit")
        await stage.until(lambda s: s.model_prompt == NEON, "the model's word")
        await stage.pause_and_resume(is_coloured)
        await stage.lose_and_regain(is_coloured)
        assert stage.state.model_prompt == NEON
        assert len(stage.cloud.opened) == 1
    assert stage.eye.seen == []


async def test_x2(tmp_path: Path):
    async with staged(tmp_path, "xmax/x2", "--model", "x2", START__PROMPT=NOIR) as stage:
        await stage.live()
        await stage.viewer.until(is_grey, "the noir edit")
        await stage.engine.set_prompt(NEON, preset=None, seed=None)
        await stage.viewer.until(is_coloured, "the neon edit")
        await stage.pause_and_resume(is_coloured)
        await stage.lose_and_regain(is_coloured)
        await stage.engine.wishes.set_image(coloured(230, 20, 20))
        await stage.viewer.until(lambda view: tint(view)[1] > 12, "the red image's guide")
        await stage.engine.set_prompt("", preset=None, seed=None)
        await stage.live()
        assert len(stage.cloud.opened) == 1
    assert stage.eye.seen == []


async def test_joyai(tmp_path: Path):
    """Prompt and image hold for a run: another one begins it anew, in the same session."""
    name = "reactor/joy-video-edit"
    async with staged(tmp_path, name, "--model", "joyai", *SIZE, START__PROMPT=NOIR) as stage:
        await stage.live()
        await stage.viewer.until(is_grey, "the noir edit")
        await stage.until(lambda s: (s.chunk or 0) > 3, "a few chunks")
        told = len(stage.states)
        await stage.engine.set_prompt(NEON, preset=None, seed=None)
        await stage.viewer.until(is_coloured, "the neon edit")
        await stage.live()
        assert any((state.chunk or 0) < 3 for state in stage.states[told:]), "a run of its own"
        await stage.pause_and_resume(is_coloured)
        await stage.lose_and_regain(is_coloured)
        await stage.engine.wishes.set_image(coloured(20, 20, 230))
        await stage.viewer.until(lambda view: tint(view)[0] > 12, "the blue image's guide")
        assert len(stage.cloud.opened) == 1
    assert stage.eye.seen == []


async def test_vidu(tmp_path: Path):
    """An image is the look: without one no session is opened, another one changes a live edit."""
    name = "reactor/vidu-s2-editing"

    def red(view: View) -> bool:
        return tint(view)[1] > 12

    def blue(view: View) -> bool:
        return tint(view)[0] > 12

    size = ("--width", "336", "--height", "192")
    async with staged(tmp_path, name, "--model", "vidu", *size) as stage:
        await stage.until(lambda s: s.session == "refused", "no image yet")
        assert "reference image" in (stage.state.error or "")
        assert stage.cloud.opened == []
        await stage.engine.wishes.set_image(coloured(230, 20, 20))
        await stage.live()
        await stage.viewer.until(red, "the red edit")
        assert (stage.state.model_width, stage.state.model_height) == (336, 192)
        await stage.engine.wishes.set_image(coloured(20, 20, 230))
        await stage.viewer.until(blue, "the blue edit")
        await stage.pause_and_resume(blue)
        await stage.lose_and_regain(blue)
        assert len(stage.cloud.opened) == 1
    assert stage.eye.seen == []


async def test_helios_needs_no_camera(tmp_path: Path):
    """A scene of a prompt goes to the sink, although there is no camera to be had."""
    settings = {
        "CAMERA__SOURCE": "webcam",
        "CAMERA__DEVICE": "/dev/no-such-camera",
        "START__PROMPT": "a green meadow under a blue sky",
    }
    flags = ("--model", "helios", *SIZE, "--chunk-frames", "12", "--first-chunk", "12")
    async with staged(tmp_path, "reactor/helios", *flags, **settings) as stage:
        await stage.live()
        await stage.until(lambda s: s.model_prompt == settings["START__PROMPT"], "its prompt")
        await stage.viewer.until(is_coloured, "the scene")
        await stage.engine.set_prompt(NOIR, preset=None, seed=None)
        await stage.until(lambda s: s.model_prompt == NOIR, "the other prompt")
        await stage.viewer.until(is_grey, "the other scene")
        await stage.pause_and_resume(is_grey)
        await stage.lose_and_regain(is_grey)
        assert len(stage.cloud.opened) == 1
        assert {state.camera for state in stage.states} == {"off"}
    assert stage.eye.seen == []
