"""The playout buffer on made-up arrivals; every time is handed in."""

from __future__ import annotations

import random
import threading
from itertools import pairwise
from statistics import fmean

import pytest

from sana_vcam.media.frames import ModelFrame
from sana_vcam.media.playout.buffer import PlayoutBuffer, Wakeup
from tests.unit.media.playout.player import FPS, PIXELS, Shown, play

MS = 1e-3


def bursts(period_s: float, *, spread_s: float, count: int = 40) -> list[float]:
    rng = random.Random(1)
    return [
        0.3 + chunk * period_s + rng.uniform(0, 0.05) + k * spread_s
        for chunk in range(count)
        for k in range(24)
    ]


def smooth(fps: float, *, jitter_s: float, seconds: float = 40) -> list[float]:
    rng = random.Random(2)
    return sorted(0.3 + k / fps + abs(rng.gauss(0, jitter_s)) for k in range(int(seconds * fps)))


@pytest.mark.parametrize("fps", [15, 17.14, 20, 23.5, 23.976, 24])
@pytest.mark.parametrize("jitter_s", [0.0, 3 * MS, 10 * MS])
def test_a_smooth_source_is_shown_evenly_and_waits_for_no_more_than_its_jitter(
    fps: float, jitter_s: float
):
    shown = play(smooth(fps, jitter_s=jitter_s))
    assert shown.judder <= 0.05
    assert shown.lost == 0
    assert max(shown.waited) <= 1 / FPS
    assert shown.rate == pytest.approx(FPS, rel=0.01)


@pytest.mark.parametrize("fps", [25, 30, 60])
def test_a_source_faster_than_the_output_fills_every_tick(fps: float):
    shown = play(smooth(fps, jitter_s=3 * MS))
    assert all(gap == pytest.approx(1 / FPS, abs=3 * MS) for gap in shown.gaps)
    assert shown.rate == pytest.approx(FPS, rel=0.01)


@pytest.mark.parametrize("period_s", [1.0, 1.2, 1.4, 1.5])
@pytest.mark.parametrize("spread_s", [0.0, 0.004, 1 / 48, 1 / 24])
def test_bursts_come_out_evenly(period_s: float, spread_s: float):
    shown = play(bursts(period_s, spread_s=spread_s))
    assert shown.judder <= 0.15
    assert max(shown.waited) <= 1.5 + 1 / FPS
    assert shown.lost == 0
    assert shown.rate == pytest.approx(FPS, rel=0.01)
    assert max(shown.tick_gaps) <= 2 / FPS + MS


def later(arrivals: list[float], by_s: float, since: int) -> list[float]:
    """The same, where from frame `since` on all come later."""
    return [at + by_s * (number >= since) for number, at in enumerate(arrivals)]


def behind(shown: Shown, arrivals: list[float]) -> dict[int, float]:
    """How late each frame was shown, after the even course that begins with the first arrival."""
    return {n: at - arrivals[0] - n / 24 for n, at in shown.first.items()}


@pytest.mark.parametrize("by_s", [0.5, 0.7, 1.2])
@pytest.mark.parametrize("spread_s", [0.0, 0.004, 1 / 48])
def test_a_model_that_is_later_from_a_burst_on_is_followed_at_once(by_s: float, spread_s: float):
    """Neither does the delay overshoot, nor does it take time to settle: a voice follows it."""
    arrivals = later(bursts(1.0, spread_s=spread_s), by_s, 24 * 15)
    late = behind(play(arrivals), arrivals)
    before = [late[n] for n in late if n < 24 * 15]
    after = [late[n] for n in late if n >= 24 * 15 + 6]
    assert max(before) - min(before) < 0.08
    assert max(after) - min(after) < 0.1
    assert min(after) - max(before) == pytest.approx(by_s, abs=0.1)


@pytest.mark.parametrize("pause_at", [14, 24 * 15])
@pytest.mark.parametrize("by_s", [0.5, 0.9])
def test_an_even_course_that_is_later_from_a_frame_on_is_followed_at_once(
    pause_at: int, by_s: float
):
    """Whether it is known for long or has just begun, as a runtime does that fills its buffer."""
    arrivals = later(smooth(24, jitter_s=3 * MS), by_s, pause_at)
    late = behind(play(arrivals, settled_s=0.0), arrivals)
    before = [late[n] for n in late if n < pause_at]
    after = [late[n] for n in late if n >= pause_at]
    assert max(before) < 0.08
    assert max(after) - min(after) < 0.08
    assert min(after) == pytest.approx(by_s, abs=0.08)


@pytest.mark.parametrize(("every", "frames"), [(30, 1), (60, 1), (60, 2), (100, 1), (100, 2)])
def test_a_frame_that_is_left_out_before_it_came_here_delays_none_after_it(every: int, frames: int):
    """As by a camera or an encoder on a busy machine; the next come when they would have."""
    arrivals = smooth(24, jitter_s=3 * MS)
    skipping = [at + number // every * frames / 24 for number, at in enumerate(arrivals)]
    _, *waited = play(skipping).waited
    assert max(waited) <= 1 / FPS


def test_a_source_that_leaves_out_frames_all_the_time_is_shown_evenly():
    """That is its own rhythm: 24 of 30 frames a second, at moments that are those of 30."""
    arrivals = [at for number, at in enumerate(smooth(30, jitter_s=MS)) if number % 5]
    shown = play(arrivals)
    assert shown.judder <= 0.1
    assert shown.lost == 0


def test_frames_that_catch_up_after_a_pause_leave_no_delay_behind():
    """As after a stall of the network: those that were held up come all at once."""
    arrivals = smooth(24, jitter_s=3 * MS)
    stalled = [max(at, arrivals[240] + 0.7) if n >= 240 else at for n, at in enumerate(arrivals)]
    late = behind(play(stalled, settled_s=0.0), arrivals)
    assert max(late[n] for n in late if n > 240 + 24 * 10) < 0.08


def test_bursts_that_come_now_sooner_now_later_leave_the_delay_as_it_is():
    arrivals, dice = bursts(1.0, spread_s=0.004, count=80), random.Random(4)
    for begin in range(0, len(arrivals), 24):
        late_s = dice.uniform(0.0, 0.12)
        arrivals[begin : begin + 24] = [at + late_s for at in arrivals[begin : begin + 24]]
    late = behind(play(arrivals, seconds=80), arrivals)
    settled = [late[n] for n in late if n > 24 * 20]
    assert max(settled) - min(settled) < 0.1


def test_a_model_that_becomes_slower_is_shown_evenly_again():
    quick, slow = bursts(1.0, spread_s=0.004, count=15), bursts(1.4, spread_s=0.004, count=30)
    arrivals = [*quick, *(at + 15.0 for at in slow)]
    shown = play(arrivals, seconds=55)
    late = [at for number, at in shown.first.items() if number > 24 * 22]
    gaps = [b - a for a, b in pairwise(late)]
    assert max(gaps) < 3 / FPS
    assert fmean(gaps) == pytest.approx(1.4 / 24, rel=0.02)


def test_a_limit_that_is_changed_holds_from_then_on():
    arrivals = bursts(1.0, spread_s=0.004)
    buffer = PlayoutBuffer(fps=FPS, max_delay_s=1.5)

    def waited(seconds: tuple[int, int]) -> float:
        # What was on show before has waited for longer.
        longest, last = 0.0, buffer.take(float(seconds[0]))
        for tick in range(seconds[0] * FPS, seconds[1] * FPS):
            now = tick / FPS
            while arrivals and arrivals[0] <= now:
                buffer.put(ModelFrame(PIXELS, len(arrivals), arrivals.pop(0)))
            frame = buffer.take(now)
            if frame is not None and frame is not last:
                longest, last = max(longest, now - frame.received_at), frame
        return longest

    assert waited((0, 8)) > 0.8
    buffer.limit_delay(0.4)
    assert waited((8, 16)) <= 0.4 + 2 / FPS
    buffer.limit_delay(0.0)
    assert buffer.catches_up
    assert waited((16, 24)) <= 2 / FPS
    assert buffer.delay_s == 0
    buffer.limit_delay(1.5)
    assert waited((24, 32)) > 0.8


def test_one_late_frame_does_not_delay_all_that_follow():
    arrivals = smooth(24, jitter_s=3 * MS)
    arrivals[480] += 0.15
    shown = play(sorted(arrivals))
    after = [
        waited for number, waited in zip(shown.first, shown.waited, strict=True) if number > 530
    ]
    assert max(after) <= 20 * MS


@pytest.mark.parametrize("fps", [17, 24])
def test_without_smoothing_a_frame_is_shown_as_it_comes(fps: float):
    shown = play(smooth(fps, jitter_s=1 * MS), max_delay_s=0)
    assert max(shown.waited) <= 5 * MS
    assert shown.lost == 0
    assert shown.rate == pytest.approx(FPS, rel=0.01)


def test_without_smoothing_hold_ups_of_the_source_leave_no_delay_behind():
    """Each makes a tick repeat, after which the ticks lie ahead of the pictures."""
    dice = random.Random(3)
    arrivals, late_s = [], 0.0
    for at in smooth(24, jitter_s=4 * MS):
        late_s = 0.05 if dice.random() < 0.02 else max(0.0, late_s - 0.02)
        arrivals.append(at + late_s)
    shown = play(sorted(arrivals), max_delay_s=0)
    assert sorted(shown.waited)[int(0.95 * len(shown.waited))] <= 2 * MS
    assert shown.rate == pytest.approx(FPS, rel=0.03)


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


def test_a_frame_that_comes_ends_the_wait():
    buffer = PlayoutBuffer(fps=FPS, max_delay_s=0)
    waits: list[bool] = []
    reader = threading.Thread(target=lambda: waits.append(buffer.wakeup.wait(60)))
    reader.start()
    while reader.is_alive():
        buffer.put(ModelFrame(PIXELS, 1, 1.1))
        reader.join(0.01)
    assert waits == [False]


def test_a_wake_ends_the_wait_also_if_it_came_before():
    wakeup = Wakeup()
    wakeup.wake()
    assert wakeup.wait(60)
    assert not wakeup.wait(0)


def test_what_is_due_is_not_known_before_the_first_frame_nor_long_after_the_last():
    buffer = PlayoutBuffer(fps=FPS, max_delay_s=1.5)
    assert buffer.due(1.0) is None
    for k in range(10):
        buffer.put(ModelFrame(PIXELS, k, 1.0 + k / FPS))
        assert buffer.take(1.0 + k / FPS) is not None
    coming = buffer.due(1.0 + 9 / FPS)
    assert coming is not None
    assert not coming.arrived
    assert coming.at == pytest.approx(1.0 + 10 / FPS, abs=MS)
    assert buffer.due(1.0 + 12 / FPS) is None


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
