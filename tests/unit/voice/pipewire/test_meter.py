"""Levels of a coarse recording: how loud, and when."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from sana_vcam.voice.line import SILENCE_DBFS
from sana_vcam.voice.pipewire.meter import HEADER, RATE, WINDOW, LevelMeter

LITTLE = b"dns." + bytes(HEADER - 4)
BIG = b".snd" + bytes(HEADER - 4)
NONE = bytes(HEADER)


def sound(seconds: float, amplitude: float, order: str = "<") -> bytes:
    samples = amplitude * 32767 * np.sin(2 * np.pi * 400 * np.arange(int(seconds * RATE)) / RATE)
    return samples.astype(f"{order}i2").tobytes()


@pytest.mark.parametrize(("header", "order"), [(LITTLE, "<"), (BIG, ">"), (NONE, "<")])
def test_a_sine_has_its_level_whatever_the_header(header: bytes, order: str):
    levels = LevelMeter().feed(header + sound(1.0, 0.5, order), 100.0)
    assert len(levels) == 100
    assert [one.dbfs for one in levels] == pytest.approx(
        [20 * math.log10(0.5 / math.sqrt(2))] * 100, abs=0.05
    )


def test_silence_has_the_lowest_level():
    levels = LevelMeter().feed(NONE + bytes(2 * WINDOW), 100.0)
    assert [one.dbfs for one in levels] == [SILENCE_DBFS]


def test_the_last_window_ended_when_its_piece_came():
    levels = LevelMeter().feed(NONE + bytes(4 * WINDOW), 100.0)
    assert [one.at for one in levels] == pytest.approx([99.98, 99.99])


def test_pieces_may_be_of_any_size():
    text = NONE + sound(0.1, 0.5)
    meter = LevelMeter()
    found = [one for at in range(len(text)) for one in meter.feed(text[at : at + 1], 100.0)]
    assert [one.dbfs for one in found] == pytest.approx(
        [one.dbfs for one in LevelMeter().feed(text, 100.0)]
    )


def test_a_late_piece_does_not_shift_the_times():
    meter = LevelMeter()
    meter.feed(NONE, 0.0)
    late = [0.0, 0.0, 0.08, 0.03, 0.0, 0.12, 0.0]
    times = [
        one.at
        for index, more in enumerate(late)
        for one in meter.feed(bytes(2 * WINDOW), 100.01 + 0.01 * index + more)
    ]
    assert times == pytest.approx([100.0 + 0.01 * index for index in range(len(late))], abs=1e-3)


def test_a_sound_card_that_is_fast_is_followed():
    """It ticks 50 ppm too fast, for an hour."""
    meter = LevelMeter()
    meter.feed(NONE, 0.0)
    for second in range(1, 3601):
        now = second * (1 - 50e-6)
        times = [one.at for one in meter.feed(bytes(2 * RATE), now)]
        assert times[-1] + 0.01 == pytest.approx(now, abs=2e-3)


def test_after_an_interruption_the_times_go_on_from_now():
    meter = LevelMeter()
    meter.feed(NONE + bytes(2 * WINDOW), 100.0)
    (level,) = meter.feed(bytes(2 * WINDOW), 160.0)
    assert level.at == pytest.approx(159.99)


def test_windows_follow_each_other_by_ten_milliseconds():
    levels = LevelMeter().feed(NONE + bytes(2 * RATE), 100.0)
    assert [b.at - a.at for a, b in itertools.pairwise(levels)] == pytest.approx([0.01] * 99)
