"""`sana-vcam deck run`: finds the decks that are plugged in, and serves each for as long as it is.

A process of its own. It knows the daemon only by its public WebSocket, so either of them may be
started, stopped and updated alone.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from StreamDeck.DeviceManager import DeviceManager, ProbeError
from StreamDeck.Devices.StreamDeck import StreamDeck

from sana_vcam.clients.connection import DaemonAddress, find_daemon
from sana_vcam.clients.daemonstate import DaemonState
from sana_vcam.clients.deck.linux.deck import Deck, Light
from sana_vcam.clients.deck.linux.layout import Extra
from sana_vcam.clients.deck.linux.plugged import Plugged, plugged, why_unopened
from sana_vcam.clients.deck.linux.surface import Lost, Surface, Unopened
from sana_vcam.clients.link import RETRY_S, Link
from sana_vcam.errors import EXIT_OK, StartupError
from sana_vcam.lib.logs import set_up_logging
from sana_vcam.lib.lossystream import lossy_stderr
from sana_vcam.lib.signals import stop_on_signals

LOOK_S = 1.0
"""How often sysfs is asked what is plugged in."""
TRY_AGAIN_S = 3.0
"""How often a deck that could not be opened is tried again."""

log = logging.getLogger("sana_vcam.clients.deck")


@dataclass(frozen=True, slots=True)
class Environment:
    """What the process stands on; tests bring their own."""

    find_daemon: Callable[[], DaemonAddress]
    find_decks: Callable[[], Sequence[StreamDeck]]
    """Slow: it asks the whole bus. May name a deck twice."""
    plugged: Callable[[], frozenset[Plugged]]
    clock: Callable[[], float] = time.monotonic
    look_s: float = LOOK_S
    retry_s: float = RETRY_S


def run(light: Light, url: str | None, extras: Sequence[Extra] = ()) -> int:
    """Serve decks until SIGTERM or Ctrl-C; every deck is put back to its standby picture.

    `extras` are keys that they have besides.

    Raises:
        StartupError: the library that speaks USB is missing.
    """
    try:
        devices = DeviceManager()
    except ProbeError as error:
        raise StartupError(
            "the library that reaches USB devices is missing: sudo apt install libhidapi-libusb0 "
            "(Fedora: sudo dnf install hidapi)"
        ) from error
    environment = Environment(lambda: find_daemon(url, None, None), devices.enumerate, plugged)
    with lossy_stderr():
        set_up_logging("info")
        asyncio.run(_until_stopped(DeckService(environment, light, extras)))
    return EXIT_OK


async def _until_stopped(service: DeckService) -> None:
    stop = asyncio.Event()
    with stop_on_signals(stop):
        serving = asyncio.create_task(service.serve(), name="deck-service")
        stopping = asyncio.create_task(stop.wait(), name="deck-stop")
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in (serving, stopping):
            task.cancel()
        await asyncio.gather(stopping, return_exceptions=True)
        # What it raises while it puts the decks back is told, too.
        try:
            await serving
        except asyncio.CancelledError:
            log.info("stopped")


@dataclass
class DeckService:
    """All decks of this computer, and the one connection that they share."""

    environment: Environment
    light: Light
    extras: Sequence[Extra] = ()
    decks: dict[str, Deck] = field(default_factory=dict)
    """Of the decks that are being opened, served or put back, by their paths."""
    listening: set[str] = field(default_factory=set)
    """The paths of those that are open."""
    _failures: Counter[str] = field(default_factory=Counter)
    _seen: frozenset[Plugged] | None = None
    _next_look: float = math.inf
    _was_empty: bool = False
    link: Link = field(init=False)

    def __post_init__(self) -> None:
        self.link = Link(self.environment.find_daemon, self._show, retry_s=self.environment.retry_s)

    async def serve(self) -> None:
        """Serve decks as they come and go, until this task is cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.link.run(), name="deck-link")
            while True:
                if self._is_time_to_look():
                    await self._look(group)
                for deck in self.decks.values():
                    deck.redraw()
                await asyncio.sleep(self.environment.look_s)

    def _show(self, daemon: DaemonState) -> None:
        for deck in self.decks.values():
            deck.take(daemon)

    def _is_time_to_look(self) -> bool:
        """Something was plugged in or out, or a deck is to be tried again."""
        now, clock = self.environment.plugged(), self.environment.clock()
        if now != self._seen:
            # Once more a little later: a device may be listed before it can be found.
            self._seen, self._next_look = now, clock + TRY_AGAIN_S
            return True
        if clock < self._next_look:
            return False
        self._next_look = math.inf
        return True

    async def _look(self, group: asyncio.TaskGroup) -> None:
        found = {
            device.id(): device for device in await asyncio.to_thread(self.environment.find_decks)
        }
        for path in set(self._failures) - set(found):
            del self._failures[path]
        for path, device in found.items():
            if path not in self.decks:
                self._start(group, path, device)
        if not found and not self._was_empty:
            log.info("no deck is plugged in; waiting for one")
        self._was_empty = not found

    def _start(self, group: asyncio.TaskGroup, path: str, device: StreamDeck) -> None:
        surface = Surface(device)
        deck = Deck(
            surface.shape,
            self.light,
            send=self.link.send,
            show=surface.show,
            clock=self.environment.clock,
            extras=self.extras,
        )
        self.decks[path] = deck
        group.create_task(self._serve(path, surface, deck), name=f"deck-{path}")

    async def _serve(self, path: str, surface: Surface, deck: Deck) -> None:
        log.debug("opening %s at %s", surface.name, path)
        deck.take(self.link.daemon)
        try:
            await surface.serve(deck, lambda name: self._opened(path, name))
        except Unopened as error:
            self._unopened(path, surface, error)
        except Lost as error:
            log.info("%s is gone: %s", surface.name, error)
            # The same port may have another deck by now.
            self._next_look = self.environment.clock()
        finally:
            del self.decks[path]
            self.listening.discard(path)

    def _opened(self, path: str, name: str) -> None:
        self._failures.pop(path, None)
        self.listening.add(path)
        log.info("serving a %s", name)

    def _unopened(self, path: str, surface: Surface, error: Unopened) -> None:
        """Say it once. A deck that was just plugged in may need a moment for its rights."""
        self._next_look = min(self._next_look, self.environment.clock() + TRY_AGAIN_S)
        self._failures[path] += 1
        if self._failures[path] == 2:
            why = why_unopened(self._seen or frozenset())
            log.warning("cannot open the %s: %s (%s)", surface.name, why, error)
