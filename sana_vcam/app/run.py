"""`sana-vcam run`: logging, signals, one event loop, and the exit status.

SIGTERM and SIGINT stop the daemon. SIGHUP has it read its configuration again and never kills it.
Where SIGHUP says that the terminal is gone, the daemon stops in order, because nobody would see
the session that goes on costing money.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any

from sana_vcam.app.native import freeze_heap, limit_arenas
from sana_vcam.config.schema import Config
from sana_vcam.errors import EXIT_FAILURE, EXIT_OK, SanaVcamError
from sana_vcam.lib.descriptors import raise_limit
from sana_vcam.lib.logs import into_the_journal, log, set_up_logging
from sana_vcam.lib.lossystream import lossy_stderr

if TYPE_CHECKING:
    from sana_vcam.app.daemon import Daemon
    from sana_vcam.config.source import ConfigSource


def run(config: Config, *, warnings: Iterable[str] = (), source: ConfigSource | None = None) -> int:
    """Run the daemon until a signal or Ctrl-C, and give the exit status.

    `source` is where the configuration came from: it is followed while the daemon runs, and read
    again at SIGHUP. None: `config` holds to the end.
    """
    limit_arenas()
    raise_limit()
    # Here, since it takes half a second, and the event loop is not to be held.
    from sana_vcam.app.daemon import Daemon

    freeze_heap()
    with lossy_stderr():
        set_up_logging(config.log.level)
        for warning in warnings:
            log.warning("%s", warning)
        return run_until_done(lambda: _serve(Daemon, config, source))


async def _serve(make: type[Daemon], config: Config, source: ConfigSource | None) -> None:
    from sana_vcam.app.signals import Hangup, on_hangup, stop_on_signals
    from sana_vcam.config.paths import folders
    from sana_vcam.control.access import group

    stop = asyncio.Event()
    places = folders(os.environ)
    daemon = make(config, source=source, state_dir=places.state, runtime_dir=places.runtime)
    if places.runtime is not None and places.shared is not None:
        daemon.on_published = group.Copy(places.runtime, places.shared).bring_up_to_date
    with stop_on_signals(stop), on_hangup(Hangup(stop, daemon.read_config)):
        await daemon.run(stop)
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
        if into_the_journal():
            log.critical("%s", known)
        else:
            print(f"sana-vcam: {known}", file=sys.stderr)
        return known.exit_code
    return EXIT_OK


def expected(error: BaseException) -> SanaVcamError | None:
    """Find the one user-facing error in `error`, maybe a group; None if there is another one."""
    if isinstance(error, SanaVcamError):
        return error
    if isinstance(error, BaseExceptionGroup):
        inner = [expected(each) for each in error.exceptions]
        return inner[0] if all(each is not None for each in inner) else None
    return None
