"""The slates: whatever the text, it stays inside the picture and can be read."""

import numpy as np
import pytest

from sana_vcam.media.frames import SlateImage
from sana_vcam.media.slate import NAME, Slate, draw

AWKWARD = {
    "long word": "W" * 500,
    "long text": "waiting for something that takes a while " * 20,
    "chinese": "等待图形处理器" * 30,
    "arabic": "جارٍ الاتصال بالخدمة يرجى الانتظار " * 8,
    "hebrew": "קצת סבלנות " * 20,
    "emoji": "😀👩‍👩‍👧‍👦🇩🇪" * 20,
    "lone surrogate": "half \ud83d a pair",
    "control": "a\x00b\x07c\x1b[31md\r\n\te\u202e\u200b",
    "combining": "e" + "\u0301" * 200,
    "blank": " \t\n ",
}


def ink(slate, background):
    """Where something was drawn."""
    return np.any(np.abs(slate.bgr.astype(int) - background.bgr) > 24, axis=2)


def nothing(width, height):
    return draw(Slate(""), width, height)


@pytest.mark.parametrize("size", [(1280, 720), (640, 480), (320, 180), (720, 1280), (64, 64)])
def test_a_slate_has_the_size_asked_for(size):
    slate = draw(Slate("Waiting for a GPU", "The picture starts soon", 12, "busy"), *size)

    assert type(slate) is SlateImage
    assert slate.bgr.shape == (size[1], size[0], 3)
    assert slate.bgr.dtype == np.uint8


@pytest.mark.parametrize("text", AWKWARD.values(), ids=AWKWARD.keys())
def test_any_text_is_safe_and_stays_inside(text):
    width, height = 1280, 720

    drawn = ink(draw(Slate(text, text, 3599), width, height), nothing(width, height))

    assert not drawn[:, : int(0.05 * width)].any()
    assert not drawn[:, int(0.95 * width) :].any()
    assert not drawn[: int(0.13 * height)].any(), "over the name"
    assert not drawn[int(0.95 * height) :].any()


def test_headline_detail_and_time_are_each_drawn():
    base = nothing(1280, 720)
    only = ink(draw(Slate("Paused"), 1280, 720), base).sum()
    with_detail = ink(draw(Slate("Paused", "Back in a moment"), 1280, 720), base).sum()
    with_time = ink(draw(Slate("Paused", "Back in a moment", 61), 1280, 720), base).sum()

    assert 0 < only < with_detail < with_time


def test_the_text_is_large_enough_for_a_thumbnail():
    drawn = ink(draw(Slate("HHHH"), 1280, 720), nothing(1280, 720))

    capital = np.flatnonzero(drawn.any(axis=1))
    assert len(capital) / 720 * 180 >= 12


def test_the_layout_is_the_same_in_a_mirror():
    drawn = ink(draw(Slate("HHHH", "MMMM"), 1280, 720), nothing(1280, 720))

    columns = np.flatnonzero(drawn.any(axis=0))
    assert abs(columns[0] - (1279 - columns[-1])) <= 6


def test_the_tones_differ_in_their_dots_only():
    neutral = draw(Slate("Paused"), 1280, 720).bgr
    for tone in ("busy", "warning", "error"):
        differs = np.any(draw(Slate("Paused", tone=tone), 1280, 720).bgr != neutral, axis=2)
        rows = np.flatnonzero(differs.any(axis=1))
        assert 0 < differs.sum() < 2000
        assert rows[-1] < 0.15 * 720


def test_slates_are_dark():
    assert draw(Slate("Starting", "One moment"), 1280, 720).bgr.mean() < 60
    assert NAME == "SANA VCam"


def test_one_slate_does_not_draw_into_another():
    before = draw(Slate("Paused"), 320, 180).bgr.copy()
    draw(Slate("Something else"), 320, 180)

    assert np.array_equal(draw(Slate("Paused"), 320, 180).bgr, before)
