"""A small coordinator: what Reactor's cloud does between a client and a GPU, in front of a runtime.

    async with Coordinator(runtime_url) as cloud:
        cloud.next("tokens", Answer(429, headers={"Retry-After": "7"}))
        cloud.pending = 3                       # GETs of a session before it has a GPU
        ...
        assert cloud.opened and not cloud.still_open

It serves `POST /tokens`, `POST /sessions`, `GET` and `DELETE /sessions/{id}`, and passes everything
below `/sessions/{id}/` on to the runtime. A runtime serves one session; with several of them, each
session gets one that is free. Tokens have scopes, as the SDK documents them: one for a
model reaches only the sessions that it created, one without reaches all. Every request is kept in
`requests`.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import uuid
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Self

KEY = "rk_test_7f3a9c51e2d84b60"
MODEL = "sana-streaming"
LOCAL_SESSION = "00000000-0000-0000-0000-000000000000"
PATIENCE_S = 60.0

type Route = Literal["tokens", "create", "get", "delete", "transport"]


@dataclass(frozen=True)
class Answer:
    """What to answer to one request: `status`, or the usual if it is None.

    The answer, and what the request does, waits for `after`; `NEVER` never comes.
    """

    status: int | None = None
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    after: asyncio.Event | None = None


@dataclass
class Request:
    """One request as it came in; `status` is None until it was answered."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    status: int | None = None

    @property
    def text(self) -> str:
        """Everything that was sent, to search for secrets."""
        return f"{self.method} {self.path} {self.headers} {self.body.decode(errors='replace')}"


@dataclass
class _Token:
    """What a token may reach: `sessions` only, unless it was minted for the whole account."""

    account_wide: bool
    sessions: set[str] = field(default_factory=set)


@dataclass
class _Session:
    pending: int
    runtime: str | None
    open: bool = True


class Coordinator:
    """The fake; sessions of the runtimes (none: there never is a GPU), on a port of its own.

    `room` is how many sessions the account may have open; one more gets 409.
    """

    def __init__(
        self,
        runtime_url: str | None = None,
        *more_urls: str,
        key: str = KEY,
        room: int | None = None,
    ) -> None:
        self.url = ""
        self.key = key
        self.room = room
        # The names under which it has its model.
        self.models = {MODEL}
        self.pending = 0
        self.most_open = 0
        self.requests: list[Request] = []
        self.tokens: dict[str, _Token] = {}
        self._sessions: dict[str, _Session] = {}
        self._runtimes = () if runtime_url is None else (runtime_url, *more_urls)
        self._scripted: defaultdict[Route, deque[Answer]] = defaultdict(deque)
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    # -- for tests -----------------------------------------------------------------------------

    def next(self, route: Route, *answers: Answer) -> None:
        """Answer the next requests of `route` like this, then as usual."""
        self._scripted[route].extend(answers)

    def answer_as_usual(self, route: Route) -> None:
        """Forget what `next` was told for `route`."""
        self._scripted[route].clear()

    def waiting(self, route: Route) -> bool:
        """Whether a request of `route` is in and not answered yet."""
        return any(one.status is None and _route(one)[0] == route for one in self.requests)

    @property
    def opened(self) -> list[str]:
        """Ids of all sessions that were ever opened."""
        return list(self._sessions)

    @property
    def still_open(self) -> list[str]:
        """Ids of the sessions that cost money now."""
        return [name for name, session in self._sessions.items() if session.open]

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

    # -- its life ------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Be gone: refuse connections and drop those that are open."""
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = await _read_request(reader)
                self.requests.append(request)
                status, headers, body = await self._handle(request)
                request.status = status
                writer.write(_head(f"HTTP/1.1 {status} Answer", headers, body) + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
        finally:
            self._writers.discard(writer)

    # -- what it answers -----------------------------------------------------------------------

    async def _handle(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        route, session_id, rest = _route(request)
        scripted = self._scripted[route].popleft() if self._scripted[route] else Answer()
        if scripted.after is not None:
            await scripted.after.wait()
        if scripted.status is not None:
            return scripted.status, scripted.headers, _json(scripted.body)
        if route == "tokens":
            return self._mint(request)
        token = self.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if token is None:
            return 401, {}, _json({"detail": "unknown or expired token"})
        if route == "create":
            return await self._create(request, token)
        if session_id not in self._sessions:
            return 404, {}, _json({"detail": "no such session"})
        if not token.account_wide and session_id not in token.sessions:
            return 403, {}, _json({"detail": "the token does not reach this session"})
        match route:
            case "get":
                return await self._show(session_id)
            case "delete":
                return await self._end(session_id)
            case _:
                return await self._pass_on(request, session_id, rest)

    def _mint(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        if request.headers.get("reactor-api-key") != self.key:
            return 401, {}, _json({"detail": "unknown key"})
        details = (json.loads(request.body) or {}).get("authorization_details")
        if details is None:
            token = _Token(account_wide=True)
        else:
            resources = details[0]["resources"]
            if resources["models"].get("match") not in (None, *([name] for name in self.models)):
                return 404, {}, _json({"detail": "no such model"})
            token = _Token(account_wide=False)
        jwt = f"jwt_{secrets.token_hex(12)}"
        self.tokens[jwt] = token
        return 200, {}, _json({"jwt": jwt})

    async def _create(self, request: Request, token: _Token) -> tuple[int, dict[str, str], bytes]:
        if json.loads(request.body)["model"]["name"] not in self.models:
            return 404, {}, _json({"detail": "no such model"})
        if self.room is not None and len(self.still_open) >= self.room:
            return 409, {}, _json({"detail": "the account has its sessions already"})
        session_id = str(uuid.uuid4())
        # Before the runtime knows of it: from here on it costs money, whoever is listening.
        runtime = self._free_runtime()
        self._sessions[session_id] = _Session(self.pending, runtime)
        self.most_open = max(self.most_open, len(self.still_open))
        token.sessions.add(session_id)
        if runtime is not None:
            await self._start_runtime(runtime)
        return 201, {}, _json(_slim(session_id, "CREATED"))

    def _free_runtime(self) -> str | None:
        """One without a session, else the first."""
        taken = {session.runtime for session in self._sessions.values() if session.open}
        free = [runtime for runtime in self._runtimes if runtime not in taken]
        return next(iter((*free, *self._runtimes)), None)

    async def _start_runtime(self, runtime: str) -> None:
        """Open the runtime's session, waiting for the end of a former one."""
        async with asyncio.timeout(PATIENCE_S):
            while (await _ask(runtime, "POST", "/start_session"))[0] == 409:
                await asyncio.sleep(0.05)

    async def _show(self, session_id: str) -> tuple[int, dict[str, str], bytes]:
        session = self._sessions[session_id]
        if not session.open:
            return 200, {}, _json(_slim(session_id, "CLOSED"))
        if session.runtime is None or session.pending > 0:
            session.pending -= 1
            return 200, {}, _json(_slim(session_id, "PENDING"))
        status, body = await _ask(session.runtime, "GET", "/session")
        return status, {}, _json(json.loads(body) | {"session_id": session_id, "state": "WAITING"})

    async def _end(self, session_id: str) -> tuple[int, dict[str, str], bytes]:
        session = self._sessions[session_id]
        if not session.open:
            return 404, {}, _json({"detail": "the session has ended"})
        session.open = False
        if session.runtime is not None:
            await _ask(session.runtime, "POST", "/stop_session")
        return 204, {}, b""

    async def _pass_on(
        self, request: Request, session_id: str, rest: str
    ) -> tuple[int, dict[str, str], bytes]:
        session = self._sessions[session_id]
        if not session.open:
            return 404, {}, _json({"detail": "the session has ended"})
        if session.runtime is None:
            return 503, {}, b"{}"
        passed = {k: v for k, v in request.headers.items() if k.startswith("reactor-")}
        status, body = await _ask(
            session.runtime,
            request.method,
            f"/sessions/{LOCAL_SESSION}/{rest}",
            request.body,
            passed,
        )
        return status, {}, body


async def _ask(
    runtime: str,
    method: str,
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> tuple[int, bytes]:
    host, port = runtime.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        sent = {"Host": f"{host}:{port}", "Connection": "close"} | (headers or {})
        writer.write(_head(f"{method} {path} HTTP/1.1", sent, body) + body)
        head, _, answer = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
    return int(head.split(b" ")[1]), answer


def never() -> Answer:
    """An answer that does not come."""
    return Answer(after=asyncio.Event())


def _route(request: Request) -> tuple[Route, str, str]:
    """(route, session id, what follows the id)."""
    parts = request.path.removeprefix("/").split("/", 2)
    match request.method, parts:
        case "POST", ["tokens"]:
            return "tokens", "", ""
        case "POST", ["sessions"]:
            return "create", "", ""
        case "GET", ["sessions", session_id]:
            return "get", session_id, ""
        case "DELETE", ["sessions", session_id]:
            return "delete", session_id, ""
        case _, ["sessions", session_id, rest]:
            return "transport", session_id, rest
    raise AssertionError(f"no route for {request.method} {request.path}")


async def _read_request(reader: asyncio.StreamReader) -> Request:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = lines[0].split(" ")
    pairs = (line.partition(":") for line in lines[1:] if line)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, path, headers, body)


def _head(first: str, headers: dict[str, str], body: bytes) -> bytes:
    fields = {"Content-Type": "application/json", "Content-Length": str(len(body))} | headers
    return "\r\n".join([first, *(f"{k}: {v}" for k, v in fields.items()), "", ""]).encode()


def _json(body: Any) -> bytes:
    return b"" if body is None else json.dumps(body).encode()


def _slim(session_id: str, state: str) -> dict[str, Any]:
    """A session before it has a GPU, as far as the SDK insists."""
    return {
        "session_id": session_id,
        "state": state,
        "model": {"name": MODEL},
        "server_info": {"server_version": "fake"},
    }
