"""From the model's name in the configuration to the one under which the platform has it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from sana_vcam.reactor.errors import Refused
from sana_vcam.reactor.faults import FaultKind
from sana_vcam.reactor.models import connect_names, find, nearest

log = logging.getLogger(__name__)


async def open_by_name(name: str, open_session: Callable[[str], Awaitable[None]]) -> None:
    """Open a session under `name`; if the platform does not know it so, once with its owner.

    Raises what `open_session` raises, the first `Refused` of those that are about the name.
    """
    refused: Refused | None = None
    for candidate in connect_names(name):
        try:
            await open_session(candidate)
        except Refused as error:
            if not error.is_about_the_model:
                raise
            log.info("as %s: %s", candidate, error)
            refused = refused or error
        else:
            if candidate != name:
                log.info("the platform has the model as %s", candidate)
            return
    if refused is not None and find(name) is None:
        raise Refused(
            f"{refused} The nearest that is known here is {nearest(name)!r}.",
            words=refused.words,
            fault=FaultKind(
                f"{refused.sentence} The nearest that is known here is {nearest(name)!r}.",
                refused.words,
            ),
        )
    if refused is not None:
        raise refused
