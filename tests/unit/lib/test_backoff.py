"""The waits between attempts: bounded, growing, never none."""

from __future__ import annotations

import random
from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from sana_vcam.lib.backoff import FIRST_S, LEAST_S, LONGEST_S, backoff

BOUNDS = [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]


class Dice(random.Random):
    """Always throws the same part of the range."""

    def __init__(self, part: float) -> None:
        super().__init__()
        self.part = part

    def uniform(self, a: float, b: float) -> float:
        return a + self.part * (b - a)


def test_the_bound_doubles_up_to_half_a_minute():
    assert list(islice(backoff(Dice(1.0)), 9)) == [LEAST_S + bound for bound in BOUNDS]


def test_there_is_always_a_little_wait():
    assert list(islice(backoff(Dice(0.0)), 9)) == [LEAST_S] * 9


@given(st.integers())
def test_every_wait_is_within_its_bound(seed):
    for wait, bound in zip(backoff(random.Random(seed)), BOUNDS, strict=False):
        assert LEAST_S <= wait <= LEAST_S + bound


def test_a_device_is_tried_without_jitter():
    waits = backoff(first_s=0.5, longest_s=5.0)
    assert list(islice(waits, 6)) == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


def test_two_daemons_do_not_try_in_step():
    assert next(backoff(random.Random(1))) != next(backoff(random.Random(2)))
    assert FIRST_S < LONGEST_S
