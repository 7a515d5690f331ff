"""The watch on a made-up session: what the counters mean, and whom it tells when it stays poor."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

from sana_vcam.config.schema import ReactorConfig
from sana_vcam.engine.quality.judge import SLOW_HERE, QualityWord
from sana_vcam.engine.quality.sending import Sending
from sana_vcam.engine.quality.watch import POOR_FOR_LONG_S, UNKNOWN, QualityWatch, Rates
from sana_vcam.reactor import ConnectionStats, SanaClient, SessionLost

START = ConnectionStats(
    rtt_ms=30.0,
    relay=None,
    bytes_up=1_000_000,
    bytes_down=1_000_000,
    packets_down=1000,
    lost_down=0,
    loss_up=0.0,
    target_bps=2_500_000.0,
    frames_up=240,
)


class FakeSession:
    """A session whose counters a test moves on."""

    def __init__(self) -> None:
        self.counters = START
        self.lost = False

    async def stats(self) -> ConnectionStats:
        if self.lost:
            raise SessionLost("gone")
        return self.counters


class Rig:
    def __init__(self) -> None:
        self.now = 1000.0
        self.session: FakeSession | None = FakeSession()
        self.rates = Rates(wanted=24.0, camera=24.0, model=24.0, track_pixels=1280 * 704)
        self.told: list[str] = []
        self.sending = Sending(ReactorConfig(), clock=lambda: self.now)
        self.watch = QualityWatch(
            lambda: cast(SanaClient | None, self.session),
            lambda _: self.rates,
            self.told.append,
            lambda: self.now,
            sending=self.sending,
        )

    def seconds(self, count: int, lost: int = 0, **change: Any) -> None:
        """Let seconds pass: 300 packets come, of which `lost` more are lost, at 2400 kbit/s."""
        for _ in range(count):
            self.now += 1.0
            if self.session is not None:
                old = self.session.counters
                self.session.counters = replace(
                    old,
                    bytes_up=old.bytes_up + 300_000,
                    packets_down=old.packets_down + 300,
                    lost_down=old.lost_down + lost,
                    frames_up=old.frames_up + 24,
                    **change,
                )
            asyncio.run(self.watch.look())


def test_without_a_session_nothing_is_known():
    rig = Rig()
    rig.session = None
    rig.seconds(3)
    assert rig.watch.now == UNKNOWN


def test_the_figures_come_from_the_difference_of_two_looks():
    rig = Rig()
    rig.seconds(1)
    assert rig.watch.now == UNKNOWN
    rig.seconds(1, lost=100)
    now = rig.watch.now
    assert now.word is QualityWord.GOOD
    assert now.bitrate_kbps == 2400
    assert now.loss_percent == 25.0
    assert now.rtt_ms == 30.0
    assert now.relay is False


def test_a_connection_that_loses_packets_is_poor_and_says_so():
    rig = Rig()
    rig.seconds(6, lost=60)
    assert rig.watch.now.word is QualityWord.POOR
    assert "way back" in str(rig.watch.now.cause)
    assert rig.watch.now.poor_since is not None


def test_what_is_poor_for_long_is_told_with_its_cause_and_no_sooner():
    rig = Rig()
    rig.seconds(5, lost=60)
    since = rig.watch.now.poor_since
    assert since is not None
    rig.seconds(int(POOR_FOR_LONG_S - (rig.now - since)), lost=60)
    assert rig.told == []
    rig.seconds(1, lost=60)
    assert rig.told == [rig.watch.now.cause]
    assert rig.watch.now.poor_since == since


def test_what_another_session_would_have_as_well_is_not_told():
    rig = Rig()
    rig.rates = replace(rig.rates, camera=8.0, model=8.0)
    rig.seconds(int(POOR_FOR_LONG_S) + 20)
    assert rig.watch.now.word is QualityWord.POOR
    assert rig.told == []


def test_a_way_up_that_is_too_slow_is_told_once_the_next_session_is_smaller():
    """Of the same size, another one would be as slow where this computer is the cause."""
    rig = Rig()
    assert rig.session is not None

    def seconds(count: int) -> None:
        for _ in range(count):
            # Ten frames a second only are encoded.
            counters = rig.session.counters
            rig.session.counters = replace(counters, frames_up=counters.frames_up - 14)
            rig.seconds(1)

    seconds(120)
    assert rig.sending.reduced
    assert rig.told
    assert set(rig.told) == {SLOW_HERE}
    rig.told.clear()
    rig.rates = replace(rig.rates, track_pixels=640 * 352)
    seconds(10)
    assert rig.told == [], "smaller than that it does not get"


def test_it_recovers():
    rig = Rig()
    rig.seconds(8, lost=60)
    rig.seconds(12)
    assert rig.watch.now.word is QualityWord.GOOD
    assert rig.watch.now.cause is None
    assert rig.watch.now.poor_since is None


def test_another_session_begins_without_a_past():
    rig = Rig()
    rig.seconds(8, lost=60)
    rig.session = FakeSession()
    rig.seconds(2)
    assert rig.watch.now.word is QualityWord.GOOD
    assert rig.watch.now.loss_percent == 0.0


def test_counters_that_begin_anew_are_no_loss():
    """After a reconnect of the same session."""
    rig = Rig()
    rig.seconds(3)
    assert rig.session is not None
    rig.session.counters = replace(START, bytes_up=0, packets_down=0, frames_up=0)
    rig.seconds(1)
    assert rig.watch.now.word is QualityWord.GOOD
    assert rig.watch.now.loss_percent == 0.0
    rig.seconds(2)
    assert rig.watch.now.bitrate_kbps == 2400


def test_a_lost_session_is_unknown_and_not_an_error():
    rig = Rig()
    rig.seconds(3)
    assert rig.session is not None
    rig.session.lost = True
    rig.seconds(1)
    assert rig.watch.now == UNKNOWN
    rig.session.lost = False
    rig.seconds(3)
    assert rig.watch.now.word is QualityWord.GOOD


def test_a_relay_is_shown():
    rig = Rig()
    rig.seconds(3, relay="udp")
    assert rig.watch.now.relay is True
    assert rig.watch.now.word is QualityWord.GOOD
