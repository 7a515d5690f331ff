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

    A picture that comes up to a quarter of a period early is taken: the jitter of a device at
    just this rate must not cost pictures.
    """

    def __init__(self, rate_hz: float) -> None:
        self._period = 1.0 / rate_hz
        self._due: float | None = None

    def take(self, now: float) -> bool:
        """Whether the picture that came at `now` is one of those wanted."""
        if self._due is None:
            self._due = now
        if now < self._due - self._period / 4:
            return False
        missed = max(0, int((now - self._due) / self._period))
        self._due += (missed + 1) * self._period
        return True
