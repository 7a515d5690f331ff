"""The session beside the one on air: the next one, or the second one. There is one at most.

The next one is brought up to take over by itself (`takeover`). The second one has a look of its
own, which is rehearsed: the preview alone shows it, and it goes on air when somebody says so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from sana_vcam.engine.breaker import Breaker
from sana_vcam.engine.desired import Desired
from sana_vcam.engine.live import LiveSessions
from sana_vcam.engine.second import BEHIND_A_STILL, SecondSession
from sana_vcam.engine.session import Session
from sana_vcam.engine.takeover import Takeover
from sana_vcam.errors import CommandFailed
from sana_vcam.reactor import SessionError

log = logging.getLogger(__name__)


class NextSession:
    """The session that is brought up to take over from the one on air; on the event loop."""

    def __init__(
        self,
        live: LiveSessions,
        takeover: Takeover,
        breaker: Breaker,
        open_session: Callable[[Desired], Session],
        on_change: Callable[[], None],
    ) -> None:
        """Begin with none; `on_change` is called when there is one, or none any more."""
        self.session: Session | None = None
        self._live = live
        self._takeover = takeover
        self._breaker = breaker
        self._open = open_session
        self._on_change = on_change

    def look(
        self, on_air: Session, desired: Desired, now: float, *, may_open: bool
    ) -> Session | None:
        """Open it, give it up, or return it, as it is to take over now."""
        coming, paused = self.session, desired.state.paused
        if coming is None:
            why = self._takeover.why_open_next(on_air, now) if may_open and not paused else None
            if why is not None and self._live.may_open_another:
                log.info("bringing up another session to take over: %s", why)
                self._takeover.begin_try(on_air)
                self.session = self._open(desired)
                self.session.start()
                self._on_change()
        elif coming.work.done() or coming.degraded is not None:
            self._give_up(coming, now)
        elif self._takeover.may_take_over(on_air, coming, now, paused=paused):
            return coming
        return None

    def _give_up(self, coming: Session, now: float) -> None:
        """Close it, as it has failed; another is tried later or never."""
        self.session = None
        self._live.close(coming)
        self._on_change()
        error = coming.failure
        self._breaker.count_failure(coming, error)
        was_billed = coming.client.ready_at is not None
        wait_s = self._takeover.fail(error, now, was_billed=was_billed)
        if wait_s is None:
            log.warning("%s; from now on a session is renewed with a short break", error)
        else:
            log.warning("the session was not renewed: %s; not again for %.0f s", error, wait_s)


class Beside:
    """What is beside the session on air, and what may be; on the event loop."""

    def __init__(
        self,
        next_session: NextSession,
        second: SecondSession,
        takeover: Takeover,
        breaker: Breaker,
        *,
        on_air: Callable[[], Desired | None],
        is_local: bool,
        clock: Callable[[], float],
    ) -> None:
        """Begin with none.

        `on_air` gives what is desired of the session on air, or None unless that streams.
        `is_local`: the model is on this machine, and has one session at a time.
        """
        self.next = next_session
        self.second = second
        self._takeover = takeover
        self._breaker = breaker
        self._on_air = on_air
        self._is_local = is_local
        self._clock = clock

    @property
    def session(self) -> Session | None:
        """The one that there is."""
        return self.next.session or self.second.session

    def renew(self) -> None:
        """Have another session take over.

        Raises `CommandFailed` while there is none to renew, or another may not be opened.
        """
        desired = self._check("no session is streaming, so there is none to renew")
        if self.second.is_on:
            what = "a look is rehearsed: first sana-vcam ctl take, or sana-vcam ctl back"
            raise CommandFailed("rejected", what)
        self._takeover.ask()
        desired.wake()

    def rehearse(self, fields: dict[str, object]) -> None:
        """Have a second session show a look with these fields of `DesiredState`.

        Raises `CommandFailed` while none is on air, or another may not be opened.
        """
        desired = self._check("no session is streaming: sana-vcam ctl connect --wait")
        if self._is_local:
            what = f"the model on this machine has one session at a time: {BEHIND_A_STILL}"
            raise CommandFailed("rejected", what)
        if self.next.session is not None:
            raise CommandFailed("not_ready", "the session is being renewed; try in a minute")
        self.second.begin(desired.state.changed(fields))

    def report_poor_quality(self, why: str) -> None:
        """Have another session take over from one that is no good, but not all the time.

        For whoever judges the quality of the connection or the picture, to be called as long as
        it is poor; `why` is for the log. A second session may be the cause of it, and is let be.
        """
        desired = self._on_air()
        if desired is not None and self.next.session is None and not self.second.is_on:
            self._takeover.report_poor_quality(why, self._clock())
            desired.wake()

    def look(
        self, on_air: Session, desired: Desired, now: float, *, wanted: bool
    ) -> Session | None:
        """Look at both; returns the one that is to go on air now.

        `desired` is of the session on air. Its renewal comes before a rehearsal.
        """
        second = self.second
        may_open = wanted and not second.is_on
        coming = self.next.look(on_air, desired, now, may_open=may_open)
        why = self._takeover.why_renew(on_air, now)
        if second.is_on and not second.is_taken and why is not None:
            second.end(
                f"the session on air is to be renewed ({why}), which comes first. To try again, in "
                "a minute: sana-vcam ctl rehearse ..."
            )
        return coming or second.look(now)

    def _check(self, what: str) -> Desired:
        """Raise `CommandFailed` unless a session may be opened beside one that streams."""
        desired = self._on_air()
        if desired is None:
            raise CommandFailed("not_ready", what)
        try:
            self._breaker.check()
            self._breaker.check_quota(self._clock())
        except SessionError as error:
            raise CommandFailed("rejected", str(error)) from None
        return desired
