"""The second session: a look is rehearsed in it, while viewers stay on the session on air."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from sana_vcam.engine.arrival import LookArrival
from sana_vcam.engine.desired import Desired, DesiredState
from sana_vcam.engine.live import LiveSessions
from sana_vcam.engine.session import Session
from sana_vcam.engine.states import SessionState as S
from sana_vcam.errors import CommandFailed
from sana_vcam.reactor import SessionError, Unavailable

log = logging.getLogger(__name__)

BEHIND_A_STILL = "set [rehearse] second_session = false, and viewers keep a still meanwhile"


class SecondSession:
    """A look that is rehearsed in a session of its own, billed besides; on the event loop.

        begin ──▶ opened beside the one on air ──▶ the preview shows it ──┬── take ──▶ handed over
          │                                                              └── end ───▶ closed
          └── it fails, or the one on air needs what it takes: closed, and `ended` says why

    Each is asked for by hand, so one that fails is not counted against the next session on air.
    Viewers stay on that until this one is handed over, which is not before the look that is
    desired of it is in all of its pictures.
    """

    def __init__(
        self,
        live: LiveSessions,
        open_session: Callable[[Desired], Session],
        on_desired: Callable[[], None],
        on_change: Callable[[], None],
    ) -> None:
        """Begin with none; `open_session` makes one that is not started yet.

        `on_desired` is called when something else is desired of it, and `on_change` when it begins,
        is taken, or ends.
        """
        self.desired: Desired | None = None
        """What is desired of it; None while nothing is rehearsed."""
        self.session: Session | None = None
        """None also before it may be opened."""
        self.is_taken = False
        """Whether it goes on air as soon as the look is in its pictures."""
        self.has_arrived = False
        """Whether the look is in its pictures."""
        self.ended: str | None = None
        """Why the last rehearsal ended by itself, and what to do about it."""
        self._live = live
        self._open = open_session
        self._on_desired = on_desired
        self._on_change = on_change
        self._arrival = LookArrival()
        self._settled = asyncio.Event()
        """Whether the platform has opened it, or it is over."""

    @property
    def is_on(self) -> bool:
        """Whether a look is rehearsed in it."""
        return self.desired is not None

    @property
    def taken(self) -> DesiredState | None:
        """What was taken and is not on air yet."""
        return self.desired.state if self.desired is not None and self.is_taken else None

    def begin(self, wanted: DesiredState) -> None:
        """Rehearse what is `wanted`, in place of what is rehearsed; `look` opens the session."""
        self.end()
        self.desired, self.ended = Desired(wanted, self._on_desired), None
        self._arrival = LookArrival()
        self._settled.clear()
        self._on_change()

    async def opened(self, within_s: float) -> None:
        """Wait until the platform has opened it, or for so long.

        Raises `CommandFailed` if it is over by then.
        """
        begun = self.desired
        try:
            await asyncio.wait_for(self._settled.wait(), within_s)
        except TimeoutError:
            log.info("the second session is not open yet; the rehearsal waits for it")
        if begun is None or self.desired is not begun:
            why, self.ended = self.ended or "it was put back meanwhile", None
            raise CommandFailed("rejected", f"the look is not rehearsed: {why}")

    def take(self) -> bool:
        """Have it go on air, and say whether the look is in its pictures already."""
        self.is_taken = True
        self._on_change()
        return self.has_arrived

    def end(self, why: str | None = None) -> None:
        """Close it; `why` it ends by itself, None if somebody said so."""
        session = self.session
        if self.desired is None:
            return
        self.hand_over()
        self.ended = why
        if why is not None:
            log.warning("the rehearsal has ended: %s", why)
        if session is not None:
            session.feed.show_in_preview(on=False)
            self._live.close(session)
        self._on_change()

    def look(self, now: float) -> Session | None:
        """Open it, end it if it has failed, or return it, as it is to go on air now."""
        desired, session = self.desired, self.session
        if desired is None:
            return None
        if session is None:
            if self._live.may_open_another:
                log.info("opening a second session to rehearse in")
                self.session = self._open(desired)
                self.session.feed.show_in_preview(on=True)
                self.session.start()
            return None
        if session.work.done() or session.degraded is not None:
            self.end(_why_failed(session.failure))
            return None
        if session.opened_at is not None:
            self._settled.set()
        streams = session.state is S.STREAMING
        at = self._arrival.at([session], desired.state, now)
        self.has_arrived = streams and at is not None
        return session if self.is_taken and self.has_arrived else None

    def hand_over(self) -> Desired | None:
        """Forget it, and return what is desired of its session."""
        desired, self.desired, self.session = self.desired, None, None
        self.is_taken = self.has_arrived = False
        self._settled.set()
        return desired


def _why_failed(error: SessionError) -> str:
    if isinstance(error, Unavailable) and error.no_room:
        return (
            f"there is no room for a second session ({error}). Is one open elsewhere? If the "
            f"account has one at a time: {BEHIND_A_STILL}"
        )
    return f"its session failed: {error}. To try again: sana-vcam ctl rehearse ..."
