"""What stands for the card: a picture of one's own, read as if an enemy had put it there."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from sana_vcam.media.away import MOST_BYTES, NotShown, read_away
from sana_vcam.media.pixels import Pixels, black_i420, cv2, to_i420

SIZE = (64, 36)


def picture(path: Path, pixels: Pixels) -> str:
    path.write_bytes(cv2.imencode(path.suffix, pixels)[1].tobytes())
    return str(path)


def grey(width: int, height: int, channels: int = 3) -> Pixels:
    return np.full((height, width, channels), 100, np.uint8)


def test_the_words():
    assert read_away("card", SIZE, "crop") is None
    black = read_away("black", SIZE, "crop")
    assert black is not None
    assert black.source == "black"
    assert np.array_equal(black.i420, black_i420(*SIZE))


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp"])
def test_a_picture_of_any_size_fills_the_sink(tmp_path, ending):
    for width, height in ((64, 36), (301, 77), (3, 200)):
        shown = read_away(picture(tmp_path / f"a{ending}", grey(width, height)), SIZE, "crop")
        assert shown is not None
        assert shown.source == "slate"
        expected = to_i420(grey(*SIZE)).astype(int)
        assert np.abs(shown.i420.astype(int) - expected).max() <= 2
    barred = read_away(picture(tmp_path / f"a{ending}", grey(36, 36)), SIZE, "pad")
    assert barred is not None
    assert abs(int(barred.i420[18, 0]) - 16) <= 1, "a bar"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def huge(path: Path) -> Path:
    """A picture of 400 megapixels in a few bytes."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(20_001 * 100)))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IEND", b""))
    return path


def filled(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda path: path, "there is no such file"),
        (lambda path: path.parent, "Is a directory"),
        (fifo, "it is a FIFO"),
        (lambda path: filled(path, bytes(MOST_BYTES + 1)), "it has more than 16000000 bytes"),
        (lambda path: filled(path, b""), ""),
        (lambda path: filled(path, b"no picture at all"), ""),
        (lambda path: filled(path, b"\x89PNG\r\n\x1a\n" + bytes(100)), ""),
        (huge, ""),
    ],
    ids=["none", "folder", "fifo", "large", "empty", "text", "damaged", "huge"],
)
def test_what_is_no_picture_is_one_sentence(tmp_path, make, why):
    path = make(tmp_path / "a.png")
    with pytest.raises(NotShown) as refused:
        read_away(str(path), SIZE, "crop")
    said = str(refused.value)
    assert said.startswith(f"{path}: {why}")
    assert len(said) > len(f"{path}: ")
    assert "\n" not in said
