"""The decoding of a camera's buffers to BGR, for the formats that webcams give."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sana_vcam.media.pixels import Pixels, cv2
from sana_vcam.media.v4l2.modes import COMPRESSED

LAYOUTS = {
    "YUYV": (1, 2, "COLOR_YUV2BGR_YUYV"),
    "UYVY": (1, 2, "COLOR_YUV2BGR_UYVY"),
    "YVYU": (1, 2, "COLOR_YUV2BGR_YVYU"),
    "RGB3": (1, 3, "COLOR_RGB2BGR"),
    "BGR3": (1, 3, ""),
    "GREY": (1, 1, "COLOR_GRAY2BGR"),
    "NV12": (1.5, 1, "COLOR_YUV2BGR_NV12"),
    "NV21": (1.5, 1, "COLOR_YUV2BGR_NV21"),
    "YU12": (1.5, 1, "COLOR_YUV2BGR_I420"),
    "YV12": (1.5, 1, "COLOR_YUV2BGR_YV12"),
}
"""Lines for each of the picture's, bytes of each pixel in a line, and OpenCV's conversion. The last
four begin with a full plane of brightness; colour's lines, if as wide, are padded as its are."""


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """What a camera streams. `line_bytes` is 0 for compressed pictures."""

    pixel_format: str
    width: int
    height: int
    line_bytes: int


def decode(data: bytes, fmt: PictureFormat) -> Pixels | None:
    """Decode one picture to (h, w, 3) BGR; None for one that is torn or short."""
    raw = np.frombuffer(data, np.uint8)
    if fmt.pixel_format in COMPRESSED:
        return cv2.imdecode(raw, cv2.IMREAD_COLOR) if raw.size else None
    parts, pixel_bytes, conversion = LAYOUTS[fmt.pixel_format]
    count, used = int(fmt.height * parts), fmt.width * pixel_bytes
    line = max(fmt.line_bytes, used)
    if raw.size < line * count:
        return None
    lines = np.ascontiguousarray(raw[: line * count].reshape(count, line)[:, :used])
    pixels = lines.reshape(count, fmt.width, pixel_bytes)
    return cv2.cvtColor(pixels, getattr(cv2, conversion)) if conversion else pixels
