"""Looks made of brush strokes and paint: oil, Van Gogh, impressionism, watercolour, pastel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from sana_vcam.standin.looks.canvas import (
    Floats,
    Look,
    Picture,
    Plane,
    Size,
    Touch,
    as_bytes,
    box_blur,
    clouds,
    curves,
    edges,
    graded,
    gray_of,
    grid_of,
    grow,
    median,
    mix,
    noise,
    paper,
    reduced,
    remapped,
    rgb_of,
    saturate,
    scaled,
    shade,
    shrink,
    size_of,
    to_bytes,
    wobble,
    woven,
)

ANGLES = 8
"""Directions a stroke can have; they divide half a turn evenly."""


@dataclass(frozen=True, slots=True)
class Bristle:
    """A brush: stroke length and width in pixels of a picture of 352 lines.

    `relief` is how far the ridges of paint catch the light, `swirl` how strongly strokes follow
    an invented flow instead of the contours, `bend` how wavy they are.
    """

    length: float
    width: float
    relief: float
    swirl: float
    bend: float = 0.35


@lru_cache(maxsize=2)
def _strokes(size: Size, coarse: Bristle, fine: Bristle, seed: int) -> npt.NDArray[np.int16]:
    """Return, for each brush and angle, where each pixel takes its paint from and how it is lit.

    Shape (2 * ANGLES * H * W, 4): source x, source y, light (128 is neutral), unused.
    """
    planes = [
        _layer(size, brush, angle * np.pi / ANGLES, seed + angle)
        for brush in (coarse, fine)
        for angle in range(ANGLES)
    ]
    return np.ascontiguousarray(np.stack(planes).reshape(-1, 4))


def _layer(size: Size, brush: Bristle, angle: float, seed: int) -> npt.NDArray[np.int16]:
    """Cover the picture with strokes of one direction, laid like bricks; (H, W, 4) int16."""
    height, width = size
    rng = np.random.default_rng(seed)
    unit = max(0.5, height / 352)
    length, thick = brush.length * unit, max(2.0, brush.width * unit)
    x, y = grid_of(size)
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    bend = noise(size, length, seed + 31) * thick * brush.bend
    along, across = x * cos + y * sin, y * cos - x * sin + bend

    row = np.floor(across / thick).astype(np.int32)
    shift = rng.uniform(0, length, 4096).astype(np.float32)
    column = np.floor((along + shift[row % 4096]) / length).astype(np.int32)
    cell = (row * 7919 + column * 104729) % 8192
    jitter = rng.uniform(-0.3, 0.3, 8192).astype(np.float32)

    middle_along = (column + 0.5 + jitter[cell]) * length - shift[row % 4096]
    middle_across = (row + 0.5) * thick - bend
    light = _relief(along, across, cell, brush, thick=thick, rng=rng)
    source_x = middle_along * cos - middle_across * sin
    source_y = middle_along * sin + middle_across * cos
    return np.stack(
        [
            np.clip(source_x, 0, width - 1),
            np.clip(source_y, 0, height - 1),
            light,
            np.zeros(size, np.float32),
        ],
        axis=-1,
    ).astype(np.int16)


def _relief(
    along: Floats,
    across: Floats,
    cell: npt.NDArray[np.int32],
    brush: Bristle,
    *,
    thick: float,
    rng: np.random.Generator,
) -> Floats:
    """Return how each pixel of a layer is lit: bristle marks, a ridge at the rim, uneven paint."""
    position = across / thick - np.floor(across / thick)
    hairs = rng.standard_normal(1024).astype(np.float32)
    hair = hairs[((position * 7).astype(np.int32) + cell * 13) % 1024]
    ridge = np.clip(np.abs(position - 0.5) * 2 - 0.72, 0, 1) * 3.2 * np.sign(0.5 - position)
    load = rng.standard_normal(8192).astype(np.float32)[cell]
    light = hair * 0.16 + ridge * 0.42 + load * 0.16 + np.sin(along / thick) * 0.04
    return np.asarray(np.clip(128 * (1 + light * brush.relief), 0, 255), np.float32)


@lru_cache(maxsize=6)
def _flow(size: Size, seed: int) -> tuple[Floats, Floats]:
    """Return an invented flow as the cosine and sine of twice its angle."""
    angle = clouds(size, size[0] / 1.6, seed) * 1.5
    return np.cos(2 * angle).astype(np.float32), np.sin(2 * angle).astype(np.float32)


def _directions(picture: Picture, swirl: float, size: Size, seed: int) -> tuple[Plane, Plane]:
    """Return which angle strokes take at each pixel of `size`, and where the picture has detail.

    Strokes run along contours (the structure tensor) and, where there are none, along the flow.
    """
    small = shrink(picture, max(1, picture.shape[0] // 88))
    gray = cv2.GaussianBlur(gray_of(small), (0, 0), 1.0)
    dx = cv2.Sobel(gray, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 255)
    dy = cv2.Sobel(gray, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 255)
    even = cv2.GaussianBlur(dx * dx - dy * dy, (0, 0), 2.2)
    odd = cv2.GaussianBlur(2 * dx * dy, (0, 0), 2.2)
    energy = cv2.GaussianBlur(dx * dx + dy * dy, (0, 0), 2.0)
    flow_even, flow_odd = _flow(size_of(gray), seed)
    even, odd = -even + flow_even * swirl, -odd + flow_odd * swirl
    turned = cv2.phase(even, odd) * (ANGLES / (2 * np.pi))
    angle = np.rint(turned).astype(np.int32) % ANGLES
    target = (size[1], size[0])
    return (
        as_bytes(cv2.resize(angle.astype(np.uint8), target, interpolation=cv2.INTER_NEAREST)),
        as_bytes(cv2.resize(to_bytes(energy * 900), target, interpolation=cv2.INTER_LINEAR)),
    )


def brushed(picture: Picture, coarse: Bristle, fine: Bristle, touch: Touch) -> Picture:
    """Paint a picture in broad strokes, fine ones where it has detail; the size is `reduced`."""
    half = reduced(picture)
    size = size_of(half)
    table = _strokes(size, coarse, fine, touch.seed)
    angle, detail = _directions(half, coarse.swirl, size, touch.seed)
    layer = angle.astype(np.int32)
    layer[detail > 24] += ANGLES
    layer *= size[0] * size[1]
    layer += _positions(size)
    strokes = table.view(np.int64)[:, 0].take(layer).view(np.int16).reshape(*size, 4)
    paint = remapped(box_blur(half, 3), np.ascontiguousarray(strokes[..., :2]))
    return shade(paint, as_bytes(strokes[..., 2].astype(np.uint8)))


@lru_cache(maxsize=8)
def _positions(size: Size) -> npt.NDArray[np.int32]:
    return np.arange(size[0] * size[1], dtype=np.int32).reshape(size)


OIL = (Bristle(24, 6.0, 0.5, 0.006), Bristle(7, 2.3, 0.3, 0.006))
VAN_GOGH = (Bristle(30, 5.0, 0.95, 0.05, 0.9), Bristle(11, 2.6, 0.5, 0.03, 0.7))
DABS = (Bristle(8, 5.0, 0.6, 0.02), Bristle(4.5, 2.8, 0.4, 0.02))
CHALK = (Bristle(40, 2.6, 1.0, 0.01, 0.2), Bristle(18, 2.0, 0.7, 0.01, 0.2))

OIL_TONES = curves(
    ((0, 8), (64, 60), (190, 204), (255, 250)),
    ((0, 4), (64, 52), (190, 192), (255, 240)),
    ((0, 2), (64, 42), (190, 172), (255, 214)),
)
STARRY_TONES = curves(
    ((0, 6), (90, 62), (170, 196), (255, 255)),
    ((0, 20), (90, 84), (170, 186), (255, 246)),
    ((0, 62), (90, 132), (170, 142), (255, 176)),
)
GARDEN_TONES = curves(
    ((0, 44), (128, 150), (255, 255)),
    ((0, 46), (128, 152), (255, 252)),
    ((0, 84), (128, 168), (255, 246)),
)


def oil(frame: Picture, touch: Touch) -> Picture:
    """Oil on canvas: strokes along the contours, thick warm paint."""
    paint = graded(saturate(brushed(frame, *OIL, touch), 1.35), OIL_TONES)
    size = size_of(frame)
    return shade(grow(paint, size), woven(size, 5.0, touch.seed))


def van_gogh(frame: Picture, touch: Touch) -> Picture:
    """Long swirling strokes of pure colour, blue shadows, yellow lights."""
    paint = saturate(brushed(frame, *VAN_GOGH, touch), 1.7)
    paint = mix(paint, graded(rgb_of(gray_of(paint)), STARRY_TONES), 0.42)
    return grow(saturate(paint, 1.3), size_of(frame))


def impressionist(frame: Picture, touch: Touch) -> Picture:
    """Short dabs, pale violet shadows, garden light."""
    paint = saturate(brushed(frame, *DABS, touch), 1.55)
    return grow(graded(paint, GARDEN_TONES), size_of(frame))


def pastel(frame: Picture, touch: Touch) -> Picture:
    """Long chalk strokes over toothed paper."""
    size = size_of(frame)
    paint = saturate(brushed(frame, *CHALK, touch), 1.2)
    lifted = graded(paint, curves(*[((0, 52), (128, 158), (255, 250))] * 3))
    return shade(grow(lifted, size), paper(size, 13.0, touch.seed))


def watercolor(frame: Picture, touch: Touch) -> Picture:
    """Wet washes with dark rims that run over their edges, on white paper."""
    size = size_of(frame)
    half = reduced(frame)
    small = size_of(half)
    wet = remapped(half, wobble(small, scaled(2.0, size[0]), scaled(16, size[0]), touch.seed))
    wash = median(median(wet, 5), 5)
    wash = saturate(graded(wash, _washes()), 1.45)
    rims = as_bytes(cv2.bitwise_not(edges(gray_of(wash), 0.32)))
    wash = as_bytes(cv2.multiply(wash, rgb_of(rims), scale=1 / 255))
    wash = shade(wash, _granulation(small, touch.seed))
    wash = as_bytes(cv2.max(wash, _bare_paper(small, touch.seed)))
    return shade(grow(wash, size), paper(size, 7.0, touch.seed))


@lru_cache(maxsize=1)
def _washes() -> Picture:
    levels = np.arange(256) / 255
    stepped = np.floor(levels * 6 + 0.5) / 6
    lifted = 62 + 196 * (0.4 * stepped + 0.6 * levels) ** 0.86
    return to_bytes(np.stack([lifted] * 3, axis=-1))[None]


@lru_cache(maxsize=4)
def _granulation(size: Size, seed: int) -> Plane:
    return to_bytes(128 + clouds(size, size[0] / 5, seed) * 9 + noise(size, 2.2, seed + 5) * 1.5)


@lru_cache(maxsize=4)
def _bare_paper(size: Size, seed: int) -> Picture:
    """Return how white the paper stays, 0..255: most at a ragged border."""
    height, width = size
    x, y = grid_of(size)
    border = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y)) / height
    ragged = border * 22 - 1.0 + clouds(size, height / 6, seed + 3) * 0.55
    return rgb_of(to_bytes(255 * (1 - np.clip(ragged, 0, 1))))


LOOKS: dict[str, Look] = {
    "oil": oil,
    "van_gogh": van_gogh,
    "impressionist": impressionist,
    "pastel": pastel,
    "watercolor": watercolor,
}
