"""The edited clip: each picture at its own time, the sound in step, holes filled."""

from __future__ import annotations

import threading
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from sana_vcam.errors import ClipFailed
from sana_vcam.media.clips.formats import CONTAINERS, container_for
from sana_vcam.media.clips.source import ClipTimes
from sana_vcam.media.clips.take import TakeRecorder
from sana_vcam.media.clips.writing import PlacedTake, Written, write_clip
from sana_vcam.media.frames import ModelFrame
from sana_vcam.media.pixels import to_i420
from tests.fakes.clips import Flash, beep_begins, flash_begins, make_clip, pictures, walking

SIZE = (128, 64)
FRAMES = 30
BEEP = Flash(at_s=0.8, lasts_s=0.2)


def a_take(folder: Path, levels: list[int], name: str = "take.mkv") -> Path:
    """A take of flat frames of these levels."""
    recorder = TakeRecorder(folder / name)
    recorder.recording = True
    stop = threading.Event()
    for number, level in enumerate(levels):
        bgr = np.full((SIZE[1], SIZE[0], 3), level, np.uint8)
        recorder.frame(ModelFrame(to_i420(bgr), number, number / 24))
    stop.set()
    recorder.write(stop)
    assert len(recorder.arrivals) == len(levels)
    return recorder.path


def a_source(folder: Path, name: str, sound: str | None) -> tuple[Path, ClipTimes]:
    """A clip of varying times, with a flash and a beep that begin together."""
    stamps = [number * 40 + (number % 3) * 7 for number in range(FRAMES)]
    base = Fraction(1, 1000)
    path = make_clip(
        folder / name, FRAMES, stamps=stamps, time_base=base, rate=25, size=SIZE, flash=BEEP,
        sound=sound,
    )  # fmt: skip
    return path, ClipTimes(tuple(stamps), base, Fraction(25))


def write(source: Path, times: ClipTimes, target: Path, *takes: PlacedTake, **some: int) -> Written:
    written = write_clip(
        source,
        takes,
        times,
        target,
        container_for(target),
        pictures=some.get("pictures", FRAMES),
        told=lambda _: None,
        stop=threading.Event(),
    )
    assert written is not None
    return written


def levels(path: Path) -> list[int]:
    return [round(float(pixels.mean())) for _, pixels in pictures(path)]


@pytest.mark.parametrize("ending", CONTAINERS)
@pytest.mark.parametrize("source", [("a.mp4", "aac"), ("a.mkv", "pcm_s16le")])
def test_pictures_have_their_times_and_the_sound_is_in_step(
    tmp_path: Path, ending: str, source: tuple[str, str]
):
    path, times = a_source(tmp_path, *source)
    white = [250 if BEEP.at_s <= times.at(number) < 1 else 20 for number in range(FRAMES)]
    take = PlacedTake(a_take(tmp_path, white), tuple(range(FRAMES)))
    target = tmp_path / f"out{ending}"
    assert write(path, times, target, take) == Written(FRAMES, 0, 0)
    shown = pictures(target)
    assert len(shown) == FRAMES
    start = shown[0][0]
    for number, (at, _) in enumerate(shown):
        assert at - start == pytest.approx(times.at(number), abs=0.0011)
    source_offset = flash_begins(pictures(path)) - beep_begins(path)
    offset = flash_begins(shown) - beep_begins(target)
    assert offset == pytest.approx(source_offset, abs=0.003)


def test_a_clip_without_sound_has_none(tmp_path: Path):
    path, times = a_source(tmp_path, "a.mp4", None)
    take = PlacedTake(a_take(tmp_path, [80] * FRAMES), tuple(range(FRAMES)))
    write(path, times, tmp_path / "out.mp4", take)
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert not container.streams.audio
        assert container.streams.video[0].codec_context.name == "h264"


def test_holes_show_the_frame_before_and_the_first_hole_the_first(tmp_path: Path):
    path, times = a_source(tmp_path, "a.mp4", "aac")
    numbers = (2, 3, None, 6, 28)
    take = PlacedTake(a_take(tmp_path, [40, 80, 250, 120, 160]), numbers)
    written = write(path, times, tmp_path / "out.mkv", take)
    assert written == Written(FRAMES, FRAMES - 4, 1)
    shown = levels(tmp_path / "out.mkv")
    expected = [40] * 3 + [80] * 3 + [120] * 22 + [160] * 2
    assert len(shown) == FRAMES
    assert max(abs(a - b) for a, b in zip(shown, expected, strict=True)) <= 3


def test_takes_follow_one_another_and_nothing_is_there_twice(tmp_path: Path):
    path, times = a_source(tmp_path, "a.mp4", "aac")
    first = PlacedTake(a_take(tmp_path, [40] * 12, "1.mkv"), tuple(range(12)))
    second = PlacedTake(a_take(tmp_path, [160] * 20, "2.mkv"), tuple(range(10, 30)))
    assert write(path, times, tmp_path / "out.mp4", first, second) == Written(FRAMES, 0, 0)
    shown = levels(tmp_path / "out.mp4")
    assert max(shown[:12]) < 60
    assert min(shown[12:]) > 140


def test_damaged_sound_does_not_cost_the_pictures(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """The pictures are paid for by then."""
    path, times = a_source(tmp_path, "a.mkv", "aac")
    data = bytearray(path.read_bytes())
    for place in range(len(data) * 2 // 3, len(data), 97):
        data[place] ^= 0xFF
    path.write_bytes(data)
    take = PlacedTake(a_take(tmp_path, [80] * FRAMES), tuple(range(FRAMES)))
    for ending in (".mp4", ".webm"):
        target = tmp_path / f"out{ending}"
        assert write(path, times, target, take) == Written(FRAMES, 0, 0)
        assert len(pictures(target)) == FRAMES


def test_sound_that_the_container_refuses_is_encoded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    path, times = a_source(tmp_path, "a.mp4", "aac")
    take = PlacedTake(a_take(tmp_path, [80] * FRAMES), tuple(range(FRAMES)))

    def refuses(*_: object) -> list[object]:
        raise av.error.InvalidDataError(0, "no such sound")

    monkeypatch.setattr("sana_vcam.media.clips.writing._Copied.convert", refuses)
    assert write(path, times, tmp_path / "out.mp4", take) == Written(FRAMES, 0, 0)
    assert "cannot be copied" in caplog.text
    assert beep_begins(tmp_path / "out.mp4") == pytest.approx(beep_begins(path), abs=0.01)
    monkeypatch.setattr("sana_vcam.media.clips.writing._Encoded.convert", refuses)
    assert write(path, times, tmp_path / "silent.mp4", take) == Written(FRAMES, 0, 0)
    assert "cannot be encoded" in caplog.text
    with av.open(str(tmp_path / "silent.mp4")) as container:
        assert not container.streams.audio


def test_a_full_disk_is_said_and_not_taken_for_the_sounds_fault(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    path, times = a_source(tmp_path, "a.mp4", "aac")
    take = PlacedTake(a_take(tmp_path, [80] * FRAMES), tuple(range(FRAMES)))
    target = tmp_path / "full.mkv"
    target.symlink_to("/dev/full")
    with pytest.raises(ClipFailed, match="No space left"):
        write(path, times, target, take)
    assert "cannot be copied" not in caplog.text


def test_a_part_ends_with_its_sound(tmp_path: Path):
    path, times = a_source(tmp_path, "a.mp4", "aac")
    take = PlacedTake(a_take(tmp_path, [80] * 10), tuple(range(10)))
    assert write(path, times, tmp_path / "out.mp4", take, pictures=10) == Written(10, 0, 0)
    with av.open(str(tmp_path / "out.mp4")) as container:
        seconds = container.duration / av.time_base
    assert 0.3 < seconds < 0.5


def test_without_a_frame_there_is_nothing_to_write(tmp_path: Path):
    path, times = a_source(tmp_path, "a.mp4", "aac")
    take = PlacedTake(a_take(tmp_path, [80]), (None,))
    with pytest.raises(ClipFailed, match="no frame"):
        write(path, times, tmp_path / "out.mp4", take)


def test_frames_before_the_run_are_not_of_the_take(tmp_path: Path):
    recorder = TakeRecorder(tmp_path / "take.mkv")
    picture = to_i420(np.ascontiguousarray(walking(0, SIZE)))
    recorder.frame(ModelFrame(picture, 0, 0.0))
    assert recorder.count == 0
    stop = threading.Event()
    stop.set()
    recorder.write(stop)
    assert not recorder.path.exists()
