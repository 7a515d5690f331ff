"""How often a whole daemon wakes up while nobody watches: waits that end, by who waits.

It runs here with a made-up virtual camera and a configuration in a file, as a service does. Counted
are the turns of its event loop, the threads that it has started, its ticks, and the looks for
viewers. A busy machine makes them later and not more, so the calmest of some seconds counts.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from sana_vcam.app.daemon import Daemon
from sana_vcam.config.paths import APP
from sana_vcam.config.source import ConfigSource
from sana_vcam.lib import threads
from sana_vcam.media.v4l2 import devices
from tests.rigs.bench.contenders.cameras import VirtualCameras

KEY = "wake-ups a second at rest"
SECONDS = 4.0
WINDOWS = 10
"""So many times it is tried to find it at rest."""
CONFIG = """
[reactor]
local = true
api_url = "http://127.0.0.1:9"
[sink]
kind = "v4l2loopback"
[control]
port = 0
"""

type Counts = Counter[str]


class _CountingSelector(selectors.DefaultSelector):
    """A selector that counts how often its loop wakes up."""

    def __init__(self, counts: Counts) -> None:
        super().__init__()
        self._counts = counts

    def select(self, timeout: float | None = None) -> list[Any]:
        found = super().select(timeout)
        if timeout is None or timeout > 0:
            self._counts["event loop"] += 1
        return found


def wakeups_a_second(place: Path, most: float) -> dict[str, float]:
    """Count the wake-ups of a daemon that rests, in `place`; the first time that `most` holds."""
    counts: Counts = Counter()
    machine = VirtualCameras(place / "machine", 1, 0)
    poll, start = machine.system.poll, threads.start_soon

    def counted_poll(*arguments: Any) -> Any:
        counts["looks for viewers"] += 1
        return poll(*arguments)

    def counted_start(*arguments: Any) -> None:
        counts["threads"] += 1
        start(*arguments)

    system = replace(machine.system, poll=counted_poll)
    path = place / "config.toml"
    path.write_text(CONFIG)
    with (
        mock.patch.object(devices, "System", return_value=system),
        mock.patch.object(threads, "start_soon", counted_start),
        asyncio.Runner(
            loop_factory=lambda: asyncio.SelectorEventLoop(_CountingSelector(counts))
        ) as runner,
    ):
        return runner.run(_rest(path, place, counts, most))


async def _rest(path: Path, place: Path, counts: Counts, most: float) -> dict[str, float]:
    source = ConfigSource(path, environ={})
    daemon = Daemon(
        source.load().config, source=source, state_dir=place / "state", runtime_dir=place / APP
    )
    stop = asyncio.Event()
    running = asyncio.create_task(daemon.run(stop))
    found: dict[str, float] = {}
    try:
        while not (daemon.parts and daemon.parts.viewers.known and daemon.control_url):
            assert not running.done(), running.result()
            await asyncio.sleep(0.1)
        for _ in range(WINDOWS):
            before, since = counts | {"ticks": daemon.parts.playout.ticks}, time.monotonic()
            await asyncio.sleep(SECONDS)
            took_s = time.monotonic() - since
            after = counts | {"ticks": daemon.parts.playout.ticks}
            # The sleep of this task is not the daemon's.
            mine = {"event loop": 1}
            found = {
                name: round((after[name] - before.get(name, 0) - mine.get(name, 0)) / took_s, 2)
                for name in after
            }
            if sum(found.values()) <= most:
                break
    finally:
        stop.set()
        await running
    return found
