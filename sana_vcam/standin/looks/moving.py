"""A scene that moves by itself, for a model without a camera: a pan over a place, and a visitor."""

from __future__ import annotations

import math

import cv2
import numpy as np

from sana_vcam.standin.clip import fit
from sana_vcam.standin.looks.canvas import Extent, Rgb, Touch, as_bytes, grid_of, mix, to_bytes
from sana_vcam.standin.looks.scenes import Draw, drawn

PAN = 1.3
"""Width of what is panned over, in widths of the picture."""

PERIOD = 240
"""Frames of one pan, there and back."""


def scene(size: Extent, draw: Draw, touch: Touch, image: Rgb | None, strength: float) -> Rgb:
    """Draw picture `touch.index` of the scene, the place mixed with an image by its strength."""
    height, width = size
    wide = (height, round(width * PAN))
    place = drawn(draw, wide, touch.seed)
    if image is not None:
        place = mix(place, fit(image, wide[1], height), strength)
    phase = 2 * math.pi * touch.index / PERIOD
    left = (1 - math.cos(phase)) / 2 * (wide[1] - width)
    shift = np.array([[1, 0, -left], [0, 1, 0]], np.float32)
    view = as_bytes(cv2.warpAffine(place, shift, (width, height)))
    return _visited(view, touch)


def _visited(view: Rgb, touch: Touch) -> Rgb:
    """Let a ball in a colour of the seed cross the picture, four times a pan."""
    height, width = view.shape[:2]
    phase = touch.index * 4 / PERIOD % 1
    radius = height * 0.12
    x = (phase * 1.3 - 0.15) * width
    y = height * (0.62 - 0.3 * abs(math.sin(phase * 3 * math.pi)))
    columns, rows = grid_of((height, width))
    distance = np.hypot(columns - x, rows - y) / radius
    hue = np.full((1, 1, 3), (touch.seed % 180, 200, 230), np.uint8)
    colour = np.asarray(cv2.cvtColor(hue, cv2.COLOR_HSV2RGB), np.float32)
    light = np.clip(
        1.25 - np.hypot(columns - x + radius / 3, rows - y + radius / 3) / radius, 0.3, 1
    )
    alpha = np.clip((1 - distance) * radius / 2, 0, 1)[..., None]
    return to_bytes(view * (1 - alpha) + colour * light[..., None] * alpha)
