"""Logging of the process: to a terminal, or with levels that the journal understands."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping

from sana_vcam.lib.printing import printable_lines

log = logging.getLogger("sana_vcam")


def set_up_logging(level: str) -> None:
    """Log to standard error; into the journal with its level prefixes and without a clock."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Journal() if into_the_journal() else _Terminal())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    log.setLevel(level.upper())


def into_the_journal(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether standard error is the journal's own stream.

    The variable alone proves nothing: a shell in a terminal that a service started inherits it.
    """
    try:
        found = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


class _Terminal(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        return printable_lines(super().format(record))


class _Journal(logging.Formatter):
    """`<N>` is sd-daemon(3)'s level prefix."""

    _LEVELS = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))

    def __init__(self) -> None:
        super().__init__("%(message)s")

    def format(self, record: logging.LogRecord) -> str:
        number = next((n for least, n in self._LEVELS if record.levelno >= least), 7)
        return "\n".join(f"<{number}>{line}" for line in _lines(super().format(record)))


def _lines(text: str) -> list[str]:
    return printable_lines(text).split("\n")
