"""Image files that may come from a stranger: measured before they are decoded, and made anew.

Only pixels are taken over: no metadata, no comment, no second picture, nothing behind the end.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sana_vcam.media.pixels import Pixels, cv2, to_jpeg

MOST_SIDE = 2048
"""The longest side of an image that is made anew, in pixels; a larger one is scaled down."""
MOST_PIXELS = 2**25
"""A larger image is refused rather than decoded: 34 megapixels are 100 MB as BGR."""
QUALITY = 92
PREVIEW_SIDE = 160
PREVIEW_QUALITY = 75

_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
_NO_FRAMES = frozenset({0xC4, 0xC8, 0xCC})
"""The markers from C0 to CF that begin no frame (ITU-T T.81, table B.1)."""
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
"""JPEG's markers without a length."""


class NoImage(ValueError):
    """Bytes of which no image is made; the message says why, after the image's name."""


@dataclass(frozen=True, slots=True)
class RemadeImage:
    """An image file that was made here, of the pixels of another one."""

    data: bytes = field(repr=False)
    """JPEG, or PNG where a part can be seen through."""
    ending: str
    """`jpg` or `png`."""
    width: int
    height: int
    preview: bytes = field(repr=False)
    """A small JPEG of it, at most `PREVIEW_SIDE` wide and high."""


def measure(data: bytes) -> tuple[int, int] | None:
    """Read width and height from the head of a PNG, JPEG or WebP file; None for another one.

    PNG: ISO/IEC 15948, 11.2.1. JPEG: ITU-T T.81, B.2.2. WebP: RFC 9649, 2.5 to 2.7.
    """
    if data.startswith(_PNG) and data[12:16] == b"IHDR":
        return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    if data.startswith(_JPEG):
        return _measure_jpeg(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _measure_webp(data)
    return None


def remake(data: bytes, *, most_pixels: int = MOST_PIXELS) -> RemadeImage:
    """Make an image file of the pixels of a PNG, JPEG or WebP file. Blocks. Raises `NoImage`."""
    size = measure(data)
    if size is None or 0 in size:
        raise NoImage("is no PNG, JPEG or WebP image")
    width, height = size
    if width * height > most_pixels:
        most = most_pixels / 1e6
        raise NoImage(f"is {width}x{height} pixels; at most {most:.0f} million are taken")
    pixels = _scaled(_decode(data, size), MOST_SIDE)
    small = _scaled(pixels, PREVIEW_SIDE)
    if pixels.shape[2] == 4:
        made, ending = cv2.imencode(".png", pixels)[1].tobytes(), "png"
        small = _on_grey(small)
    else:
        made, ending = to_jpeg(pixels, QUALITY), "jpg"
    height, width = pixels.shape[:2]
    return RemadeImage(made, ending, width, height, to_jpeg(small, PREVIEW_QUALITY))


def _decode(data: bytes, size: tuple[int, int]) -> Pixels:
    """Decode to (h, w, 3) BGR, or (h, w, 4) BGRA where a part can be seen through."""
    # A photo is turned upright; OpenCV does that only when it also makes it BGR.
    flags = cv2.IMREAD_COLOR if data.startswith(_JPEG) else cv2.IMREAD_UNCHANGED
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error:
        pixels = None
    if pixels is None or sorted(pixels.shape[:2]) != sorted(size):
        raise NoImage("is damaged")
    if pixels.dtype != np.uint8:
        pixels = (pixels >> 8).astype(np.uint8)
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        return cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR)
    if pixels.shape[2] == 4 and pixels[..., 3].min() == 255:
        return cv2.cvtColor(pixels, cv2.COLOR_BGRA2BGR)
    return pixels


def _scaled(pixels: Pixels, most_side: int) -> Pixels:
    height, width = pixels.shape[:2]
    share = most_side / max(width, height)
    if share >= 1:
        return pixels
    size = (max(1, round(width * share)), max(1, round(height * share)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def _on_grey(pixels: Pixels) -> Pixels:
    """Lay (h, w, 4) BGRA on grey."""
    seen = pixels[..., 3:].astype(np.uint16)
    mixed = (pixels[..., :3] * seen + 128 * (255 - seen)) // 255
    return mixed.astype(np.uint8)


def _measure_jpeg(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF or marker in _BARE:
            at += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4])
        if 0xC0 <= marker <= 0xCF and marker not in _NO_FRAMES:
            return int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])
        if marker == 0xDA or length < 2:
            return None
        at += 2 + length
    return None


def _measure_webp(data: bytes) -> tuple[int, int] | None:
    kind, body = data[12:16], data[20:30]
    if len(body) < 10:
        return None
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8 ":
        sides = (int.from_bytes(body[at : at + 2], "little") & 0x3FFF for at in (6, 8))
        width, height = sides
        return width, height
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return None
