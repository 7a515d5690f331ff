"""Whether a session's frames come so steadily that its pictures can go on air without a gap."""

from __future__ import annotations

import threading
from collections import deque
from itertools import pairwise

LEARNED_S = 3.0
"""After so long their cadence is known: two of the model's slowest chunks."""
WINDOW_S = 6.0
"""What is remembered of a session's frames."""
LATE_S = 0.1
"""How much later than ever before the next burst may be."""


class Cadence:
    """The times at which a session's frames came; written by one thread, read by another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: deque[float] = deque()

    def note(self, now: float) -> None:
        """Note that a frame has come at `now` (monotonic seconds)."""
        with self._lock:
            self._times.append(now)
            while now - self._times[0] > WINDOW_S:
                self._times.popleft()

    def clear(self) -> None:
        """Forget them: what comes next is another run."""
        with self._lock:
            self._times.clear()

    def is_steady(self, now: float) -> bool:
        """Whether the cadence is known by now, and the next burst is not overdue."""
        with self._lock:
            times = tuple(self._times)
        if len(times) < 2 or times[-1] - times[0] < LEARNED_S:
            return False
        longest = max(b - a for a, b in pairwise(times))
        return now - times[-1] <= longest + LATE_S
