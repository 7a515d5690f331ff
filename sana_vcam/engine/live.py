"""Every session that is open, from its opening to the platform's word on its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from sana_vcam.engine.anchor import CleanChange
from sana_vcam.engine.breaker import Breaker
from sana_vcam.engine.desired import Desired
from sana_vcam.engine.factory import SessionFactory
from sana_vcam.engine.leftovers import Leftovers
from sana_vcam.engine.session import Session
from sana_vcam.engine.usage import UsageAccount
from sana_vcam.reactor import OpenSession, ReactorClient

if TYPE_CHECKING:
    from sana_vcam.media.pipeline import Pipeline

log = logging.getLogger(__name__)

LATE_PATIENCE_S = 4.0
"""How long the end of the process waits for an answer that may open a session: half of the time
that the daemon has for what was left open."""


class LiveSessions:
    """Opens sessions, and closes them beside whatever else goes on; on the event loop.

    Each is in the ledger, and is billed, from its first moment to its last.
    """

    def __init__(
        self,
        factory: SessionFactory,
        pipeline: Pipeline,
        *,
        breaker: Breaker,
        leftovers: Leftovers,
        usage: UsageAccount | None,
        clean_change: CleanChange,
        clock: Callable[[], float],
    ) -> None:
        """Begin with none; `usage` is None where sessions cost nothing."""
        self.closing: set[asyncio.Future[None]] = set()
        self._late: set[asyncio.Future[None]] = set()
        """Waits for answers that may open a session for a client that is closed."""
        self._factory = factory
        self._pipeline = pipeline
        self._breaker = breaker
        self._leftovers = leftovers
        self._usage = usage
        self._clean_change = clean_change
        self._clock = clock

    @property
    def may_open_another(self) -> bool:
        """Whether nothing is in the way of one more beside the one on air."""
        return (
            not self.closing
            and not self._leftovers.hold_up
            and not self._breaker.is_open
            and self._breaker.wait_s(self._clock()) <= 0
        )

    def open(self, desired: Desired, on_change: Callable[[Session], None]) -> Session:
        """Make a session that is not started yet, to be brought to what is `desired`.

        Raises `Unavailable` without a token for it.
        """
        self._breaker.take_token(self._clock())
        client = self._factory.new_client()
        client.on_session(self._session_opened)
        feed = self._pipeline.open_feed(client.send_size, chunk_frames=client.model.largest_chunk)
        return Session(
            client,
            feed,
            desired,
            clean_change=self._clean_change,
            on_change=on_change,
            clock=self._clock,
        )

    def close(self, *sessions: Session) -> None:
        """Begin to end sessions."""
        for session in sessions:
            session.stop()
            self.closing.add(asyncio.ensure_future(self._end(session)))

    def look_at_closing(self) -> None:
        """Raise what a closed session has failed with, and end what it may have left."""
        for tasks in (self.closing, self._late):
            for task in [task for task in tasks if task.done()]:
                tasks.discard(task)
                task.result()
        if not self.closing and self._leftovers.is_due:
            self.closing.add(asyncio.ensure_future(self._leftovers.sweep_or_log()))

    async def all_closed(self) -> list[asyncio.Future[None]]:
        """Wait until every session has ended; returns what their ends came to."""
        await asyncio.wait(self.closing)
        closed, self.closing = list(self.closing), set()
        return closed

    async def late_ended(self) -> None:
        """Wait a while for what platforms have not answered, on the way out, and then no more."""
        late, self._late = self._late, set()
        if any(not task.done() for task in late):
            log.info("waiting for the platform to say whether it opened a session")
            await asyncio.wait(late, timeout=LATE_PATIENCE_S)
        unanswered = [task for task in late if not task.done()]
        for task in unanswered:
            task.cancel()
        await asyncio.gather(*unanswered, return_exceptions=True)
        for task in late:
            if not task.cancelled():
                task.result()
        if unanswered:
            log.warning(
                "the platform has not said whether it opened %d sessions; one that it did ends by "
                "itself at its longest duration ([reactor] max_session_s)",
                len(unanswered),
            )

    def bill(self, session: Session) -> None:
        """Count a session from the moment it is ready."""
        client = session.client
        if self._usage and client.ready_at is not None and client.session_id is not None:
            self._usage.ready(client.session_id, client.ready_at)

    def _session_opened(self, session: OpenSession) -> None:
        self._breaker.count_opened(self._clock())
        self._leftovers.hold(session)

    async def _end(self, session: Session) -> None:
        """End the session, and note whether it is surely over."""
        is_over = False
        client = session.client
        try:
            is_over = await session.close()
        finally:
            self.bill(session)
            self._breaker.count_ended(session)
            if client.late is not None:
                self._late.add(asyncio.ensure_future(self._end_late(client, client.late)))
            else:
                self._let_go(client, is_over=is_over)

    async def _end_late(self, client: ReactorClient, late: asyncio.Future[bool]) -> None:
        """Note what has become of the session that a closed client has got after all."""
        is_over = False
        try:
            is_over = await late
        finally:
            self._let_go(client, is_over=is_over)

    def _let_go(self, client: ReactorClient, *, is_over: bool) -> None:
        if client.session_id is not None:
            self._leftovers.let_go(client.session_id, is_over=is_over)
