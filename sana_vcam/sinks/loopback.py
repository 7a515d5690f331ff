"""What v4l2loopback needs beyond pyvirtualcam: to be told the rate that apps are shown."""

from __future__ import annotations

import logging
import os
import struct
from typing import TYPE_CHECKING

from sana_vcam.camera.v4l2 import fcntl_ioctl

if TYPE_CHECKING:
    from sana_vcam.camera.v4l2 import Ioctl

logger = logging.getLogger(__name__)

VIDIOC_S_PARM = 0xC0CC_5616
BUF_TYPE_OUTPUT = 2
STREAMPARM_BYTES = 204


def declare_rate(path: str, fps: float, ioctl: Ioctl = fcntl_ioctl) -> None:
    """Tell the driver the rate of the frames that are written to it.

    Without VIDIOC_S_PARM it reports 30 fps to apps. Any descriptor of the device may say so.
    A driver that refuses loses nothing but the right number.
    """
    request = streamparm(fps)
    try:
        node = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            ioctl(node, VIDIOC_S_PARM, request)
        finally:
            os.close(node)
    except OSError as error:
        logger.debug("%s keeps its own frame rate: %s", path, error)


def streamparm(fps: float) -> bytearray:
    """A v4l2_streamparm of linux/videodev2.h for an output of this rate."""
    request = bytearray(STREAMPARM_BYTES)
    denominator = round(fps * 1000)
    struct.pack_into("5I", request, 0, BUF_TYPE_OUTPUT, 0, 0, 1000, denominator)
    return request
