"""Ticks on a monotonic grid: missed ones are skipped, never caught up in a burst."""

from __future__ import annotations


class Pacer:
    """A grid of ticks at `fps`; the times are monotonic seconds, handed in."""

    def __init__(self, fps: float, now: float) -> None:
        self.skipped = 0
        self._interval_s = 1 / fps
        self._origin = now
        self._tick = 0

    def next(self, now: float) -> float:
        """When the next tick is due; ticks that are a whole interval late are skipped."""
        due = max(self._tick, int((now - self._origin) / self._interval_s))
        self.skipped += due - self._tick
        self._tick = due + 1
        return self._origin + due * self._interval_s
