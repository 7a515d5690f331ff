"""Pauses of speech, found in levels."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sana_vcam.voice.levels import GAP_S, KEEP_S, LOUD_DBFS, QUIET_DBFS, VoiceLevels, levels_of
from sana_vcam.voice.line import SILENCE_DBFS, VoiceLevel


def levels(*parts: tuple[float, float], start: float = 100.0) -> VoiceLevels:
    """Parts of so many seconds and dBFS each, one after the other."""
    made = VoiceLevels()
    at = start
    for seconds, dbfs in parts:
        count = round(seconds * 100)
        made.add([VoiceLevel(at + k / 100, dbfs) for k in range(count)])
        at += count / 100
    return made


def test_a_pause_between_words_is_quiet_and_words_are_not():
    heard = levels((1.0, -20.0), (0.5, -62.0), (1.0, -20.0))
    assert heard.quiet(101.0, 101.5)
    assert heard.quiet(101.1, 101.3)
    assert not heard.quiet(100.9, 101.3)
    assert not heard.quiet(101.3, 101.6)
    assert not heard.quiet(100.2, 100.4)


def test_one_loud_moment_ends_a_pause():
    heard = levels((0.3, -62.0), (0.01, -25.0), (0.3, -62.0))
    assert not heard.quiet(100.1, 100.5)
    assert heard.quiet(100.32, 100.5)


def test_what_is_not_known_is_not_quiet():
    assert not VoiceLevels().quiet(0.0, 0.1)
    heard = levels((1.0, -62.0))
    assert not heard.quiet(99.5, 100.5)
    assert not heard.quiet(100.5, 101.0 + 2 * GAP_S)
    heard.add([VoiceLevel(101.5, -62.0)])
    assert not heard.quiet(100.8, 101.5), "half a second is missing"


def test_the_noise_of_a_fan_is_a_pause_and_a_voice_above_it_is_none():
    heard = levels((2.0, -45.0), (1.0, -22.0), (1.0, -45.0))
    assert heard.quiet(100.5, 101.5)
    assert not heard.quiet(101.9, 102.4)


def test_talk_without_a_pause_is_not_taken_for_noise():
    assert not levels((8.0, -20.0)).quiet(102.0, 102.5)
    assert levels((8.0, -20.0)).quiet_dbfs == LOUD_DBFS


def test_digital_silence_is_quiet():
    heard = levels((1.0, -100.0))
    assert heard.quiet(100.1, 100.9)
    assert heard.quiet_dbfs == QUIET_DBFS


def test_only_the_last_seconds_are_held_and_what_comes_twice_counts_once():
    heard = levels((1.0, -20.0), (KEEP_S + 1, -62.0))
    assert heard.quiet_dbfs == pytest.approx(-53.0)
    end = heard.newest_at
    assert end is not None
    heard.add([VoiceLevel(100.0, -1.0)])
    assert heard.newest_at == end
    heard.clear()
    assert heard.newest_at is None


def test_a_meter_shows_the_loudest_of_the_last_moment():
    heard = levels((1.0, -20.0), (0.1, -40.0))
    assert heard.loudest(101.1) == -20.0
    assert heard.loudest(101.85) == -40.0
    assert heard.loudest(110.0) is None
    assert math.isfinite(heard.loudest(101.1) or math.nan)


def test_a_block_of_sound_has_a_level_every_ten_milliseconds():
    block = np.concatenate([np.full(480, 0.5), np.zeros(480)]).astype(np.float32)
    first, second = levels_of(block, 48_000, end=100.02)
    assert (round(first.at, 3), round(first.dbfs, 1)) == (100.0, -6.0)
    assert (round(second.at, 3), second.dbfs) == (100.01, SILENCE_DBFS)
    assert len(levels_of(block[:100], 48_000, end=1.0)) == 1


def test_what_the_room_was_like_is_known_after_a_time_without_levels():
    """Somebody speaks without a pause when the levels come again, and softly for a moment."""
    heard = levels((2.0, -20.0), (1.0, -62.0), (2.0, -20.0))
    again = 105.0 + KEEP_S + 30.0
    heard.add([VoiceLevel(again + k / 100, -30.0 if k % 50 < 40 else -45.0) for k in range(200)])
    assert heard.quiet_dbfs == pytest.approx(-53.0)
    assert not heard.quiet(again + 0.42, again + 0.48)


def test_a_room_that_has_become_loud_is_believed_after_some_seconds():
    heard = levels((1.0, -62.0))
    again = 101.0 + KEEP_S + 30.0
    for second in range(int(KEEP_S)):
        heard.add([VoiceLevel(again + second + k / 100, -48.0) for k in range(100)])
    assert heard.quiet_dbfs == pytest.approx(-39.0)
