"""What one contender takes beyond another, in short turns: how much, and how sure that is.

On a machine that does much else a figure of one turn says little, and so does the spread of a few.
The median of many differences, each of two turns that follow each other, is told with an interval
that holds the true one in 95 of 100 measurements, however the differences are spread. A noisy
machine makes the interval wide, not the figure wrong.

Where a turn has many values of its own (delays, intervals), they are taken together over all turns,
and the interval is that of a bootstrap: the turns are drawn anew, with both contenders' values, and
how far the figure moves is how unsure it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import comb, sqrt
from statistics import NormalDist, median

import numpy as np

CONFIDENCE = 0.95
DRAWS = 1000
SEED = 19
"""The same turns have the same interval whenever they are looked at."""
STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
"""Two-sided 95 % of Student's t for 1 to 10 degrees of freedom."""


@dataclass(frozen=True)
class Estimate:
    """A figure, and the interval that holds the true one in 95 of 100 measurements."""

    value: float
    low: float
    high: float
    turns: int


def bootstrap(figure: Callable[[Sequence[int]], float], turns: int) -> Estimate:
    """How sure a figure is that was made of so many turns.

    `figure` makes it from the turns with these numbers, some of which come twice. The interval is
    between percentiles of the draws. Of few turns these would be too close together, since their
    spread is known from the same turns: they are moved outwards as far as Student's t is wider than
    the normal distribution (Hesterberg 2014, "What teachers should know about the bootstrap", 5.3).
    """
    chance = np.random.default_rng(SEED)
    drawn = chance.integers(0, turns, (DRAWS, turns)).tolist()
    found = np.sort([figure(one) for one in drawn])
    outside = NormalDist().cdf(-student(turns - 1) * sqrt(turns / max(turns - 1, 1)))
    low, high = np.quantile(found, [outside, 1 - outside])
    return Estimate(figure(range(turns)), float(low), float(high), turns)


def student(freedom: int) -> float:
    """The two-sided 95 % of Student's t; beyond the table to three digits (Cornish and Fisher)."""
    if freedom <= len(STUDENT):
        return STUDENT[max(freedom, 1) - 1]
    z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def median_interval(values: Sequence[float]) -> tuple[float, float]:
    """The interval of the median: between two of the values, ranked, by the binomial distribution.

    Of fewer than six values it is all that they span, which is less than `CONFIDENCE`.
    """
    ranked = sorted(values)
    count = len(ranked)
    outside, left_out = 0.0, 0
    while left_out < count // 2:
        outside += 2 * comb(count, left_out) / 2**count
        if outside > 1 - CONFIDENCE:
            break
        left_out += 1
    left_out = max(0, left_out - 1)
    return ranked[left_out], ranked[count - 1 - left_out]


def difference(more: Sequence[float], less: Sequence[float], digits: int = 3) -> dict[str, object]:
    """What `more` takes beyond `less`, turn by turn, in their unit."""
    return middle([one - other for one, other in zip(more, less, strict=True)], digits)


def middle(values: Sequence[float], digits: int = 3) -> dict[str, object]:
    """The median of what the turns say, in their unit, and its interval."""
    low, high = median_interval(values)
    return {
        "median": round(median(values), digits),
        "95 % interval": [round(low, digits), round(high, digits)],
        "turns": len(values),
    }
