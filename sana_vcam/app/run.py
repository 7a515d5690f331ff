"""`sana-vcam run`: logging, signals, one event loop, and the exit status.

SIGTERM and SIGINT stop the daemon. SIGHUP has it read its configuration again, and never kills
it; only where it says that the terminal is gone, the daemon stops in order, because nobody would
see the session that goes on costing money.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sana_vcam.app.native import share_arenas
from sana_vcam.config.schema import Config
from sana_vcam.errors import EXIT_FAILURE, EXIT_OK, SanaVcamError

if TYPE_CHECKING:
    from sana_vcam.app.daemon import Daemon
    from sana_vcam.config.source import ConfigSource

log = logging.getLogger("sana_vcam")


def run(config: Config, *, warnings: Iterable[str] = (), source: ConfigSource | None = None) -> int:
    """Run the daemon until a signal or Ctrl-C. Returns the exit status.

    `source` is where the configuration came from: it is followed while the daemon runs, and read
    again at SIGHUP. None: what was given holds to the end.
    """
    share_arenas()
    set_up_logging(config.log.level)
    for warning in warnings:
        log.warning("%s", warning)
    return run_until_done(lambda: _serve(config, source))


async def _serve(config: Config, source: ConfigSource | None) -> None:
    from sana_vcam.app import fault
    from sana_vcam.app.daemon import Daemon, stop_on_signals
    from sana_vcam.app.reload import Hangup, on_hangup
    from sana_vcam.control.access import group

    stop = asyncio.Event()
    folders = group.folders(os.environ)
    daemon = Daemon(config, state_dir=folders.state, runtime_dir=folders.runtime)
    if folders.runtime is not None and folders.shared is not None:
        copy = group.Copy(folders.runtime, folders.shared)
        # Called at each change of the state, so also right after the control server is up.
        daemon.on_state = lambda _: copy.bring_up_to_date()
    daemon.on_parts = lambda parts: fault.inject(config, parts.program)
    hangup = Hangup(stop, follow(daemon, config, source))
    with stop_on_signals(stop), on_hangup(hangup):
        await daemon.run(stop)
    log.info("stopped")


def follow(daemon: Daemon, config: Config, source: ConfigSource | None) -> Callable[[], None]:
    """Have the daemon follow `source`, which gave `config`; returns what reads it again."""
    from sana_vcam.app.reload import Reloader
    from sana_vcam.app.standing import StandingConfig

    if source is None:
        return lambda: log.warning("the configuration is read at the start only; restart for it")
    reloader = Reloader(daemon, config, source.load)
    daemon.standing = StandingConfig(source, reloader)
    return reloader


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
        if _into_the_journal():
            log.critical("%s", known)
        else:
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
    """Log to standard error; into the journal with its level prefixes and without a clock."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Journal() if _into_the_journal() else _Terminal())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    log.setLevel(level.upper())


def _into_the_journal(environ: Mapping[str, str] = os.environ) -> bool:
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


class _Journal(logging.Formatter):
    """`<N>` is sd-daemon(3)'s level prefix."""

    _LEVELS = ((logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))

    def __init__(self) -> None:
        super().__init__("%(message)s")

    def format(self, record: logging.LogRecord) -> str:
        number = next((n for least, n in self._LEVELS if record.levelno >= least), 7)
        return "\n".join(f"<{number}>{line}" for line in super().format(record).splitlines())
