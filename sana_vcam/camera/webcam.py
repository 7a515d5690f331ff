"""A real camera through OpenCV: V4L2 on Linux, whatever OpenCV has elsewhere."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from sana_vcam import devices
from sana_vcam.errors import CameraError

if TYPE_CHECKING:
    from sana_vcam.config import CameraConfig
    from sana_vcam.frames import Pixels

READ_TIMEOUT_S = 2
BUFFERS = 2
"""One being filled, one being read. With a single one the driver has to skip every other picture
(30 fps become 15); more of them hold old pictures when the reader was late."""
MOST_BAD_PICTURES = 10
"""Undecodable pictures in a row (a torn JPEG after a USB hiccup) before the camera is given up."""


class Webcam:
    """The webcam that the configuration names, looked up again at each `open`.

    Once a camera was opened it is kept to by its stable id: if it is unplugged, no other camera is
    opened in its stead.
    """

    def __init__(self, config: CameraConfig) -> None:
        self._config = config
        self._wanted = config.device
        self._name = config.device or "webcam"
        self._capture: Any = None

    @property
    def name(self) -> str:
        """The camera's own name, once it was found."""
        return self._name

    def open(self) -> None:
        """Find and open the camera. Raises `CameraError`."""
        self.close()
        device = devices.find_camera(self._wanted)
        self._name = device.name
        self._capture = _open(device, self._config)
        if device.stable_ids:
            self._wanted = device.stable_ids[0]

    def read(self) -> Pixels:
        """Wait for the next picture, for as long as two seconds on Linux."""
        if self._capture is None:
            raise CameraError(f"the camera {self._name} is closed")
        for _ in range(MOST_BAD_PICTURES):
            if not self._capture.grab():
                break
            done, picture = self._capture.retrieve()
            if done and picture is not None and picture.ndim == 3:
                pixels: Pixels = picture
                return pixels
        raise CameraError(
            f"the camera {self._name} gives no picture: it was unplugged, is asleep or has stalled"
        )

    def close(self) -> None:
        """Release the camera; its light goes off."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None


def _open(device: devices.Device, config: CameraConfig) -> Any:
    """Open the device and ask for the wanted picture; it may give another."""
    # OpenCV's V4L2 code reads its timeout from here, once, and has no other way to set it
    # (CAP_PROP_READ_TIMEOUT_MSEC is for FFmpeg and GStreamer only); its default is 10 s.
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(READ_TIMEOUT_S))
    import cv2  # noqa: PLC0415 - after the timeout is set

    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    try:
        if sys.platform == "linux":
            capture = cv2.VideoCapture(device.path, cv2.CAP_V4L2)
        else:
            capture = cv2.VideoCapture(device.number, cv2.CAP_ANY)
        opened = capture.isOpened()
        if opened:
            _ask_for(cv2, capture, device, config)
    except cv2.error as error:
        raise CameraError(f"cannot open the camera {devices.describe(device)}: {error}") from error
    if not opened:
        raise CameraError(_cannot_open(device))
    return capture


def _ask_for(cv2: Any, capture: Any, device: devices.Device, config: CameraConfig) -> None:
    """MJPG before the size and the rate: many cameras give 5 to 10 fps at 720p in raw YUYV."""
    for key, value in (
        (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
        (cv2.CAP_PROP_FRAME_WIDTH, config.width),
        (cv2.CAP_PROP_FRAME_HEIGHT, config.height),
        (cv2.CAP_PROP_FPS, rate_to_ask_for(device, config)),
        (cv2.CAP_PROP_BUFFERSIZE, BUFFERS),
    ):
        capture.set(key, value)


def rate_to_ask_for(device: devices.Device, config: CameraConfig) -> float:
    """The camera's lowest rate that is enough; drivers take the nearest, even if it is too low."""
    wanted = ("MJPG", config.width, config.height)
    rates = [
        rate
        for mode in device.modes
        if (mode.pixel_format, mode.width, mode.height) == wanted
        for rate in mode.fps
    ]
    enough = [rate for rate in rates if rate > config.fps - 0.1]
    return min(enough, default=max(rates, default=config.fps))


def _cannot_open(device: devices.Device) -> str:
    holders = ", ".join(f"{holder.command} (pid {holder.pid})" for holder in device.holders)
    if holders:
        return f"the camera {devices.describe(device)} is in use by {holders}: close it there"
    return (
        f"cannot open the camera {devices.describe(device)}: another program may have it open, or "
        "it gives no format that OpenCV knows (sana-vcam devices lists them)"
    )
