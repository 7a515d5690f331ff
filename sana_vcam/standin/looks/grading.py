"""Looks made of light and colour: noir, neon, sunset, vintage, thermal, x-ray, hologram."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from sana_vcam.standin.looks.canvas import (
    Look,
    Picture,
    Plane,
    Size,
    Touch,
    add,
    as_bytes,
    blend,
    blur,
    clouds,
    curve,
    curves,
    edges,
    graded,
    gray_of,
    grid_of,
    grow,
    halo,
    median,
    mix,
    noise,
    ramp,
    rgb_of,
    saturate,
    scaled,
    shade,
    shrink,
    size_of,
    to_bytes,
    vignette,
)


@lru_cache(maxsize=16)
def grain(size: Size, strength: float, seed: int, phase: int) -> Plane:
    """Return one of a few planes of film grain, for `shade`."""
    return to_bytes(128 + noise(size, 1.3, seed + 97 * phase) * strength)


def noir(frame: Picture, touch: Touch) -> Picture:
    """Film noir: hard black and white, light through a blind, grain."""
    size = size_of(frame)
    hard = graded(gray_of(frame), curve((0, 0), (58, 10), (128, 120), (200, 236), (255, 255)))
    glow = as_bytes(cv2.addWeighted(hard, 0.86, blur(hard, scaled(16, size[0])), 0.22, 0))
    lit = as_bytes(cv2.multiply(glow, _blind(size, touch.seed), scale=1 / 128))
    return rgb_of(
        as_bytes(cv2.multiply(lit, grain(size, 9, touch.seed, touch.index % 4), scale=1 / 128))
    )


@lru_cache(maxsize=4)
def _blind(size: Size, seed: int) -> Plane:
    """Return the shadow of a venetian blind, for `shade`."""
    x, y = grid_of(size)
    pitch = scaled(84, size[0])
    slats = np.sin((y + x * 0.34 + seed % 50) * 2 * np.pi / pitch)
    light = 128 * (0.84 + 0.34 * np.tanh(slats * 3) * np.clip(x / size[1] + 0.15, 0, 1))
    return to_bytes(light * vignette(size, 0.75) / 128)


def black_and_white(frame: Picture, _touch: Touch) -> Picture:
    """A silver print: rich blacks, a little glow."""
    size = size_of(frame)
    gray = graded(gray_of(frame), curve((0, 4), (70, 52), (180, 200), (255, 250)))
    print_ = graded(rgb_of(gray), ramp((8, 8, 9), (126, 125, 122), (250, 249, 246)))
    return shade(print_, vignette(size, 0.35))


NEON_TONES = curves(
    ((0, 10), (90, 44), (190, 190), (255, 255)),
    ((0, 4), (90, 22), (190, 86), (255, 214)),
    ((0, 38), (90, 96), (190, 190), (255, 255)),
)


def neon(frame: Picture, touch: Touch) -> Picture:
    """Cyberpunk night: violet dark, contours of glowing tubes, scan lines."""
    size = size_of(frame)
    half = shrink(frame, 2)
    small = size_of(half)
    night = shade(graded(saturate(half, 1.3), NEON_TONES), vignette(small, 0.5))
    night = as_bytes(cv2.convertScaleAbs(night, alpha=0.78))
    tubes = graded(edges(median(gray_of(half), 5), 0.6), curve((0, 0), (46, 0), (140, 255)))
    lit = as_bytes(cv2.multiply(_tube_colours(small, touch.seed), rgb_of(tubes), scale=1 / 255))
    glow = add(blur(lit, scaled(4, size[0])), blur(lit, scaled(18, size[0])), 1.2)
    scene = add(add(night, glow, 1.0), lit, 0.9)
    return shade(grow(scene, size), _scanlines(size))


@lru_cache(maxsize=4)
def _tube_colours(size: Size, seed: int) -> Picture:
    """Return the colour of the tubes at each place: magenta, cyan and violet in broad areas."""
    field = to_bytes(128 + clouds(size, size[0] / 1.5, seed) * 90)
    return graded(
        rgb_of(field), ramp((0, 240, 255), (60, 120, 255), (190, 60, 255), (255, 40, 160))
    )


@lru_cache(maxsize=4)
def _scanlines(size: Size) -> Plane:
    y = np.arange(size[0])[:, None]
    lines = 122 + 12 * np.sin(y * 2 * np.pi / max(3.0, scaled(5, size[0])))
    return to_bytes(np.repeat(lines, size[1], axis=1))


SUNSET_TONES = curves(
    ((0, 26), (80, 92), (170, 226), (255, 255)),
    ((0, 8), (80, 50), (170, 150), (255, 232)),
    ((0, 44), (80, 58), (170, 92), (255, 176)),
)


def sunset(frame: Picture, touch: Touch) -> Picture:
    """Golden hour: a low sun at the side, warm light, violet shadows."""
    size = size_of(frame)
    warm = graded(saturate(frame, 1.15), SUNSET_TONES)
    side = 0.06 if touch.seed % 2 else 0.94
    return shade(add(warm, _sun(size, side), 0.85), vignette(size, 0.35))


@lru_cache(maxsize=4)
def _sun(size: Size, side: float) -> Picture:
    near, far = halo(size, (side, 0.2), 0.18), halo(size, (side, 0.3), 0.85)
    wide = to_bytes(np.stack([far * 0.62, far * 0.32, far * 0.08], -1))
    return add(wide, to_bytes(np.stack([near * 0.8, near * 0.66, near * 0.36], -1)))


def vintage(frame: Picture, touch: Touch) -> Picture:
    """A faded sepia film with dust, scratches and flicker."""
    size = size_of(frame)
    gray = graded(gray_of(frame), curve((0, 30), (100, 118), (255, 246)))
    print_ = graded(rgb_of(gray), ramp((38, 24, 14), (150, 112, 74), (250, 232, 196)))
    worn = shade(print_, _worn(size, touch.seed, touch.index // 3 % 4))
    return as_bytes(cv2.convertScaleAbs(worn, alpha=(1.0, 0.97, 1.03)[touch.index // 2 % 3]))


@lru_cache(maxsize=8)
def _worn(size: Size, seed: int, phase: int) -> Plane:
    """Return the wear of old film, for `shade`."""
    height, width = size
    rng = np.random.default_rng(seed + phase)
    light = vignette(size, 0.6).astype(np.float32) + noise(size, 1.6, seed + phase) * 6
    for column in rng.integers(0, width, 3):
        light[:, column : column + max(1, width // 900)] *= rng.choice([0.75, 1.3])
    dust = noise(size, scaled(5, height), seed + 11 * phase) > 3.3
    light[dust] *= 1.5
    return to_bytes(light)


THERMAL = ramp(
    (4, 6, 40),
    (46, 10, 120),
    (150, 18, 140),
    (232, 62, 62),
    (252, 156, 24),
    (255, 232, 92),
    (255, 255, 238),
)


def thermal(frame: Picture, _touch: Touch) -> Picture:
    """A heat camera: false colours from cold violet to white hot."""
    size = size_of(frame)
    heat = grow(as_bytes(cv2.GaussianBlur(shrink(gray_of(frame), 4), (0, 0), 1.2)), size)
    return graded(rgb_of(as_bytes(cv2.equalizeHist(heat))), THERMAL)


def x_ray(frame: Picture, _touch: Touch) -> Picture:
    """A radiograph: inverted, blue-green, with bright contours."""
    size = size_of(frame)
    gray = gray_of(frame)
    bones = cv2.addWeighted(cv2.bitwise_not(gray), 0.72, edges(gray, 0.5), 0.7, -12)
    soft = cv2.addWeighted(bones, 0.7, blur(as_bytes(bones), scaled(8, size[0])), 0.4, 0)
    film = graded(
        rgb_of(as_bytes(soft)), ramp((2, 8, 18), (52, 104, 128), (196, 232, 240), (255, 255, 255))
    )
    return shade(film, vignette(size, 0.5))


def negative(frame: Picture, _touch: Touch) -> Picture:
    """A colour negative on its orange base."""
    return shade(
        as_bytes(cv2.bitwise_not(frame)), np.full((*size_of(frame), 3), (138, 120, 104), np.uint8)
    )


def hologram(frame: Picture, touch: Touch) -> Picture:
    """A projection: cyan light in lines, with a rolling bar and torn rows."""
    size = size_of(frame)
    gray = gray_of(frame)
    light = cv2.addWeighted(gray, 0.62, edges(gray, 0.7), 0.9, 0)
    beam = graded(
        rgb_of(as_bytes(light)), ramp((2, 8, 26), (10, 108, 158), (96, 226, 240), (236, 255, 255))
    )
    shift = np.roll(_beam(size, touch.seed), touch.index * 5 % size[0], axis=0)
    return shade(beam, shift)


@lru_cache(maxsize=4)
def _beam(size: Size, seed: int) -> Plane:
    height, width = size
    y = np.arange(height)[:, None]
    lines = 1 + 0.22 * np.sin(y * 2 * np.pi / max(3.0, scaled(6, height)))
    bar = 1 + 0.5 * np.exp(-(((y - height * 0.5) / (height * 0.06)) ** 2))
    return to_bytes(np.repeat(112 * lines * bar, width, axis=1) + noise(size, 2.0, seed) * 4)


MATRIX_TONES = ramp((0, 6, 2), (4, 72, 26), (40, 196, 84), (214, 255, 222))


def night_vision(frame: Picture, touch: Touch) -> Picture:
    """An image intensifier: green, noisy, round."""
    size = size_of(frame)
    bright = graded(gray_of(frame), curve((0, 12), (90, 130), (255, 250)))
    green = graded(rgb_of(bright), MATRIX_TONES)
    return shade(shade(green, vignette(size, 0.95)), grain(size, 14, touch.seed, touch.index % 4))


def metal(frame: Picture, _touch: Touch, colours: Picture) -> Picture:
    """A cast of the picture: relief lit from the upper left, coloured by a ramp."""
    size = size_of(frame)
    half = shrink(gray_of(frame), 2)
    half = mix(half, as_bytes(cv2.equalizeHist(half)), 0.5)
    soft = median(half, 7)
    slope = as_bytes(cv2.filter2D(soft, -1, RELIEF, delta=0))
    polished = cv2.addWeighted(
        cv2.addWeighted(soft, 0.62, slope, 1.0, 0), 1.0, blur(slope, 3), 0.5, 10
    )
    waved = cv2.LUT(as_bytes(polished), _polish())
    return graded(rgb_of(grow(as_bytes(waved), size)), colours)


RELIEF = np.array([[-2, -1, 0], [-1, 0, 1], [0, 1, 2]], np.float32) * -1.0


@lru_cache(maxsize=1)
def _polish() -> Plane:
    """Return a tone curve that folds, so that smooth tones shine in bands as metal does."""
    level = np.arange(256) / 255
    return to_bytes(255 * np.clip(level + 0.13 * np.sin(level * 14), 0, 1))


GOLD = ramp((30, 14, 2), (138, 84, 14), (226, 170, 52), (255, 236, 150), (255, 253, 232))
BRONZE = ramp((14, 16, 14), (74, 52, 34), (150, 104, 64), (214, 170, 124), (250, 236, 214))
MARBLE = ramp((54, 54, 60), (140, 138, 138), (206, 203, 199), (242, 240, 236), (255, 255, 255))


def gold(frame: Picture, touch: Touch) -> Picture:
    """A golden cast."""
    return metal(frame, touch, GOLD)


def bronze(frame: Picture, touch: Touch) -> Picture:
    """A bronze statue."""
    return metal(frame, touch, BRONZE)


def marble(frame: Picture, touch: Touch) -> Picture:
    """A marble statue with grey veins."""
    return shade(metal(frame, touch, MARBLE), _veins(size_of(frame), touch.seed))


@lru_cache(maxsize=4)
def _veins(size: Size, seed: int) -> Plane:
    field = clouds(size, size[0] / 2.5, seed)
    return to_bytes(
        128 - 13 * np.exp(-((field / 0.05) ** 2)) - 6 * np.exp(-(((field - 0.8) / 0.1) ** 2))
    )


CLAY_TONES = (
    ((0, 46), (90, 108), (180, 208), (255, 250)),
    ((0, 36), (90, 88), (180, 180), (255, 236)),
    ((0, 30), (90, 76), (180, 160), (255, 220)),
)


def clay(frame: Picture, touch: Touch) -> Picture:
    """Claymation: rounded lumps of few colours with finger marks and a soft lamp."""
    size = size_of(frame)
    small = shrink(frame, max(1, round(scaled(4, size[0]))))
    lump = median(median(small, 7), 7)
    lump = saturate(graded(lump, curves(*CLAY_TONES)), 1.3)
    height = blur(gray_of(lump), 1.6)
    slope = cv2.filter2D(height, cv2.CV_32F, RELIEF)
    lamp = to_bytes(128 + np.clip(slope * 1.6, -70, 80))
    soft = grow(shade(lump, lamp), size)
    detail = as_bytes(
        cv2.addWeighted(gray_of(frame), 0.5, blur(gray_of(frame), scaled(7, size[0])), -0.5, 128)
    )
    return shade(shade(soft, detail), _finger_marks(size, touch.seed))


@lru_cache(maxsize=4)
def _finger_marks(size: Size, seed: int) -> Plane:
    x, y = grid_of(size)
    radius = np.hypot(x - size[1] * 0.4, (y - size[0] * 0.2) * 1.3)
    bend = noise(size, scaled(90, size[0]), seed) * 4
    ridges = np.sin(radius / max(1.2, scaled(1.6, size[0])) + bend)
    where = np.clip(clouds(size, scaled(120, size[0]), seed + 1) - 0.3, 0, 1)
    return to_bytes(128 + ridges * where * 7 + clouds(size, scaled(40, size[0]), seed + 2) * 5)


SNOW_TONES = curves(
    ((0, 30), (110, 128), (200, 226), (255, 255)),
    ((0, 40), (110, 140), (200, 234), (255, 255)),
    ((0, 66), (110, 166), (200, 246), (255, 255)),
)


def snow(frame: Picture, touch: Touch) -> Picture:
    """Winter: cold pale light, frost at the rim, falling flakes."""
    size = size_of(frame)
    cold = graded(saturate(frame, 0.5), SNOW_TONES)
    frosted = blend(_white(size), cold, _frost(size, touch.seed))
    for layer, speed in enumerate((3, 7)):
        drop = int(touch.index * scaled(speed, size[0]) * 1.5) % size[0]
        flakes = np.roll(_flakes(size, touch.seed, layer), drop, axis=0)
        frosted = as_bytes(cv2.add(frosted, flakes))
    return frosted


@lru_cache(maxsize=4)
def _white(size: Size) -> Picture:
    return np.full((*size, 3), (240, 247, 255), np.uint8)


@lru_cache(maxsize=8)
def _flakes(size: Size, seed: int, layer: int) -> Picture:
    """Return a layer of flakes on black; nearer ones are larger, fewer and softer."""
    height, width = size
    rng = np.random.default_rng(seed + layer)
    plane = np.zeros(size, np.uint8)
    radius = scaled((2.2, 6.0)[layer], height)
    for _ in range((420, 90)[layer]):
        centre = (int(rng.integers(0, width)), int(rng.integers(0, height)))
        cv2.circle(
            plane, centre, max(1, round(radius * rng.uniform(0.5, 1.2))), (235,), -1, cv2.LINE_AA
        )
    return rgb_of(as_bytes(cv2.GaussianBlur(plane, (0, 0), max(0.5, radius * 0.35))))


@lru_cache(maxsize=4)
def _frost(size: Size, seed: int) -> Plane:
    rim = 1 - vignette(size, 1.0).astype(np.float32) / 128
    needles = np.abs(clouds(size, scaled(110, size[0]), seed))
    return to_bytes(255 * np.clip(rim * 1.9 - 0.55 - needles * 0.35, 0, 0.92))


SWAYS = 24
"""Frames after which the sway of the water repeats."""

WATER_TONES = curves(
    ((0, 0), (128, 40), (255, 172)),
    ((0, 26), (128, 120), (255, 246)),
    ((0, 58), (128, 158), (255, 250)),
)


def underwater(frame: Picture, touch: Touch) -> Picture:
    """Under the sea: swaying, blue-green, nets of light and rays from above."""
    size = size_of(frame)
    half = shrink(frame, 2)
    small = size_of(half)
    swayed = as_bytes(cv2.remap(half, *_sway(small, touch.index % SWAYS), cv2.INTER_LINEAR))
    deep = graded(swayed, WATER_TONES)
    net = np.roll(_caustics(small, touch.seed), (touch.index, touch.index * 2), axis=(0, 1))
    return grow(add(shade(deep, net), _rays(small, touch.seed), 0.8), size)


@lru_cache(maxsize=SWAYS)
def _sway(size: Size, phase: int) -> tuple[np.ndarray, np.ndarray]:
    x, y = grid_of(size)
    turn, unit = phase * 2 * np.pi / SWAYS, size[0] / 352
    across = x + 3.2 * unit * np.sin(y / (26 * unit) + turn)
    down = y + 2.2 * unit * np.sin(x / (34 * unit) + turn)
    return cv2.convertMaps(across, down, cv2.CV_16SC2)


@lru_cache(maxsize=4)
def _caustics(size: Size, seed: int) -> Plane:
    first, second = clouds(size, size[0] / 3.5, seed), clouds(size, size[0] / 4, seed + 20)
    return to_bytes(112 + 44 * np.exp(-np.abs(first) * 4) + 30 * np.exp(-np.abs(second) * 5))


@lru_cache(maxsize=4)
def _rays(size: Size, seed: int) -> Picture:
    x, y = grid_of(size)
    angle = np.arctan2(x - size[1] * 0.55, y + size[0] * 0.5)
    shafts = np.clip(np.sin(angle * 26 + seed % 9) * np.sin(angle * 11 + 2), 0, 1)
    light = 150 * shafts * np.clip(1 - y / size[0], 0, 1)
    return to_bytes(np.stack([light * 0.5, light * 0.95, light], axis=-1))


def dream(frame: Picture, _touch: Touch) -> Picture:
    """A soft pastel dream: everything glows."""
    size = size_of(frame)
    soft = blur(frame, scaled(20, size[0]))
    glow = as_bytes(
        cv2.bitwise_not(cv2.multiply(cv2.bitwise_not(frame), cv2.bitwise_not(soft), scale=1 / 255))
    )
    tinted = graded(
        glow, curves(((0, 40), (255, 255)), ((0, 22), (255, 244)), ((0, 70), (255, 255)))
    )
    return mix(tinted, saturate(glow, 1.3), 0.35)


FIRE_TONES = ramp((8, 0, 0), (92, 6, 2), (214, 62, 8), (255, 170, 32), (255, 246, 190))


def fire(frame: Picture, touch: Touch) -> Picture:
    """Everything burns: embers for light, flames that rise from below."""
    size = size_of(frame)
    ember = graded(
        rgb_of(graded(gray_of(frame), curve((0, 0), (128, 104), (255, 236)))), FIRE_TONES
    )
    rise = int(touch.index * scaled(9, size[0])) % size[0]
    flames = np.roll(_flames(size, touch.seed), -rise, axis=0)
    return add(ember, as_bytes(cv2.multiply(flames, _hearth(size), scale=1 / 255)), 0.95)


@lru_cache(maxsize=4)
def _flames(size: Size, seed: int) -> Picture:
    height, width = size
    tongue = cv2.resize(
        noise((height // 12 + 4, width), scaled(40, height), seed), (width, height // 2)
    )
    # Mirrored, it has no seam where it is rolled around.
    endless = cv2.resize(np.concatenate([tongue, tongue[::-1]]), (width, height))
    hot = to_bytes(np.clip(endless * 110 + 30, 0, 255))
    return graded(rgb_of(hot), FIRE_TONES)


@lru_cache(maxsize=4)
def _hearth(size: Size) -> Picture:
    rise = np.linspace(-0.7, 1.0, size[0])[:, None].clip(0, 1) ** 1.3 * 255
    return rgb_of(to_bytes(np.repeat(rise, size[1], axis=1)))


LOOKS: dict[str, Look] = {
    "noir": noir,
    "black_and_white": black_and_white,
    "neon": neon,
    "sunset": sunset,
    "vintage": vintage,
    "thermal": thermal,
    "x_ray": x_ray,
    "negative": negative,
    "hologram": hologram,
    "night_vision": night_vision,
    "gold": gold,
    "bronze": bronze,
    "marble": marble,
    "snow": snow,
    "underwater": underwater,
    "dream": dream,
    "fire": fire,
    "clay": clay,
}
