"""One deck as seen from the event loop: its page, its light, and what a press means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sana_vcam.clients.daemonstate import DaemonState
from sana_vcam.clients.deck.linux.keys import Board, board
from sana_vcam.clients.deck.linux.layout import (
    Act,
    Dial,
    Extra,
    Layout,
    Place,
    PlaylistPlace,
    RehearsalPlace,
    SettingPlace,
    Shape,
    Slot,
    dials,
    lay_out,
)

DIM_LIGHT = 10
"""Percent, once nobody has touched the deck for a while."""
LIGHT_STEP = 5
"""Percent per click of the dial."""

type Send = Callable[..., None]
"""Takes a command's name and its fields."""


@dataclass(frozen=True, slots=True)
class Light:
    """How bright the keys are, and when they are dimmed."""

    percent: int = 80
    dim_after_s: float | None = None
    """None: never."""


class Deck:
    """Turns scenes into boards, and presses into commands; does no input or output itself."""

    def __init__(
        self,
        shape: Shape,
        light: Light,
        *,
        send: Send,
        show: Callable[[Board], None],
        clock: Callable[[], float],
        extras: Sequence[Extra] = (),
    ) -> None:
        self._shape = shape
        self._light = light
        self._percent = light.percent
        self._send = send
        self._show = show
        self._clock = clock
        self._extras = tuple(extras)
        self._touched = clock()
        self._daemon = DaemonState()
        self._page = 0
        self._shown: Board | None = None
        self.layout = self._lay_out(self._daemon, 0)
        """What each key does now."""

    def take(self, daemon: DaemonState) -> None:
        """Show this state. What viewers see having changed, the keys light up."""
        if daemon.state.get("output") != self._daemon.state.get("output"):
            self._touched = self._clock()
        if self._active(daemon) != self._active(self._daemon):
            self._turn_to_active(daemon)
        self._daemon = daemon
        self.redraw()

    # Presses

    def press(self, key: int) -> None:
        """A key or a touch key went down. It counts, whether the keys are dimmed or not."""
        self._wake()
        if key < len(self.layout.places):
            self._do(self.layout.places[key])

    def turn(self, dial: int, clicks: int) -> None:
        """A dial was turned, to the right if `clicks` is positive."""
        self._wake()
        match self._dial(dial):
            case Dial.LOOK:
                self._send("step_preset", by=max(-1000, min(1000, clicks)))
            case Dial.PAGE:
                self._turn_page(clicks)
            case Dial.LIGHT:
                self._percent = max(DIM_LIGHT, min(100, self._percent + clicks * LIGHT_STEP))
                self.redraw()

    def push(self, dial: int) -> None:
        """A dial was pushed, or the strip above it touched."""
        self._wake()
        match self._dial(dial):
            case Dial.LOOK:
                self._do(Act.PRIVACY)
            case Dial.PAGE:
                self._do(Act.FREEZE)
            case Dial.LIGHT:
                self._percent = 100 if self._percent < 100 else self._light.percent
                self.redraw()
            case Dial.SESSION:
                self._do(Act.STATUS)

    def _dial(self, number: int) -> Dial | None:
        known = dials(self._shape.dials)
        return known[number] if number < len(known) else None

    def _do(self, place: Place) -> None:
        state = self._daemon.state
        match place:
            case Slot(index):
                self._send("apply_preset", id=self._daemon.presets[index].id)
            case Act.PRIVACY:
                # What the key shows decides, so that two quick presses end where they began.
                self._send("blank")
            case Act.FREEZE:
                self._send("freeze")
            case Act.VOICE:
                self._send("set_voice")
            case PlaylistPlace() | SettingPlace() | RehearsalPlace():
                self._do_named(place)
            case Act.TAKE | Act.BACK | Act.CLIP | Act.RECORD:
                self._send(place.value)
            case Act.PREVIOUS | Act.NEXT if self._daemon.rehearses:
                self._send("take" if place is Act.NEXT else "back")
            case Act.PREVIOUS | Act.NEXT:
                self._send("step_preset", by=1 if place is Act.NEXT else -1)
            case Act.STATUS if state.get("session") == "refused" or state.get("hold") == "off":
                self._send("connect")
            case Act.STATUS:
                self._send("resume" if state.get("paused") else "pause")
            case Act.PAGE_UP | Act.PAGE_DOWN:
                self._turn_page(1 if place is Act.PAGE_DOWN else -1)

    def _do_named(self, place: PlaylistPlace | SettingPlace | RehearsalPlace) -> None:
        match place:
            case PlaylistPlace(name):
                plays = (self._daemon.state.get("playlist") or {}).get("name") == name
                self._send("play", name="next" if plays else name)
            case SettingPlace(name):
                self._step_setting(name)
            case RehearsalPlace(preset) if self._daemon.is_rehearsed(preset):
                self._send("back")
            case RehearsalPlace(preset):
                self._send("rehearse", preset=preset)

    def _step_setting(self, name: str) -> None:
        setting = self._daemon.setting(name)
        value = None if setting is None else setting.next_value
        if value is not None:
            self._send("set_setting", name=name, value=value)
            # The next press goes on from here, however soon it comes.
            self._daemon = self._daemon.with_value(name, value)
            self.redraw()

    # Showing

    def _turn_page(self, by: int) -> None:
        self._page = (self._page + by) % self.layout.pages
        self.redraw()

    @staticmethod
    def _active(daemon: DaemonState) -> int | None:
        ids = [preset.id for preset in daemon.presets]
        preset = daemon.state.get("preset")
        return ids.index(preset) if preset in ids else None

    def _turn_to_active(self, daemon: DaemonState) -> None:
        """Show the page of the look that has come on, wherever it was chosen."""
        active = self._active(daemon)
        if active is None:
            return
        for page in range(self._lay_out(daemon, 0).pages):
            if Slot(active) in self._lay_out(daemon, page).places:
                self._page = page

    def _wake(self) -> None:
        self._touched = self._clock()
        self.redraw()

    def redraw(self) -> None:
        """Show what has changed; at each tick too, to dim the keys when it is time."""
        self.layout = self._lay_out(self._daemon, self._page)
        self._page = self.layout.page
        shape = self._shape
        now = board(
            self._daemon, self.layout, self._brightness(), grid=shape.keys, dial_count=shape.dials
        )
        if now != self._shown:
            self._shown = now
            self._show(now)

    def _lay_out(self, daemon: DaemonState, page: int) -> Layout:
        return lay_out(self._shape, len(daemon.presets), page, self._extras)

    def _brightness(self) -> int:
        after = self._light.dim_after_s
        is_dim = after is not None and self._clock() - self._touched >= after
        return min(DIM_LIGHT, self._percent) if is_dim else self._percent
