"""Matching on real pictures, really edited and really coded: from each family of looks, some."""

from __future__ import annotations

import functools

import pytest

from tests.unit.media.latency.material import (
    FPS,
    MODELS,
    SOURCES,
    cells,
    coded,
    looked,
    noisy,
    play,
    talking,
)
from tests.unit.media.latency.rates import attempt

COUNT = 16 * FPS
MOMENTS_S = (13.0, 14.5, 15.8)

PROMPTS = {
    "copy": "",
    "painting": "oil painting",
    "drawing": "comic book",
    "grading": "film noir",
    "light": "neon cyberpunk",
    "tiles": "pixel art",
    "inverted": "negative",
    "background": "a beach in the background",
    "unknown": "purple elephants",
}


@functools.cache
def camera(name: str) -> list:
    return list(noisy(SOURCES[name](COUNT)))


@functools.cache
def arrived(name: str) -> list:
    """What the model gets: the camera through VP8."""
    return list(coded(camera(name), "libvpx"))


@pytest.mark.parametrize("look", PROMPTS)
def test_a_moving_person_is_matched_to_a_frame_in_every_family_of_looks(look: str):
    """Two people and two codecs, by turns; the benchmark has all of them."""
    source = "talking" if list(PROMPTS).index(look) % 2 else "carphone"
    codec = "libx264" if len(look) % 2 else "libvpx"
    output = cells(coded(looked(arrived(source), PROMPTS[look]), codec, 200))
    sent = cells(camera(source))
    rates = attempt(play(sent, output, MODELS["bursts"], 1), MOMENTS_S)
    # Not always: the carphone clip repeats itself after four seconds.
    assert rates.known > 0, rates
    assert rates.worst <= 1.5, rates
    assert rates.median <= 1.0, rates


@pytest.mark.parametrize("prompt", ["", "snow"])
def test_a_still_picture_has_no_delay_even_if_the_look_moves(prompt: str):
    pictures = list(noisy(talking(COUNT, size=0.0)))
    output = cells(coded(looked(coded(pictures, "libvpx"), prompt), "libvpx", 200))
    played = play(cells(pictures), output, MODELS["even"], 1)
    assert attempt(played, MOMENTS_S).known == 0
