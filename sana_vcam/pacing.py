"""The arithmetic of rates: a monotonic grid, and decimation onto one."""

from __future__ import annotations


class Grid:
    """Ticks at a fixed rate, on an absolute schedule that skips what was missed.

    Times are seconds of one monotonic clock.
    """

    def __init__(self, rate_hz: float, start: float) -> None:
        self.period = 1.0 / rate_hz
        self._start = start
        self._tick = -1

    def next(self, now: float) -> tuple[int, float]:
        """The number and the time of the next tick that has not passed by a whole period."""
        latest = int((now - self._start) / self.period)
        self._tick = max(self._tick + 1, latest)
        return self._tick, self._start + self._tick * self.period


class Decimator:
    """Thins a faster stream to a rate, evenly, without touching one that is at or below it.

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
