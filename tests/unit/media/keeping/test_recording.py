"""A recording plays up to what was written, whatever ends it."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pytest

from sana_vcam.errors import KeepingFailed
from sana_vcam.media.keeping import recording as module
from sana_vcam.media.keeping.folder import new_file
from sana_vcam.media.keeping.recording import Recording
from tests.unit.media.keeping.material import FPS, SIZE, coded, numbers, read_back

WITHIN_S = 60.0


class Tape:
    """A recording on its thread."""

    def __init__(
        self,
        path: Path,
        file: BinaryIO | None = None,
        free: Callable[[Path], int] = lambda _: 10**12,
    ) -> None:
        file = file or path.open("wb", buffering=0)
        self.recording = Recording(path, file, SIZE, FPS, reserve_bytes=1_000_000, free=free)
        self.stop = threading.Event()
        self.failed = ""
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.recording.run(self.stop)
        except KeepingFailed as error:
            self.failed = str(error)

    def end(self) -> None:
        self.stop.set()
        self.recording.wake()
        self.thread.join(WITHIN_S)
        assert not self.thread.is_alive()


@pytest.fixture
def tapes() -> Iterator[list[Tape]]:
    tapes: list[Tape] = []
    yield tapes
    for tape in tapes:
        tape.end()


def test_it_begins_with_a_keyframe_and_ends_with_the_last_picture(
    tapes: list[Tape], tmp_path: Path
):
    tapes.append(Tape(tmp_path / "take.mp4"))
    for picture in coded(80)[10:]:
        tapes[0].recording.put(picture)
    tapes[0].end()
    assert tapes[0].failed == ""
    shown, _ = read_back(tmp_path / "take.mp4")
    assert numbers(shown) == list(range(24, 80))
    assert tapes[0].recording.seconds == pytest.approx(56 / FPS, abs=0.001)


def test_what_a_kill_leaves_behind_plays_up_to_the_last_second(tapes: list[Tape], tmp_path: Path):
    path = tmp_path / "take.mp4"
    tapes.append(Tape(path))
    for picture in coded(80):
        tapes[0].recording.put(picture)
    wait_until(lambda: tapes[0].recording.seconds >= 78 / FPS)
    killed = tmp_path / "killed.mp4"
    killed.write_bytes(path.read_bytes())
    shown, _ = read_back(killed)
    assert numbers(shown) == list(range(72))


def test_it_ends_by_itself_before_the_disk_is_full(tapes: list[Tape], tmp_path: Path):
    free = iter([3_000_000, 2_000_000, 999_999])
    path = tmp_path / "take.mp4"
    tapes.append(Tape(path, free=lambda _: next(free)))
    for picture in coded(80):
        tapes[0].recording.put(picture)
    tapes[0].thread.join(WITHIN_S)
    assert "less than 1 MB are free" in tapes[0].failed
    assert "keep.reserve_mb" in tapes[0].failed
    assert str(path) in tapes[0].failed
    assert numbers(read_back(path)[0]) == list(range(48))


class FullDisk(io.RawIOBase):
    """A disk that takes so many bytes."""

    def __init__(self, path: Path, takes: int) -> None:
        self._file = path.open("wb", buffering=0)
        self._takes = takes

    def writable(self) -> bool:
        return True

    def write(self, data: memoryview) -> int:
        self._takes -= len(data)
        if self._takes < 0:
            raise OSError(28, "No space left on device")
        return self._file.write(data)

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()
        super().close()


@pytest.mark.parametrize("takes", [0, 20, 1000, sum(len(one.data) for one in coded(120)) // 2])
def test_a_disk_that_is_full_all_the_same_costs_one_sentence(
    tapes: list[Tape], tmp_path: Path, takes: int
):
    path = tmp_path / "take.mp4"
    tapes.append(Tape(path, FullDisk(path, takes)))
    for picture in coded(120):
        tapes[0].recording.put(picture)
    tapes[0].thread.join(WITHIN_S)
    assert tapes[0].failed == (
        f"the recording has ended, since {path} cannot be written: No space left on device"
    )
    if takes > 1000:
        assert len(read_back(path)[0]) >= 24


def test_a_file_that_somebody_removes_ends_it(tapes: list[Tape], tmp_path: Path):
    path = tmp_path / "take.mp4"
    tapes.append(Tape(path))
    path.unlink()
    tapes[0].recording.put(coded(1)[0])
    tapes[0].thread.join(WITHIN_S)
    assert "somebody removed it" in tapes[0].failed


def test_a_folder_that_is_gone_ends_it(tapes: list[Tape], tmp_path: Path):
    def gone(_: Path) -> int:
        raise FileNotFoundError(2, "No such file or directory")

    tapes.append(Tape(tmp_path / "take.mp4", free=gone))
    tapes[0].recording.put(coded(1)[0])
    tapes[0].thread.join(WITHIN_S)
    assert "cannot be written: No such file" in tapes[0].failed


def test_a_disk_that_stands_still_ends_it(
    tapes: list[Tape], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "MOST_WAITING", 4)
    stands, goes_on = threading.Event(), threading.Event()

    def stands_still(_: Path) -> int:
        stands.set()
        assert goes_on.wait(WITHIN_S)
        return 10**12

    tapes.append(Tape(tmp_path / "take.mp4", free=stands_still))
    first, *more = coded(20)
    tapes[0].recording.put(first)
    assert stands.wait(WITHIN_S)
    for picture in more:
        tapes[0].recording.put(picture)
    goes_on.set()
    # The next keyframe finds out.
    wait_until(tapes[0].recording._waiting.empty)
    tapes[0].recording.put(first)
    tapes[0].thread.join(WITHIN_S)
    assert "the disk is too slow" in tapes[0].failed


def test_files_are_the_users_alone_and_none_is_overwritten(tmp_path: Path):
    folder = tmp_path / "videos" / "ours"
    made = [new_file(folder, ".mp4", 0) for _ in range(3)]
    for _, file in made:
        file.close()
    assert len({path for path, _ in made}) == 3
    assert {path.stat().st_mode & 0o777 for path, _ in made} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_made_is_said_with_its_key(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(KeepingFailed, match=r"file/ours cannot be written: .*set keep\.folder"):
        new_file(tmp_path / "file" / "ours", ".mp4", 0)


def test_nothing_is_begun_below_the_reserve(tmp_path: Path):
    with pytest.raises(KeepingFailed, match=r"5 MB are free, and 7 MB are to .*reserve_mb"):
        new_file(tmp_path, ".mp4", 7_000_000, lambda _: 5_000_000)
    assert list(tmp_path.iterdir()) == []


def wait_until(so: Callable[[], bool]) -> None:
    deadline = threading.Event()
    timer = threading.Timer(WITHIN_S, deadline.set)
    timer.start()
    try:
        while not so():
            assert not deadline.wait(0.002)
    finally:
        timer.cancel()
        timer.join()
