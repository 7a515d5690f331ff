"""Looks made of pieces: pixel art, mosaic, stained glass, low poly."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from sana_vcam.standin.looks.canvas import (
    Effect,
    Extent,
    Gray,
    Rgb,
    Touch,
    as_bytes,
    as_map,
    blur,
    curve,
    graded,
    grow,
    remapped,
    saturate,
    scaled,
    shade,
    shrink,
    size_of,
    to_bytes,
    vignette,
)

DITHER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32)
"""Thresholds of ordered dither (Bayer's matrix), 0..15."""


def pixel_art(frame: Rgb, _touch: Touch) -> Rgb:
    """Show a 16-bit game: large pixels, few colours, ordered dither."""
    height, width = size_of(frame)
    columns, rows = 160, max(2, round(160 * height / width))
    small = cv2.resize(frame, (columns, rows), interpolation=cv2.INTER_AREA)
    dither = np.tile(DITHER, (rows // 4 + 1, columns // 4 + 1))[:rows, :columns, None]
    levels = np.rint((saturate(as_bytes(small), 1.6) + (dither - 7.5) * 2.2) / 51) * 51
    return as_bytes(cv2.resize(to_bytes(levels), (width, height), interpolation=cv2.INTER_NEAREST))


@lru_cache(maxsize=4)
def _cells(size: Extent, pitch: float, seed: int) -> tuple[npt.NDArray[np.int16], Gray]:
    """Divide a picture into irregular cells (Voronoi).

    Returns the map to each cell's middle, for `remapped`, and the distance to the nearest joint,
    255 at `pitch`.
    """
    rng = np.random.default_rng(seed)
    grid = np.mgrid[0 : size[0] : pitch, 0 : size[1] : pitch].reshape(2, -1)
    points = (grid + rng.uniform(0.1, 0.9, grid.shape) * pitch).astype(np.int32)
    y, x = np.minimum(points, np.array([[size[0] - 1], [size[1] - 1]]))
    elsewhere = np.full(size, 255, np.uint8)
    elsewhere[y, x] = 0
    _, cells = cv2.distanceTransformWithLabels(
        elsewhere, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    middle = np.zeros((2, int(cells.max()) + 1), np.float32)
    middle[:, cells[y, x]] = x, y
    same = cells.astype(np.float32)
    inside = (cv2.dilate(same, np.ones((3, 3))) == same).astype(np.uint8)
    joint = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_5)
    return as_map(middle[0][cells], middle[1][cells]), to_bytes(joint * 255 / pitch)


def stained_glass(frame: Rgb, touch: Touch) -> Rgb:
    """Show coloured panes in lead, lit from behind."""
    half = shrink(frame, 2)
    size = size_of(half)
    panes, joint = _cells(size, scaled(34, size[0]), touch.seed)
    glass = saturate(remapped(blur(half, scaled(5, size[0])), panes), 2.1)
    glass = graded(glass, curve((0, 20), (128, 150), (255, 255)))
    lead = graded(joint, curve((0, 0), (13, 6), (34, 128), (128, 150)))
    return grow(shade(shade(glass, lead), vignette(size, 0.4)), size_of(frame))


def mosaic(frame: Rgb, touch: Touch) -> Rgb:
    """Show small stones in grey mortar."""
    size = size_of(frame)
    stones, joint = _cells(size, max(6.0, scaled(17, size[0])), touch.seed)
    picture = saturate(remapped(as_bytes(cv2.blur(frame, (5, 5))), stones), 1.35)
    return shade(picture, graded(joint, curve((0, 40), (24, 66), (50, 128), (128, 138))))


def low_poly(frame: Rgb, touch: Touch) -> Rgb:
    """Show flat facets, each with a light of its own."""
    size = size_of(frame)
    facets, light = _facets(size, touch.seed)
    half = saturate(blur(shrink(frame, 2), scaled(4, size[0])), 1.4)
    return shade(remapped(grow(half, size), facets), light)


@lru_cache(maxsize=4)
def _facets(size: Extent, seed: int) -> tuple[npt.NDArray[np.int16], Gray]:
    """Divide a picture into triangles: the map to each one's middle, and how it is lit."""
    pitch = scaled(34, size[0])
    rng = np.random.default_rng(seed)
    rows, columns = int(size[0] / pitch) + 3, int(size[1] / pitch) + 3
    chance = rng.uniform(-1, -0.4, (rows, columns, 2))
    corner = (chance + np.indices((rows, columns)).transpose(1, 2, 0)) * pitch
    middle, light = np.zeros((*size, 2), np.float32), np.full(size, 128, np.uint8)
    for row, column in np.ndindex(rows - 1, columns - 1):
        first, second = (row, column), (row + 1, column + 1)
        for third in ((row, column + 1), (row + 1, column)):
            triangle = np.array([corner[at][::-1] for at in (first, second, third)])
            where = np.rint(triangle).astype(np.int32)
            x, y = triangle.mean(axis=0)
            cv2.fillConvexPoly(middle, where, (float(x), float(y)))
            cv2.fillConvexPoly(light, where, int(128 + rng.normal() * 11))
    return as_map(middle[..., 0], middle[..., 1]), light


EFFECTS: dict[str, Effect] = {
    "pixel_art": pixel_art,
    "stained_glass": stained_glass,
    "mosaic": mosaic,
    "low_poly": low_poly,
}
