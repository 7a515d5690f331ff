"""Matching two courses, on cells that are made up: many seeds, and what must not be answered."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sana_vcam.media.latency.match import Course, match
from sana_vcam.media.latency.meter import COLUMNS, ROWS
from sana_vcam.media.latency.steady import SURE
from tests.unit.media.latency.material import (
    FPS,
    MODELS,
    SLOW_START,
    Cells,
    Model,
    Played,
    play,
    wander,
)
from tests.unit.media.latency.rates import Rates, attempt

COUNT = 22 * FPS
SEEDS = range(6)


def spots(paths: list[tuple[np.ndarray, np.ndarray]], rng: np.random.Generator) -> Cells:
    """Bright and dark spots that move before a still background: (n, cells), 0..255."""
    y, x = np.mgrid[0:ROWS, 0:COLUMNS].astype(np.float32)
    still = rng.uniform(60, 180, (ROWS, COLUMNS))
    cells = np.repeat(still[None], len(paths[0][0]), axis=0)
    for across, down in paths:
        size, level = rng.uniform(1.5, 3.0), rng.choice((-1, 1)) * rng.uniform(25, 60)
        far = (x - across[:, None, None]) ** 2 + (y - down[:, None, None]) ** 2
        cells += level * np.exp(-far / size**2)
    return cells.reshape(len(cells), -1).astype(np.float32)


def person(seed: int) -> Cells:
    """Three spots that wander about as parts of a face do."""
    rng = np.random.default_rng(seed)
    head = wander(rng, COUNT, 0.5, 0.5), wander(rng, COUNT, 0.5, 0.3)
    paths = [
        (
            rng.uniform(10, 22) + head[0] + wander(rng, COUNT, 1.5, 0.2),
            rng.uniform(5, 13) + head[1] + wander(rng, COUNT, 1.5, 0.2),
        )
        for _ in range(3)
    ]
    return spots(paths, rng)


def edited(camera: Cells, seed: int, noise: float = 0.3) -> Cells:
    """Each cell's brightness folded, stretched or inverted, with an offset and noise."""
    rng = np.random.default_rng(1000 + seed)
    cells = camera.shape[1]
    gain = rng.choice((-1.0, 1.0), cells) * rng.uniform(0.3, 1.5, cells)
    bent = 40 * np.tanh((camera - camera.mean(axis=0)) / 40)
    noisy = bent * gain + rng.uniform(40, 200, cells) + rng.normal(0, noise, camera.shape)
    return noisy.astype(np.float32)


def noisy(camera: Cells, seed: int, noise: float = 0.15) -> Cells:
    rng = np.random.default_rng(2000 + seed)
    return (camera + rng.normal(0, noise, camera.shape)).astype(np.float32)


@pytest.mark.parametrize("name", MODELS)
def test_the_delay_is_found_to_a_frame_for_every_kind_of_model(name: str):
    """Whatever the chunks do to the delay meanwhile: the mean of what viewers saw."""
    rates = Rates.all(
        attempt(play(noisy(camera, seed), edited(camera, seed), MODELS[name], seed))
        for seed in SEEDS
        for camera in [person(seed)]
    )
    assert rates.tries == 3 * len(SEEDS)
    assert rates.known >= 0.75, rates
    assert rates.within_one >= 0.95, rates
    assert rates.worst < 3.0, rates


def test_a_longer_delay_is_found_as_well():
    slow = Model(quick_s=3.0, slow_s=3.2, chunk=96)
    camera = person(3)
    played = play(noisy(camera, 3), edited(camera, 3), slow, 3)
    assert 4.0 < played.until(21.0)[2] < 6.0
    sent, shown, true_s = played.until(21.0)
    found = match(sent, shown)
    assert found is None or found.confidence < SURE or abs(found.delay_s - true_s) * FPS < 3


@pytest.mark.parametrize("known", range(4, 28))
def test_little_of_the_camera_before_what_was_shown_is_no_trouble(known: int):
    """A session's first seconds: `known` pictures were sent before the first was shown."""
    camera = person(1)
    count = 6 * FPS
    times = np.arange(len(camera)) / FPS
    for delay in range(4, 12):
        shown = Course(times[known : known + count], camera[known - delay :][:count])
        if delay <= known:
            match(Course(times[: known + count], camera[: known + count]), shown)


def still(seed: int) -> Cells:
    return np.repeat(person(seed)[:1], COUNT, axis=0)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_still_picture_has_no_delay(seed: int):
    """Nor when the edit itself moves, or its noise does."""
    camera = noisy(still(seed), seed, 0.1)
    moving = person(seed + 50)
    for output in (edited(still(seed), seed), edited(moving, seed), edited(camera, seed, 3.0)):
        assert attempt(play(camera, output, MODELS["even"], seed)).known == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_motion_that_is_not_the_cameras_has_no_delay(seed: int):
    played = play(noisy(person(seed), seed), edited(person(seed + 50), seed), MODELS["even"], seed)
    assert attempt(played).known == 0


@pytest.mark.parametrize("period_s", [0.5, 1.0, 1.7, 2.5, 3.3])
def test_motion_that_repeats_itself_is_not_answered(period_s: float):
    """Two delays that differ by a period fit alike, and both are possible."""
    moment = np.arange(COUNT) / FPS
    rng = np.random.default_rng(1)
    to_and_fro = np.sin(moment * math.tau / period_s)
    camera = spots([(14 + to_and_fro, 9 + 0 * moment), (20 + to_and_fro, 7 + 0 * moment)], rng)
    for seed in range(3):
        played = play(noisy(camera, seed), edited(camera, seed), MODELS["even"], seed)
        assert attempt(played).known == 0


@pytest.mark.parametrize("late", [36, 53])
@pytest.mark.parametrize("period_s", [1.2, 1.7])
def test_nor_is_it_in_the_first_seconds_of_a_session(period_s: float, late: int):
    """Its first pictures come sooner than all others, and nothing was sent before them.

    So long a delay as those have that come later was not possible then; one of a period less was.
    """
    moment = np.arange(COUNT) / FPS
    to_and_fro = np.sin(moment * math.tau / period_s)
    camera = spots([(14 + to_and_fro, 9.0 + 0 * moment)], np.random.default_rng(1))
    camera, output = noisy(camera, 1), edited(camera, 1)
    shown = [(k + 15, k) for k in range(14)] + [(k + late, k) for k in range(14, 15 * FPS)]
    ticks, made_from = np.array(shown).T
    seen = Course(moment[ticks], output[made_from], np.zeros(len(ticks)))
    played = Played(Course(moment, camera), seen, moment[ticks] - moment[made_from])
    assert attempt(played, np.arange(5.5, 15.0, 1.0)).known == 0


@pytest.mark.parametrize("period_s", [4.5, 6.0, 8.0, 12.0])
def test_a_slow_sine_is_answered_rightly_or_not_at_all(period_s: float):
    moment = np.arange(COUNT) / FPS
    to_and_fro = 2 * np.sin(moment * math.tau / period_s)
    camera = spots([(14 + to_and_fro, 9 + 0 * moment)], np.random.default_rng(1))
    for seed in range(3):
        played = play(noisy(camera, seed), edited(camera, seed), MODELS["even"], seed)
        assert attempt(played).worst < 2.0


def test_after_another_prompt_nothing_is_said_until_five_seconds_of_the_new_look_were_seen():
    camera = person(4)
    cut = 14 * FPS
    output = np.concatenate([edited(camera, 4)[:cut], edited(camera, 5)[cut:]])
    played = play(noisy(camera, 4), output, MODELS["even"], 4)
    seen_at = float(played.shown.times[played.shown.times - played.true_s >= cut / FPS][0])
    assert match(*played.until(seen_at - 0.1)[:2]) is not None
    assert match(*played.until(seen_at + 4.5)[:2]) is None
    later = attempt(played, [seen_at + 5.5])
    assert later.known == 1
    assert later.worst <= 1.0


def test_the_cut_of_a_looped_camera_is_no_other_look():
    first, second = person(6), person(7)
    cut = 12 * FPS
    camera = np.concatenate([first[:cut], second[cut:]])
    output = np.concatenate([edited(first, 6)[:cut], edited(second, 6)[cut:]])
    played = play(noisy(camera, 6), output, MODELS["even"], 6)
    sent, shown, true_s = played.until(16.0)
    found = match(sent, shown)
    assert found is not None
    assert abs(found.delay_s - true_s) * FPS <= 1.0


def test_too_little_is_no_match():
    camera = person(1)
    played = play(camera, edited(camera, 1), MODELS["even"], 1)
    sent, shown, _ = played.until(15.0)
    nothing = Course(np.array([]), np.empty((0, ROWS * COLUMNS), np.float32))
    short = Course(shown.times[-60:], shown.cells[-60:])
    torn = Course(np.where(shown.times < 12, shown.times - 5, shown.times), shown.cells)
    recent = Course(sent.times[-10:], sent.cells[-10:])
    for first, second in ((nothing, shown), (sent, nothing), (sent, short), (sent, torn)):
        assert match(first, second) is None
    assert match(recent, shown) is None


def test_the_figures_of_a_match_stay_in_their_ranges():
    camera = person(2)
    found = match(*play(camera, edited(camera, 2), MODELS["bursts"], 2).until(18.0)[:2])
    assert found is not None
    assert 0 <= found.confidence <= 1
    assert 0 <= found.likeness <= 1
    assert 0 <= found.rivalry <= 1
    assert found.lead >= 1
    assert found.motion > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_look_that_is_grounded_anew_is_no_other_look(seed: int):
    """Anchors each four seconds: brightness and contrast drift, and spring back."""
    camera = person(seed)
    age = (np.arange(COUNT) % (4 * FPS) / (4 * FPS))[:, None]
    output = (edited(camera, seed) * (1 - 0.15 * age) + 30 * age).astype(np.float32)
    rates = attempt(play(noisy(camera, seed), output, MODELS["bursts"], seed))
    assert rates.known >= 2 / 3, rates
    assert rates.worst <= 1.5, rates


@pytest.mark.parametrize("seed", SEEDS)
def test_the_range_holds_what_viewers_saw_of_late(seed: int):
    camera = person(seed)
    played = play(noisy(camera, seed), edited(camera, seed), MODELS["almost too slow"], seed)
    for moment_s in (15.0, 18.0, 21.0):
        sent, shown, true_s = played.until(moment_s)
        found = match(sent, shown)
        assert found is not None
        assert found.low_s < found.delay_s < found.high_s
        if found.confidence >= SURE:
            assert found.low_s <= true_s <= found.high_s


def stepped(camera: Cells, output: Cells, at_s: float, by: int) -> Played:
    """Shown 36 frames late; from a moment on, after a pause, `by` frames later or sooner."""
    times = np.arange(COUNT) / FPS
    shown = [(k + 36, k) for k in range(COUNT - 36) if times[k + 36] < at_s]
    last = shown[-1][1] if by > 0 else shown[-1][1] - by
    shown += [(k + 36 + by, k) for k in range(last + 1, COUNT - 36 - max(0, by))]
    ticks, made_from = np.array(shown).T
    seen = Course(times[ticks], output[made_from], np.zeros(len(ticks)))
    return Played(Course(times, camera), seen, times[ticks] - times[made_from])


@pytest.mark.parametrize("by", [-12, 8, 17])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_step_is_answered_by_what_came_after_it_and_never_by_a_mixture(seed: int, by: int):
    camera = person(seed)
    played = stepped(noisy(camera, seed), edited(camera, seed), 14.0, by)
    resumed = float(played.shown.times[played.true_s > 1.51][0] if by > 0 else 14.0)
    sure = 0
    for moment_s in np.arange(13.0, resumed + 4.0, 0.25):
        found = match(*played.until(float(moment_s))[:2])
        if found is None or found.confidence < SURE:
            continue
        old, new = 1.5, 1.5 + by / FPS
        assert min(abs(found.delay_s - old), abs(found.delay_s - new)) * FPS <= 1.0, moment_s
        if moment_s > resumed + 2.0:
            sure += 1
            assert found.changed
            assert abs(found.delay_s - new) * FPS <= 1.0
    assert sure >= 4


def test_a_delay_that_falls_is_followed_and_no_sure_answer_is_of_the_past():
    """A model that starts slowly: the delay of the first seconds is gone when it is told."""
    camera = person(2)
    played = play(noisy(camera, 2), edited(camera, 2), SLOW_START, 2)
    sure = 0
    for moment_s in np.arange(6.0, 22.0, 0.5):
        sent, shown, true_s = played.until(float(moment_s))
        found = match(sent, shown)
        if found is not None and found.confidence >= SURE:
            sure += 1
            assert found.low_s <= true_s <= found.high_s
            # It falls by up to ten frames a second meanwhile.
            assert abs(found.delay_s - true_s) * FPS <= 4.5
    assert sure
