"""One client's WebSocket: its messages, its queue, its preview, and why it is closed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from sana_vcam.control.preview.previews import PreviewServer
from sana_vcam.control.preview.screen import Screen
from sana_vcam.control.protocol import messages, reading, replies
from sana_vcam.control.protocol.imagepieces import ImagePieces
from sana_vcam.control.server import limits
from sana_vcam.control.server.connections import Connection
from sana_vcam.control.server.ratelimit import TokenBucket
from sana_vcam.control.server.sendqueue import SendQueue

log = logging.getLogger(__name__)


class ClientConnection:
    """An open connection: the events that it wants, and the messages that wait for it."""

    def __init__(self, connection: Connection, previews: PreviewServer | None = None) -> None:
        self.connection = connection
        self.screen = Screen(previews)
        self.pieces = ImagePieces()
        self.events: frozenset[replies.EventName] = frozenset({"state"})
        self.queue = SendQueue(limits.MAX_WAITING)
        self.revoked = asyncio.Event()
        """Set once the token that it came with has been replaced."""
        self.beside: set[asyncio.Task[None]] = set()
        """The tasks that run for it while its next messages are answered."""
        self._bucket = TokenBucket(
            limits.MESSAGES_HZ, limits.MESSAGES_BURST, asyncio.get_running_loop().time
        )
        self._task = asyncio.current_task()

    def subscribed(self) -> replies.Subscribed:
        """List the events that it receives, in the order of the docs."""
        return replies.Subscribed(
            events=tuple(name for name in replies.EVENT_NAMES if name in self.events)
        )

    def read(self, message: str | bytes) -> messages.Request | messages.Error:
        """Read a message, unless the client has sent too many."""
        result: messages.Request | messages.Error
        try:
            if isinstance(message, bytes):
                raise messages.ProtocolError(
                    messages.ReplyCode.PARSE_ERROR, "binary messages are not understood; send text"
                )
            result = reading.parse(message)
        except messages.ProtocolError as error:
            result = error.reply()
        if self._bucket.take():
            return result
        return messages.Error(
            result.id,
            messages.ReplyCode.RATE_LIMITED,
            f"more than {limits.MESSAGES_HZ} messages a second; the command did not run",
        )

    def run_beside(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run something that this client's next messages need not wait for."""
        task = asyncio.create_task(work(), name="control-beside")
        self.beside.add(task)
        task.add_done_callback(self.beside.discard)

    def cut_off(self) -> None:
        """Cancel the command that runs for this client, if there is one."""
        if self._task is not None:
            self._task.cancel()

    async def write(self) -> None:
        """Send what is queued, as fast as the client reads."""
        with suppress(ConnectionClosed):
            while True:
                await self.connection.send(await self.queue.get())
        self.queue.close()

    async def close_if_too_slow(self) -> None:
        """Wait for the queue to overflow, then close the connection."""
        await self.queue.overflowed.wait()
        log.warning("closing a client that does not read its events")
        await self._close(CloseCode.TRY_AGAIN_LATER, "reads too slowly")

    async def close_if_revoked(self) -> None:
        """Wait for its token to be replaced, then close the connection."""
        await self.revoked.wait()
        await self.screen.stop()
        await self._close(CloseCode.POLICY_VIOLATION, "the token has changed")

    async def _close(self, code: CloseCode, reason: str) -> None:
        # The goodbye waits behind all that the client has not read.
        with suppress(TimeoutError):
            async with asyncio.timeout(limits.CLOSE_GRACE_S):
                await self.connection.close(code, reason)
        self.connection.transport.abort()
