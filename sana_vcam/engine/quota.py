"""How often the platform may be asked: so many times an hour, the second half evenly spread.

A fault that repeats must neither hammer the service nor burn money. A plain limit would leave the
user without a picture for most of an hour once it is used up, so only the first half of it may be
spent at any pace.
"""

from __future__ import annotations

from collections import deque

WINDOW_S = 3600.0
SESSIONS_AN_HOUR = 60
"""Sessions that the platform has opened; each may be billed."""
TOKENS_AN_HOUR = 120
"""Tokens asked for: one for each attempt at a session, granted or not."""


class HourlyQuota:
    """At most `most` events in any `WINDOW_S`. Times are monotonic seconds."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._times: deque[float] = deque()

    def note(self, now: float) -> None:
        """Count an event."""
        self._times.append(now)

    def wait_s(self, now: float) -> float:
        """Count the seconds until the next event is allowed; 0 if it is now."""
        while self._times and now - self._times[0] >= WINDOW_S:
            self._times.popleft()
        half = self._most // 2
        if len(self._times) < half:
            return 0.0
        spacing_s = WINDOW_S / (self._most - half)
        waits = [self._times[-1] + spacing_s - now]
        if len(self._times) >= self._most:
            waits.append(self._times[-self._most] + WINDOW_S - now)
        return max(0.0, *waits)
