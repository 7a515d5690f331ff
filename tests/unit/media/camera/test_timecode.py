"""The frame counter is read back after everything that happens to a picture on its way."""

import cv2
import numpy as np
import pytest

from sana_vcam.media import pixels
from sana_vcam.media.camera.testscene import SceneDrawing
from sana_vcam.media.camera.timecode import encode_counter, read_counter

NUMBERS = [0, 1, 0xFFFFFF, 0xAAAAAA, 0x555555, 123456, 0x00FF00]


@pytest.fixture(scope="module")
def scenes():
    return {size: SceneDrawing(*size).draw(3.3) for size in ((1280, 720), (1280, 704), (320, 176))}


def through_jpeg(picture, quality=40):
    jpeg = np.frombuffer(pixels.to_jpeg(picture, quality), np.uint8)
    return cv2.imdecode(jpeg, cv2.IMREAD_COLOR)


@pytest.mark.parametrize("size", [(1280, 720), (1280, 704), (320, 176)])
@pytest.mark.parametrize("number", NUMBERS)
def test_what_was_written_is_read(scenes, size, number):
    picture = scenes[size].copy()
    encode_counter(picture, number)

    assert read_counter(picture) == number
    assert read_counter(through_jpeg(picture)) == number


@pytest.mark.parametrize("number", NUMBERS)
def test_it_survives_the_whole_way(scenes, number):
    """720 lines to the track's 704, down to 320x176 and lossy, and up again to the sink's 720."""
    picture = scenes[1280, 720].copy()
    encode_counter(picture, number)

    track = pixels.fit(picture, 1280, 704, "crop")
    small = through_jpeg(pixels.fit(track, 320, 176, "crop"), 30)
    assert read_counter(small) == number
    noise = np.random.default_rng(number).normal(0, 12, (704, 1280, 3))
    model = np.clip(pixels.fit(small, 1280, 704, "crop") + noise, 0, 255).astype(np.uint8)
    for mode in ("crop", "pad", "stretch"):
        seen = pixels.fit(model, 1280, 720, mode)
        assert read_counter(seen) == number
        assert read_counter(pixels.i420_to_bgr(pixels.to_i420(seen))) == number


def test_dim_and_tinted_pictures_are_read(scenes):
    picture = scenes[1280, 704].copy()
    encode_counter(picture, 4711)

    assert read_counter((picture * 0.4 + 30).astype(np.uint8)) == 4711
    assert read_counter((picture * np.array([0.5, 0.8, 1.0])).astype(np.uint8)) == 4711


def test_it_wraps_at_24_bits(scenes):
    picture = scenes[320, 176].copy()
    encode_counter(picture, (1 << 24) + 5)

    assert read_counter(picture) == 5


def test_bgra_is_read_as_well(scenes):
    picture = scenes[1280, 704].copy()
    encode_counter(picture, 99)

    assert read_counter(cv2.cvtColor(picture, cv2.COLOR_BGR2BGRA)) == 99


def test_a_picture_without_one_gives_none(scenes):
    random = np.random.default_rng(5)
    for picture in (
        scenes[1280, 720],
        np.zeros((704, 1280, 3), np.uint8),
        np.full((704, 1280, 3), 255, np.uint8),
        random.integers(0, 255, (704, 1280, 3), np.uint8),
    ):
        assert read_counter(picture) is None


def test_a_blend_of_two_frames_is_not_trusted(scenes):
    one, other = scenes[1280, 704].copy(), scenes[1280, 704].copy()
    encode_counter(one, 100)
    encode_counter(other, 227)

    assert read_counter(cv2.addWeighted(one, 0.5, other, 0.5, 0)) is None


def test_one_damaged_cell_is_noticed(scenes):
    whole = scenes[1280, 704].copy()
    encode_counter(whole, 100)
    for column in range(16):
        damaged = whole.copy()
        left = round((0.06 + 0.88 * column / 16) * 1280)
        cell = damaged[592:625, left : left + 70]
        cell[:] = 256 - np.clip(cell.astype(int), 16, 240)
        assert read_counter(damaged) is None


def test_the_outer_edge_is_left_alone():
    picture = np.full((720, 1280, 3), 77, np.uint8)
    encode_counter(picture, 0xABCDEF)

    touched = np.any(picture != 77, axis=2)
    assert not touched[:, :64].any()
    assert not touched[:, -64:].any()
    assert not touched[-36:].any()
