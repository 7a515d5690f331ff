"""The states as data: which state may follow which, and one snapshot for everybody.

A row of the table is about one session. When another session takes over, the state that is told
becomes the other one's, whatever it is: only between two states that a session is open in.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SessionState(StrEnum):
    """Where the engine is with the billed session."""

    IDLE = "idle"
    CONNECTING = "connecting"
    WAITING = "waiting"
    STARTING = "starting"
    STREAMING = "streaming"
    PAUSED = "paused"
    RECONNECTING = "reconnecting"
    BACKOFF = "backoff"
    REFUSED = "refused"
    CLOSING = "closing"


S = SessionState

TRANSITIONS: dict[S, frozenset[S]] = {
    S.IDLE: frozenset({S.CONNECTING, S.BACKOFF, S.REFUSED}),
    S.CONNECTING: frozenset({S.WAITING, S.STARTING, S.CLOSING}),
    S.WAITING: frozenset({S.STARTING, S.CLOSING}),
    S.STARTING: frozenset({S.STREAMING, S.PAUSED, S.RECONNECTING, S.CLOSING}),
    S.STREAMING: frozenset({S.PAUSED, S.STARTING, S.RECONNECTING, S.CLOSING}),
    S.PAUSED: frozenset({S.STREAMING, S.STARTING, S.RECONNECTING, S.CLOSING}),
    S.RECONNECTING: frozenset({S.STARTING, S.CLOSING}),
    S.CLOSING: frozenset({S.IDLE}),
    S.BACKOFF: frozenset({S.IDLE}),
    S.REFUSED: frozenset({S.IDLE}),
}

OPEN = frozenset(
    {S.CONNECTING, S.WAITING, S.STARTING, S.STREAMING, S.PAUSED, S.RECONNECTING},
)
"""With a session object that has to be closed."""


class IllegalTransition(RuntimeError):
    """A state change that the table does not have: a defect of the engine."""


def check(old: S, new: S) -> None:
    """Raise `IllegalTransition` unless `new` may follow `old` in one session."""
    if new not in TRANSITIONS[old]:
        raise IllegalTransition(f"{old} -> {new}")


def check_takeover(old: S, new: S) -> None:
    """Raise `IllegalTransition` unless a session in `new` may take over from one in `old`."""
    if old not in OPEN or new not in OPEN:
        raise IllegalTransition(f"{old} -> {new} of another session")


@dataclass(frozen=True)
class EngineStatus:
    """What the engine tells; replaced as a whole by the event loop, read by any thread.

    `since` is when `state` began and `ready_at` when billing did (monotonic seconds). No session
    is opened while `paused`, which is the user's wish, or while none is `wanted`. `error` is for
    the user; `words` say the same to viewers. `renewing`: another session is being brought up to
    take over, or, where the account has one session at a time, the old one was ended for it.
    """

    state: S = S.IDLE
    since: float = 0.0
    wanted: bool = False
    paused: bool = False
    ready_at: float | None = None
    error: str | None = None
    words: str | None = None
    renewing: bool = False
