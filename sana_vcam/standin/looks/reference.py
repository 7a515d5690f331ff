"""Edits by a reference image: its colours, or itself as the person, the clothes or the place."""

from __future__ import annotations

import cv2
import numpy as np

from sana_vcam.standin.clip import fit
from sana_vcam.standin.looks import subject
from sana_vcam.standin.looks.canvas import Rgb, as_bytes, blend, mix, to_bytes
from sana_vcam.standin.looks.scenes import dressed

INSET = 4
"""The image stands in the corner at this part of the picture's height."""


def coloured(frame: Rgb, image: Rgb) -> Rgb:
    """Give a frame the colours of the image: mean and spread of each channel of CIELAB."""
    lab = np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2LAB), np.float32)
    small = cv2.resize(image, (32, 32), interpolation=cv2.INTER_AREA)
    wanted = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), np.float32)
    axes = (0, 1)
    spread = wanted.std(axes) / np.maximum(lab.std(axes), 1)
    moved = (lab - lab.mean(axes)) * np.clip(spread, 0.4, 2.0) + wanted.mean(axes)
    return as_bytes(cv2.cvtColor(to_bytes(moved), cv2.COLOR_LAB2RGB))


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
