"""The playout's ticks over a buffer, on a clock made of numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from statistics import fmean, pstdev

import numpy as np

from sana_vcam.media.frames import ModelFrame
from sana_vcam.media.pacing import FrameClock, presentation_time
from sana_vcam.media.playout.buffer import PlayoutBuffer

PIXELS = np.zeros((3, 2), np.uint8)
FPS = 24
SETTLED_S = 8.0
# What a tick's own work takes, so that time goes on.
WORK_S = 1e-4


@dataclass
class Shown:
    """What the ticks showed after the buffer had settled; seconds."""

    buffer: PlayoutBuffer
    settled_s: float = SETTLED_S
    ticks: list[float] = field(default_factory=list)
    first: dict[int, float] = field(default_factory=dict)
    waited: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)

    @property
    def gaps(self) -> list[float]:
        """From each distinct frame to the next."""
        return [b - a for a, b in pairwise(self.first.values())]

    @property
    def tick_gaps(self) -> list[float]:
        return [b - a for a, b in pairwise(self.ticks)]

    @property
    def judder(self) -> float:
        """Standard deviation of the gaps between distinct frames, in mean gaps."""
        return pstdev(self.gaps) / fmean(self.gaps)

    @property
    def rate(self) -> float:
        """Ticks per second."""
        return 1 / fmean(self.tick_gaps)

    @property
    def lost(self) -> int:
        return max(self.first) - min(self.first) + 1 - len(self.first)

    def _add(self, frame: ModelFrame, now: float) -> None:
        self.ticks.append(now)
        self.delays.append(self.buffer.delay_s)
        if frame.sequence not in self.first:
            self.first[frame.sequence] = now
            self.waited.append(now - frame.received_at)


def play(
    arrivals: list[float],
    *,
    max_delay_s: float = 1.5,
    seconds: float = 40,
    settled_s: float = SETTLED_S,
) -> Shown:
    """Play frames that arrive at these times, as the playout thread does."""
    buffer = PlayoutBuffer(fps=FPS, max_delay_s=max_delay_s)
    shown = Shown(buffer, settled_s)
    coming = list(reversed(list(enumerate(arrivals))))
    clock = FrameClock(FPS, 0.5)
    now, last = 0.5, -1

    def arrive() -> None:
        while coming and coming[-1][1] <= now:
            number, at = coming.pop()
            buffer.put(ModelFrame(PIXELS, number, at))

    while now < seconds:
        _, at = clock.next(now)
        arrive()
        while (until := presentation_time(at, clock.period, buffer.due(now))) > now:
            now = min(until, coming[-1][1]) if coming else until
            arrive()
        frame = buffer.take(now)
        clock.follow(now - at, catch_up=buffer.catches_up)
        if frame is not None:
            assert frame.sequence >= last, "never backwards"
            last = frame.sequence
            if now > settled_s:
                shown._add(frame, now)
        now += WORK_S
    return shown
