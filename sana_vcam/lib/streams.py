"""Standard output and error as they are found: in any encoding, full, or read by nobody."""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

PLAIN = "sana_vcam.plain"
"""The error handler that says in ASCII what an encoding does not have."""
EXIT_FAILURE = 1
# ruff: noqa: RUF001  (characters that look like others are what this is about)
_ASCII = {
    "✓": "+",
    "✗": "x",
    "…": "...",
    "·": "-",
    "–": "-",
    "—": "-",
    "→": "->",
    "“": '"',
    "”": '"',
    **dict.fromkeys("┌┐└┘├┤┬┴┼", "+"),
    "─": "-",
    "│": "|",
    "▶": ">",
    "◀": "<",
    "▲": "^",
    "▼": "v",
    "×": "x",
}


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(_ASCII.get(char, "?") for char in lost), error.end


codecs.register_error(PLAIN, _plain)


class _Report(io.TextIOWrapper):
    """Standard output that keeps in mind what it could not be written for."""

    lost: OSError | None = None

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError as error:
            self.lost = error
            raise

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            self.lost = error
            raise


class _Complaints(io.TextIOWrapper):
    """Standard error to which nobody fails to write: a complaint that cannot be told is dropped."""

    def write(self, text: str) -> int:
        with suppress(OSError):
            return super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            super().flush()


def speak_any_encoding() -> None:
    """Have both streams take any text, and standard error fail never; call before any output."""
    for name, kind in (("stdout", _Report), ("stderr", _Complaints)):
        before = getattr(sys, name)
        if type(before) is io.TextIOWrapper:
            how = (before.line_buffering, before.write_through)
            encoding = before.encoding
            after = kind(before.detach(), encoding, PLAIN, None, *how)
            setattr(sys, name, after)
            setattr(sys, f"__{name}__", after)


def told(run: Callable[[], int]) -> int:
    """Run a command, and give its exit status once all that it printed is written.

    A reader that has gone (`sana-vcam devices | head`) has had enough: the status is 0. Output
    that cannot be written for another reason is a failure in one sentence.
    """
    try:
        try:
            return run()
        finally:
            sys.stdout.flush()
    except OSError:
        lost = sys.stdout.lost if isinstance(sys.stdout, _Report) else None
        if lost is None:
            raise
        _lose(sys.stdout)
        if isinstance(lost, BrokenPipeError):
            return 0
        print(f"sana-vcam: standard output cannot be written: {lost.strerror}", file=sys.stderr)
        return EXIT_FAILURE


def _lose(stream: TextIO) -> None:
    """Write the rest to nowhere, so that Python does not complain of it at the end."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)
