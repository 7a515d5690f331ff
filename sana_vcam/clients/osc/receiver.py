"""`sana-vcam osc`: hears OSC on a UDP port of this machine, and passes on what it asks for.

A process of its own. It knows the daemon only by its public WebSocket, so either of them may be
started, stopped and updated alone.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from sana_vcam.clients.connection import DaemonAddress, find_daemon
from sana_vcam.clients.link import RETRY_S, Link
from sana_vcam.clients.osc.addresses import is_ours, wish_of
from sana_vcam.clients.osc.outbox import Outbox
from sana_vcam.clients.osc.packets import NotUnderstood, ReceivedMessage, messages_of
from sana_vcam.errors import EXIT_OK, StartupError
from sana_vcam.lib.logs import set_up_logging
from sana_vcam.lib.lossystream import lossy_stderr
from sana_vcam.lib.signals import until_stopped

HOST = "127.0.0.1"
BUFFER_BYTES = 1 << 20
"""What the system may keep of packets that have come; it may allow less."""
EVERY_S = 0.03
"""The shortest time from one command to the next; the daemon takes 50 a second."""
SAY_EVERY_S = 1.0
"""The shortest time from one complaint to the next."""

log = logging.getLogger("sana_vcam.clients.osc")


def run(port: int, url: str | None) -> int:
    """Pass OSC on until SIGTERM or Ctrl-C.

    Raises:
        StartupError: the port cannot be had.
    """
    with lossy_stderr():
        set_up_logging("info")
        asyncio.run(_until_stopped(Receiver(lambda: find_daemon(url, None, None), port)))
    return EXIT_OK


async def _until_stopped(receiver: Receiver) -> None:
    await until_stopped(receiver.serve())
    log.info("stopped")


class Complaints:
    """Says what is wrong with packets, once in a while, however many come."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, every_s: float = SAY_EVERY_S
    ) -> None:
        self._clock = clock
        self._every_s = every_s
        self._next = float("-inf")
        self._unsaid = 0

    def say(self, what: str) -> None:
        """Log a sentence, unless another one has just been logged."""
        now = self._clock()
        if now < self._next:
            self._unsaid += 1
            return
        more = f" (and {self._unsaid} more that were not taken)" if self._unsaid else ""
        log.warning("%s%s", what, more)
        self._next, self._unsaid = now + self._every_s, 0


class Receiver(asyncio.DatagramProtocol):
    """A UDP port, the wishes that have come there, and the way to the daemon."""

    def __init__(
        self,
        find: Callable[[], DaemonAddress],
        port: int,
        *,
        every_s: float = EVERY_S,
        retry_s: float = RETRY_S,
        complaints: Complaints | None = None,
    ) -> None:
        """`find` is asked for the daemon; port 0 lets the system choose one."""
        self.port = port
        self.link = Link(find, lambda _: None, retry_s=retry_s, with_stills=False)
        self.outbox = Outbox()
        self._every_s = every_s
        self._complaints = complaints or Complaints()
        self._filled = asyncio.Event()
        self.listens = asyncio.Event()
        """Set while packets are taken; `port` is the one then."""

    async def serve(self) -> None:
        """Take packets until this task is cancelled.

        Raises:
            StartupError: the port cannot be had.
        """
        transport = await self._open()
        self.port = transport.get_extra_info("sockname")[1]
        self.listens.set()
        log.info(
            "OSC is heard at udp://%s:%d, from this machine alone; nobody has to say who they are",
            HOST,
            self.port,
        )
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.link.run(), name="osc-link")
                group.create_task(self._send(), name="osc-sender")
        finally:
            self.listens.clear()
            transport.close()

    async def _open(self) -> asyncio.DatagramTransport:
        loop = asyncio.get_running_loop()
        try:
            transport, _ = await loop.create_datagram_endpoint(
                lambda: self, local_addr=(HOST, self.port)
            )
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise StartupError(
                    f"UDP port {self.port} is taken by another program; choose one: "
                    f"sana-vcam osc --port {self.port + 1 if self.port < 65_535 else 9000}"
                ) from error
            raise StartupError(
                f"UDP port {self.port} cannot be had: {error.strerror or error}"
            ) from error
        with suppress(OSError):
            # A burst is to lose no packet, such as the one that hides you.
            sock = transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        return transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """Take one packet; whatever is in it, it costs at most a line in the log."""
        if not ip_address(addr[0]).is_loopback:
            self._complaints.say("a packet from another machine; nothing of it is done")
            return
        try:
            for message in messages_of(data):
                if is_ours(message):
                    self._take(message)
        except NotUnderstood as error:
            self._complaints.say(str(error))

    def error_received(self, exc: Exception) -> None:
        """Take note of an error of the socket, which goes on."""
        log.debug("the port says: %s", exc)

    def _take(self, message: ReceivedMessage) -> None:
        try:
            wish = wish_of(message, self.link.daemon)
        except NotUnderstood as error:
            self._complaints.say(str(error))
            return
        if wish is None:
            return
        if not self.link.daemon.online:
            # An old wish is not done when the daemon is back: nobody waits for it any more.
            self._complaints.say(f"{message.address}: the daemon is not connected")
            return
        if not self.outbox.put(wish):
            self._complaints.say("more at once than is taken")
        self._filled.set()

    async def _send(self) -> None:
        while True:
            await self._filled.wait()
            self._filled.clear()
            while (wish := self.outbox.take()) is not None:
                self.link.send(wish.name, **wish.data)
                await asyncio.sleep(self._every_s)
