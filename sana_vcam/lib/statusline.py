"""One line at the bottom of a terminal that is written anew; what else is said goes above it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self, TextIO

from sana_vcam.lib.lossystream import StreamInFront
from sana_vcam.lib.screen import Ink, columns, cut, head_inked, is_terminal

ERASE = "\r\x1b[K"
"""Back to the first column, and clear to the end of the row (ECMA-48)."""


class StatusLine(StreamInFront):
    """A stream over a terminal's, with a line that stays below whatever is written.

    The line is cut to the width that the terminal has at that moment, so it never wraps and takes
    no other line away. Without a terminal there is no line, and texts pass through. While the
    process is in the background of its shell, the line is not drawn into what is typed there.
    Methods may be called from any thread.
    """

    def __init__(self, stream: TextIO, *, wanted: bool = True) -> None:
        super().__init__(stream)
        self.is_shown = wanted and is_terminal(stream)
        """Whether there is a terminal for a line."""
        self._line = ""
        self._ink: Ink | None = None
        self._begun = ""
        """What was written after the last line end."""
        self._held: list[str] | None = None
        self._lock = threading.RLock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def show(self, text: str, ink: Ink | None = None) -> None:
        """Put up a line, which has to be printable; nothing without a terminal.

        `ink` is that of its first word.
        """
        if not self.is_shown:
            return
        with self._lock:
            self._line, self._ink = text, ink
            self._put("")

    def hold(self) -> None:
        """Keep what is written on a terminal until `release`, or to the end."""
        with self._lock:
            if self.is_shown:
                self._held = []

    def release(self, text: str) -> None:
        """Write `text`, and below it what was held."""
        with self._lock:
            held, self._held = "".join(self._held or ()), None
            self.write(f"{text}{held}")

    def write(self, text: str) -> int:
        """Write above the line. Half a line waits for its end."""
        if not self.is_shown:
            return self._stream.write(text)
        with self._lock:
            if self._held is not None:
                self._held.append(text)
                return len(text)
            whole, end, self._begun = f"{self._begun}{text}".rpartition("\n")
            if end:
                self._put(f"{whole}\n")
        return len(text)

    def flush(self) -> None:
        """Have the stream behind write what it holds."""
        self._stream.flush()

    def end(self) -> None:
        """Take the line away, and write what waits."""
        with self._lock:
            if self._held:
                self.release("")
            if self._line or self._begun:
                self._line = ""
                self._put(self._begun)
                self._begun = ""

    def _put(self, above: str) -> None:
        if not _is_in_front(self._stream):
            self._stream.write(above)
            return
        width = columns(self._stream)
        # The last cell stays free: some terminals go on to the next row once it is filled.
        line = cut(self._line, None if width is None else width - 1)
        if self._ink is not None:
            line = head_inked(line, self._ink, self._stream)
        self._stream.write(f"{ERASE}{above}{line}")
        self._stream.flush()


def _is_in_front(stream: TextIO) -> bool:
    """Whether the shell of this terminal has us in its foreground, as far as that is told."""
    if sys.platform == "win32":
        return True
    try:
        return os.tcgetpgrp(stream.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return True


@contextmanager
def line_below_stderr(*, wanted: bool = True) -> Iterator[StatusLine]:
    """Have a line below whatever this process writes to standard error, if that is a terminal."""
    before = sys.stderr
    line = StatusLine(before, wanted=wanted)
    if line.is_shown:
        sys.stderr = line
    try:
        yield line
    finally:
        sys.stderr = before
        line.end()
