"""The preview's encoder: what the operator sees, as one VP8 stream, on a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from av import CodecContext, VideoFrame
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from sana_vcam.control.preview.comparison import Compared
from sana_vcam.media.frames import Picture
from sana_vcam.media.pacing import FrameClock
from sana_vcam.media.pixels import Pixels, fit_i420

FPS = 24.0
MAX_SIZE = (640, 360)
BITRATE_BPS = 1_200_000
KEYFRAME_EVERY_S = 3
REPEAT_S = 0.25
"""A picture that stays is sent again after this: it becomes sharp, and is seen to be live."""
SLOW_S = 2.5 / FPS
"""So long from one picture to the next while it is to be slow: every third."""
CLOCK_HZ = 90_000
"""The clock of VP8 over RTP (RFC 7741)."""

type Source = Callable[[], tuple[Picture | Compared, Pixels] | None]
"""Gives the newest picture with its I420 frame, (h * 3 / 2, w); None before the first."""
type Send = Callable[[Packet[Any], bool], None]
"""Takes a packet, and whether it is of a comparison, which is for those alone who asked for it."""


class Encoder:
    """Encodes the source's pictures, once for all viewers. `run` belongs to its thread.

    Args:
        source: What the operator sees.
        send: Takes each packet, on the encoder's thread.
        is_slow: Whether only a third of the pictures is to be encoded.
    """

    def __init__(
        self, source: Source, send: Send, is_slow: Callable[[], bool] = lambda: False
    ) -> None:
        self._source = source
        self._is_slow = is_slow
        self._send = send
        self._wants_keyframe = True
        self._codec: VideoCodecContext | None = None
        self._shown: tuple[Picture | Compared, Pixels] | None = None
        self._sent_at = float("-inf")

    def want_keyframe(self) -> None:
        """Make the next picture a keyframe, for a viewer who is new; from any thread."""
        self._wants_keyframe = True

    def run(self, stop: threading.Event) -> None:
        """Encode until `stop`."""
        clock = FrameClock(FPS, time.monotonic())
        while not stop.is_set():
            _, at = clock.next(time.monotonic())
            if stop.wait(max(0.0, at - time.monotonic())):
                return
            self._tick(time.monotonic())

    def _tick(self, now: float) -> None:
        if self._is_slow() and now - self._sent_at < SLOW_S and not self._wants_keyframe:
            return
        newest = self._source()
        if newest is None:
            return
        picture, frame = newest
        is_new = self._shown is None or picture is not self._shown[0]
        if not is_new and not self._wants_keyframe and now - self._sent_at < REPEAT_S:
            return
        if self._shown is None or is_new:
            if self._shown is not None and picture.source != self._shown[0].source:
                # No trace of the face in the black or the slate that comes after it.
                self._wants_keyframe = True
            self._shown = picture, fit_i420(frame, *fitting(frame), "stretch")
        self._sent_at = now
        self._encode(*self._shown, round(now * CLOCK_HZ))

    def _encode(self, picture: Picture | Compared, i420: Pixels, timestamp: int) -> None:
        if self._codec is None:
            self._codec = _codec(i420.shape[1], i420.shape[0] * 2 // 3)
        frame = VideoFrame.from_ndarray(i420, format="yuv420p")
        frame.pts, frame.time_base = timestamp, Fraction(1, CLOCK_HZ)
        if self._wants_keyframe:
            self._wants_keyframe = False
            frame.pict_type = PictureType.I
        for packet in self._codec.encode(frame):
            self._send(packet, isinstance(picture, Compared))


def fitting(frame: Pixels) -> tuple[int, int]:
    """Compute the even size, in the frame's shape, that fits into `MAX_SIZE`; never enlarge."""
    width, height = frame.shape[1], frame.shape[0] * 2 // 3
    scale = min(1.0, MAX_SIZE[0] / width, MAX_SIZE[1] / height)
    return max(2, int(width * scale / 2) * 2), max(2, int(height * scale / 2) * 2)


def _codec(width: int, height: int) -> VideoCodecContext:
    """Open VP8 for the least delay: constant bitrate, no look ahead, one thread."""
    codec = CodecContext.create("libvpx", "w")
    codec.width, codec.height = width, height
    codec.pix_fmt = "yuv420p"
    codec.time_base = Fraction(1, CLOCK_HZ)
    codec.framerate = Fraction(int(FPS))
    codec.bit_rate = BITRATE_BPS
    codec.gop_size = int(FPS * KEYFRAME_EVERY_S)
    codec.qmin, codec.qmax = 2, 56
    codec.thread_count = 1
    rate = str(BITRATE_BPS)
    codec.options = {
        "deadline": "realtime",
        "cpu-used": "-6",
        "lag-in-frames": "0",
        "static-thresh": "1",
        "minrate": rate,
        "maxrate": rate,
        "bufsize": rate,
        "undershoot-pct": "100",
        "overshoot-pct": "15",
    }
    return codec
