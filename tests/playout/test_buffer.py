"""The playout buffer on made-up arrivals; every time is handed in."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest

from sana_vcam.frames import ModelFrame
from sana_vcam.playout.buffer import PlayoutBuffer

PIXELS = np.zeros((2, 2, 4), np.uint8)
FPS = 24
SETTLED_S = 7.0


@dataclass
class Shown:
    """What ticks showed: sequence by first tick, after the buffer had settled."""

    first: dict[int, float]
    delays: list[float]
    buffer: PlayoutBuffer

    @property
    def gaps(self) -> list[float]:
        return [b - a for a, b in pairwise(self.first.values())]


def play(arrivals: list[float], *, max_delay_s: float = 1.5, seconds: float = 30) -> Shown:
    buffer = PlayoutBuffer(fps=FPS, max_delay_s=max_delay_s)
    shown = Shown({}, [], buffer)
    arrived = 0
    last = -1
    for tick in range(int(seconds * FPS)):
        now = 0.5 + tick / FPS
        while arrived < len(arrivals) and arrivals[arrived] <= now:
            buffer.put(ModelFrame(PIXELS, arrived, arrivals[arrived]))
            arrived += 1
        frame = buffer.take(now)
        if frame is None:
            continue
        assert frame.sequence >= last, "never backwards"
        last = frame.sequence
        if now > SETTLED_S:
            shown.first.setdefault(frame.sequence, now)
            shown.delays.append(buffer.delay_s)
    return shown


def bursts(period_s: float, *, spread_s: float, count: int = 40) -> list[float]:
    rng = random.Random(1)
    return [
        0.3 + chunk * period_s + rng.uniform(0, 0.05) + k * spread_s
        for chunk in range(count)
        for k in range(24)
    ]


def test_a_smooth_source_gets_one_frame_per_tick_and_next_to_no_delay():
    rng = random.Random(2)
    shown = play([0.3 + k / 24 + abs(rng.gauss(0, 0.008)) for k in range(800)])
    assert all(gap == pytest.approx(1 / FPS) for gap in shown.gaps)
    assert max(shown.delays) < 2 / FPS


@pytest.mark.parametrize("period_s", [1.0, 1.2, 1.4, 1.5])
@pytest.mark.parametrize("spread_s", [0.0, 0.004, 1 / 24])
def test_bursts_come_out_evenly(period_s: float, spread_s: float):
    shown = play(bursts(period_s, spread_s=spread_s))
    even = period_s / 24
    # On a grid of ticks, even means: no gap more than a tick off.
    assert max(shown.gaps) <= even + 1.5 / FPS
    assert max(shown.delays) <= 1.5
    assert max(shown.first) - min(shown.first) + 1 == pytest.approx(len(shown.first), abs=2)


def test_the_delay_is_bounded_by_the_setting():
    shown = play(bursts(1.5, spread_s=0.0), max_delay_s=0.4)
    assert max(shown.delays) <= 0.4 + 2 * 1.5 / 24


def test_zero_delay_shows_the_newest_frame_at_once():
    buffer = PlayoutBuffer(fps=FPS, max_delay_s=0)
    for k in range(10):
        buffer.put(ModelFrame(PIXELS, k, 1.0 + k * 0.001))
    newest = buffer.take(1.02)
    assert newest is not None
    assert newest.sequence == 9
    assert buffer.delay_s == 0


def test_silence_repeats_the_last_frame_and_counts_it():
    buffer = PlayoutBuffer(fps=FPS, max_delay_s=1.5)
    buffer.put(ModelFrame(PIXELS, 0, 1.0))
    shown = [buffer.take(1.0 + k / FPS) for k in range(5)]
    assert {frame.sequence for frame in shown if frame} == {0}
    assert buffer.repeated == 4


def test_a_break_is_followed_without_playing_the_past():
    arrivals = [1.0 + k / 24 for k in range(120)] + [20.0 + k / 24 for k in range(240)]
    shown = play(arrivals)
    after = [tick for sequence, tick in shown.first.items() if sequence >= 121]
    assert min(after) < 20.3
    assert max(shown.delays) <= 1.5


def test_clear_forgets_everything():
    buffer = PlayoutBuffer(fps=FPS, max_delay_s=1.5)
    buffer.put(ModelFrame(PIXELS, 0, 1.0))
    assert buffer.take(1.0) is not None
    buffer.clear()
    assert buffer.take(1.1) is None
    assert buffer.delay_s == 0


def test_memory_is_bounded_when_nobody_takes():
    buffer = PlayoutBuffer(fps=FPS, max_delay_s=1.5)
    for k in range(10_000):
        buffer.put(ModelFrame(PIXELS, k, k / 24))
    assert buffer.waiting <= 24 * 8
