"""The stand-in's coordinator, with a script: what it is to answer next, and what was asked.

    async with Coordinator(runtime_url) as cloud:
        cloud.next("tokens", Answer(429, headers={"Retry-After": "7"}))
        cloud.pending = 3                       # GETs of a session before it has a GPU
        ...
        assert cloud.opened and not cloud.still_open

A runtime serves one session; with several of them, each session gets one that is free. Every
request is kept in `requests`.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sana_vcam.standin.cloud import (
    LOCAL_SESSION,
    Cloud,
    CloudRequest,
    Reply,
    Route,
    Runtimes,
    as_json,
    ask,
    route_of,
    start_session,
)

__all__ = ["KEY", "LOCAL_SESSION", "MODEL", "Answer", "Coordinator", "Route", "never"]

KEY = "rk_test_7f3a9c51e2d84b60"
MODEL = "sana-streaming"
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Answer:
    """What to answer to one request: `status`, or the usual if it is None.

    The answer, and what the request does, waits for `after`; `NEVER` never comes.
    """

    status: int | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    after: asyncio.Event | None = None


class GivenRuntimes(Runtimes):
    """Runtimes that run anyway; without any there never is a GPU."""

    def __init__(self, *urls: str) -> None:
        self._urls = urls
        self._taken: dict[str, str] = {}
        self._open: set[str] = set()
        self.failed = 0
        """How many sessions found no runtime that answers."""

    async def begin(self, session_id: str) -> None:
        taken = {self._taken[one] for one in self._open if one in self._taken}
        free = [url for url in self._urls if url not in taken]
        url = next(iter((*free, *self._urls)), None)
        self._open.add(session_id)
        if url is not None:
            self._taken[session_id] = url
            try:
                await start_session(url)
            except OSError:
                self._open.discard(session_id)
                self.failed += 1
                raise

    def url_of(self, session_id: str) -> str | None:
        return self._taken.get(session_id)

    async def ended(self, session_id: str) -> bool:
        """Never: that a runtime has lost a session is what the tests themselves look at."""
        return False

    async def end(self, session_id: str) -> None:
        self._open.discard(session_id)
        url = self.url_of(session_id)
        if url is not None:
            await ask(url, "POST", "/stop_session")

    async def close(self) -> None:
        """They run on."""


class Coordinator(Cloud):
    """The coordinator; `room` is how many sessions the account may have open; one more gets 409."""

    def __init__(
        self,
        runtime_url: str | None = None,
        *more_urls: str,
        key: str = KEY,
        room: int | None = None,
    ) -> None:
        urls = () if runtime_url is None else (runtime_url, *more_urls)
        self.runtimes = GivenRuntimes(*urls)
        super().__init__(self.runtimes, {MODEL}, key=key, room=room, full=409)
        self.requests: list[CloudRequest] = []
        self._scripted: defaultdict[Route, deque[Answer]] = defaultdict(deque)

    def next(self, route: Route, *answers: Answer) -> None:
        """Answer the next requests of `route` like this, then as usual."""
        self._scripted[route].extend(answers)

    def answer_as_usual(self, route: Route) -> None:
        """Forget what `next` was told for `route`."""
        self._scripted[route].clear()

    def waiting(self, route: Route) -> bool:
        """Whether a request of `route` is in and not answered yet."""
        return any(one.status is None and _route(one) == route for one in self.requests)

    @property
    def opened(self) -> list[str]:
        """Ids of all sessions that were ever opened."""
        return list(self._sessions)

    def history(self, session_id: str) -> list[str]:
        """Tell when a session was opened, and every request of its life with its answer."""
        session = self._sessions[session_id]
        ago_s = asyncio.get_running_loop().time() - session.created_at
        named = [one for one in self.requests if session_id in one.path]
        return [
            f"{session_id}: opened {ago_s:.1f} s ago",
            *(f"{one.method} {one.path}: {one.status}" for one in (session.request, *named)),
        ]

    def count(self, method: str, path: str) -> int:
        """How many requests came for exactly this path."""
        return sum(r.method == method and r.path == path for r in self.requests)

    def revoke(self) -> None:
        """Let every token expire."""
        self.tokens.clear()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until `condition` holds; fail when it does not come true in a minute."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0.01)

    async def requested(self, method: str, path: str, *, times: int = 1) -> None:
        """Wait until so many requests for `path` have come in."""
        await self.until(lambda: self.count(method, path) >= times)

    async def answer(self, request: CloudRequest) -> Reply:
        self.requests.append(request)
        scripted = self._scripted[_route(request)]
        answer = scripted.popleft() if scripted else Answer()
        if answer.after is not None:
            await answer.after.wait()
        if answer.status is not None:
            return answer.status, answer.headers, as_json(answer.body)
        return await super().answer(request)


def never() -> Answer:
    """An answer that does not come."""
    return Answer(after=asyncio.Event())


def _route(request: CloudRequest) -> Route:
    found = route_of(request)
    assert found is not None, f"no route for {request.method} {request.path}"
    return found[0]
