"""How often the delay is found, and how well: the same measure for the tests and the benchmark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from sana_vcam.media.latency.match import match
from sana_vcam.media.latency.steady import SURE
from tests.unit.media.latency.material import FPS, Played

MOMENTS_S = (15.0, 18.0, 21.0)


@dataclass(frozen=True)
class Rates:
    """Of `tries` attempts, how many were sure, and how far those were off, in frames."""

    tries: int
    errors: Sequence[float]

    @property
    def known(self) -> float:
        return len(self.errors) / self.tries

    @property
    def within_one(self) -> float:
        """The share of the sure answers that are right to a frame."""
        return float(np.mean(np.abs(self.errors) <= 1.0)) if self.errors else 1.0

    @property
    def worst(self) -> float:
        return float(np.max(np.abs(self.errors))) if self.errors else 0.0

    @property
    def median(self) -> float:
        return float(np.median(np.abs(self.errors))) if self.errors else 0.0

    @classmethod
    def all(cls, several: Iterable[Rates]) -> Rates:
        parts = list(several)
        return cls(sum(one.tries for one in parts), [e for one in parts for e in one.errors])


def attempt(played: Played, moments_s: Sequence[float] = MOMENTS_S) -> Rates:
    """Match at each of the moments."""
    errors = []
    for moment_s in moments_s:
        sent, shown, true_s = played.until(moment_s)
        found = match(sent, shown)
        if found is not None and found.confidence >= SURE:
            errors.append((found.delay_s - true_s) * FPS)
    return Rates(len(moments_s), errors)
