"""H.264 pictures with their times: encoding, decoding, and what a file has to know of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from av import CodecContext, Packet, VideoFrame
from av.codec.context import Flags
from av.video.frame import PictureType

from sana_vcam.config.kinds import Size
from sana_vcam.media.clips.prepare import i420_frame, mark_bt601
from sana_vcam.media.pixels import Pixels

CLOCK_HZ = 90_000
"""The clock of the pictures' times in a file; every usual rate is a whole number of its ticks."""
KEYFRAME_EVERY_S = 1.0
MOST_BPS = 6_000_000
OPTIONS = {
    "preset": "ultrafast",
    "tune": "zerolatency",
    "crf": "23",
    "maxrate": str(MOST_BPS),
    "bufsize": str(MOST_BPS),
    "forced-idr": "1",
}
"""ultrafast is H.264's Constrained Baseline, which everything plays, and has no picture wait for
another; so a picture is encoded when `encode` returns."""
_SELDOM = 600
"""The encoder's own distance of keyframes, in pictures: ours are by the clock."""


@dataclass(frozen=True, slots=True)
class CodedPicture:
    """One picture in H.264, shown from `at` (seconds, monotonic) on."""

    data: bytes
    at: float
    is_keyframe: bool


class H264Encoder:
    """Encodes I420 pictures of one size. All encoders of one size and rate write one stream.

    That is: their pictures go into one file, one after the other, each from a keyframe on.
    """

    def __init__(self, size: Size, fps: float) -> None:
        codec = CodecContext.create("libx264", "w")
        set_up(codec, size, fps)
        codec.thread_count = 1
        codec.flags |= Flags.global_header
        codec.options = dict(OPTIONS)
        codec.open()
        self._codec = codec

    @property
    def header(self) -> bytes:
        """What a decoder has to know before the first picture, the same for each encoder."""
        return self._codec.extradata or b""

    def encode(self, i420: Pixels, at: float, *, keyframe: bool) -> CodedPicture:
        """Encode a picture, (h * 3 / 2, w), that is shown from `at` on."""
        frame = i420_frame(i420)
        frame.pts, frame.time_base = ticks(at), Fraction(1, CLOCK_HZ)
        if keyframe:
            frame.pict_type = PictureType.I
        (packet,) = self._codec.encode(frame)
        return CodedPicture(bytes(packet), at, packet.is_keyframe)


def ticks(seconds: float) -> int:
    """Count the ticks of `CLOCK_HZ` in a time."""
    return round(seconds * CLOCK_HZ)


def set_up(codec: Any, size: Size, fps: float) -> None:
    """Tell an encoder, or a file's stream, what pictures come."""
    codec.width, codec.height = size
    codec.pix_fmt = "yuv420p"
    codec.time_base = Fraction(1, CLOCK_HZ)
    codec.framerate = Fraction(fps).limit_denominator(1001)
    codec.gop_size = _SELDOM
    mark_bt601(codec)


def decoded(pictures: Sequence[CodedPicture], header: bytes) -> Iterator[tuple[float, VideoFrame]]:
    """Decode pictures, the first of which is a keyframe: each with its time."""
    codec = CodecContext.create("h264", "r")
    codec.thread_count = 1
    codec.extradata = header
    times = iter([picture.at for picture in pictures])
    for picture in pictures:
        for frame in codec.decode(Packet(picture.data)):
            yield next(times), frame
    for frame in codec.decode(None):
        yield next(times), frame


def cut(
    pictures: Sequence[CodedPicture], since: float, size: Size, fps: float
) -> list[CodedPicture]:
    """Give the pictures from `since` on, beginning with a keyframe, as `pictures` do.

    What stands between `since` and the next keyframe is encoded anew; where that is one picture,
    it is left out: a player may take two keyframes in a row for parts of one.
    """
    first = next((n for n, one in enumerate(pictures) if one.at >= since), len(pictures))
    rest = pictures[first:]
    keyframe = next((n for n, one in enumerate(rest) if one.is_keyframe), len(rest))
    if keyframe == 0 or (keyframe == 1 and len(rest) > 1):
        return list(rest[keyframe:])
    begin = max(n for n in range(first) if pictures[n].is_keyframe)
    encoder = H264Encoder(size, fps)
    anew = [
        encoder.encode(_i420(frame), at, keyframe=at == rest[0].at)
        for at, frame in decoded(pictures[begin : first + keyframe], encoder.header)
        if at >= since
    ]
    return [*anew, *rest[keyframe:]]


def _i420(frame: VideoFrame) -> Pixels:
    return frame.to_ndarray().view(np.uint8)
