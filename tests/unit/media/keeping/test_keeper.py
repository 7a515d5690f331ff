"""What is held: the newest minute, of pictures that viewers saw, and never the raw camera."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest

from sana_vcam.config.schema import PrivacyConfig
from sana_vcam.errors import KeepingFailed
from sana_vcam.media.frames import BypassGrant, CameraFrame, Picture
from sana_vcam.media.keeping import keeper as module
from sana_vcam.media.keeping.coded import CodedPicture
from sana_vcam.media.keeping.files import write_clip
from sana_vcam.media.keeping.keeper import MOST_WAITING, Keeper
from sana_vcam.media.pixels import black_i420, i420_to_bgr
from tests.unit.media.keeping.material import FPS, SIZE, edited, error, numbers, read_back

WITHIN_S = 60.0


class Running:
    """A keeper with its thread, and a clock that goes on with each picture."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.keeper = Keeper(SIZE, FPS, clock=lambda: self.now)
        self.stop = threading.Event()
        self.failed: Exception | None = None
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            self.keeper.run(self.stop)
        except KeepingFailed as error:
            self.failed = error

    def offer(self, picture: Picture, frame: np.ndarray) -> None:
        self.keeper.offer(picture, frame)
        self.now += 1 / FPS

    def held(self) -> tuple[CodedPicture, ...]:
        return self.keeper.held().result(WITHIN_S)

    def end(self) -> None:
        self.stop.set()
        self.keeper.wake()
        if self.thread.ident is not None:
            self.thread.join(WITHIN_S)
            assert not self.thread.is_alive()


@pytest.fixture
def running() -> Iterator[Running]:
    running = Running()
    yield running
    running.end()


def shown(pictures: tuple[CodedPicture, ...], folder: Path) -> list[np.ndarray]:
    write_clip(folder / "all.mp4", pictures, SIZE, FPS)
    return read_back(folder / "all.mp4")[0]


def test_every_picture_is_held_in_its_order(running: Running, tmp_path: Path):
    running.thread.start()
    for number in range(60):
        running.offer(*edited(number))
        running.held()
    pictures = running.held()
    assert [one.at for one in pictures] == pytest.approx([1000 + n / FPS for n in range(60)])
    assert [n for n, one in enumerate(pictures) if one.is_keyframe] == [0, 24, 48]
    assert numbers(shown(pictures, tmp_path)) == list(range(60))


def test_what_is_older_than_a_minute_is_forgotten(
    running: Running, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "MOST_S", 2)
    running.thread.start()
    for number in range(120):
        running.offer(*edited(number % 10))
        running.held()
    pictures = running.held()
    assert pictures[0].is_keyframe
    # A run of pictures goes when all of it is too old.
    assert 48 <= len(pictures) <= 48 + 48
    assert pictures[-1].at == pytest.approx(1000 + 119 / FPS)


def test_of_a_bypass_black_is_held(running: Running, tmp_path: Path):
    grant = BypassGrant.from_config(PrivacyConfig(allow_bypass=True))
    assert grant is not None
    _, i420 = edited(7)
    raw = Picture.from_bypass(grant, CameraFrame(i420_to_bgr(i420), 7, 0.0))
    running.thread.start()
    running.offer(*edited(1))
    running.offer(raw, raw.i420)
    running.offer(*edited(2))
    pictures = running.held()
    assert [one.is_keyframe for one in pictures] == [True, True, True]
    before, between, after = shown(pictures, tmp_path)
    assert error(between, black_i420(*SIZE)) < 0.5
    assert error(before, edited(1)[1]) < 1.5
    assert error(after, edited(2)[1]) < 1.5
    assert running.keeper.bypass_at == pytest.approx(1000 + 1 / FPS)


def test_nothing_of_the_face_is_in_the_black_after_it(running: Running):
    running.thread.start()
    running.offer(*edited(1))
    black = Picture.black(*SIZE)
    running.offer(black, black.i420)
    assert [one.is_keyframe for one in running.held()] == [True, True]


def test_a_recording_can_begin_at_once(running: Running):
    running.thread.start()
    running.offer(*edited(1))
    running.held()
    running.keeper.want_keyframe()
    running.offer(*edited(2))
    running.offer(*edited(3))
    assert [one.is_keyframe for one in running.held()] == [True, True, False]


def test_a_picture_in_bgr_is_held_as_well(running: Running, tmp_path: Path):
    running.thread.start()
    picture, i420 = edited(5)
    running.offer(picture, i420_to_bgr(i420))
    (one,) = shown(running.held(), tmp_path)
    assert error(one, i420) < 2.5


def test_an_encoder_that_is_behind_costs_pictures_and_holds_up_nobody(running: Running):
    """The thread does not run yet, as on a machine without time for it."""
    for number in range(MOST_WAITING + 10):
        running.offer(*edited(number))
    assert running.keeper.dropped == 10
    running.thread.start()
    assert len(running.held()) == MOST_WAITING
    running.offer(*edited(1))
    assert running.keeper.dropped == 10


def test_it_gives_up_where_the_machine_is_too_slow(running: Running):
    for number in range(MOST_WAITING + 150):
        running.offer(*edited(number % 10))
    asked: Future[tuple[CodedPicture, ...]] = running.keeper.held()
    running.thread.start()
    running.thread.join(WITHIN_S)
    assert "keep.clips" in str(running.failed)
    assert asked.result(WITHIN_S) == ()
    # Whoever asks afterwards is told as well.
    assert running.keeper.held().result(WITHIN_S) == ()
