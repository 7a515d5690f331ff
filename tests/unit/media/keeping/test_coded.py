"""A clip is cut to the picture, though keyframes are a second apart."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from sana_vcam.media.keeping.coded import cut
from sana_vcam.media.keeping.files import write_clip
from tests.unit.media.keeping.material import BEGIN, FPS, SIZE, coded, error, numbered, read_back


@pytest.mark.parametrize(
    ("first", "begins"),
    [
        (0, 0),
        (1, 1),
        (11, 11),
        (12, 12),
        (22, 22),
        (23, 24),
        (30, 30),
        (45, 45),
        (48, 48),
        (49, 49),
    ],
)
def test_it_begins_with_the_picture_that_was_asked_for(first: int, begins: int, tmp_path: Path):
    """All but a lone one before a keyframe, which is left out."""
    pictures = cut(coded(50), BEGIN + first / FPS - 0.001, SIZE, FPS)
    assert pictures[0].is_keyframe
    seconds = write_clip(tmp_path / "clip.mp4", pictures, SIZE, FPS)
    shown, at = read_back(tmp_path / "clip.mp4")
    assert len(shown) == 50 - begins
    assert seconds == pytest.approx((50 - begins) / FPS, abs=0.001)
    assert at == pytest.approx([n / FPS for n in range(len(shown))], abs=0.001)
    assert max(error(one, numbered(begins + n)) for n, one in enumerate(shown)) < 1.5


def test_nothing_is_left_of_what_is_over():
    assert cut(coded(5), BEGIN + 1, SIZE, FPS) == []
    assert cut([], BEGIN, SIZE, FPS) == []


def test_players_are_told_its_colours_and_the_table_stands_in_front(tmp_path: Path):
    path = tmp_path / "clip.mp4"
    write_clip(path, coded(30), SIZE, FPS)
    with av.open(str(path)) as container:
        codec = container.streams.video[0].codec_context
        assert (codec.name, codec.pix_fmt, codec.profile) == (
            "h264",
            "yuv420p",
            "Constrained Baseline",
        )
        # BT.601, limited range, by their numbers in ITU-T H.273.
        assert (codec.colorspace, codec.color_primaries, codec.color_range) == (6, 6, 1)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
