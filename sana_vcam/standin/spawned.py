"""`sana-vcam standin --cloud`: an account's front, and a process of the model for each session."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from sana_vcam.standin.cloud import Cloud, Runtimes, ask, start_session
from sana_vcam.standin.settings import Settings

STOP_TIMEOUT_S = 10.0

ALONE = ("--no-cloud", "--host", "127.0.0.1", "--port", "0", "--exit-with-stdin")
"""Options that make of the front's own those of one model behind it."""


@dataclass
class _Spawned:
    """A process with one session; `url` is known once the session has begun."""

    starting: asyncio.Task[None] | None = None
    process: asyncio.subprocess.Process | None = None
    url: str | None = None


@dataclass
class SpawnedRuntimes(Runtimes):
    """A process for each session, started when the session is created and ended with it."""

    options: Sequence[str]
    _by_session: dict[str, _Spawned] = field(default_factory=dict)

    async def begin(self, session_id: str) -> None:
        """Start a process in the background: until it serves, the session waits for its GPU."""
        spawned = self._by_session[session_id] = _Spawned()
        spawned.starting = asyncio.ensure_future(self._start(spawned))

    async def _start(self, spawned: _Spawned) -> None:
        spawned.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "sana_vcam.standin", *self.options, *ALONE),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # Ctrl-C is for the front, which ends them by their standard input.
            start_new_session=True,
        )
        if spawned.process.stdout is None:
            raise AssertionError("the pipe was asked for")
        line = await spawned.process.stdout.readline()
        if line:
            url = str(json.loads(line)["url"])
            await start_session(url)
            spawned.url = url

    def url_of(self, session_id: str) -> str | None:
        """Give the address of a session's process, once it serves."""
        return self._by_session[session_id].url

    async def ended(self, session_id: str) -> bool:
        """Whether the process is gone, or has no session any more."""
        spawned = self._by_session[session_id]
        if spawned.process is not None and spawned.process.returncode is not None:
            return True
        if spawned.url is None:
            return False
        try:
            _status, body = await ask(spawned.url, "GET", "/session")
        except OSError:
            return True
        return str(json.loads(body).get("state", "")).lower() == "ready"

    async def end(self, session_id: str) -> None:
        """End the process, with its session."""
        spawned = self._by_session[session_id]
        if spawned.starting is not None:
            spawned.starting.cancel()
            await asyncio.gather(spawned.starting, return_exceptions=True)
        process, spawned.process, spawned.url = spawned.process, None, None
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def close(self) -> None:
        """End all of them."""
        await asyncio.gather(*(self.end(session_id) for session_id in self._by_session))


async def serve_cloud(settings: Settings, options: Sequence[str]) -> int:
    """Serve the front until a signal or, if so set, the end of stdin; return the exit status.

    `options` are those that it was started with, for the models behind it. Raises `OSError` where
    the address cannot be bound.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(ending, stop.set)
    hosted = settings.hosted
    names = {hosted.name, hosted.name.partition("/")[2] or f"reactor/{hosted.name}"}
    cloud = Cloud(
        SpawnedRuntimes(options), names, room=settings.sessions, gpu_wait_s=settings.gpu_wait_s
    )
    await cloud.listen(settings.host, settings.port)
    print(json.dumps({"event": "standin_ready", "url": cloud.url}), flush=True)
    if settings.exit_with_stdin:
        loop.add_reader(sys.stdin.fileno(), _end_with_stdin, stop)
    try:
        await stop.wait()
    finally:
        await cloud.stop()
    return 0


def _end_with_stdin(stop: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 4096):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        stop.set()
