"""Who may talk to the control API. Browsers are not a wall: this policy decides, in order.

1. The Host is this machine by a loopback name, else 421. Only this stops DNS rebinding.
2. A token, in the header or the query, else 401; one that is wrong is never overlooked.
3. What a web site has caused is refused with 403, even with the token.
4. Without a token: over the Unix socket, or a WebSocket from a program of the same user.
5. Nothing but loopback is listened on (`require_loopback`).

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

_ONCE_AT_MOST = ("host", "authorization", "origin", "sec-fetch-site")
_HOST = re.compile(r"(?P<name>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
_WHERE_TO_GET_IT = "sana-vcam ctl url prints the addresses with the right one"
_OF_NO_OTHER_SITE = frozenset({"none", "same-origin"})


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """The parts of a request that the policy looks at.

    `target` is the path with its query, `headers` are in the order they came, and `peer_uid`
    looks up who owns the other end (None where that cannot be known).
    """

    target: str
    headers: Sequence[tuple[str, str]]
    peer_uid: Callable[[], int | None]
    over_unix_socket: bool = False

    def values(self, name: str) -> list[str]:
        """List every value of the header `name` (in lower case)."""
        return [value.strip() for key, value in self.headers if key.lower() == name]

    def value(self, name: str) -> str | None:
        """Read the first value of the header `name`; None without one."""
        return next(iter(self.values(name)), None)

    @property
    def is_websocket(self) -> bool:
        """Whether it asks for an upgrade to WebSocket."""
        return (self.value("upgrade") or "").lower() == "websocket"

    @property
    def is_caused_by_a_web_site(self) -> bool:
        """Whether a page of some site made it.

        Links, forms and pictures come without an Origin; there the browser says in Sec-Fetch-Site
        whether another site than ours stands behind them.
        """
        origin = self.value("origin")
        if origin is not None:
            return not is_local_origin(origin)
        site = self.value("sec-fetch-site")
        return site is not None and site not in _OF_NO_OTHER_SITE

    @property
    def comes_from_browser(self) -> bool:
        """Whether it has a header that a browser adds and a page cannot take away."""
        return any(
            key.lower() == "origin" or key.lower().startswith("sec-fetch-")
            for key, _ in self.headers
        )


@dataclass(frozen=True, slots=True)
class Allowed:
    """The decision to let a request in; `token` is the one that it presented, if any."""

    token: str | None = None


@dataclass(frozen=True, slots=True)
class Denied:
    """The decision to keep a request out; `reason` is fit for the client and the log."""

    status: HTTPStatus
    reason: str


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """The rules about who may come in.

    Args:
        token: The daemon's token.
        tokenless_uid: The user whose programs need none on TCP; None: everybody needs one.
        own_uid: Whom the Unix socket is for; None: nobody.
    """

    token: str
    tokenless_uid: int | None = None
    own_uid: int | None = None

    def __repr__(self) -> str:
        return f"AccessPolicy(tokenless_uid={self.tokenless_uid}, own_uid={self.own_uid})"

    def decide(self, request: AccessRequest) -> Allowed | Denied:
        """Decide whether `request` may come in."""
        presented = _presented_tokens(request)
        return (
            self._refuse_the_ambiguous(request)
            or self._refuse_other_hosts(request)
            or self._refuse_without_token(request, presented)
            or self._refuse_web_sites(request)
            or Allowed(self.token if presented else None)
        )

    def _refuse_the_ambiguous(self, request: AccessRequest) -> Denied | None:
        for name in _ONCE_AT_MOST:
            if len(request.values(name)) > 1:
                return Denied(HTTPStatus.BAD_REQUEST, f"more than one {name.title()} header")
        if not request.target.startswith("/"):
            return Denied(HTTPStatus.BAD_REQUEST, "the request's target must be a path")
        return None

    def _refuse_other_hosts(self, request: AccessRequest) -> Denied | None:
        """Refuse a Host that is not this machine.

        A page of evil.example whose name now points here still says evil.example.
        """
        if is_loopback_authority(request.value("host") or ""):
            return None
        return Denied(HTTPStatus.MISDIRECTED_REQUEST, "the Host is not this machine")

    def _refuse_without_token(
        self, request: AccessRequest, presented: Sequence[bytes]
    ) -> Denied | None:
        if request.over_unix_socket and not self._is_own_program(request):
            return Denied(HTTPStatus.FORBIDDEN, "this socket is for programs of the daemon's user")
        if presented:
            if self._are_right(presented):
                return None
            return Denied(HTTPStatus.UNAUTHORIZED, f"the token is wrong; {_WHERE_TO_GET_IT}")
        if self._needs_no_token(request):
            return None
        return Denied(HTTPStatus.UNAUTHORIZED, f"a token is needed; {_WHERE_TO_GET_IT}")

    def _refuse_web_sites(self, request: AccessRequest) -> Denied | None:
        if not request.is_caused_by_a_web_site:
            return None
        return Denied(HTTPStatus.FORBIDDEN, "web sites may not use the control API")

    def _are_right(self, presented: Sequence[bytes]) -> bool:
        token = self.token.encode()
        return all(hmac.compare_digest(candidate, token) for candidate in presented)

    def _needs_no_token(self, request: AccessRequest) -> bool:
        if request.comes_from_browser:
            return False
        if request.over_unix_socket:
            # Its file is readable by whoever can read the token beside it.
            return True
        return (
            self.tokenless_uid is not None
            and request.is_websocket
            and request.peer_uid() == self.tokenless_uid
        )

    def _is_own_program(self, request: AccessRequest) -> bool:
        return self.own_uid is not None and request.peer_uid() == self.own_uid


def _presented_tokens(request: AccessRequest) -> list[bytes]:
    """List every token in the request; each must be right, an empty or odd one is wrong."""
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
