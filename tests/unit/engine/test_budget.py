"""Caps and money against seconds, in words."""

from __future__ import annotations

import pytest

from sana_vcam.config.schema import CostConfig
from sana_vcam.engine.budget import Budget, Seconds

CAPS = CostConfig(session_cap_min=10, day_cap_min=30, month_cap_min=100)


def budget(session: float = 0, day: float = 0, month: float = 0, cost: CostConfig = CAPS) -> Budget:
    """Minutes, for brevity."""
    return Budget(cost, Seconds(session * 60, day * 60, month * 60, month * 60))


def test_without_caps_nothing_is_ever_used_up():
    unbounded = budget(1e6, 1e6, 1e6, CostConfig())
    assert unbounded.used_up is None
    assert unbounded.sentence is None
    assert [line.cap_s for line in unbounded.periods] == [None, None, None]


@pytest.mark.parametrize(
    ("used", "period"),
    [
        ((9.99, 29.99, 99.99), None),
        ((10, 10, 10), "session"),
        ((5, 30, 30), "day"),
        ((0, 0, 100), "month"),
        ((10, 30, 30), "day"),
        ((10, 30, 100), "month"),
    ],
)
def test_the_longest_period_that_is_used_up_counts(used, period):
    used_up = budget(*used).used_up
    assert (used_up.period if used_up else None) == period


@pytest.mark.parametrize(
    ("used", "words"),
    [
        ((7.9, 23.9, 79.9), None),
        ((8, 8, 8), "8 min are used of the cap for this session ([cost] session_cap_min = 10)"),
        ((0, 24, 24), "24 min are used of the cap for today ([cost] day_cap_min = 30)"),
        ((0, 24, 80), "80 min are used of the cap for this month ([cost] month_cap_min = 100)"),
        (
            (10, 24, 80),
            "the cap for this session is reached ([cost] session_cap_min = 10): "
            "`sana-vcam ctl connect` opens another session",
        ),
        (
            (0, 31, 31),
            "the cap for today is reached ([cost] day_cap_min = 30): raise it and reload the "
            "configuration, or wait until tomorrow",
        ),
    ],
)
def test_what_the_user_is_told(used, words):
    assert budget(*used).sentence == words


def test_what_viewers_are_told():
    used_up = budget(10).used_up
    assert used_up is not None
    assert used_up.words == "The time limit for this session is reached"


def test_money():
    priced = budget(1, 2, 3, CostConfig(price_per_min=0.35))
    assert [line.cost for line in priced.periods] == [0.35, 0.7, 1.05]
    assert [line.cost for line in budget(1, 2, 3).periods] == [None, None, None]
