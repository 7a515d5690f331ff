"""The word for the connection: each limit, the cause nearest to the camera, and no flapping."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from sana_vcam.engine.quality.judge import (
    AT_HOME,
    RAMP_S,
    Judge,
    Level,
    Sample,
    uplink_level,
    worst,
)

FINE = Sample(
    age_s=60.0,
    fps_wanted=24.0,
    fps_camera=23.9,
    fps_encoded=23.8,
    fps_model=23.5,
    track_pixels=1280 * 704,
    rtt_ms=40.0,
    relay=None,
    loss_up=0.0,
    loss_down=0.0,
    kbps_up=2300.0,
    target_kbps=2500.0,
)


def sample(**change: Any) -> Sample:
    return replace(FINE, **change)


def test_a_good_connection_has_no_cause():
    assert worst(FINE) == (Level.GOOD, None)


@pytest.mark.parametrize(
    ("change", "level", "word"),
    [
        ({"fps_camera": 15.0}, Level.FAIR, "camera"),
        ({"fps_camera": 10.0, "fps_model": 10.0, "fps_encoded": 10.0}, Level.POOR, "camera"),
        ({"loss_up": 0.03}, Level.FAIR, "way to the model"),
        ({"loss_up": 0.10}, Level.POOR, "way to the model"),
        ({"loss_down": 0.10}, Level.POOR, "way back"),
        ({"target_kbps": 800.0}, Level.FAIR, "upload"),
        ({"target_kbps": 300.0}, Level.POOR, "upload"),
        ({"fps_encoded": 12.0, "fps_model": 22.0}, Level.POOR, "this computer"),
        ({"is_late": True}, Level.POOR, "too busy"),
        ({"rtt_ms": 200.0}, Level.FAIR, "congested"),
        ({"rtt_ms": 600.0}, Level.POOR, "congested"),
        ({"fps_camera": 5.0, "fps_sent": 15.0}, Level.POOR, "camera"),
        (
            {"fps_wanted": 5.0, "fps_camera": 5.0, "fps_sent": 15.0, "fps_encoded": 8.0},
            Level.POOR,
            "this computer",
        ),
        (
            {"fps_wanted": 5.0, "fps_camera": 5.0, "fps_sent": 15.0, "fps_encoded": 15.0}
            | {"fps_model": 6.0},
            Level.POOR,
            "the model, or the way back",
        ),
        ({"fps_model": 17.0}, Level.FAIR, "the model, or the way back"),
        ({"fps_model": 9.0}, Level.POOR, "the model, or the way back"),
        ({"relay": "tls"}, Level.FAIR, "TLS only"),
    ],
)
def test_each_limit_says_how_bad_and_what(change: dict[str, Any], level: Level, word: str):
    found, cause = worst(sample(**change))
    assert found is level
    assert cause is not None
    assert word in cause


def test_a_relay_alone_is_no_fault_but_is_named():
    assert worst(sample(relay="udp")) == (Level.GOOD, None)
    assert "through a relay" in str(worst(sample(relay="udp", rtt_ms=300.0))[1])


def test_a_model_without_a_camera_is_judged_by_what_comes_back():
    silent = {"fps_wanted": 0.0, "fps_camera": 0.0, "fps_encoded": 0.0, "target_kbps": 0.0}
    assert worst(sample(**silent, fps_model=16.0)) == (Level.GOOD, None)
    assert worst(sample(**silent, loss_down=0.1))[0] is Level.POOR


def test_of_equals_the_one_nearest_to_the_camera_is_the_cause():
    cause = worst(sample(loss_up=0.1, rtt_ms=900.0, fps_model=5.0))[1]
    assert "way to the model" in str(cause)


def test_the_worst_is_the_cause_wherever_it_is():
    assert "way back" in str(worst(sample(loss_up=0.03, loss_down=0.2))[1])


def test_the_ramp_at_the_start_is_not_poor():
    ramp = {"target_kbps": 675.0, "fps_encoded": 12.0}
    assert worst(sample(age_s=RAMP_S - 1, **ramp))[0] is Level.GOOD
    assert worst(sample(age_s=RAMP_S + 1, **ramp))[0] is Level.POOR


def test_a_slow_camera_is_not_blamed_on_the_model():
    cause = worst(sample(fps_camera=15.0, fps_encoded=15.0, fps_model=14.5))[1]
    assert cause in AT_HOME


def test_what_is_not_measured_is_not_judged():
    unknown = dict.fromkeys(
        ("fps_encoded", "rtt_ms", "loss_up", "loss_down", "kbps_up", "target_kbps")
    )
    assert worst(sample(**unknown)) == (Level.GOOD, None)


def test_the_limits_follow_the_size_of_the_track():
    small = {"track_pixels": 640 * 352, "target_kbps": 700.0}
    assert worst(sample(**small))[0] is Level.GOOD


def test_what_a_smaller_picture_would_mend_is_told_apart():
    assert uplink_level(FINE) is Level.GOOD
    assert uplink_level(sample(target_kbps=300.0, relay="udp")) is Level.POOR
    assert uplink_level(sample(is_late=True)) is Level.POOR
    assert uplink_level(sample(loss_up=0.03, rtt_ms=900.0, loss_down=0.5)) is Level.FAIR
    assert uplink_level(sample(rtt_ms=900.0, loss_down=0.5, fps_model=3.0)) is Level.GOOD


BAD, FAIR = sample(loss_up=0.2), sample(loss_up=0.03)


def words(*samples: Sample) -> list[Level]:
    judge = Judge()
    levels = []
    for one in samples:
        judge.take(one)
        levels.append(judge.level)
    return levels


def test_one_bad_second_is_no_bad_connection():
    assert set(words(*[FINE] * 10, BAD, *[FINE] * 10, BAD, BAD, *[FINE] * 5)) == {Level.GOOD}


def test_three_of_five_are():
    assert words(*[FINE] * 5, BAD, FINE, BAD, BAD)[-2:] == [Level.GOOD, Level.POOR]


def test_it_is_better_after_nine_good_of_ten():
    levels = words(*[BAD] * 10, *[FINE] * 10)
    assert levels[:18].count(Level.POOR) == 16
    assert levels[-1] is Level.GOOD


def test_it_gets_better_by_way_of_what_the_seconds_were():
    assert words(*[BAD] * 10, *[FAIR] * 10)[-1] is Level.FAIR


def test_a_connection_at_the_limit_does_not_flap():
    """Every second another word, for five minutes."""
    levels = words(*[BAD, FINE] * 150)
    changes = sum(a is not b for a, b in pairwise(levels))
    assert changes <= 1


def test_the_cause_is_what_was_named_most():
    judge = Judge()
    for _ in range(6):
        judge.take(sample(rtt_ms=800.0))
    judge.take(BAD)
    assert "congested" in str(judge.cause)
    for _ in range(8):
        judge.take(BAD)
    assert "way to the model" in str(judge.cause)
    for _ in range(10):
        judge.take(FINE)
    assert judge.cause is None
