"""So many an hour: the first half at any pace, the second evenly, never more."""

from __future__ import annotations

import random

import pytest

from sana_vcam.engine.quota import WINDOW_S, HourlyQuota


def test_the_first_half_may_come_at_once():
    allowance = HourlyQuota(30)
    for _ in range(15):
        assert allowance.wait_s(1000.0) == 0
        allowance.note(1000.0)
    assert allowance.wait_s(1000.0) == pytest.approx(240)


def test_a_long_trouble_is_asked_about_now_and_then_not_never():
    allowance = HourlyQuota(30)
    now, waits = 1000.0, []
    for _ in range(200):
        wait = allowance.wait_s(now)
        waits.append(wait)
        now += wait
        assert allowance.wait_s(now) == pytest.approx(0, abs=1e-6)
        allowance.note(now)
    assert max(waits) == pytest.approx(240)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("most", [2, 3, 30, 120])
def test_no_hour_has_more_than_that(seed, most):
    dice = random.Random(seed)
    allowance = HourlyQuota(most)
    now, times = 0.0, []
    while now < 6 * WINDOW_S:
        now += dice.choice([0.0, 1.0, 20.0, 500.0])
        now += allowance.wait_s(now)
        allowance.note(now)
        times.append(now)
    for start in times:
        assert sum(start <= time < start + WINDOW_S - 1e-6 for time in times) <= most


def test_what_is_long_ago_does_not_count():
    allowance = HourlyQuota(4)
    for at in range(4):
        allowance.note(float(at))
    assert allowance.wait_s(10.0) > 0
    assert allowance.wait_s(WINDOW_S + 10.0) == 0
