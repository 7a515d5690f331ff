"""The platform's few HTTP calls that the SDK does not make for us, each with a deadline.

The SDK never refreshes a token and gives its HTTP calls no timeout; its own exchange of the key
for a token follows redirects, with the key, to wherever they lead; and it hides whether the end
of a session was granted. So tokens are minted here, one per connection, as the SDK asks for them,
and a session is ended by its id alone: `DELETE /sessions/{id}` on the cloud, `POST /stop_session`
on a local runtime (both as the SDK's own disconnect sends them). Nothing here follows a redirect.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass

from sana_vcam.lib.loopback import is_loopback, spare_loopback
from sana_vcam.lib.threads import run_blocking
from sana_vcam.reactor import faults
from sana_vcam.reactor.errors import KEY_HELP, Refused, Unavailable, from_mint

HTTP_TIMEOUT_S = 4.0
TOKEN_TIMEOUT_S = 10.0

ANYTHING: object = None
"""The request for a token that may do all that the key may do."""

_NOTHING_TO_STOP = frozenset({404, 409, 410, 503})
"""A local runtime without a session to stop: there is none, it is ending already, the model has not
loaded yet or has terminated."""
_GONE = frozenset({404, 410})
_OVER = frozenset({"INACTIVE", "CLOSED"})


@dataclass(frozen=True)
class OpenSession:
    """A session that may be costing money, as it is kept on disk."""

    session_id: str
    api_url: str
    local: bool
    model: str


@dataclass(frozen=True)
class Platform:
    """Where sessions come from, and the key that pays for them (never shown in its repr)."""

    api_url: str
    local: bool
    model: str
    api_key: str | None
    max_session_s: int | None = None

    def __repr__(self) -> str:
        return f"Platform(api_url={self.api_url!r}, local={self.local}, model={self.model!r})"

    async def mint(self, *, timeout_s: float = TOKEN_TIMEOUT_S) -> str | None:
        """Fetch a fresh token to create a session; None on a local runtime.

        Raises `Refused` or `Unavailable`.
        """
        if self.local:
            return None
        return await self._mint(timeout_s, _token_request(self.model, self.max_session_s))

    async def end(self, session: OpenSession, *, token: str | None = None) -> None:
        """End `session`; returns once the platform says that it is over.

        `token` is the one that created it, if it is at hand. Another is minted without it, or when
        it has expired. Raises `Refused` or `Unavailable`.
        """
        base = session.api_url.rstrip("/")
        if session.local:
            await self._stop_local(f"{base}/stop_session")
            return
        url = f"{base}/sessions/{urllib.parse.quote(session.session_id, safe='')}"
        if token is not None and await self._delete(url, token):
            return
        # Neither bound to the session, which the platform refuses for one that is over, nor for
        # the model, which does not reach a session that another token created.
        if not await self._delete(url, await self._mint(TOKEN_TIMEOUT_S, ANYTHING)):
            raise Refused(f"{url} may not be ended with this API key. {KEY_HELP}", fault=faults.KEY)

    async def is_idle(self) -> bool:
        """Whether this is a local runtime that says that it has no session."""
        if not self.local:
            return False
        try:
            status, answer = await self._request("GET", f"{self.api_url.rstrip('/')}/session")
        except ConnectionRefusedError:
            return True
        except Unavailable:
            return False
        return status < 300 and _state(answer) == "READY"

    async def _mint(self, timeout_s: float, body: object) -> str:
        key = self.api_key
        if key is None:
            raise Refused(
                f"a session on {self.api_url} needs an API key. {KEY_HELP}", fault=faults.NO_KEY
            )
        if not key.isascii() or not key.isprintable():
            # The refusal of the HTTP library would show it.
            raise Refused(
                f"the API key has characters that no key has. {KEY_HELP}", fault=faults.KEY
            )

        url = f"{self.api_url.rstrip('/')}/tokens"
        try:
            status, retry_after, answer = await asyncio.wait_for(
                run_blocking(lambda: _post_key(url, key, body), name="mint-token"), timeout_s
            )
        except TimeoutError:
            raise Unavailable(
                f"{self.api_url} did not answer within {timeout_s:.0f} s", fault=faults.NO_ANSWER
            ) from None
        except (OSError, ValueError, http.client.HTTPException):
            raise Unavailable(
                f"{self.api_url} cannot be reached to check the API key",
                fault=faults.unreachable(self.api_url),
            ) from None
        if status >= 300:
            model = "" if body is ANYTHING else self.model
            raise from_mint(status, retry_after, api_url=self.api_url, model=model)
        return self._token_in(answer)

    def _token_in(self, answer: bytes) -> str:
        try:
            token = json.loads(answer)["jwt"]
        except (ValueError, LookupError, TypeError):
            token = None
        if not isinstance(token, str) or not token:
            raise Unavailable(
                f"{self.api_url} cannot be reached to check the API key",
                fault=faults.OUT_OF_ORDER,
            )
        return token

    async def _stop_local(self, url: str) -> None:
        try:
            status, _ = await self._request("POST", url, body={"reason": "closed"})
        except ConnectionRefusedError:
            # The runtime is not there any more, and its session went with it.
            return
        if status >= 300 and status not in _NOTHING_TO_STOP:
            raise Unavailable(f"{url} answered HTTP {status}", fault=faults.OUT_OF_ORDER)

    async def _delete(self, url: str, token: str) -> bool:
        """End a session; False if the token is not good for it."""
        try:
            status, _ = await self._request("DELETE", url, token=token)
            if status in (401, 403):
                return False
            if status < 300 or status in _GONE:
                return True
            # Maybe refused because it is over.
            now, state = await self._request("GET", url, token=token)
        except ConnectionRefusedError:
            raise Unavailable(f"{url} cannot be reached", fault=faults.unreachable(url)) from None
        if now in _GONE or (now < 300 and _is_over(state)):
            return True
        raise Unavailable(f"{url} answered HTTP {status}", fault=faults.OUT_OF_ORDER)

    async def _request(
        self, method: str, url: str, *, body: object = None, token: str | None = None
    ) -> tuple[int, bytes]:
        """Ask for a status and a body. Raises `Unavailable`, or ConnectionRefusedError."""
        request = urllib.request.Request(  # noqa: S310 - the URL is the user's own configuration
            url, method=method, data=None if body is None else json.dumps(body).encode()
        )
        request.add_header("Content-Type", "application/json")
        if token is not None:
            request.add_unredirected_header("Authorization", f"Bearer {token}")

        def send() -> tuple[int, bytes]:
            try:
                with _opener(url).open(request, timeout=HTTP_TIMEOUT_S) as answer:
                    return answer.status, answer.read()
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, error.read()

        try:
            return await asyncio.wait_for(
                run_blocking(send, name="end-session"), 2 * HTTP_TIMEOUT_S
            )
        except urllib.error.URLError as error:
            if isinstance(error.reason, ConnectionRefusedError):
                raise error.reason from None
            raise Unavailable(f"{url} did not answer", fault=faults.NO_ANSWER) from None
        except (OSError, ValueError, http.client.HTTPException):
            # A ValueError is a proxy's address that is none.
            raise Unavailable(f"{url} did not answer", fault=faults.NO_ANSWER) from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect as an answer like any other: whoever it names must not get the key."""

    def redirect_request(self, *_: object) -> None:
        """Follow none."""


# Before the SDK makes a client, and before there are threads that might read the environment.
spare_loopback()
_STRAIGHT = urllib.request.build_opener(_NoRedirect)
_HERE = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))


def _opener(url: str) -> urllib.request.OpenerDirector:
    """Choose who sends a request: proxies of the environment are asked for other machines only."""
    return _HERE if is_loopback(url) else _STRAIGHT


def _post_key(url: str, key: str, body: object) -> tuple[int, str | None, bytes]:
    """Exchange the key for a token; blocks. Returns status, Retry-After and body of the answer."""
    request = urllib.request.Request(  # noqa: S310 - the URL is the user's own configuration
        url, method="POST", data=json.dumps(body).encode()
    )
    request.add_header("Content-Type", "application/json")
    request.add_unredirected_header("Reactor-API-Key", key)
    try:
        with _opener(url).open(request, timeout=TOKEN_TIMEOUT_S) as answer:
            return answer.status, None, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get("Retry-After"), b""


def _token_request(model: str, max_session_s: int | None) -> object:
    """Write what to ask for, to create a session with `model`, as the SDK's `fetch_jwt` does."""
    resources = {"models": {"match": [model]}}
    detail: dict[str, object] = {"type": "session", "resources": resources}
    if max_session_s is not None:
        detail["constraints"] = {"max_session_duration_seconds": max_session_s}
    return {"authorization_details": [detail]}


def _is_over(body: bytes) -> bool:
    """Whether a session resource is in a state that it cannot leave."""
    return _state(body) in _OVER


def _state(body: bytes) -> str:
    """Read a session's state, in capitals; empty if there is none."""
    try:
        return str(json.loads(body)["state"]).upper()
    except (ValueError, KeyError, TypeError):
        return ""
