"""Looks of paint, ink and paper, and the one that every prompt without a rule gets."""

from __future__ import annotations

import colorsys
from functools import lru_cache

import cv2
import numpy as np

from sana_vcam.standin.looks.canvas import (
    Effect,
    Extent,
    Floats,
    Gray,
    Rgb,
    Touch,
    as_bytes,
    blend,
    blur,
    clouds,
    curve,
    edges,
    graded,
    gray_of,
    grid_of,
    grow,
    ink_lines,
    median,
    mix,
    noise,
    paper,
    posterised,
    ramp,
    reduced,
    rgb_of,
    saturate,
    scaled,
    shade,
    shrink,
    size_of,
    tinted,
    to_bytes,
)

# -- paint -----------------------------------------------------------------------------------------

STARRY = ramp((6, 20, 62), (58, 80, 130), (184, 178, 140), (255, 246, 176))
RICH = ramp((6, 3, 1), (92, 70, 50), (196, 170, 130), (255, 240, 206))
WASHES = curve((0, 70), (90, 150), (180, 222), (255, 255))


@lru_cache(maxsize=8)
def _streaked(size: Extent, length: int, grain: float, seed: int) -> Floats:
    """Smear noise along an invented, swirling flow; zero mean, unit deviation."""
    x, y = grid_of(size)
    angle = clouds(size, size[0] / 1.6, seed) * 1.6
    across, down = np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)
    paint, streaks = noise(size, grain, seed + 31), np.zeros(size, np.float32)
    for step in range(-length, length + 1):
        far = step * grain / 2
        streaks += cv2.remap(
            paint, x + across * far, y + down * far, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
    return np.asarray((streaks - streaks.mean()) / streaks.std(), np.float32)


@lru_cache(maxsize=4)
def _strokes(size: Extent, length: int, relief: float, tint: float, seed: int) -> Rgb:
    """Draw the light map of brush strokes; `tint` is how far they differ in warmth."""
    grain = max(1.6, scaled(7, size[0]))
    light = 128 + _streaked(size, length, grain, seed) * relief
    warmth = _streaked(size, length, grain * 2, seed + 57) * tint
    return to_bytes(np.stack([light + warmth, light + warmth * 0.3, light - warmth], axis=-1))


def _brushed(paint: Rgb, strokes: Rgb) -> Rgb:
    """Lay paint on in strokes, thinner where it has detail, as in a face."""
    contours = edges(gray_of(shrink(paint, 2)), 1.4)
    detail = blur(contours, scaled(12, paint.shape[0]))
    thin = cv2.addWeighted(strokes, 0.3, np.full_like(strokes, 128), 0.7, 0)
    light = blend(as_bytes(thin), strokes, grow(detail, size_of(paint)))
    return shade(paint, light)


def oil(frame: Rgb, touch: Touch) -> Rgb:
    """Show oil on canvas: thick paint, warm light out of rich dark tones."""
    small = reduced(frame)
    paint = graded(saturate(median(small, 5), 1.35), RICH)
    return grow(_brushed(paint, _strokes(size_of(small), 5, 12, 5, touch.seed)), size_of(frame))


def van_gogh(frame: Rgb, touch: Touch) -> Rgb:
    """Show long swirling strokes of pure colour, blue shadows, yellow lights."""
    small = reduced(frame)
    paint = saturate(median(small, 5), 2.0)
    paint = mix(paint, tinted(gray_of(paint), STARRY), 0.45)
    swirling = _brushed(paint, _strokes(size_of(small), 9, 24, 18, touch.seed))
    return grow(saturate(swirling, 1.4), size_of(frame))


def watercolor(frame: Rgb, touch: Touch) -> Rgb:
    """Show wet washes with dark rims, uneven pigment, on white paper."""
    small = reduced(frame)
    wash = saturate(graded(median(median(small, 5), 5), WASHES), 1.7)
    rims = cv2.bitwise_not(edges(gray_of(wash), 0.4))
    wash = as_bytes(cv2.multiply(wash, rgb_of(as_bytes(rims)), scale=1 / 255))
    wet = shade(wash, _pigment(size_of(small), touch.seed))
    return shade(grow(wet, size_of(frame)), paper(size_of(frame), 9.0, touch.seed))


@lru_cache(maxsize=4)
def _pigment(size: Extent, seed: int) -> Gray:
    return to_bytes(132 + clouds(size, size[0] / 5, seed) * 14)


# -- ink and paper ---------------------------------------------------------------------------------

FEW_TONES = posterised(4, 0.5)
COMIC_TONES = np.maximum(posterised(6, 0.4), 26)
CEL_TONES = curve((0, 24), (60, 64), (84, 118), (150, 172), (176, 216), (255, 250))
SHEETS = posterised(6, 0.02)
PASTELS = ramp((84, 78, 120), (118, 146, 176), (178, 196, 170), (248, 200, 164), (252, 238, 214))


def pencil(frame: Rgb, touch: Touch) -> Rgb:
    """Show graphite outlines and crossed hatching on white paper."""
    size = size_of(frame)
    gray = gray_of(frame)
    # Divided by its blurred self, a picture keeps its outlines and turns white elsewhere.
    sketch = cv2.divide(gray, np.maximum(blur(gray, scaled(9, size[0])), 1), scale=255)
    drawn = graded(as_bytes(sketch), curve((0, 0), (150, 40), (250, 255)))
    for layer, angle in enumerate((0.7, -0.6)):
        tone = cv2.LUT(gray, curve((0, 165), (180 - 75 * layer, 0), (255, 0)))
        strokes = cv2.multiply(_hatching(size, angle, touch.seed + layer), tone, scale=1 / 255)
        drawn = as_bytes(cv2.subtract(drawn, strokes))
    graphite = tinted(drawn, ramp((46, 46, 52), (250, 249, 245)))
    return shade(graphite, paper(size, 5.0, touch.seed))


@lru_cache(maxsize=4)
def _hatching(size: Extent, angle: float, seed: int) -> Gray:
    """Draw parallel strokes of uneven pressure, 255 in the middle of a line."""
    x, y = grid_of(size)
    pitch = max(2.5, scaled(6, size[0]))
    across = y * np.cos(angle) - x * np.sin(angle) + noise(size, pitch * 9, seed) * pitch * 0.5
    wave = 0.5 + 0.5 * np.sin(across * 2 * np.pi / pitch)
    pressure = 0.8 + 0.15 * noise(size, pitch * 6, seed + 1)
    return to_bytes(255 * np.clip(1 - wave / np.maximum(pressure, 0.3), 0, 1))


def _flat(frame: Rgb, tones: Gray, colour: float) -> Rgb:
    """Smooth a picture into few tones and strong colours; at half its size."""
    return saturate(graded(median(shrink(frame, 2), 5), tones), colour)


def _outlined(half: Rgb, frame: Rgb, width: float, least: int = 0) -> Rgb:
    """Enlarge a picture and draw the frame's outlines over it, none darker than `least`."""
    lines = ink_lines(gray_of(frame), scaled(width, frame.shape[0]), 5)
    picture = grow(half, size_of(frame))
    return as_bytes(cv2.multiply(picture, rgb_of(np.maximum(lines, least)), scale=1 / 255))


def woodblock(frame: Rgb, touch: Touch) -> Rgb:
    """Show a Japanese woodblock print: a few muted colours, black outlines, warm paper."""
    flat = graded(_flat(frame, FEW_TONES, 0.75), ramp((10, 10, 10), (255, 242, 208)))
    return shade(_outlined(flat, frame, 3.0), paper(size_of(frame), 8.0, touch.seed))


def anime(frame: Rgb, _touch: Touch) -> Rgb:
    """Show cel shading in two steps, bright colours, thin lines, glowing lights."""
    flat = _flat(frame, CEL_TONES, 1.5)
    glow = graded(blur(flat, scaled(13, frame.shape[0])), curve((0, 0), (150, 0), (255, 52)))
    return _outlined(as_bytes(cv2.add(flat, glow)), frame, 2.0, 52)


def comic(frame: Rgb, _touch: Touch) -> Rgb:
    """Show a printed comic: bold outlines, flat colours, dots in the half tones."""
    flat = _flat(frame, COMIC_TONES, 1.8)
    gray = gray_of(flat)
    dots = cv2.compare(gray, _screen(size_of(flat)), cv2.CMP_LT)
    dots = cv2.bitwise_and(dots, cv2.inRange(gray, 40, 165))
    dark = rgb_of(as_bytes(cv2.convertScaleAbs(dots, alpha=0.2)))
    return _outlined(as_bytes(cv2.subtract(flat, dark)), frame, 2.8)


@lru_cache(maxsize=4)
def _screen(size: Extent) -> Gray:
    """Draw a screen of dots at 45 degrees, to be compared with a tone."""
    x, y = grid_of(size)
    turn = np.pi / max(3.0, scaled(9, size[0]))
    return to_bytes(127 + 63 * (np.cos((x + y) * turn) + np.cos((x - y) * turn)))


def papercut(frame: Rgb, touch: Touch) -> Rgb:
    """Show layers of pastel paper, each with a soft shadow on the one below."""
    half = median(shrink(frame, 2), 5)
    sheets = graded(gray_of(half), SHEETS)
    step = max(1, round(scaled(3, frame.shape[0])))
    shadow = cv2.subtract(sheets, blur(np.roll(sheets, (step, step), (0, 1)), step))
    coloured = mix(tinted(sheets, PASTELS), half, 0.35)
    layered = as_bytes(cv2.subtract(coloured, rgb_of(as_bytes(shadow))))
    return shade(grow(layered, size_of(frame)), paper(size_of(frame), 3.0, touch.seed))


# -- invented --------------------------------------------------------------------------------------


def invented(frame: Rgb, touch: Touch) -> Rgb:
    """Recolour the picture in a palette of four, brush it over, and draw its contours."""
    seed, size = touch.seed, size_of(frame)
    gray = gray_of(frame)
    picture = mix(tinted(as_bytes(cv2.equalizeHist(gray)), _palette(seed)), frame, 0.25)
    picture = shade(picture, _strokes(size, 1 + seed % 12, 10 + seed % 23, seed % 17, seed))
    lines = rgb_of(grow(edges(median(shrink(gray, 2), 5), 0.45), size))
    return as_bytes(cv2.subtract(picture, lines) if seed % 5 < 3 else cv2.add(picture, lines))


@lru_cache(maxsize=16)
def _palette(seed: int) -> Rgb:
    """Draw a ramp from a dark to a light colour over two hues between."""
    rng = np.random.default_rng(seed + 1)
    hue = float(rng.random())
    turn = float(rng.choice([0.08, 0.17, 0.33, 0.5])) * float(rng.choice([-1, 1]))
    steps = ((0.0, 0.75, 0.14), (0.0, 0.8, 0.48), (turn, 0.72, 0.82), (turn * 1.4, 0.3, 1.0))
    colours = [colorsys.hsv_to_rgb((hue + shift) % 1, part, value) for shift, part, value in steps]
    return ramp(*((int(r * 255), int(g * 255), int(b * 255)) for r, g, b in colours))


EFFECTS: dict[str, Effect] = {
    "oil": oil,
    "van_gogh": van_gogh,
    "watercolor": watercolor,
    "pencil": pencil,
    "woodblock": woodblock,
    "anime": anime,
    "comic": comic,
    "papercut": papercut,
    "invented": invented,
}
