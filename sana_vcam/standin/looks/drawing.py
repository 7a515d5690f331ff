"""Looks that draw: pencil, charcoal, ink, comic, anime, engraving, blueprint."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from sana_vcam.standin.looks.canvas import (
    Look,
    Picture,
    Plane,
    Size,
    Stops,
    Touch,
    as_bytes,
    at_least,
    blur,
    curve,
    curves,
    edges,
    graded,
    gray_of,
    grid_of,
    grow,
    ink_lines,
    lifted,
    median,
    noise,
    paper,
    posterised,
    ramp,
    rgb_of,
    saturate,
    scaled,
    shade,
    shrink,
    size_of,
    to_bytes,
)

HATCH_ANGLES = (0.7, -0.6, 0.05)
"""Directions of the pencil's three layers of hatching, in radians."""


def sketched(gray: Plane, sigma: float) -> Plane:
    """Divide a plane by its blurred self: outlines remain, surfaces turn to white."""
    soft = blur(gray, sigma)
    return as_bytes(cv2.divide(gray, at_least(soft, 1), scale=255))


@lru_cache(maxsize=8)
def _hatching(size: Size, pitch: float, angle: float, seed: int) -> Plane:
    """Return parallel strokes of uneven pressure, 0 in the middle of a line, 255 between lines."""
    x, y = grid_of(size)
    along = x * np.cos(angle) + y * np.sin(angle)
    across = y * np.cos(angle) - x * np.sin(angle) + noise(size, pitch * 9, seed) * pitch * 0.5
    wave = 0.5 + 0.5 * np.sin(across * 2 * np.pi / pitch)
    pressure = 0.75 + 0.2 * np.sin(along / pitch / 6 + noise(size, pitch * 6, seed + 1) * 2)
    return to_bytes(255 * np.clip(wave / pressure + noise(size, 1.5, seed + 2) * 0.1, 0, 1))


def _hatched(gray: Plane, touch: Touch, pitch: float) -> Plane:
    """Return hatching that grows denser with the dark, one more direction per third of it."""
    drawn = np.full_like(gray, 255)
    for layer, angle in enumerate(HATCH_ANGLES):
        lines = _hatching(size_of(gray), pitch, angle, touch.seed + layer)
        tone = cv2.LUT(gray, curve((0, 150), (190 - 55 * layer, 0), (255, 0)))
        line = cv2.multiply(cv2.bitwise_not(lines), tone, scale=1 / 255)
        drawn = as_bytes(cv2.subtract(drawn, line))
    return drawn


def pencil(frame: Picture, touch: Touch) -> Picture:
    """Graphite outlines and hatching on white paper."""
    size = size_of(frame)
    gray = gray_of(frame)
    outline = graded(sketched(gray, scaled(9, size[0])), curve((0, 0), (150, 40), (250, 255)))
    hatched = _hatched(gray, touch, max(2.5, scaled(6, size[0])))
    drawn = cv2.multiply(outline, hatched, scale=1 / 255)
    graphite = graded(rgb_of(as_bytes(drawn)), ramp((46, 46, 52), (250, 249, 245)))
    return shade(graphite, paper(size, 5.0, touch.seed))


def charcoal(frame: Picture, touch: Touch) -> Picture:
    """Soft black masses rubbed into warm toothed paper."""
    size = size_of(frame)
    gray = gray_of(frame)
    mass = graded(blur(gray, scaled(5, size[0])), curve((0, 0), (70, 40), (150, 190), (255, 255)))
    outline = graded(sketched(gray, scaled(14, size[0])), curve((0, 0), (140, 20), (235, 255)))
    drawn = as_bytes(cv2.multiply(outline, at_least(mass, 36), scale=1 / 255))
    tooth = _tooth(size, touch.seed)
    rubbed = as_bytes(cv2.add(drawn, cv2.multiply(tooth, cv2.bitwise_not(drawn), scale=1 / 400)))
    return graded(rgb_of(rubbed), ramp((24, 22, 21), (150, 138, 122), (238, 226, 203)))


@lru_cache(maxsize=4)
def _tooth(size: Size, seed: int) -> Plane:
    rough = noise(size, 2.6, seed) * 0.7 + noise(size, 1.3, seed + 3) * 0.5
    return to_bytes(255 * np.clip(rough * 0.6 - 0.1, 0, 1))


def ink_wash(frame: Picture, touch: Touch) -> Picture:
    """Sumi-e: a few grey washes and brush outlines on rice paper."""
    size = size_of(frame)
    gray = gray_of(frame)
    small = median(shrink(gray, 2), 7)
    wash = grow(graded(small, posterised(4, 0.6)), size)
    lines = ink_lines(gray, scaled(3.4, size[0]), 4)
    drawn = as_bytes(cv2.multiply(at_least(wash, 60), lines, scale=1 / 255))
    inked = graded(
        rgb_of(drawn), ramp((20, 20, 28), (150, 147, 143), (232, 226, 210), (246, 240, 226))
    )
    return shade(inked, paper(size, 9.0, touch.seed))


def _flat_colours(frame: Picture, table: Plane, colour: float) -> Picture:
    """Return a smoothed picture of full size in few tones and strong colours."""
    small = shrink(frame, 2)
    smooth = median(median(small, 5), 5)
    return grow(saturate(graded(smooth, table), colour), size_of(frame))


COMIC_TONES = lifted(posterised(6, 0.4), 26)
CARTOON_TONES = posterised(7, 0.5)
ANIME_STOPS: Stops = ((0, 16), (60, 52), (84, 104), (150, 158), (176, 204), (255, 244))
ANIME_TONES = curves(
    ((0, 18), (60, 58), (150, 168), (255, 255)),
    ((0, 18), (60, 62), (150, 164), (255, 250)),
    ((0, 48), (60, 92), (150, 180), (255, 250)),
)


def comic(frame: Picture, touch: Touch) -> Picture:
    """Printed comic: black outlines, flat colours, dots in the half tones."""
    size = size_of(frame)
    flat = _flat_colours(frame, COMIC_TONES, 1.8)
    gray = gray_of(flat)
    dots = cv2.compare(gray, _dots(size, max(4.0, scaled(9, size[0])), touch.seed), cv2.CMP_LT)
    middle = cv2.inRange(gray, 40, 165)
    dotted = cv2.bitwise_and(dots, middle)
    printed = cv2.subtract(flat, rgb_of(as_bytes(cv2.convertScaleAbs(dotted, alpha=0.2))))
    lines = ink_lines(gray_of(frame), scaled(2.8, size[0]), 5)
    return as_bytes(cv2.multiply(printed, rgb_of(lines), scale=1 / 255))


def cartoon(frame: Picture, _touch: Touch) -> Picture:
    """Flat bright colours inside clean outlines."""
    flat = _flat_colours(frame, CARTOON_TONES, 1.75)
    lines = ink_lines(gray_of(frame), scaled(3.2, frame.shape[0]), 5)
    bright = graded(flat, curve((0, 18), (128, 150), (255, 255)))
    return as_bytes(cv2.multiply(bright, rgb_of(at_least(lines, 30)), scale=1 / 255))


def anime(frame: Picture, _touch: Touch) -> Picture:
    """Cel shading in two steps, cool shadows, thin lines, glowing lights."""
    size = size_of(frame)
    flat = graded(_flat_colours(frame, curve(*ANIME_STOPS), 1.45), ANIME_TONES)
    lines = ink_lines(gray_of(frame), scaled(2.0, size[0]), 5)
    drawn = as_bytes(cv2.multiply(flat, rgb_of(at_least(lines, 52)), scale=1 / 255))
    glow = graded(blur(drawn, scaled(26, size[0])), curve((0, 0), (150, 0), (255, 52)))
    return as_bytes(cv2.add(drawn, glow))


@lru_cache(maxsize=8)
def _dots(size: Size, pitch: float, seed: int) -> Plane:
    """Return a screen of dots at 45 degrees for comparison with a tone."""
    x, y = grid_of(size)
    shift = seed % 7
    u, v = (x + y + shift) * np.pi / pitch, (x - y) * np.pi / pitch
    return to_bytes(127 + 63 * (np.cos(u) + np.cos(v)))


def pop_art(frame: Picture, touch: Touch) -> Picture:
    """Screen print: four loud inks, a coarse dot screen."""
    size = size_of(frame)
    gray = graded(blur(gray_of(frame), scaled(3, size[0])), curve((20, 0), (230, 255)))
    inks = POP_INKS[touch.seed % len(POP_INKS)]
    screen = _dots(size, max(5.0, scaled(13, size[0])), touch.seed)
    dithered = as_bytes(cv2.addWeighted(gray, 0.86, screen, 0.22, -14))
    table = np.repeat(np.array(inks, np.uint8), 64, axis=0)[None]
    return graded(rgb_of(dithered), table)


POP_INKS = (
    ((38, 20, 92), (233, 30, 120), (255, 196, 0), (255, 246, 214)),
    ((16, 42, 102), (0, 150, 190), (255, 92, 92), (255, 240, 190)),
    ((70, 10, 60), (0, 164, 130), (255, 150, 30), (250, 250, 220)),
)


def engraving(frame: Picture, touch: Touch) -> Picture:
    """Banknote engraving: curved lines that swell with the dark."""
    size = size_of(frame)
    gray = graded(gray_of(frame), curve((0, 10), (128, 118), (255, 245)))
    cut = cv2.addWeighted(gray, 2.6, _burin(size, touch.seed), 2.6, -408)
    outline = sketched(gray_of(frame), scaled(5, size[0]))
    print_ = as_bytes(cv2.multiply(cut, outline, scale=1 / 255))
    return graded(rgb_of(print_), ramp((28, 52, 48), (236, 232, 212)))


@lru_cache(maxsize=4)
def _burin(size: Size, seed: int) -> Plane:
    x, y = grid_of(size)
    pitch = max(3.0, scaled(6.5, size[0]))
    bent = y + np.sin(x / scaled(150, size[0]) + seed % 5) * scaled(24, size[0]) + x * 0.22
    return to_bytes(127 + 110 * np.sin(bent * 2 * np.pi / pitch))


def blueprint(frame: Picture, _touch: Touch) -> Picture:
    """White construction lines on blue, over a grid."""
    size = size_of(frame)
    drawn = cv2.bitwise_not(ink_lines(gray_of(frame), scaled(2.4, size[0]), 2))
    lines = cv2.max(cv2.max(edges(gray_of(frame), 1.1), drawn), _ruled(size))
    return graded(rgb_of(as_bytes(lines)), ramp((14, 48, 108), (72, 126, 190), (236, 246, 255)))


@lru_cache(maxsize=4)
def _ruled(size: Size) -> Plane:
    lines = np.zeros(size, np.uint8)
    step = max(8, round(scaled(44, size[0])))
    lines[::step] = lines[:, ::step] = 46
    lines[:: step * 4] = lines[:, :: step * 4] = 84
    return lines


LOOKS: dict[str, Look] = {
    "pencil": pencil,
    "charcoal": charcoal,
    "ink_wash": ink_wash,
    "comic": comic,
    "cartoon": cartoon,
    "anime": anime,
    "pop_art": pop_art,
    "engraving": engraving,
    "blueprint": blueprint,
}
