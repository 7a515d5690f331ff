"""The size of what is sent: when it gets smaller, when it is full again, and who decides."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import pytest

from sana_vcam.config.schema import ReactorConfig
from sana_vcam.engine.quality.judge import Sample
from sana_vcam.engine.quality.sending import ENOUGH, FORGET_S, GOOD_FOR_S, Sending, start_bps
from sana_vcam.reactor.tracks import ceiling_bps

FULL, SMALL = (1280, 704), (640, 352)
GOOD = Sample(
    age_s=60.0,
    fps_wanted=24.0,
    fps_camera=24.0,
    fps_encoded=24.0,
    fps_model=24.0,
    track_pixels=1280 * 704,
    rtt_ms=40.0,
    relay=None,
    loss_up=0.0,
    loss_down=0.0,
    kbps_up=2300.0,
    target_kbps=2500.0,
)
POOR: dict[str, Any] = {"target_kbps": 300.0}
FAIR: dict[str, Any] = {"target_kbps": 700.0}
# What 640x352 may take where the way up carries it.
ROOMY: dict[str, Any] = {"target_kbps": ceiling_bps(SMALL) / 1000}


class Rig:
    def __init__(self, **config: Any) -> None:
        self.now = 1000.0
        self.sending = Sending(ReactorConfig(**config), clock=lambda: self.now)
        self.on_air = self.sending.size()

    def renew(self) -> None:
        self.on_air = self.sending.size()

    def seconds(self, count: int, **change: Any) -> None:
        for _ in range(count):
            self.now += 1.0
            width, height = self.on_air
            self.sending.take(replace(GOOD, track_pixels=width * height, **change))

    def become_small(self) -> None:
        self.seconds(ENOUGH // 3, **POOR)
        self.renew()
        assert self.on_air == SMALL


def test_at_first_the_model_s_size_is_sent():
    rig = Rig()
    assert rig.on_air == FULL
    assert not rig.sending.reduced


def test_a_way_up_that_is_poor_for_long_makes_the_next_session_smaller(caplog):
    rig = Rig()
    with caplog.at_level(logging.INFO, "sana_vcam.engine"):
        rig.seconds(ENOUGH // 3 - 1, **POOR)
        assert rig.sending.next_size == FULL
        rig.seconds(1, **POOR)
    assert rig.sending.next_size == SMALL
    assert rig.on_air == FULL, "a session's size never changes"
    assert "640x352 instead of 1280x704" in caplog.text
    assert "sana-vcam ctl renew" in caplog.text
    assert rig.sending.would_change(1280 * 704)
    rig.renew()
    assert rig.sending.is_reduced(rig.on_air)
    assert not rig.sending.would_change(640 * 352)


@pytest.mark.parametrize(
    "why",
    [POOR, {"loss_up": 0.2}, {"fps_encoded": 5.0}, {"loss_up": 0.2, "relay": "tcp"}],
    ids=["narrow", "lossy", "slow here", "by relay"],
)
def test_each_cause_that_fewer_pixels_mend_is_one(why):
    rig = Rig()
    rig.seconds(ENOUGH, **why)
    assert rig.sending.reduced


@pytest.mark.parametrize(
    "why",
    [
        {},
        {"fps_camera": 8.0, "fps_encoded": 8.0, "fps_model": 8.0},
        {"loss_down": 0.3},
        {"fps_model": 5.0},
        {"rtt_ms": 900.0},
    ],
    ids=["good", "dark", "way back", "slow model", "far away"],
)
def test_no_other_cause_is(why):
    rig = Rig()
    rig.seconds(10 * ENOUGH, **why)
    assert not rig.sending.reduced


def test_fair_for_three_times_as_long_is_enough():
    rig = Rig()
    rig.seconds(ENOUGH - 1, **FAIR)
    assert not rig.sending.reduced
    rig.seconds(1, **FAIR)
    assert rig.sending.reduced


def test_bouts_that_pass_are_forgotten():
    rig = Rig()
    for _ in range(20):
        rig.seconds(20, **POOR)
        rig.seconds(60)
    assert not rig.sending.reduced


def test_a_size_that_the_user_chose_is_kept():
    for chosen, size in (("model", FULL), ("640x352", SMALL), ("872x480", (872, 480))):
        rig = Rig(send=chosen)
        rig.seconds(10 * ENOUGH, **POOR)
        rig.renew()
        assert rig.on_air == size
        assert not rig.sending.is_reduced(size)


def test_it_is_full_again_after_minutes_that_were_good_and_had_room_for_it():
    rig = Rig()
    rig.become_small()
    rig.seconds(GOOD_FOR_S - 1, **ROOMY)
    rig.renew()
    assert rig.on_air == SMALL
    rig.seconds(1, **ROOMY)
    assert rig.on_air == SMALL, "not before another session comes anyway"
    rig.renew()
    assert rig.on_air == FULL


@pytest.mark.parametrize("fps", [15.0, 24.0, 30.0, 60.0])
def test_what_the_small_size_may_take_is_enough_at_any_rate(fps):
    rig = Rig()
    rig.become_small()
    rates = dict.fromkeys(("fps_wanted", "fps_camera", "fps_encoded", "fps_model"), fps)
    rig.seconds(GOOD_FOR_S, **ROOMY, **rates)
    assert not rig.sending.reduced


def test_good_at_the_small_size_alone_proves_nothing_for_the_full_one():
    rig = Rig()
    rig.become_small()
    rig.seconds(10 * GOOD_FOR_S, **FAIR)
    assert rig.sending.reduced


def test_bad_seconds_in_between_take_longer():
    rig = Rig()
    rig.become_small()
    for _ in range(GOOD_FOR_S // 60):
        rig.seconds(60, **ROOMY)
        rig.seconds(20, loss_up=0.1)
    assert rig.sending.reduced


def test_a_try_that_failed_is_made_later_next_time():
    rig = Rig()
    for tries in range(3):
        rig.become_small()
        rig.seconds(GOOD_FOR_S * 2**tries - 1, **ROOMY)
        assert rig.sending.reduced
        rig.seconds(1, **ROOMY)
        rig.renew()
        assert rig.on_air == FULL


def test_who_comes_back_much_later_may_be_on_another_network():
    rig = Rig()
    rig.become_small()
    rig.now += FORGET_S
    assert rig.sending.size() == SMALL
    rig.now += 1
    assert rig.sending.size() == FULL
    assert not rig.sending.reduced


def test_the_old_session_s_last_seconds_say_nothing_of_the_smaller_one():
    rig = Rig()
    rig.seconds(ENOUGH // 3, **POOR)
    rig.seconds(10 * GOOD_FOR_S)
    assert rig.sending.reduced, "the session on air is the full one still"


@pytest.mark.parametrize(
    ("config", "full", "small"),
    [
        ({}, FULL, SMALL),
        ({"track_width": 640, "track_height": 352}, SMALL, (320, 176)),
        ({"track_width": 1248, "track_height": 720}, (1248, 720), (624, 360)),
        ({"track_width": 952, "track_height": 544}, (952, 544), (476, 272)),
        ({"track_width": 1280, "track_height": 66}, (1280, 66), None),
        ({"track_height": 720}, (1280, 720), (640, 360)),
        ({"send": "model", "track_width": 640}, (640, 704), None),
        ({"send": "640x360", "track_width": 320}, (640, 360), None),
    ],
)
def test_the_sizes_follow_the_model(config, full, small):
    sending = Sending(ReactorConfig(**config))
    assert (sending.full, sending.small) == (full, small)


def test_a_model_too_small_to_halve_stays_as_it_is():
    rig = Rig(track_width=100, track_height=100)
    rig.seconds(10 * ENOUGH, **POOR)
    assert rig.sending.size() == (100, 100)


def test_a_model_that_gives_back_the_size_that_it_gets_is_sent_no_less():
    sending = Sending(ReactorConfig(), (832, 480), follows=True)
    assert (sending.full, sending.small) == ((832, 480), None)


def test_a_bitrate_begins_in_proportion_to_the_pixels():
    assert start_bps(2_500_000, FULL) == 2_500_000
    assert start_bps(2_500_000, SMALL) == 625_000
    assert start_bps(2_500_000, (1920, 1080)) == 2_500_000
    assert start_bps(0, SMALL) == 0


def test_a_connection_begins_with_what_the_way_up_has_carried():
    rig = Rig(send="1280x704")
    rig.seconds(59, target_kbps=900.0)
    assert rig.sending.start_bps(2_500_000) == 2_500_000, "less than a minute proves nothing"
    rig.seconds(1, target_kbps=900.0)
    assert rig.sending.start_bps(2_500_000) == 900_000
    assert rig.sending.start_bps(0) == 0, "it is left to WebRTC"
    rig.seconds(40, target_kbps=30.0)
    assert rig.sending.start_bps(2_500_000) == 900_000, "the last seconds before a loss say little"
    rig.seconds(20, target_kbps=30.0)
    assert rig.sending.start_bps(2_500_000) == 30_000
    rig.now += FORGET_S + 1
    assert rig.sending.start_bps(2_500_000) == 2_500_000, "it may be another network"


def test_what_was_proven_is_no_more_than_was_asked_for():
    rig = Rig(send="640x352")
    rig.seconds(60, target_kbps=2500.0)
    assert rig.sending.start_bps(2_500_000) == 625_000
