"""Each request's way in: the policy, the limits, then a WebSocket or an answer."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import cast

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from sana_vcam.control.access import peers, unixsocket
from sana_vcam.control.access import policy as access
from sana_vcam.control.protocol import messages
from sana_vcam.control.server import limits
from sana_vcam.control.server.connections import Doorway, Visitor
from sana_vcam.control.server.pages import Visit
from sana_vcam.control.server.ratelimit import TokenBucket
from sana_vcam.control.server.responses import Answer
from sana_vcam.control.server.routes import Hooks, as_answer, is_file

PATH = "/ws"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Buckets:
    """How much of each kind a listener's GETs may take, all together."""

    commands: TokenBucket
    files: TokenBucket


class Admission:
    """Decides about the requests of every listener.

    Args:
        policy: Who may come in; may be replaced at any time.
        hooks: Answers GET requests.
    """

    def __init__(self, policy: access.AccessPolicy, hooks: Hooks) -> None:
        self.policy = policy
        self._hooks = hooks
        self._told: set[str] = set()

    def is_revoked(self, visitor: Visitor) -> bool:
        """Whether it came with a token that holds no more."""
        return visitor.token not in {None, self.policy.token}

    def at(
        self, doorway: Doorway
    ) -> Callable[[ServerConnection, Request], Awaitable[Response | None]]:
        """Return what the library asks about each request at `doorway`."""
        clock = asyncio.get_running_loop().time
        buckets = Buckets(
            commands=TokenBucket(limits.MESSAGES_HZ, limits.MESSAGES_BURST, clock),
            files=TokenBucket(limits.FILES_HZ, limits.FILES_BURST, clock),
        )

        async def decide(connection: ServerConnection, request: Request) -> Response | None:
            visitor = cast("Visitor", connection)
            answer = await self._decide(doorway, buckets, visitor, request)
            return None if answer is None else visitor.answer(answer)

        return decide

    async def _decide(
        self, doorway: Doorway, buckets: Buckets, visitor: Visitor, request: Request
    ) -> Answer | None:
        """Answer a request, or admit it to a WebSocket, which is None."""
        asked = access.AccessRequest(
            target=request.path,
            headers=tuple(request.headers.raw_items()),
            peer_uid=partial(_peer_uid, doorway, visitor),
            over_unix_socket=doorway.is_unix,
        )
        decision = self.policy.decide(asked)
        if isinstance(decision, access.Refused):
            return self._refuse(decision)
        visitor.token = decision.token
        if request.method != "GET":
            refusal = Answer.text(HTTPStatus.METHOD_NOT_ALLOWED, "only GET")
            return replace(refusal, headers={"Allow": "GET"})
        if asked.is_websocket:
            return self._admit(doorway, visitor, request)
        answer = await self._serve(doorway, buckets, visitor, request)
        origin = asked.value("origin")
        if origin is None:
            return answer
        # The policy has let this origin in; no other page may read what comes back.
        allow = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
        return replace(answer, headers={**answer.headers, **allow})

    def _admit(self, doorway: Doorway, visitor: Visitor, request: Request) -> Answer | None:
        if request.path.partition("?")[0] != PATH:
            return Answer.text(HTTPStatus.NOT_FOUND, f"connect to {PATH}")
        if len(doorway.admitted) >= limits.MAX_CLIENTS:
            return self._refuse(_full(f"{limits.MAX_CLIENTS} clients are connected; close one"))
        visitor.uid = _peer_uid(doorway, visitor)
        if visitor.uid not in {None, self.policy.own_uid}:
            of_this_user = sum(other.uid == visitor.uid for other in doorway.admitted)
            if of_this_user >= limits.MAX_CLIENTS_OF_ANOTHER_USER:
                return self._refuse(_full(f"{of_this_user} clients of your user are connected"))
        visitor.admit()
        return None

    async def _serve(
        self, doorway: Doorway, buckets: Buckets, visitor: Visitor, request: Request
    ) -> Answer:
        if request.path.partition("?")[0] == PATH:
            answer = Answer.text(HTTPStatus.UPGRADE_REQUIRED, "this is a WebSocket")
            return replace(answer, headers={"Upgrade": "websocket"})
        bucket = buckets.files if is_file(request.path) else buckets.commands
        if not bucket.take():
            text = f"more than {bucket.rate_hz} requests a second; the command did not run"
            return as_answer(messages.Error(None, messages.ReplyCode.RATE_LIMITED, text))
        if len(doorway.served) >= limits.MAX_SERVED:
            return self._refuse(_full(f"{limits.MAX_SERVED} commands run; wait for one"))
        with doorway.serving(visitor):
            visit = Visit(visitor.token, request.headers["Host"])
            return await self._hooks.answer(request.path, visit)

    def _refuse(self, refused: access.Refused) -> Answer:
        level = logging.DEBUG if refused.reason in self._told else logging.WARNING
        self._told.add(refused.reason)
        _log.log(level, "refused a client (%d): %s", refused.status, refused.reason)
        answer = Answer.text(refused.status, refused.reason)
        if refused.status is HTTPStatus.UNAUTHORIZED:
            return replace(answer, headers={"WWW-Authenticate": "Bearer"})
        return answer


def own_uid() -> int | None:
    """The user whom the Unix socket is for."""
    return os.geteuid() if unixsocket.IS_SUPPORTED else None


def _full(reason: str) -> access.Refused:
    return access.Refused(HTTPStatus.SERVICE_UNAVAILABLE, reason)


def _peer_uid(doorway: Doorway, visitor: Visitor) -> int | None:
    if doorway.is_unix:
        return visitor.uid
    ends = visitor.remote_address, visitor.local_address
    if None in ends:
        return None
    peer, server = (peers.endpoint(*end[:2]) for end in ends)
    return peers.peer_uid(peer, server)
