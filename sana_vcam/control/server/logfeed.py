"""The daemon's log as `log` events, from any thread and without secrets."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Literal
from urllib.parse import quote

from sana_vcam.control.protocol.events import Log

LOGGER = "sana_vcam"
"""The logger, with all below it, whose lines are forwarded."""

_MAX_WAITING = 100
"""Fewer than a client's queue holds: a burst of lines must not close those who read."""
_MAX_MESSAGE_CHARACTERS = 4000
_REDACTED = "[redacted]"


class Redaction(logging.Filter):
    """Takes secrets out of every record that passes; a last net, since none should be in there."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        self._secrets: tuple[str, ...] = ()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Take this secret out as well, from now on."""
        spellings = {*self._secrets, secret, quote(secret, safe="")} - {""}
        self._secrets = tuple(sorted(spellings, key=len, reverse=True))

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record if it holds a secret; let it pass in any case."""
        message = record.getMessage()
        redacted = self.redact(message)
        if redacted != message:
            record.msg, record.args = redacted, None
        return True

    def redact(self, text: str) -> str:
        """Replace the secrets in `text`."""
        for secret in self._secrets:
            text = text.replace(secret, _REDACTED)
        return text


class LogFeed(logging.Handler):
    """Hands each record of INFO and above to `deliver`, on the event loop.

    A thread that logs faster than the loop delivers loses its oldest lines. `deliver` must not log
    one line for each that it delivers.

    Args:
        deliver: Called on the loop that makes this object.
        redaction: What must not go out.
    """

    def __init__(self, deliver: Callable[[Log], None], redaction: Redaction) -> None:
        super().__init__(logging.INFO)
        self._deliver = deliver
        self._redaction = redaction
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Log] = deque(maxlen=_MAX_WAITING)

    def __enter__(self) -> LogFeed:
        logging.getLogger(LOGGER).addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger(LOGGER).removeHandler(self)
        self.close()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue one record; called on the thread that logs."""
        try:
            event = self._event(record)
        except Exception:
            # A wrong format string must not end the thread that logs.
            self.handleError(record)
            return
        self._waiting.append(event)
        # The loop is closed only when nobody is left to tell.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._flush)

    def _event(self, record: logging.LogRecord) -> Log:
        message = self._redaction.redact(record.getMessage())
        return Log(
            time_s=record.created,
            level=_level(record.levelno),
            logger=record.name,
            message=message[:_MAX_MESSAGE_CHARACTERS].encode("utf-8", "replace").decode(),
        )

    def _flush(self) -> None:
        while self._waiting:
            self._deliver(self._waiting.popleft())


def _level(number: int) -> Literal["info", "warning", "error"]:
    if number >= logging.ERROR:
        return "error"
    return "warning" if number >= logging.WARNING else "info"
