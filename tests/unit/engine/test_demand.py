"""When the camera and a paid session are wanted."""

from __future__ import annotations

from sana_vcam.engine.demand import Demand, Hold


def test_nobody_watches_and_nothing_is_wanted():
    assert not Demand("watched", 10).wanted(0)


def test_a_viewer_opens_and_the_last_one_closes_after_the_linger():
    demand = Demand("watched", 10)
    demand.viewers(1, now=5)
    assert demand.wanted(5)
    demand.viewers(2, now=6)
    demand.viewers(1, now=7)
    assert demand.wanted(100)
    demand.viewers(0, now=100)
    assert demand.wanted(109.9)
    assert not demand.wanted(110)
    demand.viewers(1, now=120)
    assert demand.wanted(120)


def test_before_anybody_has_counted_nothing_is_open_and_no_number_is_told():
    demand = Demand("watched", 10)
    assert (demand.count, demand.watched) == (None, False)
    demand.viewers(0, now=0)
    assert (demand.count, demand.watched) == (0, False)
    demand.viewers(None, now=1)
    assert (demand.count, demand.watched) == (None, True)


def test_unknown_viewers_count_as_watching():
    demand = Demand("watched", 10)
    demand.viewers(None, now=0)
    assert demand.wanted(1000)


def test_always_does_not_ask_who_watches():
    assert Demand("always", 10).wanted(0)


def test_the_user_holds_it_open_without_a_viewer():
    demand = Demand("watched", 10)
    demand.hold = Hold.ON
    assert demand.wanted(0)
    demand.viewers(1, now=1)
    demand.viewers(0, now=2)
    assert demand.wanted(1000)


def test_off_lasts_for_this_call_only():
    demand = Demand("watched", 10)
    demand.viewers(1, now=0)
    demand.hold = Hold.OFF
    assert not demand.wanted(1)
    demand.viewers(0, now=2)
    assert demand.hold is Hold.AUTOMATIC
    demand.viewers(1, now=20)
    assert demand.wanted(20)


def test_off_stays_off_where_viewers_cannot_be_known():
    demand = Demand("watched", 10)
    demand.viewers(None, now=0)
    demand.hold = Hold.OFF
    demand.viewers(None, now=100)
    assert not demand.wanted(100)


def test_without_automatic_only_the_user_opens():
    demand = Demand("always", 10, automatic=False)
    demand.viewers(3, now=0)
    assert not demand.wanted(0)
    demand.hold = Hold.ON
    assert demand.wanted(0)
