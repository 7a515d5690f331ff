"""`sana-vcam deck run`: finds the decks that are plugged in, and serves each for as long as it is.

A process of its own. It knows the daemon only by its public WebSocket, so either of them may be
started, stopped and updated alone.
"""

from __future__ import annotations

import asyncio
import logging
import math
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from StreamDeck.DeviceManager import DeviceManager, ProbeError
from StreamDeck.Devices.StreamDeck import StreamDeck

from sana_vcam.clients.connection import DaemonAddress, find_daemon
from sana_vcam.clients.deck.linux.link import RETRY_S, Link
from sana_vcam.clients.deck.linux.panel import Light, Panel
from sana_vcam.clients.deck.linux.plugged import Plugged, plugged, why_unopened
from sana_vcam.clients.deck.linux.scene import Scene
from sana_vcam.clients.deck.linux.surface import Lost, Surface, Unopened
from sana_vcam.errors import EXIT_OK, StartupError
from sana_vcam.lib.logs import set_up_logging

LOOK_S = 1.0
"""How often sysfs is asked what is plugged in."""
TRY_AGAIN_S = 3.0
"""How often a deck that could not be opened is tried again."""

_log = logging.getLogger("sana_vcam.clients.deck")


@dataclass(frozen=True, slots=True)
class World:
    """What the process stands on; tests bring their own."""

    find_daemon: Callable[[], DaemonAddress]
    find_decks: Callable[[], Sequence[StreamDeck]]
    """Slow: it asks the whole bus. May name a deck twice."""
    plugged: Callable[[], frozenset[Plugged]]
    clock: Callable[[], float] = time.monotonic
    look_s: float = LOOK_S
    retry_s: float = RETRY_S


def run(light: Light, url: str | None) -> int:
    """Serve decks until SIGTERM or Ctrl-C; every deck is put back to its standby picture.

    Raises:
        StartupError: the library that speaks USB is missing.
    """
    try:
        decks = DeviceManager()
    except ProbeError as error:
        raise StartupError(
            "the library that reaches USB devices is missing: sudo apt install libhidapi-libusb0 "
            "(Fedora: sudo dnf install hidapi)"
        ) from error
    set_up_logging("info")
    world = World(lambda: find_daemon(url, None, None), decks.enumerate, plugged)
    asyncio.run(_until_stopped(Station(world, light)))
    return EXIT_OK


async def _until_stopped(station: Station) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    serving = asyncio.create_task(station.serve(), name="deck-station")
    stopping = asyncio.create_task(stop.wait(), name="deck-stop")
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    for task in (serving, stopping):
        task.cancel()
    await asyncio.gather(stopping, return_exceptions=True)
    try:
        await serving
    except asyncio.CancelledError:
        _log.info("stopped")


@dataclass
class Station:
    """All decks of this computer, and the one connection that they share."""

    world: World
    light: Light
    panels: dict[str, Panel] = field(default_factory=dict)
    """Of the decks that are being opened, served or put back, by their paths."""
    listening: set[str] = field(default_factory=set)
    """The paths of those that are open."""
    _failures: Counter[str] = field(default_factory=Counter)
    _seen: frozenset[Plugged] | None = None
    _next_look: float = math.inf
    _was_empty: bool = False
    link: Link = field(init=False)

    def __post_init__(self) -> None:
        self.link = Link(self.world.find_daemon, self._show, retry_s=self.world.retry_s)

    async def serve(self) -> None:
        """Serve decks as they come and go, until this task is cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.link.run(), name="deck-link")
            while True:
                if self._is_time_to_look():
                    await self._look(group)
                for panel in self.panels.values():
                    panel.redraw()
                await asyncio.sleep(self.world.look_s)

    def _show(self, scene: Scene) -> None:
        for panel in self.panels.values():
            panel.take(scene)

    def _is_time_to_look(self) -> bool:
        """Something was plugged in or out, or a deck is to be tried again."""
        now, clock = self.world.plugged(), self.world.clock()
        if now != self._seen:
            # Once more a little later: a device may be listed before it can be found.
            self._seen, self._next_look = now, clock + TRY_AGAIN_S
            return True
        if clock < self._next_look:
            return False
        self._next_look = math.inf
        return True

    async def _look(self, group: asyncio.TaskGroup) -> None:
        found = {deck.id(): deck for deck in await asyncio.to_thread(self.world.find_decks)}
        for path in set(self._failures) - set(found):
            del self._failures[path]
        for path, deck in found.items():
            if path not in self.panels:
                self._start(group, path, deck)
        if not found and not self._was_empty:
            _log.info("no deck is plugged in; waiting for one")
        self._was_empty = not found

    def _start(self, group: asyncio.TaskGroup, path: str, deck: StreamDeck) -> None:
        surface = Surface(deck)
        panel = Panel(
            surface.shape,
            self.light,
            send=self.link.send,
            show=surface.show,
            clock=self.world.clock,
        )
        self.panels[path] = panel
        group.create_task(self._serve(path, surface, panel), name=f"deck-{path}")

    async def _serve(self, path: str, surface: Surface, panel: Panel) -> None:
        _log.debug("opening %s at %s", surface.name, path)
        panel.take(self.link.scene)
        try:
            await surface.serve(panel, lambda name: self._opened(path, name))
        except Unopened as error:
            self._unopened(path, surface, error)
        except Lost as error:
            _log.info("%s is gone: %s", surface.name, error)
            # The same port may have another deck by now.
            self._next_look = self.world.clock()
        finally:
            del self.panels[path]
            self.listening.discard(path)

    def _opened(self, path: str, name: str) -> None:
        self._failures.pop(path, None)
        self.listening.add(path)
        _log.info("serving a %s", name)

    def _unopened(self, path: str, surface: Surface, error: Unopened) -> None:
        """Say it once. A deck that was just plugged in may need a moment for its rights."""
        self._next_look = min(self._next_look, self.world.clock() + TRY_AGAIN_S)
        self._failures[path] += 1
        if self._failures[path] == 2:
            why = why_unopened(self._seen or frozenset())
            _log.warning("cannot open the %s: %s (%s)", surface.name, why, error)
