"""When another session takes over from the one on air: a pure policy of numbers and two sessions.

    the platform ends it soon ─┐                        ┌─ plays on, or waiting costs more ──▶ cut
    the user asks for another ─┼──▶ another is tried ───┼─ fails for now ──▶ tried again
    its picture is poor ───────┘    beside it           └─ is refused ──▶ one at a time from now on

Where there is only one session at a time, the old one is ended first, with a break.
"""

from __future__ import annotations

import math
import random

from sana_vcam.config.schema import ReactorConfig
from sana_vcam.engine.session import Session
from sana_vcam.engine.states import SessionState as S
from sana_vcam.lib.backoff import backoff
from sana_vcam.reactor import Refused, SessionError, Unavailable

WARM_UP_S = 8.0
"""A session that streams takes over after this long at the latest, its rhythm known or not: both
are billed meanwhile."""
LAST_MOMENT_S = 10.0
"""Without a second session, the old one is ended this long before the platform would end it."""
POOR_PAUSE_S = 300.0
"""So long after one change, or one paid try, for want of quality comes the next at the earliest:
another session may be no better."""


class Takeover:
    """The reasons for another session, and what the tries at one came to.

    On the event loop; `now` is monotonic seconds.
    """

    def __init__(self, config: ReactorConfig, rng: random.Random) -> None:
        """Begin without a reason; `rng` spreads the waits after tries that failed."""
        self.one_at_a_time = config.local
        """Whether the old session has to end first: a runtime on this machine serves one session,
        and an account without a second one is asked once."""
        self._longest_s = float(config.max_session_s)
        self._margin_s = min(float(config.renew_margin_s), self._longest_s / 4)
        self._rng = rng
        self._waits = backoff(rng)
        self._next_at = -math.inf
        self._asked = self._asked_before = False
        """Whether the user has asked since the last try began, and before it."""
        self._poor: str | None = None
        """Why the picture is poor, if that was reported since the last try began."""
        self._for_quality = False
        """Whether the last try is for want of quality."""
        self._poor_left_at = -math.inf

    def ask(self) -> None:
        """Take note that the user asks for another session, at once."""
        self._asked = True
        self._next_at = -math.inf

    def report_poor_quality(self, why: str, now: float) -> None:
        """Take note that the picture is poor, to be repeated as long as it is.

        Nothing is done where it would take a break: a poor picture is better than none.
        """
        if not self.one_at_a_time and self._may_leave_poor(now):
            self._poor = why

    def forget(self) -> None:
        """Forget the reasons: the session that they were about is over."""
        self._asked = self._asked_before = self._for_quality = False
        self._poor = None

    def why_renew(self, on_air: Session, now: float) -> str | None:
        """Say why another session is to take over from the one on air; None while it is good."""
        if on_air.client.ready_at is None:
            return None
        if not self.one_at_a_time and self.age_s(on_air, now) > self.renewal_age_s:
            return "the platform ends it soon"
        if on_air.degraded is not None and self._may_leave_poor(now):
            return on_air.degraded
        return "asked for" if self._asked else self._poor

    @property
    def renewal_age_s(self) -> float:
        """The age from which on another session is to take over."""
        return self._longest_s - (LAST_MOMENT_S if self.one_at_a_time else self._margin_s)

    def renewal_in_s(self, on_air: Session, now: float) -> float | None:
        """Count the seconds until another session is to take over; None before this is ready."""
        if on_air.client.ready_at is None:
            return None
        return max(0.0, self.renewal_age_s - self.age_s(on_air, now))

    def age_s(self, session: Session, now: float) -> float:
        """Count the session's age as the platform may see it, in seconds.

        From its beginning, if that is what the platform counts: but a long wait for a GPU is not
        to use all of it up.
        """
        ready_at, opened_at = session.client.ready_at, session.opened_at
        if ready_at is None:
            return 0.0
        waited_s = 0.0 if opened_at is None else ready_at - opened_at
        return now - ready_at + min(waited_s, self._longest_s / 4)

    def is_worn_out(self, session: Session, now: float) -> bool:
        """Whether the platform is about to end the session."""
        return self.age_s(session, now) > self._longest_s - LAST_MOMENT_S

    def why_open_next(self, on_air: Session, now: float) -> str | None:
        """Say why a session is to be opened beside the one on air now; None if none is."""
        if self.one_at_a_time or on_air.work.done() or now < self._next_at:
            return None
        return self.why_renew(on_air, now)

    def may_take_over(
        self, on_air: Session, coming: Session, now: float, *, paused: bool = False
    ) -> bool:
        """Whether viewers lose nothing by the cut, or more without it.

        `paused`: that is what the user wants.
        """
        if self.age_s(on_air, now) > self._longest_s:
            return True
        if coming.state is S.PAUSED:
            return paused
        if coming.state is not S.STREAMING:
            return False
        has_nothing = on_air.state is not S.STREAMING or on_air.degraded is not None
        is_late = now - coming.since > WARM_UP_S or self.is_worn_out(on_air, now)
        return coming.feed.plays_on() or has_nothing or is_late

    def may_break(self, on_air: Session, now: float) -> bool:
        """Whether the session is to be ended for another one, although viewers will see it."""
        is_due = self.one_at_a_time and self.why_renew(on_air, now) is not None
        return is_due or self.is_worn_out(on_air, now)

    def begin_try(self, on_air: Session) -> None:
        """Take note that another session is tried, for all the reasons so far."""
        self._for_quality = on_air.degraded is not None or self._poor is not None
        self._asked_before, self._asked, self._poor = self._asked, False, None

    def end_first(self, on_air: Session, now: float) -> None:
        """Take note that the session was ended for the sake of another."""
        self.begin_try(on_air)
        self.succeed(now)

    def succeed(self, now: float) -> None:
        """Take note that the other session has taken over."""
        self._note_quality(now)
        self._waits = backoff(self._rng)
        self.forget()

    def fail(self, error: SessionError, now: float, *, was_billed: bool) -> float | None:
        """Take note that the try has failed; returns the seconds until the next one.

        None: the account has no second session, so it is not tried again. What the user has asked
        for since the try began is kept in any case, as that has had no answer yet.
        """
        is_final = isinstance(error, Refused) or _has_no_room(error)
        self._asked = self._asked or (self._asked_before and not is_final)
        if was_billed:
            self._note_quality(now)
        elif is_final:
            self.one_at_a_time = True
            return None
        wait_s = max(next(self._waits), hint_s(error))
        self._next_at = now + wait_s
        return wait_s

    def _note_quality(self, now: float) -> None:
        if self._for_quality:
            self._poor_left_at = now

    def _may_leave_poor(self, now: float) -> bool:
        return now - self._poor_left_at > POOR_PAUSE_S


def hint_s(error: SessionError) -> float:
    """Read what the platform asks to wait, in seconds; 0 if it asks for nothing."""
    return (error.retry_after_s or 0.0) if isinstance(error, Unavailable) else 0.0


def _has_no_room(error: SessionError) -> bool:
    return isinstance(error, Unavailable) and error.no_room
