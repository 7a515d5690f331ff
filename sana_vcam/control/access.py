"""Who may talk to the control API. Browsers are not a wall: this policy decides, in order.

It sees a request's head and nothing of the transport. The status codes are HTTP's.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote, unquote_to_bytes

from sana_vcam.errors import StartupError

_ONCE_AT_MOST = ("host", "authorization", "origin")
_HOST = re.compile(r"(?P<name>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """What the policy looks at.

    `target` is the path with its query, `headers` are in the order they came, and `peer_uid`
    looks up who owns the other end (None where that cannot be known).
    """

    target: str
    headers: Sequence[tuple[str, str]]
    peer_uid: Callable[[], int | None]

    def values(self, name: str) -> list[str]:
        """Every value of the header `name` (in lower case)."""
        return [value.strip() for key, value in self.headers if key.lower() == name]

    def value(self, name: str) -> str | None:
        """The first value of the header `name`."""
        return next(iter(self.values(name)), None)

    @property
    def is_websocket(self) -> bool:
        """Whether it asks for an upgrade to WebSocket."""
        return (self.value("upgrade") or "").lower() == "websocket"

    @property
    def comes_from_browser(self) -> bool:
        """Whether it has a header that a browser adds and a page cannot take away."""
        return any(
            key.lower() == "origin" or key.lower().startswith("sec-fetch-")
            for key, _ in self.headers
        )


@dataclass(frozen=True, slots=True)
class Allowed:
    """Come in."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Stay out; `reason` is fit for the client and the log."""

    status: HTTPStatus
    reason: str


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """The rules, with the daemon's token and the user who needs none (None: everybody does)."""

    token: str
    tokenless_uid: int | None = None

    def __repr__(self) -> str:
        return f"AccessPolicy(tokenless_uid={self.tokenless_uid})"

    def decide(self, request: AccessRequest) -> Allowed | Refused:
        """Decide whether `request` may come in."""
        for name in _ONCE_AT_MOST:
            if len(request.values(name)) > 1:
                return Refused(HTTPStatus.BAD_REQUEST, f"more than one {name.title()} header")
        # Only this stops DNS rebinding: a page of evil.example whose name now points here.
        if not is_loopback_authority(request.value("host") or ""):
            return Refused(HTTPStatus.MISDIRECTED_REQUEST, "the Host is not this machine")
        presented = _presented_tokens(request)
        if presented:
            if not self._are_right(presented):
                return Refused(HTTPStatus.UNAUTHORIZED, "the token is wrong")
        elif not self._needs_no_token(request):
            return Refused(HTTPStatus.UNAUTHORIZED, "a token is needed (see control.json)")
        origin = request.value("origin")
        if origin is not None and not is_local_origin(origin):
            return Refused(HTTPStatus.FORBIDDEN, "web sites may not use the control API")
        return Allowed()

    def _are_right(self, presented: Sequence[bytes]) -> bool:
        token = self.token.encode()
        return all(hmac.compare_digest(candidate, token) for candidate in presented)

    def _needs_no_token(self, request: AccessRequest) -> bool:
        return (
            self.tokenless_uid is not None
            and request.is_websocket
            and not request.comes_from_browser
            and request.peer_uid() == self.tokenless_uid
        )


def _presented_tokens(request: AccessRequest) -> list[bytes]:
    """Every token in the request; each must be right, an empty or odd one is wrong."""
    tokens = []
    authorization = request.value("authorization")
    if authorization is not None:
        scheme, _, credentials = authorization.partition(" ")
        # Header values are bytes read as ISO-8859-1.
        raw = credentials.strip().encode("iso-8859-1", "replace")
        tokens.append(raw if scheme.lower() == "bearer" else b"")
    for parameter in request.target.partition("?")[2].split("&"):
        key, _, value = parameter.partition("=")
        if unquote(key) == "token":
            tokens.append(unquote_to_bytes(value))
    return tokens


def is_loopback_authority(authority: str) -> bool:
    """Whether `host[:port]`, as in a Host header, names this machine by a loopback name."""
    match = _HOST.fullmatch(authority)
    return match is not None and _is_loopback(match["name"].strip("[]"))


def is_local_origin(origin: str) -> bool:
    """Whether an Origin is no web site: `null`, a local file, or a page served by this machine."""
    scheme, _, authority = origin.partition("://")
    if scheme in {"http", "https"}:
        return is_loopback_authority(authority)
    return origin in {"null", "file://"}


def _is_loopback(name: str) -> bool:
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def require_loopback(host: str) -> None:
    """Refuse to listen where other machines can reach.

    Raises:
        StartupError: `host` is neither a loopback address nor localhost.
    """
    if not _is_loopback(host):
        raise StartupError(
            f"[control] host = {host!r} would let other machines reach your camera; "
            'set it to "127.0.0.1", "::1" or "localhost" (or unset SANA_VCAM_CONTROL__HOST)'
        )
