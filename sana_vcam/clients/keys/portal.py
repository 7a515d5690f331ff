"""The GlobalShortcuts portal of the desktop: one session of hotkeys, over one connection.

By org.freedesktop.portal.GlobalShortcuts 1 and 2, org.freedesktop.portal.Request and .Session:
a call is answered by the path of a request, and the request's signal `Response` brings what came
of it. (flatpak.github.io/xdg-desktop-portal/docs)
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from dbus_fast import Message, MessageType, Variant

from sana_vcam.clients.keys.actions import HotkeyAction
from sana_vcam.clients.keys.calls import (
    ABSENT,
    ANSWER_S,
    BUS,
    DESKTOP,
    DRIVER,
    PATH,
    UNKNOWN,
    BusGone,
    BusInterface,
    Caller,
    CallFailed,
    HotkeysRefused,
    PortalFailed,
    calling,
)
from sana_vcam.clients.keys.entry import FILE_NAME
from sana_vcam.clients.keys.identity import identify

SHORTCUTS = BusInterface(DESKTOP, PATH, "org.freedesktop.portal.GlobalShortcuts")
GRANTED, CANCELLED = 0, 1
NO_PORTAL = (
    "this desktop's portal is not there: install xdg-desktop-portal and the one of your desktop, "
    "such as: sudo apt install xdg-desktop-portal xdg-desktop-portal-gnome (or -kde, -hyprland)"
)
NO_SHORTCUTS = (
    "this desktop gives programs no global hotkeys: GNOME does from 48 on, KDE Plasma from 5.27 "
    "on, Hyprland with xdg-desktop-portal-hyprland; anywhere else, have the desktop's own settings "
    "run `sana-vcam ctl blank`"
)
NO_ID = (
    f"the portal wants to know who asks, and does not find {FILE_NAME}; does the desktop look into "
    "this XDG_DATA_HOME (usually ~/.local/share)?"
)
REFUSED = "you refused the hotkeys in the desktop's dialog; to be asked again: sana-vcam keys"


@dataclass(frozen=True, slots=True)
class BoundHotkey:
    """A hotkey that the desktop has."""

    id: str
    description: str
    trigger: str
    """Its keys, as the desktop says them to people; empty if it has none."""


@asynccontextmanager
async def portal_session(address: str, answer_s: float = ANSWER_S) -> AsyncIterator[PortalSession]:
    """Have a session of hotkeys at the portal, over the bus at `address`.

    Raises:
        PortalFailed: there is none to be had.
        EntryUnseen: the portal does not find our desktop entry.
    """
    async with calling(address, answer_s) as caller:
        session = PortalSession(caller)
        await session.open()
        yield session


class PortalSession:
    """The hotkeys of this program, as long as the session lasts."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._responses: dict[str, asyncio.Future[tuple[int, dict[str, Variant]]]] = {}
        self._owner: str | None = None
        self._handle = ""
        self._ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._returned = asyncio.Event()
        self.on_press: Callable[[str], None] = lambda _: None
        """Called on the event loop with the id of a hotkey that went down."""
        self.on_release: Callable[[str], None] = lambda _: None
        """The same for one that went up."""
        self.on_change: Callable[[list[BoundHotkey]], None] = lambda _: None
        """Called when the user gave hotkeys other keys."""

    async def open(self) -> None:
        """Get a session from the portal, which is started if it does not run."""
        caller = self._caller
        caller.bus.add_message_handler(self._receive)
        await caller.listen(f"type='signal',sender='{DESKTOP}',path_namespace='{PATH}'")
        await caller.listen(
            f"type='signal',sender='{BUS}',member='NameOwnerChanged',arg0='{DESKTOP}'"
        )
        self._owner = await self._find_owner()
        await identify(caller)
        options = {"session_handle_token": Variant("s", _token())}
        try:
            results = await self._ask("CreateSession", "a{sv}", [], options, caller.answer_s)
        except CallFailed as error:
            raise PortalFailed(_why(error)) from error
        if "session_handle" not in results:
            raise PortalFailed("the desktop gives a session without a name")
        # Of the type s by a mistake that stays for old programs; of o in some.
        self._handle = str(results["session_handle"].value)

    async def _find_owner(self) -> str:
        """Find the connection of the portal, which the bus starts if need be."""
        call = self._caller.call
        try:
            return str(await call(DRIVER, "GetNameOwner", "s", [DESKTOP]))
        except CallFailed as error:
            if error.name not in ABSENT:
                raise PortalFailed(f"the bus does not say who the portal is: {error}") from error
        try:
            await call(DRIVER, "StartServiceByName", "su", [DESKTOP, 0])
            return str(await call(DRIVER, "GetNameOwner", "s", [DESKTOP]))
        except CallFailed as error:
            if error.name in ABSENT:
                raise PortalFailed(NO_PORTAL) from error
            raise PortalFailed(f"the desktop's portal does not start: {error}") from error

    async def bind(self, actions: Iterable[HotkeyAction]) -> list[BoundHotkey]:
        """Ask for hotkeys, which the user may have to allow: it takes as long as that takes.

        Raises:
            HotkeysRefused: the user said no.
            PortalFailed: the portal failed, or has gone meanwhile.
        """
        shortcuts = [[action.id, _wish(action)] for action in actions]
        body = [self._handle, shortcuts, ""]
        return _bound(await self._ask("BindShortcuts", "oa(sa{sv})sa{sv}", body, {}, None))

    async def bound(self) -> list[BoundHotkey]:
        """List what the desktop keeps for this program, from an earlier session as well.

        Raises `PortalFailed`.
        """
        answer_s = self._caller.answer_s
        return _bound(await self._ask("ListShortcuts", "oa{sv}", [self._handle], {}, answer_s))

    async def ended(self) -> str:
        """Wait until the session is over; gives what has gone, in words.

        Raises `BusGone` if it is the session bus, with which the desktop has ended.
        """
        return await self._unless_gone(self._ended, None)

    async def returned(self, patience_s: float) -> None:
        """Wait until the portal is back, or that time is over."""
        try:
            async with asyncio.timeout(patience_s):
                await self._returned.wait()
        except TimeoutError:
            return

    # -- requests ---

    async def _ask(
        self,
        member: str,
        signature: str,
        body: list[Any],
        options: dict[str, Variant],
        patience_s: float | None,
    ) -> dict[str, Variant]:
        """Make a request and wait for what comes of it."""
        token = _token()
        sender = (self._caller.bus.unique_name or "").removeprefix(":").replace(".", "_")
        # The response may come before the path of the request does.
        path = f"{PATH}/request/{sender}/{token}"
        response: asyncio.Future[tuple[int, dict[str, Variant]]] = (
            asyncio.get_running_loop().create_future()
        )
        self._responses[path] = response
        try:
            options = {"handle_token": Variant("s", token), **options}
            await self._caller.call(SHORTCUTS, member, signature, [*body, options])
            code, results = await self._unless_gone(response, patience_s)
        except TimeoutError:
            raise PortalFailed(f"the desktop does not answer ({member})") from None
        finally:
            del self._responses[path]
        if code == CANCELLED:
            raise HotkeysRefused(REFUSED)
        if code != GRANTED:
            raise PortalFailed(f"the desktop failed to do it ({member}), and gives no reason")
        return results

    async def _unless_gone[T](self, wanted: asyncio.Future[T], patience_s: float | None) -> T:
        """Wait for something that comes by a signal, while the portal is there to send it."""
        gone = self._caller.gone
        ends: set[asyncio.Future[Any]] = {wanted, self._ended, gone}
        await asyncio.wait(ends, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
        if wanted.done():
            return wanted.result()
        if self._ended.done():
            raise PortalFailed(self._ended.result())
        if gone.done():
            raise BusGone("the session bus has gone, and the desktop's session with it")
        raise TimeoutError

    # -- signals ---

    def _receive(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL:
            return
        if message.sender == BUS:
            if message.member == "NameOwnerChanged" and message.body[0] == DESKTOP:
                self._owner_changed(message.body[2])
        elif message.sender == self._owner:
            self._portal_says(message)

    def _owner_changed(self, owner: str) -> None:
        if self._owner is None:
            return
        if owner:
            self._returned.set()
        if owner != self._owner:
            self._end("the desktop's portal has gone")

    def _portal_says(self, message: Message) -> None:
        match message.interface, message.member, message.signature:
            case "org.freedesktop.portal.Request", "Response", "ua{sv}":
                response = self._responses.get(message.path or "")
                if response is not None and not response.done():
                    response.set_result((message.body[0], message.body[1]))
            case "org.freedesktop.portal.Session", "Closed", _ if message.path == self._handle:
                self._returned.set()
                self._end("the desktop has ended the session of hotkeys")
            case SHORTCUTS.interface, member, signature if signature.startswith("o"):
                session, *what = message.body
                if session == self._handle:
                    self._hotkey(member, signature, what)

    def _hotkey(self, member: str | None, signature: str, what: list[Any]) -> None:
        match member, signature:
            case "Activated", "osta{sv}":
                self.on_press(what[0])
            case "Deactivated", "osta{sv}":
                self.on_release(what[0])
            case "ShortcutsChanged", "oa(sa{sv})":
                self.on_change(_hotkeys(what[0]))

    def _end(self, why: str) -> None:
        if not self._ended.done():
            self._ended.set_result(why)


def _why(error: CallFailed) -> str:
    if error.name in UNKNOWN:
        return NO_SHORTCUTS
    if error.name.endswith(".NotAllowed"):
        return NO_ID
    return f"the desktop gives no hotkeys: {error}"


def _wish(action: HotkeyAction) -> dict[str, Variant]:
    wish = {"description": Variant("s", action.description)}
    if action.trigger is not None:
        wish["preferred_trigger"] = Variant("s", action.trigger)
    return wish


def _bound(results: dict[str, Variant]) -> list[BoundHotkey]:
    shortcuts = results.get("shortcuts")
    if shortcuts is None or shortcuts.signature != "a(sa{sv})":
        return []
    return _hotkeys(shortcuts.value)


def _hotkeys(shortcuts: Sequence[tuple[str, dict[str, Variant]]]) -> list[BoundHotkey]:
    return [
        BoundHotkey(id_, _text(said, "description"), _text(said, "trigger_description"))
        for id_, said in shortcuts
    ]


def _text(said: dict[str, Variant], key: str) -> str:
    value = said.get(key)
    return "" if value is None else str(value.value)


def _token() -> str:
    """Make a name of a request or session, of which no other program knows."""
    return f"sana_vcam_{secrets.token_hex(8)}"
