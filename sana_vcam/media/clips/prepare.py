"""The copy of a clip that goes to the model: its size, one picture for each of the source's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from sana_vcam.config.kinds import Fit
from sana_vcam.errors import ClipFailed
from sana_vcam.media.clips.placing import look_of
from sana_vcam.media.clips.source import ClipTimes, upright_pictures
from sana_vcam.media.pixels import Luma, Pixels, to_i420

MODEL_FPS = 24
"""The model's own rate. Each picture is edited as the next one of 24 a second, whatever the
source's rate: so none is lost, and each gets its own time back in the end."""
LEAST_PICTURES = 33
"""Fewer pictures the model refuses in file mode (API page)."""
LATENT_PICTURES = 8
"""Pictures of a latent frame after the first one: 1 + 8k is 1 + 4k as well, and so a whole number
of latent frames by both accounts of the model."""
_OPTIONS = {"crf": "17", "preset": "veryfast", "bf": "0", "g": "48"}


@dataclass(frozen=True)
class PreparedClip:
    """The copy at `path`, and when the source's pictures are shown and how they look from afar.

    After the source's last picture it is repeated, so that the copy has `sent` pictures.
    """

    path: Path
    size: tuple[int, int]
    times: ClipTimes
    looks: tuple[Luma, ...]
    sent: int

    @property
    def count(self) -> int:
        """The source's pictures."""
        return len(self.times.stamps)


def padded(pictures: int) -> int:
    """Tell how many pictures are to be sent for so many of the source's."""
    latents = -(-(max(pictures, LEAST_PICTURES) - 1) // LATENT_PICTURES)
    return 1 + latents * LATENT_PICTURES


def prepare(
    source: Path,
    target: Path,
    size: tuple[int, int],
    mode: Fit,
    *,
    told: Callable[[int], None],
    stop: threading.Event,
) -> PreparedClip | None:
    """Write the copy; None if `stop` was set. Calls `told` with the pictures so far; blocks.

    Raises `ClipFailed`.
    """
    stamps: list[int] = []
    looks: list[Luma] = []
    try:
        with av.open(str(target), "w", format="mp4") as container:
            stream = _encoder(container, size)
            for picture in upright_pictures(source, size, mode):
                if stop.is_set():
                    return None
                _encode(container, stream, picture.bgr, len(stamps))
                stamps.append(picture.stamp)
                looks.append(look_of(picture.bgr))
                told(len(stamps))
                last = picture
            sent = padded(len(stamps))
            for number in range(len(stamps), sent):
                _encode(container, stream, last.bgr, number)
            container.mux(stream.encode(None))
    except (OSError, av.FFmpegError) as error:
        raise ClipFailed(f"{target.parent}: the clip cannot be written: {why(error)}") from None
    times = ClipTimes(tuple(stamps), last.time_base, last.rate)
    return PreparedClip(target, size, times, tuple(looks), sent)


def bgra_pictures(clip: PreparedClip, first: int) -> Iterator[bytes]:
    """Decode the copy from its picture `first` on, as BGRA bytes; blocks per picture."""
    with av.open(str(clip.path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number >= first:
                yield frame.to_ndarray(format="bgra").tobytes()


def why(error: Exception) -> str:
    """Say in words why a file cannot be written."""
    return (getattr(error, "strerror", None) or str(error)) or type(error).__name__


def i420_frame(i420: Pixels) -> Any:
    """Wrap I420 in (h * 3 / 2, w), BT.601 in limited range, as a frame for an encoder."""
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(i420), format="yuv420p")


def mark_bt601(codec: Any) -> None:
    """Note in the stream that its colours are what `media/pixels` makes: BT.601, limited range."""
    codec.colorspace = codec.color_primaries = codec.color_trc = _SMPTE_170M
    codec.color_range = _LIMITED


_SMPTE_170M = 6
"""BT.601 of 525 lines as primaries, transfer and matrix (ITU-T H.273)."""
_LIMITED = 1
"""Y 16..235, as FFmpeg numbers it."""


def _encoder(container: Any, size: tuple[int, int]) -> Any:
    stream = container.add_stream("libx264", rate=MODEL_FPS, options=dict(_OPTIONS))
    stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
    stream.codec_context.time_base = Fraction(1, MODEL_FPS)
    mark_bt601(stream.codec_context)
    return stream


def _encode(container: Any, stream: Any, bgr: Pixels, number: int) -> None:
    frame = i420_frame(to_i420(bgr))
    frame.pts, frame.time_base = number, Fraction(1, MODEL_FPS)
    container.mux(stream.encode(frame))
