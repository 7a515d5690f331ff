"""What stops new attempts at a session: caps, hourly quotas, and sessions without output.

A circuit breaker: closed in normal work, open when one more attempt would only burn money.
"""

from __future__ import annotations

import random

from sana_vcam.engine.quota import SESSIONS_AN_HOUR, TOKENS_AN_HOUR, HourlyQuota
from sana_vcam.engine.session import Session
from sana_vcam.engine.takeover import hint_s
from sana_vcam.engine.usage import UsageAccount
from sana_vcam.lib.backoff import backoff
from sana_vcam.reactor import Refused, SessionError, Unavailable, faults

MAX_EMPTY_SESSIONS = 3
"""So many sessions in a row that were billed, or requests that the platform calls wrong, and never
a picture, open the breaker."""
STABLE_S = 60.0
"""A session that streamed this long was a success: the next failure starts the backoff anew."""
IN_THE_WAY_PAUSE_S = 2.0
"""An earlier session that is in the way ends by itself: it is looked for again this often."""


class BreakerOpen(Refused):
    """A refusal of ours. A new prompt does not end it: only the user's connect, or more budget."""


class Breaker:
    """Counts what attempts cost and came to. On the event loop; `now` is monotonic seconds."""

    def __init__(self, usage: UsageAccount, rng: random.Random, *, local: bool) -> None:
        """Begin closed, with the caps of `usage`; a `local` runtime has no quotas."""
        self._usage = usage
        self._rng = rng
        self._local = local
        self._waits = backoff(rng)
        self._tokens = HourlyQuota(TOKENS_AN_HOUR)
        self._sessions = HourlyQuota(SESSIONS_AN_HOUR)
        self._empty_sessions = 0
        self._proven: Session | None = None

    @property
    def is_open(self) -> bool:
        """Whether `check` refuses."""
        return self._is_empty_too_often or self._usage.budget.used_up is not None

    def check(self, cause: SessionError | None = None) -> None:
        """Raise `BreakerOpen` when no session may be opened; `cause` ended the last one."""
        self.check_budget()
        if self._is_empty_too_often:
            last = f" ({cause})" if cause else ""
            raise BreakerOpen(
                f"{self._empty_sessions} sessions in a row gave no picture{last}, so no more are "
                "opened. Look at the log and at your account; then: sana-vcam ctl connect",
                fault=faults.NEVER_A_PICTURE,
            ) from cause

    def check_budget(self) -> None:
        """Raise `BreakerOpen` while a cap is reached, which also ends a session that is open."""
        used_up = self._usage.budget.used_up
        if used_up is not None:
            raise BreakerOpen(used_up.sentence, words=used_up.words)

    def wait_s(self, now: float) -> float:
        """Count the seconds until the hourly quotas allow a session; 0 if they do now."""
        if self._local:
            return 0.0
        return max(self._tokens.wait_s(now), self._sessions.wait_s(now))

    def check_quota(self, now: float) -> None:
        """Raise `Unavailable` while the hour's sessions are used up."""
        wait_s = self.wait_s(now)
        if wait_s > 0:
            raise Unavailable(
                f"too many sessions were asked for in the last hour; the next in {wait_s:.0f} s",
                retry_after_s=wait_s,
                fault=faults.TOO_OFTEN,
            )

    def pause_s(self, error: SessionError) -> float:
        """Count one more failure in a row, and say how long to wait after it, in seconds."""
        pause_s = next(self._waits)
        if isinstance(error, Unavailable) and error.in_the_way:
            pause_s = min(pause_s, IN_THE_WAY_PAUSE_S)
        return max(pause_s, hint_s(error))

    def take_token(self, now: float) -> None:
        """Count an attempt. Raises `Unavailable` while the hour's are used up."""
        self.check_quota(now)
        self._tokens.note(now)

    def count_opened(self, now: float) -> None:
        """Count a session that the platform has opened."""
        self._sessions.note(now)

    def count_picture(self, session: Session) -> None:
        """Begin the count of empty sessions anew, once for each session that gives a picture."""
        if session is not self._proven:
            self._proven = session
            self._empty_sessions = 0

    def count_failure(self, session: Session, error: SessionError) -> None:
        """Count a session that was billed for nothing, or a request that is wrong by itself.

        A refusal needs no count: it is final by itself.
        """
        is_wrong = isinstance(error, Unavailable) and not error.recoverable
        if not isinstance(error, Refused) and (session.was_empty or is_wrong):
            self._empty_sessions += 1

    def count_ended(self, session: Session) -> None:
        """Begin the pauses anew after a session that streamed for long."""
        client = session.client
        if (client.last_frame_at or 0.0) - (client.ready_at or 0.0) > STABLE_S:
            self._waits = backoff(self._rng)

    def reset(self) -> None:
        """Close the breaker, as far as caps allow: the user wants to try again."""
        self._empty_sessions = 0

    @property
    def _is_empty_too_often(self) -> bool:
        return self._empty_sessions >= MAX_EMPTY_SESSIONS
