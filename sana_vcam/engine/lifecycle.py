"""The engine's states as data: which state may follow which, and one snapshot for everybody."""

from __future__ import annotations

from dataclasses import dataclass

from sana_vcam.status import SessionState as S

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


class IllegalTransition(RuntimeError):
    """A state change that the table does not have: a defect of the engine."""


def check(old: S, new: S) -> None:
    """Raise `IllegalTransition` unless `new` may follow `old`."""
    if new not in TRANSITIONS[old]:
        raise IllegalTransition(f"{old} -> {new}")


@dataclass(frozen=True)
class EngineStatus:
    """What the engine tells; replaced as a whole by the event loop, read by any thread.

    `since` is when `state` began and `ready_at` when billing did (monotonic seconds). No session
    is opened while `paused`, which is the user's wish, or while none is `wanted`. `error` is for
    the user; `words` say the same to viewers.
    """

    state: S = S.IDLE
    since: float = 0.0
    wanted: bool = False
    paused: bool = False
    ready_at: float | None = None
    error: str | None = None
    words: str | None = None
