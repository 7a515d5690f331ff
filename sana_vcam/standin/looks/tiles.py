"""Looks made of pieces: pixel art, bricks, mosaic, stained glass, pointillism, low poly."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from sana_vcam.standin.looks.canvas import (
    Look,
    Picture,
    Plane,
    Size,
    Touch,
    as_bytes,
    as_map,
    blur,
    box_blur,
    curve,
    graded,
    grid_of,
    grow,
    noise,
    posterised,
    remapped,
    rgb_of,
    saturate,
    scaled,
    shade,
    shrink,
    size_of,
    to_bytes,
    vignette,
)

BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32)
"""Ordered dither thresholds, 0..15."""


def _reduced(frame: Picture, columns: int) -> Picture:
    height, width = size_of(frame)
    rows = max(2, round(columns * height / width))
    return as_bytes(cv2.resize(frame, (columns, rows), interpolation=cv2.INTER_AREA))


def _enlarged(pixels: Picture, size: Size) -> Picture:
    return as_bytes(cv2.resize(pixels, (size[1], size[0]), interpolation=cv2.INTER_NEAREST))


def pixel_art(frame: Picture, _touch: Touch) -> Picture:
    """An 8-bit game: large pixels, few colours, ordered dither."""
    pixels = saturate(_reduced(frame, 160), 1.6).astype(np.float32)
    height, width = pixels.shape[:2]
    dither = np.tile(BAYER, (height // 4 + 1, width // 4 + 1))[:height, :width, None]
    levels = np.rint((pixels + (dither - 7.5) * 2.2) / 51) * 51
    return _enlarged(to_bytes(levels), size_of(frame))


def bricks(frame: Picture, _touch: Touch) -> Picture:
    """Plastic bricks with studs."""
    size = size_of(frame)
    columns = 64
    plate = saturate(graded(_reduced(frame, columns), posterised(6, 0.9)), 1.6)
    return shade(_enlarged(plate, size), _studs(size, columns))


@lru_cache(maxsize=4)
def _studs(size: Size, columns: int) -> Plane:
    """Return the light map of a plate with one stud per brick."""
    x, y = grid_of(size)
    pitch = size[1] / columns
    rows = max(2, round(columns * size[0] / size[1]))
    u, v = x / pitch % 1 - 0.5, y / (size[0] / rows) % 1 - 0.5
    radius = np.hypot(u, v)
    rim = np.exp(-(((radius - 0.32) / 0.06) ** 2)) * (-(u + v)) * 150
    joint = np.maximum(np.abs(u), np.abs(v)) > 0.46
    return to_bytes(128 + rim + (radius < 0.3) * 8 - joint * 42)


@lru_cache(maxsize=4)
def _cells(size: Size, pitch: float, seed: int) -> tuple[npt.NDArray[np.int16], Plane]:
    """Divide a picture into irregular cells (Voronoi).

    Returns the map to each cell's middle, for `remapped`, and the distance to the nearest joint
    as 0..255.
    """
    height, width = size
    rng = np.random.default_rng(seed)
    rows, columns = max(2, int(height / pitch)), max(2, int(width / pitch))
    x, y = grid_of(size)
    offset = rng.uniform(0.12, 0.88, (rows + 2, columns + 2, 2)).astype(np.float32)
    row = np.clip((y / height * rows).astype(np.int32), 0, rows - 1)
    column = np.clip((x / width * columns).astype(np.int32), 0, columns - 1)
    near = np.full(size, np.inf, np.float32)
    next_near = near.copy()
    centre_x, centre_y = x.copy(), y.copy()
    for step_y in (-1, 0, 1):
        for step_x in (-1, 0, 1):
            cell = offset[row + step_y + 1, column + step_x + 1]
            middle_x = (column + step_x + cell[..., 0]) * (width / columns)
            middle_y = (row + step_y + cell[..., 1]) * (height / rows)
            distance = np.hypot(x - middle_x, y - middle_y)
            closer = distance < near
            next_near = np.where(closer, near, np.minimum(next_near, distance))
            near = np.where(closer, distance, near)
            centre_x, centre_y = (
                np.where(closer, middle_x, centre_x),
                np.where(closer, middle_y, centre_y),
            )
    return as_map(centre_x, centre_y), to_bytes((next_near - near) * 255 / pitch)


def stained_glass(frame: Picture, touch: Touch) -> Picture:
    """Coloured panes in lead, lit from behind."""
    size = size_of(frame)
    half = shrink(frame, 2)
    panes, joint = _cells(size_of(half), scaled(34, size[0]) / 2, touch.seed)
    glass = saturate(remapped(box_blur(half, 9), panes), 2.1)
    glass = graded(glass, curve((0, 20), (128, 150), (255, 255)))
    lead = graded(joint, curve((0, 0), (22, 6), (52, 128), (255, 150)))
    lit = shade(shade(glass, lead), vignette(size_of(half), 0.4))
    return shade(grow(lit, size), _rippled(size, touch.seed))


@lru_cache(maxsize=4)
def _rippled(size: Size, seed: int) -> Plane:
    return to_bytes(128 + noise(size, scaled(10, size[0]), seed) * 7)


def mosaic(frame: Picture, touch: Touch) -> Picture:
    """Small stones in grey mortar."""
    size = size_of(frame)
    stones, joint = _cells(size, max(6.0, scaled(17, size[0])), touch.seed)
    picture = saturate(remapped(box_blur(frame, 5), stones), 1.35)
    bed = graded(joint, curve((0, 40), (60, 66), (110, 128), (255, 138)))
    return shade(picture, bed)


def pointillism(frame: Picture, touch: Touch) -> Picture:
    """Dots of pure colour on a cream ground."""
    size = size_of(frame)
    half = shrink(saturate(frame, 2.0), 2)
    dots, joint = _cells(size_of(half), max(4.0, scaled(11, size[0]) / 2), touch.seed)
    jitter = _hue_jitter(size_of(half), touch.seed)
    colours = as_bytes(cv2.addWeighted(half, 1.0, jitter, 1.0, -24))
    painted = grow(remapped(colours, dots), size)
    ground = graded(grow(joint, size), curve((0, 190), (34, 150), (70, 0), (255, 0)))
    return as_bytes(cv2.max(painted, graded(rgb_of(ground), _cream())))


@lru_cache(maxsize=1)
def _cream() -> Picture:
    level = np.arange(256)
    return to_bytes(np.stack([level, level * 0.97, level * 0.88], axis=-1))[None]


@lru_cache(maxsize=4)
def _hue_jitter(size: Size, seed: int) -> Picture:
    planes = [noise(size, 3.0, seed + channel) * 17 + 24 for channel in range(3)]
    return to_bytes(np.stack(planes, axis=-1))


def low_poly(frame: Picture, touch: Touch) -> Picture:
    """Large flat facets, each with a light of its own."""
    size = size_of(frame)
    facets, joint = _cells(size, scaled(30, size[0]), touch.seed)
    flat = remapped(blur(frame, scaled(7, size[0])), facets)
    light = remapped(_facet_light(size, touch.seed), facets)
    return shade(
        shade(saturate(flat, 1.4), light), graded(joint, curve((0, 112), (14, 128), (255, 128)))
    )


@lru_cache(maxsize=4)
def _facet_light(size: Size, seed: int) -> Plane:
    return to_bytes(128 + noise(size, 2.0, seed) * 11)


def embroidery(frame: Picture, _touch: Touch) -> Picture:
    """Cross stitch on linen."""
    size = size_of(frame)
    columns = 150
    threads = saturate(graded(_reduced(frame, columns), posterised(7, 0.8)), 1.5)
    return shade(_enlarged(threads, size), _stitches(size, columns))


@lru_cache(maxsize=4)
def _stitches(size: Size, columns: int) -> Plane:
    x, y = grid_of(size)
    rows = max(2, round(columns * size[0] / size[1]))
    u, v = x / (size[1] / columns) % 1 - 0.5, y / (size[0] / rows) % 1 - 0.5
    first, second = np.abs(u - v), np.abs(u + v)
    cross = np.maximum(np.exp(-((first / 0.2) ** 2)), np.exp(-((second / 0.2) ** 2)) * 0.92)
    return to_bytes(70 + 72 * cross + 6 * np.sin((u - v) * 30))


LOOKS: dict[str, Look] = {
    "pixel_art": pixel_art,
    "bricks": bricks,
    "stained_glass": stained_glass,
    "mosaic": mosaic,
    "pointillism": pointillism,
    "low_poly": low_poly,
    "embroidery": embroidery,
}
