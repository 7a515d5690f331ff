"""One take: the frames of one run as they come, kept in a file of their own until all is known.

The SDK's thread hands frames over, and a thread of ours encodes them nearly without loss. So a
frame is numbered when everything is known that tells its place, and the memory stays small.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from sana_vcam.errors import ClipFailed
from sana_vcam.media.clips.placing import ReturnedFrame, look_of_i420
from sana_vcam.media.clips.prepare import MODEL_FPS, i420_frame, mark_bt601, why
from sana_vcam.media.frames import ModelFrame
from sana_vcam.media.pixels import Pixels, luma_plane

QUEUE = 96
"""Frames that may wait for the encoder, 130 MB at 1280x704; one more is lost, as on the way."""
EVERY = 8
"""Of the brightness every eighth pixel, each way, tells how far two frames are apart."""
_OPTIONS = {"crf": "10", "preset": "ultrafast", "g": "24"}


class TakeRecorder:
    """The writer of one take; `frame` belongs to the SDK's thread, `write` to a thread of its own.

    Args:
        path: Where the frames are kept, as a Matroska file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.recording = False
        """Whether frames that come are of the run; set on the event loop."""
        self.overrun = 0
        """Frames that this machine was too slow for."""
        self._arrivals: list[ReturnedFrame] = []
        self._waiting: deque[ModelFrame] = deque()
        self._more = threading.Condition()
        self._taken = 0
        self._former: npt.NDArray[np.int16] | None = None

    @property
    def count(self) -> int:
        """The frames so far."""
        return self._taken

    @property
    def arrivals(self) -> Sequence[ReturnedFrame]:
        """The frames in the file; complete once `write` has returned."""
        return self._arrivals

    def frame(self, frame: ModelFrame) -> None:
        """Take a frame of the run."""
        if not self.recording:
            return
        with self._more:
            if len(self._waiting) >= QUEUE:
                self.overrun += 1
                return
            self._waiting.append(frame)
            self._taken += 1
            self._more.notify()

    def wake(self) -> None:
        """End a wait for frames, after `stop` was set."""
        with self._more:
            self._more.notify()

    def write(self, stop: threading.Event) -> None:
        """Encode the frames until `stop` is set and none waits. Raises `ClipFailed`."""
        container: Any = None
        stream: Any = None
        try:
            while (frame := self._next(stop)) is not None:
                if container is None:
                    container = av.open(str(self.path), "w", format="matroska")
                    stream = _encoder(container, frame.i420)
                seen = look_of_i420(frame.i420)
                self._arrivals.append(
                    ReturnedFrame(frame.received_at, self._change(frame.i420), seen)
                )
                picture = i420_frame(frame.i420)
                picture.pts = len(self._arrivals) - 1
                picture.time_base = Fraction(1, MODEL_FPS)
                container.mux(stream.encode(picture))
            if container is not None:
                container.mux(stream.encode(None))
        except (OSError, av.FFmpegError) as error:
            folder = self.path.parent
            raise ClipFailed(f"{folder}: the edit cannot be written: {why(error)}") from None
        finally:
            if container is not None:
                container.close()

    def _next(self, stop: threading.Event) -> ModelFrame | None:
        with self._more:
            while not self._waiting:
                if stop.is_set():
                    return None
                self._more.wait(0.5)
            return self._waiting.popleft()

    def _change(self, i420: Pixels) -> float:
        now: npt.NDArray[np.int16] = luma_plane(i420)[::EVERY, ::EVERY].astype(np.int16)
        former, self._former = self._former, now
        return float("inf") if former is None else float(np.abs(now - former).mean())


def _encoder(container: Any, i420: Pixels) -> Any:
    stream = container.add_stream("libx264", rate=MODEL_FPS, options=dict(_OPTIONS))
    stream.width, stream.height = i420.shape[1], i420.shape[0] * 2 // 3
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = Fraction(1, MODEL_FPS)
    mark_bt601(stream.codec_context)
    return stream
