"""Every format that a webcam gives, as BGR."""

import cv2
import numpy as np
import pytest

from sana_vcam.media.camera.decode import PictureFormat, decode
from sana_vcam.media.v4l2.modes import DECODABLE

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
    if pixel_format == "GREY":
        return cv2.cvtColor(BGR, cv2.COLOR_BGR2GRAY).tobytes()
    names = {"YUYV": "YUYV", "UYVY": "UYVY", "YVYU": "YVYU"}
    return cv2.cvtColor(BGR, getattr(cv2, f"COLOR_BGR2YUV_{names[pixel_format]}")).tobytes()


@pytest.mark.parametrize("pixel_format", DECODABLE)
def test_the_colours_are_right(pixel_format):
    picture = decode(encoded(pixel_format), PictureFormat(pixel_format, WIDTH, HEIGHT, 0))

    expected = BGR
    if pixel_format == "GREY":
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
