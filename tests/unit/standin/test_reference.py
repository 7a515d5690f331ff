"""What a reference image does to a picture, and scenes that are made from words alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from skimage import data

from sana_vcam.standin import looks
from sana_vcam.standin.clip import fit
from sana_vcam.standin.images import MAX_IMAGE_BYTES, ImageError, read_image
from sana_vcam.standin.looks import reference
from tests.system.webrtc.standin.harness import Picture

RED = np.full((40, 60, 3), (220, 20, 30), np.uint8)
EDITS = [reference.replaced, reference.worn, reference.coloured, reference.behind, reference.guided]


@pytest.fixture(scope="module")
def portrait() -> Picture:
    """The astronaut, (176, 320, 3) RGB; not to be written to."""
    picture = fit(np.ascontiguousarray(data.astronaut()[:290]), 320, 176)
    picture.flags.writeable = False
    return picture


def redness(picture: Picture) -> float:
    return float(picture[..., 0].mean()) - float(picture[..., 1].mean())


@pytest.mark.parametrize("edit", EDITS)
def test_an_image_is_plain_to_see_and_the_frame_stays_as_it_is(portrait: Picture, edit) -> None:
    before = portrait.copy()
    edited = edit(portrait, RED)
    assert edited.shape == portrait.shape
    assert edited.dtype == np.uint8
    assert redness(edited) > redness(portrait) + 8
    assert np.array_equal(portrait, before)


def test_what_an_image_is_decides_where_it_shows(portrait: Picture) -> None:
    behind, instead = reference.behind(portrait, RED), reference.replaced(portrait, RED)
    middle, corner = (slice(60, 120), slice(130, 190)), (slice(0, 20), slice(0, 20))
    assert redness(behind[corner]) > 150 > redness(behind[middle])
    assert redness(instead[middle]) > 150 > redness(instead[corner])


def test_a_scene_from_words_moves_and_is_the_same_again() -> None:
    def scene(**given: object) -> np.ndarray:
        return looks.invent((88, 160), "a tropical beach", 7, **given).astype(int)

    assert scene(index=5).shape == (88, 160, 3)
    assert np.array_equal(scene(index=5), scene(index=5))
    assert np.abs(scene(index=5) - scene(index=25)).mean() > 4
    assert np.abs(scene() - looks.invent((88, 160), "outer space", 7)).mean() > 20
    assert np.abs(scene() - looks.invent((88, 160), "a beach as a pencil sketch", 7)).mean() > 8


def test_an_image_is_the_place_of_a_scene_by_its_strength() -> None:
    strengths = (0.0, 0.5, 1.0)
    made = [
        redness(looks.invent((88, 160), "a beach", 7, image=RED, strength=strength))
        for strength in strengths
    ]
    assert made[0] < made[1] < made[2]
    assert made[2] > 150


def test_an_upload_is_read_as_rgb() -> None:
    png = cv2.imencode(".png", RED[..., ::-1])[1].tobytes()
    assert np.array_equal(read_image(png), RED)


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "not an image"), (b"GIF?", "not an image"), (bytes(MAX_IMAGE_BYTES + 1), "10 MB")],
)
def test_an_upload_that_is_no_image_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(ImageError, match=reason):
        read_image(data)
