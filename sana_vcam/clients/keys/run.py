"""`sana-vcam keys`: hotkeys of the desktop, passed on to the daemon for as long as both are there.

A process of its own. It knows the daemon only by its public WebSocket, so either of them may be
started, stopped and updated alone.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field

from sana_vcam.clients.connection import DaemonAddress, find_daemon
from sana_vcam.clients.daemonstate import DaemonState
from sana_vcam.clients.keys.actions import HotkeyAction, command_of
from sana_vcam.clients.keys.calls import (
    ANSWER_S,
    BusGone,
    HotkeysRefused,
    PortalFailed,
    session_bus,
)
from sana_vcam.clients.keys.entry import write_entry
from sana_vcam.clients.keys.identity import EntryUnseen
from sana_vcam.clients.keys.portal import NO_ID, BoundHotkey, PortalSession, portal_session
from sana_vcam.clients.link import RETRY_S, Link
from sana_vcam.errors import EXIT_OK, StartupError
from sana_vcam.lib.backoff import backoff
from sana_vcam.lib.logs import set_up_logging
from sana_vcam.lib.lossystream import lossy_stderr
from sana_vcam.lib.printing import printable
from sana_vcam.lib.signals import first, until_stopped
from sana_vcam.lib.threads import run_blocking

REPEAT_S = 2.0
"""A desktop repeats a hotkey that is held; up to here, if it never says that one went up."""
RETURN_S = 5.0
"""How long a portal that has gone is waited for before it is started by a call."""
UNSEEN = 4
"""How often the portal is asked again whether it sees the desktop entry by now."""
UNSEEN_S = 0.5
STEADY_S = 60.0
"""A session that lasted so long was no failure at its end."""

log = logging.getLogger("sana_vcam.clients.keys")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the process stands on; tests bring their own."""

    find_daemon: Callable[[], DaemonAddress]
    find_bus: Callable[[], str] = session_bus
    clock: Callable[[], float] = time.monotonic
    retry_s: float = RETRY_S
    answer_s: float = ANSWER_S
    return_s: float = RETURN_S


def run(actions: Sequence[HotkeyAction], url: str | None, entry: str) -> int:
    """Pass hotkeys on until SIGTERM or Ctrl-C; `entry` is the text of the desktop entry.

    Raises:
        StartupError: the desktop gives no hotkeys, or no longer.
    """
    surroundings = Surroundings(lambda: find_daemon(url, None, None))
    with lossy_stderr():
        set_up_logging("info")
        try:
            asyncio.run(_until_stopped(Hotkeys(surroundings, actions, entry)))
        except PortalFailed as error:
            raise StartupError(str(error)) from error
    return EXIT_OK


def show(entry: str, *, as_json: bool) -> int:
    """Print what the desktop keeps for this program.

    Raises:
        StartupError: the desktop gives no hotkeys.
    """
    try:
        bound = asyncio.run(list_bound(Surroundings(lambda: find_daemon(None, None, None)), entry))
    except PortalFailed as error:
        raise StartupError(str(error)) from error
    if as_json:
        print(json.dumps({"hotkeys": [asdict(hotkey) for hotkey in bound]}, ensure_ascii=False))
    elif not bound:
        print("no hotkeys are bound; to bind them: sana-vcam keys")
    for hotkey in () if as_json else bound:
        keys = printable(hotkey.trigger) or "no keys"
        print(f"{printable(hotkey.id):<10}  {keys:<16}  {printable(hotkey.description)}".rstrip())
    return EXIT_OK


async def list_bound(surroundings: Surroundings, entry: str) -> list[BoundHotkey]:
    """Ask the desktop what it keeps for this program; raises `PortalFailed`."""
    async with _session(surroundings, entry) as session:
        return await session.bound()


async def _until_stopped(hotkeys: Hotkeys) -> None:
    await until_stopped(hotkeys.serve())
    log.info("stopped")


@asynccontextmanager
async def _session(surroundings: Surroundings, entry: str) -> AsyncIterator[PortalSession]:
    """Have a session at the portal, once it sees the desktop entry; raises `PortalFailed`."""
    address = await run_blocking(surroundings.find_bus, name="keys-bus")
    try:
        written = await run_blocking(lambda: write_entry(entry), name="keys-entry")
        if written is not None:
            log.info("wrote %s, by which the desktop knows who asks", written)
    except (OSError, RuntimeError) as error:
        log.warning("the desktop entry cannot be written: %s", error)
    for _ in range(UNSEEN):
        try:
            async with portal_session(address, surroundings.answer_s) as session:
                yield session
                return
        except EntryUnseen as error:
            # Only a connection that has asked for nothing yet may say who it is.
            log.debug("not seen yet: %s", error)
            await asyncio.sleep(UNSEEN_S)
    raise PortalFailed(NO_ID)


@dataclass
class Hotkeys:
    """The hotkeys of this program at the desktop, and the way to the daemon."""

    surroundings: Surroundings
    actions: Sequence[HotkeyAction]
    entry: str
    bound: list[BoundHotkey] = field(default_factory=list)
    """What the desktop gave; empty while there is no session."""
    link: Link = field(init=False)
    _held: dict[str, float] = field(default_factory=dict)
    """Since when each is down, or was repeated last."""
    _tells_releases: bool = False

    def __post_init__(self) -> None:
        self.link = Link(
            self.surroundings.find_daemon,
            lambda _: None,
            retry_s=self.surroundings.retry_s,
            with_stills=False,
        )

    async def serve(self) -> None:
        """Pass hotkeys on until this task is cancelled.

        Raises:
            PortalFailed: there are none to be had, or the user refused them.
        """
        await first(self.link.run(), self._keep_session())

    async def _keep_session(self) -> None:
        """Have a session, and again after each end. Only the first must come about at once."""
        had_one = False
        pauses = backoff(first_s=self.surroundings.retry_s)
        while True:
            began = self.surroundings.clock()
            try:
                why = await self._one_session()
            except (HotkeysRefused, BusGone):
                raise
            except PortalFailed as error:
                if not had_one:
                    raise
                why = str(error)
            had_one = True
            if self.surroundings.clock() - began >= STEADY_S:
                pauses = backoff(first_s=self.surroundings.retry_s)
            log.warning("%s; asking for hotkeys again", why)
            await asyncio.sleep(next(pauses))

    async def _one_session(self) -> str:
        """Have hotkeys until the session ends; returns why it did."""
        async with _session(self.surroundings, self.entry) as session:
            session.on_press = self.press
            session.on_release = self.release
            session.on_change = self._take
            self._held.clear()
            self._tells_releases = False
            self._take(await session.bind(self.actions))
            why = await session.ended()
            self.bound = []
            await session.returned(self.surroundings.return_s)
            return why

    def _take(self, bound: list[BoundHotkey]) -> None:
        """Take note of what the desktop gave, and say it once."""
        if bound == self.bound and bound:
            return
        self.bound = bound
        having = [f"{hotkey.id} {hotkey.trigger}" for hotkey in bound if hotkey.trigger]
        if having:
            log.info("hotkeys: %s", printable(", ".join(having)))
        elif bound:
            log.warning("no hotkey has keys yet: give them some in the desktop's settings")
        else:
            log.warning("the desktop bound no hotkey; to be asked again: sana-vcam keys")

    def press(self, action: str) -> None:
        """A hotkey went down, or is held and repeated, which counts once."""
        now = self.surroundings.clock()
        before = self._held.get(action)
        self._held[action] = now
        if before is not None and (self._tells_releases or now - before < REPEAT_S):
            return
        if action not in {known.id for known in self.actions}:
            log.debug("a hotkey that is none of ours: %s", action)
            return
        command = command_of(action, self.link.daemon)
        if command is None:
            self._say_no_look(action, self.link.daemon)
        else:
            name, data = command
            self.link.send(name, **data)

    def release(self, action: str) -> None:
        """A hotkey went up."""
        self._tells_releases = True
        self._held.pop(action, None)

    @staticmethod
    def _say_no_look(action: str, daemon: DaemonState) -> None:
        if daemon.online:
            log.warning("%s: there are only %d looks", action, len(daemon.presets))
        else:
            log.warning("%s has no effect: the daemon is not connected", action)
