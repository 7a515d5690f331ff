"""A camera as the capture thread sees it: something to open, read and close again."""

from __future__ import annotations

from typing import Protocol

from sana_vcam.config.schema import CameraConfig
from sana_vcam.media.camera.testscene import TestScene
from sana_vcam.media.camera.videofile import VideoFile
from sana_vcam.media.camera.webcam import Webcam
from sana_vcam.media.pixels import Pixels
from sana_vcam.media.states import CameraKind
from sana_vcam.media.v4l2 import devices


class CameraSource(Protocol):
    """A camera, real or not. Opened, read and closed by one thread; may be opened again.

    A source paces itself: `read` blocks until the next picture is due.
    """

    @property
    def kind(self) -> CameraKind:
        """What sort of source it is: whether viewers see the user, or something else."""
        ...

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

    "auto" is the webcam, also while there is none: a call is never shown something else instead.
    """
    match config.source:
        case "file":
            return VideoFile(config.path, most_fps=config.fps)
        case "test":
            return TestScene(config.width, config.height, config.fps)
        case _:
            return Webcam(config)


def open_source_for_show(config: CameraConfig) -> CameraSource:
    """Make the source for the demo, where "auto" without a webcam is the test scene."""
    if config.source == "auto" and not config.device and not devices.has_camera():
        return TestScene(config.width, config.height, config.fps)
    return open_source(config)
