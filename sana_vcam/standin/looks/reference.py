"""Edits by a reference image: its colours, or itself as the person, the clothes or the place."""

from __future__ import annotations

import cv2
import numpy as np

from sana_vcam.standin.clip import fit
from sana_vcam.standin.looks import subject
from sana_vcam.standin.looks.canvas import Floats, Rgb, as_bytes, blend, mix, to_bytes
from sana_vcam.standin.looks.scenes import dressed

INSET = 4
"""The image stands in the corner at this part of the picture's height."""


def coloured(frame: Rgb, image: Rgb) -> Rgb:
    """Give a frame the colours of the image: mean and spread of each channel of CIELAB."""
    have, wanted = _statistics(frame), _statistics(image)
    spread = np.clip(wanted[1] / np.maximum(have[1], 1), 0.4, 2.0)
    values = np.arange(256, dtype=np.float32)[:, None]
    table = to_bytes((values - have[0]) * spread + wanted[0])
    lab = cv2.cvtColor(frame, cv2.COLOR_RGB2LAB)
    return as_bytes(cv2.cvtColor(cv2.LUT(lab, table[None]), cv2.COLOR_LAB2RGB))


def _statistics(picture: Rgb) -> tuple[Floats, Floats]:
    """Measure mean and deviation of each channel of CIELAB, on a small copy."""
    small = cv2.resize(picture, (32, 32), interpolation=cv2.INTER_AREA)
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), np.float32)
    return lab.mean((0, 1)), lab.std((0, 1))


def guided(frame: Rgb, image: Rgb) -> Rgb:
    """Tint a frame as the image is, and show the image in the corner: a guide, plain to see."""
    picture = mix(frame, coloured(frame, image), 0.6)
    height = max(2, frame.shape[0] // INSET)
    width = max(2, min(frame.shape[1], round(height * image.shape[1] / image.shape[0])))
    picture[-height:, :width] = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return picture


def replaced(frame: Rgb, image: Rgb) -> Rgb:
    """Show the image where the person is."""
    return blend(_filling(frame, image), frame, subject.mask(frame))


def worn(frame: Rgb, image: Rgb) -> Rgb:
    """Dress the person in the image."""
    return dressed(frame, _filling(frame, image))


def behind(frame: Rgb, image: Rgb) -> Rgb:
    """Show the image behind the person."""
    return blend(frame, _filling(frame, image), subject.mask(frame))


def _filling(frame: Rgb, image: Rgb) -> Rgb:
    return fit(image, frame.shape[1], frame.shape[0])
