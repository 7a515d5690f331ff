"""Text for a terminal that may come from anybody: it shows, and commands nothing."""

from __future__ import annotations

import sys


def printable_lines(text: str) -> str:
    """Replace in each line the characters that could command a terminal."""
    return "\n".join(printable(line) for line in text.split("\n"))


def printable(text: str) -> str:
    """Replace the characters that could command a terminal, line ends among them."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def printable_json(text: str, encoding: str | None = None) -> str:
    """Write those characters of a JSON text as JSON's escapes, which mean the same.

    Also those that the encoding of standard output, or the one that is named, does not have.
    """
    text = "".join(char if char.isprintable() or char == "\n" else _escape(char) for char in text)
    encoding = encoding or getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return "".join(char if char.isascii() else _escape(char) for char in text)
    return text


def _escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
