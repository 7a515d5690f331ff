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

import urllib.error

from reactor_sdk import (
    AuthError,
    ConflictError,
    DisconnectedError,
    InvalidStateError,
    NotFoundError,
    RateLimitedError,
    ReactorError,
    SessionTerminalError,
    TransportError,
    UnauthorizedError,
    VersionMismatchError,
)

from sana_vcam.errors import SanaVcamError


class SessionError(SanaVcamError):
    """Base of everything that the platform, the connection or the model can answer."""


class Refused(SessionError):
    """Trying again changes nothing; the message says what does."""


class Unavailable(SessionError):
    """Not now. `retry_after_s` is the platform's hint in seconds, or None."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class SessionLost(SessionError):
    """The connection dropped; the platform keeps the session for a while."""


class SessionGone(SessionError):
    """The session has ended, or can no longer be joined."""


class CommandRejected(SessionError):
    """The model refused `command` for `reason`."""

    def __init__(self, command: str, reason: str) -> None:
        super().__init__(f"the model refused {command}: {reason}")
        self.command = command
        self.reason = reason


class UploadFailed(SessionError):
    """The clip could not be uploaded."""


KEY_HELP = (
    "Check the API key: put it in the environment as REACTOR_API_KEY, or in a file named by "
    "[reactor] api_key_file. `sana-vcam demo` needs none."
)


def from_connect(error: Exception, *, model: str, api_url: str) -> SessionError:
    """What a failed connect or reconnect means."""
    if isinstance(error, SessionError):
        return error
    if isinstance(error, AuthError):
        return _from_auth(error, api_url)
    if isinstance(error, UnauthorizedError):
        return Refused(f"{api_url} did not accept the API key ({_words(error)}). {KEY_HELP}")
    if isinstance(error, NotFoundError):
        return Refused(
            f"{api_url} has no model {model!r}. Set [reactor] model to one that your account has."
        )
    if isinstance(error, VersionMismatchError):
        return Refused(
            f"{api_url} speaks another version than this SDK ({_words(error)}). "
            "Update it: pip install -U reactor-sdk"
        )
    if isinstance(error, ConflictError):
        return Unavailable("the service is still busy with an earlier session", retry_after_s=1.0)
    if isinstance(error, ReactorError):
        return Unavailable(
            f"{api_url} cannot open a session now: {_words(error)}",
            retry_after_s=_seconds(error.retry_after_ms),
        )
    return Unavailable(f"{api_url} cannot open a session now: {error}")


def from_reconnect(error: Exception, *, model: str, api_url: str) -> SessionError:
    """What a failed reconnect means: everything but a passing fault is the session's end.

    That includes a refused token: one is never refreshed, and a new session brings a new one.
    """
    if isinstance(error, ReactorError) and not error.recoverable:
        return SessionGone(f"the session cannot be joined again ({_words(error)})")
    return from_connect(error, model=model, api_url=api_url)


def from_command(error: Exception, command: str) -> SessionError:
    """What a failed command means."""
    if isinstance(error, SessionError):
        return error
    if isinstance(
        error, (DisconnectedError, InvalidStateError, TransportError, SessionTerminalError)
    ):
        return SessionLost(f"the connection dropped during {command}")
    if isinstance(error, ReactorError) and not error.recoverable:
        return CommandRejected(command, error.message)
    if isinstance(error, RateLimitedError):
        return Unavailable(_words(error), retry_after_s=_seconds(error.retry_after_ms))
    return Unavailable(f"the model did not answer {command}: {error}")


def _from_auth(error: AuthError, api_url: str) -> SessionError:
    """A failed exchange of the key for a token; the HTTP answer is the exception's cause."""
    cause = error.__cause__
    if not isinstance(cause, urllib.error.HTTPError):
        return Unavailable(f"{api_url} cannot be reached to check the API key")
    if cause.code in (401, 403):
        return Refused(f"{api_url} did not accept the API key (HTTP {cause.code}). {KEY_HELP}")
    if cause.code in (404, 426, 501):
        return Refused(
            f"{api_url} does not hand out tokens (HTTP {cause.code}). Check [reactor] api_url, "
            "or update: pip install -U reactor-sdk"
        )
    hint = cause.headers.get("Retry-After", "") if cause.headers else ""
    return Unavailable(
        f"{api_url} cannot check the API key now (HTTP {cause.code})",
        retry_after_s=float(hint) if hint.isdigit() else None,
    )


def _words(error: ReactorError) -> str:
    return f"HTTP {error.status}" if error.status else f"{error.code}: {error.message}"


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
