"""The platform's few HTTP calls that the SDK does not make for us, each with a deadline.

The SDK never refreshes a token and gives its HTTP calls no timeout, and a client that adopted a
session cannot end it. So tokens are minted here, one per connection, and an open session can be
ended by its id alone: `DELETE /sessions/{id}` on the cloud, `POST /stop_session` on a local
runtime (both as the SDK's own disconnect sends them).
"""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from reactor_sdk import AuthError, fetch_jwt

from sana_vcam.sana.errors import Unavailable, from_connect
from sana_vcam.threads import run_blocking

HTTP_TIMEOUT_S = 4.0
TOKEN_TIMEOUT_S = 10.0

# Answers that mean that the session is not there any more.
_GONE = frozenset({404, 409, 410})


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

    async def mint(self, *, session_id: str | None = None) -> str | None:
        """A fresh token to create a session, or to join `session_id`; None on a local runtime.

        Raises `Refused` or `Unavailable`.
        """
        if self.local:
            return None
        if self.api_key is None:
            raise ValueError("a session on the cloud needs an API key")
        key = self.api_key

        def fetch() -> str:
            return fetch_jwt(
                key,
                self.api_url,
                models=[self.model] if session_id is None else None,
                sessions=None if session_id is None else [session_id],
                max_session_duration_seconds=self.max_session_s if session_id is None else None,
            )

        try:
            return await asyncio.wait_for(run_blocking(fetch, name="mint-token"), TOKEN_TIMEOUT_S)
        except TimeoutError:
            raise Unavailable(
                f"{self.api_url} did not answer within {TOKEN_TIMEOUT_S:.0f} s"
            ) from None
        except (AuthError, OSError) as error:
            raise from_connect(error, model=self.model, api_url=self.api_url) from None

    async def end(self, session: OpenSession) -> None:
        """End `session`; returns once the platform says that it is gone. Raises `SessionError`."""
        if session.local:
            try:
                await self._request("POST", f"{session.api_url}/stop_session", {"reason": "closed"})
            except ConnectionRefusedError:
                # The runtime is not there any more, and its session went with it.
                return
            return
        token = await self.mint()
        url = f"{session.api_url}/sessions/{session.session_id}"
        try:
            await self._request("DELETE", url, None, token)
        except ConnectionRefusedError:
            raise Unavailable(f"{session.api_url} cannot be reached") from None

    async def _request(
        self, method: str, url: str, body: dict[str, Any] | None, token: str | None = None
    ) -> None:
        request = urllib.request.Request(  # noqa: S310 - the URL is the user's own configuration
            url, method=method, data=None if body is None else json.dumps(body).encode()
        )
        request.add_header("Content-Type", "application/json")
        if token is not None:
            request.add_header("Authorization", f"Bearer {token}")

        def send() -> None:
            with urllib.request.urlopen(request, timeout=HTTP_TIMEOUT_S) as response:  # noqa: S310
                response.read()

        try:
            await asyncio.wait_for(run_blocking(send, name="end-session"), 2 * HTTP_TIMEOUT_S)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code not in _GONE:
                raise Unavailable(f"{url} answered HTTP {error.code}") from None
        except urllib.error.URLError as error:
            if isinstance(error.reason, ConnectionRefusedError):
                raise error.reason from None
            raise Unavailable(f"{url} did not answer") from None
        except (OSError, TimeoutError):
            raise Unavailable(f"{url} did not answer") from None
