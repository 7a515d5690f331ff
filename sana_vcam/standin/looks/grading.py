"""Looks made of colour and light: noir, vintage, neon, golden hour, a cast, snow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from sana_vcam.standin.looks.canvas import (
    Effect,
    Extent,
    Rgb,
    Touch,
    add,
    as_bytes,
    blur,
    clouds,
    curve,
    edges,
    graded,
    gray_of,
    grid_of,
    grow,
    halo,
    median,
    noise,
    ramp,
    rgb_of,
    saturate,
    scaled,
    shade,
    shrink,
    size_of,
    tinted,
    to_bytes,
    vignette,
)

GRAINS = 4
"""Planes of film grain that follow each other."""


Lighting = Callable[[Extent, int], Rgb]
"""Draw a light map for a size and a seed, a plane or a picture; 128 changes nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Grade:
    """An effect: a light on the scene, and the film that takes it.

    `film` is a palette for the luma of the scene, or with `colour` a curve per channel; `grain` is
    in steps of 1/128.
    """

    film: Rgb
    light: Lighting
    colour: bool = True
    grain: float = 0.0

    def __call__(self, frame: Rgb, touch: Touch) -> Rgb:
        """Grade a frame."""
        phase = touch.index % GRAINS if self.grain else 0
        light = _lit(self.light, size_of(frame), touch.seed, self.grain, phase)
        if self.colour:
            return graded(shade(frame, light), self.film)
        lit = cv2.multiply(gray_of(frame), light, scale=1 / 128)
        return tinted(as_bytes(lit), self.film)


@lru_cache(maxsize=16)
def _lit(light: Lighting, size: Extent, seed: int, grain: float, phase: int) -> Rgb:
    """Draw a light with one of the planes of film grain in it."""
    plain = light(size, seed)
    grains = 1 + noise(size, 1.3, seed + 97 * phase) * (grain / 128)
    return to_bytes(plain * (grains if plain.ndim == 2 else grains[..., None]))


# -- lights ----------------------------------------------------------------------------------------


def even(size: Extent, _seed: int) -> Rgb:
    """Draw the light of the source."""
    return np.full((*size, 3), 128, np.uint8)


def dark_corners(size: Extent, _seed: int) -> Rgb:
    """Draw a lens that darkens to its corners."""
    return vignette(size, 0.5)


def warm_corners(size: Extent, _seed: int) -> Rgb:
    """Draw the same lens, in colour."""
    return rgb_of(vignette(size, 0.5))


def blind(size: Extent, seed: int) -> Rgb:
    """Draw the light of a street through a venetian blind."""
    x, y = grid_of(size)
    slats = np.sin((y + x * 0.34 + seed % 50) * 2 * np.pi / scaled(84, size[0]))
    light = 128 * (0.84 + 0.34 * np.tanh(slats * 3) * np.clip(x / size[1] + 0.15, 0, 1))
    return to_bytes(light * vignette(size, 0.75) / 128)


def low_sun(size: Extent, seed: int) -> Rgb:
    """Draw the sun of the golden hour at one side."""
    side = 0.04 if seed % 2 else 0.96
    near, far = halo(size, (side, 0.25), 0.5)[..., None], halo(size, (side, 0.3), 1.3)[..., None]
    warm = near * np.array([0.35, 0.24, 0.06]) + far * np.array([0.34, 0.2, 0.02])
    return to_bytes(np.array([96, 88, 84]) + warm)


def softbox(size: Extent, _seed: int) -> Rgb:
    """Draw a large soft lamp in front of the person; the room falls into the dark."""
    light = 52 + 100 * (halo(size, (0.5, 0.42), 0.62)[..., None] / 255)
    return to_bytes(light * np.array([1.0, 1.0, 1.03]))


EXPOSED = curve((0, 0), (58, 10), (128, 120), (200, 236), (255, 255))

GRADES: dict[str, Effect] = {
    "black_and_white": Grade(
        ramp((0, 0, 2), (110, 109, 106), (250, 249, 246)), dark_corners, False
    ),
    "noir": Grade(np.stack([EXPOSED] * 3, axis=-1)[None], blind, False, 10),
    "vintage": Grade(ramp((70, 46, 34), (172, 138, 100), (255, 236, 184)), warm_corners, grain=9),
    "negative": Grade(ramp((255, 239, 207), (0, 0, 0)), even),
    "bronze": Grade(
        ramp((14, 16, 14), (120, 78, 40), (74, 46, 28), (210, 160, 100), (255, 244, 220)),
        dark_corners,
        False,
    ),
    "sunset": Grade(ramp((26, 8, 40), (116, 78, 66), (206, 152, 106), (255, 236, 184)), low_sun),
    "studio_light": Grade(ramp((4, 4, 4), (136, 136, 137), (255, 255, 255)), softbox),
}


# -- neon ------------------------------------------------------------------------------------------

NIGHT = ramp((10, 4, 38), (80, 44, 112), (164, 90, 170), (255, 214, 255))


def _glowing(frame: Rgb, touch: Touch, night: float) -> Rgb:
    """Draw contours as glowing tubes over a violet night, of which so much (0..1) is seen."""
    size = size_of(frame)
    half = shrink(frame, 2)
    small = size_of(half)
    scene = as_bytes(cv2.convertScaleAbs(graded(half, NIGHT), alpha=night))
    tubes = graded(edges(median(gray_of(half), 5), 0.6), curve((0, 0), (46, 0), (140, 255)))
    lit = cv2.multiply(_tube_colours(small, touch.seed), rgb_of(tubes), scale=1 / 255)
    lit = as_bytes(lit)
    glow = add(blur(lit, scaled(4, size[0])), blur(lit, scaled(18, size[0])), 1.2)
    return grow(add(add(scene, glow), lit, 0.9), size)


@lru_cache(maxsize=4)
def _tube_colours(size: Extent, seed: int) -> Rgb:
    field = to_bytes(128 + clouds(size, size[0] / 1.5, seed) * 90)
    return tinted(field, ramp((0, 240, 255), (60, 120, 255), (190, 60, 255), (255, 40, 160)))


def neon(frame: Rgb, touch: Touch) -> Rgb:
    """Show line art of glowing tubes in the dark."""
    return _glowing(frame, touch, 0.12)


def cyberpunk(frame: Rgb, touch: Touch) -> Rgb:
    """Show a street at night under neon signs."""
    return _glowing(frame, touch, 0.72)


# -- clay ------------------------------------------------------------------------------------------

LAMP = np.array([[2, 1, 0], [1, 0, -1], [0, -1, -2]], np.float32)
"""The slopes that a lamp at the upper left lights, as a filter."""
TERRACOTTA = ramp((46, 36, 30), (138, 118, 102), (250, 236, 220))


def clay(frame: Rgb, touch: Touch) -> Rgb:
    """Show claymation: rounded lumps with finger marks, and what a face is known by carved in."""
    size = size_of(frame)
    half = shrink(frame, 2)
    lump = median(shrink(frame, max(1, round(scaled(4, size[0])))), 5)
    slope = cv2.filter2D(blur(gray_of(lump), 1.6), cv2.CV_32F, LAMP)
    lit = shade(graded(lump, TERRACOTTA), to_bytes(128 + np.clip(slope * 1.6, -70, 80)))
    gray = gray_of(half)
    carved = cv2.addWeighted(gray, 0.9, blur(gray, scaled(5, size[0])), -0.9, 128)
    return grow(
        shade(
            shade(grow(saturate(lit, 1.3), size_of(half)), as_bytes(carved)),
            _finger_marks(size_of(half), touch.seed),
        ),
        size,
    )


@lru_cache(maxsize=4)
def _finger_marks(size: Extent, seed: int) -> Rgb:
    x, y = grid_of(size)
    radius = np.hypot(x - size[1] * 0.4, (y - size[0] * 0.2) * 1.3)
    ridges = np.sin(
        radius / max(1.0, scaled(2.4, size[0])) + noise(size, scaled(90, size[0]), seed)
    )
    where = np.clip(clouds(size, scaled(120, size[0]), seed + 1), 0, 1)
    dents = clouds(size, scaled(40, size[0]), seed + 2) * 5
    return rgb_of(to_bytes(128 + ridges * where * 10 + dents))


# -- snow ------------------------------------------------------------------------------------------

COLD = ramp((30, 40, 66), (150, 162, 186), (255, 255, 255))


def snow(frame: Rgb, touch: Touch) -> Rgb:
    """Show winter: cold pale light and falling flakes."""
    size = size_of(frame)
    drop = int(touch.index * scaled(8, size[0])) % size[0]
    flakes = np.roll(_flakes(size, touch.seed), drop, axis=0)
    return as_bytes(cv2.add(graded(saturate(frame, 0.5), COLD), flakes))


@lru_cache(maxsize=4)
def _flakes(size: Extent, seed: int) -> Rgb:
    """Draw flakes on black; the larger ones are nearer and softer."""
    rng = np.random.default_rng(seed)
    plane = np.zeros(size, np.uint8)
    for count, radius in ((420, 2.0), (90, 6.0)):
        for spot in rng.uniform(0, 1, (count, 3)):
            across = max(1, round(scaled(radius * (0.5 + spot[2] * 0.7), size[0])))
            where = (int(spot[0] * size[1]), int(spot[1] * size[0]))
            cv2.circle(plane, where, across, (235,), -1, cv2.LINE_AA)
        plane = as_bytes(cv2.GaussianBlur(plane, (0, 0), max(0.5, scaled(radius / 3, size[0]))))
    return rgb_of(plane)


EFFECTS: dict[str, Effect] = {
    **GRADES,
    "cyberpunk": cyberpunk,
    "neon": neon,
    "clay": clay,
    "snow": snow,
}
