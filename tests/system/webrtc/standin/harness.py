"""A stand-in in a process of its own, and a client that drives it with the real SDK."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
from reactor_sdk import Reactor, ReactorError

COMMAND = [sys.executable, "-m", "sana_vcam.standin"]
WIDTH, HEIGHT = 320, 176
SIZE = (WIDTH, HEIGHT)
QUICK = ("--chunk-time", "0.05")
"""Options that, with SIZE, make a stand-in light enough for two shared cores."""

PATIENCE_S = 60.0
"""How long a test waits for anything before it fails."""

Picture = npt.NDArray[np.uint8]


@dataclass
class Process:
    """A running stand-in."""

    popen: subprocess.Popen[str]
    url: str
    log: io.TextIOBase

    def stderr(self) -> str:
        self.log.seek(0)
        return self.log.read()


@contextlib.contextmanager
def standin(*options: str, size: tuple[int, int] | None = SIZE) -> Iterator[Process]:
    """Start a stand-in on a free port; it is asked to end afterwards, if it still runs.

    Without a `size` that of main_video is the model's own.
    """
    shape = () if size is None else ("--width", str(size[0]), "--height", str(size[1]))
    with tempfile.TemporaryFile("w+") as log:
        popen = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "sana_vcam.standin",
                "--port",
                "0",
                "--exit-with-stdin",
                *shape,
                *QUICK,
                *options,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            line = popen.stdout.readline()
            if not line:
                log.seek(0)
                raise AssertionError(f"the stand-in did not start: {log.read()}")
            ready = json.loads(line)
            assert ready["event"] == "standin_ready"
            yield Process(popen, ready["url"], log)
        finally:
            popen.stdin.close()
            try:
                popen.wait(PATIENCE_S)
            finally:
                popen.kill()
                popen.wait()
                popen.stdout.close()


class Client:
    """One SDK client: every message and the newest frame it has received, and a camera to push."""

    def __init__(self, url: str, track: str = "camera") -> None:
        self.track = track
        self.reactor = Reactor("sana-streaming", local=True, api_url=url)
        self.messages: list[dict[str, Any]] = []
        self.frames = 0
        self.newest: Picture | None = None
        self._changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._pusher: threading.Thread | None = None
        self._stop_pushing = threading.Event()
        self.reactor.on("message", self._on_message)
        self.reactor.on("status_changed", lambda _status: self._changed.set())

    def _on_message(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        self._changed.set()

    def _on_frame(self, bgra: bytes, width: int, height: int, *_rest: object) -> None:
        picture = np.frombuffer(bgra, np.uint8).reshape(height, width, 4)
        self.newest = picture[..., 2::-1]
        self.frames += 1
        with contextlib.suppress(RuntimeError):  # frames may outlive the test's loop
            self._loop.call_soon_threadsafe(self._changed.set)

    async def connect(self, session_id: str | None = None) -> None:
        """Connect, to a session or a new one; again while the previous session is being closed."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                await asyncio.wait_for(self.reactor.connect(session_id=session_id), PATIENCE_S)
                break
            except ReactorError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.1)
        await self.until(lambda: self.status == "ready")
        self.reactor.track("main_video").on_raw_frame(self._on_frame)

    @property
    def status(self) -> str:
        status = self.reactor.status
        return str(getattr(status, "value", status))

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Wait until the condition holds, looking at every message, frame and change of status."""
        async with asyncio.timeout(PATIENCE_S):
            while not (value := condition()):
                self._changed.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), 0.5)
            return value

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the data of every message of a type so far."""
        return [message["data"] for message in self.messages if message["type"] == kind]

    async def message(self, kind: str, count: int = 1) -> dict[str, Any]:
        """Wait for the count-th message of a type and return its data."""
        await self.until(lambda: len(self.of(kind)) >= count)
        return self.of(kind)[count - 1]

    async def send(self, command: str, **arguments: Any) -> list[dict[str, Any]]:
        """Send a command; return the messages it was answered with, up to state or error.

        Messages of a run that go on meanwhile may be among them.
        """
        begin = len(self.messages)
        await self.reactor.send_command(command, arguments)
        await self.until(
            lambda: any(m["type"] in {"state", "command_error"} for m in self.messages[begin:])
        )
        return self.messages[begin:]

    async def reply(self, command: str, **arguments: Any) -> dict[str, Any] | None:
        """Send a command, and return its own answer."""
        return await self.reactor.send_command(command, arguments)

    async def upload(self, picture: Picture, name: str = "look.png") -> Any:
        """Upload a picture (H, W, 3) RGB as PNG, and return what a command takes for it."""
        png = cv2.imencode(".png", picture[..., ::-1])[1].tobytes()
        return await self.reactor.upload_file(png, name=name, mime_type="image/png")

    async def refused(self, command: str, **arguments: Any) -> str:
        """Send a command that must be refused; return the reason."""
        begin = len(self.of("command_error"))
        await self.reactor.send_command(command, arguments)
        error = await self.message("command_error", begin + 1)
        assert error["command"] == command
        return str(error["reason"])

    async def newest_of(self, kind: str, **expected: Any) -> dict[str, Any]:
        """Wait until the newest message of a type has these values, and return its data."""

        def newest() -> dict[str, Any] | None:
            known = self.of(kind)
            fits = known and all(known[-1][name] == value for name, value in expected.items())
            return known[-1] if fits else None

        return dict(await self.until(newest))

    async def state(self, **expected: Any) -> dict[str, Any]:
        """Wait until the newest state has these values, and return it."""
        return await self.newest_of("state", **expected)

    async def shows(self, condition: Callable[[Picture], Any]) -> Picture:
        """Wait until the newest frame fulfils the condition, and return it."""
        await self.until(lambda: self.newest is not None and condition(self.newest))
        assert self.newest is not None
        return self.newest

    async def publish(self, picture: Callable[[int], Picture], fps: float = 24) -> None:
        """Publish the camera and push pictures (H, W, 3) RGB by their index, until told to stop."""
        await self._publish_track()
        self._stop_pushing.clear()
        self._pusher = threading.Thread(target=self._push, args=(picture, fps), name="pusher")
        self._pusher.start()

    async def _publish_track(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return await self.reactor.track(self.track).publish()
            except ReactorError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.2)

    def _push(self, picture: Callable[[int], Picture], fps: float) -> None:
        track = self.reactor.track(self.track)
        index = 0
        while not self._stop_pushing.wait(1 / fps):
            rgb = picture(index)
            bgra = np.dstack([rgb[..., ::-1], np.full(rgb.shape[:2], 255, np.uint8)])
            try:
                track.push_frame(bgra.tobytes(), width=rgb.shape[1], height=rgb.shape[0])
            except ReactorError:
                return  # the connection is gone
            index += 1

    def stop_pushing(self) -> None:
        self._stop_pushing.set()
        if self._pusher is not None:
            self._pusher.join()
            self._pusher = None

    async def close(self) -> None:
        self.stop_pushing()
        if self.status != "disconnected":
            with contextlib.suppress(ReactorError, TimeoutError):
                await asyncio.wait_for(self.reactor.disconnect(), 20)
        self.reactor.close()


@contextlib.asynccontextmanager
async def client(
    url: str, session_id: str | None = None, track: str = "camera"
) -> AsyncIterator[Client]:
    """Connect a client for the length of a block, to a session or a new one."""
    connected = Client(url, track)
    try:
        await connected.connect(session_id)
        yield connected
    finally:
        await connected.close()


def session_state(url: str) -> str:
    """Return the runtime's word for its session: ready, streaming, orphaned …"""
    with urllib.request.urlopen(f"{url}/session", timeout=PATIENCE_S) as answer:
        return str(json.load(answer)["state"]).lower()


def gray(level: int, width: int = WIDTH, height: int = HEIGHT) -> Picture:
    """Return a flat picture."""
    return np.full((height, width, 3), level, np.uint8)


def clip(frames: int, width: int = 160, height: int = 120) -> bytes:
    """Encode a clip whose brightness rises from frame to frame."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=24)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in range(frames):
            picture = gray(40 + 160 * index // frames, width, height)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return buffer.getvalue()
