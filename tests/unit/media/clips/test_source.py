"""A file as the source of an edit: its pictures upright, at their own times, or a sentence."""

from __future__ import annotations

import threading
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from sana_vcam.errors import ClipFailed
from sana_vcam.media.clips.formats import CONTAINERS, container_for
from sana_vcam.media.clips.prepare import PreparedClip, bgra_pictures, padded, prepare
from sana_vcam.media.clips.source import ClipTimes, read_facts, upright_pictures
from tests.fakes.clips import Pixels, make_clip, pictures

SIZE = (128, 64)


def halves(number: int, size: tuple[int, int]) -> Pixels:
    """White above, black below."""
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    picture[: size[1] // 2] = 255
    return picture


def prepared(source: Path, folder: Path) -> PreparedClip:
    clip = prepare(
        source, folder / "copy.mp4", SIZE, "crop", told=lambda _: None, stop=threading.Event()
    )
    assert clip is not None
    return clip


@pytest.mark.parametrize(
    ("pictures", "sent"), [(1, 33), (32, 33), (33, 33), (34, 41), (240, 241), (241, 241)]
)
def test_what_is_sent_is_a_whole_number_of_latents_and_never_too_short(pictures: int, sent: int):
    assert padded(pictures) == sent
    assert (sent - 1) % 8 == 0


def test_times_that_vary_are_kept_exactly(tmp_path: Path):
    stamps = [0, 20, 60, 61, 150, 400]
    path = make_clip(tmp_path / "a.mkv", 6, stamps=stamps, time_base=Fraction(1, 1000), size=SIZE)
    found = list(upright_pictures(path, SIZE, "crop"))
    assert [float(each.stamp * each.time_base) for each in found] == [at / 1000 for at in stamps]
    assert all(each.bgr.shape == (64, 128, 3) for each in found)


def test_a_short_clip_is_sent_with_its_last_picture_repeated(tmp_path: Path):
    clip = prepared(make_clip(tmp_path / "a.mp4", 5, size=SIZE), tmp_path)
    assert (clip.count, clip.sent) == (5, 33)
    assert len(clip.looks) == 5
    sent = [pixels for _, pixels in pictures(clip.path)]
    assert len(sent) == 33
    last = sent[4].astype(int)
    assert max(float(np.abs(each - last).mean()) for each in sent[5:]) < 2
    assert float(np.abs(sent[3] - last).mean()) > 0.5


def test_a_clip_is_sent_from_any_picture_on(tmp_path: Path):
    clip = prepared(make_clip(tmp_path / "a.mp4", 40, size=SIZE), tmp_path)
    whole, rest = list(bgra_pictures(clip, 0)), list(bgra_pictures(clip, 30))
    assert len(whole) == 41
    assert rest == whole[30:]
    assert len(whole[0]) == 128 * 64 * 4


@pytest.mark.parametrize(("rotation", "white"), [(0, "top"), (180, "bottom"), (90, "side")])
def test_a_turned_recording_is_sent_upright(tmp_path: Path, rotation: int, white: str):
    path = make_clip(tmp_path / "a.mp4", 2, size=(96, 96), rotation=rotation, draw=halves)
    picture = next(upright_pictures(path, (96, 96), "stretch")).bgr.astype(float).mean(axis=2)
    top, bottom = picture[:40].mean(), picture[56:].mean()
    if white == "side":
        assert abs(top - bottom) < 10
        assert abs(picture[:, :40].mean() - picture[:, 56:].mean()) > 150
    else:
        assert (top > bottom + 150) == (white == "top")


def test_narrow_pixels_are_made_square(tmp_path: Path):
    """Stored 64x64 of pixels twice as wide as high are 128x64: nothing is cut off."""
    path = make_clip(
        tmp_path / "a.mp4", 2, size=(64, 64), aspect=Fraction(2), draw=halves, picture="libx264"
    )
    picture = next(upright_pictures(path, SIZE, "crop")).bgr.astype(float).mean(axis=2)
    assert picture[:28].mean() > 200
    assert picture[36:].mean() < 50


def test_a_stop_ends_the_copy(tmp_path: Path):
    stop = threading.Event()
    stop.set()
    path = make_clip(tmp_path / "a.mp4", 5, size=SIZE)
    assert prepare(path, tmp_path / "b.mp4", SIZE, "crop", told=lambda _: None, stop=stop) is None


def test_what_cannot_be_edited_is_said_in_a_sentence(tmp_path: Path):
    text = tmp_path / "notes.mp4"
    text.write_text("not a video, but a letter")
    sound = make_clip(tmp_path / "a.mkv", 2, sound="aac", size=SIZE)
    only_sound = _without_picture(sound, tmp_path / "sound.mkv")
    for path, words in (
        (tmp_path / "none.mp4", "does not exist"),
        (tmp_path, "is not a file"),
        (tmp_path / ("x" * 300), "cannot be read"),
        (text, "no video that FFmpeg knows"),
        (only_sound, "no moving picture"),
    ):
        with pytest.raises(ClipFailed, match=words) as raised:
            read_facts(path)
        assert str(path) in str(raised.value)


def test_an_ending_without_a_container_is_refused_with_those_that_there_are():
    for name in ("out.txt", "out", "out.avi"):
        with pytest.raises(ClipFailed) as raised:
            container_for(Path(name))
        assert all(ending in str(raised.value) for ending in CONTAINERS)
    assert container_for(Path("OUT.MP4")).name == "mp4"


def test_a_picture_after_the_last_would_follow_at_the_clips_rate():
    times = ClipTimes((0, 40, 100), Fraction(1, 1000), Fraction(25))
    assert [round(times.at(index), 3) for index in range(5)] == [0, 0.04, 0.1, 0.14, 0.18]


def _without_picture(source: Path, target: Path) -> Path:
    import av

    with av.open(str(source)) as read, av.open(str(target), "w") as written:
        stream = written.add_stream_from_template(read.streams.audio[0])
        for packet in read.demux(read.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                written.mux(packet)
    return target
