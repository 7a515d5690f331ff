"""How many events a second: one thread counts, any thread reads."""

from __future__ import annotations

from collections import deque

WINDOW_S = 2.0
# A burst that has just begun is no rate yet.
LEAST_S = 1.0


class Meter:
    """A rate over the last two seconds."""

    def __init__(self) -> None:
        # Events since the start; written by the one writer thread.
        self.total = 0
        self._times: deque[float] = deque(maxlen=256)

    def count(self, now: float) -> None:
        """Count one event at `now` (monotonic seconds); one writer thread."""
        self.total += 1
        self._times.append(now)

    def rate(self, now: float) -> float:
        """Events per second over the window that ends at `now`; 0 once they have stopped."""
        times = [t for t in tuple(self._times) if now - t <= WINDOW_S]
        if len(times) < 2:
            return 0.0
        return (len(times) - 1) / max(now - times[0], LEAST_S)
