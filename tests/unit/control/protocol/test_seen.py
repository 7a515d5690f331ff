"""What viewers see in words: "you" only where it is a camera's picture."""

from __future__ import annotations

import pytest

from sana_vcam.control.protocol.seen import covered, viewers_see
from sana_vcam.media.states import CameraKind as K
from sana_vcam.media.states import ProgramSource as P


@pytest.mark.parametrize(
    ("output", "kind", "words"),
    [
        (P.LIVE, K.WEBCAM, "you, edited"),
        (P.LIVE, None, "you, edited"),
        (P.LIVE, K.SCENE, "the test scene, edited"),
        (P.LIVE, K.FILE, "the file “beach.mp4”, edited"),
        (P.BYPASS, K.WEBCAM, "you, not edited"),
        (P.BYPASS, K.SCENE, "the test scene, not edited"),
        (P.FREEZE, K.WEBCAM, "a still picture"),
        (P.BLANK, K.SCENE, "black"),
        (P.SLATE, K.WEBCAM, "the card “No camera”"),
    ],
)
def test_it_is_said_whose_picture_it_is(output, kind, words):
    said = viewers_see(output, card="No camera", kind=kind, name="beach.mp4", made_up=False)
    assert said == words


def test_a_model_without_a_camera_shows_nobody():
    said = viewers_see(P.LIVE, card=None, kind=None, name="", made_up=True)
    assert said == "a picture that the model makes up"
    assert viewers_see(P.SLATE, card=None, kind=None, name="", made_up=True) == "a card"


@pytest.mark.parametrize(
    ("away", "card", "words"),
    [
        ("black", None, "black"),
        ("beach.jpg", None, "your picture “beach.jpg”"),
        # It changes at the next tick.
        ("black", "Paused", "the card “Paused”"),
    ],
)
def test_what_stands_for_the_card_is_called_what_it_is(away, card, words):
    said = viewers_see(P.SLATE, card=card, kind=None, name="", made_up=False, away=away)
    assert said == words


@pytest.mark.parametrize(
    ("on", "hidden"),
    [
        ((), ()),
        (("blank",), ()),
        (("freeze",), ()),
        (("blank", "freeze"), ("freeze",)),
        (("freeze", "bypass"), ("bypass",)),
        (("blank", "freeze", "bypass"), ("freeze", "bypass")),
    ],
)
def test_a_weaker_switch_is_covered_by_a_stronger_one(on, hidden):
    switches = {name: name in on for name in ("blank", "freeze", "bypass")}
    assert covered(**switches) == hidden
