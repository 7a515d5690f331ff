"""The figure that is shown: slow to believe, quick enough to follow."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from sana_vcam.media.latency.match import Match
from sana_vcam.media.latency.steady import AGREE_S, KEEP_S, SURE, SUREST, Steady


def found(delay_s: float, confidence: float = 0.9) -> Match:
    return Match(delay_s, confidence, 0.6, 0.3, 3.0, 1.0, delay_s - 0.05, delay_s + 0.05)


def delays(steady: Steady, *matches: Match | None, start: float = 0.0) -> list[float | None]:
    """What is shown after each second."""
    readings = [steady.take(match, start + second) for second, match in enumerate(matches)]
    return [None if reading is None else reading.latency_s for reading in readings]


def test_one_sure_match_may_be_chance_and_two_are_a_figure():
    assert delays(Steady(), found(1.5), found(1.52)) == [None, 1.52]


def test_an_unsure_match_counts_for_nothing():
    unsure = found(3.0, SURE - 0.01)
    assert delays(Steady(), unsure, unsure, unsure) == [None] * 3
    assert delays(Steady(), found(1.5), found(1.5), unsure)[-1] == 1.5


def test_the_figure_stays_while_a_person_sits_still_and_then_is_unknown():
    steady = Steady()
    shown = delays(steady, found(1.5), found(1.5), *[None] * 10)
    last = int(KEEP_S)
    assert shown[1 : last + 1] == [1.5] * last
    assert shown[last + 2 :] == [None] * (len(shown) - last - 2)


def test_one_that_is_off_changes_nothing():
    assert delays(Steady(), *[found(1.5)] * 3, found(3.0), found(1.5))[2:] == [1.5] * 3


def test_another_delay_is_shown_after_two_that_agree():
    assert delays(Steady(), *[found(1.5)] * 5, *[found(2.5)] * 2)[-1] == 2.5


def test_a_change_that_a_second_match_agrees_about_leaves_nothing_of_the_past():
    steady = Steady()
    delays(steady, *[found(1.5)] * 3)
    new = replace(found(2.2), changed=True)
    first = steady.take(new, 3.0)
    assert first is not None
    assert first.latency_s == 1.5
    assert first.confidence < 0.7
    assert steady.doubts, "another look is wanted soon"
    second = steady.take(new, 3.25)
    assert second is not None
    assert (second.latency_s, second.low_s, second.high_s) == (2.2, 2.2 - 0.05, 2.2 + 0.05)
    assert second.confidence == pytest.approx(0.9 / 1.05)
    assert not steady.doubts


def test_a_change_that_nobody_is_sure_of_yet_is_worth_another_look_and_no_more():
    steady = Steady()
    delays(steady, *[found(1.5)] * 3)
    unsure = replace(found(2.2, SURE - 0.1), changed=True)
    assert delays(steady, unsure, unsure, start=3.0) == [1.5, 1.5]
    assert steady.doubts
    assert delays(steady, None, start=5.0) == [1.5]
    assert not steady.doubts


def test_matches_that_do_not_agree_are_no_figure():
    assert delays(Steady(), *[found(1.0 + 3 * AGREE_S * k) for k in range(5)])[1:] == [None] * 4


def test_clear_forgets():
    steady = Steady()
    delays(steady, found(1.5), found(1.5))
    steady.clear()
    assert delays(steady, found(1.5), start=2.0) == [None]


def test_a_figure_that_is_followed_is_the_newest_that_agrees():
    assert delays(Steady(), *[found(1.5 + 0.03 * k) for k in range(5)])[-1] == pytest.approx(1.62)


def test_no_reading_is_ever_quite_sure():
    steady = Steady()
    surest = [steady.take(found(1.5, 1.0), second) for second in range(5)][-1]
    assert surest is not None
    assert 0.9 < surest.confidence <= SUREST < 1


def test_a_delay_that_went_far_is_less_sure():
    steady, other = Steady(), Steady()
    narrow, wide = found(1.5), replace(found(1.5), low_s=0.6, high_s=2.1)
    for second in range(3):
        first, second_reading = steady.take(narrow, second), other.take(wide, second)
    assert first is not None
    assert second_reading is not None
    assert second_reading.confidence < 0.7 * first.confidence


def test_the_range_holds_what_matches_say_and_one_that_disagrees():
    steady = Steady()
    for second, delay_s in enumerate((1.5, 1.52)):
        agreed = steady.take(found(delay_s), second)
    assert agreed is not None
    assert (agreed.low_s, agreed.high_s) == (1.45, 1.57)
    doubted = steady.take(found(3.0), 2)
    assert doubted is not None
    assert doubted.latency_s == 1.52
    assert (doubted.low_s, doubted.high_s) == (1.45, 3.05)
    assert doubted.confidence < agreed.confidence


def test_a_figure_that_is_not_renewed_is_less_sure_and_its_range_grows():
    steady = Steady()
    steady.take(found(1.5), 0)
    readings = [steady.take(found(1.5) if second < 2 else None, second) for second in range(1, 6)]
    known = [reading for reading in readings if reading is not None]
    assert len(known) == 5
    for before, after in pairwise(known):
        assert after.latency_s == before.latency_s
        assert after.confidence < before.confidence
        assert after.low_s < before.low_s
        assert after.high_s > before.high_s
