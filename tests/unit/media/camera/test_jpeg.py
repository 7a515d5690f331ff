"""The JPEGs of cameras: what lacks nothing but its end is shown, what is torn is not."""

import io
import struct

import cv2
import numpy as np
import pytest
from PIL import Image

from sana_vcam.media.camera import jpeg
from sana_vcam.media.camera.jpeg import EOI, decode_jpeg

WIDTH, HEIGHT = 320, 240


def scene():
    rng = np.random.default_rng(3)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    plain = np.dstack([x * 255 // WIDTH, y * 255 // HEIGHT, (x + y) % 256])
    return np.clip(plain + rng.normal(0, 6, plain.shape), 0, 255).astype(np.uint8)


SCENE = scene()


def encoded(picture=SCENE, *, quality=85, optimize=0, restart=0, progressive=0, sampling=None):
    options = [
        *(cv2.IMWRITE_JPEG_QUALITY, quality),
        *(cv2.IMWRITE_JPEG_OPTIMIZE, optimize),
        *(cv2.IMWRITE_JPEG_RST_INTERVAL, restart),
        *(cv2.IMWRITE_JPEG_PROGRESSIVE, progressive),
    ]
    if sampling is not None:
        options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    return cv2.imencode(".jpg", picture, options)[1].tobytes()


def by_pillow(mode):
    file = io.BytesIO()
    Image.fromarray(SCENE[:, :, ::-1]).convert(mode).save(file, "JPEG", quality=85)
    return file.getvalue()


def without_tables(data):
    """As many webcams send it: the usual Huffman tables are left out."""
    out, at = bytearray(data[:2]), 2
    while data[at + 1] != jpeg.SOS:
        length = struct.unpack(">H", data[at + 2 : at + 4])[0]
        if data[at + 1] != jpeg.DHT:
            out += data[at : at + 2 + length]
        at += 2 + length
    return bytes(out + data[at:])


KINDS = {
    "4:2:0": encoded(),
    "4:2:2": encoded(sampling=cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422),
    "4:4:4": encoded(sampling=cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444),
    "4:4:0": encoded(sampling=cv2.IMWRITE_JPEG_SAMPLING_FACTOR_440),
    "coarse": encoded(quality=30),
    "own tables": encoded(optimize=1),
    "no tables": without_tables(encoded()),
    "restart markers": encoded(restart=4),
    "many restart markers": encoded(restart=1),
    "progressive": encoded(progressive=1),
    "grey": by_pillow("L"),
    "CMYK": by_pillow("CMYK"),
    "odd": encoded(SCENE[:239, :317]),
    "small": encoded(SCENE[:9, :9]),
    "black": encoded(np.zeros_like(SCENE)),
    "black, own tables": encoded(np.zeros_like(SCENE), optimize=1),
    "white": encoded(np.full_like(SCENE, 255)),
    "flat below": encoded(np.vstack([SCENE[:120], np.full((120, WIDTH, 3), 90, np.uint8)])),
}
ENDS = {
    "whole": lambda data: data,
    "no end marker": lambda data: data[:-2],
    "half an end marker": lambda data: data[:-1],
    "filled up with zeros": lambda data: data + bytes(5000),
    "filled up, no end marker": lambda data: data[:-2] + bytes(64),
    "a fill byte": lambda data: data[:-2] + b"\xff" + EOI,
    "behind rubbish": lambda data: bytes(16) + data,
    "before another": lambda data: data + data,
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_lacks_at_most_its_end_marker_is_shown(kind):
    data = KINDS[kind]
    plain = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)

    for name, end in ENDS.items():
        picture = decode_jpeg(end(data))
        assert picture is not None, name
        assert np.array_equal(picture, plain), name


BASELINE = sorted(set(KINDS) - {"progressive", "small", "black", "black, own tables", "white"})


@pytest.mark.parametrize("kind", BASELINE)
def test_a_picture_that_is_cut_off_is_torn(kind):
    data = KINDS[kind]

    for part in (0.05, 0.3, 0.5, 0.9):
        for end in (b"", EOI, bytes(5000), bytes(5000) + EOI):
            assert decode_jpeg(data[: int(len(data) * part)] + end) is None, (part, len(end))


@pytest.mark.parametrize("kind", sorted(set(BASELINE) - {"flat below", "odd", "grey"}))
def test_a_picture_with_a_hole_of_zeros_is_torn(kind):
    data = KINDS[kind]

    for part in (0.2, 0.5, 0.8):
        at = int(len(data) * part)
        for size in (64, 512, 2000):
            assert decode_jpeg(data[:at] + bytes(size) + data[at + size :]) is None, (part, size)


@pytest.mark.parametrize("kind", ["4:2:0", "4:2:2", "4:4:4", "no tables", "restart markers"])
def test_a_picture_that_lost_a_packet_is_torn(kind):
    data = KINDS[kind]

    for part in (0.2, 0.5, 0.8):
        at = int(len(data) * part)
        assert decode_jpeg(data[:at] + data[at + 3072 :]) is None, part


def test_lost_restart_markers_are_noticed():
    data = KINDS["restart markers"]
    first = data.index(b"\xff\xd0")
    second = data.index(b"\xff\xd1", first)

    assert decode_jpeg(data[:first] + data[second:]) is None
    assert decode_jpeg(data.replace(b"\xff\xd3", b"\xff\xd5", 1)) is None


def test_a_few_bytes_missing_at_the_end_are_not_seen():
    data = KINDS["4:2:2"]

    for missing in (1, 2, 8, 20):
        assert decode_jpeg(data[: -2 - missing]) is not None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"\xff\xd8",
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xd9",
        bytes(40000),
        b"\xff" * 40000,
        KINDS["4:2:0"][:300],
        b"\xff\xd8\xff\xc0\x00\x02",
        b"\xff\xd8\xff\xc0\x00\x01" + bytes(100),
        b"\x89PNG\r\n\x1a\n" + bytes(100),
    ],
)
def test_what_is_no_picture_is_none(data):
    assert decode_jpeg(data) is None


def test_a_size_that_no_camera_has_is_refused_before_it_is_decoded():
    data = KINDS["4:2:0"]
    at = data.index(b"\xff\xc0") + 5
    huge = data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :]

    assert decode_jpeg(huge) is None


def test_what_rests_of_an_older_picture_in_the_buffer_is_left_out():
    old = KINDS["own tables"]
    new = KINDS["4:2:0"]
    plain = cv2.imdecode(np.frombuffer(new, np.uint8), cv2.IMREAD_COLOR)

    assert np.array_equal(decode_jpeg(new + old[len(old) // 2 :]), plain)
