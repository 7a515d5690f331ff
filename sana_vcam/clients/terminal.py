"""What all commands that talk to a daemon print, and how they end; imports nothing that is slow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


EXIT_OK = 0
EXIT_REFUSED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
REPLY_TIMEOUT_S = 60.0
REQUEST_ID = 1


class Failure(Exception):
    """Something to tell the user, and the exit code."""

    def __init__(self, message: str, exit_code: int = EXIT_REFUSED) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def compact(message: Mapping[str, Any]) -> str:
    """Write a message as JSON on one line."""
    return json.dumps(message, ensure_ascii=False)


def printable_lines(text: str) -> str:
    """Keep what could command a terminal from each line."""
    return "\n".join(printable(line) for line in text.splitlines())


def printable(text: str) -> str:
    """Keep what could command a terminal from it."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
