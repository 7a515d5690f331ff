"""`sana-vcam run`: logging, signals, one event loop, and the exit status.

SIGTERM and SIGINT stop the daemon. SIGHUP has it read its configuration again and never kills it.
Where SIGHUP says that the terminal is gone, the daemon stops in order, because nobody would see
the session that goes on costing money.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from sana_vcam.app.console import Console
from sana_vcam.app.native import freeze_heap, set_up_malloc
from sana_vcam.config.runtimedir import APP
from sana_vcam.config.schema import Config
from sana_vcam.control.protocol.state import State
from sana_vcam.errors import EXIT_FAILURE, EXIT_OK, SanaVcamError
from sana_vcam.lib.descriptors import raise_limit
from sana_vcam.lib.logs import into_the_journal, log, set_up_logging
from sana_vcam.lib.lossystream import lossy_stderr
from sana_vcam.lib.printing import printable_lines
from sana_vcam.lib.statusline import StatusLine, line_below_stderr

if TYPE_CHECKING:
    from sana_vcam.app.daemon import Daemon
    from sana_vcam.config.source import ConfigSource


INTRODUCTION = """\
camera  {camera}
model   {model}
sink    {sink}
control {control}

See and change it in a browser:
  {dashboard}
or from another terminal:
  {program} ctl preset noir        ({program} presets lists them)
  {program} ctl blank on           (black, at once)
Ctrl-C stops.
"""


def run(
    config: Config,
    *,
    warnings: Iterable[str] = (),
    source: ConfigSource | None = None,
    quiet: bool = False,
) -> int:
    """Run the daemon until a signal or Ctrl-C, and give the exit status.

    `source` is where the configuration came from: it is followed while the daemon runs, and read
    again at SIGHUP. None: `config` holds to the end. `quiet`: a terminal is told what is amiss, and
    in one line what happens, instead of every step.
    """
    set_up_malloc()
    raise_limit()
    # Here, since it takes half a second, and the event loop is not to be held.
    from sana_vcam.app import signals  # noqa: F401
    from sana_vcam.app.daemon import Daemon
    from sana_vcam.control.access import group  # noqa: F401
    from sana_vcam.media.slate import load_font

    load_font()
    freeze_heap()
    with lossy_stderr(), line_below_stderr(wanted=not gives_frames(config)) as line:
        set_up_logging("warning" if quiet and line.is_shown else config.log.level)
        serve = partial(_serve, Daemon, config, source, line)
        for warning in warnings:
            log.warning("%s", warning)
        return run_until_done(serve)


async def _serve(
    make: type[Daemon], config: Config, source: ConfigSource | None, line: StatusLine
) -> None:
    from sana_vcam.app.signals import Hangup, on_hangup
    from sana_vcam.config.paths import folders
    from sana_vcam.control.access import group
    from sana_vcam.lib.signals import stop_on_signals

    stop = asyncio.Event()
    places = folders(os.environ)
    daemon = make(config, source=source, state_dir=places.state, runtime_dir=places.runtime)
    if places.runtime is not None and places.shared is not None:
        daemon.on_published = group.Copy(places.runtime, places.shared).bring_up_to_date
    elif line.is_shown:
        introduce = partial(_introduction, daemon)
        console = Console(line, introduce, runtime_dir=places.runtime)
        daemon.on_published, daemon.on_state = console.published, console.show
    with stop_on_signals(stop), on_hangup(Hangup(stop, daemon.read_config)):
        await daemon.run(stop)
    log.info("stopped")


def _introduction(daemon: Daemon, state: State, dashboard: str | None) -> str | None:
    """Say where the dashboard is, once the daemon listens."""
    control = daemon.control_url
    if control is None:
        return None
    program = this_program()
    text = INTRODUCTION.format(
        camera=state.camera_name or "off until somebody watches",
        model=state.model_title or state.model,
        sink=state.sink_name,
        control=control,
        dashboard=dashboard or f"{program} ctl open",
        program=program,
    )
    return printable_lines(text)


def gives_frames(config: Config) -> bool:
    """Whether frames go to standard output: what reads them has the terminal."""
    return config.sink.kind == "raw" and config.sink.path == "-"


def this_program() -> str:
    """Say how this program is typed here."""
    if shutil.which(APP):
        return APP
    typed = sys.argv[0]
    return f"{sys.executable} -m sana_vcam" if typed.endswith("__main__.py") else typed


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
