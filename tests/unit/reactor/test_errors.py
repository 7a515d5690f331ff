"""What the SDK's errors mean: its codes, `recoverable` and `retry_after` are heeded."""

from __future__ import annotations

import pytest
from reactor_sdk import NotFoundError, ReactorError
from reactor_sdk.errors import ERROR_CLASSES, error_from_payload

from sana_vcam.reactor import Refused, SessionError, SessionGone, SessionLost, Unavailable
from sana_vcam.reactor.errors import from_command, from_connect, from_opening, from_reconnect

WHERE = {"model": "sana-streaming", "api_url": "https://api.test"}

# For each class of the SDK: what it means when a session is opened.
CONNECT: dict[str, type[SessionError]] = {
    "NetworkError": Unavailable,
    "UnauthorizedError": Refused,
    "NotFoundError": Refused,
    "ConflictError": Unavailable,
    "RateLimitedError": Unavailable,
    "BadRequestError": Unavailable,
    "ServerError": Unavailable,
    "VersionMismatchError": Refused,
    "DecodeError": Unavailable,
    "InvalidStateError": Unavailable,
    "SessionTerminalError": Unavailable,
    "MessageTooLargeError": Unavailable,
    "TransportError": Unavailable,
    "DisconnectedError": Unavailable,
    "RequestTimeoutError": Unavailable,
    "AbortedError": SessionLost,
}


@pytest.mark.parametrize("kind", ERROR_CLASSES, ids=lambda kind: kind.__name__)
def test_every_class_of_the_sdk_has_a_meaning(kind: type[ReactorError]) -> None:
    meant = from_connect(kind("why"), **WHERE)
    assert type(meant) is CONNECT.get(kind.__name__, Unavailable)


@pytest.mark.parametrize(("is_open", "meaning"), [(False, Refused), (True, SessionGone)])
def test_what_is_missing_once_the_session_is_open_is_the_session(
    is_open: bool, meaning: type[SessionError]
) -> None:
    assert type(from_opening(NotFoundError("why"), is_open=is_open, **WHERE)) is meaning


@pytest.mark.parametrize("name", CONNECT)
def test_the_classes_are_still_there(name: str) -> None:
    assert name in {kind.__name__ for kind in ERROR_CLASSES}


@pytest.mark.parametrize(
    ("code", "recoverable", "no_room", "worth_it"),
    [
        ("RATE_LIMITED", True, True, True),
        ("quota_exceeded", False, True, False),
        ("SESSION_LIMIT_REACHED", False, True, False),
        ("concurrency_limit", False, True, False),
        ("SERVER_ERROR", True, False, True),
        ("BAD_REQUEST", False, False, False),
        ("something_new", False, False, False),
        ("something_new", True, False, True),
        ("SESSION_TERMINAL", False, False, True),
        ("INVALID_STATE", False, False, True),
        ("DECODE_FAILED", False, False, True),
    ],
)
def test_what_the_platform_s_own_codes_mean(
    code: str, recoverable: bool, no_room: bool, worth_it: bool
) -> None:
    payload = f'{{"code": "{code}", "message": "m", "recoverable": {str(recoverable).lower()}}}'
    meant = from_connect(error_from_payload(payload.encode()), **WHERE)
    assert isinstance(meant, Unavailable)
    assert (meant.no_room, meant.recoverable) == (no_room, worth_it)


@pytest.mark.parametrize("status", [409, 429, 503])
def test_the_hint_is_kept(status: int) -> None:
    codes = {409: "CONFLICT", 429: "RATE_LIMITED", 503: "SERVER_ERROR"}
    error = error_from_payload(
        f'{{"code": "{codes[status]}", "message": "m", "status": {status},'
        f' "retry_after_ms": 7500}}'.encode()
    )
    meant = from_connect(error, **WHERE)
    assert isinstance(meant, Unavailable)
    assert meant.retry_after_s == 7.5
    assert meant.no_room is (status != 503)


def test_a_conflict_without_a_hint_passes_soon() -> None:
    meant = from_connect(error_from_payload(b'{"code": "CONFLICT", "message": "m"}'), **WHERE)
    assert isinstance(meant, Unavailable)
    assert meant.retry_after_s == 1.0


@pytest.mark.parametrize(("recoverable", "kind"), [(True, Unavailable), (False, SessionGone)])
def test_a_failed_reconnect_is_what_the_sdk_says_it_is(
    recoverable: bool, kind: type[SessionError]
) -> None:
    error = ReactorError("why", code="new", recoverable=recoverable)
    assert type(from_reconnect(error, **WHERE)) is kind


def test_a_command_s_hint_is_kept() -> None:
    error = ReactorError("why", code="new", recoverable=True, retry_after_ms=2000)
    meant = from_command(error, "start")
    assert isinstance(meant, Unavailable)
    assert meant.retry_after_s == 2.0
