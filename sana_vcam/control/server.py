"""The control API on a WebSocket: connections, events and limits around the dispatcher."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Self

from pydantic import BaseModel, SecretStr
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.http11 import Request, Response

import sana_vcam
from sana_vcam.config import ControlConfig
from sana_vcam.control import access, listen, procnet, protocol, rendezvous
from sana_vcam.control.controls import Controls
from sana_vcam.control.dispatch import Dispatcher
from sana_vcam.control.logfeed import LogFeed, Redaction
from sana_vcam.control.outbox import Outbox
from sana_vcam.control.ratelimit import TokenBucket

PATH = "/ws"
MAX_CLIENTS = 32
MAX_MESSAGE_BYTES = 64 * 1024
MESSAGES_HZ = 50
MESSAGES_BURST = 100
MAX_WAITING = 256
"""Messages queued for one client before it counts as too slow."""

STATE_EVERY_S = 0.05
"""The shortest time from one `state` event to the next."""
STATS_EVERY_S = 1.0
CLOSE_GRACE_S = 2.0
"""How long a client, and the command that it runs, may take to end before it is cut off."""

_WELCOME = """\
sana-vcam {version}: the control API.

It is a WebSocket: {url}
Give the token of control.json as "Authorization: Bearer <token>", or as ?token=<token>.
Send {{"type": "get_state"}}, or a line such as: set_prompt as a clay figure
"""

_log = logging.getLogger(__name__)


class ControlServer:
    """Serves the control API to local programs; lives on one event loop.

    Args:
        config: Where to listen, and who may come.
        controls: The daemon.
        state_dir: Where the token is kept.
        runtime_dir: Where control.json goes.
        secrets: What must never appear in a `log` event, besides the token.
        state_every_s: The shortest time from one `state` event to the next.
        stats_every_s: The time from one `stats` event to the next.
    """

    def __init__(
        self,
        config: ControlConfig,
        controls: Controls,
        *,
        state_dir: Path,
        runtime_dir: Path,
        secrets: tuple[str, ...] = (),
        state_every_s: float = STATE_EVERY_S,
        stats_every_s: float = STATS_EVERY_S,
    ) -> None:
        self._config = config
        self._controls = controls
        self._dispatcher = Dispatcher(controls)
        self._state_dir = state_dir
        self._runtime_dir = runtime_dir
        self._secrets = secrets
        self._state_every_s = state_every_s
        self._stats_every_s = stats_every_s
        self._policy = access.AccessPolicy(token="")
        self._port = 0
        self._clients: set[_Client] = set()
        self._sockets: set[ServerConnection] = set()
        self._admitted: set[ServerConnection] = set()
        self._refusals_told: set[str] = set()
        self._state_changed = asyncio.Event()
        self._background: tuple[asyncio.Task[None], ...] = ()
        self._stack = AsyncExitStack()

    @property
    def port(self) -> int:
        """The TCP port; chosen by the system if the configuration says 0."""
        return self._port

    @property
    def url(self) -> str:
        """The WebSocket's address, without the token."""
        host = listen.address(self._config)
        return f"ws://{f'[{host}]' if ':' in host else host}:{self._port}{PATH}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen, and tell local clients where.

        Raises:
            StartupError: the address is not loopback, the port is taken, or the private files
                cannot be trusted.
        """
        access.require_loopback(self._config.host)
        runtime_dir = self._runtime_dir
        token = rendezvous.load_token(self._config.token, self._state_dir)
        self._policy = access.AccessPolicy(token, _tokenless_uid(self._config))
        async with AsyncExitStack() as stack:
            listening = listen.open_socket(self._config, runtime_dir)
            stack.callback(listening.close)
            self._port = listening.getsockname()[1]
            redaction = Redaction((token, *self._secrets))
            server = await self._serve(listening, redaction)
            stack.push_async_callback(self._close, server)
            stack.enter_context(LogFeed(self._on_log, redaction))
            note = rendezvous.Rendezvous(
                url=self.url,
                token=SecretStr(token),
                pid=os.getpid(),
                version=sana_vcam.__version__,
            )
            rendezvous.publish(note, runtime_dir)
            stack.callback(rendezvous.withdraw, note, runtime_dir)
            self._background = (
                asyncio.create_task(self._send_states(), name="control-state"),
                asyncio.create_task(self._send_stats(), name="control-stats"),
            )
            stack.push_async_callback(_end, self._background)
            self._stack = stack.pop_all()
        _log.info("the control API listens on %s", self.url)

    async def stop(self) -> None:
        """Undo `start` in reverse order; clients are closed with 1001. Idempotent."""
        await self._stack.aclose()
        _log.info("the control API has stopped")

    async def supervise(self) -> None:
        """Wait until stopped; raises what ends a background task, which is a defect."""
        done, _ = await asyncio.wait(self._background, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if not task.cancelled():
                task.result()

    def notify_state(self) -> None:
        """The state has changed. Cheap; call it on the event loop as often as it happens."""
        self._state_changed.set()

    def notify_presets(self) -> None:
        """The presets have changed. Call it on the event loop."""
        self._publish("presets", self._presets)

    # Opening

    async def _serve(self, listening: socket.socket, redaction: Redaction) -> Server:
        # At DEBUG the library logs request lines, and the token may be in one of those.
        wire_log = logging.getLogger(f"{__name__}.wire")
        wire_log.setLevel(logging.WARNING)
        wire_log.filters = [redaction]
        return await serve(
            self._converse,
            sock=listening,
            process_request=self._admit,
            create_connection=_tracked(self._sockets, self._admitted),
            compression=None,
            max_size=MAX_MESSAGE_BYTES,
            server_header=None,
            close_timeout=CLOSE_GRACE_S,
            logger=wire_log,
        )

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer an HTTP request, or return None to open a WebSocket."""
        asked = access.AccessRequest(
            target=request.path,
            headers=tuple(request.headers.raw_items()),
            peer_uid=partial(_peer_uid, connection),
        )
        decision = self._policy.decide(asked)
        if isinstance(decision, access.Refused):
            self._tell_refusal(decision)
            return _respond(connection, decision.status, f"{decision.reason}\n")
        if request.method != "GET":
            response = _respond(connection, HTTPStatus.METHOD_NOT_ALLOWED, "only GET\n")
            response.headers["Allow"] = "GET"
            return response
        path = request.path.partition("?")[0]
        if path == "/" and not asked.is_websocket:
            welcome = _WELCOME.format(version=sana_vcam.__version__, url=self.url)
            return _respond(connection, HTTPStatus.OK, welcome)
        if path != PATH:
            return _respond(connection, HTTPStatus.NOT_FOUND, f"connect to {PATH}\n")
        if len(self._admitted) >= MAX_CLIENTS:
            self._tell_refusal(access.Refused(HTTPStatus.SERVICE_UNAVAILABLE, "too many clients"))
            return _respond(
                connection,
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"{MAX_CLIENTS} clients are connected; close one\n",
            )
        self._admitted.add(connection)
        return None

    def _tell_refusal(self, refused: access.Refused) -> None:
        level = logging.DEBUG if refused.reason in self._refusals_told else logging.WARNING
        self._refusals_told.add(refused.reason)
        _log.log(level, "refused a client (%d): %s", refused.status, refused.reason)

    # Conversing

    async def _converse(self, connection: ServerConnection) -> None:
        """Serve one client until it goes."""
        client = _Client(connection)
        client.outbox.put_event(protocol.event_text(protocol.Hello(version=sana_vcam.__version__)))
        self._send_first(client, client.events)
        self._clients.add(client)
        side_tasks = (
            asyncio.create_task(client.write(), name="control-writer"),
            asyncio.create_task(client.close_if_too_slow(), name="control-overflow"),
        )
        try:
            async for message in connection:
                await self._handle(client, message)
        except ConnectionClosed as closed:
            _log.debug("a client went without goodbye: %s", closed)
        finally:
            self._clients.discard(client)
            client.outbox.close()
            await _end(side_tasks)

    async def _handle(self, client: _Client, message: str | bytes) -> None:
        """Run one message and queue its reply; a client's next message waits until then."""
        request = _read(client, message)
        if isinstance(request, protocol.Error):
            await client.outbox.put_reply(request.text())
        elif isinstance(request.command, protocol.Subscribe):
            before, client.events = client.events, frozenset(request.command.events)
            await client.outbox.put_reply(protocol.Ok(request.id, client.subscribed()).text())
            self._send_first(client, client.events - before)
        else:
            reply = await self._dispatcher.answer(request)
            await client.outbox.put_reply(reply.text())

    # Events

    def _send_first(self, client: _Client, names: frozenset[protocol.EventName]) -> None:
        """Send what a new subscriber would else wait for until it changes."""
        if "state" in names:
            client.outbox.put_event(protocol.event_text(self._controls.state()), kind="state")
        if "presets" in names:
            client.outbox.put_event(protocol.event_text(self._presets()), kind="presets")

    def _publish(self, name: protocol.EventName, make: Callable[[], BaseModel]) -> None:
        """Make an event if anybody wants it, and queue it for those who do."""
        clients = [client for client in self._clients if name in client.events]
        if not clients:
            return
        text = protocol.event_text(make())
        for client in clients:
            # Every log line counts; of the others only the newest does.
            client.outbox.put_event(text, kind=None if name == "log" else name)

    def _presets(self) -> protocol.Presets:
        return protocol.Presets(presets=tuple(self._controls.presets()))

    def _stats(self) -> protocol.Stats:
        return protocol.Stats.of(self._controls.state())

    def _on_log(self, line: protocol.Log) -> None:
        self._publish("log", lambda: line)

    async def _send_states(self) -> None:
        while True:
            await self._state_changed.wait()
            self._state_changed.clear()
            self._publish("state", self._controls.state)
            await asyncio.sleep(self._state_every_s)

    async def _send_stats(self) -> None:
        while True:
            await asyncio.sleep(self._stats_every_s)
            self._publish("stats", self._stats)

    # Closing

    async def _close(self, server: Server) -> None:
        """Close every client with 1001; cut off what has not ended after a grace."""
        server.close(reason="sana-vcam stops")
        for connection in self._sockets - self._admitted:
            connection.transport.abort()
        ending = asyncio.ensure_future(server.wait_closed())
        await asyncio.wait([ending], timeout=CLOSE_GRACE_S)
        for client in self._clients:
            client.cut_off()
        for connection in self._sockets:
            connection.transport.abort()
        await ending


class _Client:
    """One open connection: what it wants and what waits for it."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.events: frozenset[protocol.EventName] = frozenset({"state"})
        self.outbox = Outbox(MAX_WAITING)
        self.bucket = TokenBucket(MESSAGES_HZ, MESSAGES_BURST, asyncio.get_running_loop().time)
        self._task = asyncio.current_task()

    def subscribed(self) -> protocol.Subscribed:
        """What it receives, in the order of the docs."""
        return protocol.Subscribed(
            events=tuple(name for name in protocol.EVENT_NAMES if name in self.events)
        )

    def cut_off(self) -> None:
        """End its command, if it runs one."""
        if self._task is not None:
            self._task.cancel()

    async def write(self) -> None:
        """Send what is queued, as fast as the client reads."""
        with suppress(ConnectionClosed):
            while True:
                await self.connection.send(await self.outbox.get())
        self.outbox.close()

    async def close_if_too_slow(self) -> None:
        """Wait for the outbox to overflow, then close the connection."""
        await self.outbox.overflowed.wait()
        _log.warning("closing a client that does not read its events")
        # The goodbye waits behind all that the client has not read.
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_GRACE_S):
                await self.connection.close(CloseCode.TRY_AGAIN_LATER, "reads too slowly")
        self.connection.transport.abort()


def _read(client: _Client, message: str | bytes) -> protocol.Request | protocol.Error:
    """Read a message, unless the client has sent too many."""
    result: protocol.Request | protocol.Error
    try:
        if isinstance(message, bytes):
            raise protocol.ProtocolError(
                protocol.ReplyCode.PARSE_ERROR, "binary messages are not understood; send text"
            )
        result = protocol.parse(message)
    except protocol.ProtocolError as error:
        result = error.reply()
    if client.bucket.take():
        return result
    return protocol.Error(
        result.id,
        protocol.ReplyCode.RATE_LIMITED,
        f"more than {MESSAGES_HZ} messages a second; the command did not run",
    )


def _tracked(
    sockets: set[ServerConnection], admitted: set[ServerConnection]
) -> type[ServerConnection]:
    """Make connections keep `sockets` complete, also while they open, and leave `admitted`."""

    class Tracked(ServerConnection):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            sockets.add(self)

        def connection_lost(self, exc: Exception | None) -> None:
            # A write that fails closes the connection; what the client sent before is still there.
            if exc is not None and self.request is not None:
                self.data_received(_unread(self.transport))
            sockets.discard(self)
            admitted.discard(self)
            super().connection_lost(exc)

    return Tracked


def _unread(transport: asyncio.BaseTransport) -> bytes:
    """Take what has come in on a broken connection; on Windows nothing is left by then."""
    try:
        return os.read(transport.get_extra_info("socket").fileno(), MAX_MESSAGE_BYTES)
    except OSError:
        return b""


def _respond(connection: ServerConnection, status: HTTPStatus, text: str) -> Response:
    response = connection.respond(status, text)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if status is HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    if connection.request is not None and connection.request.method == "HEAD":
        response.body = b""
    return response


def _peer_uid(connection: ServerConnection) -> int | None:
    ends = connection.remote_address, connection.local_address
    if None in ends:
        return None
    peer, server = (procnet.endpoint(*end[:2]) for end in ends)
    return procnet.peer_uid(peer, server)


def _tokenless_uid(config: ControlConfig) -> int | None:
    if config.same_user and sys.platform == "linux":
        return os.geteuid()
    return None


async def _end(tasks: tuple[asyncio.Task[None], ...]) -> None:
    """Cancel tasks and wait for them; a failure of theirs is logged."""
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, Exception):
            _log.error("a task of the control API failed", exc_info=outcome)
