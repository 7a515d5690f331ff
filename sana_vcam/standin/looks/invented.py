"""A look of its own for every prompt that no rule knows: colours, texture and lines by chance."""

from __future__ import annotations

import colorsys
from functools import lru_cache

import cv2
import numpy as np

from sana_vcam.standin.looks.canvas import (
    Look,
    Picture,
    Plane,
    Size,
    Touch,
    as_bytes,
    clouds,
    edges,
    graded,
    gray_of,
    grid_of,
    grow,
    median,
    mix,
    noise,
    ramp,
    rgb_of,
    scaled,
    shade,
    shrink,
    size_of,
    to_bytes,
)
from sana_vcam.standin.looks.painting import Bristle, brushed

TEXTURES = ("strokes", "waves", "weave", "spots", "marbled")


def invented(frame: Picture, touch: Touch) -> Picture:
    """Recolour the picture in a palette of four, give it a texture, and draw its contours."""
    rng = np.random.default_rng(touch.seed)
    texture = TEXTURES[int(rng.integers(len(TEXTURES)))]
    colour_kept = float(rng.uniform(0.15, 0.4))
    dark_lines = bool(rng.random() < 0.6)
    size = size_of(frame)
    base = _painted(frame, rng, touch) if texture == "strokes" else frame
    toned = graded(rgb_of(as_bytes(cv2.equalizeHist(gray_of(base)))), _palette(touch.seed))
    picture = mix(toned, base, colour_kept)
    if texture != "strokes":
        picture = shade(picture, _texture(size, texture, touch.seed))
    return _lined(picture, gray_of(shrink(frame, 2)), dark_lines)


def _painted(frame: Picture, rng: np.random.Generator, touch: Touch) -> Picture:
    length, width = float(rng.uniform(8, 34)), float(rng.uniform(3, 8))
    broad = Bristle(length, width, 0.9, float(rng.uniform(0, 0.06)), float(rng.uniform(0.2, 1.0)))
    fine = Bristle(length / 2, width / 2, 0.6, 0.02)
    return grow(brushed(frame, broad, fine, touch), size_of(frame))


@lru_cache(maxsize=16)
def _palette(seed: int) -> Picture:
    """Return a ramp from a dark to a light colour over two hues between."""
    rng = np.random.default_rng(seed + 1)
    hue = float(rng.random())
    turn = float(rng.choice([0.08, 0.17, 0.33, 0.5])) * float(rng.choice([-1, 1]))
    steps = ((0.0, 0.75, 0.14), (0.0, 0.8, 0.48), (turn, 0.72, 0.82), (turn * 1.4, 0.3, 1.0))
    colours = [
        colorsys.hsv_to_rgb((hue + shift) % 1, saturation, value)
        for shift, saturation, value in steps
    ]
    return ramp(*((int(r * 255), int(g * 255), int(b * 255)) for r, g, b in colours))


@lru_cache(maxsize=8)
def _texture(size: Size, kind: str, seed: int) -> Plane:
    """Return the light map of a texture, for `shade`."""
    rng = np.random.default_rng(seed + 2)
    x, y = grid_of(size)
    angle, pitch = float(rng.uniform(0, np.pi)), scaled(float(rng.uniform(9, 26)), size[0])
    across = x * np.cos(angle) + y * np.sin(angle)
    along = y * np.cos(angle) - x * np.sin(angle)
    turn = 2 * np.pi / max(3.0, pitch)
    if kind == "waves":
        wave = np.sin((across + np.sin(along * turn / 5) * pitch) * turn)
    elif kind == "weave":
        wave = np.sin(across * turn) * np.sin(along * turn) * 1.4
    elif kind == "spots":
        wave = np.clip(noise(size, pitch, seed) * 2.4, -1, 1)
    else:
        wave = np.sin(clouds(size, size[0] / 2, seed) * float(rng.uniform(4, 9)))
    return to_bytes(128 + wave * float(rng.uniform(20, 34)))


def _lined(picture: Picture, half: Plane, dark: bool) -> Picture:
    """Draw contours, dark or light, over a picture."""
    lines = rgb_of(grow(edges(median(half, 5), 0.45), size_of(picture)))
    return as_bytes(cv2.subtract(picture, lines) if dark else cv2.add(picture, lines))


LOOKS: dict[str, Look] = {"invented": invented}
