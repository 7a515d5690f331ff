"""The suite's own instruments: what they recognise, and what they leave out."""

from __future__ import annotations

import os
import time
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from sana_vcam.engine.slates import slate_for
from sana_vcam.engine.states import EngineStatus, SessionState
from sana_vcam.media.slate import Slate, draw
from sana_vcam.media.states import CameraState
from sana_vcam.standin import looks
from tests.rigs.faults import clip, table
from tests.rigs.faults.clip import HEIGHT, PROMPT, WIDTH, Seen
from tests.rigs.faults.row import Result
from tests.rigs.faults.rows import ROWS
from tests.rigs.faults.watch import FRAME_BYTES, Gap, Ticks, Watch

PATIENCE_S = 20.0

type Pixels = npt.NDArray[np.uint8]


def seen(bgr: Pixels) -> Seen:
    return clip.judge(cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_I420))


def cropped(bgr: Pixels) -> Pixels:
    """As the bridge makes 640x352 of 640x360, and 640x360 of that."""
    inner = bgr[4:-4]
    wide = cv2.resize(inner, (round(WIDTH * HEIGHT / inner.shape[0]), HEIGHT))
    left = (wide.shape[1] - WIDTH) // 2
    return np.ascontiguousarray(wide[:, left : left + WIDTH])


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Pixels]:
    """Frames of the clip, as a camera gives them."""
    path = tmp_path_factory.mktemp("clip") / "clip.avi"
    clip.make(path)
    capture = cv2.VideoCapture(str(path))
    found = []
    while True:
        more, picture = capture.read()
        if not more:
            break
        found.append(picture)
    assert len(found) == clip.SECONDS * clip.FPS
    return found[::13]


def test_the_raw_clip_is_recognised_also_cropped_scaled_and_dimmed(pictures: list[Pixels]) -> None:
    for picture in pictures:
        assert seen(picture) is Seen.RAW
        assert seen(cropped(picture)) is Seen.RAW
        assert seen(np.ascontiguousarray(picture * 0.9 // 1).astype(np.uint8)) is Seen.RAW
        blurred = cv2.GaussianBlur(picture, (0, 0), 2)
        assert seen(np.asarray(blurred)) is Seen.RAW


def test_the_edit_is_told_from_the_raw_clip(pictures: list[Pixels]) -> None:
    for index, picture in enumerate(pictures):
        rgb = np.ascontiguousarray(picture[4:-4, :, ::-1])
        edited = looks.edit(rgb, PROMPT, 0, index=index)[:, :, ::-1]
        whole = cv2.copyMakeBorder(np.ascontiguousarray(edited), 4, 4, 0, 0, cv2.BORDER_REPLICATE)
        assert seen(cropped(np.asarray(whole))) is Seen.LIVE


def test_every_card_is_a_card() -> None:
    for state in SessionState:
        for camera in CameraState:
            status = EngineStatus(state=state, wanted=True, error="something", words="A word")
            slate = slate_for(status, camera, 12.0, camera_words="The camera was unplugged")
            assert seen(np.asarray(draw(slate, WIDTH, HEIGHT).bgr)) is Seen.CARD
    assert seen(np.asarray(draw(Slate("A headline"), WIDTH, HEIGHT).bgr)) is Seen.CARD
    assert seen(np.zeros((HEIGHT, WIDTH, 3), np.uint8)) is Seen.BLACK
    assert seen(np.full((HEIGHT, WIDTH, 3), 90, np.uint8)) is Seen.OTHER


def test_a_watch_joins_frames_and_forgets_the_rest_of_a_dead_writer(tmp_path: Path) -> None:
    watch = Watch(tmp_path / "fifo")
    black = bytes([16] * (FRAME_BYTES * 2 // 3) + [128] * (FRAME_BYTES // 3))
    try:
        for count in (2, 1):
            writer = os.open(tmp_path / "fifo", os.O_WRONLY)
            for _ in range(count):
                os.write(writer, black)
            os.write(writer, b"torn")
            wait_for(watch, count if count == 2 else 3)
            os.close(writer)
            time.sleep(0.1)
        assert [one.seen for one in watch.glimpses] == [Seen.BLACK] * 3
        assert [one.after_death for one in watch.glimpses] == [False, False, True]
        assert len(watch.gaps()) == 1, "the time without a writer is nobody's gap"
    finally:
        watch.close()


def wait_for(watch: Watch, count: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while len(watch.glimpses) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(watch.glimpses) == count


def test_a_gap_counts_only_beyond_what_the_machine_was_late() -> None:
    ticks = Ticks([1.0, 1.2, 2.0], [0.0, 0.15, 0.9])
    gap = Gap(1.25, 0.25, ticks.latest(1.0, 1.25))
    assert gap.own_s == pytest.approx(0.10)
    assert ticks.latest(1.3, 1.5) == 0.0


def test_the_table_says_who_survived(tmp_path: Path) -> None:
    good = Result("a: b", "cause", "live stays", gap_ms=60, live_again_s=1.5, bound_s=5.0)
    bad = Result("a: c", "cause", "a card", raw=3, faults=["3 raw frames"], bound_s=9.0, why="so")
    assert table.summary([good, bad]).startswith("1 of 2 survived; longest gap 60 ms")
    assert "3 raw frames" in table.lines([good, bad])[2]
    again = Result("a: d", "cause", "a card", before=["1 gap", "2 gaps"])
    assert table.again([good, again]) == ["played again: a: d: 1 gap", "played again: a: d: 2 gaps"]
    table.write([good, bad], tmp_path / "t.md")
    assert "- a: c: up to 9 s; so" in (tmp_path / "t.md").read_text()


def test_every_row_has_a_name_of_its_own_and_a_reason_for_taking_longer() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert row.recovery_s is None or row.recovery_s <= 5 or row.why, row.name
