"""What a stream can show: how wide it is in cells, how wide a text is, and whether it has colours.

The one place that decides about colours: NO_COLOR (no-color.org) forbids them, FORCE_COLOR and
CLICOLOR_FORCE (bixense.com/clicolors) want them in a pipe as well, TERM=dumb knows none.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Mapping
from enum import Enum
from typing import TextIO

ELLIPSIS = "…"
USUAL_COLUMNS = 80
_WINDOWS_TERMINALS = ("WT_SESSION", "ANSICON", "TERM")
_EMOJI_STYLE = 0xFE0F
_FLAGS = range(0x1F1E6, 0x1F200)


class Ink(Enum):
    """What a colour stands for, and its numbers in SGR (ECMA-48)."""

    GOOD = "32"
    CARE = "33"
    BAD = "31"
    STRONG = "1"
    FAINT = "2"


def is_terminal(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether somebody looks at it, and its cursor can be moved."""
    try:
        return stream.isatty() and environ.get("TERM") != "dumb"
    except (ValueError, OSError):
        return False


def has_colours(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a text for this stream is to be coloured."""
    if environ.get("NO_COLOR"):
        return False
    forced = [environ.get(name) for name in ("FORCE_COLOR", "CLICOLOR_FORCE")]
    if any(forced):
        return any(value and value != "0" for value in forced)
    if environ.get("CLICOLOR") == "0":
        return False
    if sys.platform == "win32" and not any(map(environ.get, _WINDOWS_TERMINALS)):
        return False
    return is_terminal(stream, environ)


def inked(text: str, ink: Ink, stream: TextIO) -> str:
    """Colour a text if the stream has colours. It is to be printable already."""
    return f"\x1b[{ink.value}m{text}\x1b[0m" if text and has_colours(stream) else text


def columns(stream: TextIO, environ: Mapping[str, str] = os.environ) -> int | None:
    """Tell how many cells are in a row now; None if it is no terminal."""
    try:
        if not stream.isatty():
            return None
        found = os.get_terminal_size(stream.fileno()).columns
    except (ValueError, OSError):
        return None
    if found > 0:
        return found
    said = environ.get("COLUMNS", "")
    return int(said) if said.isascii() and said.isdecimal() and int(said) else USUAL_COLUMNS


def cells(text: str) -> int:
    """Count the cells that a text takes: 2 for wide characters, 0 for those that join others.

    What terminals differ in, such as a family of emoji, is counted as the widest of them has it.
    """
    return sum(map(_cells_of, text))


def _cells_of(char: str) -> int:
    if char.isascii():
        return 1
    if ord(char) == _EMOJI_STYLE:
        # It makes a narrow sign a wide one.
        return 1
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    wide = unicodedata.east_asian_width(char) in "WF" or ord(char) in _FLAGS
    return 2 if wide else 1


def cut(text: str, width: int | None) -> str:
    """Cut a text to so many cells, with an ellipsis where something is left out.

    None: nothing is cut.
    """
    if width is None or cells(text) <= width:
        return text
    if width < 1:
        return ""
    kept, used = [], 0
    for char in text:
        used += _cells_of(char)
        if used > width - 1:
            break
        kept.append(char)
    return f"{''.join(kept)}{ELLIPSIS}"


def cut_lines(text: str, stream: TextIO) -> str:
    """Cut each line to the width of the stream, if it is a terminal."""
    width = columns(stream)
    return text if width is None else "\n".join(cut(line, width) for line in text.split("\n"))


def padded(text: str, width: int) -> str:
    """Fill a text up with spaces to so many cells."""
    return text + " " * (width - cells(text))


def head_inked(line: str, ink: Ink, stream: TextIO) -> str:
    """Colour the first word of a line, wherever it begins."""
    start = line[: len(line) - len(line.lstrip())]
    word, space, rest = line[len(start) :].partition(" ")
    return f"{start}{inked(word, ink, stream)}{space}{rest}"


def table(text: str, stream: TextIO, *, cuts: bool = True) -> str:
    """Colour the first column of a printable table; on a terminal cut its lines to the width."""
    if cuts:
        text = cut_lines(text, stream)
    if not has_colours(stream):
        return text
    return "\n".join(head_inked(line, Ink.STRONG, stream) for line in text.split("\n"))


def complaint(program: str, text: str) -> str:
    """Write what a program complains of on standard error; `text` is to be printable."""
    return f"{inked(f'{program}:', Ink.BAD, sys.stderr)} {text}"
