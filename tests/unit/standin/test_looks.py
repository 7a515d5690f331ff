"""The looks, on a real portrait: deterministic, of the right shape, visible, and different.

Distance between two pictures is the mean absolute difference of their values, 0 to 255, after both
were reduced to 40x22: grain and noise do not count, what one sees from afar does. The sum with the
same measure of local contrast counts drawings and textures that keep the colours.
"""

from __future__ import annotations

from itertools import combinations

import cv2
import numpy as np
import pytest
from skimage import data

from sana_vcam.config.preset import BUILTIN_PRESETS
from sana_vcam.standin import looks
from sana_vcam.standin.clip import fit
from sana_vcam.standin.looks.choice import SCENES, STYLES
from tests.system.webrtc.standin.harness import Picture

VISIBLE = 8.0
"""Distance from which an edit is plain to see; two prompts for one look may be nearer."""

UNKNOWN = ["purple elephants", "quantum foam", "wearing sunglasses", "a knight", "jazz hands"]
"""Prompts for which there is no rule."""


@pytest.fixture(scope="module")
def portrait() -> Picture:
    """The astronaut, (176, 320, 3) RGB; not to be written to."""
    picture = fit(np.ascontiguousarray(data.astronaut()[:290]), 320, 176)
    picture.flags.writeable = False
    return picture


def distance(first: Picture, second: Picture) -> float:
    def reduced(picture: Picture) -> np.ndarray:
        return cv2.resize(picture, (40, 22), interpolation=cv2.INTER_AREA).astype(float)

    def contrast(picture: Picture) -> np.ndarray:
        smooth = cv2.GaussianBlur(picture, (0, 0), 3)
        return reduced(cv2.absdiff(picture, smooth))

    tone = np.abs(reduced(first) - reduced(second)).mean()
    return float(tone + np.abs(contrast(first) - contrast(second)).mean())


def prompt_for(name: str) -> str:
    """Return a prompt that selects a look: the first word of its rule."""
    if name == "invented":
        return "purple elephants"
    if name == "imagined":
        return "another background"
    if name == "blurred":
        return "blur the background"
    for rule, words in STYLES:
        if rule == name:
            return words.split("|")[0]
    words = dict(SCENES)[name].split("|")[0]
    return f"{words} in the background"


@pytest.mark.parametrize("name", looks.names())
def test_every_look_can_be_asked_for(name: str) -> None:
    assert looks.describe(prompt_for(name)) == name


@pytest.mark.parametrize("name", looks.names())
def test_every_look_is_a_visible_edit_of_the_same_shape(name: str, portrait: Picture) -> None:
    edited = looks.edit(portrait, prompt_for(name), 3)
    assert edited.shape == portrait.shape
    assert edited.dtype == np.uint8
    assert edited.flags.c_contiguous
    assert distance(edited, portrait) > VISIBLE


@pytest.mark.parametrize("name", looks.names())
def test_every_look_is_deterministic(name: str, portrait: Picture) -> None:
    prompt = prompt_for(name)
    first = looks.edit(portrait, prompt, 3, index=5)
    looks.edit(portrait, "oil painting", 8)
    assert np.array_equal(looks.edit(portrait, prompt, 3, index=5), first)


@pytest.mark.parametrize("size", [(320, 176), (64, 48), (333, 177), (90, 160)])
@pytest.mark.parametrize("name", looks.names())
def test_every_look_takes_every_size(name: str, size: tuple[int, int], portrait: Picture) -> None:
    picture = fit(portrait, *size)
    assert looks.edit(picture, prompt_for(name), 1).shape == picture.shape


def test_every_look_differs_from_every_other(portrait: Picture) -> None:
    edited = {name: looks.edit(portrait, prompt_for(name), 3) for name in looks.names()}
    near = {
        (one, other): round(distance(edited[one], edited[other]), 1)
        for one, other in combinations(edited, 2)
        if distance(edited[one], edited[other]) < VISIBLE / 2
    }
    assert not near


def test_an_empty_prompt_leaves_the_source_alone(portrait: Picture) -> None:
    assert looks.describe("") == looks.describe(" \n") == "source"
    assert np.array_equal(looks.edit(portrait, "", 3), portrait)


@pytest.mark.parametrize("prompt", UNKNOWN)
def test_an_unknown_prompt_is_a_visible_edit(prompt: str, portrait: Picture) -> None:
    assert looks.describe(prompt) == "invented"
    assert distance(looks.edit(portrait, prompt, 0), portrait) > VISIBLE


def test_unknown_prompts_look_different_from_each_other(portrait: Picture) -> None:
    edited = [looks.edit(portrait, prompt, 0) for prompt in UNKNOWN]
    assert min(distance(one, other) for one, other in combinations(edited, 2)) > VISIBLE


def test_the_seed_changes_what_is_left_to_chance(portrait: Picture) -> None:
    for prompt in ("oil painting", "purple elephants", "in space"):
        assert not np.array_equal(looks.edit(portrait, prompt, 0), looks.edit(portrait, prompt, 1))


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("Van Gogh oil painting, swirling brushstrokes, vivid colors", "van_gogh"),
        ("A sunset over the ocean", "beach + sunset"),
        (
            "Replace the background with a dimly lit speakeasy lounge, "
            "leaving the subject unchanged.",
            "speakeasy",
        ),
        ("a bronze statue in a garden", "forest + bronze"),
        ("BLACK AND WHITE photo", "black_and_white"),
        ("as a Lego figure", "pixel_art"),
        ("a comic book", "comic"),
        ("golden hour light", "sunset"),
        ("Blur the background, please", "blurred"),
        ("boiling mad", "invented"),
    ],
)
def test_the_words_of_a_prompt_choose(prompt: str, name: str) -> None:
    assert looks.describe(prompt) == name


def test_a_new_background_keeps_the_face(portrait: Picture) -> None:
    edited = looks.edit(portrait, "replace the background with a forest", 0)
    face, corner = np.s_[40:90, 125:165], np.s_[5:60, 250:315]
    assert np.abs(edited[face].astype(int) - portrait[face]).mean() < 4
    assert np.abs(edited[corner].astype(int) - portrait[corner]).mean() > 40


def test_every_built_in_preset_has_a_look_of_its_own() -> None:
    chosen = {preset.id: looks.describe(preset.prompt) for preset in BUILTIN_PRESETS}
    assert chosen["natural"] == "source"
    assert not {"imagined", "invented"} & set(chosen.values())
    assert len(set(chosen.values())) == len(chosen)


def test_new_clothes_keep_the_face(portrait: Picture) -> None:
    edited = looks.edit(portrait, "Dress the subject in a dark suit", 0)
    assert np.array_equal(edited[:100], portrait[:100])
    assert np.abs(edited[150:].astype(int) - portrait[150:]).mean() > 15
