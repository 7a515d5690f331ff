"""The connections of one listener, from accept to close: who may wait for what, and how long.

Whoever has the machine can open sockets and say nothing. So a connection that has not been let in
yet can be sent away at any time: the oldest goes when there are too many, and each has a deadline
for its whole head. A client that speaks at once is never the oldest.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from websockets.asyncio.server import Server, ServerConnection
from websockets.exceptions import InvalidMessage
from websockets.http11 import Response as HttpResponse
from websockets.protocol import Protocol, State
from websockets.server import ServerProtocol
from websockets.typing import LoggerLike, StatusLike

from sana_vcam.control.access import unixsocket
from sana_vcam.control.access.sockdiag import endpoint
from sana_vcam.control.server import limits
from sana_vcam.control.server.entrance import Ends, Entrance
from sana_vcam.control.server.responses import Response, secure


class Listener:
    """Keeps the connections of one listening socket, and sends away those that only wait."""

    def __init__(self, *, is_unix: bool, entrance: Entrance | None = None) -> None:
        """`entrance` finds out whose a connection is, before it is read; a Unix socket says so."""
        self.is_unix = is_unix
        self.entrance = entrance
        self.sockets: set[Connection] = set()
        """Every connection that is not closed."""
        self.admitted: set[Connection] = set()
        """Those that open a WebSocket, or have it open."""
        self.attended: set[Connection] = set()
        """Those whose GET runs now; it runs to its end, also if the client goes."""
        self.served: set[asyncio.Task[Any]] = set()
        """The tasks that run those GETs."""
        self._waiting: dict[Connection, None] = {}

    def enter(self, connection: Connection) -> None:
        """Take in a connection that has been made."""
        self.sockets.add(connection)
        self.wait(connection)

    def wait(self, connection: Connection) -> None:
        """Count a connection as waiting for its head, or for its client to read and close.

        The one that has waited longest is aborted when there are too many.
        """
        self._waiting[connection] = None
        if len(self._waiting) > limits.max_opening():
            self._abort_oldest()

    def bound_share(self, uid: int | None) -> None:
        """Abort the oldest connection of a user who has more waiting than one may have."""
        if sum(each.uid == uid for each in self._waiting) > limits.STRANGERS_OF_ONE_USER:
            self._abort_oldest(lambda each: each.uid == uid)

    def _abort_oldest(self, of: Callable[[Connection], bool] = lambda _: True) -> None:
        oldest = next(filter(of, self._waiting))
        del self._waiting[oldest]
        oldest.transport.abort()

    def attend(self, connection: Connection) -> None:
        """Count a connection as waiting no longer: a command runs for it, and it may stay."""
        self._waiting.pop(connection, None)

    def leave(self, connection: Connection) -> None:
        """Drop a connection that is closed."""
        self.sockets.discard(connection)
        self.admitted.discard(connection)
        self._waiting.pop(connection, None)

    @contextmanager
    def serving(self, connection: Connection) -> Iterator[None]:
        """Keep `connection`, and the command that this task runs for it, from being sent away."""
        connection.attend()
        task = asyncio.current_task()
        served = set() if task is None else {task}
        self.attended.add(connection)
        self.served |= served
        try:
            yield
        finally:
            self.served -= served
            self.attended.discard(connection)

    def send_away(self) -> None:
        """Abort the connections that have neither a WebSocket nor a command that runs."""
        for connection in self.sockets - self.admitted - self.attended:
            connection.transport.abort()

    def cut_off(self) -> None:
        """Abort every connection, and cancel the commands that run."""
        for task in self.served:
            task.cancel()
        for connection in self.sockets:
            connection.transport.abort()

    def connection_type(self, max_size: int, logger: LoggerLike) -> type[ServerConnection]:
        """Make the class of this listener's connections, for the library."""
        listener = self

        class ListenersConnection(Connection):
            def __init__(self, _: ServerProtocol, server: Server, **options: Any) -> None:
                guarded = GuardedProtocol(max_size=max_size, logger=logger)
                super().__init__(listener, guarded, server, max_size, **options)

        return ListenersConnection


class _Held(Protocol):
    """Reads no frame until the request before it has been answered.

    The library reads on at once. What follows a GET is no frame, and would end the connection
    while its command runs, without an answer and with a traceback.
    """

    def parse(self) -> Generator[None]:
        while self.state is State.CONNECTING and not self.reader.eof:
            if len(self.reader.buffer) > limits.MAX_MESSAGE_BYTES:
                self.reader.buffer.clear()
            yield
        yield from super().parse()


class GuardedProtocol(ServerProtocol, _Held):
    """HTTP as the library speaks it, with security headers on all that it answers by itself."""

    def reject(self, status: StatusLike, text: str) -> HttpResponse:
        """Refuse a request, with the security headers on the answer."""
        response = super().reject(status, text)
        secure(response.headers)
        return response

    def send_eof(self) -> None:
        """Close our side; a client whose request cannot be read is told so first."""
        unreadable = isinstance(self.handshake_exc, InvalidMessage) and not self.reader.eof
        if unreadable and not self.eof_sent:
            refusal = self.reject(400, "not a request that is understood here; only GET, no body\n")
            self.writes.append(refusal.serialize())
        super().send_eof()


class Connection(ServerConnection):
    """One connection, known to its listener."""

    def __init__(
        self,
        listener: Listener,
        protocol: ServerProtocol,
        server: Server,
        max_unread: int,
        **options: Any,
    ) -> None:
        super().__init__(protocol, server, **options)
        self.token: str | None = None
        """The token that it was let in with; None without one, or before."""
        self.uid: int | None = None
        """The user at its other end; None while that is not known."""
        self._listener = listener
        self._max_unread = max_unread
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Enter the listener, with a deadline for the head."""
        super().connection_made(transport)
        # What asyncio reads at once on Unix; elsewhere it means nothing.
        transport.max_size = limits.READ_BYTES  # type: ignore[attr-defined]
        if self._listener.is_unix:
            # Now, since a socket that is closed does not tell any more.
            self.uid = unixsocket.peer_uid(transport.get_extra_info("socket"))
        else:
            _send_at_once(transport)
        self._listener.enter(self)
        self._set_deadline(limits.HEAD_TIMEOUT_S)
        if self._listener.entrance is not None:
            self._listener.entrance.arrive(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave the listener; commands that a WebSocket had sent before it broke still run."""
        # A write that fails closes the connection; what the client sent before is still there.
        if exc is not None and self in self._listener.admitted:
            self.data_received(_unread(self.transport, self._max_unread))
        self._set_deadline(None)
        self._listener.leave(self)
        super().connection_lost(exc)

    @property
    def ends(self) -> Ends | None:
        """The far and the near end; None for one that is closed."""
        far, near = self.remote_address, self.local_address
        if self.is_gone or far is None or near is None:
            return None
        return endpoint(*far[:2]), endpoint(*near[:2])

    @property
    def is_gone(self) -> bool:
        """Whether it is closed, or will be in a moment."""
        return self not in self._listener.sockets or self.transport.is_closing()

    def hold(self) -> None:
        """Read nothing of it for now."""
        self.transport.pause_reading()

    def bound_share(self) -> None:
        """Have its user not keep more waiting than one may."""
        self._listener.bound_share(self.uid)

    def let_in(self) -> None:
        """Begin to read."""
        self.transport.resume_reading()

    def admit(self) -> None:
        """Let the client open a WebSocket."""
        self._set_deadline(None)
        self._listener.attend(self)
        self._listener.admitted.add(self)

    def read_on(self) -> None:
        """Read what came before the WebSocket was open; some clients do not wait for it."""
        self.data_received(b"")

    def attend(self) -> None:
        """Wait no longer for the client: its command runs now."""
        self._set_deadline(None)
        self._listener.attend(self)

    def answer(self, answer: Response) -> HttpResponse:
        """Make the library's response; from now on the client has to read it and close in time."""
        if self in self._listener.sockets:
            self._listener.wait(self)
            self._set_deadline(limits.ANSWER_TIMEOUT_S)
        is_head = self.request is not None and self.request.method == "HEAD"
        return answer.response(with_body=not is_head)

    def _set_deadline(self, seconds: float | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = (
            None if seconds is None else self.loop.call_later(seconds, self.transport.abort)
        )


def _send_at_once(transport: asyncio.BaseTransport) -> None:
    """Have a small message not wait for the other end's word on the one before, for up to 40 ms.

    asyncio sees to that only where a socket names its protocol, which an accepted one does not.
    """
    with suppress(OSError):
        # Who is gone already does not wait either.
        connected = transport.get_extra_info("socket")
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _unread(transport: asyncio.BaseTransport, limit: int) -> bytes:
    """Read what had come in before the connection broke; on Windows nothing is left by then."""
    try:
        return os.read(transport.get_extra_info("socket").fileno(), limit)
    except OSError:
        return b""
