"""What a session can fail with, in terms of what to do about it.

    SessionError
     ├─ Refused           final until the user changes something: key, model name, versions
     ├─ Unavailable       try again later; carries the platform's hint, if it gave one
     ├─ SessionLost       the connection dropped; the session behind it may be joined again
     ├─ SessionGone       the session itself has ended; only a new one helps
     ├─ CommandRejected   the model did not accept a command; its state is unchanged
     └─ UploadFailed      a clip could not be uploaded

The SDK reports a rejection in three shapes: an exception with the platform's code, a
`command_error` reply, and a success followed or preceded by a `command_error` message. All of
them become `CommandRejected`.
"""

from __future__ import annotations

import math

from reactor_sdk import (
    AbortedError,
    BadRequestError,
    ConflictError,
    DecodeError,
    DisconnectedError,
    InvalidStateError,
    NetworkError,
    NotFoundError,
    RateLimitedError,
    ReactorError,
    RequestTimeoutError,
    SessionTerminalError,
    TransportError,
    UnauthorizedError,
    VersionMismatchError,
)

from sana_vcam.errors import SanaVcamError
from sana_vcam.reactor import faults
from sana_vcam.reactor.bounds import short
from sana_vcam.reactor.faults import FaultKind


class SessionError(SanaVcamError):
    """Base of everything that the platform, the connection or the model can answer.

    The message is for the log, `sentence` for the user, and `words` for viewers of a meeting:
    calm, without names, addresses or commands.
    """

    fault: FaultKind | None = None
    """What kind of failure it is, if its own message is not what the user is told."""
    words = "The service cannot be reached now"

    def __init__(self, message: str, *, fault: FaultKind | None = None) -> None:
        super().__init__(message)
        if fault is not None:
            self.fault = fault
        if self.fault is not None:
            self.words = self.fault.words

    @property
    def sentence(self) -> str:
        """What is wrong and what mends it, for the user."""
        return faults.as_sentence(str(self)) if self.fault is None else self.fault.sentence


class Refused(SessionError):
    """A failure that trying again does not change; the message says what does.

    `is_about_the_model`: another name for the model may do.
    """

    def __init__(
        self,
        message: str,
        *,
        words: str | None = None,
        fault: FaultKind | None = None,
        is_about_the_model: bool = False,
    ) -> None:
        super().__init__(message, fault=fault)
        self.words = words or ("The service refused the session" if fault is None else fault.words)
        self.is_about_the_model = is_about_the_model


class Unavailable(SessionError):
    """A failure of this moment. `retry_after_s` is the platform's hint in seconds, or None.

    `no_room`: the account or the model serves as many sessions as it may. `in_the_way`: another
    session does, which the platform ends by itself in a while. `recoverable` is the SDK's word on
    whether the same request could succeed later; it is not always right.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after_s: float | None = None,
        no_room: bool = False,
        in_the_way: bool = False,
        recoverable: bool = True,
        fault: FaultKind | None = None,
    ) -> None:
        super().__init__(message, fault=fault)
        self.retry_after_s = retry_after_s
        self.no_room = no_room
        self.in_the_way = in_the_way
        self.recoverable = recoverable


class SessionLost(SessionError):
    """A dropped connection; the platform keeps the session for a while."""

    fault = faults.DROPPED


class SessionGone(SessionError):
    """A session that has ended, or can no longer be joined."""

    fault = faults.ENDED


class CommandRejected(SessionError):
    """A command that the model refused, for `reason`; `code` is the SDK's, if it has one."""

    def __init__(self, command: str, reason: str, *, code: str | None = None) -> None:
        super().__init__(f"the model refused {command}: {reason}")
        self.command = command
        self.reason = reason
        self.code = code


class UploadFailed(SessionError):
    """A clip that could not be uploaded."""


KEY_HELP = (
    "Check the API key: put it in the environment as REACTOR_API_KEY, or in a file named by "
    "[reactor] api_key_file. `sana-vcam demo` needs none."
)


_PASSING = frozenset({408, 425, 429})
"""What a client may repeat although the answer is a 4xx: timeout, too early, too many."""
TOO_MANY = 429
_TIMEOUTS = frozenset({408, 504})
_NO_ROOM = ("quota", "limit", "conflict", "concurren", "too_many", "capacity")
"""Parts of the platform's own codes for an account that has its sessions already. The codes are
open-ended, and none is documented."""


def from_mint(
    status: int, retry_after: str | None, *, api_url: str, model: str = ""
) -> SessionError:
    """Read what a refused exchange of the key for a token means.

    `retry_after` is the answer's header. Its text is left out: a server may repeat the key.
    `model` is what the token was asked for.
    """
    if 300 <= status < 400:
        return Refused(
            f"{api_url} sends on to another address (HTTP {status}), which never gets the key. "
            "Set [reactor] api_url to the address itself",
            fault=faults.MOVED,
        )
    if status in (401, 403):
        return _key_refused(api_url, f"HTTP {status}", model=model if status == 403 else "")
    if status == 402:
        return _unpaid(api_url)
    if status < 500 and status not in _PASSING:
        return Refused(
            f"{api_url} does not hand out a token for this (HTTP {status}). Check [reactor] "
            "api_url, model and max_session_s, or update: pip install -U reactor-sdk",
            fault=faults.NOT_TAKEN,
            is_about_the_model=bool(model),
        )
    return Unavailable(
        f"{api_url} cannot check the API key now (HTTP {status})",
        retry_after_s=_hint(retry_after),
        no_room=status == 429,
        fault=_fault_of_status(status),
    )


def from_connect(error: Exception, *, model: str, api_url: str) -> SessionError:
    """Read what a failed connect means."""
    if isinstance(error, SessionError):
        return error
    if isinstance(error, AbortedError):
        return SessionLost("the client was closed while it was connecting")
    if isinstance(error, UnauthorizedError):
        is_scope = error.status == 403
        return _key_refused(api_url, describe(error), model=model if is_scope else "")
    if isinstance(error, NotFoundError):
        return Refused(
            f"{api_url} has no model {model!r} ({describe(error)}). Set [reactor] model to one "
            "that your account has.",
            fault=faults.NO_MODEL,
            is_about_the_model=True,
        )
    if isinstance(error, VersionMismatchError):
        return Refused(
            f"{api_url} speaks another version than this SDK ({describe(error)}). "
            "Update it: pip install -U reactor-sdk",
            fault=faults.OTHER_VERSION,
        )
    if isinstance(error, ConflictError):
        return Unavailable(
            "the service is still busy with an earlier session",
            retry_after_s=_seconds(error.retry_after_ms) or 1.0,
            no_room=True,
            in_the_way=True,
            fault=faults.IN_THE_WAY,
        )
    if isinstance(error, BadRequestError) and error.status == 402:
        return _unpaid(api_url)
    if isinstance(error, ReactorError):
        return Unavailable(
            f"{api_url} cannot open a session now: {describe(error)}",
            retry_after_s=_seconds(error.retry_after_ms),
            no_room=_has_no_room(error),
            recoverable=error.recoverable or _is_about_this_session(error),
            fault=_fault(error, api_url),
        )
    return Unavailable(
        f"{api_url} cannot open a session now: {type(error).__name__}",
        fault=faults.unreachable(api_url),
    )


def from_opening(error: Exception, *, is_open: bool, model: str, api_url: str) -> SessionError:
    """Read what a failed connect means; what is missing once the session `is_open` is that."""
    if is_open and isinstance(error, NotFoundError):
        return SessionGone(f"the session cannot be joined ({describe(error)})")
    return from_connect(error, model=model, api_url=api_url)


def from_reconnect(error: Exception, *, model: str, api_url: str) -> SessionError:
    """Read what a failed reconnect means: everything but a passing fault is the session's end.

    That includes a refused token: one is never refreshed, and a new session brings a new one.
    """
    if isinstance(error, AbortedError):
        return SessionLost("the client was closed while it was reconnecting")
    if isinstance(error, ReactorError) and not error.recoverable:
        return SessionGone(f"the session cannot be joined again ({describe(error)})")
    return from_connect(error, model=model, api_url=api_url)


def from_command(error: ReactorError, command: str) -> SessionError:
    """Read what a failed command means."""
    if isinstance(
        error,
        (AbortedError, DisconnectedError, InvalidStateError, SessionTerminalError, TransportError),
    ):
        return SessionLost(f"the connection dropped during {command}")
    if error.recoverable or isinstance(error, DecodeError):
        return Unavailable(
            f"the model did not answer {command}: {describe(error)}",
            retry_after_s=_seconds(error.retry_after_ms),
            fault=faults.MODEL_BUSY,
        )
    return CommandRejected(command, short(error.message), code=short(error.code))


def _has_no_room(error: ReactorError) -> bool:
    code = error.code.lower()
    return isinstance(error, RateLimitedError) or any(part in code for part in _NO_ROOM)


def _fault(error: ReactorError, api_url: str) -> FaultKind:
    """Name the kind of what may pass by itself."""
    if isinstance(error, RateLimitedError) or error.status == TOO_MANY:
        return faults.TOO_OFTEN
    if _has_no_room(error):
        return faults.NO_ROOM
    if isinstance(error, RequestTimeoutError):
        return faults.NO_ANSWER
    if isinstance(error, (NetworkError, TransportError, DisconnectedError)):
        return faults.unreachable(api_url)
    return _fault_of_status(error.status) if error.status else faults.OUT_OF_ORDER


def _fault_of_status(status: int) -> FaultKind:
    if status == TOO_MANY:
        return faults.TOO_OFTEN
    return faults.NO_ANSWER if status in _TIMEOUTS else faults.OUT_OF_ORDER


def _is_about_this_session(error: ReactorError) -> bool:
    """Whether the SDK's "not recoverable" is about a session that another one replaces."""
    return isinstance(error, (DecodeError, InvalidStateError, SessionTerminalError))


def describe(error: ReactorError) -> str:
    """Put the error in few words, without what a server wrote: that may repeat a key or a token."""
    return (
        f"HTTP {error.status}" if error.status else f"{short(error.code)}: {short(error.message)}"
    )


def _key_refused(api_url: str, why: str, *, model: str = "") -> Refused:
    """Say that the key was refused; with `model`, that it may be for want of that one."""
    about = f" Or it is not for the model {model!r}: see [reactor] model." if model else ""
    return Refused(
        f"{api_url} did not accept the API key ({why}). {KEY_HELP}{about}",
        fault=faults.KEY_OR_MODEL if model else faults.KEY,
        is_about_the_model=bool(model),
    )


def _unpaid(api_url: str) -> Refused:
    return Refused(
        f"{api_url} wants a payment first (HTTP 402). Look at your account's credits.",
        fault=faults.UNPAID,
    )


def _hint(text: str | None) -> float | None:
    """Read the seconds of a Retry-After header; None for a date, or nonsense."""
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
