"""A webcam through OpenCV, on systems other than Linux."""

from __future__ import annotations

from typing import Any

import numpy as np

from sana_vcam.config.schema import CameraConfig
from sana_vcam.errors import CameraFault, CameraWords
from sana_vcam.media.pixels import Pixels
from sana_vcam.media.v4l2 import devices

MOST_BAD_PICTURES = 10
"""Undecodable pictures in a row (a torn JPEG after a USB hiccup) before the camera is given up."""


class OpenCvCapture:
    """An open webcam. Belongs to the camera thread."""

    def __init__(self, device: devices.Device, config: CameraConfig) -> None:
        """Open the device; it may give another picture than is asked for. Raises `CameraFault`."""
        import cv2  # loaded only where OpenCV reads the camera

        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
        self._device = device
        try:
            self._capture: Any = cv2.VideoCapture(device.number, cv2.CAP_ANY)
            if not self._capture.isOpened():
                raise self._fault("cannot be opened: another program may use it", CameraWords.BUSY)
            # MJPG before the size and the rate: many cameras give 5 to 10 fps at 720p in raw YUYV.
            for key, value in (
                (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
                (cv2.CAP_PROP_FRAME_WIDTH, config.width),
                (cv2.CAP_PROP_FRAME_HEIGHT, config.height),
                (cv2.CAP_PROP_FPS, config.fps),
            ):
                self._capture.set(key, value)
        except cv2.error as error:
            raise self._fault(f"cannot be opened: {error}", CameraWords.SILENT) from error

    def read(self) -> Pixels:
        """Wait for the next picture. Raises `CameraFault`."""
        import cv2

        for _ in range(MOST_BAD_PICTURES):
            try:
                if not self._capture.grab():
                    break
                done, picture = self._capture.retrieve()
            except cv2.error as error:
                raise self._fault(f"gives no picture: {error}", CameraWords.SILENT) from error
            if done and picture is not None and picture.size and picture.ndim in {2, 3}:
                return _three_colours(picture)
        raise self._fault(
            "gives no picture: it was unplugged, is asleep or has stalled", CameraWords.SILENT
        )

    def close(self) -> None:
        """Release the camera; its light goes off."""
        self._capture.release()

    def _fault(self, what: str, words: CameraWords) -> CameraFault:
        return CameraFault(f"the camera {devices.describe(self._device)} {what}", words)


def _three_colours(picture: Pixels) -> Pixels:
    """Give a grey picture, of an infrared camera, three colours as well."""
    import cv2

    grey = picture.ndim == 2 or picture.shape[2] == 1
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)) if grey else picture
