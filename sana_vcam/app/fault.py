"""A fault that tests switch on, to see the watchdog notice it.

`SANA_VCAM_TEST_FAULT=stop-ticking-after=N` lets the playout hang at the N-th tick and for ever, as
a driver that hangs would. Against the paid service it is refused, and so is any other value: no
stray variable can take a real picture away.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Callable, Mapping

from sana_vcam.config.schema import Config
from sana_vcam.errors import ConfigError
from sana_vcam.media.frames import Picture
from sana_vcam.media.playout.program import Program

VARIABLE = "SANA_VCAM_TEST_FAULT"

log = logging.getLogger(__name__)


def inject(config: Config, program: Program, environ: Mapping[str, str] = os.environ) -> None:
    """Do what the variable says, if it is set, before the playout starts.

    Raises:
        ConfigError: the value has no meaning, or the session would be a real one.
    """
    wanted = environ.get(VARIABLE)
    if wanted is None:
        return
    found = re.fullmatch(r"stop-ticking-after=(\d+)", wanted)
    if found is None or not config.reactor.local:
        raise ConfigError(
            f"{VARIABLE} is for tests: it needs reactor.local = true and a value such as "
            f"stop-ticking-after=100; remove it: unset {VARIABLE}"
        )
    log.warning("%s is set: the picture stops after %s ticks", VARIABLE, found[1])
    # The instance's own attribute goes before the method; nothing of this is in the program.
    program.next = _hanging(program.next, int(found[1]))  # type: ignore[assignment, method-assign]


def _hanging(show: Callable[[float], Picture], after: int) -> Callable[[float], Picture]:
    ticks = iter(range(after))

    def show_or_hang(now: float) -> Picture:
        if next(ticks, None) is None:
            threading.Event().wait()
        return show(now)

    return show_or_hang
