"""A virtual camera's frames by memory mapping, as browsers and OBS take them.

The structures and numbers are those of linux/videodev2.h on a 64-bit system.
"""

from __future__ import annotations

import mmap
import os
import select
import struct
from typing import Self

import numpy as np
import numpy.typing as npt

from sana_vcam.media.v4l2.ioctl import BUF_TYPE_CAPTURE, fcntl_ioctl

VIDIOC_REQBUFS = 0xC014_5608
VIDIOC_QUERYBUF = 0xC058_5609
VIDIOC_QBUF = 0xC058_560F
VIDIOC_DQBUF = 0xC058_5611
VIDIOC_STREAMON = 0x4004_5612
MEMORY_MMAP = 1
BUFFERS = 4
BUFFER_BYTES = 88


class MappedReader:
    """An open stream of frames. Belongs to one thread."""

    def __init__(self, device: str) -> None:
        """Start the stream. Raises `OSError` while nobody feeds the device."""
        self._node = os.open(device, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            self._frames = self._map()
            for index in range(len(self._frames)):
                fcntl_ioctl(self._node, VIDIOC_QBUF, _buffer(index))
            fcntl_ioctl(self._node, VIDIOC_STREAMON, bytearray(struct.pack("i", BUF_TYPE_CAPTURE)))
        except BaseException:
            os.close(self._node)
            raise
        self._poll = select.poll()
        self._poll.register(self._node, select.POLLIN)
        self._taken: bytearray | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._frames.clear()
        os.close(self._node)

    def next(self, timeout_ms: int) -> npt.NDArray[np.uint8] | None:
        """The next frame's bytes, which are the driver's again at the next call; None if late."""
        if self._taken is not None:
            fcntl_ioctl(self._node, VIDIOC_QBUF, self._taken)
            self._taken = None
        if not self._poll.poll(timeout_ms):
            return None
        taken = _buffer(0)
        try:
            fcntl_ioctl(self._node, VIDIOC_DQBUF, taken)
        except BlockingIOError:
            return None
        self._taken = taken
        index, _, used = struct.unpack_from("3I", taken)
        return self._frames[index][:used]

    def _map(self) -> list[npt.NDArray[np.uint8]]:
        """The driver's buffers, unmapped when nobody refers to them any more."""
        request = bytearray(struct.pack("5I", BUFFERS, BUF_TYPE_CAPTURE, MEMORY_MMAP, 0, 0))
        fcntl_ioctl(self._node, VIDIOC_REQBUFS, request)
        (count,) = struct.unpack_from("I", request)
        frames = []
        for index in range(count):
            buffer = _buffer(index)
            fcntl_ioctl(self._node, VIDIOC_QUERYBUF, buffer)
            (offset,) = struct.unpack_from("I", buffer, 64)
            (length,) = struct.unpack_from("I", buffer, 72)
            mapped = mmap.mmap(self._node, length, offset=offset)
            frames.append(np.frombuffer(mapped, np.uint8))
        return frames


def _buffer(index: int) -> bytearray:
    """A v4l2_buffer of the capture queue."""
    buffer = bytearray(BUFFER_BYTES)
    struct.pack_into("2I", buffer, 0, index, BUF_TYPE_CAPTURE)
    struct.pack_into("I", buffer, 60, MEMORY_MMAP)
    return buffer
