"""Time stamps that jump, stop, wrap and lie, as a course that can be played."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sana_vcam.media.camera.stamps import LEAST_S, LONG_S, LONGEST_S, Timeline


def course(stamps, *, lasts=None, usual_s=0.04):
    judged = Timeline(usual_s)
    return [judged.next(stamp, lasts)[0] for stamp in stamps]


def steps(stamps, **options):
    places = course(stamps, **options)
    return [round(b - a, 6) for a, b in pairwise(places)]


def test_even_and_uneven_stamps_are_kept():
    assert steps([0.0, 0.04, 0.08]) == [0.04, 0.04]
    assert steps([0.0, 0.1, 1.1, 1.2]) == [0.1, 1.0, 0.1]


def test_a_file_that_starts_late_starts_at_once():
    assert course([5.0, 5.04]) == pytest.approx([0.0, 0.04])
    assert course([-3.0, -2.96]) == pytest.approx([0.0, 0.04])


@pytest.mark.parametrize("jump", [600.0, 11.0, 26.5 * 3600, 1e9])
def test_a_jump_forward_is_passed_over_in_a_second(jump):
    assert steps([0.0, 0.04, jump, jump + 0.04]) == [0.04, 1.0, 0.04]


@pytest.mark.parametrize("back", [0.5, 26.5 * 3600, 1e9])
def test_a_jump_backward_takes_one_picture(back):
    """As where the 33 bits of a transport stream wrap, or one recording follows another."""
    assert steps([back, back + 0.04, 0.0, 0.04]) == [0.04, 0.04, 0.04]


def test_one_damaged_stamp_costs_a_second_and_not_the_course():
    assert steps([0.0, 0.04, 9000.0, 0.12, 0.16]) == [0.04, 1.0, 0.04, 0.04]


def test_stamps_that_stand_still_or_lack_are_replaced():
    assert steps([0.0, 0.0, 0.0]) == [0.04, 0.04]
    assert steps([None, None, None], usual_s=0.02) == [0.02, 0.02]
    assert steps([0.0, None, 0.08]) == [0.04, 0.04]
    assert steps([0.0, 0.0], lasts=0.1) == [0.1]


@pytest.mark.parametrize("usual_s", [None, 0.0, 1e-9, 1e9, math.inf])
def test_a_rate_that_lies_is_not_believed(usual_s):
    assert steps([0.0, 0.0], usual_s=usual_s) == [0.04]


@pytest.mark.parametrize("each_s", [3.0, 4.0, 10.0, 30.0, 300.0])
def test_a_slide_show_keeps_its_pace(each_s):
    stamps = [each_s * number for number in range(4)]
    assert steps(stamps, lasts=each_s) == [each_s] * 3


def test_a_slide_that_stays_very_long_stays_as_long_as_the_others():
    assert steps([0.0, 5.0, 3605.0, 3610.0], lasts=5.0) == [5.0, 5.0, 5.0]


def test_a_screen_recording_stands_while_nothing_moves():
    assert steps([0.0, 0.04, 0.08, 7.0, 7.04]) == pytest.approx([0.04, 0.04, 6.92, 0.04])


def test_the_last_picture_stands_as_long_as_the_file_says():
    judged = Timeline(0.04)
    assert judged.next(0.0, 3.0) == (0.0, 3.0)
    assert judged.next(3.0, None) == (3.0, 0.04)
    assert judged.next(6.0, 86400.0) == (6.0, 0.04)


def test_a_very_fast_file_keeps_its_pace_and_a_round_always_takes_time():
    assert steps([0.0, 1 / 600, 2 / 600]) == pytest.approx([1 / 600] * 2, abs=1e-6)
    assert steps([0.0, 1e-9, 2e-9]) == [LEAST_S, LEAST_S]


STAMP = st.none() | st.floats(-1e15, 1e15) | st.floats(0, 100)


@given(st.lists(st.tuples(STAMP, STAMP), min_size=1, max_size=30), STAMP)
def test_whatever_a_file_says_its_pictures_come_in_order_and_soon(said, usual_s):
    judged = Timeline(usual_s)
    before_s = 0.0
    for number, (stamp_s, lasts_s) in enumerate(said):
        at_s, stands_s = judged.next(stamp_s, lasts_s)
        assert LEAST_S <= stands_s <= LONGEST_S
        if number:
            assert LEAST_S * 0.5 <= at_s - before_s <= LONGEST_S
        else:
            assert at_s == 0.0
        before_s = at_s
    assert LONG_S < LONGEST_S
