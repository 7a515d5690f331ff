"""The requests of V4L2 that are used here: numbers and structures of linux/videodev2.h, once.

They are those of a 64-bit system. Every function that takes an `Ioctl` and an open node asks the
driver, and raises `OSError` if that refuses.
"""

from __future__ import annotations

import errno
import mmap
import os
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

type Ioctl = Callable[[int, int, bytearray], object]

OPEN_FLAGS = os.O_RDWR | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)

VIDIOC_QUERYCAP = 0x8068_5600
VIDIOC_ENUM_FMT = 0xC040_5602
VIDIOC_S_FMT = 0xC0D0_5605
VIDIOC_REQBUFS = 0xC014_5608
VIDIOC_QUERYBUF = 0xC058_5609
VIDIOC_QBUF = 0xC058_560F
VIDIOC_DQBUF = 0xC058_5611
VIDIOC_STREAMON = 0x4004_5612
VIDIOC_STREAMOFF = 0x4004_5613
VIDIOC_S_PARM = 0xC0CC_5616
VIDIOC_S_CTRL = 0xC008_561C
VIDIOC_ENUM_FRAMESIZES = 0xC02C_564A
VIDIOC_ENUM_FRAMEINTERVALS = 0xC034_564B
VIDIOC_DQEVENT = 0x8088_5659
VIDIOC_SUBSCRIBE_EVENT = 0x4020_565A

CAP_CAPTURE = 0x0000_0001 | 0x0000_1000
"""V4L2_CAP_VIDEO_CAPTURE, also in its multi-planar form."""
CAP_OUTPUT = 0x0000_0002 | 0x0000_2000
CAP_M2M = 0x0000_8000 | 0x0000_4000
CAP_DEVICE_CAPS = 0x8000_0000
LOOPBACK_DRIVER = "v4l2 loopback"

BUF_TYPE_CAPTURE, BUF_TYPE_OUTPUT, BUF_TYPE_CAPTURE_MPLANE = 1, 2, 9
MEMORY_MMAP = 1
BUF_FLAG_ERROR = 0x40
FIELD_ANY, FIELD_NONE = 0, 1
FMT_EXTENDED = 0xFEED_CAFE
"""V4L2_PIX_FMT_PRIV_MAGIC, without which the fields after it are taken for zero."""
COLORSPACE_SRGB, YCBCR_ENC_601, LIMITED_RANGE = 8, 1, 2
EVENT_SEND_INITIAL = 1


def fcntl_ioctl(node: int, request: int, argument: bytearray) -> object:
    """Call ioctl(2). Raises `OSError`."""
    if sys.platform == "win32":
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    import fcntl

    return fcntl.ioctl(node, request, argument, True)


def fourcc_words(fourcc: bytes) -> str:
    """Decode a pixel format's code for people."""
    return fourcc.decode("latin-1").strip()


@dataclass(frozen=True, slots=True)
class PixFormat:
    """The part of v4l2_pix_format that matters: pixels, the format's code, and bytes."""

    width: int
    height: int
    fourcc: bytes
    line_bytes: int = 0
    """Bytes from one line of the first plane to the next."""
    frame_bytes: int = 0

    def __str__(self) -> str:
        return f"{self.width}x{self.height} {fourcc_words(self.fourcc)}"


@dataclass(frozen=True, slots=True)
class Queue:
    """One side of an open video node with its buffers: what V4L2 calls a buffer type.

    Every method raises `OSError` if the driver refuses.
    """

    ioctl: Ioctl
    node: int
    buffer_type: int

    def set_format(
        self, wanted: PixFormat, *, field: int = FIELD_ANY, colours: tuple[int, ...] = ()
    ) -> PixFormat:
        """Ask for a format, and read what the driver made of it.

        `colours` are the fields of v4l2_pix_format from `colorspace` on.
        """
        request = bytearray(208)
        struct.pack_into("I", request, 0, self.buffer_type)
        code, sizes = wanted.fourcc, (wanted.line_bytes, wanted.frame_bytes)
        struct.pack_into("2I4s3I", request, 8, wanted.width, wanted.height, code, field, *sizes)
        struct.pack_into(f"{len(colours)}I", request, 32, *colours)
        self.ioctl(self.node, VIDIOC_S_FMT, request)
        width, height, code, _, line, frame = struct.unpack_from("2I4s3I", request, 8)
        return PixFormat(width, height, code, line, frame)

    def set_rate(self, fps: float) -> None:
        """Ask for frames per second, as the fraction of a second that one lasts."""
        request = bytearray(204)
        rate = Fraction(fps).limit_denominator(1001)
        lasts = (rate.denominator, rate.numerator)
        struct.pack_into("5I", request, 0, self.buffer_type, 0, 0, *lasts)
        self.ioctl(self.node, VIDIOC_S_PARM, request)

    def request_buffers(self, count: int) -> int:
        """Ask for buffers in memory, and read how many there are."""
        request = bytearray(struct.pack("5I", count, self.buffer_type, MEMORY_MMAP, 0, 0))
        self.ioctl(self.node, VIDIOC_REQBUFS, request)
        (granted,) = struct.unpack_from("I", request)
        return int(granted)

    def map_buffer(self, index: int) -> mmap.mmap:
        """Map a buffer into memory."""
        buffer = self._buffer(index)
        self.ioctl(self.node, VIDIOC_QUERYBUF, buffer)
        (offset,) = struct.unpack_from("I", buffer, 64)
        (length,) = struct.unpack_from("I", buffer, 72)
        return mmap.mmap(self.node, length, offset=offset)

    def give(self, index: int) -> None:
        """Queue a buffer: it is the driver's from now on."""
        self.ioctl(self.node, VIDIOC_QBUF, self._buffer(index))

    def take(self) -> tuple[int, int, int]:
        """Dequeue a buffer: its index, the bytes used of it, and flags.

        Raises `BlockingIOError` if none is ready.
        """
        buffer = self._buffer(0)
        self.ioctl(self.node, VIDIOC_DQBUF, buffer)
        index, _, used, flags = struct.unpack_from("4I", buffer)
        return index, used, flags

    def stream(self, on: bool) -> None:
        """Start streaming, or stop."""
        request = VIDIOC_STREAMON if on else VIDIOC_STREAMOFF
        self.ioctl(self.node, request, bytearray(struct.pack("i", self.buffer_type)))

    def _buffer(self, index: int) -> bytearray:
        """Make a v4l2_buffer that names one of the mapped buffers."""
        request = bytearray(88)
        struct.pack_into("2I", request, 0, index, self.buffer_type)
        struct.pack_into("I", request, 60, MEMORY_MMAP)
        return request


def set_control(ioctl: Ioctl, node: int, control: int, value: int) -> None:
    """Set a control of the driver."""
    ioctl(node, VIDIOC_S_CTRL, bytearray(struct.pack("Ii", control, value)))


def subscribe_event(ioctl: Ioctl, node: int, event: int) -> None:
    """Have an event announced to poll(2) as POLLPRI, and once at the beginning."""
    request = bytearray(32)
    struct.pack_into("3I", request, 0, event, 0, EVENT_SEND_INITIAL)
    ioctl(node, VIDIOC_SUBSCRIBE_EVENT, request)


def dequeue_event(ioctl: Ioctl, node: int) -> tuple[int, int]:
    """Take the next event: its number, and the first word of its data."""
    event = bytearray(136)
    ioctl(node, VIDIOC_DQEVENT, event)
    number, _, value = struct.unpack_from("3I", event)
    return number, value
