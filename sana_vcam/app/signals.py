"""Signals of the process: stop, and read the configuration again."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

TERMINAL = Path("/dev/tty")

log = logging.getLogger(__name__)


class Hangup:
    """A SIGHUP, told apart: the terminal has gone, or somebody asks for a reload."""

    def __init__(
        self,
        stop: asyncio.Event,
        reload: Callable[[], None],
        has_terminal: Callable[[], bool] | None = None,
    ) -> None:
        """Note how the process was started; before a handler is installed, which hides nohup(1)."""
        self._stop = stop
        self._reload = reload
        self._has_terminal = has_terminal or has_controlling_terminal
        self._ends_with_terminal = self._has_terminal() and not _is_ignored()

    def __call__(self) -> None:
        """Set `stop` if the terminal that the daemon was started in has gone, else reload."""
        if self._ends_with_terminal and not self._has_terminal():
            log.info("the terminal has gone; stopping")
            self._stop.set()
        else:
            self._reload()


def has_controlling_terminal() -> bool:
    """Whether a terminal controls this process; a service has none."""
    try:
        os.close(os.open(TERMINAL, os.O_RDONLY | getattr(os, "O_NOCTTY", 0)))
    except OSError:
        return False
    return True


def _is_ignored() -> bool:
    return hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


@contextmanager
def on_hangup(call: Callable[[], None]) -> Iterator[None]:
    """Call `call` on the event loop at each SIGHUP, as long as the block runs."""
    if not hasattr(signal, "SIGHUP"):
        yield
        return
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, call)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
