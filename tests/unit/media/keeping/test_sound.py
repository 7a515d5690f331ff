"""The sound of a file is where its time says, whatever was missing or came twice."""

from __future__ import annotations

import threading
from pathlib import Path

import av
import numpy as np
import pytest

from sana_vcam.media.keeping.files import write_clip
from sana_vcam.media.keeping.listening import JUMP_S, WINDOW_S, Times
from sana_vcam.media.keeping.recording import Recording
from sana_vcam.media.keeping.sound import RATE, SoundPiece
from tests.unit.media.keeping.material import BEGIN, FPS, SIZE, coded

PIECE_S = 0.02
NEAR_S = 0.002


def pieces(first_s: float, last_s: float, *clicks_s: float) -> list[SoundPiece]:
    """Quiet sound of some seconds after `BEGIN`, with a click at each of these times."""
    samples = np.zeros(round((last_s - first_s) * RATE), np.int16)
    for click in clicks_s:
        at = round((click - first_s) * RATE)
        samples[at : at + 48] = 20_000
    size = round(PIECE_S * RATE)
    return [
        SoundPiece(samples[at : at + size], BEGIN + first_s + at / RATE)
        for at in range(0, len(samples), size)
    ]


def heard(path: Path) -> list[float]:
    """The times of the clicks in a file, in seconds of its pictures."""
    with av.open(str(path)) as file:
        frames = list(file.decode(audio=0))
    begin = float(frames[0].time or 0.0)
    sound = np.abs(np.concatenate([frame.to_ndarray()[0] for frame in frames]))
    loud = np.flatnonzero(sound > 0.2)
    first = loud[np.concatenate(([True], np.diff(loud) > RATE // 10))] if loud.size else loud
    return [begin + at / RATE for at in first]


def test_a_click_is_at_its_time_and_the_sound_as_long_as_the_pictures(tmp_path: Path):
    path = tmp_path / "clip.mp4"
    # More on both sides than there are pictures.
    sound = pieces(-0.5, 2.5, -0.2, 0.5, 1.25, 2.2)
    assert write_clip(path, coded(48), SIZE, FPS, sound) == pytest.approx(2.0)
    assert heard(path) == pytest.approx([0.5, 1.25], abs=NEAR_S)
    with av.open(str(path)) as file:
        (audio,) = file.streams.audio
        assert (audio.codec_context.name, audio.codec_context.sample_rate) == ("aac", RATE)
        assert float(audio.duration * audio.time_base) == pytest.approx(2.0, abs=0.03)
        assert file.streams.video[0].start_time == 0


def test_what_is_missing_is_silence_and_what_comes_twice_is_once(tmp_path: Path):
    path = tmp_path / "clip.mp4"
    lost = pieces(0.0, 0.4) + pieces(1.0, 2.0, 1.5)
    write_clip(path, coded(48), SIZE, FPS, lost)
    assert heard(path) == pytest.approx([1.5], abs=NEAR_S)
    twice = pieces(0.0, 1.0, 0.25) + pieces(0.5, 2.0, 0.75, 1.5)
    write_clip(path, coded(48), SIZE, FPS, twice)
    assert heard(path) == pytest.approx([0.25, 1.5], abs=NEAR_S)


def test_without_sound_there_is_no_track_of_it(tmp_path: Path):
    path = tmp_path / "clip.mp4"
    write_clip(path, coded(24), SIZE, FPS)
    with av.open(str(path)) as file:
        assert [stream.type for stream in file.streams] == ["video"]


def test_a_recording_has_it_and_goes_on_where_it_stops(tmp_path: Path):
    path = tmp_path / "recording.mp4"
    recording = Recording(
        path, path.open("wb", buffering=0), SIZE, FPS,
        reserve_bytes=0, sound=True, free=lambda _: 1,
    )  # fmt: skip
    # It comes somewhat later than the pictures, and after a second no more.
    waiting = pieces(-0.1, 1.0, 0.5)
    for picture in coded(72):
        recording.put(picture)
        while waiting and waiting[0].at < picture.at - 0.1:
            recording.put(waiting.pop(0))
    stop = threading.Event()
    stop.set()
    recording.run(stop)
    assert recording.seconds == pytest.approx(3.0)
    assert heard(path) == pytest.approx([0.5], abs=NEAR_S)
    with av.open(str(path)) as file:
        ends = [frame.time for frame in file.decode(audio=0)]
    assert ends[-1] == pytest.approx(3.0, abs=0.05)


def test_times_follow_the_sound_and_not_how_late_it_was_read():
    times, late = Times(), (0.0, 0.05, 0.01, 0.2, 0.0, 0.03)
    told = [times.of(960, 10.0 + 0.02 * (n + 1) + late[n]) for n in range(6)]
    assert told == pytest.approx([10.0 + 0.02 * n for n in range(6)])


def test_a_source_that_stood_still_and_a_clock_that_drifts_are_followed():
    times = Times()
    assert times.of(960, 10.02) == pytest.approx(10.0)
    assert times.of(960, 10.04 + 2 * JUMP_S) == pytest.approx(10.02 + 2 * JUMP_S)
    slow = Times()
    for n in range(round(4 * WINDOW_S / PIECE_S)):
        at = 10.0 + 1.001 * PIECE_S * n
        told = slow.of(960, at + PIECE_S)
    assert told == pytest.approx(at, abs=0.001 * 2 * WINDOW_S + 0.001)
