"""What the daemon itself adds: camera read to push, SDK callback to sink, command to wire.

At 640x352, where two cores are not saturated, against a stand-in that hands every frame back.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect

from sana_vcam.app.daemon import Daemon
from sana_vcam.app.parts import Parts
from sana_vcam.config.kinds import Size
from sana_vcam.config.load import load
from sana_vcam.config.paths import APP
from sana_vcam.config.schema import Config
from sana_vcam.control.access.discovery import find
from sana_vcam.engine.states import SessionState
from sana_vcam.media.frames import ModelFrame, Picture
from sana_vcam.media.pipeline import Feed, Pipeline
from sana_vcam.media.playout.buffer import CHUNK_FRAMES
from sana_vcam.media.playout.program import Program
from sana_vcam.media.sinks.sink import Sink
from sana_vcam.reactor.channel import Channel
from tests.rigs.bench.figures import summary_ms
from tests.system.daemon import local_settings, running_standin

SETTLE_S = 5.0


async def measure(home: Path, long: bool) -> dict[str, object]:
    """Run the daemon in this process, with stopwatches at its seams."""
    seconds = 60.0 if long else 15.0
    replies: list[float] = []
    # Each frame a chunk of its own, so that bursts do not hide what the daemon adds.
    async with _streaming(home / "delays", "--chunk-frames", "1") as timed:
        await asyncio.sleep(seconds)
        replies += await _commands(timed, home / "delays", seconds)
        by_websocket, timed.on_wire = timed.on_wire, []
        await _presses(timed, home / "delays", 100 if long else 25)
    async with _streaming(home / "loop") as quiet:
        with counted_handles() as handles:
            await asyncio.sleep(seconds)
        load_per_frame = len(handles) / max(len(quiet.callbacks), 1)
    return {
        "camera read to push returned, ms": summary_ms(timed.pushed),
        "SDK callback, ms": summary_ms(timed.callbacks),
        "tick to sink returned, ms": summary_ms(timed.handed_over),
        "SDK callback to sink returned, smoothing and tick included, ms": summary_ms(timed.waited),
        "WebSocket command sent to model command sent, ms": summary_ms(by_websocket),
        "key press (`sana-vcam ctl` started) to model command sent, ms": summary_ms(timed.on_wire),
        "WebSocket command to reply, the model's answer included, ms": summary_ms(replies),
        "event loop callbacks per model frame, with 24-frame chunks": round(load_per_frame, 3),
    }


@asynccontextmanager
async def _streaming(home: Path, *arguments: str) -> AsyncIterator[TimedMedia]:
    """A daemon that streams from a stand-in which hands every frame back."""
    async with running_standin("--edit", "copy", *arguments) as standin:
        config = load(
            environ={}, overrides=local_settings(standin.url) | {"sink.kind": "preview"}
        ).config
        daemon = Daemon(
            config, state_dir=home / "state", runtime_dir=home / APP, make_media=TimedMedia
        )
        stop = asyncio.Event()
        with timed_sink(daemon):
            running = asyncio.create_task(daemon.run(stop))
            while daemon.parts is None or not _streams(daemon.parts):
                await asyncio.sleep(0.1)
            media = daemon.parts.media
            assert isinstance(media, TimedMedia)
            with timed_commands(media):
                await asyncio.sleep(SETTLE_S)
                media.clear()
                yield media
            stop.set()
            await running


def _streams(parts: Parts) -> bool:
    return parts.engine.status.state is SessionState.STREAMING


class TimedMedia(Pipeline):
    """The media path with clocks at its seams; nothing on the path is replaced. Seconds."""

    def __init__(self, config: Config, on_change: Callable[[], None]) -> None:
        super().__init__(config, on_change)
        self.pushed: list[float] = []
        self.callbacks: list[float] = []
        self.handed_over: list[float] = []
        self.waited: list[float] = []
        self.shown_at: list[float] = []
        self.on_wire: list[float] = []
        self.command_sent_at = 0.0
        self._last_shown = -1

    def clear(self) -> None:
        """Forget what was measured while everything settled."""
        for values in (self.pushed, self.callbacks, self.handed_over, self.waited, self.shown_at):
            values.clear()

    def open_feed(self, send_size: Size, *, chunk_frames: int = CHUNK_FRAMES) -> Feed:
        return TimedFeed(self, send_size, chunk_frames)

    def sent(self, started: float, shown: ModelFrame | None) -> None:
        """A picture was handed to the sink; `started` is when its tick began."""
        now = time.monotonic()
        self.handed_over.append(now - started)
        if shown is not None and shown.sequence != self._last_shown:
            self._last_shown = shown.sequence
            self.waited.append(now - shown.received_at)
            self.shown_at.append(now)


class TimedFeed(Feed):
    """A session's place with clocks at its ends."""

    def __init__(self, media: TimedMedia, send_size: Size, chunk_frames: int) -> None:
        super().__init__(media, send_size, chunk_frames)
        self._timed = media

    def attach(self, push: Callable[[bytes], bool]) -> None:
        def timed(bgra: bytes) -> bool:
            frame, _ = self._timed.camera_frames.peek()
            sent = push(bgra)
            if sent and frame is not None:
                self._timed.pushed.append(time.monotonic() - frame.captured_at)
            return sent

        super().attach(timed)

    def model_frame(self, frame: ModelFrame) -> None:
        super().model_frame(frame)
        self._timed.callbacks.append(time.monotonic() - frame.received_at)


@contextmanager
def timed_sink(daemon: Daemon) -> Iterator[None]:
    """Time every hand-over, from the program's choice to the sink's return."""
    original_next, original_send = Program.next, Sink.send
    started = 0.0

    def next_picture(program: Program, now: float) -> Picture:
        nonlocal started
        started = time.monotonic()
        return original_next(program, now)

    def send(sink: Sink, picture: Picture) -> None:
        original_send(sink, picture)
        if daemon.parts is not None and isinstance(daemon.parts.media, TimedMedia):
            daemon.parts.media.sent(started, daemon.parts.program.on_show)

    Program.next = next_picture  # type: ignore[method-assign]
    Sink.send = send  # type: ignore[method-assign]
    try:
        yield
    finally:
        Program.next = original_next  # type: ignore[method-assign]
        Sink.send = original_send  # type: ignore[method-assign]


@contextmanager
def timed_commands(media: TimedMedia) -> Iterator[None]:
    """Time a prompt until the client is about to put it on the wire."""
    original = Channel.send

    async def send(channel: Channel, name: str, *rest: Any) -> bool:
        if name == "set_prompt":
            media.on_wire.append(time.monotonic() - media.command_sent_at)
        return await original(channel, name, *rest)

    Channel.send = send  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        Channel.send = original  # type: ignore[method-assign]


@contextmanager
def counted_handles() -> Iterator[list[None]]:
    """Collect an entry per callback that any event loop of this process runs."""
    original = asyncio.Handle._run
    ran: list[None] = []

    def run(handle: asyncio.Handle) -> None:
        ran.append(None)
        original(handle)

    asyncio.Handle._run = run  # type: ignore[method-assign]
    try:
        yield ran
    finally:
        asyncio.Handle._run = original  # type: ignore[method-assign]


async def _commands(media: TimedMedia, home: Path, seconds: float) -> list[float]:
    """Prompt changes over a real WebSocket, ten a second; the time to each reply."""
    media.on_wire.clear()
    control_file = find(home / APP)
    assert control_file is not None
    headers = {"Authorization": f"Bearer {control_file.token.get_secret_value()}"}
    replies: list[float] = []
    until = time.monotonic() + seconds
    async with connect(control_file.url, additional_headers=headers) as socket:
        while time.monotonic() < until:
            number = len(replies) + 1
            media.command_sent_at = time.monotonic()
            await socket.send(
                f'{{"type":"set_prompt","id":{number},"data":{{"prompt":"look {number}"}}}}'
            )
            while f'"id":{number},' not in str(await socket.recv()).replace(" ", "") + ",":
                continue
            replies.append(time.monotonic() - media.command_sent_at)
            await asyncio.sleep(0.1)
    return replies


async def _presses(media: TimedMedia, home: Path, count: int) -> None:
    """Press a hotkey: a whole process each time, as a window manager starts it."""
    for number in range(count):
        media.command_sent_at = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "sana_vcam", "ctl", "prompt", f"press {number}"),
            env=os.environ | {"XDG_RUNTIME_DIR": str(home)},
            stdout=asyncio.subprocess.DEVNULL,
        )
        assert await process.wait() == 0
        await asyncio.sleep(0.1)
