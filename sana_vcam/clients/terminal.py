"""Exit codes and safe output of the commands that talk to a daemon; imports nothing slow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sana_vcam.lib.printing import printable_json

if TYPE_CHECKING:
    from collections.abc import Mapping


EXIT_OK = 0
EXIT_REFUSED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
REPLY_TIMEOUT_S = 60.0
REQUEST_ID = 1
"""The `id` of the one request that a command sends."""


class Failure(Exception):
    """A command that has failed: the message for the user, and the exit code."""

    def __init__(self, message: str, exit_code: int = EXIT_REFUSED) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def compact(message: Mapping[str, Any]) -> str:
    """Write a message as JSON on one line."""
    return printable_json(json.dumps(message, ensure_ascii=False))
