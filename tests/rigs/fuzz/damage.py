"""Whole files and pictures of many kinds, and what chance makes of them; the same for each seed."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from tests.unit.media.camera.clips import EXIF, MATRICES, MS, drawing, make_clip, make_gif
from tests.unit.media.camera.clips import make_photo as make_still

SIZES = ((64, 48), (48, 64), (66, 34), (130, 98))
RATES = (5, 24, 60, 240)
CODECS = {
    "mp4": ("mpeg4", "libx264"),
    "mov": ("mpeg4", "mjpeg"),
    "mkv": ("mpeg4", "ffv1", "libx264", "libvpx-vp9"),
    "webm": ("libvpx-vp9",),
    "avi": ("mpeg4", "mjpeg", "rawvideo"),
    "ts": ("mpeg2video", "libx264"),
    "mpg": ("mpeg2video",),
}
FORMATS = {"mjpeg": "yuvj420p", "ffv1": "yuv444p", "rawvideo": "bgr24"}
PHOTOS = ("jpg", "png", "webp", "tif", "bmp", "gif")
EXTREMES = (0, 1, 0x7F, 0x80, 0xFF)


def whole_files() -> dict[str, bytes]:
    """Make one small file of each kind: containers, codecs, orientations, stamps, photos."""
    made: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as folder:
        for ending, codecs in CODECS.items():
            for number, codec in enumerate(codecs):
                path = Path(folder) / f"{codec}.{ending}"
                rate = 25 if codec == "mpeg2video" else RATES[number % len(RATES)]
                size = SIZES[(number + len(made)) % len(SIZES)]
                make_clip(
                    path,
                    size=size,
                    fps=rate,
                    codec=codec,
                    pix_fmt=FORMATS.get(codec, "yuv420p"),
                    sar=Fraction(64, 45) if ending == "mpg" else None,
                )
                made[path.name] = path.read_bytes()
        for number, matrix in enumerate(MATRICES):
            path = make_clip(Path(folder) / f"{number}.mp4", matrix=matrix)
            made[f"{matrix}.mp4"] = path.read_bytes()
        for ending in ("mkv", "mp4"):
            path = Path(folder) / f"jump.{ending}"
            stamps = [0, 42, 84, 600_000, 600_042]
            made[path.name] = make_clip(path, stamps=stamps, time_base=MS).read_bytes()
        made["slides.gif"] = make_gif(Path(folder) / "slides.gif", ms=3000).read_bytes()
        for ending in PHOTOS:
            made[f"photo.{ending}"] = make_still(Path(folder) / f"photo.{ending}").read_bytes()
        for orientation in EXIF:
            path = make_still(Path(folder) / "exif.jpg", orientation=orientation)
            made[f"exif {orientation}.jpg"] = path.read_bytes()
    return made


def whole_pictures() -> dict[str, bytes]:
    """Make a JPEG of each kind that cameras give."""
    rng = np.random.default_rng(3)
    scene = drawing(4, (160, 120)).astype(int) + rng.normal(0, 8, (120, 160, 3))
    pixels = np.clip(scene, 0, 255).astype(np.uint8)
    kinds = {
        "4:2:0": (),
        "4:2:2": (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422),
        "4:4:4": (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444),
        "coarse": (cv2.IMWRITE_JPEG_QUALITY, 20),
        "own tables": (cv2.IMWRITE_JPEG_OPTIMIZE, 1),
        "restart markers": (cv2.IMWRITE_JPEG_RST_INTERVAL, 3),
        "progressive": (cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
    }
    made = {
        name: cv2.imencode(".jpg", pixels, list(options))[1].tobytes()
        for name, options in kinds.items()
    }
    for mode in ("L", "CMYK"):
        file = io.BytesIO()
        Image.fromarray(pixels).convert(mode).save(file, "JPEG")
        made[mode] = file.getvalue()
    return made


def damaged(whole: bytes, rng: np.random.Generator) -> bytes:
    """Do one to three things to a file that happen to files, and some that only an enemy does."""
    data = whole
    for _ in range(1 + int(rng.integers(3) * rng.integers(2))):
        way = WAYS[int(rng.integers(len(WAYS)))]
        data = way(data, rng) if data else data
    return data


def _place(data: bytes, rng: np.random.Generator) -> int:
    """Choose a place; half of them lie in the first 300 bytes, where the headers are."""
    end = min(300, len(data)) if rng.integers(2) else len(data)
    return int(rng.integers(end))


def _flip(data: bytes, rng: np.random.Generator) -> bytes:
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 12))):
        out[_place(data, rng)] ^= 1 << int(rng.integers(8))
    return bytes(out)


def _extreme(data: bytes, rng: np.random.Generator) -> bytes:
    """Set a number of one to eight bytes to the largest, the least, or one beside them."""
    at, size = _place(data, rng), int(rng.integers(1, 9))
    byte = EXTREMES[int(rng.integers(len(EXTREMES)))]
    return data[:at] + bytes([byte] * size) + data[at + size :]


def _zeros(data: bytes, rng: np.random.Generator) -> bytes:
    at, size = _place(data, rng), int(rng.integers(1, 2000))
    return data[:at] + bytes(min(size, len(data) - at)) + data[at + size :]


def _cut(data: bytes, rng: np.random.Generator) -> bytes:
    return data[: _place(data, rng)]


def _lose(data: bytes, rng: np.random.Generator) -> bytes:
    at, size = _place(data, rng), int(rng.integers(1, 3000))
    return data[:at] + data[at + size :]


def _repeat(data: bytes, rng: np.random.Generator) -> bytes:
    at, size = _place(data, rng), int(rng.integers(1, 3000))
    return data[: at + size] + data[at:]


def _noise(data: bytes, rng: np.random.Generator) -> bytes:
    at, size = _place(data, rng), int(rng.integers(1, 200))
    return data[:at] + rng.bytes(size) + data[at + size :]


WAYS: tuple[Callable[[bytes, np.random.Generator], bytes], ...] = (
    _flip,
    _flip,
    _extreme,
    _extreme,
    _zeros,
    _cut,
    _lose,
    _repeat,
    _noise,
)
