"""The decoding of a camera's buffers to BGR, for the formats that webcams give.

OpenCV is imported at the first picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sana_vcam.media.v4l2.modes import COMPRESSED

if TYPE_CHECKING:
    from sana_vcam.media.pixels import Pixels

PACKED = {
    "YUYV": (2, "COLOR_YUV2BGR_YUYV"),
    "UYVY": (2, "COLOR_YUV2BGR_UYVY"),
    "YVYU": (2, "COLOR_YUV2BGR_YVYU"),
    "RGB3": (3, "COLOR_RGB2BGR"),
    "BGR3": (3, ""),
    "GREY": (1, "COLOR_GRAY2BGR"),
}
"""Bytes of a pixel, and OpenCV's conversion."""
PLANAR = {
    "NV12": "COLOR_YUV2BGR_NV12",
    "NV21": "COLOR_YUV2BGR_NV21",
    "YU12": "COLOR_YUV2BGR_I420",
    "YV12": "COLOR_YUV2BGR_YV12",
}
"""Twelve bits of a pixel, a full plane of brightness first."""


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """What a camera streams. `line_bytes` is 0 for compressed pictures."""

    pixel_format: str
    width: int
    height: int
    line_bytes: int


def decode(data: bytes, fmt: PictureFormat) -> Pixels | None:
    """One picture as (h, w, 3) BGR; None for one that is torn or short."""
    import cv2  # loaded with the first picture

    raw = np.frombuffer(data, np.uint8)
    if fmt.pixel_format in COMPRESSED:
        return _decode_jpeg(cv2, raw)
    if fmt.pixel_format in PACKED:
        return _decode_packed(cv2, raw, fmt)
    return _decode_planar(cv2, raw, fmt)


def _decode_jpeg(cv2: Any, raw: Pixels) -> Pixels | None:
    if not raw.size:
        return None
    picture: Pixels | None = cv2.imdecode(raw, cv2.IMREAD_COLOR)
    return picture


def _decode_packed(cv2: Any, raw: Pixels, fmt: PictureFormat) -> Pixels | None:
    pixel_bytes, conversion = PACKED[fmt.pixel_format]
    line = max(fmt.line_bytes, fmt.width * pixel_bytes)
    if raw.size < line * fmt.height:
        return None
    lines = raw[: line * fmt.height].reshape(fmt.height, line)[:, : fmt.width * pixel_bytes]
    pixels = np.ascontiguousarray(lines).reshape(fmt.height, fmt.width, pixel_bytes)
    picture: Pixels = cv2.cvtColor(pixels, getattr(cv2, conversion)) if conversion else pixels
    return picture


def _decode_planar(cv2: Any, raw: Pixels, fmt: PictureFormat) -> Pixels | None:
    """Decode planes; their lines may be padded where colour's are as wide as brightness's."""
    line = max(fmt.line_bytes, fmt.width)
    lines = fmt.height * 3 // 2
    if raw.size < line * lines:
        return None
    pixels = np.ascontiguousarray(raw[: line * lines].reshape(lines, line)[:, : fmt.width])
    picture: Pixels = cv2.cvtColor(pixels, getattr(cv2, PLANAR[fmt.pixel_format]))
    return picture
