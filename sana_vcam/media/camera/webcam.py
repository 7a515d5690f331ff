"""A real camera: through V4L2 on Linux, through OpenCV elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sana_vcam.config.schema import CameraConfig
from sana_vcam.errors import CameraError, CameraFault, CameraWords
from sana_vcam.media.camera.opencv import OpenCvCapture
from sana_vcam.media.camera.v4l2capture import V4l2Capture, unplugged
from sana_vcam.media.pixels import Pixels
from sana_vcam.media.states import CameraKind
from sana_vcam.media.v4l2 import devices


class Capture(Protocol):
    """An open camera; raises `CameraFault`."""

    def read(self) -> Pixels:
        """Wait for the next picture."""
        ...

    def close(self) -> None:
        """Release the device."""
        ...


class Webcam:
    """The webcam that the configuration names, looked up again at each `open`.

    Once a camera was opened it is kept to by its stable id: if it is unplugged, no other camera is
    opened in its stead.
    """

    kind = CameraKind.WEBCAM

    def __init__(
        self,
        config: CameraConfig,
        *,
        system: devices.System | None = None,
        connect: Callable[[devices.Device, CameraConfig], Capture] | None = None,
    ) -> None:
        """Make a webcam that is not open; `connect` opens a device."""
        self._config = config
        self._system = system or devices.System()
        self._connect = connect or self._connect_here
        self._wanted = config.device
        self.name = config.device or "webcam"
        """The camera's own name, once it was found."""
        self._known = False
        self._capture: Capture | None = None

    def open(self) -> None:
        """Find and open the camera. Raises `CameraFault`."""
        self.close()
        device = self._find()
        self.name = device.name
        self._capture = self._connect(device, self._config)
        self._wanted = device.stable_ids[0] if device.stable_ids else device.name
        self._known = True

    def read(self) -> Pixels:
        """Wait for the next picture, for a few seconds at most on Linux. Raises `CameraFault`."""
        if self._capture is None:
            raise CameraError(f"the camera {self.name} is closed")
        return self._capture.read()

    def close(self) -> None:
        """Release the camera; its light goes off."""
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.close()

    def _find(self) -> devices.Device:
        try:
            return devices.find_camera(self._wanted, self._system)
        except CameraFault as fault:
            if self._known and fault.words is CameraWords.NONE:
                raise unplugged(self.name) from fault
            raise

    def _connect_here(self, device: devices.Device, config: CameraConfig) -> Capture:
        if self._system.platform == "linux":
            return V4l2Capture(device, config, system=self._system)
        return OpenCvCapture(device, config)
