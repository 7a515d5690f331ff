"""Writes that nobody waits for: a thread makes them, of each file the newest one only."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

log = logging.getLogger(__name__)

type WriteSoon = Callable[[Path, Callable[[], None]], None]
"""Has a file written: by a call that blocks, and that a later one for the same file replaces."""

LAST_WRITES_S = 5.0
"""How long the end of the process waits for a disk."""


def write_at_once(_: Path, write: Callable[[], None]) -> None:
    """Write on the caller's thread: for commands, which have nothing else to do."""
    write()


class DiskWriter:
    """A thread that writes files; the event loop never waits for a disk, which may stand still.

    What is handed over is written within moments, in the order of the first request for each file.
    """

    def __init__(self) -> None:
        self._waiting: dict[Path, Callable[[], None]] = {}
        self._busy = False
        self._ended = False
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="disk writer", daemon=True)
        self._thread.start()

    def write_soon(self, path: Path, write: Callable[[], None]) -> None:
        """Have `write` called in the thread; it says by itself what goes wrong."""
        with self._news:
            self._waiting[path] = write
            self._news.notify_all()

    def end(self, patience_s: float = LAST_WRITES_S) -> bool:
        """Wait until all is written, and end the thread; whether that was so in time. Blocks."""
        until = time.monotonic() + patience_s
        with self._news:
            self._ended = True
            self._news.notify_all()
        self._thread.join(max(0.0, until - time.monotonic()))
        if self._thread.is_alive():
            names = ", ".join(str(path) for path in self._waiting)
            log.warning("the disk did not take in time what was to be written last: %s", names)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._waiting or self._ended)
                if not self._waiting:
                    return
                path = next(iter(self._waiting))
                write = self._waiting.pop(path)
            try:
                write()
            except Exception:
                log.exception("a defect: %s was not written", path)
