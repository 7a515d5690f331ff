"""A viewer at the raw sink: when each frame came, what it shows, and how late this machine was."""

from __future__ import annotations

import fcntl
import os
import select
import threading
import time
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from tests.rigs.faults import clip
from tests.rigs.faults.clip import Seen

WIDTH, HEIGHT, FPS = 640, 360, 24.0
FRAME_BYTES = WIDTH * HEIGHT * 3 // 2
PIPE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Glimpse:
    """One frame: when its last byte was here (monotonic seconds), and what it shows.

    `fresh` says whether it differs from the frame before. `after_death` is the first frame of
    another writer: what lies before it is no gap of anybody's.
    """

    at: float
    seen: Seen
    fresh: bool
    after_death: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """The time from one frame to the next, and how late an idle thread beside it was."""

    at: float
    seconds: float
    machine_s: float

    @property
    def own_s(self) -> float:
        """What the machine's own lateness does not account for."""
        return self.seconds - self.machine_s


class Watch:
    """Reads a FIFO in a thread of its own, whoever writes into it, one writer after the other."""

    def __init__(self, fifo: Path) -> None:
        self.glimpses: list[Glimpse] = []
        # Called on the reader's thread with every frame.
        self.judges: list[Callable[[Glimpse], None]] = []
        self._fifo = fifo
        self._before: bytes | None = None
        self._stop = threading.Event()
        os.mkfifo(fifo, 0o600)
        self._descriptor = self._open()
        self._excused: list[tuple[float, float]] = []
        self._away = threading.Event()
        self._began, self._waited_s = time.monotonic(), waited_for_a_processor_s()
        self._metronome = Metronome(self._stop)
        self._frame = bytearray(FRAME_BYTES)
        self._filled = 0
        self._left_at = 0.0
        self._thread = self._reader()

    def close(self) -> None:
        """Stop reading."""
        self._stop_reading()
        self._stop.set()
        self._metronome.join()
        os.close(self._descriptor)
        self._fifo.unlink()

    # -- a reader with moods -------------------------------------------------------------------

    def pause(self) -> None:
        """Read nothing, with the FIFO open."""
        self._left_at = time.monotonic()
        self._stop_reading()

    def go_on(self) -> None:
        """Read again; what lay in between was nobody's gap."""
        self.excuse(self._left_at, time.monotonic())
        self._away.clear()
        self._thread = self._reader()

    def leave(self) -> None:
        """Close the FIFO."""
        self.pause()
        os.close(self._descriptor)

    def come_back(self) -> None:
        """Be the next reader, who begins with a whole frame."""
        self._descriptor = self._open()
        self._filled = 0
        self.go_on()

    def excuse(self, begin: float, end: float) -> None:
        """Count no gap that touches this time, in which there was nothing to write to."""
        self._excused.append((begin, end))

    def forget_open_excuses(self) -> None:
        """From now on gaps count again, though an excuse was given without an end."""
        now = time.monotonic()
        self._excused = [(since, min(until, now + 1)) for since, until in self._excused]

    @property
    def newest(self) -> Glimpse | None:
        """The newest frame."""
        return self.glimpses[-1] if self.glimpses else None

    @property
    def crowded(self) -> float:
        """The part of the time, 0 to 1, in which something here waited for a processor."""
        waited_s = waited_for_a_processor_s() - self._waited_s
        return min(1.0, waited_s / max(0.1, time.monotonic() - self._began))

    def since(self, moment: float) -> list[Glimpse]:
        """The frames after a moment."""
        return [one for one in self.glimpses if one.at > moment]

    def drain(self) -> tuple[list[Glimpse], list[Gap]]:
        """What was seen since the last call, for whoever watches for hours; it is forgotten here.

        The newest frame stays, as the first of the next gap.
        """
        count = len(self.glimpses) - 1
        if count < 1:
            return [], []
        seen = self.glimpses[: count + 1]
        gaps = self.gaps(seen)
        del self.glimpses[:count]
        self._metronome.forget(seen[-1].at)
        return seen[1:], gaps

    def gaps(self, seen: Sequence[Glimpse] | None = None) -> list[Gap]:
        """The times between frames, without those across a writer's death."""
        found = []
        ticks = self._metronome.ticks()
        for one, two in pairwise(self.glimpses if seen is None else seen):
            if not two.after_death and not self.is_excused(one.at, two.at):
                late = ticks.latest(one.at, two.at)
                found.append(Gap(two.at, two.at - one.at, late))
        return found

    def is_excused(self, begin: float, end: float) -> bool:
        """Whether a time touches one that counts for nothing."""
        return any(begin < until and end > since for since, until in self._excused)

    def _open(self) -> int:
        descriptor = os.open(self._fifo, os.O_RDONLY | os.O_NONBLOCK)
        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        return descriptor

    def _reader(self) -> threading.Thread:
        thread = threading.Thread(target=self._read, name="watch")
        thread.start()
        return thread

    def _stop_reading(self) -> None:
        self._away.set()
        self._thread.join()

    def _read(self) -> None:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        died = False
        while not self._away.is_set():
            if not poll.poll(50):
                continue
            try:
                count = os.readv(self._descriptor, [memoryview(self._frame)[self._filled :]])
            except BlockingIOError:
                continue
            if count == 0:
                # Nobody writes: what is left of a frame belongs to nobody.
                self._filled, died = 0, bool(self.glimpses)
                self._away.wait(0.005)
                continue
            self._filled += count
            if self._filled == FRAME_BYTES:
                self._take(bytes(self._frame), died)
                self._filled, died = 0, False

    def _take(self, frame: bytes, died: bool) -> None:
        at = time.monotonic()
        seen = clip.judge(np.frombuffer(frame, np.uint8).reshape(HEIGHT * 3 // 2, WIDTH))
        glimpse = Glimpse(at, seen, frame != self._before, died)
        self._before = frame
        self.glimpses.append(glimpse)
        for judge in self.judges:
            judge(glimpse)


@dataclass(frozen=True, slots=True)
class Ticks:
    """When each tick of the metronome woke, and how late, in seconds."""

    at: list[float]
    late: list[float]

    def latest(self, begin: float, end: float) -> float:
        """The most that a tick between two moments was late."""
        first, last = bisect_left(self.at, begin), bisect_right(self.at, end + 1 / FPS)
        return max(self.late[first:last], default=0.0)


class Metronome:
    """A thread that does nothing but sleep until each next tick, and notes how late it woke.

    On a machine with more work than cores every process is late at times. A gap of the daemon
    counts only so far as this thread was not held up in it as well.
    """

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._late: deque[tuple[float, float]] = deque()
        self._thread = threading.Thread(target=self._run, name="metronome")
        self._thread.start()

    def ticks(self) -> Ticks:
        """Its ticks so far."""
        late = list(self._late)
        return Ticks([at for at, _ in late], [seconds for _, seconds in late])

    def forget(self, before: float) -> None:
        """Forget the ticks before a moment."""
        while self._late and self._late[0][0] < before:
            self._late.popleft()

    def join(self) -> None:
        """Wait for its end."""
        self._thread.join()

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            now = time.monotonic()
            self._late.append((now, max(0.0, now - due)))
            due = max(due + 1 / FPS, now)


def waited_for_a_processor_s() -> float:
    """How long, since the start of the machine, something waited for a processor (Linux's PSI)."""
    try:
        line = Path("/proc/pressure/cpu").read_text().splitlines()[0]
    except OSError:
        return 0.0
    return int(line.rpartition("total=")[2]) / 1e6
