"""Calls over the session bus, with an end to each wait."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusFastError

DESKTOP = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
BUS = "org.freedesktop.DBus"
ANSWER_S = 20.0
"""How long an answer may take that nobody has to think about."""
UNKNOWN = frozenset(
    f"org.freedesktop.DBus.Error.Unknown{what}" for what in ("Method", "Interface", "Object")
)
"""What a portal says that has no such part."""
ABSENT = frozenset(
    {
        f"{BUS}.Error.ServiceUnknown",
        f"{BUS}.Error.NameHasNoOwner",
        f"{BUS}.Error.Spawn.ExecFailed",
        f"{BUS}.Error.Spawn.ServiceNotValid",
    }
)
NO_REPLY = f"{BUS}.Error.NoReply"
"""What the bus says of a call whose answerer has left it."""
NO_BUS = (
    "there is no session bus here: hotkeys come from a desktop; run this in a terminal of yours "
    "there, neither over ssh nor with sudo"
)


class PortalFailed(Exception):
    """Hotkeys cannot be had, or no longer; the message says why and what mends it."""


class HotkeysRefused(PortalFailed):
    """The user said no in the desktop's dialog."""


class BusGone(PortalFailed):
    """The session bus has ended, and the desktop's session with it."""


class CallFailed(PortalFailed):
    """A call was answered by an error of the name `name`."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{text or 'no reason was given'} [{name}]")
        self.name = name


def session_bus() -> str:
    """Find the address of the session bus.

    Blocks. Raises `PortalFailed` if this is no desktop's session.
    """
    if address := os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return address
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and (socket := Path(runtime) / "bus").is_socket():
        return f"unix:path={socket}"
    raise PortalFailed(NO_BUS)


class BusInterface(NamedTuple):
    """An interface of an object of somebody on the bus."""

    destination: str
    path: str
    interface: str


DRIVER = BusInterface(BUS, "/org/freedesktop/DBus", BUS)
"""The bus itself."""


class Caller:
    """Calls methods of others over one connection."""

    def __init__(self, bus: MessageBus, answer_s: float) -> None:
        self.bus = bus
        self.answer_s = answer_s
        self.gone: asyncio.Future[None] = asyncio.ensure_future(
            bus.wait_for_disconnect()  # type: ignore[no-untyped-call]
        )
        """Done, or failed, once the connection has ended."""

    async def call(
        self, peer: BusInterface, member: str, signature: str = "", body: Sequence[Any] = ()
    ) -> Any:
        """Call a method; gives the first value of the reply, None if it has none.

        Raises:
            CallFailed: it answers by an error.
            BusGone: the connection has ended.
            PortalFailed: it does not answer.
        """
        message = Message(
            destination=peer.destination,
            path=peer.path,
            interface=peer.interface,
            member=member,
            signature=signature,
            body=list(body),
        )
        who = "the desktop's portal" if peer.destination == DESKTOP else peer.destination
        try:
            async with asyncio.timeout(self.answer_s):
                reply = await self.bus.call(message)
        except TimeoutError:
            raise PortalFailed(f"{who} does not answer ({member})") from None
        except (OSError, EOFError, DBusFastError) as error:
            raise BusGone(f"the session bus has gone: {error}") from error
        if reply.message_type is MessageType.ERROR:
            if reply.error_name == NO_REPLY:
                raise PortalFailed(f"{who} has gone")
            text = next(iter(reply.body), "")
            raise CallFailed(reply.error_name or "", str(text))
        return next(iter(reply.body), None)

    async def listen(self, rule: str) -> None:
        """Ask the bus for the signals that a match rule of the D-Bus specification names."""
        await self.call(DRIVER, "AddMatch", "s", [rule])


@asynccontextmanager
async def calling(address: str, answer_s: float = ANSWER_S) -> AsyncIterator[Caller]:
    """Be connected to the bus at `address`.

    Raises `PortalFailed` if nobody answers there.
    """
    try:
        bus = MessageBus(bus_address=address)
        async with asyncio.timeout(answer_s):
            await bus.connect()
    except TimeoutError:
        raise PortalFailed(f"the session bus does not answer ({address})") from None
    except (OSError, EOFError, DBusFastError) as error:
        raise PortalFailed(f"the session bus cannot be reached ({address}): {error}") from error
    caller = Caller(bus, answer_s)
    try:
        yield caller
    finally:
        bus.disconnect()
        await asyncio.gather(caller.gone, return_exceptions=True)
