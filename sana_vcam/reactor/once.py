"""Sentences for the log that are worth reading only the first time."""

from __future__ import annotations

import logging

MOST = 100
"""As many are told at most: some of them quote what a server sends."""


class Once:
    """A log of sentences, each of which appears once; from any thread."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._said: set[str] = set()

    def say(self, text: str) -> None:
        """Log `text` at INFO, unless it was said before."""
        if text not in self._said and len(self._said) < MOST:
            self._said.add(text)
            self._log.info("%s", text)
