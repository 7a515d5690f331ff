"""Where the person is likely to be: a soft mask from position and colour, without any training.

A guess, and only as good as that: one person, roughly in the middle, as before a webcam. A body
shape gives the first guess; the colours inside and outside of it correct the guess, pixel by pixel;
a guided filter (He, Sun, Tang 2010) lets the result follow the contours of the picture.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from sana_vcam.standin.looks.canvas import (
    Extent,
    Floats,
    Gray,
    Rgb,
    as_bytes,
    gray_of,
    grid_of,
    size_of,
)

COLUMNS = 160
"""Width in pixels of the picture that the guess is made on."""

BINS = 12
"""Bins per channel of the colour statistics."""


def mask(frame: Rgb) -> Gray:
    """Paint the person as 255 and the background as 0, soft at the border."""
    height, width = size_of(frame)
    rows = max(8, round(COLUMNS * height / width))
    small = as_bytes(cv2.resize(frame, (COLUMNS, rows), interpolation=cv2.INTER_AREA))
    guess = _corrected(small, _body(size_of(small)))
    scale, offset = _guided(np.asarray(gray_of(small), np.float32) / np.float32(255), guess)
    full = (width, height)
    gain = cv2.resize(np.asarray(scale, np.float32), full, interpolation=cv2.INTER_LINEAR)
    base = cv2.resize(np.asarray(offset, np.float32), full, interpolation=cv2.INTER_LINEAR)
    likely = cv2.add(cv2.multiply(gain, gray_of(frame), scale=1 / 255, dtype=cv2.CV_32F), base)
    # From 0.3 and less, background, to 0.69 and more, person.
    return as_bytes(cv2.convertScaleAbs(np.maximum(likely, 0.3), alpha=255 * 2.6, beta=-255 * 0.78))


@lru_cache(maxsize=4)
def _body(size: Extent) -> Floats:
    """Guess how likely each place shows a person who sits before a webcam, 0..1."""
    height, width = size
    x, y = grid_of(size)
    u, v = (x / width - 0.5) * width / height, y / height
    head = np.hypot(u / 0.27, (v - 0.36) / 0.36)
    shoulders = np.where(v > 0.6, np.abs(u) / (0.36 + 0.5 * np.clip(v - 0.6, 0, 0.34)), 9.0)
    distance = np.minimum(head, shoulders)
    return np.asarray(1 / (1 + np.exp((distance - 1) * 7)), np.float32)


def _corrected(small: Rgb, body: Floats) -> Floats:
    """Correct the body shape by what colours are more common inside or outside of it."""
    position = small // (256 // BINS + 1)
    colour = (position[..., 0].astype(np.int32) * BINS + position[..., 1]) * BINS + position[..., 2]
    flat = colour.ravel()
    inside = np.bincount(flat, body.ravel() ** 2, BINS**3)
    outside = np.bincount(flat, (1 - body.ravel()) ** 2, BINS**3)
    inside, outside = inside / inside.sum() + 2e-4, outside / outside.sum() + 2e-4
    odds = np.clip(np.log(inside / outside), -2.5, 2.5).astype(np.float32)[colour]
    prior = np.log(np.clip(body, 0.004, 0.996) / np.clip(1 - body, 0.004, 0.996))
    smooth = cv2.GaussianBlur(odds, (0, 0), 1.5)
    return np.asarray(1 / (1 + np.exp(-(prior * 0.9 + smooth * 1.3))), np.float32)


def _guided(guide: Floats, guess: Floats) -> tuple[Floats, Floats]:
    """Find gain and offset per pixel with which the guide reproduces the guess locally."""
    window, firmness = (13, 13), 4e-4
    mean_guide, mean_guess = cv2.blur(guide, window), cv2.blur(guess, window)
    covariance = cv2.blur(guide * guess, window) - mean_guide * mean_guess
    variance = cv2.blur(guide * guide, window) - mean_guide * mean_guide
    gain = covariance / (variance + firmness)
    offset = mean_guess - gain * mean_guide
    return (
        np.asarray(cv2.blur(gain, window), np.float32),
        np.asarray(cv2.blur(offset, window), np.float32),
    )
