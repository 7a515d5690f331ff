"""`sana-vcam run`: logging, signals, one event loop, and the exit status."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from sana_vcam.config import Config
from sana_vcam.errors import EXIT_FAILURE, EXIT_OK, SanaVcamError

log = logging.getLogger("sana_vcam")


def run(config: Config, *, warnings: Iterable[str] = ()) -> int:
    """Run the daemon until a signal or Ctrl-C. Returns the exit status."""
    set_up_logging(config.log.level)
    for warning in warnings:
        log.warning("%s", warning)
    return run_until_done(lambda: _serve(config))


async def _serve(config: Config) -> None:
    from sana_vcam.app import Daemon, stop_on_signals

    stop = asyncio.Event()
    with stop_on_signals(stop):
        await Daemon(config).run(stop)
    log.info("stopped")


def run_until_done(make: Callable[[], Coroutine[Any, Any, None]]) -> int:
    """Run a coroutine to its end; what a user can cause becomes a sentence, not a traceback."""
    try:
        asyncio.run(make())
    except KeyboardInterrupt:
        return EXIT_OK
    except BaseException as error:
        known = expected(error)
        if known is None:
            log.critical("ended by a defect", exc_info=error)
            return EXIT_FAILURE
        print(f"sana-vcam: {known}", file=sys.stderr)
        return known.exit_code
    return EXIT_OK


def expected(error: BaseException) -> SanaVcamError | None:
    """The one user-facing error inside `error` (maybe a group), or None if there is another."""
    if isinstance(error, SanaVcamError):
        return error
    if isinstance(error, BaseExceptionGroup):
        inner = [expected(each) for each in error.exceptions]
        return inner[0] if all(each is not None for each in inner) else None
    return None


def set_up_logging(level: str) -> None:
    """Log to standard error; under systemd with its level prefixes and without a clock."""
    handler = logging.StreamHandler(sys.stderr)
    under_systemd = "JOURNAL_STREAM" in os.environ
    handler.setFormatter(_Journal() if under_systemd else _Terminal())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    log.setLevel(level.upper())


class _Terminal(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")


class _Journal(logging.Formatter):
    """`<N>` is sd-daemon(3)'s level prefix."""

    _LEVELS = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))

    def __init__(self) -> None:
        super().__init__("%(message)s")

    def format(self, record: logging.LogRecord) -> str:
        number = next((n for least, n in self._LEVELS if record.levelno >= least), 7)
        return "\n".join(f"<{number}>{line}" for line in super().format(record).splitlines())
