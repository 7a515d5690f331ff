"""The waits before further attempts: exponential and bounded, with full jitter if wanted."""

from __future__ import annotations

import random
from collections.abc import Iterator

FIRST_S = 0.5
FACTOR = 2.0
LONGEST_S = 30.0
LEAST_S = 0.25
"""Added to every wait with jitter, which alone could be none."""


def backoff(
    rng: random.Random | None = None, *, first_s: float = FIRST_S, longest_s: float = LONGEST_S
) -> Iterator[float]:
    """Yield the waits in seconds, one per attempt in a row that failed, without end.

    The bound doubles from `first_s` to `longest_s`. With `rng`, each wait is a random part of it,
    so that many clients do not ask one server in step; without, as for a device of this machine,
    it is the bound itself.
    """
    bound = first_s
    while True:
        yield bound if rng is None else LEAST_S + rng.uniform(0, bound)
        bound = min(bound * FACTOR, longest_s)
