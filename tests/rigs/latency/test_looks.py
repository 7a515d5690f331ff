"""Matching on real pictures, really edited and really coded: from each family of looks, some."""

from __future__ import annotations

import functools

import pytest

from tests.unit.media.latency.material import (
    FPS,
    MODELS,
    SOURCES,
    Cells,
    Picture,
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

LOOKS = {
    "copy": ("", "carphone"),
    "painting": ("oil painting", "talking"),
    "drawing": ("comic book", "carphone"),
    "grading": ("film noir", "talking"),
    "light": ("neon cyberpunk", "carphone"),
    "tiles": ("pixel art", "talking"),
    "inverted": ("negative", "carphone"),
    "background": ("a beach in the background", "talking"),
    "unknown": ("purple elephants", "carphone"),
}
"""Of each family: a prompt, and who is filmed, by turns; the benchmark has all of both."""


@functools.lru_cache(maxsize=1)
def filmed(name: str) -> tuple[Cells, list[Picture]]:
    """What the camera sends, as the meter takes it, and what the model gets of it through VP8."""
    pictures = list(noisy(SOURCES[name](COUNT)))
    return cells(pictures), list(coded(pictures, "libvpx"))


# By source: the pictures of one at a time are held.
@pytest.mark.parametrize("look", sorted(LOOKS, key=lambda look: LOOKS[look][1]))
def test_a_moving_person_is_matched_to_a_frame_in_every_family_of_looks(look: str):
    """Two people and two codecs, by turns; the benchmark has all of them."""
    prompt, source = LOOKS[look]
    sent, arrived = filmed(source)
    codec = "libx264" if len(look) % 2 else "libvpx"
    output = cells(coded(looked(arrived, prompt), codec, 200))
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
