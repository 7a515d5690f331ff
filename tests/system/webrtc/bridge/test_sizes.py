"""What is sent and what comes back are two sizes: the picture that viewers get of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from sana_vcam.app.daemon import Daemon
from sana_vcam.config.load import load
from sana_vcam.control.protocol.state import State
from sana_vcam.engine.quality import judge, sending, watch
from sana_vcam.media.camera.timecode import read_counter
from sana_vcam.media.pixels import Pixels
from sana_vcam.reactor import ConnectionStats, ReactorClient
from tests.fakes.coordinator import KEY
from tests.system.daemon import (
    PATIENCE_S,
    TRACK,
    View,
    clip,
    local_settings,
    running_daemon,
    running_standin,
)
from tests.system.webrtc.bridge.test_rollover import cloud_settings, service

FPS = 24
SMALL = (160, 90)


def counted(view: View) -> bool:
    """Whether the scene's counter can be read in a picture."""
    return read_counter(view.luma[:, :, None]) is not None


def reel(path: Path) -> list[Pixels]:
    """The luma of each picture of a clip, small, as a sink of 16:9 shows a model's 20:11 of it."""
    capture = cv2.VideoCapture(str(path))
    found = []
    while True:
        there, bgr = capture.read()
        if not there:
            return found
        height, width = bgr.shape[:2]
        # The model's shape of the camera's picture, then the sink's of the model's.
        rows = round(width * 11 / 20)
        bgr = bgr[(height - rows) // 2 :][:rows]
        columns = round(rows * 16 / 9)
        bgr = bgr[:, (width - columns) // 2 :][:, :columns]
        small = cv2.resize(bgr, SMALL, interpolation=cv2.INTER_AREA)
        found.append(cv2.cvtColor(small, cv2.COLOR_BGR2YUV_I420)[: SMALL[1]])


def likeness_db(view: View, pictures: list[Pixels]) -> float:
    """How like the likest of the pictures it is."""
    small = cv2.resize(view.luma, SMALL, interpolation=cv2.INTER_AREA).astype(np.float32)
    error = min(float(np.mean((small - one) ** 2)) for one in pictures)
    return float(10 * np.log10(255**2 / max(error, 1e-6)))


async def test_a_quarter_of_the_pixels_is_sent_and_all_of_the_model_s_picture_comes_back(
    tmp_path: Path,
):
    """As the platform's own front end does it: 640x352 up, 1280x704 down."""
    path = clip("bigbuckbunny.mp4")
    settings = {
        "CAMERA__SOURCE": "file",
        "CAMERA__PATH": str(path),
        "REACTOR__SEND": "640x352",
        "REACTOR__TRACK_WIDTH": "1280",
        "REACTOR__TRACK_HEIGHT": "704",
    }
    pictures = reel(path)
    large = ("--width", "1280", "--height", "704", "--edit", "copy")
    async with (
        running_standin(*large) as standin,
        running_daemon(tmp_path, standin.url, **settings) as bridge,
    ):
        control = bridge.control
        await control.live()
        await bridge.viewer.until(lambda view: likeness_db(view, pictures) > 24, "the clip")
        await control.until(lambda s: s["model_width"] == 1280, "the model's size")
        state = control.state
        assert (state["send_width"], state["send_height"]) == (640, 352)
        assert (state["model_width"], state["model_height"]) == (1280, 704)
        assert not state["send_reduced"], "it was asked for"
        assert await standin.session() == "streaming", "a change of size would have ended it"
    assert not bridge.viewer.torn


async def test_sizes_of_model_and_sink_may_be_any(tmp_path: Path):
    """An odd one is cut to an even one; the sink's own fit does the rest."""
    odd = ("--width", "477", "--height", "273", "--edit", "copy")
    settings = {"REACTOR__SEND": "424x240", "SINK__FIT": "stretch"}
    async with (
        running_standin(*odd) as standin,
        running_daemon(tmp_path, standin.url, **settings) as bridge,
    ):
        await bridge.control.live()
        await bridge.viewer.until(counted, "the scene")
        await bridge.control.until(lambda s: s["fps_model"] > 0, "frames")
        width, height = bridge.control.state["model_width"], bridge.control.state["model_height"]
        assert abs(width - 477) <= 1
        assert abs(height - 273) <= 1


async def test_a_poor_way_up_makes_the_next_session_smaller_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The judgement is the daemon's own, of figures as a poor upload has them, only sooner."""
    monkeypatch.setattr(judge, "RAMP_S", 0.0)
    monkeypatch.setattr(watch, "POOR_FOR_LONG_S", 2.0)
    monkeypatch.setattr(sending, "ENOUGH", 9)
    measured = ReactorClient.stats

    async def poor(client: ReactorClient) -> ConnectionStats:
        """What the encoder may use, per pixel: far too little for the full size alone."""
        return replace(await measured(client), target_bps=100_000.0)

    monkeypatch.setattr(ReactorClient, "stats", poor)
    states: list[State] = []

    async def until(wanted: Callable[[State], bool]) -> None:
        async with asyncio.timeout(2 * PATIENCE_S):
            while not states or not wanted(states[-1]):
                await asyncio.sleep(0.05)

    async with service(("--edit", "copy"), ("--edit", "copy")) as stage:
        overrides = local_settings(stage.cloud.url) | {
            "reactor.local": "false",
            "sink.kind": "preview",
        }
        key = {"SANA_VCAM_REACTOR__API_KEY": KEY}
        daemon = Daemon(
            load(environ=key, overrides=overrides).config,
            state_dir=tmp_path / "state",
            runtime_dir=tmp_path / "runtime",
        )
        daemon.on_state = states.append
        stop = asyncio.Event()
        running = asyncio.create_task(daemon.run(stop))
        try:
            await until(lambda state: state.output == "live")
            assert (states[-1].send_width, states[-1].send_height) == TRACK
            first = len(states)
            await until(lambda state: state.send_reduced)
            assert (states[-1].send_width, states[-1].send_height) == (320, 176)
            await until(lambda state: not state.renewing and state.model_width == TRACK[0])
            assert {state.output for state in states[first:]} == {"live"}
            await until(lambda state: state.quality == "good")
        finally:
            stop.set()
            await running


async def test_the_next_session_s_model_may_have_another_size(tmp_path: Path):
    """At a renewal both run at once: no card, no torn picture, and the new one's own shape."""
    wide, tall = ("--edit", "copy"), ("--width", "320", "--height", "240", "--edit", "copy")
    async with (
        service(wide, tall) as stage,
        running_daemon(
            tmp_path, stage.cloud.url, **cloud_settings(REACTOR__SEND="model")
        ) as bridge,
    ):
        control, viewer = bridge.control, bridge.viewer
        await control.live()
        await viewer.until(counted, "the first model's picture")
        assert control.state["model_width"] == 640
        before = len(control.states)
        await control.ok("renew")
        await control.until(
            lambda s: s["model_width"] == 320 and not s["renewing"], "the second model's picture"
        )
        await viewer.take(2 * FPS)
        assert control.state["model_height"] == 240
        assert (control.state["send_width"], control.state["send_height"]) == (640, 352)
        assert {state["output"] for state in list(control.states)[before:]} == {"live"}
        assert all(view.luma.std() > 10 for view in await viewer.take(FPS))
    assert not viewer.torn
