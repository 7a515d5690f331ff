"""What the V4L2 driver of a video node says: its capability, formats, sizes and rates.

Asking starts no stream, so no camera's light goes on.
"""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sana_vcam.media.v4l2 import ioctl as v4l2
from sana_vcam.media.v4l2.ioctl import Ioctl, fourcc_words

DISCRETE = 1
"""V4L2_FRMSIZE_TYPE_DISCRETE and V4L2_FRMIVAL_TYPE_DISCRETE: one value, and no range."""
COMMON_SIZES = ((640, 360), (640, 480), (1280, 720), (1920, 1080))
"""Sizes that are listed of a range."""
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
    captures: bool
    """Whether it gives pictures."""
    puts_out: bool
    """Whether it takes pictures."""
    transcodes: bool
    """Whether it is a codec or a scaler."""


def ask(path: Path, ioctl: Ioctl) -> tuple[Capability | None, tuple[Mode, ...], str]:
    """Ask a node for its capability and modes; None and why if it does not answer."""
    try:
        node = os.open(path, v4l2.OPEN_FLAGS)
    except OSError as error:
        if error.errno in {errno.EACCES, errno.EPERM}:
            return None, (), ""
        return None, (), f"cannot be opened: {error.strerror}"
    try:
        capability = query(ioctl, node)
        modes = tuple(_modes(ioctl, node)) if capability.captures else ()
    except OSError as error:
        return None, (), f"does not answer: {error.strerror}"
    finally:
        os.close(node)
    return capability, modes, ""


def query(ioctl: Ioctl, node: int) -> Capability:
    """Ask an open node for its capability. Raises `OSError`."""
    answer = bytearray(104)
    ioctl(node, v4l2.VIDIOC_QUERYCAP, answer)
    driver, card, _, _, capabilities, device_caps = struct.unpack_from("16s32s32sIII", answer)
    flags = device_caps if capabilities & v4l2.CAP_DEVICE_CAPS else capabilities
    able = (bool(flags & one) for one in (v4l2.CAP_CAPTURE, v4l2.CAP_OUTPUT, v4l2.CAP_M2M))
    return Capability(_words(driver), _words(card), *able)


def _words(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode(errors="replace")


def _modes(ioctl: Ioctl, node: int) -> Iterator[Mode]:
    for buffer_type in (v4l2.BUF_TYPE_CAPTURE, v4l2.BUF_TYPE_CAPTURE_MPLANE):
        for answer in _enumerate(ioctl, node, v4l2.VIDIOC_ENUM_FMT, 64, buffer_type):
            (code,) = struct.unpack_from("I", answer, 44)
            name = fourcc_words(code.to_bytes(4, "little"))
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
    """List the sizes of a format; of a range its ends, and the common sizes in it."""
    for answer in _enumerate(ioctl, node, v4l2.VIDIOC_ENUM_FRAMESIZES, 44, code):
        kind, width, height_or_most = struct.unpack_from("3I", answer, 8)
        if kind == DISCRETE:
            yield width, height_or_most
            continue
        across, down = struct.unpack_from("3I", answer, 12), struct.unpack_from("3I", answer, 24)
        yield across[0], down[0]
        for width, height in COMMON_SIZES:
            if _in_range(width, *across) and _in_range(height, *down):
                yield width, height
        yield across[1], down[1]
        return


def _in_range(value: int, least: int, most: int, step: int) -> bool:
    return least < value < most and (value - least) % max(step, 1) == 0


def _rates(ioctl: Ioctl, node: int, code: int, width: int, height: int) -> Iterator[float]:
    """List the frame rates of a size; of a range only its ends."""
    entries = _enumerate(ioctl, node, v4l2.VIDIOC_ENUM_FRAMEINTERVALS, 52, code, width, height)
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
