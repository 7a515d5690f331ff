"""What the voice does in each case, on times that are given: every row of its table."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import pytest

from sana_vcam.voice.following import (
    BLIND_PATIENCE_S,
    BYPASS_MS,
    DEAD_BAND_MS,
    LARGE_PATIENCE_S,
    LATE_MS,
    PATIENCE_S,
    PAUSE_FADE_S,
    SENSOR_MS,
    SPEECH_FADE_S,
    WIDE_PATIENCE_S,
    Follower,
    Heard,
    Mute,
    OnProgram,
    PictureDelay,
    Prepare,
    Shift,
    Unmute,
    VoiceOrder,
)
from sana_vcam.voice.levels import VoiceLevels
from sana_vcam.voice.line import MAX_DELAY_MS, VoiceLevel

SPEECH, PAUSE = -20.0, -62.0
EXTRA_MS = SENSOR_MS + LATE_MS
TICK_S = 0.1


def known(delay_ms: float, sure: float = 0.9, width_ms: float = 120.0) -> PictureDelay:
    return PictureDelay(delay_ms, delay_ms - width_ms / 2, delay_ms + width_ms / 2, sure)


@dataclass
class Desk:
    """A delay line that does as it is told, on a clock of its own, with somebody who talks."""

    follower: Follower = field(default_factory=Follower)
    picture: PictureDelay | None = None
    program: OnProgram = OnProgram.LIVE
    listeners: bool = True
    ready_s: float = 0.0
    delay_ms: float = 0.0
    now: float = 1000.0
    dbfs: float = SPEECH
    preparations: int = 0
    levels: VoiceLevels = field(default_factory=VoiceLevels)
    orders: list[tuple[float, VoiceOrder]] = field(default_factory=list)

    def run(self, seconds: float) -> list[VoiceOrder]:
        """Let time pass; the orders that were given in it."""
        before = len(self.orders)
        for _ in range(round(seconds / TICK_S)):
            begin = self.now
            self.now += TICK_S
            self.levels.add([VoiceLevel(begin + k / 100, self.dbfs) for k in range(10)])
            line = Heard(self.delay_ms, self.listeners)
            for order in self.follower.take(
                self.now, self.program, self.picture, line, self.levels
            ):
                if isinstance(order, Prepare):
                    self.follower.prepared(order.delay_ms, self.now + self.ready_s)
                    self.preparations += 1
                else:
                    self.orders.append((self.now, order))
                if isinstance(order, Shift):
                    self.delay_ms = order.delay_ms
        return [order for _, order in self.orders[before:]]


def talking(picture_ms: float = 1500.0, follower: Follower | None = None) -> Desk:
    """Somebody who talks without a pause, and is heard as late as seen."""
    desk = Desk(follower or Follower(), known(picture_ms))
    desk.run(0.1)
    assert desk.delay_ms == picture_ms + EXTRA_MS
    desk.run(8)
    desk.orders.clear()
    return desk


def test_the_voice_is_as_late_as_sensor_and_picture_and_a_little_later():
    desk = Desk(Follower(), known(1500.0))
    assert desk.run(5) == [Shift(1500.0 + EXTRA_MS, 0.0), Unmute()]


def test_without_a_figure_it_begins_with_the_guess():
    desk = Desk(Follower(first_guess_ms=1700.0))
    assert desk.run(5) == [Shift(1700.0 + EXTRA_MS, 0.0), Unmute()]
    assert desk.follower.target_ms == 1700.0 + EXTRA_MS


@pytest.mark.parametrize("trim_ms", [-80.0, 120.0])
def test_the_users_trim_is_added(trim_ms: float):
    desk = Desk(Follower(trim_ms=trim_ms), known(1500.0))
    desk.run(1)
    assert desk.delay_ms == 1500.0 + EXTRA_MS + trim_ms


def test_a_trim_below_nothing_is_no_delay():
    desk = Desk(Follower(trim_ms=-3000.0), known(1500.0))
    desk.run(1)
    assert desk.delay_ms == 0.0


@pytest.mark.parametrize("by_ms", [-DEAD_BAND_MS, -10.0, 10.0, DEAD_BAND_MS])
def test_a_difference_within_the_dead_band_is_left_alone(by_ms: float):
    desk = talking()
    desk.dbfs = PAUSE
    desk.picture = known(1500.0 + by_ms)
    assert desk.run(3 * PATIENCE_S) == []


def test_a_difference_does_not_wait_for_pauses_that_nobody_could_know():
    """Levels were not measured, and those of now are heard only after the delay."""
    desk = talking()
    desk.levels.clear()
    desk.picture = known(1540.0)
    assert desk.run(BLIND_PATIENCE_S + 0.3) == [Shift(1540.0 + EXTRA_MS, SPEECH_FADE_S)]
    desk.run(3)
    desk.picture = known(1500.0)
    assert desk.run(3) == []


@pytest.mark.parametrize("by_ms", [-100.0, 100.0])
def test_a_small_difference_waits_for_the_next_pause_which_is_known_before_it_is_heard(
    by_ms: float,
):
    desk = talking()
    desk.picture = known(1500.0 + by_ms)
    assert desk.run(3) == []
    desk.dbfs, paused_at = PAUSE, desk.now
    desk.run(0.6)
    desk.dbfs = SPEECH
    assert desk.run(8) == [Shift(1500.0 + by_ms + EXTRA_MS, PAUSE_FADE_S)]
    at = desk.orders[-1][0]
    for late_ms in (1500.0 + EXTRA_MS, 1500.0 + by_ms + EXTRA_MS):
        assert paused_at <= at - late_ms / 1000
        assert at - late_ms / 1000 + PAUSE_FADE_S <= paused_at + 0.6 + 0.011


def test_a_small_difference_without_a_pause_is_faded_after_twenty_seconds():
    desk = talking()
    desk.picture = known(1600.0)
    assert desk.run(PATIENCE_S - 1) == []
    assert desk.run(2) == [Shift(1600.0 + EXTRA_MS, SPEECH_FADE_S)]


@pytest.mark.parametrize("by_ms", [-700.0, 200.0, 700.0])
def test_a_large_difference_without_a_pause_is_faded_all_the_same(by_ms: float):
    desk = talking()
    desk.picture = known(1500.0 + by_ms)
    assert desk.run(LARGE_PATIENCE_S - 0.3) == []
    assert desk.run(2) == [Shift(1500.0 + by_ms + EXTRA_MS, SPEECH_FADE_S)]


def test_a_difference_that_becomes_large_does_not_wait_twenty_seconds():
    desk = talking()
    desk.picture = known(1600.0)
    assert desk.run(10) == []
    desk.picture = known(2200.0)
    assert desk.run(LARGE_PATIENCE_S + 0.5) == [Shift(2200.0 + EXTRA_MS, SPEECH_FADE_S)]


def test_a_delay_that_goes_to_and_fro_after_a_step_does_not_begin_the_preparation_anew():
    """It takes most of a second on PipeWire 0.3.65, and what is left is made up for later."""
    desk = talking(1500.0)
    desk.ready_s = 0.75
    for turn in range(5):
        desk.picture = known(2200.0 + 20.0 * (turn % 2))
        desk.run(0.2)
    assert desk.preparations == 1
    assert desk.orders[0][1] == Shift(2200.0 + EXTRA_MS, SPEECH_FADE_S)


def test_at_first_no_word_between_the_taps_is_lost_and_then_two_quiet_taps_are_enough():
    """Half a second later: the words between the two pauses would be heard twice."""
    desk = talking(1500.0)
    for word in range(18):
        if word == 8:
            desk.picture, changed_at = known(2000.0), desk.now
        desk.dbfs = PAUSE
        desk.run(0.3)
        desk.dbfs = SPEECH
        desk.run(0.2)
    (first, *others) = desk.orders
    assert others == []
    assert first[1] == Shift(2000.0 + EXTRA_MS, PAUSE_FADE_S)
    assert first[0] - changed_at > LARGE_PATIENCE_S / 2


def test_a_pause_that_is_only_now_is_none():
    """What is heard now was said one and a half seconds ago."""
    desk = talking()
    desk.picture = known(1600.0)
    desk.dbfs = PAUSE
    assert desk.run(1.4) == []
    assert desk.run(0.6) == [Shift(1600.0 + EXTRA_MS, PAUSE_FADE_S)]


def test_levels_that_stopped_show_no_pause():
    desk = talking()
    desk.dbfs = PAUSE
    desk.run(4)
    desk.picture = known(1600.0)
    line = Heard(desk.delay_ms, True)

    def take(after_s: float) -> list[VoiceOrder]:
        at = desk.now + after_s
        return desk.follower.take(at, desk.program, desk.picture, line, desk.levels)

    assert take(1.9) == [Prepare(1600.0 + EXTRA_MS)]
    desk.follower.prepared(1600.0 + EXTRA_MS, desk.now)
    assert take(1.9) == []
    assert take(1.0) == [Shift(1600.0 + EXTRA_MS, PAUSE_FADE_S)], (
        "that was said before they stopped"
    )


def test_while_the_delay_is_not_known_the_last_one_is_held():
    desk = talking()
    desk.dbfs = PAUSE
    for picture in (None, known(2500.0, sure=0.2)):
        desk.picture = picture
        assert desk.run(3 * PATIENCE_S) == []
    assert desk.follower.target_ms == 1500.0 + EXTRA_MS


def test_a_range_that_is_wide_is_followed_only_if_it_excludes_the_delay_for_long():
    desk = talking()
    desk.dbfs = PAUSE
    desk.picture = known(1700.0, width_ms=1000.0)
    assert desk.run(3 * PATIENCE_S) == []
    desk.picture = known(2300.0, width_ms=1000.0)
    assert desk.run(WIDE_PATIENCE_S - 1) == []
    desk.picture = known(1510.0)
    assert desk.run(1) == []
    desk.picture = known(2300.0, width_ms=1000.0)
    assert desk.run(WIDE_PATIENCE_S - 1) == []
    assert desk.run(3) == [Shift(2300.0 + EXTRA_MS, PAUSE_FADE_S)]


def test_a_stall_is_not_chased():
    desk = talking(follower=Follower(max_ms=3000.0))
    desk.dbfs = PAUSE
    desk.picture = known(3500.0)
    assert desk.run(3 * PATIENCE_S) == []
    desk.picture = known(1500.0)
    assert desk.run(10) == []


def test_the_longest_delay_is_that_of_the_line():
    desk = Desk(Follower(first_guess_ms=9000.0, max_ms=20000.0))
    desk.run(1)
    assert desk.delay_ms == MAX_DELAY_MS


def test_the_raw_camera_has_the_voice_early_and_its_end_late_again():
    desk = talking()
    desk.dbfs = PAUSE
    desk.run(4)
    desk.program = OnProgram.BYPASS
    assert desk.run(3) == [Shift(BYPASS_MS + LATE_MS, PAUSE_FADE_S)]
    desk.picture = None
    desk.program = OnProgram.LIVE
    assert desk.run(3) == [Shift(1500.0 + EXTRA_MS, PAUSE_FADE_S)]


def test_the_raw_camera_of_somebody_who_talks_on_is_followed_all_the_same():
    desk = talking()
    desk.program = OnProgram.BYPASS
    assert desk.run(LARGE_PATIENCE_S + 1) == [Shift(BYPASS_MS + LATE_MS, SPEECH_FADE_S)]


def test_a_still_or_a_card_holds_the_delay():
    desk = talking()
    desk.dbfs = PAUSE
    desk.program = OnProgram.STILL
    desk.picture = known(2500.0)
    assert desk.run(3 * PATIENCE_S) == []


def test_black_is_silence_at_once_and_afterwards_the_voice_is_heard_again():
    desk = talking()
    desk.program = OnProgram.BLANK
    assert desk.run(TICK_S) == [Mute()]
    assert desk.run(30) == []
    desk.program = OnProgram.LIVE
    assert desk.run(30) == [Unmute()]


def test_a_delay_that_changed_during_black_is_right_before_the_first_word():
    desk = talking()
    desk.program = OnProgram.BLANK
    desk.run(5)
    desk.program, desk.picture = OnProgram.LIVE, known(2200.0)
    assert desk.run(5) == [Shift(2200.0 + EXTRA_MS, 0.0), Unmute()]


def test_black_may_be_told_before_its_turn_comes():
    desk = talking()
    assert desk.follower.silence() == Mute()
    assert desk.follower.muted
    desk.program = OnProgram.BLANK
    assert desk.run(3) == []
    desk.program = OnProgram.LIVE
    assert desk.run(3) == [Unmute()]


def test_black_that_passes_the_voice_holds_the_delay():
    desk = talking(follower=Follower(on_blank_mute=False))
    desk.dbfs = PAUSE
    desk.program = OnProgram.BLANK
    desk.picture = known(2500.0)
    assert desk.run(3 * PATIENCE_S) == []


def test_a_line_that_is_opened_during_black_stays_silent():
    desk = Desk(Follower(), known(1500.0), OnProgram.BLANK)
    assert desk.run(30) == []
    desk.program = OnProgram.LIVE
    assert desk.run(1) == [Shift(1500.0 + EXTRA_MS, 0.0), Unmute()]


def test_while_nobody_listens_the_delay_is_kept_right_without_a_fade():
    desk = talking()
    desk.listeners = False
    desk.picture = known(1530.0)
    assert desk.run(1) == [Shift(1530.0 + EXTRA_MS, 0.0)]
    assert desk.run(30) == []


def test_a_renewal_is_a_delay_that_is_unknown_and_then_another():
    desk = talking()
    desk.picture = None
    desk.dbfs = PAUSE
    assert desk.run(8) == []
    desk.picture = known(1300.0)
    assert desk.run(4) == [Shift(1300.0 + EXTRA_MS, PAUSE_FADE_S)]


@pytest.mark.parametrize("ready_s", [0.0, 2.5], ids=["1.4", "0.3"])
@pytest.mark.parametrize("upwards", [True, False])
def test_a_drift_of_a_tenth_of_a_second_a_minute_stays_clear_of_both_ends(
    upwards: bool, ready_s: float
):
    """Sound minus picture of -20 to +60 ms for ten minutes of speech, bursts included.

    With 3 ms to spare.
    """
    desk = talking()
    desk.ready_s = ready_s
    rate = 0.1 / 60 * (1 if upwards else -1)
    for step in range(6000):
        true_ms = 1500.0 + rate * step * TICK_S * 1000
        true_ms += 8.0 * math.sin(2 * math.pi * step / 10)
        desk.picture = known(true_ms)
        # A pause of half a second each three seconds.
        desk.dbfs = PAUSE if math.fmod(step * TICK_S, 3.0) < 0.5 else SPEECH
        desk.run(TICK_S)
        assert -17.0 <= desk.delay_ms - (true_ms + SENSOR_MS) <= 57.0, step
    assert all(isinstance(order, Shift) for _, order in desk.orders)
    assert len(desk.orders) < 60


def test_a_delay_that_takes_time_to_be_made_ready_is_waited_for():
    desk = talking()
    desk.dbfs = PAUSE
    desk.run(4)
    desk.ready_s, desk.picture = 2.2, known(2200.0)
    assert desk.run(2) == []
    assert desk.run(1) == [Shift(2200.0 + EXTRA_MS, PAUSE_FADE_S)]
    assert desk.preparations == 1


def test_what_was_prepared_is_used_for_a_delay_near_by_and_prepared_anew_for_another():
    desk = talking()
    desk.picture = known(1600.0)
    desk.run(1)
    desk.picture = known(1610.0)
    desk.dbfs = PAUSE
    assert desk.run(3) == [Shift(1600.0 + EXTRA_MS, PAUSE_FADE_S)]
    assert desk.preparations == 1
    desk.dbfs = SPEECH
    desk.run(2)
    for picture_ms in (1700.0, 1900.0):
        desk.picture = known(picture_ms)
        desk.run(0.3)
    assert desk.preparations == 3
