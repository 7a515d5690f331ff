"""A token bucket: how often something may happen."""

from __future__ import annotations

from collections.abc import Callable


class TokenBucket:
    """Lets `burst` through at once and `rate_hz` in the long run.

    Args:
        rate_hz: How many per second.
        burst: How many at once after a rest.
        clock: Seconds on a monotonic clock.
    """

    def __init__(self, rate_hz: float, burst: int, clock: Callable[[], float]) -> None:
        self.rate_hz = rate_hz
        self._burst = burst
        self._clock = clock
        self._left = float(burst)
        self._at = clock()

    def take(self) -> bool:
        """Take one token; False if none is left."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) * self.rate_hz)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
