"""The schedule of playout: the even course that the arriving frames could take, and its lag.

Pure arithmetic on arrival times. The mean interval between frames is learned over whole bursts, and
the smallest lag behind that even course at which no frame is due before it has arrived.
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise

WINDOW_S = 4.5
"""The arrivals that are learned from: about three of the model's slowest chunks."""
BREAK_S = 2.5
"""A longer silence than this is a break, not a burst: what was learned before does not hold."""
MIN_FRAMES = 6
"""With fewer frames nothing is learned."""
KNOWN_S = 3.0
"""After so much of an even course it is known."""
LEARN_EVERY_S = 0.2
"""How often a course that is known is looked at again."""
OUTLIERS = 0.05
"""The part of the latest frames that does not count in an even course: one hiccup must not delay
what follows."""


class Schedule:
    """An even course, learned from arrivals; times are monotonic seconds, frames count from 0."""

    def __init__(self, interval_s: float, max_lag_s: float) -> None:
        """Begin with `interval_s` between frames and no lag; it never exceeds `max_lag_s`."""
        self.interval_s = interval_s
        self.lag_s = 0.0
        self._max_lag_s = max_lag_s
        self._arrivals: deque[tuple[int, float]] = deque()
        self._learned_at = float("-inf")
        self._in_bursts = True

    def arrived(self, number: int, at: float) -> None:
        """Note that frame `number` has arrived."""
        arrivals = self._arrivals
        if arrivals and at - arrivals[-1][1] > BREAK_S:
            arrivals.clear()
        while arrivals and at - arrivals[0][1] > WINDOW_S:
            arrivals.popleft()
        arrivals.append((number, at))
        is_even = not self._in_bursts and at - arrivals[0][1] > KNOWN_S
        is_known = is_even and at - self._learned_at < LEARN_EVERY_S
        if len(arrivals) >= MIN_FRAMES and not is_known:
            self._learned_at = at
            self._learn()

    def clear(self) -> None:
        """Forget the arrivals; the interval and the lag hold until there are others."""
        self._arrivals.clear()

    @property
    def last_at(self) -> float | None:
        """When the newest frame arrived."""
        return self._arrivals[-1][1] if self._arrivals else None

    def position(self, now: float) -> float:
        """Tell the number of the frame that is due at `now`, with its fraction."""
        number, arrived = self._arrivals[-1]
        return number + (now - arrived - self.lag_s) / self.interval_s

    def _learn(self) -> None:
        first, last, self._in_bursts = _whole_bursts(self._arrivals)
        (i, start), (j, end) = self._arrivals[first], self._arrivals[last]
        if j > i and end > start:
            self.interval_s = (end - start) / (j - i)
        (number, at), interval_s = self._arrivals[-1], self.interval_s
        lags = sorted([t - at + (number - n) * interval_s for n, t in self._arrivals])
        outliers = 0 if self._in_bursts else int(len(lags) * OUTLIERS)
        self.lag_s = min(max(0.0, lags[-1 - outliers]), self._max_lag_s)


def _whole_bursts(arrivals: deque[tuple[int, float]]) -> tuple[int, int, bool]:
    """Find the first arrivals after the first and the last pause in the window.

    Between two such points lies a whole number of bursts, so that the mean is not skewed by half
    a burst. Without pauses: the first and the last arrival, and False.
    """
    gaps = [b[1] - a[1] for a, b in pairwise(arrivals)]
    threshold = 4 * sorted(gaps)[len(gaps) // 2] + 0.1
    starts = [k + 1 for k, gap in enumerate(gaps) if gap > threshold]
    if len(starts) >= 2:
        return starts[0], starts[-1], True
    return 0, len(arrivals) - 1, False
