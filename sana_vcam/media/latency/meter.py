"""The latency meter: frame threads note every picture, and another thread matches what they noted.

What the figure covers: from the end of the camera's read (`CameraFrame.captured_at`) to the return
of the sink's write of the first tick that shows the picture made from it, on average over the last
seconds. Not in it: exposure and transfer before the read returned, and what the viewers'
application adds.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

import numpy as np

from sana_vcam.media.frames import CameraFrame, ModelFrame
from sana_vcam.media.latency.match import LONGEST_S, WINDOW_S, Array, Course, match
from sana_vcam.media.latency.steady import Reading, Steady
from sana_vcam.media.pixels import coarse_luma, coarse_luma_of_i420

COLUMNS, ROWS = 32, 18
"""Cells of a picture: about 40x40 pixels each, a part of a face."""
MOST = 1200
"""Pictures that are held at most: more than the longest course at 60 fps."""
PAUSE_S = 0.3
"""Without a new picture for so long, the delay may be another one afterwards."""
RARE_S = 10.0
"""Pauses that come sooner after each other are the model's way."""
AFTER_PAUSE_S = 3.0
"""So long after a pause it is known again, if somebody moves."""
STALE_S = 2.0
"""Without a new picture for so long, viewers see something else."""


class LatencyMeter:
    """A meter of glass-to-glass latency.

    `sent` belongs to the publisher thread, `shown` to the playout thread, the rest to others.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.reading: Reading | None = None
        self._clock = clock
        self._sent = _History(WINDOW_S + LONGEST_S + 1.0)
        self._shown = _History(WINDOW_S + 1.0)
        self._steady = Steady()
        # Of pictures shown: the newest, the end of the last pause, and of one that is a doubt.
        self._shown_at = self._paused_at = self._resumed_at = float("-inf")

    def seconds(self) -> float | None:
        """Give the figure alone; None while it is not known. From any thread."""
        reading = self.reading
        return None if reading is None else reading.latency_s

    def sent(self, frame: CameraFrame) -> None:
        """Note a picture of the camera that was published; takes about 0.1 ms."""
        self._sent.add(frame.captured_at, coarse_luma(frame.bgr, COLUMNS, ROWS).reshape(-1))

    def shown(self, frame: ModelFrame) -> None:
        """Note a picture of the model that has just been written for the first time."""
        now = self._clock()
        cells = coarse_luma_of_i420(frame.i420, COLUMNS, ROWS).reshape(-1)
        self._shown.add(now, cells, now - frame.received_at)
        if now - self._shown_at > PAUSE_S:
            if now - self._paused_at > RARE_S:
                self._resumed_at = now
            self._paused_at = now
        self._shown_at = now

    def clear(self) -> None:
        """Forget what was shown, and the figure. Not during `measure`."""
        self._shown.clear()
        self._steady.clear()
        self.reading = None

    def cut(self) -> None:
        """Note that other pictures are shown from now on; the figure stays until it is too old."""
        self._shown.clear()

    @property
    def doubts(self) -> bool:
        """Whether the delay has perhaps changed, so that it is worth measuring again soon."""
        return self._steady.doubts or self._clock() - self._resumed_at < AFTER_PAUSE_S

    def measure(self) -> Reading | None:
        """Match what is held, and give the figure; in a thread of its own, about once a second.

        Takes 10 to 20 ms of CPU.
        """
        now = self._clock()
        sent, shown = self._sent.course(), self._shown.course()
        live = not shown.empty and now - float(shown.times[-1]) < STALE_S
        found = match(sent, shown) if live else None
        self.reading = self._steady.take(found, now)
        return self.reading


class _History:
    """The pictures of the last seconds; one writer thread, any reader."""

    def __init__(self, keep_s: float) -> None:
        self._keep_s = keep_s
        self._lock = threading.Lock()
        self._pictures: deque[tuple[float, Array, float]] = deque(maxlen=MOST)

    def add(self, at: float, cells: Array, waited_s: float = 0.0) -> None:
        with self._lock:
            pictures = self._pictures
            # Matching needs times that increase.
            if pictures and at <= pictures[-1][0]:
                return
            pictures.append((at, cells, waited_s))
            while at - pictures[0][0] > self._keep_s:
                pictures.popleft()

    def clear(self) -> None:
        with self._lock:
            self._pictures.clear()

    def course(self) -> Course:
        with self._lock:
            pictures = tuple(self._pictures)
        times = np.array([at for at, _, _ in pictures])
        cells = np.array([cells for _, cells, _ in pictures], np.float32)
        return Course(times, cells, np.array([waited_s for _, _, waited_s in pictures]))
