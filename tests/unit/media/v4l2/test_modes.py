"""Choosing a camera's mode."""

import pytest

from sana_vcam.media.v4l2.capabilities import Mode
from sana_vcam.media.v4l2.modes import choose, rate_to_ask_for


def chosen(*modes, wanted=(1280, 720, 24.0)):
    return str(choose([Mode(*mode) for mode in modes], *wanted))


FULL = ("MJPG", 1920, 1080, (30.0,))
HD = ("MJPG", 1280, 720, (30.0, 15.0))
VGA = ("MJPG", 640, 480, (30.0,))


@pytest.mark.parametrize(
    ("modes", "expected"),
    [
        ([("YUYV", 1280, 720, (10.0,)), VGA, HD, FULL], "MJPG 1280x720 at 30 fps"),
        ([("YUYV", 1280, 720, (30.0,)), HD], "MJPG 1280x720 at 30 fps"),
        ([FULL, VGA], "MJPG 1920x1080 at 30 fps"),
        ([("MJPG", 1280, 960, (30.0,)), ("MJPG", 960, 540, (30.0,))], "MJPG 1280x960 at 30 fps"),
        ([("MJPG", 640, 480, (30.0,)), ("MJPG", 640, 360, (30.0,))], "MJPG 640x360 at 30 fps"),
    ],
    ids=["not slow raw", "MJPG first", "larger, not smaller", "large, if cut", "shape"],
)
def test_the_nearest_size_in_mjpg(modes, expected):
    assert chosen(*modes) == expected


@pytest.mark.parametrize(
    ("modes", "expected"),
    [
        (
            [("YUYV", 1280, 720, (10.0,)), ("YUYV", 640, 480, (30.0,))],
            "YUYV 640x480 at 30 fps",
        ),
        (
            [("YUYV", 1280, 720, (15.0,)), ("YUYV", 640, 480, (30.0,))],
            "YUYV 1280x720 at 15 fps",
        ),
        (
            [("YUYV", 1280, 720, (5.0,)), ("YUYV", 640, 480, (7.5,))],
            "YUYV 1280x720 at 5 fps",
        ),
        ([("YUYV", 1280, 720), ("YUYV", 640, 480)], "YUYV 1280x720"),
    ],
    ids=["10 fps is too slow", "15 fps will do", "all are too slow", "no rates"],
)
def test_without_mjpg_the_best_raw_mode_that_is_smooth(modes, expected):
    assert chosen(*modes) == expected


def test_what_cannot_be_read_is_not_chosen():
    assert chosen(("H264", 1280, 720, (30.0,)), ("GREY", 320, 240, (30.0,))).startswith("GREY")
    assert chosen(("H264", 1280, 720, (30.0,))) == "None"
    assert chosen() == "None"


def test_a_slow_wish_is_no_reason_for_a_small_picture():
    modes = [("YUYV", 1280, 720, (10.0,)), ("YUYV", 640, 480, (30.0,))]
    assert chosen(*modes, wanted=(1280, 720, 5.0)) == "YUYV 1280x720 at 10 fps"


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        ((60.0, 30.0, 24.0, 15.0), 24.0),
        ((30.0, 23.98), 23.98),
        ((60.0, 30.0), 30.0),
        ((15.0, 10.0), 15.0),
        ((), 0.0),
    ],
)
def test_the_lowest_rate_that_is_enough_is_asked_for(rates, expected):
    assert rate_to_ask_for(Mode("MJPG", 1280, 720, rates), 24.0) == expected
