"""What Reactor's cloud does between a client and a GPU, over HTTP, in front of local runtimes.

It serves `POST /tokens`, `POST /sessions`, `GET` and `DELETE /sessions/{id}`, and passes everything
below `/sessions/{id}/` on to the runtime of the session, of which each has one of its own. Tokens
have scopes, as the SDK documents them: one for a model reaches only the sessions that it created,
one without reaches all.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import uuid
from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Literal, Self

LOCAL_SESSION = "00000000-0000-0000-0000-000000000000"
"""What a local runtime calls its only session."""

PATIENCE_S = 60.0
"""How long the end of a runtime's former session is waited for."""

RETRY_AFTER_S = 5
"""What a refused account is told to wait; the platform's own number is not known."""

type Route = Literal["tokens", "create", "get", "delete", "transport"]
type Reply = tuple[int, dict[str, str], bytes]
"""Status, further headers and body of an answer."""


@dataclass
class CloudRequest:
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
class Grant:
    """What a token may reach: `sessions` only, unless it was minted for the whole account."""

    account_wide: bool
    sessions: set[str] = field(default_factory=set)


@dataclass
class CloudSession:
    """One session that a client has created; it costs money while it is open."""

    created_at: float
    pending: int
    request: CloudRequest
    """What it was created by."""
    is_open: bool = True


class Runtimes(ABC):
    """Where the GPUs are."""

    @abstractmethod
    async def begin(self, session_id: str) -> None:
        """Find a runtime for a session, or begin to. Raises `OSError` where none answers."""

    @abstractmethod
    def url_of(self, session_id: str) -> str | None:
        """Give the address of a session's runtime; None while there is none."""

    @abstractmethod
    async def ended(self, session_id: str) -> bool:
        """Whether the session has ended at its runtime, without having been told to."""

    @abstractmethod
    async def end(self, session_id: str) -> None:
        """End a session at its runtime."""

    @abstractmethod
    async def close(self) -> None:
        """Leave nothing running."""


class Cloud:
    """The coordinator of one account, for one model, on a port of its own.

    `room` is how many sessions the account may have open, and `full` the status that one more gets.
    A session has its GPU after `gpu_wait_s`, and after `pending` more looks at it.
    """

    def __init__(
        self,
        runtimes: Runtimes,
        models: Collection[str],
        *,
        key: str | None = None,
        room: int | None = None,
        full: int = 429,
        gpu_wait_s: float = 0.0,
    ) -> None:
        self.url = ""
        self.key = key
        self.models = set(models)
        self.room = room
        self.full = full
        self.gpu_wait_s = gpu_wait_s
        self.pending = 0
        self.most_open = 0
        self.tokens: dict[str, Grant] = {}
        self._runtimes = runtimes
        self._sessions: dict[str, CloudSession] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    @property
    def still_open(self) -> list[str]:
        """Ids of the sessions that cost money now."""
        return [name for name, session in self._sessions.items() if session.is_open]

    # -- its life ------------------------------------------------------------------------------

    async def listen(self, host: str, port: int) -> None:
        """Accept connections. Raises `OSError` where the address cannot be bound."""
        self._server = await asyncio.start_server(self._accept, host, port)
        self.url = f"http://{host}:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """Be gone: refuse connections, drop those that are open, and end the runtimes."""
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._runtimes.close()

    async def __aenter__(self) -> Self:
        await self.listen("127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = await _read_request(reader)
                status, headers, body = await self.answer(request)
                request.status = status
                writer.write(_head(f"HTTP/1.1 {status} Answer", headers, body) + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            # Gone, or no HTTP.
            writer.close()
        finally:
            self._writers.discard(writer)

    # -- what it answers -----------------------------------------------------------------------

    async def answer(self, request: CloudRequest) -> Reply:
        """Answer one request."""
        found = route_of(request)
        if found is None:
            return problem(404, "no such path")
        route, session_id, rest = found
        if route == "tokens":
            return self._mint(request)
        grant = self.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if grant is None:
            return problem(401, "unknown or expired token")
        if route == "create":
            return await self._create(request, grant)
        if session_id not in self._sessions:
            return problem(404, "no such session")
        if not grant.account_wide and session_id not in grant.sessions:
            return problem(403, "the token does not reach this session")
        match route:
            case "get":
                return await self._show(session_id)
            case "delete":
                return await self._end(session_id)
            case _:
                return await self._pass_on(request, session_id, rest)

    def _mint(self, request: CloudRequest) -> Reply:
        key = request.headers.get("reactor-api-key")
        if not key or self.key not in (None, key):
            return problem(401, "unknown key")
        details = (json.loads(request.body) or {}).get("authorization_details")
        if details is None:
            grant = Grant(account_wide=True)
        else:
            wanted = details[0]["resources"]["models"].get("match")
            if wanted is not None and not (len(wanted) == 1 and wanted[0] in self.models):
                return problem(404, "no such model")
            grant = Grant(account_wide=False)
        jwt = f"jwt_{secrets.token_hex(12)}"
        self.tokens[jwt] = grant
        return 200, {}, as_json({"jwt": jwt})

    async def _create(self, request: CloudRequest, grant: Grant) -> Reply:
        if json.loads(request.body)["model"]["name"] not in self.models:
            return problem(404, "no such model")
        if self.room is not None and len(self.still_open) >= self.room:
            await self._notice_ends()
        if self.room is not None and len(self.still_open) >= self.room:
            later = {"Retry-After": str(RETRY_AFTER_S)}
            return problem(self.full, "the account has its sessions already", later)
        session_id = str(uuid.uuid4())
        # Before the runtime knows of it: from here on it costs money, whoever is listening.
        now = asyncio.get_running_loop().time()
        session = self._sessions[session_id] = CloudSession(now, self.pending, request)
        self.most_open = max(self.most_open, len(self.still_open))
        grant.sessions.add(session_id)
        try:
            await self._runtimes.begin(session_id)
        except OSError:
            # Nobody is told its id: were it open, nobody could end it.
            session.is_open = False
            return problem(503, "no GPU answers")
        return 201, {}, as_json(self._slim(session_id, "CREATED"))

    async def _notice_ends(self) -> None:
        """Close the sessions that have ended at their runtimes."""
        for session_id in self.still_open:
            if await self._runtimes.ended(session_id):
                await self._close(session_id)

    async def _show(self, session_id: str) -> Reply:
        session = self._sessions[session_id]
        if not session.is_open:
            return 200, {}, as_json(self._slim(session_id, "CLOSED"))
        runtime = self._runtimes.url_of(session_id)
        waited_s = asyncio.get_running_loop().time() - session.created_at
        if runtime is None or session.pending > 0 or waited_s < self.gpu_wait_s:
            session.pending -= 1
            return 200, {}, as_json(self._slim(session_id, "PENDING"))
        status, body = await ask(runtime, "GET", "/session")
        shown = json.loads(body) | {"session_id": session_id, "state": "WAITING"}
        return status, {}, as_json(shown)

    async def _end(self, session_id: str) -> Reply:
        if not self._sessions[session_id].is_open:
            return problem(404, "the session has ended")
        await self._close(session_id)
        return 204, {}, b""

    async def _close(self, session_id: str) -> None:
        self._sessions[session_id].is_open = False
        await self._runtimes.end(session_id)

    async def _pass_on(self, request: CloudRequest, session_id: str, rest: str) -> Reply:
        if not self._sessions[session_id].is_open:
            return problem(404, "the session has ended")
        runtime = self._runtimes.url_of(session_id)
        if runtime is None:
            return 503, {}, b"{}"
        passed = {k: v for k, v in request.headers.items() if k.startswith("reactor-")}
        path = f"/sessions/{LOCAL_SESSION}/{rest}"
        status, body = await ask(runtime, request.method, path, request.body, passed)
        return status, {}, body

    def _slim(self, session_id: str, state: str) -> dict[str, Any]:
        """Describe a session before it has a GPU, as far as the SDK insists."""
        return {
            "session_id": session_id,
            "state": state,
            "model": {"name": min(self.models)},
            "server_info": {"server_version": "stand-in"},
        }


async def start_session(runtime: str) -> None:
    """Open the session of a runtime, waiting for the end of a former one."""
    async with asyncio.timeout(PATIENCE_S):
        while (await ask(runtime, "POST", "/start_session"))[0] == 409:  # noqa: ASYNC110 - HTTP
            await asyncio.sleep(0.05)


# -- HTTP ----------------------------------------------------------------------------------------


async def ask(
    runtime: str,
    method: str,
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> tuple[int, bytes]:
    """Send a request to a runtime at "http://host:port"; give the answer's status and body.

    Raises `OSError` where there is no answer.
    """
    host, port = runtime.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        sent = {"Host": f"{host}:{port}", "Connection": "close"} | (headers or {})
        writer.write(_head(f"{method} {path} HTTP/1.1", sent, body) + body)
        head, _, answer = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
    if not head:
        raise ConnectionResetError("the runtime ended before it answered")
    return int(head.split(b" ")[1]), answer


def route_of(request: CloudRequest) -> tuple[Route, str, str] | None:
    """Tell what a request is for: (route, session id, what follows the id)."""
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
    return None


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> Reply:
    """Make the answer of a refusal."""
    return status, headers or {}, as_json({"detail": detail})


def as_json(body: Any) -> bytes:
    """Encode a body; None is an empty one."""
    return b"" if body is None else json.dumps(body).encode()


async def _read_request(reader: asyncio.StreamReader) -> CloudRequest:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = lines[0].split(" ")
    pairs = (line.partition(":") for line in lines[1:] if line)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return CloudRequest(method, path, headers, body)


def _head(first: str, headers: dict[str, str], body: bytes) -> bytes:
    fields = {"Content-Type": "application/json", "Content-Length": str(len(body))} | headers
    return "\r\n".join([first, *(f"{k}: {v}" for k, v in fields.items()), "", ""]).encode()
