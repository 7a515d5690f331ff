"""Backgrounds drawn from nothing, and the looks that put the person before them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from sana_vcam.standin.looks import subject
from sana_vcam.standin.looks.canvas import (
    Floats,
    Look,
    Picture,
    Size,
    Touch,
    add,
    as_bytes,
    blend,
    blur,
    clouds,
    graded,
    grid_of,
    halo,
    mix,
    noise,
    ramp,
    rgb_of,
    scaled,
    shade,
    size_of,
    to_bytes,
    vignette,
)

Colour = tuple[int, int, int]
Draw = Callable[[Size, np.random.Generator, int], Picture]
"""Draw a scene of a size; all its chance comes from the generator and the seed given."""


def before(scene: Draw) -> Look:
    """Return the look that replaces the background by a scene."""

    def look(frame: Picture, touch: Touch) -> Picture:
        backdrop = _drawn(scene, size_of(frame), touch.seed)
        return blend(frame, backdrop, subject.mask(frame))

    look.__doc__ = scene.__doc__
    return look


@lru_cache(maxsize=6)
def _drawn(scene: Draw, size: Size, seed: int) -> Picture:
    return scene(size, np.random.default_rng(seed), seed)


def blurred(frame: Picture, _touch: Touch) -> Picture:
    """The room out of focus behind the person."""
    soft = blur(frame, scaled(22, frame.shape[0]))
    return blend(frame, soft, subject.mask(frame))


# -- drawing tools -------------------------------------------------------------------------------


def sky(size: Size, *colours: Colour) -> Picture:
    """Return a vertical gradient through colours, from the top down."""
    rows = np.linspace(0, 255, size[0]).astype(np.uint8)
    return graded(rgb_of(np.repeat(rows[:, None], size[1], axis=1)), ramp(*colours))


def _paint(picture: Picture, where: npt.NDArray[np.bool_], colour: Picture | Colour) -> None:
    """Colour a region in place."""
    picture[where] = colour[where] if isinstance(colour, np.ndarray) else colour


def _box(  # noqa: PLR0917 - a rectangle is four numbers
    picture: Picture, x: float, y: float, width: float, height: float, colour: Colour
) -> None:
    """Fill a rectangle in place; all in shares of the picture's size."""
    rows, columns = size_of(picture)
    left, top = round(x * columns), round(y * rows)
    picture[
        top : max(top + 1, round((y + height) * rows)),
        left : max(left + 1, round((x + width) * columns)),
    ] = colour


def _ridge(size: Size, level: float, roughness: float, seed: int) -> Floats:
    """Return the height of a skyline per column, in rows from the top."""
    line = clouds((8, size[1]), size[0] / 1.6, seed)[4]
    return np.asarray((level + line * roughness) * size[0], np.float32)


def _tinted(colour: Colour, rng: np.random.Generator, spread: int) -> Colour:
    """Return a colour a little off."""
    shift = rng.integers(-spread, spread + 1)
    red, green, blue = (int(np.clip(value + shift, 0, 255)) for value in colour)
    return red, green, blue


def _lamps(size: Size, places: list[tuple[float, float]], radius: float, colour: Colour) -> Picture:
    """Return the light of lamps on black; places in shares of the size, radius of the height."""
    light = np.zeros((*size, 3), np.uint8)
    for x, y in places:
        glow = halo(size, (x, y), radius).astype(np.float32)[..., None] / 255
        light = as_bytes(cv2.add(light, to_bytes(glow * np.array(colour, np.float32))))
    return light


def _soft(picture: Picture, sigma: float) -> Picture:
    """Put a scene slightly out of focus, as a background is."""
    return blur(picture, scaled(sigma, picture.shape[0]))


# -- scenes --------------------------------------------------------------------------------------


def beach(size: Size, _rng: np.random.Generator, seed: int) -> Picture:
    """A beach: sky, clouds, sea with glitter, surf and sand."""
    x, y = grid_of(size)
    height, width = size
    scene = sky(size, (52, 132, 214), (120, 190, 238), (214, 236, 246), (214, 236, 246))
    cloud = (
        np.clip(clouds(size, height / 3, seed) - 0.35, 0, 1)[..., None]
        * np.clip(1 - y / height / 0.5, 0, 1)[..., None]
    )
    scene = to_bytes(scene + (255 - scene) * np.clip(cloud * 1.4, 0, 1))
    sea = sky(size, (18, 92, 140), (18, 92, 140), (30, 138, 172), (120, 206, 204))
    ripple = cv2.resize(noise((height, max(8, width // 12)), 2.0, seed + 1), (width, height))
    sea = to_bytes(sea + (ripple * 11)[..., None])
    shore = (
        height * 0.74
        + np.sin(x / width * 9) * height * 0.012
        + noise(size, height / 9, seed + 2) * height * 0.006
    )
    _paint(scene, y > height * 0.47, sea)
    sand = to_bytes(
        np.array([228, 204, 158], np.float32)
        + (noise(size, 1.6, seed + 3) * 7 - (y / height - 0.7) * 60)[..., None]
    )
    _paint(scene, y > shore, sand)
    foam = np.exp(-(((y - shore) / (height * 0.012)) ** 2)) * (
        0.6 + 0.4 * np.tanh(noise(size, 6, seed + 4))
    )
    scene = to_bytes(scene + (255 - scene.astype(np.float32)) * np.clip(foam, 0, 1)[..., None])
    return _soft(add(scene, _lamps(size, [(0.84, 0.13)], 0.24, (255, 244, 206))), 2.4)


def space(size: Size, rng: np.random.Generator, seed: int) -> Picture:
    """Deep space: stars, a nebula and a planet."""
    height, width = size
    cloud = np.clip(clouds(size, height / 1.4, seed) * 0.6 + 0.2, 0, 1)
    veil = np.clip(clouds(size, height / 2, seed + 9) * 0.6, 0, 1)
    nebula = graded(
        rgb_of(to_bytes(cloud * 200)),
        ramp((3, 4, 14), (24, 14, 62), (120, 36, 118), (236, 120, 130)),
    )
    nebula = add(
        nebula, graded(rgb_of(to_bytes(veil * 190)), ramp((0, 0, 0), (4, 34, 74), (30, 132, 170)))
    )
    stars = np.zeros(size, np.uint8)
    for _ in range(700):
        spot = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        cv2.circle(
            stars,
            spot,
            max(0, round(scaled(0.6 + rng.random() ** 6, height))),
            int(rng.integers(90, 255)),
            -1,
            cv2.LINE_AA,
        )
    scene = add(add(nebula, rgb_of(stars)), blur(rgb_of(stars), scaled(4, height)), 1.2)
    return _planet(scene, (0.82, 0.28), 0.2, seed)


def _planet(scene: Picture, centre: tuple[float, float], radius: float, seed: int) -> Picture:
    """Add a lit, banded planet; centre in shares of the size, radius in shares of the height."""
    size = size_of(scene)
    x, y = grid_of(size)
    u = (x - centre[0] * size[1]) / (radius * size[0])
    v = (y - centre[1] * size[0]) / (radius * size[0])
    disc = np.clip((1 - np.hypot(u, v)) * radius * size[0], 0, 1)
    depth = np.sqrt(np.clip(1 - u * u - v * v, 0, 1))
    light = np.clip(-u * 0.62 - v * 0.42 + depth * 0.66, 0.02, 1)
    bands = (
        128
        + 60 * np.sin(v * 9 + noise(size, size[0] / 12, seed) * 0.5)
        + clouds(size, size[0] / 8, seed) * 14
    )
    ball = graded(rgb_of(to_bytes(bands)), ramp((120, 74, 44), (214, 160, 106), (250, 224, 180)))
    lit = ball * light[..., None] * disc[..., None] + scene * (1 - disc[..., None])
    return to_bytes(lit)


def forest(size: Size, rng: np.random.Generator, seed: int) -> Picture:
    """A misty forest: trunks in layers, leaves, beams of sun."""
    height, width = size
    x, y = grid_of(size)
    scene = sky(size, (206, 224, 170), (168, 204, 138), (96, 142, 80), (52, 84, 44))
    for layer in range(4):
        depth = layer / 3
        trunk = tuple(
            int(a + (b - a) * depth) for a, b in zip((132, 158, 112), (30, 34, 24), strict=True)
        )
        for _ in range(9 - layer):
            centre = rng.uniform(0, width)
            thick = scaled(rng.uniform(8, 16) * (1 + layer * 1.1), height)
            sway = centre + np.sin(y / height * 2.2 + rng.uniform(0, 6)) * thick * 0.6
            _paint(scene, np.abs(x - sway) < thick * (0.4 + 0.3 * y / height), trunk)  # type: ignore[arg-type]
        leaves = clouds(size, height / 4, seed + layer) + 1.5 - y / height * (3.4 - depth)
        green = _tinted((92 - 20 * layer, 142 - 26 * layer, 62 - 12 * layer), rng, 10)
        _paint(scene, leaves > 0.75 + 0.1 * layer, green)
        scene = mix(scene, sky(size, (206, 224, 170), (150, 186, 120)), 0.12 * (1 - depth))
    speckle = to_bytes(128 + noise(size, scaled(9, height), seed + 8) * 16)
    beams = np.clip(np.sin((x * 0.75 + y * 0.45) / scaled(74, height) + seed % 7), 0, 1) * np.clip(
        1.1 - y / height, 0, 1
    )
    light = to_bytes(np.stack([beams * 62, beams * 66, beams * 34], axis=-1))
    return _soft(add(shade(scene, speckle), blur(light, scaled(14, height))), 3.0)


def library(size: Size, rng: np.random.Generator, _seed: int) -> Picture:
    """A library: shelves full of books under warm lamps."""
    scene = np.full((*size, 3), (58, 36, 20), np.uint8)
    covers = (
        (122, 34, 30),
        (34, 62, 92),
        (42, 82, 52),
        (166, 122, 54),
        (86, 54, 36),
        (52, 44, 74),
        (188, 170, 138),
    )
    for shelf in range(5):
        top, bottom = shelf / 5 + 0.014, (shelf + 1) / 5 - 0.022
        at = 0.0
        while at < 1:
            wide = rng.uniform(0.008, 0.021)
            tall = (bottom - top) * rng.uniform(0.7, 0.97)
            cover = _tinted(covers[rng.integers(len(covers))], rng, 18)
            _box(scene, at, bottom - tall, wide * 0.93, tall, cover)
            _box(
                scene, at, bottom - tall * 0.8, wide * 0.93, 0.008, _tinted((206, 172, 96), rng, 20)
            )
            at += wide + (rng.random() < 0.04) * 0.02
        _box(scene, 0, bottom, 1, 0.022, (104, 66, 36))
    for post in (0.0, 0.245, 0.5, 0.755, 0.985):
        _box(scene, post, 0, 0.016, 1, (92, 58, 32))
    lit = add(
        _soft(scene, 3.2), _lamps(size, [(0.13, 0.1), (0.5, 0.02), (0.87, 0.1)], 0.5, (110, 74, 32))
    )
    return shade(lit, vignette(size, 0.55))


def office(size: Size, rng: np.random.Generator, _seed: int) -> Picture:
    """A bright office: windows over a city, a shelf, a plant."""
    scene = sky(size, (228, 230, 232), (238, 238, 236), (206, 204, 200), (172, 166, 160))
    for pane in range(3):
        left = 0.05 + pane * 0.215
        _box(scene, left - 0.008, 0.08, 0.206, 0.54, (250, 250, 250))
        _box(scene, left, 0.095, 0.19, 0.51, (176, 208, 232))
        for _ in range(6):
            at, tall = rng.uniform(0, 0.15), rng.uniform(0.1, 0.34)
            _box(scene, left + at, 0.605 - tall, 0.036, tall, _tinted((140, 158, 176), rng, 22))
        _box(scene, left, 0.34, 0.19, 0.007, (244, 244, 244))
    for level in range(3):
        _box(scene, 0.74, 0.24 + level * 0.15, 0.22, 0.016, (150, 112, 74))
        at = 0.745
        while at < 0.92:
            wide, tall = rng.uniform(0.008, 0.02), rng.uniform(0.07, 0.115)
            _box(
                scene,
                at,
                0.24 + level * 0.15 - tall,
                wide * 0.9,
                tall,
                _tinted((120, 128, 140), rng, 70),
            )
            at += wide * (1 if rng.random() < 0.8 else 2.4)
    _box(scene, 0, 0.8, 1, 0.2, (126, 96, 68))
    return _soft(_plant(scene, (0.69, 0.78), rng), 5.0)


def _plant(scene: Picture, foot: tuple[float, float], rng: np.random.Generator) -> Picture:
    """Add a potted plant; the foot is in shares of the size."""
    height, width = size_of(scene)
    root = (int(foot[0] * width), int(foot[1] * height))
    for _ in range(26):
        angle, reach = rng.uniform(-2.7, -0.45), scaled(rng.uniform(70, 170), height)
        tip = (int(root[0] + np.cos(angle) * reach), int(root[1] + np.sin(angle) * reach))
        thick = max(1, round(scaled(13, height)))
        cv2.line(scene, root, tip, _tinted((62, 118, 58), rng, 30), thick, cv2.LINE_AA)
    _box(scene, foot[0] - 0.026, foot[1] - 0.01, 0.052, 0.1, (206, 200, 192))
    return scene


def speakeasy(size: Size, rng: np.random.Generator, seed: int) -> Picture:
    """A dim lounge: bottles on lit shelves, brick, hanging lamps."""
    height, width = size
    x, y = grid_of(size)
    rows = np.floor(y / (height / 26))
    joint = (y % (height / 26) < height / 220) | (
        (x + (rows % 2) * width / 44) % (width / 22) < height / 220
    )
    brick = np.array([72, 34, 24], np.float32) + (noise(size, height / 40, seed) * 9)[..., None]
    scene = to_bytes(np.where(joint[..., None], 34, brick))
    for shelf in range(3):
        base = 0.28 + shelf * 0.19
        _box(scene, 0.06, base - 0.145, 0.88, 0.15, (96, 56, 20))
        at = 0.075
        while at < 0.92:
            wide, tall = rng.uniform(0.011, 0.019), rng.uniform(0.075, 0.12)
            glass = _tinted(
                ((168, 96, 26), (46, 92, 52), (122, 30, 22), (206, 190, 150))[rng.integers(4)],
                rng,
                24,
            )
            _box(scene, at, base - tall, wide, tall, glass)
            _box(scene, at + wide * 0.34, base - tall - 0.026, wide * 0.32, 0.03, glass)
            _box(
                scene,
                at + wide * 0.15,
                base - tall * 0.9,
                wide * 0.14,
                tall * 0.8,
                _tinted((255, 226, 160), rng, 8),
            )
            at += wide * rng.uniform(1.15, 1.7)
        _box(scene, 0.06, base, 0.88, 0.014, (48, 26, 12))
    lamps = [(0.17, 0.08), (0.5, 0.05), (0.83, 0.08)]
    dim = as_bytes(cv2.convertScaleAbs(_soft(scene, 4.0), alpha=0.66))
    lit = add(dim, _lamps(size, lamps, 0.4, (150, 92, 28)))
    return shade(add(lit, _lamps(size, lamps, 0.035, (255, 226, 150))), vignette(size, 0.75))


def city(size: Size, rng: np.random.Generator, _seed: int) -> Picture:
    """A city at night, seen from a high window."""
    scene = sky(size, (8, 10, 34), (34, 26, 72), (120, 58, 96), (214, 112, 84))
    for layer in range(3):
        at = -0.02
        shadow = ((48, 36, 74), (28, 24, 54), (12, 12, 30))[layer]
        while at < 1:
            wide, tall = rng.uniform(0.045, 0.1), rng.uniform(0.2, 0.56) + 0.05 * layer
            top = 1.02 - tall - 0.2 * (1 - layer / 2)
            _box(scene, max(0, at), max(0, top), wide, 1.2, shadow)
            _windows(scene, (at, top, wide, tall), rng, layer)
            at += wide * rng.uniform(0.8, 1.15)
    glow = blur(scene, scaled(16, size[0]))
    return _soft(add(scene, glow, 0.5), 2.6)


def _windows(
    scene: Picture, block: tuple[float, float, float, float], rng: np.random.Generator, layer: int
) -> None:
    """Light some windows of a building (x, y, width, height in shares)."""
    x, y, wide, tall = block
    for column in np.arange(x + 0.006, x + wide - 0.008, 0.0105):
        for row in np.arange(y + 0.02, min(1.0, y + tall + 0.4), 0.028):
            if column > 0 and rng.random() < 0.2 + 0.08 * layer:
                _box(scene, column, row, 0.0055, 0.014, _tinted((255, 206, 120), rng, 44))


def mountains(size: Size, _rng: np.random.Generator, seed: int) -> Picture:
    """Mountain ranges in haze, a lake before them."""
    height = size[0]
    _, y = grid_of(size)
    scene = sky(size, (94, 150, 208), (176, 206, 228), (246, 226, 196), (246, 226, 196))
    for layer in range(4):
        ridge = _ridge(size, 0.34 + 0.11 * layer, 0.07 - 0.008 * layer, seed + layer * 5)[None, :]
        colour = np.array([150 - 34 * layer, 168 - 32 * layer, 188 - 36 * layer], np.float32)
        rock = to_bytes(colour + (clouds(size, height / 5, seed + layer) * 7)[..., None])
        _paint(scene, y > ridge, rock)
        if layer < 2:
            snow_line = (
                ridge + height * 0.05 + noise(size, height / 24, seed + 40 + layer) * height * 0.02
            )
            _paint(scene, (y > ridge) & (y < snow_line), (238, 242, 248))
    lake = as_bytes(cv2.convertScaleAbs(blur(scene[::-1].copy(), scaled(3, height)), alpha=0.78))
    lake = np.roll(lake, round(height * 0.56), axis=0)
    _paint(scene, y > height * 0.78, lake)
    return _soft(scene, 2.4)


def studio(size: Size, _rng: np.random.Generator, seed: int) -> Picture:
    """A photographer's paper backdrop in one colour."""
    hue = np.full((1, 1, 3), (seed % 180, 90, 150), np.uint8)
    colour = np.asarray(cv2.cvtColor(hue, cv2.COLOR_HSV2RGB), np.float32)
    light = halo(size, (0.5, 0.42), 0.75).astype(np.float32)[..., None] / 255
    mottled = (clouds(size, size[0] / 2, seed) * 5)[..., None]
    return to_bytes(colour * (0.42 + 0.8 * light) + mottled)


def white_wall(size: Size, _rng: np.random.Generator, _seed: int) -> Picture:
    """A plain white wall in even light."""
    return shade(np.full((*size, 3), (246, 246, 247), np.uint8), vignette(size, 0.12))


def garden(size: Size, rng: np.random.Generator, seed: int) -> Picture:
    """A garden in flower, far out of focus."""
    height, width = size
    scene = sky(size, (190, 220, 226), (150, 192, 120), (84, 140, 62), (62, 112, 48))
    scene = shade(scene, to_bytes(128 + clouds(size, height / 5, seed) * 20))
    flowers = ((232, 72, 110), (250, 190, 60), (240, 240, 236), (158, 92, 200), (238, 120, 60))
    for _ in range(240):
        row = rng.uniform(0.3, 1.0)
        spot = (int(rng.integers(0, width)), int(row * height))
        radius = max(1, round(scaled(4 + 20 * (row - 0.25), height)))
        cv2.circle(scene, spot, radius, _tinted(flowers[rng.integers(5)], rng, 20), -1, cv2.LINE_AA)
    return _soft(scene, 7.0)


def sunset_sky(size: Size, _rng: np.random.Generator, seed: int) -> Picture:
    """The sun going down over the sea."""
    height, width = size
    _, y = grid_of(size)
    scene = sky(size, (52, 40, 96), (168, 70, 110), (250, 140, 84), (255, 214, 120))
    band = np.clip(clouds((height, width), height / 3, seed) - 0.2, 0, 1)[..., None]
    scene = to_bytes(scene * (1 - band * 0.35) + np.array([255, 120, 90]) * band * 0.35)
    scene = add(scene, _lamps(size, [(0.5, 0.6)], 0.5, (150, 84, 30)))
    scene = add(scene, _lamps(size, [(0.74, 0.58)], 0.09, (255, 240, 190)))
    ripple = cv2.resize(noise((height, max(8, width // 16)), 2.0, seed + 1), (width, height))
    sea = to_bytes(
        np.roll(scene[::-1], round(height * 0.36), axis=0) * 0.62 + (ripple * 14)[..., None]
    )
    _paint(scene, y > height * 0.68, sea)
    return _soft(scene, 2.4)


def imagined(size: Size, rng: np.random.Generator, seed: int) -> Picture:
    """Coloured mist, for a place nobody has told this stand-in how to draw."""
    colours = [tuple(int(v) for v in rng.integers(20, 235, 3)) for _ in range(4)]
    mist = to_bytes(128 + clouds(size, size[0] / 1.3, seed) * 62)
    return shade(graded(rgb_of(mist), ramp(*colours)), vignette(size, 0.4))


LOOKS: dict[str, Look] = {
    "blurred": blurred,
    "beach": before(beach),
    "space": before(space),
    "forest": before(forest),
    "library": before(library),
    "office": before(office),
    "speakeasy": before(speakeasy),
    "city": before(city),
    "mountains": before(mountains),
    "studio": before(studio),
    "white_wall": before(white_wall),
    "garden": before(garden),
    "sunset_sky": before(sunset_sky),
    "imagined": before(imagined),
}
