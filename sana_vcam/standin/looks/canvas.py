"""Tools that the looks share: cached textures, grading curves, and work at reduced size.

Everything drawn here depends on its arguments alone. What does not depend on the frame is cached,
so that a look pays for it once. Pictures are (H, W, 3) RGB uint8, planes are (H, W).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Rgb = npt.NDArray[np.uint8]
Gray = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Extent = tuple[int, int]
"""(height, width) in pixels."""

REFERENCE_HEIGHT = 704
"""Height in pixels that the strengths and lengths of the looks are tuned for."""


@dataclass(frozen=True, slots=True)
class Touch:
    """What an effect may depend on beside the frame.

    `seed` mixes the prompt and the session's seed; `index` is the frame's number in the run, for
    looks that move (snow, grain).
    """

    seed: int
    index: int = 0


Effect = Callable[[Rgb, Touch], Rgb]
"""An edit of a frame: a new picture of the same size; the frame given is never written to."""


def size_of(picture: npt.NDArray[Any]) -> Extent:
    """Measure (height, width) of a picture or plane."""
    return int(picture.shape[0]), int(picture.shape[1])


def scaled(length: float, height: int) -> float:
    """Convert a length tuned for REFERENCE_HEIGHT to a picture of this height."""
    return length * height / REFERENCE_HEIGHT


def shrink(picture: Rgb, factor: int) -> Rgb:
    """Reduce a picture by a whole factor, averaging."""
    height, width = size_of(picture)
    size = (max(2, width // factor), max(2, height // factor))
    return as_bytes(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def reduced(picture: Rgb) -> Rgb:
    """Reduce a picture to about half of REFERENCE_HEIGHT; a small one stays as it is."""
    return shrink(picture, max(1, round(2 * picture.shape[0] / REFERENCE_HEIGHT)))


def grow(picture: Rgb, size: Extent) -> Rgb:
    """Enlarge a picture smoothly to a size."""
    return as_bytes(cv2.resize(picture, (size[1], size[0]), interpolation=cv2.INTER_LINEAR))


def as_bytes(array: Any) -> Rgb:
    """Take an array as uint8, without a copy if it is that already."""
    return np.asarray(array, np.uint8)


def to_bytes(values: npt.NDArray[Any]) -> Rgb:
    """Round floats in 0..255 to uint8, clipping what lies outside."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def gray_of(picture: Rgb) -> Gray:
    """Take the luma of a picture."""
    return as_bytes(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))


def rgb_of(plane: Gray) -> Rgb:
    """Make a plane a gray picture."""
    return as_bytes(cv2.cvtColor(plane, cv2.COLOR_GRAY2RGB))


def median(picture: Rgb, width: int) -> Rgb:
    """Replace each value by the median of a square of this odd width in pixels."""
    return as_bytes(cv2.medianBlur(picture, width))


def blur(picture: Rgb, sigma: float) -> Rgb:
    """Blur with a Gaussian of this sigma in pixels; large ones are done at reduced size."""
    factor = max(1, int(sigma / 2))
    if factor == 1:
        return as_bytes(cv2.GaussianBlur(picture, (0, 0), max(sigma, 0.1)))
    small = shrink(picture, factor)
    return grow(as_bytes(cv2.GaussianBlur(small, (0, 0), sigma / factor)), size_of(picture))


def shade(picture: Rgb, light: Rgb) -> Rgb:
    """Multiply a picture by a light map, a plane or a picture in which 128 changes nothing."""
    if light.ndim == 2:
        light = rgb_of(light)
    return as_bytes(cv2.multiply(picture, light, scale=1 / 128))


def add(picture: Rgb, light: Rgb, amount: float = 1.0) -> Rgb:
    """Add a picture of light, saturating."""
    return as_bytes(cv2.addWeighted(picture, 1.0, light, amount, 0))


def mix(first: Rgb, second: Rgb, amount: float) -> Rgb:
    """Mix the first picture with this share (0..1) of the second."""
    return as_bytes(cv2.addWeighted(first, 1 - amount, second, amount, 0))


def blend(front: Rgb, back: Rgb, mask: Gray) -> Rgb:
    """Show the front where the mask is 255 and the back where it is 0."""
    alpha = rgb_of(mask) if mask.ndim == 2 else mask
    inverse = cv2.bitwise_not(alpha)
    return as_bytes(
        cv2.add(
            cv2.multiply(front, alpha, scale=1 / 255), cv2.multiply(back, inverse, scale=1 / 255)
        )
    )


def saturate(picture: Rgb, amount: float) -> Rgb:
    """Scale the distance of each colour from its gray."""
    matrix = np.full((3, 3), 0.0, np.float32)
    matrix[:] = np.array([0.299, 0.587, 0.114], np.float32) * (1 - amount)
    matrix += np.eye(3, dtype=np.float32) * amount
    return as_bytes(cv2.transform(picture, matrix))


@lru_cache(maxsize=256)
def curve(*stops: tuple[float, float]) -> Gray:
    """Draw a lookup table of 256 bytes through stops (input, output), both 0..255."""
    xs, ys = zip(*stops, strict=True)
    table = np.interp(np.arange(256), xs, ys).astype(np.float32)
    smooth = cv2.GaussianBlur(np.pad(table, 8, "edge")[None], (0, 0), 5)[0][8:-8]
    return to_bytes(smooth)


@lru_cache(maxsize=64)
def ramp(*colours: tuple[int, int, int]) -> Rgb:
    """Draw a lookup table, shape (1, 256, 3), from black's colour to white's, evenly spaced."""
    at = np.linspace(0, 255, len(colours))
    grid = np.arange(256)
    channels = [np.interp(grid, at, [colour[c] for colour in colours]) for c in range(3)]
    return to_bytes(np.stack(channels, axis=-1))[None]


def graded(picture: Rgb, table: Rgb) -> Rgb:
    """Look every value of a picture up in a table of `curve` or `ramp`.

    A ramp grades each channel by a curve of its own.
    """
    return as_bytes(cv2.LUT(picture, table))


def posterised(levels: int, softness: float = 0.25) -> Gray:
    """Draw a lookup table of so many flat levels with soft steps between them."""
    position = np.arange(256) / 255 * levels
    step = np.floor(position)
    within = (position - step - (1 - softness)) / max(softness, 1e-6)
    value = (step + np.clip(within, 0, 1)) / levels
    return to_bytes(np.clip(value * 255 + 255 / levels / 3, 0, 255))


def tinted(plane: Gray, palette: Rgb) -> Rgb:
    """Colour a plane by a palette of `ramp`."""
    return as_bytes(cv2.applyColorMap(plane, palette.reshape(256, 1, 3)))


@lru_cache(maxsize=4)
def noise(size: Extent, grain: float, seed: int) -> Floats:
    """Draw smooth noise with zero mean and unit deviation; `grain` is its length in pixels."""
    height, width = size
    rng = np.random.default_rng(seed)
    small = (max(4, int(height / grain) + 3), max(4, int(width / grain) + 3))
    plane = rng.standard_normal(small, np.float32)
    smooth = cv2.resize(plane, (width, height), interpolation=cv2.INTER_CUBIC)
    even = (smooth - smooth.mean()) / max(float(smooth.std()), 1e-6)
    return np.ascontiguousarray(even, np.float32)


@lru_cache(maxsize=4)
def clouds(size: Extent, grain: float, seed: int) -> Floats:
    """Draw noise of four octaves, the coarsest `grain` pixels long; zero mean, unit deviation."""
    total = np.zeros(size, np.float32)
    for octave in range(4):
        total += noise(size, max(1.5, grain / 2**octave), seed + octave) * 0.55**octave
    return np.asarray((total - total.mean()) / total.std(), np.float32)


@lru_cache(maxsize=16)
def paper(size: Extent, strength: float, seed: int) -> Gray:
    """Draw the light map of rough paper, for `shade`; strength is in steps of 1/128."""
    rough = noise(size, 3.0, seed) * 0.6 + noise(size, 1.4, seed + 1) * 0.4
    return to_bytes(128 + rough * strength)


@lru_cache(maxsize=16)
def vignette(size: Extent, strength: float) -> Gray:
    """Draw the light map of a picture that darkens to its corners; strength is 0..1."""
    height, width = size
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    return to_bytes(128 * (1 - strength * np.clip((x * x + y * y) / 2, 0, 1) ** 1.2))


@lru_cache(maxsize=16)
def halo(size: Extent, centre: tuple[float, float], radius: float) -> Gray:
    """Draw a soft disc of light; centre is (x, y) and radius is in shares of the height."""
    height, width = size
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / height
    distance = np.hypot(x - centre[0] * width / height, y - centre[1])
    return to_bytes(255 * np.exp(-((distance / radius) ** 2)))


@lru_cache(maxsize=4)
def grid_of(size: Extent) -> tuple[Floats, Floats]:
    """List the coordinates (x, y) of every pixel."""
    y, x = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
    return x, y


def as_map(x: Floats, y: Floats) -> npt.NDArray[np.int16]:
    """Make source coordinates a map for `remapped`, clipped to the picture."""
    height, width = x.shape
    across = np.clip(np.rint(x), 0, width - 1)
    down = np.clip(np.rint(y), 0, height - 1)
    return np.stack([across, down], axis=-1).astype(np.int16)


def remapped(picture: Rgb, source: npt.NDArray[np.int16]) -> Rgb:
    """Fetch every pixel from the place that a map names."""
    return as_bytes(cv2.remap(picture, source, np.empty(0), cv2.INTER_NEAREST))


def edges(gray: Gray, gain: float) -> Gray:
    """Measure the strength of edges, 0..255, multiplied by a gain."""
    across = cv2.Sobel(gray, cv2.CV_16S, 1, 0, ksize=3)
    down = cv2.Sobel(gray, cv2.CV_16S, 0, 1, ksize=3)
    return as_bytes(
        cv2.addWeighted(
            cv2.convertScaleAbs(across, alpha=gain),
            0.7,
            cv2.convertScaleAbs(down, alpha=gain),
            0.7,
            0,
        )
    )


def ink_lines(gray: Gray, width: float, threshold: float) -> Gray:
    """Draw outlines as a plane, 255 on paper and towards 0 on a line.

    A line is where a picture is darker than its surroundings (a difference of Gaussians).
    """
    fine = cv2.GaussianBlur(gray, (0, 0), max(0.5, width * 0.6))
    coarse = cv2.GaussianBlur(gray, (0, 0), width * 1.6)
    dark = cv2.subtract(coarse, fine)
    table = to_bytes(255 - np.clip((np.arange(256) - threshold) * 36, 0, 255))
    return as_bytes(cv2.LUT(dark, table))
