"""The arithmetic of rates: a monotonic clock of frames, when each is shown, and decimation."""

from __future__ import annotations

from dataclasses import dataclass

FOLLOW = 0.02
"""The part of the distance between a tick's place and the time of its picture that the clock takes
over at each tick."""
CATCH_UP = 0.1
"""The same while pictures have piled up, to show more of them than usual."""
MOST = 0.002
"""The most that the clock moves at a tick, in periods, unless it catches up: the rate stays what it
is said to be."""


class FrameClock:
    """Ticks at a fixed rate, on an absolute schedule that skips what was missed.

    Times are seconds of one monotonic clock.
    """

    def __init__(self, rate_hz: float, start: float) -> None:
        self.period = 1.0 / rate_hz
        self._start = start
        self._tick = -1

    def next(self, now: float) -> tuple[int, float]:
        """Step to the next tick that has not passed by a whole period: its number and its time."""
        latest = int((now - self._start) / self.period)
        self._tick = max(self._tick + 1, latest)
        return self._tick, self._start + self._tick * self.period

    def follow(self, seconds: float, *, catch_up: bool = False) -> None:
        """Move all ticks to come a little towards one that was `seconds` late (early: < 0).

        Pictures at the clock's own rate come to lie in the middle between two borders this way,
        where their jitter moves no picture over one; at other rates it evens out. To catch up,
        the ticks come up to 5 % more often, for pictures that have piled up.
        """
        most = MOST * self.period
        self._start += CATCH_UP * seconds if catch_up else max(-most, min(most, FOLLOW * seconds))


@dataclass(frozen=True, slots=True)
class PresentationTime:
    """When the next picture is to be shown (monotonic seconds), and whether it has arrived.

    One that is `eager` is rather early than even: it may take its tick a whole period early.
    """

    at: float
    arrived: bool
    eager: bool = False


def presentation_time(at: float, period: float, due: PresentationTime | None) -> float:
    """Tell when the tick whose place on the clock is `at` shows its picture, as known now.

    Each tick has its place, and half a period around it in which a new picture is shown at its own
    time. So pictures are as even as they are due, at any rate of theirs, and the ticks keep their
    own rate. A picture that is due but not there is waited for until the tick's time is over; then,
    or if none is due, the former one is shown again.
    """
    late = at + period / 2
    if due is None or due.at >= late:
        return at
    early = at - (period if due.eager else period / 2)
    return max(due.at, early) if due.arrived else late


class Decimator:
    """A filter that thins a faster stream to a rate, evenly, and leaves a slower one alone.

    A picture may come half a period early or late: the jitter of a device at just this rate must
    not cost pictures, and one that was later than that is not made up for.
    """

    def __init__(self, rate_hz: float) -> None:
        self._period = 1.0 / rate_hz
        self._due: float | None = None

    def take(self, now: float) -> bool:
        """Whether the picture that came at `now` is one of those wanted."""
        slack = self._period / 2
        due = now if self._due is None else self._due
        if now < due - slack:
            return False
        self._due = max(due, now - slack) + self._period
        return True
