"""The arithmetic of rates, with clocks made of numbers."""

import itertools
import random

import pytest

from sana_vcam.media.pacing import Decimator, FrameClock, PresentationTime, presentation_time


def taken(rate_hz, times):
    decimator = Decimator(rate_hz)
    return [at for at in times if decimator.take(at)]


def device(rate_hz, seconds, jitter_s=0.0):
    dice = random.Random(1)
    return [
        100 + n / rate_hz + dice.uniform(-jitter_s, jitter_s) for n in range(int(rate_hz * seconds))
    ]


@pytest.mark.parametrize("device_hz", [24.0, 25.0, 30.0, 29.97, 50.0, 60.0, 120.0])
@pytest.mark.parametrize("jitter_s", [0.0, 0.004])
def test_a_device_that_is_fast_enough_gives_the_wanted_rate(device_hz, jitter_s):
    frames = taken(24.0, device(device_hz, 60, jitter_s))

    assert len(frames) == pytest.approx(24 * 60, rel=0.01)


@pytest.mark.parametrize("device_hz", [5.0, 15.0, 23.976, 24.0])
def test_a_device_that_is_not_too_fast_loses_nothing(device_hz):
    times = device(device_hz, 60, 0.008)

    assert len(taken(24.0, times)) == len(times)


def test_frames_are_spread_evenly():
    frames = taken(24.0, device(30.0, 10))

    gaps = [after - before for before, after in itertools.pairwise(frames)]
    assert max(gaps) <= 2 / 30 + 1e-6


def test_a_pause_is_not_made_up_for():
    times = [n / 30 for n in range(30)] + [100 + n / 30 for n in range(300)]

    late = [at for at in taken(24.0, times) if at >= 100]

    assert len(late) == pytest.approx(240, abs=1)


def test_a_grid_is_absolute():
    clock = FrameClock(25.0, start=10.0)

    assert [clock.next(10.0 + n * 0.04 + 0.003) for n in range(3)] == [
        (0, 10.0),
        (1, pytest.approx(10.04)),
        (2, pytest.approx(10.08)),
    ]


def test_a_grid_skips_what_was_missed():
    clock = FrameClock(25.0, start=0.0)
    clock.next(0.0)

    assert clock.next(1.01) == (25, pytest.approx(1.0))
    assert clock.next(1.011) == (26, pytest.approx(1.04))
    assert clock.next(1.012) == (27, pytest.approx(1.08))


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        (None, 10.0),
        (PresentationTime(10.02, arrived=True), 10.02),
        (PresentationTime(9.97, arrived=True), 9.97),
        (PresentationTime(5.0, arrived=True), 9.95),
        (PresentationTime(10.05, arrived=True), 10.0),
        (PresentationTime(9.93, arrived=True), 9.95),
        (PresentationTime(9.93, arrived=True, eager=True), 9.93),
        (PresentationTime(9.8, arrived=True, eager=True), 9.9),
        (PresentationTime(10.02, arrived=False), 10.05),
        (PresentationTime(10.2, arrived=False), 10.0),
    ],
)
def test_a_tick_shows_a_picture_at_its_own_time_within_half_a_period(due, expected):
    assert presentation_time(10.0, 0.1, due) == pytest.approx(expected)


def test_a_grid_follows_a_source_of_its_own_rate_until_it_is_in_the_middle():
    clock = FrameClock(25.0, start=0.0)
    offset = 0.015
    for n in range(1000):
        _, at = clock.next(n * 0.04)
        clock.follow(n * 0.04 + offset - at)
    _, at = clock.next(1000 * 0.04)
    assert at == pytest.approx(1000 * 0.04 + offset, abs=1e-4)


@pytest.mark.parametrize("seconds", [-0.02, 0.02])
def test_a_grid_keeps_its_rate_whatever_it_follows(seconds):
    clock = FrameClock(25.0, start=0.0)
    for n in range(1000):
        clock.next(n * 0.04)
        clock.follow(seconds)
    assert clock.next(1000 * 0.04)[1] == pytest.approx(40.0, rel=0.003)
