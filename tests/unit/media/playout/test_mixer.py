"""Two sessions and one picture: what a cut does to the ticks, on a clock made of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
import pytest

from sana_vcam.media.frames import ModelFrame
from sana_vcam.media.playout.cadence import LEARNED_S, Cadence
from sana_vcam.media.playout.mixer import Mixer

PIXELS = np.zeros((3, 2), np.uint8)
FPS = 24


@dataclass
class Source:
    """A session that hands over chunks; its frames' numbers begin at `first`."""

    first: int
    begins_s: float
    period_s: float
    spread_s: float = 0.004

    def arrivals(self, until_s: float) -> list[tuple[float, int]]:
        return [
            (at, self.first + chunk * 24 + k)
            for chunk in range(100)
            for k in range(24)
            if (at := self.begins_s + chunk * self.period_s + k * self.spread_s) < until_s
        ]


OLD, NEW = 0, 1_000_000


def play(old: Source, new: Source, *, cut_after_s: float, seconds: float) -> list[int]:
    """The numbers of the frames shown, one per tick; the cut is made when the new one is ready."""
    mixer = Mixer(fps=FPS, max_delay_s=1.5)
    on_air, off_air = mixer.open(), mixer.open()
    cadence = Cadence()
    mixer.cut(on_air)
    queue = sorted(old.arrivals(seconds) + new.arrivals(seconds))
    shown: list[int] = []
    for tick in range(int(seconds * FPS)):
        now = 0.5 + tick / FPS
        while queue and queue[0][0] <= now:
            at, number = queue.pop(0)
            if number >= NEW:
                cadence.note(at)
            (off_air if number >= NEW else on_air).put(ModelFrame(PIXELS, number, at))
        if now > cut_after_s and cadence.is_steady(now):
            mixer.cut(off_air)
        frame = mixer.take(now)
        if frame is not None:
            shown.append(frame.sequence)
    return shown


@pytest.mark.parametrize("phase_s", [0.0, 0.1, 0.4, 0.7, 0.99])
@pytest.mark.parametrize("period_s", [1.0, 1.2, 1.4])
def test_the_cut_is_one_step_and_no_hiccup(phase_s, period_s):
    old = Source(OLD, 0.3, period_s)
    new = Source(NEW, 20.0 + phase_s, period_s)
    shown = play(old, new, cut_after_s=20.0, seconds=35.0)
    sides = [number >= NEW for number in shown]
    assert [side for side, _ in groupby(sides)] == [False, True], "one change, never back"
    cut = sides.index(True)
    around = shown[cut - 3 * FPS : cut + 3 * FPS]
    stills = [len(list(group)) for _, group in groupby(around)]
    # 24 frames in 1 to 1.4 s on a grid of 24 ticks a second: a frame lasts for one or two of them.
    assert max(stills) <= 3
    steps = [b - a for a, b in pairwise(around) if (a >= NEW) == (b >= NEW)]
    assert min(steps) >= 0
    assert max(steps) <= 2


def test_before_its_rhythm_is_known_nothing_is_cut():
    old = Source(OLD, 0.3, 1.2)
    new = Source(NEW, 20.0, 1.2)
    shown = play(old, new, cut_after_s=0.0, seconds=30.0)
    first = next(number for number in shown if number >= NEW)
    assert first - NEW >= 2 * 24, "the first chunks taught the rhythm off air"


def frame(number: int, at: float = 0.0) -> ModelFrame:
    return ModelFrame(PIXELS, number, at)


def test_only_what_is_on_air_is_seen():
    mixer = Mixer(fps=FPS, max_delay_s=0)
    one, two = mixer.open(), mixer.open()
    one.put(frame(1))
    two.put(frame(2))
    assert mixer.take(1.0) is None, "nobody is on air"
    mixer.cut(one)
    shown = mixer.take(1.1)
    assert shown is not None
    assert shown.sequence == 1
    assert mixer.is_on_air(one)
    assert not mixer.is_on_air(two)
    mixer.cut(two)
    shown = mixer.take(1.2)
    assert shown is not None
    assert shown.sequence == 2
    mixer.close(two)
    assert mixer.take(1.3) is None
    mixer.close(one)
    assert mixer.waiting == 0


def test_what_waits_off_air_is_bounded_and_not_counted_as_lost():
    mixer = Mixer(fps=FPS, max_delay_s=1.5)
    one, two = mixer.open(), mixer.open()
    mixer.cut(one)
    for number in range(500):
        now = number / FPS
        one.put(frame(number, now))
        two.put(frame(number, now))
        two.put(frame(number, now))
        mixer.take(now)
    assert two.dropped > 200
    assert mixer.dropped < 5
    assert mixer.waiting < 100
    dropped, repeated = mixer.dropped, mixer.repeated
    mixer.cut(two)
    assert (mixer.dropped, mixer.repeated) == (dropped, repeated), "a cut loses nothing"
    mixer.take(600 / FPS)
    mixer.take(601 / FPS)
    assert mixer.repeated > repeated
    counted = mixer.dropped, mixer.repeated
    mixer.close(two)
    assert (mixer.dropped, mixer.repeated) == counted


# -- the rhythm ------------------------------------------------------------------------------------


def arrived(*times: float) -> Cadence:
    cadence = Cadence()
    for time in times:
        cadence.note(time)
    return cadence


def test_a_rhythm_takes_a_while_to_learn():
    assert not arrived().is_steady(0.0)
    assert not arrived(1.0).is_steady(1.0)
    smooth = [k / FPS for k in range(int(LEARNED_S * FPS))]
    assert not arrived(*smooth).is_steady(smooth[-1])
    assert arrived(*smooth, LEARNED_S).is_steady(LEARNED_S)


def test_a_burst_that_is_overdue_ends_it():
    bursts = [burst * 1.2 + k * 0.004 for burst in range(4) for k in range(24)]
    cadence = arrived(*bursts)
    assert cadence.is_steady(bursts[-1] + 1.1)
    assert not cadence.is_steady(bursts[-1] + 1.4)


def test_another_run_has_to_be_learned_anew():
    cadence = arrived(*[k / FPS for k in range(100)])
    cadence.clear()
    assert not cadence.is_steady(100 / FPS)


def test_a_gap_longer_than_the_window_is_another_rhythm():
    cadence = arrived(*[k / FPS for k in range(100)], 60.0)
    assert not cadence.is_steady(60.0)


def test_a_limit_of_the_delay_holds_for_the_sessions_that_are_there_and_those_to_come():
    mixer = Mixer(fps=FPS, max_delay_s=1.5)
    before = mixer.open()
    mixer.limit_delay(0.0)
    after = mixer.open()
    for buffer in (before, after):
        mixer.cut(buffer)
        assert mixer.catches_up
        for number in range(24):
            buffer.put(ModelFrame(PIXELS, number, 1.0))
        frame = mixer.take(1.0)
        assert frame is not None
        assert frame.sequence == 23
