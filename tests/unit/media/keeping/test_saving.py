"""A clip is a file of its own, or nothing at all."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from sana_vcam.errors import KeepingFailed
from sana_vcam.media.keeping import saving
from sana_vcam.media.keeping.saving import save
from tests.unit.media.keeping.material import BEGIN, FPS, SIZE, coded, numbers, read_back


def test_a_clip_has_the_pictures_since_then(tmp_path: Path):
    since = BEGIN + 30 / FPS - 0.001
    path, seconds = save(coded(60), tmp_path, SIZE, FPS, since=since, reserve_bytes=0)
    assert list(tmp_path.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o600
    assert seconds == pytest.approx(30 / FPS, abs=0.001)
    assert numbers(read_back(path)[0]) == list(range(30, 60))


def test_a_gif_shows_the_same_and_goes_on_for_ever(tmp_path: Path):
    path, seconds = save(coded(48), tmp_path, SIZE, FPS, since=0, reserve_bytes=0, gif=True)
    assert path.suffix == ".gif"
    assert path.stat().st_mode & 0o777 == 0o600
    assert seconds == pytest.approx(2, abs=0.1)
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == 25
    assert b"NETSCAPE2.0\x03\x01\x00\x00" in path.read_bytes()
    shown = [frame.reformat(format="yuv420p").to_ndarray() for frame in frames]
    found = numbers(shown)
    assert found == sorted(found)
    assert (found[0], found[-1]) == (0, 47)


def test_a_disk_that_does_not_take_it_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object) -> float:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(saving, "write_clip", full)
    with pytest.raises(KeepingFailed, match="cannot be written: No space left on device"):
        save(coded(3), tmp_path, SIZE, FPS, since=0, reserve_bytes=0)
    assert list(tmp_path.iterdir()) == []
