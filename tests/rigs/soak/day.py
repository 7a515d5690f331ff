"""A day on virtual time: `python -m tests.rigs.soak.day [--hours N] [--seed N]`.

The engine: sessions that reach their limit, renewals, losses, refusals, a cap of the day, a wall
clock that is set. What the account has counted is what the platform has billed, to the second.
The playout: bursts of a model whose clock is not ours. No picture is lost, and the delay stays.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import math
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sana_vcam.config.schema import CostConfig
from sana_vcam.engine.states import SessionState as S
from sana_vcam.media.frames import ModelFrame
from sana_vcam.media.pacing import FrameClock, presentation_time
from sana_vcam.media.playout.buffer import PlayoutBuffer
from tests.fakes.virtualtime import run
from tests.unit.engine.test_walk import Walk
from tests.unit.media.playout.player import FPS, PIXELS, SETTLED_S, WORK_S

HOUR_S = 3600.0
RHYTHMS_S = (20.0, 90.0, 600.0, 1800.0)
SETS_S = (-86_400.0, -3600.0, -1.0, 1.0, 3600.0, 86_400.0, 366 * 86_400.0)
"""How far the wall clock is set, each time."""
BURST = 24
MODEL_FPS = FPS * (1 - 2e-5)
"""A clock that is two seconds a day slow."""


class EngineDay(Walk):
    """A user, a platform and a clock through whole hours, by the dice of one seed."""

    def __init__(self, folder: Path, seed: int) -> None:
        super().__init__(folder, seed, rehearses=True)
        self.dice = random.Random(seed)
        self.calm = 6
        self.sets = 0
        self.caps = 0

    async def take(self) -> None:
        """Do one step, and let minutes pass."""
        match self.dice.randrange(8):
            case 0:
                self.rig.wall_offset += self.dice.choice(SETS_S)
                self.sets += 1
            case 1:
                self._cap()
            case 2 | 3 | 4:
                self._go_on()
            case _:
                self.steps = [*self.steps[-50:], self._step()]
        await asyncio.sleep(self.dice.choice(RHYTHMS_S))

    def _step(self) -> str:
        return self.dice.choice([self.command] * self.calm + [self.fault, self.drop, self.camera])()

    def _go_on(self) -> None:
        """Want the picture, with everything at hand."""
        self.rig.media.camera = self.rig.media.plays_on = self.wanted = True
        for client in self.rig.sessions.clients:
            client.silent = False
        self.rig.engine.connect()

    def _cap(self) -> None:
        """Set a cap that is reached by and by, or take it away."""
        minutes = self.rig.usage.seconds.day / 60 + self.dice.choice([1.0, 20.0])
        cap = 0.0 if self.dice.random() < 0.6 else minutes
        self.caps += cap > 0
        self.rig.engine.follow(CostConfig(day_cap_min=cap, pause_ends_after_s=40.0))

    def forget(self) -> None:
        """Let go of what the fakes keep of sessions that are over, and with it of the engine's."""
        sessions, media = self.rig.sessions, self.rig.media
        sessions.clients[:-4] = [one for one in sessions.clients[:-4] if not one.closes]
        media.feeds[:-4] = [one for one in media.feeds[:-4] if not one.closed]
        del self.rig.states[:-20], self.rig.errors[:-20], media.cuts[:-20]
        del sessions.overlaps[:-20], sessions.ended[:-20]


@dataclass(frozen=True)
class EngineFigures:
    """What the engine's hours came to; seconds of the account, and of the platform."""

    sessions: int
    clock_sets: int
    caps: int
    counted_s: float
    billed_s: float
    objects: tuple[int, int]
    """How many of the engine's objects there were after a tenth of the time, and at the end."""


async def engine_hours(folder: Path, hours: float, seed: int) -> EngineFigures:
    """Let the engine live for so long, and end it. Raises AssertionError where a rule is broken."""
    day = EngineDay(folder, seed)
    rig = day.rig
    task = rig.start()
    began, at_first = rig.loop.time(), 0
    while (lasted_s := rig.loop.time() - began) < hours * HOUR_S:
        await day.take()
        day.check()
        day.forget()
        if not at_first and lasted_s > hours * HOUR_S / 10:
            at_first = _objects_of_the_engine()
    at_last = _objects_of_the_engine()
    rig.sessions.script.clear()
    task.cancel()
    await asyncio.wait({task})
    for asking in day.asking:
        asking.cancel()
    await asyncio.sleep(60)
    await rig.engine.end_leftovers()
    rig.usage.count()
    assert rig.state is S.IDLE
    assert rig.sessions.open == {}, "no session is left open"
    assert rig.on_disk == set()
    return EngineFigures(
        rig.sessions.created,
        day.sets,
        day.caps,
        rig.usage.seconds.total,
        rig.sessions.billed_s,
        (at_first, at_last),
    )


def _objects_of_the_engine() -> int:
    gc.collect()
    return sum(str(type(one).__module__).startswith("sana_vcam.") for one in gc.get_objects())


@dataclass(frozen=True)
class PlayoutFigures:
    """What the playout's hours came to; milliseconds."""

    pictures: int
    lost: int
    delay_ms: tuple[float, float]
    """The least and the most that a picture was held back, after it had settled."""


def playout_hours(hours: float) -> PlayoutFigures:
    """Play bursts of a model whose clock is a little slow."""
    buffer = PlayoutBuffer(fps=FPS, max_delay_s=1.5)
    clock = FrameClock(FPS, 0.5)
    now, coming, last, shown, lost = 0.5, 0, -1, 0, 0
    least, most = math.inf, 0.0

    def at_of(number: int) -> float:
        return 1.0 + (number // BURST + 1) * BURST / MODEL_FPS

    def arrive() -> None:
        nonlocal coming
        while at_of(coming) <= now:
            buffer.put(ModelFrame(PIXELS, coming, at_of(coming)))
            coming += 1

    while now < hours * HOUR_S:
        _, at = clock.next(now)
        arrive()
        while (until := presentation_time(at, clock.period, buffer.due(now))) > now:
            now = min(until, at_of(coming))
            arrive()
        frame = buffer.take(now)
        clock.follow(now - at, catch_up=buffer.catches_up)
        if frame is not None and frame.sequence != last:
            if now > SETTLED_S:
                lost += frame.sequence - last - 1
                shown += 1
                waited_ms = (now - frame.received_at) * 1e3
                least, most = min(least, waited_ms), max(most, waited_ms)
            last = frame.sequence
        now += WORK_S
    return PlayoutFigures(shown, lost, (round(least, 1), round(most, 1)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the hours, and print what they came to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--seed", type=int, default=14)
    parsed = parser.parse_args(arguments)
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder:
        engine = run(engine_hours(Path(folder), parsed.hours, parsed.seed))
    print(f"engine: {engine}", flush=True)
    playout = playout_hours(parsed.hours)
    print(f"playout: {playout}")
    apart_s = abs(engine.counted_s - engine.billed_s)
    print(f"counted and billed are {apart_s:.3f} s apart")
    return 1 if apart_s > 1.0 or playout.lost else 0


if __name__ == "__main__":
    sys.exit(main())
