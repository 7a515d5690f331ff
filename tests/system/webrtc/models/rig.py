"""What the tests of the models share: a daemon in this process, a cloud, and an eye on the sink."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sana_vcam.app.daemon import Daemon
from sana_vcam.config.load import load
from sana_vcam.control.protocol.state import State
from sana_vcam.engine.engine import Engine
from sana_vcam.reactor.models import Image
from tests.fakes.coordinator import KEY, Coordinator
from tests.system.daemon import (
    PATIENCE_S,
    Standin,
    View,
    Viewer,
    clip,
    local_settings,
    running_standin,
)

SENT = (320, 176)
SINK = (320, 180)
SMALL = (64, 36)
CLIP = "bigbuckbunny.mp4"
NOIR = "film noir, black and white"
NEON = "neon cyberpunk city lights"
RAW_DB = 25.0
"""A sink's picture that is liker than this to one of the clip's is the clip's own."""

type Pixels = npt.NDArray[np.uint8]


def coloured(red: int, green: int, blue: int) -> Image:
    """A reference image of one colour."""
    there, png = cv2.imencode(".png", np.full((96, 160, 3), (blue, green, red), np.uint8))
    assert there
    return Image.read(png.tobytes(), "colour.png")


def tint(view: View) -> tuple[float, float]:
    """How blue and how red a picture is on the whole: U and V from grey."""
    u, v = (float(plane.mean()) - 128 for plane in view.chroma)
    return u, v


def is_grey(view: View) -> bool:
    """A picture without colour, and not a flat card."""
    return view.colourfulness < 2.5 and view.luma.std() > 25


def is_coloured(view: View) -> bool:
    """The neon edit, which neither the noir edit nor a card is."""
    return view.colourfulness > 8


class RawEye:
    """Tells the clip's own pictures from everything else, on every frame of a viewer."""

    def __init__(self, path: Path) -> None:
        self.seen: list[int] = []
        """Numbers of the frames that showed the raw camera."""
        self._reel = np.stack([self._small_of_bgr(bgr) for bgr in _pictures(path)])

    def judge(self, view: View) -> None:
        """Look at one frame."""
        planes = [view.luma, *view.chroma]
        small = np.stack([_shrunk(plane) for plane in planes])
        error = np.mean((self._reel - small) ** 2, axis=(1, 2, 3)).min()
        if 10 * np.log10(255**2 / max(float(error), 1e-6)) > RAW_DB:
            self.seen.append(view.number)

    def _small_of_bgr(self, bgr: Pixels) -> npt.NDArray[np.float32]:
        """Shrink a picture of the clip as the bridge does: to the sent shape, then the sink's."""
        for wide, high in (SENT, SINK):
            bgr = _cropped(bgr, wide / high)
        height, width = (side // 2 * 2 for side in bgr.shape[:2])
        i420 = cv2.cvtColor(bgr[:height, :width], cv2.COLOR_BGR2YUV_I420)
        view = View(0, i420.reshape(-1), (width, height))
        return np.stack([_shrunk(plane) for plane in (view.luma, *view.chroma)])


def _pictures(path: Path) -> list[Pixels]:
    capture = cv2.VideoCapture(str(path))
    found: list[Pixels] = []
    while True:
        there, bgr = capture.read()
        if not there:
            return found
        found.append(np.asarray(cv2.resize(bgr, (640, 360), interpolation=cv2.INTER_AREA)))


def _cropped(bgr: Pixels, shape: float) -> Pixels:
    height, width = bgr.shape[:2]
    if width / height > shape:
        keep = round(height * shape) // 2 * 2
        return bgr[:, (width - keep) // 2 :][:, :keep]
    keep = round(width / shape) // 2 * 2
    return bgr[(height - keep) // 2 :][:keep]


def _shrunk(plane: Pixels) -> npt.NDArray[np.float32]:
    return cv2.resize(plane, SMALL, interpolation=cv2.INTER_AREA).astype(np.float32)


@dataclass
class ModelStage:
    """A daemon with one model's stand-in behind a cloud, and everything that it told."""

    daemon: Daemon
    standin: Standin
    cloud: Coordinator
    viewer: Viewer
    eye: RawEye
    states: list[State] = field(default_factory=list)

    @property
    def state(self) -> State:
        """The newest state."""
        return self.states[-1]

    @property
    def engine(self) -> Engine:
        """The daemon's engine."""
        assert self.daemon.parts is not None
        return self.daemon.parts.engine

    async def until(self, wanted: Callable[[State], bool], what: str = "") -> None:
        """Wait for a state."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not self.states or not wanted(self.state):
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"never {what or wanted}: {self.states[-1:]}") from None

    async def live(self) -> None:
        """Wait until viewers see the model."""
        await self.until(lambda s: s.output == "live" and s.session == "streaming", "live")

    async def pause_and_resume(self, looks_right: Callable[[View], bool]) -> None:
        """Pause, see a card and nothing of the model, and go on."""
        before = len(self.cloud.opened)
        await self.engine.pause()
        await self.until(lambda s: s.session == "paused" and s.output == "slate", "paused")
        await self.viewer.until(lambda view: not looks_right(view), "the card")
        await self.engine.resume()
        await self.live()
        await self.viewer.until(looks_right, "the picture after the pause")
        assert len(self.cloud.opened) == before, "another session was opened for a pause"

    async def lose_and_regain(self, looks_right: Callable[[View], bool]) -> None:
        """Let the connection drop, and see the same session joined again with the same look."""
        assert self.standin.process is not None
        self.standin.process.send_signal(signal.SIGSTOP)
        try:
            await self.until(lambda s: s.session == "reconnecting", "the loss noticed")
            await self.viewer.until(lambda view: not looks_right(view), "the card")
        finally:
            self.standin.process.send_signal(signal.SIGCONT)
        await self.live()
        await self.viewer.until(looks_right, "the picture after the loss")
        assert len(self.cloud.opened) == 1, "another session was opened for a drop"


@contextlib.asynccontextmanager
async def staged(
    folder: Path, name: str, *flags: str, **settings: str
) -> AsyncIterator[ModelStage]:
    """A daemon that sends a real clip to the model `name`, which the stand-in's flags choose.

    At the end no session may be open, nothing but the model's picture or a card may have been
    seen, and the daemon has to have gone without an error.
    """
    path = clip(CLIP)
    async with (
        running_standin("--chunk-time", "0.2", *flags) as standin,
        Coordinator(standin.url) as cloud,
        _reading(folder / "video.fifo") as viewer,
    ):
        cloud.models = {name}
        overrides = local_settings(cloud.url) | {
            "reactor.local": "false",
            "reactor.model": name,
            "reactor.send": f"{SENT[0]}x{SENT[1]}",
            "camera.source": "file",
            "camera.path": str(path),
            "sink.kind": "raw",
            "sink.path": str(folder / "video.fifo"),
            "sink.width": str(SINK[0]),
            "sink.height": str(SINK[1]),
            **{key.replace("__", ".").lower(): text for key, text in settings.items()},
        }
        daemon = Daemon(
            load(environ={"SANA_VCAM_REACTOR__API_KEY": KEY}, overrides=overrides).config,
            state_dir=folder / "state",
            runtime_dir=folder / "runtime",
        )
        eye = RawEye(path)
        viewer.judges.append(eye.judge)
        stage = ModelStage(daemon, standin, cloud, viewer, eye)
        daemon.on_state = stage.states.append
        stop = asyncio.Event()
        running = asyncio.create_task(daemon.run(stop))
        try:
            yield stage
        finally:
            stop.set()
            await running
        assert cloud.still_open == []
        await standin.until_session("ready")


@contextlib.asynccontextmanager
async def _reading(fifo: Path) -> AsyncIterator[Viewer]:
    """A viewer of a FIFO that is made here."""
    os.mkfifo(fifo, 0o600)
    # Also for writing, so that it neither waits for a writer nor ends with one.
    descriptor = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    reader = asyncio.StreamReader(limit=1 << 20)
    loop = asyncio.get_running_loop()

    def protocol() -> Any:
        return asyncio.StreamReaderProtocol(reader)

    transport, _ = await loop.connect_read_pipe(protocol, os.fdopen(descriptor, "rb"))
    viewer = Viewer(reader, SINK)
    task = asyncio.create_task(viewer.run())
    try:
        yield viewer
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        transport.close()
