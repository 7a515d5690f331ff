"""Markdown as the pages have it, and what can be wrong with a page."""

from __future__ import annotations

from collections.abc import Sequence

NONE = "-"
"""What stands in a cell for which there is nothing to say."""


class PageFault(Exception):
    """A page that is missing, or asks for what there is not; the message says what to write."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code(text: str) -> str:
    """Write code for a cell."""
    return "`" + text.replace("|", "\\|") + "`"


def one_line(text: str) -> str:
    """Join the lines of a paragraph."""
    return " ".join(text.split())
