"""Images of strangers: measured, decoded, and made anew."""

from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np
import pytest

from sana_vcam.media.images import MOST_SIDE, PREVIEW_SIDE, NoImage, measure, remake

RANDOM = np.random.default_rng(17)
NOISE = RANDOM.integers(0, 255, (30, 50, 3), np.uint8)


def encoded(ending: str, pixels: np.ndarray = NOISE, *options: int) -> bytes:
    return cv2.imencode(ending, pixels, list(options))[1].tobytes()


def decoded(data: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


SEEN_THROUGH = np.dstack([NOISE, np.full((30, 50), 90, np.uint8)])


@pytest.mark.parametrize(
    "data",
    [
        encoded(".png"),
        encoded(".jpg"),
        encoded(".webp"),
        encoded(".webp", NOISE, cv2.IMWRITE_WEBP_QUALITY, 60),
        encoded(".webp", SEEN_THROUGH, cv2.IMWRITE_WEBP_QUALITY, 60),
        encoded(".png", NOISE[..., 0]),
        encoded(".png", NOISE.astype(np.uint16) * 257),
    ],
)
def test_each_kind_is_measured_and_made_anew(data: bytes) -> None:
    assert measure(data) == (50, 30)
    made = remake(data + b"<script>behind the end</script>")
    assert (made.width, made.height) == (50, 30)
    assert measure(made.data) == (50, 30)
    assert b"script" not in made.data


def test_what_can_be_seen_through_stays_so() -> None:
    made = remake(encoded(".png", SEEN_THROUGH))
    assert made.ending == "png"
    assert np.array_equal(decoded(made.data), SEEN_THROUGH)
    opaque = np.dstack([NOISE, np.full((30, 50), 255, np.uint8)])
    assert remake(encoded(".png", opaque)).ending == "jpg"


def test_a_large_one_is_scaled_down() -> None:
    made = remake(encoded(".png", np.zeros((20, MOST_SIDE * 2, 3), np.uint8)))
    assert (made.width, made.height) == (MOST_SIDE, 10)
    assert max(measure(made.preview)) == PREVIEW_SIDE


def test_no_metadata_is_taken_over() -> None:
    comment = b"\xff\xfe" + struct.pack(">H", 10) + b"my house"
    data = encoded(".jpg")
    made = remake(data[:2] + comment + data[2:])
    assert b"my house" not in made.data


def png_that_says(width: int, height: int) -> bytes:
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    return b"\x89PNG\r\n\x1a\n" + chunk + encoded(".png")[33:]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is no PNG, JPEG or WebP"),
        (b"GIF89a" + bytes(40), "is no PNG, JPEG or WebP"),
        (b"\x89PNG\r\n\x1a\n", "is no PNG, JPEG or WebP"),
        (b"\xff\xd8\xff\xda" + bytes(40), "is no PNG, JPEG or WebP"),
        (b"\xff\xd8\xff\xe0\x00\x00" + bytes(40), "is no PNG, JPEG or WebP"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "is no PNG, JPEG or WebP"),
        (b"RIFF\x10\x00\x00\x00WEBPXXXX" + bytes(40), "is no PNG, JPEG or WebP"),
        (png_that_says(0, 30), "is no PNG, JPEG or WebP"),
        (png_that_says(60_000, 60_000), "is 60000x60000 pixels; at most 34 million"),
        (png_that_says(5000, 5000), "is damaged"),
        (encoded(".png")[:-30], "is damaged"),
        (encoded(".jpg")[:300], "is damaged"),
    ],
)
def test_what_is_no_image_is_refused_before_it_is_decoded(data: bytes, words: str) -> None:
    with pytest.raises(NoImage, match=words):
        remake(data)
