"""Backgrounds drawn from nothing, the person before them, and the person in other clothes."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from sana_vcam.standin.looks import subject
from sana_vcam.standin.looks.canvas import (
    Effect,
    Extent,
    Gray,
    Rgb,
    Touch,
    add,
    as_bytes,
    blend,
    blur,
    clouds,
    curve,
    graded,
    gray_of,
    grid_of,
    halo,
    noise,
    ramp,
    scaled,
    shade,
    size_of,
    tinted,
    to_bytes,
    vignette,
)

Tint = tuple[int, int, int]
Draw = Callable[[Extent, np.random.Generator, int], Rgb]
"""Draw a scene of a size; all its chance comes from the generator and the seed given."""


def before(scene: Draw) -> Effect:
    """Make a scene the effect that replaces the background by it."""

    def effect(frame: Rgb, touch: Touch) -> Rgb:
        backdrop = drawn(scene, size_of(frame), touch.seed)
        return blend(frame, backdrop, subject.mask(frame))

    return effect


@lru_cache(maxsize=6)
def drawn(scene: Draw, size: Extent, seed: int) -> Rgb:
    """Draw a scene, or find it drawn; not to be written to."""
    return scene(size, np.random.default_rng(seed), seed)


def blurred(frame: Rgb, _touch: Touch) -> Rgb:
    """Show the room out of focus behind the person."""
    return blend(frame, blur(frame, scaled(22, frame.shape[0])), subject.mask(frame))


# -- drawing tools -------------------------------------------------------------------------------


def sky(size: Extent, *colours: Tint) -> Rgb:
    """Draw a vertical gradient through colours, from the top down."""
    rows = np.linspace(0, 255, size[0]).astype(np.uint8)
    return tinted(np.repeat(rows[:, None], size[1], axis=1), ramp(*colours))


def _paint(picture: Rgb, where: npt.NDArray[np.bool_], colour: Rgb | Tint) -> None:
    """Colour a region in place."""
    picture[where] = colour[where] if isinstance(colour, np.ndarray) else colour


def _box(  # noqa: PLR0917 - a rectangle is four numbers
    picture: Rgb, x: float, y: float, width: float, height: float, colour: Tint
) -> None:
    """Fill a rectangle in place; all in shares of the picture's size."""
    rows, columns = size_of(picture)
    left, top = max(0, round(x * columns)), max(0, round(y * rows))
    picture[
        top : max(top + 1, round((y + height) * rows)),
        left : max(left + 1, round((x + width) * columns)),
    ] = colour


def _varied(colour: Tint, rng: np.random.Generator, spread: int) -> Tint:
    """Choose a colour a little off this one."""
    shift = rng.integers(-spread, spread + 1)
    red, green, blue = (int(np.clip(value + shift, 0, 255)) for value in colour)
    return red, green, blue


def _lamps(size: Extent, places: list[tuple[float, float]], radius: float, colour: Tint) -> Rgb:
    """Draw the light of lamps on black; places in shares of the size, radius of the height."""
    light = np.zeros((*size, 3), np.uint8)
    for place in places:
        glow = halo(size, place, radius)[..., None] / 255
        light = as_bytes(cv2.add(light, to_bytes(glow * np.array(colour))))
    return light


def _soft(picture: Rgb, sigma: float) -> Rgb:
    """Put a scene slightly out of focus, as a background is."""
    return blur(picture, scaled(sigma, picture.shape[0]))


def _shelf(  # noqa: PLR0917 - a place and what stands there
    scene: Rgb, left: float, right: float, base: float, tall: float,
    colours: tuple[Tint, ...], rng: np.random.Generator, gap: float = 1.0,
) -> None:  # fmt: skip
    """Fill a shelf with books, or with a wider gap bottles, that stand on `base`."""
    at = left
    while at < right:
        wide, high = rng.uniform(0.009, 0.02), tall * rng.uniform(0.7, 1.0)
        colour = _varied(colours[rng.integers(len(colours))], rng, 20)
        _box(scene, at, base - high, wide * 0.93, high, colour)
        _box(scene, at, base - high * 0.8, wide * 0.93, 0.008, _varied((206, 172, 96), rng, 30))
        if gap > 1:
            _box(scene, at + wide * 0.33, base - high - 0.028, wide * 0.34, 0.03, colour)
        at += wide * gap


def _bricks(size: Extent, wall: Tint, joint: Tint, seed: int) -> Rgb:
    height, width = size
    x, y = grid_of(size)
    row = np.floor(y / (height / 22))
    mortar = (y % (height / 22) < height / 200) | (
        (x + (row % 2) * width / 44) % (width / 22) < height / 200
    )
    uneven = noise(size, height / 40, seed)[..., None] * 9
    return to_bytes(np.where(mortar[..., None], np.array(joint), np.array(wall) + uneven))


def _window(scene: Rgb, left: float, width: float, view: Tint) -> None:
    """Set a window of two panes into a wall."""
    _box(scene, left - 0.008, 0.08, width + 0.016, 0.54, (250, 250, 250))
    _box(scene, left, 0.095, width, 0.24, view)
    _box(scene, left, 0.345, width, 0.26, view)


def _plant(scene: Rgb, x: float, y: float, rng: np.random.Generator) -> None:
    """Put a potted plant on a place, in shares of the size."""
    height, width = size_of(scene)
    root, thick = (int(x * width), int(y * height)), max(1, round(scaled(13, height)))
    for _ in range(26):
        angle, reach = rng.uniform(-2.7, -0.45), scaled(rng.uniform(70, 170), height)
        tip = (int(root[0] + np.cos(angle) * reach), int(root[1] + np.sin(angle) * reach))
        cv2.line(scene, root, tip, _varied((62, 118, 58), rng, 30), thick, cv2.LINE_AA)
    _box(scene, x - 0.026, y - 0.01, 0.052, 0.1, (206, 200, 192))


# -- rooms ---------------------------------------------------------------------------------------

COVERS: tuple[Tint, ...] = (
    (122, 34, 30), (34, 62, 92), (42, 82, 52), (166, 122, 54), (86, 54, 36), (188, 170, 138)
)  # fmt: skip
BOTTLES: tuple[Tint, ...] = ((168, 96, 26), (46, 92, 52), (122, 30, 22), (206, 190, 150))


def library(size: Extent, rng: np.random.Generator, _seed: int) -> Rgb:
    """Draw a library: shelves full of books under warm lamps."""
    scene = np.full((*size, 3), (58, 36, 20), np.uint8)
    for shelf in range(5):
        _shelf(scene, 0, 1, shelf / 5 + 0.178, 0.16, COVERS, rng)
        _box(scene, 0, shelf / 5 + 0.178, 1, 0.022, (104, 66, 36))
    for post in (0.0, 0.245, 0.5, 0.755, 0.985):
        _box(scene, post, 0, 0.016, 1, (92, 58, 32))
    lamps = _lamps(size, [(0.13, 0.1), (0.5, 0.02), (0.87, 0.1)], 0.5, (110, 74, 32))
    return shade(add(_soft(scene, 3.2), lamps), vignette(size, 0.55))


def office(size: Extent, rng: np.random.Generator, _seed: int) -> Rgb:
    """Draw a bright office: windows over a city, a shelf, plants."""
    scene = sky(size, (228, 230, 232), (238, 238, 236), (206, 204, 200), (172, 166, 160))
    for left in (0.05, 0.265, 0.48):
        _window(scene, left, 0.19, (176, 208, 232))
        for _ in range(6):
            at, tall = rng.uniform(0, 0.15), rng.uniform(0.1, 0.3)
            _box(scene, left + at, 0.605 - tall, 0.036, tall, _varied((140, 158, 176), rng, 22))
    for base in (0.24, 0.39, 0.54):
        _shelf(
            scene, 0.745, 0.93, base, 0.11, ((190, 90, 60), (60, 110, 150), (220, 214, 200)), rng
        )
        _box(scene, 0.74, base, 0.22, 0.016, (150, 112, 74))
    _box(scene, 0, 0.8, 1, 0.2, (126, 96, 68))
    for x in (0.12, 0.8):
        _plant(scene, x, 0.78, rng)
    return _soft(scene, 5.0)


def loft(size: Extent, rng: np.random.Generator, seed: int) -> Rgb:
    """Draw a tidy loft: brick, tall windows, soft daylight."""
    scene = _bricks(size, (172, 92, 70), (206, 190, 176), seed)
    _window(scene, 0.08, 0.2, (198, 216, 228))
    _window(scene, 0.74, 0.2, (198, 216, 228))
    _box(scene, 0, 0.84, 1, 0.16, (150, 112, 80))
    _plant(scene, 0.68, 0.82, rng)
    daylight = _lamps(size, [(0.18, 0.3), (0.84, 0.3)], 0.5, (34, 36, 38))
    return add(_soft(scene, 3.4), daylight)


def speakeasy(size: Extent, rng: np.random.Generator, seed: int) -> Rgb:
    """Draw a dim lounge: bottles on lit shelves, brick, hanging lamps."""
    scene = _bricks(size, (72, 34, 24), (34, 24, 20), seed)
    for base in (0.28, 0.47, 0.66):
        _box(scene, 0.06, base - 0.145, 0.88, 0.15, (96, 56, 20))
        _shelf(scene, 0.075, 0.92, base, 0.105, BOTTLES, rng, gap=1.5)
        _box(scene, 0.06, base, 0.88, 0.014, (48, 26, 12))
    lamps = [(0.17, 0.08), (0.5, 0.05), (0.83, 0.08)]
    dim = as_bytes(cv2.convertScaleAbs(_soft(scene, 4.0), alpha=0.66))
    lit = add(dim, _lamps(size, lamps, 0.4, (150, 92, 28)))
    return shade(add(lit, _lamps(size, lamps, 0.035, (255, 226, 150))), vignette(size, 0.75))


# -- the open ------------------------------------------------------------------------------------


def _rippled(size: Extent, water: Rgb, strength: float, seed: int) -> Rgb:
    ripple = noise((size[0], max(8, size[1] // 12)), 2.0, seed)
    return to_bytes(water + (cv2.resize(ripple, size[::-1]) * strength)[..., None])


def beach(size: Extent, _rng: np.random.Generator, seed: int) -> Rgb:
    """Draw a beach: sky, clouds, turquoise sea, surf and sand."""
    x, y = grid_of(size)
    height, width = size
    scene = sky(size, (52, 132, 214), (120, 190, 238), (214, 236, 246), (214, 236, 246))
    cloud = np.clip(clouds(size, height / 3, seed) - 0.35, 0, 1) * np.clip(1 - y / height * 2, 0, 1)
    scene = to_bytes(scene + (255 - scene) * np.clip(cloud * 1.4, 0, 1)[..., None])
    sea = sky(size, (18, 92, 140), (18, 92, 140), (30, 150, 182), (120, 216, 210))
    _paint(scene, y > height * 0.47, _rippled(size, sea, 11, seed + 1))
    shore = height * (0.74 + np.sin(x / width * 9) * 0.012)
    sand = np.array([228, 204, 158]) + (noise(size, 1.6, seed + 3) * 7)[..., None]
    _paint(scene, y > shore, to_bytes(sand))
    foam = np.exp(-(((y - shore) / (height * 0.012)) ** 2))[..., None]
    scene = to_bytes(scene + (255 - scene.astype(np.float32)) * foam)
    return _soft(add(scene, _lamps(size, [(0.84, 0.13)], 0.24, (255, 244, 206))), 2.4)


def reef(size: Extent, rng: np.random.Generator, seed: int) -> Rgb:
    """Draw a coral reef in clear blue water: rays of the sun, coral, fish."""
    height, width = size
    x, y = grid_of(size)
    scene = sky(size, (120, 214, 236), (34, 140, 206), (14, 84, 160), (8, 52, 110))
    shafts = np.sin(np.arctan2(x - width * 0.55, y + height * 0.5) * 26 + seed % 9)
    rays = np.clip(shafts, 0, 1) * np.clip(1 - y / height, 0, 1) * 70
    scene = add(scene, to_bytes(np.stack([rays * 0.5, rays, rays], axis=-1)))
    for colour in ((214, 84, 96), (240, 150, 70), (150, 84, 170), (236, 196, 120)):
        top = height * (0.8 + clouds((8, width), height / 6, int(rng.integers(2**30)))[4] * 0.07)
        _paint(scene, y > top + np.abs(np.sin(x / scaled(9, height))) * scaled(14, height), colour)
    for _ in range(26):
        long = scaled(rng.uniform(9, 22), height)
        fish = (rng.uniform(0, width), rng.uniform(0.12, 0.75) * height)
        colour = ((250, 196, 40), (250, 120, 50), (235, 240, 250))[rng.integers(3)]
        cv2.ellipse(scene, (fish, (2 * long, long), 0), colour, -1, cv2.LINE_AA)
        tail = np.array([[-0.8, 0], [-1.5, -0.5], [-1.5, 0.5]]) * long + fish
        cv2.fillConvexPoly(scene, np.rint(tail).astype(np.int32), colour, cv2.LINE_AA)
    return _soft(scene, 2.4)


def forest(size: Extent, rng: np.random.Generator, seed: int) -> Rgb:
    """Draw a misty forest: trunks in layers, leaves, morning light."""
    height, width = size
    x, y = grid_of(size)
    mist = scene = sky(size, (214, 228, 196), (178, 208, 160), (110, 150, 100), (58, 88, 52))
    for layer in range(4):
        bark = (128 - 34 * layer, 140 - 36 * layer, 112 - 28 * layer)
        for _ in range(9 - layer):
            thick = scaled(rng.uniform(8, 16) * (1 + layer * 1.1), height)
            sway = rng.uniform(0, width) + np.sin(y / height * 2.2) * thick * 0.4
            _paint(scene, np.abs(x - sway) < thick * (0.4 + 0.3 * y / height), bark)
        leaves = clouds(size, height / 4, seed + layer) + 1.5 - y / height * (3.4 - layer / 3)
        green = (92 - 20 * layer, 142 - 26 * layer, 62 - 12 * layer)
        _paint(scene, leaves > 0.75 + 0.1 * layer, green)
        scene = as_bytes(cv2.addWeighted(scene, 0.86, mist, 0.14, 0))
    beams = np.clip(np.sin((x * 0.75 + y * 0.45) / scaled(74, height) + seed % 7), 0, 1)
    light = (beams * np.clip(1.1 - y / height, 0, 1))[..., None] * np.array([62, 66, 34])
    return _soft(add(scene, blur(to_bytes(light), scaled(14, height))), 3.0)


def mountains(size: Extent, _rng: np.random.Generator, seed: int) -> Rgb:
    """Draw snow-covered ranges under a clear sky."""
    height, width = size
    _, y = grid_of(size)
    scene = sky(size, (64, 130, 208), (150, 196, 232), (226, 234, 240), (240, 240, 240))
    for layer in range(4):
        line = clouds((8, width), height / 1.6, seed + layer * 5)[4]
        ridge = (0.34 + 0.13 * layer + line * (0.08 - 0.012 * layer)) * height
        rock = np.array([118, 132, 156]) - 14 * layer + (clouds(size, 40, seed) * 8)[..., None]
        _paint(scene, y > ridge, to_bytes(rock))
        deep = height * (0.13 + noise(size, height / 40, seed + 40 + layer) * 0.04)
        _paint(scene, (y > ridge) & (y < ridge + deep), (240, 245, 252))
    _paint(
        scene,
        y > height * 0.84,
        to_bytes(np.array([236, 242, 250]) - noise(size, 30, seed)[..., None] * 5),
    )
    return _soft(scene, 2.4)


def space(size: Extent, rng: np.random.Generator, seed: int) -> Rgb:
    """Draw the Earth and the stars, from the window of a space station."""
    height, width = size
    x, y = grid_of(size)
    cloud = to_bytes(np.clip(clouds(size, height / 1.4, seed) * 0.6 + 0.2, 0, 1) * 150)
    scene = tinted(cloud, ramp((3, 4, 14), (24, 14, 62), (120, 36, 118)))
    for _ in range(500):
        spot = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        scene[spot[1], spot[0]] = int(rng.integers(90, 255))
        cv2.circle(scene, spot, round(scaled(rng.random() ** 6 * 2, height)), (230, 236, 255), -1)
    u, v = (x / height - 1.45) / 0.75, (y / height - 0.95) / 0.75
    depth = np.sqrt(np.clip(1 - u * u - v * v, 0, 1))
    land = clouds(size, height / 3, seed + 2) > 0.35
    globe = np.where(land[..., None], np.array([84, 122, 70]), np.array([28, 84, 168]))
    haze = np.clip(clouds(size, height / 5, seed + 5), 0, 1)[..., None] * 0.8
    lit = (globe * (1 - haze) + 255 * haze) * np.clip(0.25 + depth * 0.9 - u * 0.25, 0, 1)[
        ..., None
    ]
    rim = np.exp(-(((np.hypot(u, v) - 1) * 22) ** 2))[..., None] * np.array([70, 150, 255])
    scene = add(to_bytes(np.where((depth > 0)[..., None], lit, scene)), to_bytes(rim))
    frame = np.maximum(np.abs(x / width - 0.5) * 2, np.abs(y / height - 0.5) * 2) > 0.93
    _paint(scene, frame | (np.abs(x / width - 0.5) < 0.008), (62, 66, 74))
    return _soft(scene, 1.6)


def imagined(size: Extent, rng: np.random.Generator, seed: int) -> Rgb:
    """Draw coloured mist, for a place nobody has told this stand-in how to draw."""
    colours = [tuple(int(v) for v in rng.integers(20, 235, 3)) for _ in range(4)]
    mist = to_bytes(128 + clouds(size, size[0] / 1.3, seed) * 62)
    return shade(tinted(mist, ramp(*colours)), vignette(size, 0.4))


# -- clothes -------------------------------------------------------------------------------------


def dressed(frame: Rgb, cloth: Rgb) -> Rgb:
    """Put a cloth where the shoulders of the person are; light and folds are the source's."""
    height, width = size_of(frame)
    top = round(height * 0.6)
    mask = cv2.multiply(subject.mask(frame)[top:], _shoulders((height, width))[top:], scale=1 / 255)
    lower = frame[top:]
    folds = graded(gray_of(lower), curve((0, 84), (255, 168)))
    dressed = blend(shade(cloth[top:], folds), lower, as_bytes(mask))
    return np.concatenate([frame[:top], dressed])


@lru_cache(maxsize=4)
def _shoulders(size: Extent) -> Gray:
    """Draw the neckline: 255 below it."""
    x, y = grid_of(size)
    neck = 0.63 + 0.5 * np.clip(0.16 - np.abs(x / size[1] - 0.5), 0, 1)
    return to_bytes(np.clip((y / size[0] - neck) * size[0] / scaled(12, size[0]), 0, 1) * 255)


def suit(frame: Rgb, _touch: Touch) -> Rgb:
    """Dress the person in a dark suit, a white shirt and a tie."""
    return dressed(frame, _suit_cloth(size_of(frame)))


@lru_cache(maxsize=4)
def _suit_cloth(size: Extent) -> Rgb:
    x, y = grid_of(size)
    u, v = np.abs(x - size[1] / 2) / size[0], y / size[0]
    cloth = np.full((*size, 3), (38, 42, 58), np.uint8)
    open_ = np.clip(1.12 - v, 0, 1) * 0.42
    _paint(cloth, u < open_ + 0.07, (28, 30, 44))
    _paint(cloth, u < open_, (236, 238, 242))
    _paint(cloth, u < 0.03, (122, 24, 36))
    return blur(cloth, scaled(1.4, size[0]))


def sweater(frame: Rgb, touch: Touch) -> Rgb:
    """Dress the person in a knitted sweater in a colour of its own."""
    return dressed(frame, _knitted(size_of(frame), touch.seed))


@lru_cache(maxsize=4)
def _knitted(size: Extent, seed: int) -> Rgb:
    x, y = grid_of(size)
    pitch = scaled(22, size[0])
    across = np.abs(x / pitch % 1 - 0.5)
    stitch = np.cos((y / pitch * 1.3 - across) * 2 * np.pi) * 26 - across * 50
    hue = np.full((1, 1, 3), (seed % 180, 120, 190), np.uint8)
    colour = np.asarray(cv2.cvtColor(hue, cv2.COLOR_HSV2RGB), np.float32)
    return to_bytes(colour + (stitch + noise(size, 2.0, seed) * 6)[..., None])


PLACES: dict[str, Draw] = {
    "beach": beach,
    "space": space,
    "forest": forest,
    "library": library,
    "office": office,
    "loft": loft,
    "speakeasy": speakeasy,
    "mountains": mountains,
    "reef": reef,
    "imagined": imagined,
}

EFFECTS: dict[str, Effect] = {
    "suit": suit,
    "sweater": sweater,
    "blurred": blurred,
} | {name: before(draw) for name, draw in PLACES.items()}
