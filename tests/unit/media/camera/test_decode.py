"""Every format that a webcam gives, as BGR."""

import cv2
import numpy as np
import pytest

from sana_vcam.media.camera.decode import PictureFormat, decode
from sana_vcam.media.v4l2.modes import COMPRESSED, DECODABLE
from sana_vcam.media.v4l2.modes import GREY as GREYS

WIDTH, HEIGHT = 64, 32
BGR = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
BGR[:, : WIDTH // 2] = (200, 60, 30)
BGR[HEIGHT // 2 :, WIDTH // 2 :] = (20, 180, 90)


def i420():
    return cv2.cvtColor(BGR, cv2.COLOR_BGR2YUV_I420)


def planes():
    flat = i420().ravel()
    size = WIDTH * HEIGHT
    return flat[:size], flat[size : size * 5 // 4], flat[size * 5 // 4 :]


def encoded(pixel_format):
    y, u, v = planes()
    interleaved = {"NV12": (u, v), "NV21": (v, u)}
    if pixel_format in {"MJPG", "JPEG"}:
        return cv2.imencode(".jpg", BGR, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
    if pixel_format in interleaved:
        return y.tobytes() + np.stack(interleaved[pixel_format], axis=1).tobytes()
    if pixel_format in {"YU12", "YV12"}:
        return b"".join(p.tobytes() for p in ((y, u, v) if pixel_format == "YU12" else (y, v, u)))
    if pixel_format in {"BGR3", "RGB3"}:
        return (BGR if pixel_format == "BGR3" else BGR[:, :, ::-1]).tobytes()
    if pixel_format in GREYS:
        grey = cv2.cvtColor(BGR, cv2.COLOR_BGR2GRAY)
        if pixel_format == "GREY":
            return grey.tobytes()
        bits = int(pixel_format[1:])
        return (grey.astype("<u2") << (bits - 8)).tobytes()
    names = {"YUYV": "YUYV", "UYVY": "UYVY", "YVYU": "YVYU"}
    return cv2.cvtColor(BGR, getattr(cv2, f"COLOR_BGR2YUV_{names[pixel_format]}")).tobytes()


@pytest.mark.parametrize("pixel_format", DECODABLE)
def test_the_colours_are_right(pixel_format):
    picture = decode(encoded(pixel_format), PictureFormat(pixel_format, WIDTH, HEIGHT, 0))

    expected = BGR
    if pixel_format in GREYS:
        expected = cv2.cvtColor(cv2.cvtColor(BGR, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    assert picture.shape == (HEIGHT, WIDTH, 3)
    inner = np.abs(picture.astype(int) - expected)[4:12, 8:24]
    assert inner.max() <= 12


@pytest.mark.parametrize("pixel_format", ["YUYV", "BGR3", "GREY", "NV12"])
def test_padded_lines_are_cut(pixel_format):
    data = np.frombuffer(encoded(pixel_format), np.uint8)
    lines = HEIGHT * 3 // 2 if pixel_format == "NV12" else HEIGHT
    line = data.size // lines
    padded = np.full((lines, line + 32), 77, np.uint8)
    padded[:, :line] = data.reshape(lines, line)

    plain = decode(data.tobytes(), PictureFormat(pixel_format, WIDTH, HEIGHT, line))
    fmt = PictureFormat(pixel_format, WIDTH, HEIGHT, line + 32)
    assert np.array_equal(decode(padded.tobytes(), fmt), plain)


@pytest.mark.parametrize("pixel_format", DECODABLE)
def test_a_short_picture_is_none(pixel_format):
    fmt = PictureFormat(pixel_format, WIDTH, HEIGHT, 0)
    assert decode(b"", fmt) is None
    assert decode(encoded(pixel_format)[:20], fmt) is None


def test_what_is_read_belongs_to_the_reader():
    data = encoded("BGR3")
    picture = decode(data, PictureFormat("BGR3", WIDTH, HEIGHT, 0))
    assert picture.tobytes() == data


# Sizes that are not even


SIZES = [(65, 33), (64, 33), (65, 32), (853, 480), (640, 361), (1, 1), (2, 1), (1, 2), (3, 3)]


def ramp(width, height):
    """A picture that is smooth, so that shared colours do not show."""
    y, x = np.mgrid[0:height, 0:width]
    return np.dstack([80 + x * 60 // max(width, 60), 90 + y * 60 // max(height, 60), 0 * x + 120])


def stored(pixel_format, bgr, line_bytes=0, *, floor=False):
    """The picture as a driver lays it out: the planes of colour are rounded up to whole pixels."""
    height, width = bgr.shape[:2]
    even = np.pad(bgr, ((0, height % 2), (0, width % 2), (0, 0)), "edge").astype(np.uint8)
    rows, columns = even.shape[0], even.shape[1]
    if pixel_format in {"YUYV", "UYVY", "YVYU"}:
        packed = cv2.cvtColor(even, getattr(cv2, f"COLOR_BGR2YUV_{pixel_format}"))
        lines = [packed[row, :width].tobytes() for row in range(height)]
        return b"".join(line.ljust(line_bytes, b"M") for line in lines)
    flat = cv2.cvtColor(even, cv2.COLOR_BGR2YUV_I420).ravel()
    luma = flat[: rows * columns].reshape(rows, columns)[:height, :width]
    u, v = flat[rows * columns :].reshape(2, rows // 2, columns // 2)
    line = max(line_bytes, width)
    planes = {"YU12": [u, v], "YV12": [v, u]}.get(pixel_format)
    if planes is None:
        first, second = (u, v) if pixel_format == "NV12" else (v, u)
        planes = [np.stack([first, second], axis=2).reshape(rows // 2, columns)]
    colour_line = -(-line // 2) * (2 // len(planes))
    parts = [row.tobytes().ljust(line, b"M") for row in luma]
    parts += [row.tobytes().ljust(colour_line, b"M") for plane in planes for row in plane]
    data = b"".join(parts)
    return data[: line * height * 3 // 2] if floor else data


@pytest.mark.parametrize("pixel_format", ["YUYV", "UYVY", "YVYU", "NV12", "NV21", "YU12", "YV12"])
def test_any_size_is_decoded(pixel_format):
    for width, height in SIZES:
        for padding in (0, 7, 32):
            bgr = ramp(width, height)
            line = (width * 2 if pixel_format in {"YUYV", "UYVY", "YVYU"} else width) + padding
            fmt = PictureFormat(pixel_format, width, height, line)
            picture = decode(stored(pixel_format, bgr, line), fmt)

            assert picture.shape == (height, width, 3)
            if width > 1:
                assert np.abs(picture.astype(int) - bgr).max() <= 12, fmt
            else:
                assert np.abs(picture.mean(axis=2) - bgr.mean(axis=2)).max() <= 40, fmt


@pytest.mark.parametrize("pixel_format", ["NV12", "NV21", "YU12", "YV12"])
def test_a_driver_may_round_the_planes_of_an_odd_picture_down(pixel_format):
    data = stored(pixel_format, ramp(853, 479), floor=True)
    picture = decode(data, PictureFormat(pixel_format, 853, 479, 853))

    assert picture.shape == (479, 853, 3)
    assert np.abs(picture.astype(int) - ramp(853, 479))[:470].max() <= 12


@pytest.mark.parametrize("pixel_format", sorted(set(DECODABLE) - set(COMPRESSED)))
def test_any_size_in_any_format_is_decoded_or_short(pixel_format):
    for width, height in SIZES:
        fmt = PictureFormat(pixel_format, width, height, 0)

        assert decode(bytes(width * height * 4 + 64), fmt).shape == (height, width, 3)
        assert decode(bytes(width * height // 2), fmt) is None


@pytest.mark.parametrize("pixel_format", ["YUYV", "BGR3", "GREY", "Y16"])
def test_the_padding_of_the_last_line_may_be_left_out(pixel_format):
    used = len(encoded(pixel_format)) // HEIGHT
    lines = np.frombuffer(encoded(pixel_format), np.uint8).reshape(HEIGHT, used)
    padded = np.pad(lines, ((0, 0), (0, 16))).tobytes()[:-16]
    fmt = PictureFormat(pixel_format, WIDTH, HEIGHT, used + 16)
    plain = decode(encoded(pixel_format), PictureFormat(pixel_format, WIDTH, HEIGHT, 0))

    assert np.array_equal(decode(padded, fmt), plain)


def test_more_bits_than_a_format_has_are_white():
    """Some infrared cameras fill the upper bits of a 10-bit pixel too."""
    data = np.full((4, 4), 0xFFFF, "<u2").tobytes()

    assert decode(data, PictureFormat("Y10", 4, 4, 0)).min() == 255
