"""The control API on its sockets: connections, events and limits around the commands."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Self, cast

from pydantic import BaseModel, SecretStr
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

import sana_vcam
from sana_vcam.config.schema import ControlConfig
from sana_vcam.control.access import (
    discovery,
    listen,
    policy,
    sockdiag,
    tokens,
)
from sana_vcam.control.commands import Commands
from sana_vcam.control.preview.previews import PreviewServer
from sana_vcam.control.protocol import events, messages, replies
from sana_vcam.control.protocol.settings import ModelSettings
from sana_vcam.control.server import limits
from sana_vcam.control.server.connections import Connection, Listener
from sana_vcam.control.server.counters import Counters
from sana_vcam.control.server.entrance import Entrance, quiet_accept
from sana_vcam.control.server.logfeed import LogFeed, Redaction
from sana_vcam.control.server.pages import Dashboard
from sana_vcam.control.server.presence import Presence
from sana_vcam.control.server.requests import PATH, RequestGate, own_uid
from sana_vcam.control.server.responses import Response
from sana_vcam.control.server.routes import Routes
from sana_vcam.control.server.websocket import ClientConnection
from sana_vcam.errors import CommandFailed, StartupError
from sana_vcam.lib.filewatch import FileWatch
from sana_vcam.lib.idle import until_tick
from sana_vcam.lib.threads import run_blocking

log = logging.getLogger(__name__)


class ControlServer:
    """Serves the control API to local programs; lives on one event loop.

    Args:
        config: Where to listen, and who may come.
        commands: What the daemon does for its clients.
        state_dir: Where the token is kept.
        runtime_dir: Where the control file goes.
        previews: Shows clients what viewers see, live; None: they have to take snapshots.
        on_published: Called in a thread whenever the control file is there, and after each look.
        secrets: What must never appear in a `log` event, besides the token.
        counters: What the metrics show besides the state.
        state_every_s: The shortest time from one `state` event to the next.
        stats_every_s: The time from one `stats` event to the next.
        token_every_s: How soon another token is taken up after it was written.
    """

    def __init__(
        self,
        config: ControlConfig,
        commands: Commands,
        *,
        state_dir: Path,
        runtime_dir: Path,
        previews: PreviewServer | None = None,
        on_published: Callable[[], None] | None = None,
        secrets: tuple[str, ...] = (),
        counters: Callable[[], Counters] = Counters,
        state_every_s: float = limits.STATE_EVERY_S,
        stats_every_s: float = limits.STATS_EVERY_S,
        token_every_s: float = limits.TOKEN_EVERY_S,
    ) -> None:
        self._config = config
        self._commands = commands
        self._previews = previews
        self._state_dir = state_dir
        self._runtime_dir = runtime_dir
        self._presence = Presence(runtime_dir, on_published)
        self._counters = counters
        self._state_every_s = state_every_s
        self._stats_every_s = stats_every_s
        self._token_every_s = token_every_s
        self._redaction = Redaction(secrets)
        self._gate = RequestGate(
            policy.AccessPolicy(token="", own_uid=own_uid()),
            Routes(commands, dashboard=Dashboard(), metrics=self._metrics),
        )
        self._servers: list[tuple[Server, Listener]] = []
        self._port = 0
        # Elsewhere nobody tells whose a connection is.
        self._entrance = Entrance(own_uid()) if sys.platform == "linux" else None
        self._listeners = (Listener(is_unix=False, entrance=self._entrance), Listener(is_unix=True))
        self._clients: set[ClientConnection] = set()
        self._attended = asyncio.Event()
        """Set while there are clients."""
        self._trouble = ""
        self._state_changed = asyncio.Event()
        self._settings: ModelSettings | None = None
        """What clients were told last of the model's settings."""
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
        policy.require_loopback(self._config.host)
        load = partial(tokens.load_token, self._config.token, self._state_dir)
        self._take_token(await run_blocking(load, name="load-token"))
        async with AsyncExitStack() as stack:
            tcp, unix = self._listeners
            listening = listen.open_socket(self._config, self._runtime_dir)
            stack.callback(listening.close)
            self._port = listening.getsockname()[1]
            stack.callback(self._presence.withdraw)
            unix_listening = await run_blocking(self._presence.open_socket, name="open-socket")
            if unix_listening is not None:
                stack.callback(unix_listening.close)
            stack.push_async_callback(self._close)
            if self._entrance is not None:
                await run_blocking(sockdiag.is_there, name="probe-sock-diag")
                stack.push_async_callback(self._entrance.close)
            stack.enter_context(quiet_accept())
            await self._serve(listening, tcp)
            if unix_listening is not None:
                await self._serve(unix_listening, unix)
            stack.enter_context(LogFeed(self._on_log, self._redaction))
            await self._publish_control_file()
            self._background = (
                asyncio.create_task(self._send_states(), name="control-state"),
                asyncio.create_task(self._send_stats(), name="control-stats"),
                asyncio.create_task(self._follow_files(), name="control-files"),
            )
            stack.push_async_callback(_end, self._background)
            self._stack = stack.pop_all()
        log.info("the control API listens on %s", self.url)

    async def stop(self) -> None:
        """Undo `start` in reverse order; clients are closed with 1001. Idempotent."""
        await self._stack.aclose()
        log.info("the control API has stopped")

    async def supervise(self) -> None:
        """Wait until stopped; raise the error that ends a background task, which is a defect."""
        done, _ = await asyncio.wait(self._background, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if not task.cancelled():
                task.result()

    def notify_state(self) -> None:
        """Tell clients soon that the state has changed. Cheap; call it on the event loop."""
        self._state_changed.set()

    def notify_presets(self) -> None:
        """Tell clients that the presets have changed. Call it on the event loop."""
        self._publish("presets", self._commands.presets)

    # -- opening ---

    async def _serve(self, listening: socket.socket, listener: Listener) -> None:
        # At DEBUG the library logs request lines, and the token may be in one of those.
        wire_log = logging.getLogger(f"{__name__}.wire")
        wire_log.setLevel(logging.WARNING)
        wire_log.filters = [self._redaction]
        server = await serve(
            self._serve_client,
            sock=listening,
            unix=listener.is_unix,
            process_request=self._gate.at(listener),
            create_connection=listener.connection_type(limits.MAX_MESSAGE_BYTES, wire_log),
            compression=None,
            max_size=limits.MAX_MESSAGE_BYTES,
            server_header=None,
            # The listener has the deadlines: a command may take longer than a head.
            open_timeout=None,
            close_timeout=limits.CLOSE_GRACE_S,
            logger=wire_log,
            backlog=limits.ACCEPTED_AT_ONCE,
        )
        # asyncio takes in as many at once as it has the system keep; that may be more.
        listening.listen(limits.BACKLOG)
        self._servers.append((server, listener))

    def _metrics(self) -> Response:
        # Loaded by the first scrape: most daemons are never asked.
        from sana_vcam.control.server import metrics

        return metrics.answer(self._commands.state(), self._counters(), len(self._clients))

    # -- the token, and where clients find it ---

    def _take_token(self, token: str) -> None:
        """Let in clients with `token`, and close those that came with the token before."""
        self._redaction.add(token)
        self._gate.policy = policy.AccessPolicy(
            token, tokenless_uid=_tokenless_uid(self._config), own_uid=own_uid()
        )
        for client in self._clients:
            if self._gate.is_revoked(client.connection):
                client.revoked.set()

    async def _publish_control_file(self) -> None:
        control_file = discovery.ControlFile(
            url=self.url,
            token=SecretStr(self._gate.policy.token),
            pid=os.getpid(),
            version=sana_vcam.__version__,
            socket=self._presence.socket_path,
        )
        await run_blocking(partial(self._presence.publish, control_file), name="publish")

    async def _follow_files(self) -> None:
        """Take up a token that has replaced the kept one, and put back what clients find us by."""
        with FileWatch() as files:

            def look() -> None:
                files.look_out((*self._presence.paths, self._state_dir / tokens.TOKEN_FILE))
                self._presence.look()

            while True:
                await run_blocking(look, name="look-at-files")
                if (listening := self._presence.take_socket()) is not None:
                    await self._serve(listening, self._listeners[1])
                if self._config.token is None:
                    await self._follow_token()
                calm = self._presence.is_whole and not self._trouble
                await files.wait(self._token_every_s, calm=calm)

    async def _follow_token(self) -> None:
        """Take up another token (`sana-vcam ctl token --rotate`)."""
        try:
            read = partial(tokens.kept_token, self._state_dir)
            token = await run_blocking(read, name="read-token")
            if token is not None and token != self._gate.policy.token:
                self._take_token(token)
                await self._publish_control_file()
                log.info("took a new control token; clients with the old one are closed")
            self._trouble = ""
        except StartupError as error:
            if str(error) != self._trouble:
                self._trouble = str(error)
                log.warning("the control token stays as it is: %s", self._trouble)

    # -- messages ---

    async def _serve_client(self, connection: ServerConnection) -> None:
        """Serve one client until it goes."""
        client = ClientConnection(cast("Connection", connection), self._previews)
        client.queue.put_event(events.event_text(events.Hello(version=sana_vcam.__version__)))
        self._send_first(client, client.events)
        self._clients.add(client)
        self._attended.set()
        if self._gate.is_revoked(client.connection):
            client.revoked.set()
        client.connection.read_on()
        side_tasks = (
            asyncio.create_task(client.write(), name="control-writer"),
            asyncio.create_task(client.close_if_too_slow(), name="control-overflow"),
            asyncio.create_task(client.close_if_revoked(), name="control-revoked"),
        )
        try:
            async for message in connection:
                if client.revoked.is_set():
                    break
                await self._answer(client, message)
                # Whoever has many messages waiting takes turns with the others.
                await asyncio.sleep(0)
        except ConnectionClosed as closed:
            log.debug("a client went without goodbye: %s", closed)
        finally:
            self._leave(client)
            client.queue.close()
            await _end((*side_tasks, *client.beside))
            await client.screen.stop()
            self._commands.forget(client.screen)
            await self._end_trial(client)

    def _leave(self, client: ClientConnection) -> None:
        self._clients.discard(client)
        if not self._clients:
            self._attended.clear()

    async def _answer(self, client: ClientConnection, message: str | bytes) -> None:
        """Run one message and queue its reply; a client's next message waits until then.

        Not so for a preview, whose reply may come after that of the next message.
        """
        request = client.read(message)
        if isinstance(request, messages.Error):
            if request.code is messages.ReplyCode.RATE_LIMITED:
                await asyncio.sleep(limits.REFUSED_PAUSE_S)
            await client.queue.put_reply(request.text())
        elif isinstance(request.command, messages.Subscribe):
            before, client.events = client.events, frozenset(request.command.events)
            await client.queue.put_reply(messages.Ok(request.id, client.subscribed()).text())
            self._send_first(client, client.events - before)
        elif isinstance(request.command, messages.TAKES_A_WHILE) and not getattr(
            request.command, "more", False
        ):
            # A `blank` that comes after it must not wait.
            client.run_beside(partial(self._run, client, request))
        else:
            await self._run(client, request)

    async def _run(self, client: ClientConnection, request: messages.Request) -> None:
        reply = await self._commands.answer(request, client.screen, client.pieces)
        await client.queue.put_reply(reply.text())

    async def _end_trial(self, client: ClientConnection) -> None:
        """Put back what was on before a look that this client tried."""
        try:
            async with asyncio.timeout(limits.CLOSE_GRACE_S):
                await self._commands.end_trial(client.screen)
        except CommandFailed as error:
            log.warning("what was on before a look was tried is not put back: %s", error)
        except TimeoutError:
            log.debug("what was on before a look was tried is wanted again, and not yet taken on")

    # -- events ---

    def _send_first(self, client: ClientConnection, names: frozenset[replies.EventName]) -> None:
        """Send the state and the presets to a new subscriber, without waiting for a change."""
        if "state" in names:
            client.queue.put_event(events.event_text(self._commands.state()), kind="state")
        if "settings" in names:
            self._publish_settings()
            client.queue.put_event(events.event_text(self._commands.settings()), kind="settings")
        if "presets" in names:
            client.queue.put_event(events.event_text(self._commands.presets()), kind="presets")

    def _publish(self, name: replies.EventName, make: Callable[[], BaseModel]) -> None:
        """Make an event if any client wants it, and queue it for those that do."""
        clients = [client for client in self._clients if name in client.events]
        if not clients:
            return
        text = events.event_text(make())
        for client in clients:
            # Every log line counts; of the other events only the newest does.
            client.queue.put_event(text, kind=None if name == "log" else name)

    def is_watched(self) -> bool:
        """Whether any client is told the state as it changes."""
        return any("state" in client.events for client in self._clients)

    def _publish_settings(self) -> None:
        """Tell those who want to know when the model takes something else, or is to have it."""
        if any("settings" in client.events for client in self._clients):
            settings = self._commands.settings()
            if settings != self._settings:
                self._settings = settings
                self._publish("settings", lambda: settings)

    def _stats(self) -> events.Stats:
        return events.Stats.of(self._commands.state())

    def _on_log(self, line: events.Log) -> None:
        self._publish("log", lambda: line)

    async def _send_states(self) -> None:
        while True:
            await self._state_changed.wait()
            self._state_changed.clear()
            self._publish("state", self._commands.state)
            self._publish_settings()
            await asyncio.sleep(self._state_every_s)

    async def _send_stats(self) -> None:
        """Send the stats while anybody is there."""
        while True:
            await self._attended.wait()
            await asyncio.sleep(until_tick(self._stats_every_s))
            self._publish("stats", self._stats)

    # -- closing ---

    async def _close(self) -> None:
        """Close every client with 1001; cut off what has not ended after a grace."""
        servers, self._servers = self._servers, []
        for server, listener in servers:
            server.close(reason="sana-vcam stops")
            listener.send_away()
        ending = [asyncio.ensure_future(server.wait_closed()) for server, _ in servers]
        if ending:
            await asyncio.wait(ending, timeout=limits.CLOSE_GRACE_S)
        for client in self._clients:
            client.cut_off()
        for _, listener in servers:
            listener.cut_off()
        await asyncio.gather(*ending)


def _tokenless_uid(config: ControlConfig) -> int | None:
    if config.same_user and sys.platform == "linux":
        return os.geteuid()
    return None


async def _end(tasks: tuple[asyncio.Task[None], ...]) -> None:
    """Cancel tasks and wait for them; log those that fail."""
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, Exception):
            log.error("a task of the control API failed", exc_info=outcome)
