"""Sessions that are left open: those of a killed daemon, and those whose end was not confirmed."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable

from sana_vcam.engine.factory import SessionFactory
from sana_vcam.engine.ledger import Ledger
from sana_vcam.engine.usage import UsageAccount
from sana_vcam.reactor import OpenSession, SessionError

log = logging.getLogger(__name__)

SWEEP_PAUSE_S = 30.0
"""A session that could not be ended is tried again this often."""


class Leftovers:
    """Tells the sessions in the ledger that are held from those to be swept; on the event loop."""

    def __init__(
        self,
        ledger: Ledger,
        usage: UsageAccount,
        factory: SessionFactory,
        *,
        api_url: str,
        clock: Callable[[], float],
    ) -> None:
        """Take over what is in `ledger`; `api_url` is the platform that sessions are opened on."""
        self._ledger = ledger
        self._usage = usage
        self._factory = factory
        self._api_url = api_url
        self._clock = clock
        self._held: set[str] = set()
        self._sweep_at = -math.inf

    @property
    def hold_up(self) -> bool:
        """Whether one is left on the platform in use: nothing is opened beside it."""
        return any(self._is_here(session) for session in self._left)

    @property
    def is_due(self) -> bool:
        """Whether it is time for `sweep`."""
        return self._clock() >= self._sweep_at and self.hold_up

    def hold(self, session: OpenSession) -> None:
        """Note a session that the platform has just created, and that a client holds."""
        self._held.add(session.session_id)
        self._ledger.opened(session)

    def let_go(self, session_id: str, *, is_over: bool) -> None:
        """Note that no client holds the session any more; `is_over`: its end is confirmed."""
        self._held.discard(session_id)
        if is_over:
            self._ended(session_id)
        else:
            self._usage.dropped(session_id)

    async def sweep(self) -> None:
        """End every session that nobody holds.

        One that cannot be ended holds up new ones on the same platform only: that `SessionError`
        is raised after all have been tried.
        """
        self._sweep_at = self._clock() + SWEEP_PAUSE_S
        held_up: SessionError | None = None
        for session in self._left:
            log.info("ending session %s, which was left open", session.session_id)
            try:
                await self._factory.end(session)
            except SessionError as error:
                if self._is_here(session):
                    held_up = error
                else:
                    log.warning("session %s cannot be ended now: %s", session.session_id, error)
            else:
                self._ended(session.session_id)
        if held_up is not None:
            raise held_up

    async def sweep_or_log(self, what_then: str = "it is tried again") -> None:
        """Sweep, and log what cannot be ended and `what_then` becomes of it."""
        try:
            await self.sweep()
        except SessionError as error:
            log.warning("%s; %s", error, what_then)

    @property
    def _left(self) -> list[OpenSession]:
        return [each for each in self._ledger.pending if each.session_id not in self._held]

    def _is_here(self, session: OpenSession) -> bool:
        return session.api_url == self._api_url

    def _ended(self, session_id: str) -> None:
        self._ledger.ended(session_id)
        self._usage.ended(session_id)
