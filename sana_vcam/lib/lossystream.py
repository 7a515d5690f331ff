"""A text stream that nobody waits for: what its reader does not take is dropped and counted.

A terminal that is stopped with Ctrl-S, and a pipe that nobody reads, hold whoever writes to them
for as long as they like. So a thread of its own writes, and everybody else only queues.
"""

from __future__ import annotations

import errno
import io
import logging
import os
import select
import stat
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

log = logging.getLogger(__name__)

MAX_WAITING = 256 * 1024
"""How many characters may wait to be written."""
STANDARD_ERROR = 2
"""The descriptor."""
LAST_WORDS_S = 1.0
"""How long the end of the process waits for what is queued."""


class StreamInFront(io.TextIOBase):
    """A stream of text that stands in front of another one, and is taken for it."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of the stream behind."""
        return self._stream.encoding or "utf-8"

    def fileno(self) -> int:
        """Give the descriptor of the stream behind."""
        return self._stream.fileno()

    def isatty(self) -> bool:
        """Whether the stream behind is a terminal."""
        return self._stream.isatty()

    def writable(self) -> bool:
        """Whether it takes text: always."""
        return True


class LossyStream(StreamInFront):
    """Queues what is written, and writes it to `stream` in a thread; never waits.

    What does not fit into the queue, or cannot be written, is lost: `lost` counts the texts.
    """

    def __init__(self, stream: TextIO, *, max_waiting: int = MAX_WAITING) -> None:
        super().__init__(stream)
        self.lost = 0
        self._max_waiting = max_waiting
        self._waiting: deque[str] = deque()
        self._characters = 0
        self._told = 0
        self._busy = False
        self._ended = False
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="log writer", daemon=True)
        self._thread.start()

    def write(self, text: str) -> int:
        """Queue a text, or drop it if too much waits."""
        with self._news:
            if self._ended or self._characters + len(text) > self._max_waiting:
                self.lost += 1
            else:
                self._waiting.append(text)
                self._characters += len(text)
                self._news.notify_all()
        return len(text)

    def flush(self) -> None:
        """Do nothing: who flushes would wait."""

    def end(self, patience_s: float = LAST_WORDS_S) -> None:
        """Wait a little until all is written, and take nothing any more.

        A thread that a reader holds is left to the end of the process.
        """
        until = time.monotonic() + patience_s
        with self._news:
            self._ended = True
            self._news.notify_all()
            self._news.wait_for(lambda: not self._waiting and not self._busy, patience_s)
            self._waiting.clear()
        self._thread.join(max(0.0, until - time.monotonic()))

    def _run(self) -> None:
        while (text := self._next()) is not None:
            try:
                self._write(text)
            except (OSError, ValueError):
                # The reader has gone, or the disk is full.
                with self._news:
                    self.lost += 1
            else:
                self._tell_of_loss()

    def _next(self) -> str | None:
        with self._news:
            self._busy = False
            self._news.notify_all()
            self._news.wait_for(lambda: self._waiting or self._ended)
            if not self._waiting:
                return None
            self._busy = True
            text = "".join(self._waiting)
            self._waiting.clear()
            self._characters = 0
            return text

    def _write(self, text: str) -> None:
        try:
            number = self._stream.fileno()
        except (OSError, ValueError):
            # Not a stream of the system's.
            self._stream.write(text)
            return
        rest = memoryview(text.encode(self.encoding, "backslashreplace"))
        while rest:
            try:
                rest = rest[os.write(number, rest) :]
            except BlockingIOError:
                # Somebody who shares the terminal has made it so.
                select.select((), (number,), ())

    def _tell_of_loss(self) -> None:
        lost, self._told = self.lost - self._told, self.lost
        if lost:
            log.warning("%d lines for standard error were lost: nobody took them", lost)


@contextmanager
def lossy_stderr() -> Iterator[LossyStream]:
    """Have nobody in this process wait for standard error, as long as the block runs."""
    before = sys.stderr
    with suppress(OSError, ValueError):
        before.flush()
    with _native_writers_never_wait():
        sys.stderr = stream = LossyStream(before)
        try:
            yield stream
        finally:
            sys.stderr = before
            stream.end()


@contextmanager
def _native_writers_never_wait() -> Iterator[None]:
    """Have libraries lose what they write to descriptor 2 by themselves, rather than wait.

    libjpeg, FFmpeg and the SDK's native half do so, on whichever thread they run. The terminal or
    pipe is opened once more: the flag would otherwise hold for whoever shares it, a shell above
    all. A journal's socket cannot be opened again, and stays as it is.
    """
    if sys.platform == "win32":
        yield
        return
    try:
        mode = os.fstat(STANDARD_ERROR).st_mode
        if not (stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)):
            raise OSError(errno.ENOTSUP, "neither a terminal nor a pipe")
        flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY
        again = os.open(f"/proc/self/fd/{STANDARD_ERROR}", flags)
    except OSError:
        yield
        return
    kept = os.dup(STANDARD_ERROR)
    os.dup2(again, STANDARD_ERROR)
    os.close(again)
    try:
        yield
    finally:
        os.dup2(kept, STANDARD_ERROR)
        os.close(kept)
