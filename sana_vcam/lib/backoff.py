"""How long to wait before the next attempt: exponential, with full jitter, bounded."""

from __future__ import annotations

import random
from collections.abc import Iterator

FIRST_S = 0.5
FACTOR = 2.0
LONGEST_S = 30.0
LEAST_S = 0.25


def backoff(rng: random.Random) -> Iterator[float]:
    """Yield the waits in seconds, one per attempt in a row that failed, without end."""
    bound = FIRST_S
    while True:
        yield LEAST_S + rng.uniform(0, bound)
        bound = min(bound * FACTOR, LONGEST_S)
