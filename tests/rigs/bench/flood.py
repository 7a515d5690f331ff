"""The longest stall of the playout while 32 clients flood, in turns with quiet ones.

The clients are a process of their own: each sends as fast as it can and reads what comes back. The
daemon runs here, and it is the time from one picture at the sink to the next that counts.
`python -m tests.rigs.bench.flood URL TOKEN` is that process; it ends at SIGTERM.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from sana_vcam.app.daemon import Daemon
from sana_vcam.app.parts import Parts
from sana_vcam.config.load import load
from sana_vcam.control.access.discovery import find
from sana_vcam.control.server import limits
from sana_vcam.engine.states import SessionState
from sana_vcam.media.frames import Picture
from sana_vcam.media.sinks.sink import Sink
from tests.rigs.bench.figures import summary_ms
from tests.system.daemon import local_settings, running_standin

SETTLE_S = 2.0
CLIENTS = limits.MAX_CLIENTS
MESSAGES = ('{"type":"get_state"}', '{"type":"list_presets"}', "blank off", "nonsense", "get_state")


async def measure(home: Path, long: bool) -> dict[str, object]:
    """Gaps between the pictures that the sink gets, quiet and flooded, in this process."""
    turns, seconds = (5, 20.0) if long else (3, 8.0)
    quiet: list[float] = []
    flooded: list[float] = []
    sent: list[int] = []
    async with running_standin("--edit", "copy", "--chunk-frames", "1") as standin:
        config = load(
            environ={}, overrides=local_settings(standin.url) | {"sink.kind": "preview"}
        ).config
        daemon = Daemon(config, state_dir=home / "state", runtime_dir=home / "runtime")
        stop = asyncio.Event()
        running = asyncio.create_task(daemon.run(stop))
        while daemon.parts is None or not _streams(daemon.parts):
            await asyncio.sleep(0.1)
        pressed: dict[bool, list[float]] = {False: [], True: []}
        for _ in range(turns):
            async with _pressing(home / "runtime", pressed[False]):
                quiet += await _gaps(seconds)
            async with (
                _flood(home / "runtime", sent),
                _pressing(home / "runtime", pressed[True]),
            ):
                flooded += await _gaps(seconds)
        stop.set()
        await running
    return {
        "between two pictures, quiet, ms": summary_ms(quiet),
        f"between two pictures, {CLIENTS} clients flood, ms": summary_ms(flooded),
        "longest stall, quiet, ms": round(max(quiet) * 1e3, 1),
        "longest stall, flooded, ms": round(max(flooded) * 1e3, 1),
        "a GET over the Unix socket, quiet, ms": summary_ms(pressed[False]),
        "a GET over the Unix socket, flooded, ms": summary_ms(pressed[True]),
        "messages a second that were answered": round(sum(sent) / turns / (seconds + SETTLE_S)),
    }


def _streams(parts: Parts) -> bool:
    return parts.engine.status.state is SessionState.STREAMING


async def _gaps(seconds: float) -> list[float]:
    """Seconds from each picture that the sink has taken to the next."""
    await asyncio.sleep(SETTLE_S)
    original = Sink.send
    times: list[float] = []

    def send(sink: Sink, picture: Picture) -> None:
        original(sink, picture)
        times.append(time.monotonic())

    Sink.send = send  # type: ignore[method-assign]
    try:
        await asyncio.sleep(seconds)
    finally:
        Sink.send = original  # type: ignore[method-assign]
    return [later - one for one, later in pairwise(times)]


@contextlib.asynccontextmanager
async def _pressing(runtime_dir: Path, took: list[float]) -> AsyncIterator[None]:
    """Press a hotkey five times a second; the Unix socket has room of its own."""

    async def press() -> None:
        while True:
            began = time.monotonic()
            reader, writer = await asyncio.open_unix_connection(runtime_dir / "control.sock")
            writer.write(b"GET /v1/blank?on=false HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b'"on":false' in await reader.read()
            writer.close()
            took.append(time.monotonic() - began)
            await asyncio.sleep(0.2)

    pressing = asyncio.create_task(press())
    try:
        yield
    finally:
        pressing.cancel()
        await asyncio.wait({pressing})


@contextlib.asynccontextmanager
async def _flood(runtime_dir: Path, sent: list[int]) -> AsyncIterator[None]:
    control_file = find(runtime_dir)
    assert control_file is not None
    process = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "tests.rigs.bench.flood",
            control_file.url,
            control_file.token.get_secret_value(),
        ),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"flooding\n"
    try:
        yield
    finally:
        process.terminate()
        sent.append(int(await process.stdout.readline()))
        await process.wait()


async def main(url: str, token: str) -> None:
    """Flood until told to stop; prints how many answers came."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    answers = [0] * CLIENTS

    async def flood(number: int) -> None:
        while True:
            # Whoever is closed for reading too slowly comes again.
            with contextlib.suppress(ConnectionClosed, OSError, InvalidHandshake):
                async with connect(
                    url,
                    additional_headers={"Authorization": f"Bearer {token}"},
                    compression=None,
                    proxy=None,
                    open_timeout=None,
                ) as socket:
                    reading = asyncio.create_task(read(socket, number))
                    try:
                        await send(socket)
                    finally:
                        socket.transport.abort()
                        reading.cancel()
                        await asyncio.wait({reading})

    async def read(socket: ClientConnection, number: int) -> None:
        async for _ in socket:
            answers[number] += 1

    tasks = [asyncio.create_task(flood(number)) for number in range(CLIENTS)]
    print("flooding", flush=True)
    await stop.wait()
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    print(sum(answers), flush=True)


async def send(socket: ClientConnection) -> None:
    """Send as fast as the other end takes it."""
    while True:
        for message in MESSAGES:
            await socket.send(message)
        await asyncio.sleep(0)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
