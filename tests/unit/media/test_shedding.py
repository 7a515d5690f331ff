"""What is left out by how late ticks are: one thing after the other, and back when it is calm."""

from __future__ import annotations

import pytest

from sana_vcam.media.shedding import CALM_S, LATE_S, LONGEST_CALM_S, NAMES, Shed, Shedding

PERIOD = 1 / 24
ON_TIME, LATE = LATE_S / 4, 2 * LATE_S


class Rig:
    """Ticks on a clock of their own; each change of the level with its time."""

    def __init__(self):
        self.now = 100.0
        self.changes = []
        self.shedding = Shedding(lambda: self.changes.append(self.shedding.level))

    def ticks(self, seconds, late_every=None):
        """Tick for so long; every so many ticks one is late."""
        for number in range(round(seconds / PERIOD)):
            is_late = late_every is not None and number % late_every == 0
            self.now += PERIOD
            self.shedding.tick(LATE if is_late else ON_TIME, self.now)


@pytest.fixture
def rig():
    return Rig()


def test_nothing_is_left_out_while_ticks_are_in_time(rig):
    rig.ticks(600)
    assert rig.changes == []
    assert rig.shedding.names == ()


def test_a_hold_up_now_and_then_is_no_reason(rig):
    rig.ticks(600, late_every=100)
    assert rig.changes == []


def test_one_thing_after_the_other_is_left_out_in_the_stated_order(rig):
    seen = []
    for _ in range(10):
        rig.ticks(4.2, late_every=2)
        seen.append(rig.shedding.names)
    assert rig.changes == [1, 2, 3, 4]
    assert seen[-1] == NAMES == tuple(what.name.lower() for what in Shed)
    assert [names for names in seen if len(names) == 2] == [("meter", "stills")]
    assert all(rig.shedding.leaves_out(what) for what in Shed)


def test_it_comes_back_one_by_one_once_it_is_calm_for_long(rig):
    rig.ticks(20, late_every=2)
    rig.changes.clear()
    rig.ticks(CALM_S - 5)
    assert rig.changes == []
    rig.ticks(5 * CALM_S)
    assert rig.changes == [3, 2, 1, 0]


def test_between_too_many_and_few_late_ticks_it_stays_as_it_is(rig):
    rig.ticks(4.2, late_every=3)
    before = list(rig.changes)
    assert before
    rig.ticks(600, late_every=5)
    assert rig.changes == before


def test_what_came_back_too_soon_takes_longer_the_next_time(rig):
    waits = []
    for _ in range(6):
        while not rig.shedding.level:
            rig.ticks(PERIOD, late_every=1)
        began = rig.now
        while rig.shedding.level:
            rig.ticks(1)
        waits.append(rig.now - began)
    assert waits == pytest.approx([CALM_S, 40, 80, 160, LONGEST_CALM_S, LONGEST_CALM_S], rel=0.1)


def test_a_thread_that_was_stopped_for_long_is_one_late_tick(rig):
    rig.ticks(10)
    rig.now += 30.0
    rig.shedding.tick(30.0, rig.now)
    rig.ticks(10)
    assert rig.changes == []


def test_at_rest_everything_is_as_before(rig):
    rig.ticks(20, late_every=2)
    assert rig.shedding.level == max(Shed)
    rig.shedding.rest()
    assert rig.shedding.level == 0
    rig.shedding.rest()
    assert rig.changes == [1, 2, 3, 4, 0]
