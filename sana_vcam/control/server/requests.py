"""Each request's way in: the policy, the limits, then a WebSocket or a response."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import cast

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request
from websockets.http11 import Response as HttpResponse

from sana_vcam.control.access import policy as access
from sana_vcam.control.protocol import messages
from sana_vcam.control.server import limits
from sana_vcam.control.server.connections import Connection, Listener
from sana_vcam.control.server.pages import PageRequest
from sana_vcam.control.server.ratelimit import TokenBucket
from sana_vcam.control.server.responses import Response
from sana_vcam.control.server.routes import Routes, as_response, is_file

PATH = "/ws"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Buckets:
    """The rates of a listener's GETs, of all clients together."""

    commands: TokenBucket
    files: TokenBucket


class RequestGate:
    """Decides about each request of every listener.

    Args:
        policy: Who may come in; may be replaced at any time.
        routes: Answers GET requests.
    """

    def __init__(self, policy: access.AccessPolicy, routes: Routes) -> None:
        self.policy = policy
        self._routes = routes
        self._told: set[str] = set()

    def is_revoked(self, connection: Connection) -> bool:
        """Whether a connection came with a token that has been replaced since."""
        return connection.token not in {None, self.policy.token}

    def at(
        self, listener: Listener
    ) -> Callable[[ServerConnection, Request], Awaitable[HttpResponse | None]]:
        """Make the function that the library asks about each request at `listener`."""
        clock = asyncio.get_running_loop().time
        buckets = Buckets(
            commands=TokenBucket(limits.MESSAGES_HZ, limits.MESSAGES_BURST, clock),
            files=TokenBucket(limits.FILES_HZ, limits.FILES_BURST, clock),
        )

        async def decide(accepted: ServerConnection, request: Request) -> HttpResponse | None:
            connection = cast("Connection", accepted)
            response = await self._decide(listener, buckets, connection, request)
            return None if response is None else connection.answer(response)

        return decide

    async def _decide(
        self, listener: Listener, buckets: Buckets, connection: Connection, request: Request
    ) -> Response | None:
        """Answer a request, or admit it to a WebSocket and answer None."""
        asked = access.AccessRequest(
            target=request.path,
            headers=tuple(request.headers.raw_items()),
            peer_uid=lambda: connection.uid,
            over_unix_socket=listener.is_unix,
        )
        decision = self.policy.decide(asked)
        if isinstance(decision, access.Denied):
            return self._refuse(decision)
        connection.token = decision.token
        if request.method != "GET":
            refusal = Response.text(HTTPStatus.METHOD_NOT_ALLOWED, "only GET")
            return replace(refusal, headers={"Allow": "GET"})
        if asked.is_websocket:
            return self._admit(listener, connection, request)
        response = await self._serve(listener, buckets, connection, request)
        origin = asked.value("origin")
        if origin is None:
            return response
        # The policy has let this origin in; no other page may read what comes back.
        allow = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
        return replace(response, headers={**response.headers, **allow})

    def _admit(
        self, listener: Listener, connection: Connection, request: Request
    ) -> Response | None:
        if request.path.partition("?")[0] != PATH:
            return Response.text(HTTPStatus.NOT_FOUND, f"connect to {PATH}")
        if len(listener.admitted) >= limits.MAX_CLIENTS:
            return self._refuse(_full(f"{limits.MAX_CLIENTS} clients are connected; close one"))
        if connection.uid not in {None, self.policy.own_uid}:
            of_this_user = sum(other.uid == connection.uid for other in listener.admitted)
            if of_this_user >= limits.MAX_CLIENTS_OF_ANOTHER_USER:
                return self._refuse(_full(f"{of_this_user} clients of your user are connected"))
        connection.admit()
        return None

    async def _serve(
        self, listener: Listener, buckets: Buckets, connection: Connection, request: Request
    ) -> Response:
        if request.path.partition("?")[0] == PATH:
            response = Response.text(HTTPStatus.UPGRADE_REQUIRED, "this is a WebSocket")
            return replace(response, headers={"Upgrade": "websocket"})
        bucket = buckets.files if is_file(request.path) else buckets.commands
        if not bucket.take():
            text = f"more than {bucket.rate_hz} requests a second; the command did not run"
            return as_response(messages.Error(None, messages.ReplyCode.RATE_LIMITED, text))
        if len(listener.served) >= limits.MAX_SERVED:
            return self._refuse(_full(f"{limits.MAX_SERVED} commands run; wait for one"))
        with listener.serving(connection):
            page_request = PageRequest(connection.token, request.headers["Host"])
            return await self._routes.answer(request.path, page_request)

    def _refuse(self, refused: access.Denied) -> Response:
        level = logging.DEBUG if refused.reason in self._told else logging.WARNING
        self._told.add(refused.reason)
        log.log(level, "refused a client (%d): %s", refused.status, refused.reason)
        response = Response.text(refused.status, refused.reason)
        if refused.status is HTTPStatus.UNAUTHORIZED:
            return replace(response, headers={"WWW-Authenticate": "Bearer"})
        return response


def own_uid() -> int | None:
    """Look up the user whom the Unix socket is for; None where there is no such socket."""
    if sys.platform != "linux":
        return None
    return os.geteuid()


def _full(reason: str) -> access.Denied:
    return access.Denied(HTTPStatus.SERVICE_UNAVAILABLE, reason)
