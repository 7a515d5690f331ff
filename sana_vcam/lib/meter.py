"""A rate, a stopwatch and a histogram: one thread counts, any thread reads."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque

WINDOW_S = 2.0
"""Over how long a rate is taken."""
LEAST_S = 1.0
"""The least time that events are divided by: a burst that has just begun is no rate yet."""


class Meter:
    """A rate over the last two seconds."""

    def __init__(self) -> None:
        self.total = 0
        """Events since the start; written by the one writer thread."""
        self._times: deque[float] = deque(maxlen=256)

    def count(self, now: float) -> None:
        """Count one event at `now` (monotonic seconds); one writer thread."""
        self.total += 1
        self._times.append(now)

    def rate(self, now: float) -> float:
        """Count events per second over the window that ends at `now`; 0 once they have stopped."""
        times = [t for t in tuple(self._times) if now - t <= WINDOW_S]
        if len(times) < 2:
            return 0.0
        return (len(times) - 1) / max(now - times[0], LEAST_S)


class Stopwatch:
    """How long something has been on, all in all. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._before_s = 0.0
        self._since: float | None = None

    def switch(self, on: bool, now: float) -> None:
        """Note that it is on or off from `now` on; the same again changes nothing. One writer."""
        if on and self._since is None:
            self._since = now
        elif not on and self._since is not None:
            self._before_s += now - self._since
            self._since = None

    def seconds(self, now: float) -> float:
        """Sum up the seconds on until `now`."""
        since = self._since
        return self._before_s + (0.0 if since is None else max(0.0, now - since))


class Histogram:
    """How many values lie at or below each bound."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.sum = 0.0
        self._counts = [0] * (len(bounds) + 1)

    def observe(self, value: float) -> None:
        """Count one value; one writer thread."""
        self._counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    @property
    def counts(self) -> tuple[int, ...]:
        """How many fell between each bound and the one before; the last is above all bounds."""
        return tuple(self._counts)
