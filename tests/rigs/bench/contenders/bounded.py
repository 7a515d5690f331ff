"""The daemon with bounds on what its camera's encoder may use, and a record of what was sent.

`BOUNDS RECORD` come before the arguments of `daemon`: a JSON object (`Bounds`), and where to write
[time, bytes up, bytes down, target] of every half second since the camera was published.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path

from reactor_sdk import Reactor, Track

from sana_vcam.app.native import set_up_malloc
from sana_vcam.engine import factory
from sana_vcam.reactor import ReactorClient, SessionError, client
from tests.rigs.bench.contenders import daemon

SAMPLE_S = 0.5


@dataclass(frozen=True)
class Bounds:
    """What the SDK is told, in bits per second; nothing leaves it as it is."""

    opening: dict[str, int] = field(default_factory=dict)
    """For `Reactor.set_bitrate`, while a connection is being made: before its first estimate."""
    track: dict[str, int] = field(default_factory=dict)
    """For `Track.set_bitrate`, before the camera is published."""
    as_shipped: bool = False
    """A connection begins as the daemon itself has it."""
    lifted_after_s: float = 0.0
    """So long after that `Track.set_bitrate` is told of a floor of 1 bps; 0 is never."""


type Record = list[tuple[float, int, int, float | None]]


def bounded(bounds: Bounds, record: Record) -> type[ReactorClient]:
    """A client with these bounds, that keeps a record."""

    class Bounded(ReactorClient):
        jobs: frozenset[asyncio.Task[None]] = frozenset()

        async def publish(self) -> None:
            if not bounds.as_shipped:
                self._camera._bound = self._bound_as_told  # type: ignore[method-assign]
            await super().publish()
            self._begin(self._record())
            if bounds.lifted_after_s:
                self._begin(self._lift())

        async def _bound_as_told(self, track: Track) -> None:
            if bounds.track:
                await track.set_bitrate(**bounds.track)

        def _begin(self, work: Coroutine[None, None, None]) -> None:
            self.jobs |= {asyncio.ensure_future(work)}

        async def _lift(self) -> None:
            await asyncio.sleep(bounds.lifted_after_s)
            assert self.model.input_track is not None
            await self._require().track(self.model.input_track).set_bitrate(min_bps=1)

        async def _record(self) -> None:
            clock = asyncio.get_running_loop().time
            with contextlib.suppress(SessionError):
                while True:
                    stats = await self.stats()
                    record.append((clock(), stats.bytes_up, stats.bytes_down, stats.target_bps))
                    await asyncio.sleep(SAMPLE_S)

    return Bounded


def opened_with(bounds: Bounds) -> Callable[[Reactor, int], Coroutine[None, None, None]]:
    """What a connection is told while it is being made, instead of what the daemon would."""

    async def start(reactor: Reactor, _start_bps: int) -> None:
        if bounds.opening:
            await reactor.set_bitrate(**bounds.opening)

    return start


def main(bounds: str, where: str, *arguments: str) -> None:
    record: Record = []
    chosen = Bounds(**json.loads(bounds))
    if not chosen.as_shipped:
        client.start_high = opened_with(chosen)
    kind = bounded(chosen, record)
    factory.ReactorClient = kind  # type: ignore[attr-defined]
    asyncio.run(daemon.main(*arguments))
    Path(where).write_text(json.dumps(record))


if __name__ == "__main__":
    set_up_malloc()
    main(*sys.argv[1:])
