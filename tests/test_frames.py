"""The seal: no raw frame becomes a picture, by mistake or by trick, without the grant."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sana_vcam.config import PrivacyConfig
from sana_vcam.frames import BypassGrant, CameraFrame, Card, ModelFrame, Picture

RAW = np.full((4, 6, 3), 99, np.uint8)
RAW_FRAME = CameraFrame(RAW, 1, 0.0)
MODEL = ModelFrame.from_sdk(bytes(range(96)), 6, 4, sequence=3, received_at=2.0)


def grant() -> BypassGrant:
    found = BypassGrant.from_config(PrivacyConfig(allow_bypass=True))
    assert found is not None
    return found


def test_the_four_ways_to_a_picture():
    model = Picture.from_model(MODEL)
    assert model.source == "model"
    assert np.array_equal(model.pixels, MODEL.bgra)
    assert np.shares_memory(model.pixels, MODEL.bgra), "not copied"
    assert Picture.from_card(Card(RAW)).source == "card"
    bypass = Picture.from_bypass(grant(), RAW_FRAME)
    assert bypass.source == "bypass"
    assert np.array_equal(bypass.pixels, RAW)
    black = Picture.black(6, 4)
    assert black.source == "black"
    assert black.pixels.shape == (4, 6, 3)
    assert not black.pixels.any()


def test_frames_of_the_sdk_are_wrapped_as_they_are():
    assert MODEL.bgra.shape == (4, 6, 4)
    assert MODEL.bgra.tobytes() == bytes(range(96))
    assert not MODEL.bgra.flags.writeable
    assert (MODEL.sequence, MODEL.received_at) == (3, 2.0)


class LikeModel(ModelFrame):
    """A subclass, which could carry anything."""


class LikeCard(Card):
    pass


class LikeCamera(CameraFrame):
    pass


class LikeGrant(BypassGrant):
    def __init__(self) -> None:
        pass


class Anything:
    """Says yes to everything."""

    bgr = bgra = pixels = RAW
    is_genuine = True


INTRUDERS: list[Any] = [
    RAW,
    RAW_FRAME,
    RAW.tobytes(),
    None,
    Anything(),
    Picture.black(6, 4),
    LikeModel(RAW, 0, 0.0),
    LikeCard(RAW),
]


@pytest.mark.parametrize("intruder", [*INTRUDERS, Card(RAW)], ids=lambda one: type(one).__name__)
def test_only_a_model_s_frame_is_the_model_s_picture(intruder):
    with pytest.raises(TypeError, match="expected ModelFrame"):
        Picture.from_model(intruder)


@pytest.mark.parametrize("intruder", [*INTRUDERS, MODEL], ids=lambda one: type(one).__name__)
def test_only_a_card_is_a_card(intruder):
    with pytest.raises(TypeError, match="expected Card"):
        Picture.from_card(intruder)


@pytest.mark.parametrize("intruder", [RAW, MODEL, Card(RAW), None, LikeCamera(RAW, 0, 0.0)])
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
        picture.pixels = RAW
    with pytest.raises(AttributeError, match="does not change"):
        picture.source = "model"
    with pytest.raises(ValueError, match="read-only"):
        picture.pixels[:] = RAW
    with pytest.raises(AttributeError):
        picture.other = RAW  # type: ignore[attr-defined]
    for make in (Picture.black(6, 4), Picture.from_card(Card(RAW.copy()))):
        assert not make.pixels.flags.writeable
    assert not picture.pixels.any()


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_picture_is_neither_copied_nor_stored(duplicate):
    with pytest.raises(TypeError):
        duplicate(Picture.black(6, 4))
    with pytest.raises(TypeError):
        replace(Picture.black(6, 4), pixels=RAW)  # type: ignore[type-var]


def test_the_camera_s_pixels_stay_the_camera_s():
    mine = RAW.copy()
    Picture.from_bypass(grant(), CameraFrame(mine, 0, 0.0))
    assert mine.flags.writeable, "only the picture's view is read-only"
