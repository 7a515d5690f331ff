"""A camera as the capture thread sees it: something to open, read and close again."""

from __future__ import annotations

from typing import Protocol

from sana_vcam.config.schema import CameraConfig
from sana_vcam.media.camera.testscene import TestScene
from sana_vcam.media.camera.videofile import VideoFile
from sana_vcam.media.camera.webcam import Webcam
from sana_vcam.media.pixels import Pixels
from sana_vcam.media.v4l2 import devices


class CameraSource(Protocol):
    """A camera, real or not. Opened, read and closed by one thread; may be opened again.

    A source paces itself: `read` blocks until the next picture is due.
    """

    @property
    def name(self) -> str:
        """Which camera, in words; complete once it was opened."""
        ...

    def open(self) -> None:
        """Take the device. Raises `CameraError` with the fix."""
        ...

    def read(self) -> Pixels:
        """Wait for the next picture: (h, w, 3) BGR of any size, which no later read changes.

        Raises `CameraError` when the device is gone, stalled or closed.
        """
        ...

    def close(self) -> None:
        """Release the device. May be called twice, or without `open`."""
        ...


def open_source(config: CameraConfig) -> CameraSource:
    """Make the source that the configuration asks for, not opened yet.

    "auto" is the webcam if there is one now, else the test scene.
    """
    kind = config.source
    if kind == "auto":
        kind = "webcam" if config.device or devices.has_camera() else "test"
    if kind == "webcam":
        return Webcam(config)
    if kind == "file":
        return VideoFile(config.path, most_fps=config.fps)
    return TestScene(config.width, config.height, config.fps)
