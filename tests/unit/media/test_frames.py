"""The seal: no raw frame becomes a picture, by mistake or by trick, without the grant."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sana_vcam.config.schema import PrivacyConfig
from sana_vcam.media.frames import BypassGrant, CameraFrame, ModelFrame, Picture, SlateImage
from sana_vcam.media.pixels import black_i420, i420_to_bgr, to_i420

RAW = np.full((4, 6, 3), 99, np.uint8)
RAW_FRAME = CameraFrame(RAW, 1, 0.0)
MODEL = ModelFrame(np.arange(36, dtype=np.uint8).reshape(6, 6), 3, 2.0)


def grant() -> BypassGrant:
    found = BypassGrant.from_config(PrivacyConfig(allow_bypass=True))
    assert found is not None
    return found


def test_the_four_ways_to_a_picture():
    model = Picture.from_model(MODEL)
    assert model.source == "model"
    assert np.array_equal(model.i420, MODEL.i420)
    assert np.shares_memory(model.i420, MODEL.i420), "not copied"
    slate = Picture.from_slate(SlateImage(RAW))
    assert slate.source == "slate"
    assert np.array_equal(slate.i420, to_i420(RAW))
    bypass = Picture.from_bypass(grant(), RAW_FRAME)
    assert bypass.source == "bypass"
    assert np.array_equal(bypass.i420, to_i420(RAW))
    black = Picture.black(6, 4)
    assert black.source == "black"
    assert black.i420.shape == (6, 6)
    assert not i420_to_bgr(black.i420).any()


def test_two_pictures_are_blended_and_no_raw_one():
    model, black = Picture.from_model(MODEL), Picture.black(6, 4)
    half = Picture.blend(black, model, 0.5)
    assert half.source == "blend"
    assert not half.i420.flags.writeable
    assert half.i420[0, 0] == 8, "black is 16, and the model's first value 0"
    assert np.array_equal(Picture.blend(half, model, 1.0).i420, MODEL.i420)
    raw = Picture.from_bypass(grant(), RAW_FRAME)
    for pair in ((raw, model), (model, raw)):
        with pytest.raises(TypeError, match="raw camera"):
            Picture.blend(*pair, 0.5)
    for intruder in (MODEL, RAW, None, object.__new__(LikePicture)):
        with pytest.raises(TypeError, match="expected Picture"):
            Picture.blend(model, intruder, 0.5)
        with pytest.raises(TypeError, match="expected Picture"):
            Picture.fitted(intruder, (6, 4), "crop")
    with pytest.raises(ValueError, match="two sizes"):
        Picture.blend(model, Picture.black(8, 4), 0.5)
    assert Picture.fitted(raw, (8, 4), "crop").source == "bypass", "fitted, it is still raw"


class LikePicture(Picture):
    pass


class LikeModel(ModelFrame):
    """A subclass, which could carry anything."""


class LikeSlateImage(SlateImage):
    pass


class LikeCamera(CameraFrame):
    pass


class LikeGrant(BypassGrant):
    def __init__(self) -> None:
        pass


class Anything:
    """Says yes to everything."""

    bgr = i420 = RAW
    is_genuine = True


INTRUDERS: list[Any] = [
    RAW,
    RAW_FRAME,
    RAW.tobytes(),
    None,
    Anything(),
    Picture.black(6, 4),
    LikeModel(RAW, 0, 0.0),
    LikeSlateImage(RAW),
]


@pytest.mark.parametrize(
    "intruder", [*INTRUDERS, SlateImage(RAW)], ids=lambda one: type(one).__name__
)
def test_only_a_model_s_frame_is_the_model_s_picture(intruder):
    with pytest.raises(TypeError, match="expected ModelFrame"):
        Picture.from_model(intruder)


@pytest.mark.parametrize("intruder", [*INTRUDERS, MODEL], ids=lambda one: type(one).__name__)
def test_only_a_slate_is_a_slate(intruder):
    with pytest.raises(TypeError, match="expected SlateImage"):
        Picture.from_slate(intruder)


@pytest.mark.parametrize("intruder", [RAW, MODEL, SlateImage(RAW), None, LikeCamera(RAW, 0, 0.0)])
def test_only_a_camera_frame_is_bypassed(intruder):
    with pytest.raises(TypeError, match="expected CameraFrame"):
        Picture.from_bypass(grant(), intruder)


FORGED: dict[str, Any] = {
    "none": None,
    "true": True,
    "the configuration": PrivacyConfig(allow_bypass=True),
    "a look-alike": Anything(),
    "a subclass": LikeGrant(),
    "made around the constructor": object.__new__(BypassGrant),
    "a deep copy": copy.deepcopy(grant()),
    "the class": BypassGrant,
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_a_forged_grant_is_refused(forged):
    with pytest.raises(TypeError):
        Picture.from_bypass(forged, RAW_FRAME)


def test_without_the_configuration_there_is_no_grant():
    assert BypassGrant.from_config(PrivacyConfig()) is None
    assert BypassGrant.from_config(PrivacyConfig(allow_bypass=False)) is None
    for seal in (None, object(), True):
        with pytest.raises(TypeError, match="from_config"):
            BypassGrant(seal=seal)
    with pytest.raises(TypeError):
        BypassGrant()  # type: ignore[call-arg]


@pytest.mark.parametrize("seal", [None, object(), True, "seal"])
def test_a_picture_is_not_made_directly(seal):
    with pytest.raises(TypeError, match="constructors"):
        Picture(RAW, "model", seal=seal)


def test_a_picture_does_not_change():
    picture = Picture.black(6, 4)
    with pytest.raises(AttributeError, match="does not change"):
        picture.i420 = RAW
    with pytest.raises(AttributeError, match="does not change"):
        picture.source = "model"
    with pytest.raises(ValueError, match="read-only"):
        picture.i420[:] = 0
    with pytest.raises(AttributeError):
        picture.other = RAW  # type: ignore[attr-defined]
    for make in (Picture.black(6, 4), Picture.from_slate(SlateImage(RAW.copy()))):
        assert not make.i420.flags.writeable
    assert np.array_equal(picture.i420, black_i420(6, 4))


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_picture_is_neither_copied_nor_stored(duplicate):
    with pytest.raises(TypeError):
        duplicate(Picture.black(6, 4))
    with pytest.raises(TypeError):
        replace(Picture.black(6, 4), i420=RAW)  # type: ignore[type-var]


def test_the_camera_s_pixels_stay_the_camera_s():
    mine = RAW.copy()
    picture = Picture.from_bypass(grant(), CameraFrame(mine, 0, 0.0))
    assert mine.flags.writeable
    mine[:] = 0
    assert np.array_equal(picture.i420, to_i420(RAW)), "the picture has its own"
