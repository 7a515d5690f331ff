"""What the V4L2 driver of a video node says: its capability, formats, sizes and rates.

The structures and numbers are those of linux/videodev2.h. Asking starts no stream, so no camera's
light goes on.
"""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

type Ioctl = Callable[[int, int, bytearray], object]

LOOPBACK_DRIVER = "v4l2 loopback"
CAP_CAPTURE = 0x0000_0001 | 0x0000_1000
"""V4L2_CAP_VIDEO_CAPTURE, also in its multi-planar form."""
CAP_OUTPUT = 0x0000_0002 | 0x0000_2000
CAP_M2M = 0x0000_8000 | 0x0000_4000
CAP_DEVICE_CAPS = 0x8000_0000

VIDIOC_QUERYCAP = 0x8068_5600
VIDIOC_ENUM_FMT = 0xC040_5602
VIDIOC_ENUM_FRAMESIZES = 0xC02C_564A
VIDIOC_ENUM_FRAMEINTERVALS = 0xC034_564B
BUF_TYPE_CAPTURE, BUF_TYPE_CAPTURE_MPLANE = 1, 9
DISCRETE = 1
MOST_ENTRIES = 64
"""Entries that are read of any one list, whatever a driver says."""


@dataclass(frozen=True, slots=True)
class Mode:
    """One size in one pixel format, with its frame rates (none if the driver does not say)."""

    pixel_format: str
    width: int
    height: int
    fps: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Capability:
    """The answer to VIDIOC_QUERYCAP, of this node rather than of the whole card."""

    driver: str
    card: str
    flags: int

    @property
    def captures(self) -> bool:
        """Whether it gives pictures."""
        return bool(self.flags & CAP_CAPTURE)

    @property
    def puts_out(self) -> bool:
        """Whether it takes pictures."""
        return bool(self.flags & CAP_OUTPUT)

    @property
    def transcodes(self) -> bool:
        """Whether it is a codec or a scaler."""
        return bool(self.flags & CAP_M2M)


def ask(path: Path, ioctl: Ioctl) -> tuple[Capability | None, tuple[Mode, ...], str]:
    """The node's capability and modes; None and why if it does not answer."""
    try:
        node = os.open(path, os.O_RDWR | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except OSError as error:
        if error.errno in {errno.EACCES, errno.EPERM}:
            return None, (), ""
        return None, (), f"cannot be opened: {error.strerror}"
    try:
        capability = _query(ioctl, node)
        modes = tuple(_modes(ioctl, node)) if capability.captures else ()
    except OSError as error:
        return None, (), f"does not answer: {error.strerror}"
    finally:
        os.close(node)
    return capability, modes, ""


def _query(ioctl: Ioctl, node: int) -> Capability:
    answer = bytearray(104)
    ioctl(node, VIDIOC_QUERYCAP, answer)
    driver, card, _, _, capabilities, device_caps = struct.unpack_from("16s32s32sIII", answer)
    flags = device_caps if capabilities & CAP_DEVICE_CAPS else capabilities
    return Capability(_words(driver), _words(card), flags)


def _words(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode(errors="replace")


def _modes(ioctl: Ioctl, node: int) -> Iterator[Mode]:
    for buffer_type in (BUF_TYPE_CAPTURE, BUF_TYPE_CAPTURE_MPLANE):
        for answer in _enumerate(ioctl, node, VIDIOC_ENUM_FMT, 64, buffer_type):
            (code,) = struct.unpack_from("I", answer, 44)
            name = code.to_bytes(4, "little").decode("latin-1").strip()
            for width, height in _sizes(ioctl, node, code):
                yield Mode(name, width, height, tuple(_rates(ioctl, node, code, width, height)))


def _enumerate(
    ioctl: Ioctl, node: int, request: int, size: int, *inputs: int
) -> Iterator[bytearray]:
    """Ask for entry 0, 1, … until the driver has no more (EINVAL)."""
    for index in range(MOST_ENTRIES):
        answer = bytearray(size)
        struct.pack_into(f"{1 + len(inputs)}I", answer, 0, index, *inputs)
        try:
            ioctl(node, request, answer)
        except OSError:
            return
        yield answer


def _sizes(ioctl: Ioctl, node: int, code: int) -> Iterator[tuple[int, int]]:
    """The sizes of a format; of a range only the smallest and the largest."""
    for answer in _enumerate(ioctl, node, VIDIOC_ENUM_FRAMESIZES, 44, code):
        kind, width, height_or_most = struct.unpack_from("3I", answer, 8)
        if kind == DISCRETE:
            yield width, height_or_most
            continue
        least_w, most_w, _, least_h, most_h = struct.unpack_from("5I", answer, 12)
        yield least_w, least_h
        yield most_w, most_h
        return


def _rates(ioctl: Ioctl, node: int, code: int, width: int, height: int) -> Iterator[float]:
    """The frame rates of a size; of a range only its ends."""
    entries = _enumerate(ioctl, node, VIDIOC_ENUM_FRAMEINTERVALS, 52, code, width, height)
    for answer in entries:
        kind, *parts = struct.unpack_from("5I", answer, 16)
        if kind == DISCRETE:
            yield _rate(parts[0], parts[1])
            continue
        yield _rate(parts[2], parts[3])
        yield _rate(parts[0], parts[1])
        return


def _rate(numerator: int, denominator: int) -> float:
    return round(denominator / numerator, 2) if numerator else 0.0


def fcntl_ioctl(node: int, request: int, answer: bytearray) -> object:
    """The real ioctl(2); raises `OSError`."""
    import fcntl  # noqa: PLC0415 - not on Windows

    return fcntl.ioctl(node, request, answer, True)
