"""The states as data: which state may follow which, and one snapshot for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sana_vcam.reactor import SessionError


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


TRANSITIONS = {
    SessionState(state): frozenset(map(SessionState, following.split()))
    for state, following in {
        "idle": "connecting backoff refused",
        "connecting": "waiting starting closing",
        "waiting": "starting closing",
        "starting": "streaming paused reconnecting closing",
        "streaming": "paused starting reconnecting closing",
        "paused": "streaming starting reconnecting closing",
        "reconnecting": "starting closing",
        "closing": "idle",
        "backoff": "idle",
        "refused": "idle",
    }.items()
}
"""What may follow each state of one session. When another session takes over, the state that is
told becomes the other one's, whatever it is."""

OPEN = frozenset(state for state, following in TRANSITIONS.items() if "closing" in following)
"""The states with a session object that has to be closed."""


@dataclass(frozen=True)
class EngineStatus:
    """What the engine tells; replaced as a whole by the event loop, read by any thread.

    `since` is when `state` began and `ready_at` when billing did (monotonic seconds). No session
    is opened while `paused`, which is the user's word, or while none is `wanted`. `error` has every
    detail; `sentence` says the same to the user, and `words` to viewers. `next_try_at` is when a
    session is asked for again, if that is known. `renewing`: another session is being brought up to
    take over, or, where the account has one session at a time, the old one was ended for it.
    """

    state: SessionState = SessionState.IDLE
    since: float = 0.0
    wanted: bool = False
    paused: bool = False
    ready_at: float | None = None
    error: str | None = None
    sentence: str | None = None
    words: str | None = None
    next_try_at: float | None = None
    renewing: bool = False


def told(error: SessionError | None) -> dict[str, Any]:
    """Say a failure in the fields of `EngineStatus`; None: there is none any more."""
    if error is None:
        return {"error": None, "sentence": None, "words": None}
    return {"error": str(error), "sentence": error.sentence, "words": error.words}


class IllegalTransition(RuntimeError):
    """A state change that the table does not have: a defect of the engine."""


def check(old: SessionState, new: SessionState) -> None:
    """Raise `IllegalTransition` unless `new` may follow `old` in one session."""
    if new not in TRANSITIONS[old]:
        raise IllegalTransition(f"{old} -> {new}")


def check_takeover(old: SessionState, new: SessionState) -> None:
    """Raise `IllegalTransition` unless a session in `new` may take over from one in `old`."""
    if old not in OPEN or new not in OPEN:
        raise IllegalTransition(f"{old} -> {new} of another session")
