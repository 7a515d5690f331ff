"""A daemon of known true latency: its camera carries a counter that the meter does not see."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from sana_vcam.app.daemon import Daemon
from sana_vcam.config.load import load
from sana_vcam.config.schema import Config
from sana_vcam.errors import CameraError
from sana_vcam.media.camera.capture import Camera
from sana_vcam.media.camera.timecode import TOP, encode_counter, read_counter
from sana_vcam.media.frames import CameraFrame, ModelFrame
from sana_vcam.media.latency.meter import LatencyMeter
from sana_vcam.media.latency.steady import Reading
from sana_vcam.media.pacing import FrameClock
from sana_vcam.media.pipeline import Pipeline
from sana_vcam.media.pixels import Pixels, luma_plane
from sana_vcam.media.publisher import Publisher
from sana_vcam.media.states import CameraKind
from tests.system.daemon import TRACK, local_settings, running_standin
from tests.unit.media.latency.material import FPS, Picture

# Matches are of the last eight seconds, and the figure is the median of the last three.
TRUTH_S = 10.0
# A latency that wanders more than this, in frames, has no one true value.
SETTLED = 2.0


class Reel:
    """Pictures as the camera, in real time and for ever, each with its number drawn in."""

    kind = CameraKind.FILE
    name = "reel"

    def __init__(self, pictures: list[Picture]) -> None:
        self._pictures = pictures
        self._closed = threading.Event()
        self._ticks = FrameClock(FPS, 0.0)

    def open(self) -> None:
        self._closed.clear()
        self._ticks = FrameClock(FPS, time.monotonic())

    def read(self) -> Pixels:
        tick, due = self._ticks.next(time.monotonic())
        if self._closed.wait(max(0.0, due - time.monotonic())):
            raise CameraError("the reel is closed")
        rgb = cv2.resize(self._pictures[tick % len(self._pictures)], TRACK)
        picture = np.ascontiguousarray(rgb[:, :, ::-1])
        encode_counter(picture, tick)
        return picture

    def close(self) -> None:
        self._closed.set()


class KnownLatency(LatencyMeter):
    """Reads the counters for the truth, and hides them from the meter."""

    def __init__(self) -> None:
        super().__init__()
        self.read_at: dict[int, float] = {}
        self._true: deque[tuple[float, float]] = deque(maxlen=2000)
        self.unread = 0
        # Of each second with a figure and a settled latency: the figure, and the true mean.
        self.pairs: list[tuple[Reading, float]] = []
        self.unknown = 0

    @property
    def read(self) -> int:
        return len(self._true)

    def sent(self, frame: CameraFrame) -> None:
        number = read_counter(frame.bgr)
        assert number is not None
        self.read_at[number] = frame.captured_at
        super().sent(replace(frame, bgr=_hidden(frame.bgr)))

    def shown(self, frame: ModelFrame) -> None:
        now = time.monotonic()
        read_at = self.read_at.get(read_counter(luma_plane(frame.i420)[:, :, None]) or -1)
        if read_at is None:
            self.unread += 1
        else:
            self._true.append((now, now - read_at))
        super().shown(replace(frame, i420=_hidden_in_i420(frame.i420)))

    def measure(self) -> Reading | None:
        reading = super().measure()
        now = time.monotonic()
        true = [delay for at, delay in tuple(self._true) if now - at <= TRUTH_S]
        if reading is None:
            self.unknown += 1
        elif true and np.std(true) * FPS < SETTLED:
            self.pairs.append((reading, float(np.mean(true))))
        return reading

    @property
    def errors(self) -> list[float]:
        """In frames."""
        return [(reading.latency_s - true_s) * FPS for reading, true_s in self.pairs]


def _hidden(pixels: Pixels) -> Pixels:
    hidden = pixels.copy()
    _hide(hidden)
    return hidden


def _hidden_in_i420(i420: Pixels) -> Pixels:
    hidden = i420.copy()
    _hide(luma_plane(hidden))
    return hidden


def _hide(rows: Pixels) -> None:
    rows[int((TOP - 0.02) * len(rows)) :] = 0


class KnownMedia(Pipeline):
    """The media path with a reel for a camera, and the truth beside the meter."""

    def __init__(
        self, config: Config, on_change: Callable[[], None], pictures: list[Picture]
    ) -> None:
        super().__init__(config, on_change)
        self.camera = Camera(
            config.camera,
            TRACK,
            self.camera_frames,
            on_change,
            make_source=lambda _: Reel(pictures),
        )
        self.latency = self.known = KnownLatency()
        self.publisher = Publisher(self.camera_frames, self.latency.sent)


@asynccontextmanager
async def known_daemon(
    home: Path, url: str, pictures: list[Picture], **settings: str
) -> AsyncIterator[tuple[Daemon, KnownLatency]]:
    """A daemon in this process that streams the pictures through the runtime at `url`."""
    config = load(environ={}, overrides=local_settings(url) | settings).config
    medias: list[KnownMedia] = []

    def make_media(config: Config, on_change: Callable[[], None]) -> KnownMedia:
        medias.append(KnownMedia(config, on_change, pictures))
        return medias[0]

    daemon = Daemon(
        config, state_dir=home / "state", runtime_dir=home / "runtime", make_media=make_media
    )
    stop = asyncio.Event()
    running = asyncio.create_task(daemon.run(stop))
    try:
        while daemon.parts is None:
            assert not running.done(), running
            await asyncio.sleep(0.02)
        yield daemon, medias[0].known
    finally:
        stop.set()
        await running


@asynccontextmanager
async def known_latency(
    home: Path, pictures: list[Picture], *standin: str, prompt: str = "", send: str = "model"
) -> AsyncIterator[KnownLatency]:
    """A daemon in this process that streams the pictures through a real stand-in, over WebRTC.

    `send` is how large they are sent; the model's are of the usual size.
    """
    async with running_standin(*standin) as model:
        settings = {"sink.kind": "preview", "start.prompt": prompt, "reactor.send": send}
        async with known_daemon(home, model.url, pictures, **settings) as (_, known):
            yield known
