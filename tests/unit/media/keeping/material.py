"""Pictures that can be told apart after coding, and files read back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import av
import numpy as np

from sana_vcam.media.frames import ModelFrame, Picture
from sana_vcam.media.keeping.coded import CodedPicture, H264Encoder
from sana_vcam.media.pixels import Pixels, to_i420

SIZE = (320, 180)
FPS = 24.0
BEGIN = 1000.0


@cache
def numbered(number: int) -> Pixels:
    """A coloured picture with its number in bits across its middle."""
    bgr = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    bgr[:] = (40, 90, 200)
    for place in range(8):
        left = place * SIZE[0] // 8
        bgr[60:120, left : left + SIZE[0] // 8] = 255 if number >> place & 1 else 0
    return to_i420(bgr)


def edited(number: int) -> tuple[Picture, Pixels]:
    """The same, as a picture of the model's, with its frame."""
    i420 = numbered(number)
    return Picture.from_model(ModelFrame(i420, number, 0.0)), i420


@cache
def coded(count: int) -> tuple[CodedPicture, ...]:
    """So many pictures, with a keyframe each second."""
    encoder = H264Encoder(SIZE, FPS)
    return tuple(
        encoder.encode(numbered(number), BEGIN + number / FPS, keyframe=number % FPS == 0)
        for number in range(count)
    )


def read_back(path: Path) -> tuple[list[Pixels], list[float]]:
    """All pictures of a file as I420, and the seconds at which they are shown."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return (
        [frame.to_ndarray(format="yuv420p") for frame in frames],
        [float(frame.pts * frame.time_base) for frame in frames],
    )


def error(one: Pixels, other: Pixels) -> float:
    """Mean difference of two pictures, 0..255."""
    return float(np.abs(one.astype(np.int16) - other.astype(np.int16)).mean())


def numbers(pictures: Sequence[Pixels]) -> list[int]:
    """Read the number of each picture."""
    return [
        sum(
            1 << place
            for place in range(8)
            if one[90 * one.shape[1] // SIZE[0], (2 * place + 1) * one.shape[1] // 16] > 128
        )
        for one in pictures
    ]
