"""What the tests of the client share: the stand-in as a process, a camera, and a few waits."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import av
import numpy as np

from sana_vcam.lib.threads import run_blocking
from sana_vcam.reactor import Message, SanaClient

TRACK = (320, 176)
SMALL = ("--width", "320", "--height", "176", "--chunk-time", "0.05", "--chunk-frames", "4")
# Generous on purpose: no test asserts how long something took, only that it happens.
PATIENCE_S = 60.0
GREY = bytes([90, 90, 90, 255]) * (TRACK[0] * TRACK[1])


@dataclass
class Runtime:
    """A running stand-in."""

    url: str
    process: subprocess.Popen[bytes]

    async def state(self) -> str:
        """Its session's state: ready, waiting, streaming, orphaned, closing."""

        def ask() -> str:
            with urllib.request.urlopen(f"{self.url}/session", timeout=PATIENCE_S) as answer:
                return str(json.load(answer)["state"])

        return await run_blocking(ask, name="ask-runtime")

    async def until(self, state: str) -> None:
        """Wait until its session is in `state`."""
        async with asyncio.timeout(PATIENCE_S):
            while await self.state() != state:
                await asyncio.sleep(0.02)

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def running_runtime(*options: str) -> Iterator[Runtime]:
    command = [sys.executable, "-m", "sana_vcam.standin", "--port", "0", "--exit-with-stdin"]
    process = subprocess.Popen(
        [*command, *SMALL, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        ready = json.loads(process.stdout.readline())
        yield Runtime(ready["url"], process)
    finally:
        process.send_signal(signal.SIGCONT)
        process.stdin.close()
        try:
            process.wait(PATIENCE_S)
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


async def eventually(condition: Callable[[], object]) -> None:
    """Wait until `condition` is true."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.01)


async def within[T](awaitable: Awaitable[T]) -> T:
    """What `awaitable` returns; it is not to take for ever."""
    async with asyncio.timeout(PATIENCE_S):
        return await awaitable


def watched(client: SanaClient) -> list[Message]:
    """All messages of the client from now on, in order."""
    messages: list[Message] = []
    client.on(Message, messages.append)
    return messages


@contextlib.asynccontextmanager
async def camera(client: SanaClient) -> AsyncIterator[None]:
    """Push a grey picture 24 times a second."""

    async def push() -> None:
        while True:
            client.push(GREY)
            await asyncio.sleep(1 / 24)

    task = asyncio.ensure_future(push())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def clip(frames: int = 40) -> bytes:
    """A small real MP4."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream: Any = container.add_stream("mpeg4", rate=24)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for number in range(frames):
            pixels = np.full((96, 160, 3), number * 5 % 256, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(stream.encode(None))
    return file.getvalue()
