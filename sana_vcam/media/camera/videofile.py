"""A video file as the camera: played in real time, upright, and looped without a gap."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sana_vcam.errors import CameraError
from sana_vcam.media.pixels import Pixels, cv2

FIX = "set camera.path to a video file that FFmpeg can play, or camera.source to another source"
LATE_S = 1.0
"""Later than this (the machine slept), playing goes on from here instead of catching up."""
USUAL_FPS = 25.0


class VideoFile:
    """A player of a file by its own timestamps, on a schedule that no loop resets."""

    def __init__(self, path: Path | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = path.name if path else "no file"
        self._path = path
        self._clock = clock
        self._closed = threading.Event()
        self._capture: Any = None
        self._zero = 0.0
        self._frame_s = 1.0 / USUAL_FPS
        self._position_s = -1.0

    def open(self) -> None:
        """Open the file. Raises `CameraError` if it cannot be played."""
        self.close()
        self._closed.clear()
        self._capture = self._start()
        self._position_s = -1.0
        self._zero = self._clock()

    def read(self) -> Pixels:
        """Wait until the next picture is due; pictures that are overdue are left out."""
        while True:
            capture = self._advance()
            due = self._zero + self._position_s
            late_s = self._clock() - due
            if late_s > LATE_S:
                self._zero += late_s
            elif late_s > self._frame_s:
                continue
            if self._closed.wait(max(0.0, -late_s)):
                raise CameraError(f"{self.name}: closed")
            return self._picture(capture)

    def close(self) -> None:
        """Close the file; from another thread, it ends a `read` that waits."""
        self._closed.set()
        self._capture = None

    def _start(self) -> Any:
        path = self._path
        if path is None:
            raise CameraError(f'camera.source is "file", but camera.path is empty; {FIX}')
        if not path.is_file():
            what = "is not a file" if path.exists() else "does not exist"
            raise CameraError(f"camera.path: {path} {what}; {FIX}")
        os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
        try:
            capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
            capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        except cv2.error as error:
            raise CameraError(f"camera.path: cannot play {path} ({error}); {FIX}") from error
        if not capture.isOpened():
            raise CameraError(f"camera.path: cannot play {path}; {FIX}")
        fps = capture.get(cv2.CAP_PROP_FPS)
        self._frame_s = 1.0 / fps if 1.0 <= fps <= 240.0 else 1.0 / USUAL_FPS
        return capture

    def _advance(self) -> Any:
        """Step to the next picture; after the last one, to the first of the next round."""
        capture = self._capture
        if capture is None or self._closed.is_set():
            raise CameraError(f"{self.name}: closed")
        if not capture.grab():
            self._zero += self._position_s + self._frame_s
            self._position_s = -1.0
            self._capture = capture = self._start()
            if not capture.grab():
                raise CameraError(f"camera.path: {self._path} holds no picture; {FIX}")
        self._position_s = self._timestamp(capture)
        return capture

    def _timestamp(self, capture: Any) -> float:
        """Tell the seconds from the file's start; counted where the container has no timestamps."""
        stamp_s: float = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if self._position_s < 0:
            return max(0.0, stamp_s)
        return stamp_s if stamp_s > self._position_s else self._position_s + self._frame_s

    def _picture(self, capture: Any) -> Pixels:
        """Decode the picture stepped to."""
        done, picture = capture.retrieve()
        if not done:
            raise CameraError(f"camera.path: cannot decode {self._path}; {FIX}")
        pixels: Pixels = picture
        return pixels
