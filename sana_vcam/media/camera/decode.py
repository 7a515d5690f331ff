"""The decoding of a camera's buffers to BGR, for the formats that webcams give, of any size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sana_vcam.media.camera.jpeg import decode_jpeg
from sana_vcam.media.pixels import Pixels, cv2
from sana_vcam.media.v4l2.modes import COMPRESSED

PACKED = {
    "YUYV": (2, "COLOR_YUV2BGR_YUYV"),
    "UYVY": (2, "COLOR_YUV2BGR_UYVY"),
    "YVYU": (2, "COLOR_YUV2BGR_YVYU"),
    "RGB3": (3, "COLOR_RGB2BGR"),
    "BGR3": (3, ""),
    "GREY": (1, "COLOR_GRAY2BGR"),
}
"""Bytes of each pixel in a line, and OpenCV's conversion."""
GREYS = {"Y10": 2, "Y12": 4, "Y14": 6, "Y16": 8}
"""Infrared and scientific cameras: 16 bits a pixel, and by how many they exceed eight."""
PLANAR = {
    "NV12": ("COLOR_YUV2BGR_NV12", 1),
    "NV21": ("COLOR_YUV2BGR_NV21", 1),
    "YU12": ("COLOR_YUV2BGR_I420", 2),
    "YV12": ("COLOR_YUV2BGR_YV12", 2),
}
"""OpenCV's conversion, and the planes of colour, at a half of the size each way: both colours in
one, or one in each."""
NEUTRAL = 128
"""Colour of a pixel that has none."""


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """What a camera streams. `line_bytes` is 0 for compressed pictures."""

    pixel_format: str
    width: int
    height: int
    line_bytes: int


def decode(data: bytes, fmt: PictureFormat) -> Pixels | None:
    """Decode one picture to (h, w, 3) BGR; None for one that is torn or short."""
    if fmt.pixel_format in COMPRESSED:
        return decode_jpeg(data)
    raw = np.frombuffer(data, np.uint8)
    if fmt.pixel_format in PLANAR:
        return _planar(raw, fmt)
    if fmt.pixel_format in GREYS:
        return _deep_grey(raw, fmt)
    return _packed(raw, fmt)


def _packed(raw: Pixels, fmt: PictureFormat) -> Pixels | None:
    pixel_bytes, conversion = PACKED[fmt.pixel_format]
    lines = _lines(raw, fmt, fmt.width * pixel_bytes, fmt.height)
    if lines is None:
        return None
    pixels = lines.reshape(fmt.height, fmt.width, pixel_bytes)
    if not conversion:
        return pixels
    if pixel_bytes == 2 and fmt.width % 2:
        return _of_pairs(pixels, conversion)
    return cv2.cvtColor(pixels, getattr(cv2, conversion))


def _of_pairs(pixels: Pixels, conversion: str) -> Pixels:
    """Convert lines of pairs that share their colours, where the last pixel lacks its other half.

    Its second colour is the pair's before.
    """
    height, width = pixels.shape[:2]
    whole = np.empty((height, width + 1, 2), np.uint8)
    whole[:, :width] = pixels
    whole[:, width] = pixels[:, width - 2] if width > 1 else NEUTRAL
    luma = 1 if conversion.endswith("UYVY") else 0
    whole[:, width, luma] = pixels[:, width - 1, luma]
    return cv2.cvtColor(whole, getattr(cv2, conversion))[:, :width]


def _planar(raw: Pixels, fmt: PictureFormat) -> Pixels | None:
    """Convert a plane of brightness and those of colour, which are rounded up to whole pixels."""
    conversion, planes = PLANAR[fmt.pixel_format]
    width, height = fmt.width, fmt.height
    line = max(fmt.line_bytes, width)
    across, down = -(-width // 2) * (2 // planes), -(-height // 2)
    colour_line = -(-line // 2) * (2 // planes)
    size, colour_size = line * height, colour_line * down
    # Drivers that round the other way give a little less than that.
    if raw.size < size + (line * height) // 2:
        return None
    even = width % 2 == 0 and height % 2 == 0
    if even and line == width:
        used = raw[: size * 3 // 2].reshape(height * 3 // 2, width)
        return cv2.cvtColor(used, getattr(cv2, conversion))
    whole = np.full((down * 3, 2 * -(-width // 2)), NEUTRAL, np.uint8)
    luma = whole[: 2 * down]
    luma[:height, :width] = raw[:size].reshape(height, line)[:, :width]
    luma[height:], luma[:, width:] = luma[height - 1], luma[:, width - 1 : width]
    colours = whole[2 * down :].reshape(planes, down, across)
    rest = raw[size : size + planes * colour_size]
    padded = np.full(planes * colour_size, NEUTRAL, np.uint8)
    padded[: rest.size] = rest
    colours[:] = padded.reshape(planes, down, colour_line)[:, :, :across]
    return cv2.cvtColor(whole, getattr(cv2, conversion))[:height, :width]


def _deep_grey(raw: Pixels, fmt: PictureFormat) -> Pixels | None:
    lines = _lines(raw, fmt, fmt.width * 2, fmt.height)
    if lines is None:
        return None
    deep = lines.view("<u2") >> GREYS[fmt.pixel_format]
    return cv2.cvtColor(np.minimum(deep, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR)


def _lines(raw: Pixels, fmt: PictureFormat, used: int, count: int) -> Pixels | None:
    """Cut the padding off the lines; None if they are not all there."""
    line = max(fmt.line_bytes, used)
    # The last line's padding may be left out.
    if raw.size < line * (count - 1) + used:
        return None
    if raw.size >= line * count:
        return np.ascontiguousarray(raw[: line * count].reshape(count, line)[:, :used])
    padded = np.zeros(line * count, np.uint8)
    padded[: raw.size] = raw
    return np.ascontiguousarray(padded.reshape(count, line)[:, :used])
