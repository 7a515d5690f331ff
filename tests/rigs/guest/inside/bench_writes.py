"""What a frame of 1280x720 costs the one who writes it: into the real driver, and into a pipe.

A copy in memory of the same frame is measured beside them, as the guest's own yardstick.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from sana_vcam.media.pixels import Pixels
from sana_vcam.media.sinks.loopback import LoopbackBackend
from sana_vcam.media.sinks.raw import RawBackend
from tests.rigs.bench.contenders.watcher import FRAME_BYTES, HEIGHT, WIDTH
from tests.rigs.bench.figures import summary_ms
from tests.rigs.guest.inside.kernel import OURS, captures, loopbacks, path_of, process, until
from tests.rigs.guest.inside.scenario import Case, scenario

DEVICE = path_of(OURS)
FPS = 24.0
FRAMES = 72
"""Of each way in each turn: three seconds."""

COPY = "copy in memory"
UNWATCHED = "real driver, nobody reads"
WATCHED = "real driver, one app reads"
HANDED = "raw pipe, as the playout waits for it"
TAKEN = "raw pipe, until the pipe has taken it"

type Found = dict[str, list[float]]
"""Seconds of each write, by the way."""


class TimedRaw(RawBackend):
    """The raw backend with a clock around each frame's way into the pipe."""

    def __init__(self, path: Path) -> None:
        self.taken: list[float] = []
        super().__init__(str(path))

    def _put(self, out: int, frame: bytes) -> None:
        began = time.monotonic()
        super()._put(out, frame)
        self.taken.append(time.monotonic() - began)


@scenario
def short(case: Case) -> None:
    case.after.enter_context(loopbacks([OURS], case.exclusive_caps))
    case.seen["writes"] = _in_turns(turns=3)


@scenario
def long(case: Case) -> None:
    case.after.enter_context(loopbacks([OURS], case.exclusive_caps))
    case.seen["writes"] = _in_turns(turns=12)


def _in_turns(turns: int) -> dict[str, dict[str, float]]:
    """Every way once in each turn; milliseconds."""
    found: Found = {name: [] for name in (COPY, UNWATCHED, WATCHED, HANDED, TAKEN)}
    for turn in range(turns):
        print(f"  one write, turn {turn + 1} of {turns}", flush=True)
        _copy(found)
        _driver(found)
        _pipe(found)
    return {name: summary_ms(seconds) for name, seconds in found.items()}


def _copy(found: Found) -> None:
    into = np.zeros(FRAME_BYTES, np.uint8)

    def write(frame: Pixels) -> None:
        into[:] = frame

    found[COPY] += _paced(write)


def _driver(found: Found) -> None:
    driver = LoopbackBackend(DEVICE, (WIDTH, HEIGHT), FPS)
    try:
        found[UNWATCHED] += _paced(driver.send)
        with _app():
            found[WATCHED] += _paced(driver.send)
    finally:
        driver.close()


@contextmanager
def _app() -> Iterator[None]:
    """A program that takes every frame from the driver."""
    until(lambda: captures(DEVICE), "the driver's picture")
    with tempfile.TemporaryFile() as said:
        words = ("v4l2-ctl", "-d", DEVICE, "--stream-mmap", "--stream-count=0")
        with process(*words, stdout=said, stderr=said) as child:
            # It says a < for each frame that it took; the first are those that lie there.
            until(lambda: os.fstat(said.fileno()).st_size, "an app that takes frames")
            yield
            assert child.poll() is None, "the app gave up"


def _pipe(found: Found) -> None:
    with tempfile.TemporaryDirectory() as folder:
        fifo = Path(folder) / "sink"
        os.mkfifo(fifo)
        with process("sh", "-c", 'exec cat "$0" > /dev/null', str(fifo)):
            raw = TimedRaw(fifo)
            try:
                blank = np.zeros(FRAME_BYTES, np.uint8)

                def reader_came() -> bool:
                    raw.send(blank)
                    return bool(raw.taken)

                until(reader_came, "a reader of the pipe")
                raw.taken.clear()
                found[HANDED] += _paced(raw.send)
                found[TAKEN] += raw.taken
                assert raw.taken, "the reader took nothing"
            finally:
                raw.close()


def _paced(write: Callable[[Pixels], object]) -> list[float]:
    """The seconds of each of some writes, as far apart as the playout's."""
    noise = np.random.default_rng(0).integers(16, 236, (2, FRAME_BYTES), np.uint8)
    took = []
    due = time.monotonic()
    for number in range(FRAMES):
        due += 1 / FPS
        time.sleep(max(0.0, due - time.monotonic()))
        began = time.monotonic()
        write(noise[number % 2])
        took.append(time.monotonic() - began)
    return took
