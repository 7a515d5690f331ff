"""The playout thread: one picture into the sink at every tick."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sana_vcam.lib.meter import Histogram, Meter
from sana_vcam.media.frames import ModelFrame, Picture
from sana_vcam.media.pacing import FrameClock, presentation_time
from sana_vcam.media.playout.program import Program
from sana_vcam.media.shedding import Shedding
from sana_vcam.media.sinks.sink import Sink
from sana_vcam.media.states import ProgramSource

IDLE_FPS = 1.0
"""Ticks a second while nobody watches. Chromium gives up after ten waits of one second, and the
driver shows its own slate after 1.5 s; a slate at this rate keeps every viewer."""
DELAY_BOUNDS_S = (0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.12, 0.2, 0.4, 0.8, 1.2, 1.6, 2.5)
"""Bounds of the histogram of delays."""


class Playout:
    """The playout thread: one picture into the sink at every tick, for ever."""

    def __init__(
        self,
        program: Program,
        sink: Sink,
        *,
        fps: float,
        on_change: Callable[[], None],
        on_shown: Callable[[ModelFrame], None] | None = None,
        shedding: Shedding | None = None,
    ) -> None:
        """Feed `sink` at `fps`; `on_change` is called on this thread when the program changes.

        `on_shown` too: with each picture of the model, when it has been written for the first time.
        `shedding` is told how late the ticks are.
        """
        self.ticks = 0
        self.skipped = 0
        self.meter = Meter()
        self.delays = Histogram(DELAY_BOUNDS_S)
        """Seconds from the SDK's callback to the sink's return, of each model frame shown."""
        self.next: Callable[[float], Picture] = program.next
        """What gives the picture of each tick: the program, or transitions on top of it. Written by
        the event loop."""
        self._shedding = shedding or Shedding()
        self._noted: ModelFrame | None = None
        self._program = program
        self._sink = sink
        self._fps = fps
        self._on_change = on_change
        self._on_shown = on_shown
        self._idle = False

    def set_idle(self, idle: bool) -> None:
        """Tick at `IDLE_FPS` while nobody watches, which is enough; from any thread."""
        if idle != self._idle:
            self._idle = idle
            self._program.wake()

    def wake(self) -> None:
        """End a wait of `run`, so that it notices `stop` at once; from any thread."""
        self._program.wake()

    def run(self, stop: threading.Event) -> None:
        """Tick until `stop`; raises `SinkError` when the sink refuses a frame for good."""
        while not stop.is_set():
            self._run(self._idle, stop)

    def _run(self, idle: bool, stop: threading.Event) -> None:
        """Tick at one rate, until woken for another one or to stop."""
        clock = FrameClock(IDLE_FPS if idle else self._fps, time.monotonic())
        self._shedding.rest()
        shown: tuple[ProgramSource, str | None] | None = None
        last = -1
        while True:
            tick, at = clock.next(time.monotonic())
            now, late_s = self._wait_for_presentation(at, clock.period)
            if stop.is_set() or self._idle != idle:
                return
            if not idle:
                self._shedding.tick(late_s, now)
            self._sink.send(self.next(now))
            self._note_delay()
            if self._program.output is ProgramSource.LIVE or self._program.rehearsed is not None:
                clock.follow(now - at, catch_up=self._program.catches_up)
            self.ticks += 1
            self.skipped += tick - last - 1
            last = tick
            self.meter.count(time.monotonic())
            slate, before = self._program.slate, shown
            shown = (self._program.output, slate.headline if slate else None)
            if shown != before:
                self._on_change()

    def _wait_for_presentation(self, at: float, period: float) -> tuple[float, float]:
        """Wait until the tick at `at` is to show its picture, or until woken.

        Tells the time, and by how many seconds the last wait was longer than it should have been.
        """
        until = at
        while True:
            now = time.monotonic()
            late_s = max(0.0, now - until)
            left_s = presentation_time(at, period, self._program.due(now)) - now
            if left_s <= 0 or self._program.wait(left_s):
                return now, late_s
            until = now + left_s

    def _note_delay(self) -> None:
        """Note how long a new picture of the model's took to the sink."""
        shown = self._program.on_show
        if self._program.output is ProgramSource.LIVE and shown and shown is not self._noted:
            self._noted = shown
            self.delays.observe(time.monotonic() - shown.received_at)
            if self._on_shown is not None:
                self._on_shown(shown)
