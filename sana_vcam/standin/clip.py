"""Uploaded clips: check that one is a video the model takes, then decode it bit by bit."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field

import av
import cv2
import numpy as np
import numpy.typing as npt

MIN_CLIP_FRAMES = 33
"""Fewest frames a source clip may have, as the API page says."""

LATENT_FRAMES = 8
"""Frames per latent frame after the first one, so that a chunk of 24 frames is a whole number."""

Frame = npt.NDArray[np.uint8]
"""One picture: (height, width, 3) RGB."""


class ClipError(Exception):
    """An upload that cannot be a source; its text is the reason sent to the client."""


@dataclass(frozen=True, slots=True)
class Clip:
    """An accepted upload: its bytes, its picture size in pixels, and its number of frames."""

    data: bytes = field(repr=False)
    width: int
    height: int
    num_frames: int


def probe(data: bytes) -> Clip:
    """Accept an upload as a source clip. Blocks while it decodes the first frame.

    Raises:
        ClipError: nothing in it can be decoded as video, or it is shorter than MIN_CLIP_FRAMES.
    """
    try:
        with av.open(io.BytesIO(data), "r") as container:
            if not container.streams.video:
                raise ClipError("decode failed: the file has no video track")
            first = next(container.decode(video=0))
            container.seek(0)
            frames = sum(packet.size > 0 for packet in container.demux(video=0))
    except (av.FFmpegError, StopIteration, ValueError) as error:
        raise ClipError("decode failed: the file is not a video this model can read") from error
    if frames < MIN_CLIP_FRAMES:
        raise ClipError(f"the clip has {frames} frames, it needs at least {MIN_CLIP_FRAMES}")
    return Clip(data, first.width, first.height, frames)


def decode(clip: Clip) -> Iterator[Frame]:
    """Yield the frames of a clip in order, RGB, as they are decoded; blocks per frame.

    A clip that breaks off in the middle ends there, as a shorter one would.
    """
    with av.open(io.BytesIO(clip.data), "r") as container:
        try:
            for frame in container.decode(video=0):
                yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
        except av.FFmpegError:
            return


def fit(frame: Frame, width: int, height: int) -> Frame:
    """Crop a frame about its centre to the aspect of width x height and scale it to that size."""
    have_height, have_width = frame.shape[:2]
    if (have_width, have_height) == (width, height):
        return frame
    scale = max(width / have_width, height / have_height)
    crop_width = min(have_width, round(width / scale))
    crop_height = min(have_height, round(height / scale))
    left, top = (have_width - crop_width) // 2, (have_height - crop_height) // 2
    cropped = frame[top : top + crop_height, left : left + crop_width]
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.ascontiguousarray(cv2.resize(cropped, (width, height), interpolation=method))
