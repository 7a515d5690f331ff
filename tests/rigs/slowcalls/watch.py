"""Finds calls on an event loop that hold it up for longer than 50 ms of their own.

Own time is what the call computes, and what it waits for by itself: a disk, a pipe, /proc. What the
machine makes it wait for is left out, as far as it can be known: the time in the run queue is the
kernel's figure, and the time in which Python's lock was not to be had is that of a thread beside
it that does nothing else but take it every few milliseconds.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import sys
import threading
import time
import traceback
from collections import deque
from pathlib import Path
from typing import Any

LIMIT_S = 0.05
BEAT_S = 0.005
"""How often the thread beside the loop takes Python's lock."""
KEPT_BEATS = 4000
NOT_OURS = ("Reactor.connect()",)
"""What is known and cannot be mended here: the SDK makes its native session, sound and all, on the
loop that connects (50 ms on two busy cores, once for each session)."""


class SlowCalls:
    """The calls of this process's event loops, timed; slow ones become a line in `folder`."""

    def __init__(self, folder: Path, limit_s: float = LIMIT_S) -> None:
        self.longest_s = 0.0
        self.calls = 0
        self._file = folder / f"{os.getpid()}.jsonl"
        self._limit_s = limit_s
        self._late: deque[tuple[float, float]] = deque(maxlen=KEPT_BEATS)
        self._due = time.monotonic()
        self._running: tuple[int, float] | None = None
        self.stack = ""
        """Where the running call was when it had become slow; empty until then."""
        self._queues = threading.local()
        self._run = asyncio.Handle._run
        self._stop = threading.Event()
        self._beat = threading.Thread(target=self._take_the_lock, name="asyncio_beat", daemon=True)

    def install(self) -> None:
        """Time every call from now on."""
        calls = self

        def run(handle: asyncio.Handle) -> None:
            calls.time(handle)

        asyncio.Handle._run = run  # type: ignore[method-assign]
        self._beat.start()

    def remove(self) -> None:
        """Time no call any more."""
        asyncio.Handle._run = self._run  # type: ignore[method-assign]
        self._stop.set()
        self._beat.join()

    def time(self, handle: asyncio.Handle) -> None:
        """Run a call, and note it if it was slow by itself."""
        # Taken now: a handle that has run is a task's next step.
        what = handle._callback  # type: ignore[attr-defined]
        queued, cpu, begun = self._queued_s(), time.thread_time(), time.monotonic()
        self.stack = ""
        self._running = threading.get_ident(), begun
        try:
            self._run(handle)
        finally:
            self._running = None
            ended = time.monotonic()
            self.calls += 1
            if ended - begun > self._limit_s:
                cpu, queued = time.thread_time() - cpu, self._queued_s() - queued
                self._note(what, begun, ended, cpu, queued)

    def _note(self, what: object, begun: float, ended: float, cpu: float, queued: float) -> None:
        # The last one is the beat that has not come yet.
        beats = (*self._late, (self._due, ended))
        late = sum(max(0.0, min(ended, woke) - max(begun, due)) for due, woke in beats)
        own = cpu + max(0.0, ended - begun - cpu - queued - late)
        name = _name(what)
        if any(each in name for each in NOT_OURS):
            return
        self.longest_s = max(self.longest_s, own)
        if own > self._limit_s:
            line = {
                "own_ms": round(1000 * own, 1),
                "wall_ms": round(1000 * (ended - begun), 1),
                "cpu_ms": round(1000 * cpu, 1),
                "call": name,
                "stack": self.stack,
                "command": sys.orig_argv,
            }
            with self._file.open("a") as file:
                file.write(json.dumps(line) + "\n")

    def _queued_s(self) -> float:
        """Read how long this thread has waited for a processor so far; 0 where none tells."""
        try:
            number = self._queues.number
        except AttributeError:
            try:
                number = os.open("/proc/thread-self/schedstat", os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                number = -1
            self._queues.number = number
        if number < 0:
            return 0.0
        return int(os.pread(number, 100, 0).split()[1]) / 1e9

    def _take_the_lock(self) -> None:
        while not self._stop.is_set():
            self._due = due = time.monotonic() + BEAT_S
            time.sleep(BEAT_S)
            now = time.monotonic()
            self._late.append((due, now))
            running = self._running
            if running is not None and not self.stack and now - running[1] > self._limit_s:
                frame = sys._current_frames().get(running[0])
                if frame is not None:
                    self.stack = "".join(traceback.format_stack(frame)[-12:])


def _name(what: Any) -> str:
    task = getattr(what, "__self__", None)
    return repr(task) if isinstance(task, asyncio.Task) else repr(what)


def watch_this_process(folder: Path) -> None:
    """Watch this process to its end, and leave the longest call in `folder` as well."""
    calls = SlowCalls(folder)
    calls.install()

    def tell() -> None:
        summary = {"longest_ms": round(1000 * calls.longest_s, 1), "calls": calls.calls}
        (folder / f"{os.getpid()}.summary").write_text(json.dumps(summary))

    atexit.register(tell)
