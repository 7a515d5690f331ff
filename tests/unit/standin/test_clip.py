"""Uploads: what is accepted, and how frames come out."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest

from sana_vcam.standin.clip import ClipError, decode, fit, probe
from tests.system.webrtc.standin.harness import clip, gray


def test_a_clip_of_33_frames_is_long_enough() -> None:
    accepted = probe(clip(33))
    assert (accepted.width, accepted.height, accepted.num_frames) == (160, 120, 33)


def test_a_clip_of_32_frames_is_not() -> None:
    with pytest.raises(ClipError, match="32 frames"):
        probe(clip(32))


@pytest.mark.parametrize("data", [b"", b"nonsense" * 100, clip(40)[:200]])
def test_what_cannot_be_decoded_is_refused(data: bytes) -> None:
    with pytest.raises(ClipError, match="decode failed"):
        probe(data)


def test_a_file_without_pictures_is_refused() -> None:
    sound = io.BytesIO()
    with wave.open(sound, "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(2)
        audio.setframerate(8000)
        audio.writeframes(b"\0\0" * 8000)
    with pytest.raises(ClipError, match="no video track"):
        probe(sound.getvalue())


def test_frames_come_in_order_as_rgb() -> None:
    frames = list(decode(probe(clip(40))))
    assert len(frames) == 40
    assert {frame.shape for frame in frames} == {(120, 160, 3)}
    assert {frame.dtype for frame in frames} == {np.dtype(np.uint8)}
    levels = [float(frame.mean()) for frame in frames]
    assert levels[0] < levels[20] < levels[39]


def test_a_picture_that_fits_is_returned_as_it_is() -> None:
    picture = gray(9)
    assert fit(picture, 320, 176) is picture


@pytest.mark.parametrize(("width", "height"), [(640, 480), (176, 144), (300, 900), (321, 177)])
def test_fit_crops_about_the_centre(width: int, height: int) -> None:
    picture = gray(0, width, height)
    picture[height // 2 - 8 : height // 2 + 8, width // 2 - 8 : width // 2 + 8] = 255
    fitted = fit(picture, 320, 176)
    assert fitted.shape == (176, 320, 3)
    rows, columns = np.nonzero(fitted[..., 0] > 128)
    assert abs(rows.mean() - 88) < 3
    assert abs(columns.mean() - 160) < 3
    aspect = (np.ptp(columns) + 1) / (np.ptp(rows) + 1)
    assert 0.85 < aspect < 1.18, "a square stays a square"
