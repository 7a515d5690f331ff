"""The ring that delays: what is read, when, and above all what never is."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from sana_vcam.voice.line import MAX_DELAY_MS
from sana_vcam.voice.ring import ENOUGH, SLACK_S, DelayRing, Samples

RATE = 8000
BLOCK = 160
"""20 ms."""


class Reader:
    """A ring that is written and read in turn; what was read of it."""

    def __init__(self, delay: int, channels: int = 1) -> None:
        self.ring = DelayRing(RATE, channels, delay)
        self.said = 0
        self.heard: list[Samples] = []

    def say(self, blocks: int = 1) -> None:
        """Write numbers that say when they were written: a thousandth a block, the first is 1."""
        for _ in range(blocks):
            self.said += 1
            self.ring.write(np.full(BLOCK, self.said / 1000, np.float32))

    def hear(self, blocks: int = 1) -> list[int]:
        """Which block was at the end of each one that was read; 0 is silence."""
        for _ in range(blocks):
            self.heard.append(self.ring.read(BLOCK))
        return [round(float(one[-1, 0]) * 1000) for one in self.heard[-blocks:]]

    def run(self, blocks: int) -> list[int]:
        """Let time pass."""
        heard: list[int] = []
        for _ in range(blocks):
            self.say()
            heard += self.hear()
        return heard


def late(delay: int = 50 * BLOCK, channels: int = 1) -> Reader:
    """A reader who hears blocks 50 late, at full level."""
    reader = Reader(delay, channels)
    reader.ring.unmute()
    reader.run(120)
    return reader


def test_what_is_written_is_read_a_delay_later():
    reader = late()
    assert reader.run(10) == list(range(72, 82))
    assert reader.ring.is_heard
    assert reader.ring.drift_frames == 0


def test_the_first_sound_comes_a_whole_delay_after_it_was_said_and_is_faded_in():
    reader = Reader(50 * BLOCK)
    reader.ring.unmute()
    assert reader.run(49) == [0] * 49
    reader.run(60)
    first = np.flatnonzero(np.concatenate(reader.heard))[0]
    assert first == pytest.approx(49 * BLOCK, abs=2)
    sound = np.concatenate(reader.heard)[first : first + 20 * BLOCK, 0]
    assert float(np.abs(np.diff(sound)).max()) < 0.001


def test_a_new_ring_is_muted():
    assert Reader(0).run(10) == [0] * 10


def test_a_mute_is_silence_at_once_and_what_was_written_before_is_never_read():
    reader = late()
    reader.ring.mute()
    assert reader.run(5) == [0] * 5
    assert not reader.ring.is_heard
    reader.ring.unmute()
    said = reader.said
    heard = reader.run(200)
    assert heard[:49] == [0] * 49
    assert min(block for block in heard if block) > 0
    assert heard[-1] == reader.said - 49 > said


def test_a_mute_leaves_nothing_in_memory():
    reader = late()
    reader.ring.mute()
    reader.say(10)
    assert not reader.ring._memory.any()


def test_what_is_said_shortly_after_an_unmute_is_left_out_on_demand():
    reader = late()
    reader.ring.mute()
    reader.ring.unmute(after_frames=30 * BLOCK)
    heard = reader.run(150)
    assert heard[:79] == [0] * 79
    assert heard[-1] == reader.said - 49


def test_a_microphone_that_is_gone_is_silence_and_late_again_when_it_is_back():
    reader = late()
    reader.hear(60)
    assert reader.hear(20) == [0] * 20
    heard = reader.run(120)
    assert heard[:49] == [0] * 49
    assert heard[-1] == reader.said - 49


@pytest.mark.parametrize("blocks", [20, 90])
def test_another_delay_is_faded_to_without_a_step(blocks: int):
    reader = late()
    heard_before = len(reader.heard)
    reader.ring.set_delay(blocks * BLOCK, fade_frames=10 * BLOCK)
    assert reader.ring.is_fading
    reader.run(12)
    assert not reader.ring.is_fading
    assert reader.run(1) == [reader.said - blocks + 1]
    sound = np.concatenate(reader.heard[heard_before:])[:, 0]
    # A block is 0.001 more than the one before it.
    assert float(np.abs(np.diff(sound)).max()) < 0.0025


def test_a_delay_that_is_asked_for_during_a_fade_comes_after_it():
    reader = late()
    reader.ring.set_delay(20 * BLOCK, 10 * BLOCK)
    reader.run(3)
    reader.ring.set_delay(70 * BLOCK, 10 * BLOCK)
    reader.run(30)
    assert reader.run(1) == [reader.said - 69]
    assert reader.ring.delay_frames == 70 * BLOCK


def test_a_delay_is_taken_on_at_once_while_nothing_is_heard():
    reader = Reader(50 * BLOCK)
    reader.ring.unmute()
    reader.run(10)
    reader.ring.set_delay(20 * BLOCK, 10 * BLOCK)
    assert not reader.ring.is_fading
    heard = reader.run(60)
    assert heard[:9] == [0] * 9
    assert heard[-1] == reader.said - 19


def test_a_delay_is_within_bounds():
    ring = DelayRing(RATE, delay_frames=-5)
    assert ring.delay_frames == 0
    ring.set_delay(10**9, 1)
    assert ring.delay_frames == MAX_DELAY_MS / 1000 * RATE


def test_the_longest_delay_is_read_whole():
    reader = Reader(round(MAX_DELAY_MS / 1000 * RATE))
    reader.ring.unmute()
    reader.run(500)
    assert reader.run(1) == [reader.said - 299]


def test_a_reader_who_paused_goes_on_a_delay_late():
    reader = late()
    reader.say(round(2 * SLACK_S * RATE / BLOCK))
    reader.hear()
    assert reader.run(60)[-1] == reader.said - 49


def test_clocks_that_differ_are_told_and_made_up_for():
    reader = late()
    for _ in range(20):
        reader.run(24)
        reader.say()
    drift = reader.ring.drift_frames
    assert 12 * BLOCK < drift < 20 * BLOCK
    reader.ring.set_delay(50 * BLOCK, 5 * BLOCK)
    reader.run(ENOUGH + 10)
    assert reader.ring.drift_frames == 20 * BLOCK - drift
    assert reader.ring.delay_frames == 50 * BLOCK


def test_stereo_stays_stereo_and_mono_is_on_both_sides():
    ring = DelayRing(RATE, 2)
    ring.unmute()
    sides = np.tile(np.array([[0.25, 0.5]], np.float32), (BLOCK, 1))
    for _ in range(60):
        ring.write(sides)
        heard = ring.read(BLOCK)
    assert heard.shape == (BLOCK, 2)
    assert heard[-1].tolist() == [0.25, 0.5]
    ring.write(np.full(BLOCK, 0.125, np.float32))
    assert ring.read(BLOCK)[-1].tolist() == [0.125, 0.125]


def test_stereo_is_mixed_for_one_channel():
    ring = DelayRing(RATE)
    ring.unmute()
    for _ in range(60):
        ring.write(np.tile(np.array([[0.25, 0.5]], np.float32), (BLOCK, 1)))
        heard = ring.read(BLOCK)
    assert heard[-1].tolist() == [0.375]


def test_a_writer_a_reader_and_a_mute_on_three_threads():
    ring = DelayRing(RATE, delay_frames=4 * BLOCK)
    ring.unmute()
    end = threading.Event()
    muted: list[Samples] = []

    def write() -> None:
        while not end.is_set():
            ring.write(np.full(BLOCK, 0.5, np.float32))
            ring.read(BLOCK)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for _ in range(200):
            ring.mute()
            muted.append(ring.read(BLOCK))
            ring.unmute()
    finally:
        end.set()
        thread.join()
    assert not np.concatenate(muted).any()
