"""Key images: right in size, legible in what can be measured, told apart."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from sana_vcam.clients.deck.linux.icons import icon
from sana_vcam.clients.deck.linux.keys import Icon, PresetKey, Segment, SignKey, Tone
from sana_vcam.clients.deck.linux.paint import paint, paint_segment, paint_strip
from sana_vcam.config.preset import BUILTIN_PRESETS

SIZES = [(72, 72), (80, 80), (96, 96), (112, 112), (120, 120), (80, 120)]
LIT = (70, 224, 132)


def still(red: int = 90) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (320, 180), (red, 120, 160)).save(file, "JPEG")
    return file.getvalue()


def look(name: str = "Film noir", **changes: object) -> PresetKey:
    face = {"id": "noir", "name": name, "still": still(), "lit": False, "offline": False}
    return PresetKey(**{**face, **changes})  # type: ignore[arg-type]


def contrast(image: Image.Image) -> float:
    """The share of pixels that are nearly white: words and drawings."""
    return float((np.asarray(image.convert("L")) > 225).mean())


@pytest.mark.parametrize("size", SIZES)
def test_every_face_has_the_size_that_is_asked_for(size: tuple[int, int]):
    faces = [None, look(), look(still=None), SignKey(Icon.FREEZE, ("Freeze",))]
    assert all(paint(face, size).size == size for face in faces)


@pytest.mark.parametrize("size", SIZES)
def test_the_names_of_all_looks_fit(size: tuple[int, int]):
    """White on the outermost columns would be a word cut off."""
    for preset in BUILTIN_PRESETS:
        for face in (look(preset.name), look(preset.name, still=None)):
            image = paint(face, size)
            assert contrast(image) > 0.01, preset.name
            edges = np.asarray(image.convert("L"))[:, [0, -1]]
            assert (edges < 225).all(), preset.name


def test_the_look_that_is_on_has_a_frame():
    assert paint(look(lit=True), (72, 72)).getpixel((1, 36)) == LIT
    assert paint(look(), (72, 72)).getpixel((1, 36)) != LIT


def test_offline_is_dark_and_without_colour():
    for face in (look(offline=True), SignKey(Icon.NEXT, ("Next",), offline=True)):
        pixels = np.asarray(paint(face, (72, 72)), np.int16)
        assert pixels.max() < 110
        assert np.ptp(pixels, axis=2).max() == 0


def test_a_long_name_and_a_long_word_are_cut():
    name = "An unreasonably long name of a look Donaudampfschifffahrtsgesellschaft"
    for face in (look(name), look(name, still=None)):
        edges = np.asarray(paint(face, (72, 72)).convert("L"))[:, [0, -1]]
        assert (edges < 225).all()


@pytest.mark.parametrize("name", ["", " ", "电影", "Ünïcödé ñ", "🎬"])
def test_any_name_is_painted(name: str):
    assert paint(look(name), (72, 72)).size == (72, 72)


@pytest.mark.parametrize("which", Icon)
def test_every_icon_is_drawn_within_its_square(which: Icon):
    mask = np.asarray(icon(which, 48))
    assert mask.shape == (48, 48)
    assert 0.05 < (mask > 128).mean() < 0.6


def test_icons_are_told_apart():
    masks = [icon(which, 32).tobytes() for which in Icon]
    assert len(set(masks)) == len(masks)


def test_looks_without_a_still_are_told_apart():
    colours = [
        paint(look("", id=preset.id, still=None), (72, 72)).getpixel((36, 36))
        for preset in BUILTIN_PRESETS
    ]
    assert len(set(colours)) > 20


def test_a_strip_has_a_part_for_each_dial():
    segment = Segment(SignKey(Icon.LIGHT, ()), "Light 80 %", "push: full")
    strip = paint_strip((None, segment, None, segment), (800, 100))
    assert strip.size == (800, 100)
    assert strip.crop((0, 0, 200, 100)).getcolors() == [(20000, (12, 13, 17))]
    expected = paint_segment(segment, (200, 100))
    assert strip.crop((600, 0, 800, 100)).tobytes() == expected.tobytes()


def test_a_still_that_is_no_picture_becomes_a_tile():
    broken = paint(look(still=b"nothing"), (72, 72))
    assert broken.tobytes() == paint(look(still=None), (72, 72)).tobytes()


def test_the_tones_differ():
    corners = {paint(SignKey(Icon.LIVE, (), tone), (72, 72)).getpixel((1, 1)) for tone in Tone}
    assert len(corners) == len(Tone)
