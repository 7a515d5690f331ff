"""Ticks on a monotonic grid: missed ones are skipped, never caught up in a burst."""

from __future__ import annotations

import threading
import time


class Pacer:
    """Sleeps until the next tick of a grid at `fps`; used by one thread."""

    def __init__(self, fps: float) -> None:
        self._interval_s = 1 / fps
        self._origin: float | None = None
        self._tick = 0
        self.skipped = 0

    def wait(self, stop: threading.Event) -> float | None:
        """Sleep until the next tick and return its time (monotonic seconds); None once stopped."""
        now = time.monotonic()
        if self._origin is None:
            self._origin = now
        due = next_tick(self._origin, self._interval_s, self._tick, now)
        self.skipped += due - self._tick
        self._tick = due + 1
        at = self._origin + due * self._interval_s
        if stop.wait(max(0.0, at - now)):
            return None
        return at


def next_tick(origin: float, interval_s: float, tick: int, now: float) -> int:
    """`tick`, or the first one of the grid that is less than a whole interval late at `now`."""
    return max(tick, int((now - origin) / interval_s))
