"""What each key shows: small immutable descriptions, so that equal ones are painted once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

from sana_vcam.clients.deck.linux.layout import Act, Dial, Layout, Place, Slot, dials
from sana_vcam.clients.deck.linux.scene import Look, Scene


class Icon(StrEnum):
    """The drawing on a key."""

    PRIVACY = "privacy"
    FREEZE = "freeze"
    PREVIOUS = "previous"
    NEXT = "next"
    UP = "up"
    DOWN = "down"
    LIGHT = "light"
    LIVE = "live"
    WAIT = "wait"
    PAUSE = "pause"
    WARN = "warn"
    OFFLINE = "offline"


class Tone(Enum):
    """The colour of a key, as red, green, blue."""

    DARK = (22, 25, 33)
    RED = (176, 24, 38)
    BLUE = (28, 92, 178)
    GREEN = (22, 122, 66)
    AMBER = (166, 98, 4)
    GREY = (44, 46, 52)


@dataclass(frozen=True, slots=True)
class LookFace:
    """A look: its still or a tile, its name, and a frame while it is on."""

    id: str
    name: str
    still: bytes | None
    lit: bool
    offline: bool


@dataclass(frozen=True, slots=True)
class SignFace:
    """A drawing with words below."""

    icon: Icon
    words: tuple[str, ...]
    tone: Tone = Tone.DARK
    offline: bool = False


type Face = LookFace | SignFace | None


@dataclass(frozen=True, slots=True)
class Segment:
    """The part of a touch strip above one dial: a picture, a headline, a line below."""

    picture: LookFace | SignFace
    head: str
    line: str


@dataclass(frozen=True, slots=True)
class Board:
    """All that one deck shows."""

    keys: tuple[Face, ...]
    lamps: tuple[tuple[int, int, int], ...] = ()
    """Of the touch keys."""
    strip: tuple[Segment | None, ...] = ()
    """Of a touch strip, one per dial."""
    screen: Segment | None = None
    """Of the small screen between touch keys."""
    light: int = 80
    """Brightness in percent."""


def board(scene: Scene, layout: Layout, light: int, *, grid: int, dial_count: int) -> Board:
    """Compose what a deck shows; its first `grid` keys have pictures."""
    keys = tuple(_face(place, scene, layout) for place in layout.places[:grid])
    strip = tuple(_segment(dial, scene, layout, light) for dial in dials(dial_count))
    # Touch keys glow while they have pages to turn.
    glow = Tone.BLUE.value if scene.online and layout.pages > 1 else (0, 0, 0)
    lamps = (glow,) * len(layout.places[grid:])
    return Board(keys, lamps, strip, overview(scene), light)


def _face(place: Place, scene: Scene, layout: Layout) -> Face:
    match place:
        case None:
            return None
        case Slot(index):
            return _look_face(scene.looks[index], scene)
        case Act.STATUS:
            return status(scene)
        case _:
            return _sign(place, scene, layout)


def _look_face(look: Look, scene: Scene) -> LookFace:
    lit = scene.online and scene.state.get("preset") == look.id
    return LookFace(look.id, look.name, scene.still(look), lit, not scene.online)


def _sign(act: Act, scene: Scene, layout: Layout) -> SignFace:
    off = not scene.online
    page = f"{layout.page + 1} / {layout.pages}"
    match act:
        case Act.PRIVACY if off:
            return SignFace(Icon.OFFLINE, ("Offline",), Tone.GREY)
        case Act.PRIVACY:
            on = bool(scene.state.get("blank"))
            words = ("BLACK",) if on else ("Privacy",)
            return SignFace(Icon.PRIVACY, words, Tone.RED if on else Tone.DARK)
        case Act.FREEZE:
            on = bool(scene.state.get("freeze"))
            words = ("FROZEN",) if on else ("Freeze",)
            return SignFace(Icon.FREEZE, words, Tone.BLUE if on else Tone.DARK, off)
        case Act.PREVIOUS | Act.NEXT:
            return SignFace(Icon(act.value), (act.value.capitalize(),), offline=off)
        case Act.PAGE_UP:
            return SignFace(Icon.UP, (page,), offline=off)
        case _:
            return SignFace(Icon.DOWN, (page,), offline=off)


_OUTPUTS = {
    "live": (Icon.LIVE, "LIVE", Tone.GREEN),
    "blank": (Icon.PRIVACY, "BLACK", Tone.RED),
    "freeze": (Icon.FREEZE, "FROZEN", Tone.BLUE),
    "bypass": (Icon.WARN, "RAW", Tone.RED),
    "slate": (Icon.WAIT, "CARD", Tone.AMBER),
}

_SESSIONS = {
    "idle": "no session",
    "connecting": "connecting",
    "waiting": "waits for GPU",
    "starting": "starting",
    "paused": "still billed",
    "reconnecting": "reconnecting",
    "backoff": "tries again",
    "refused": "refused",
    "closing": "closing",
}


def status(scene: Scene) -> SignFace:
    """What viewers see, and what it costs."""
    if not scene.online:
        return SignFace(Icon.OFFLINE, ("OFFLINE", "sana-vcam run"), Tone.GREY)
    icon, word, tone = _OUTPUTS.get(str(scene.state.get("output")), _OUTPUTS["slate"])
    if scene.state.get("session") == "paused" and word == "CARD":
        icon, word = Icon.PAUSE, "PAUSED"
    if scene.state.get("session") == "refused":
        icon, tone = Icon.WARN, Tone.RED
    return SignFace(icon, (word, *_figures(scene.state)), tone)


def _figures(state: Mapping[str, Any]) -> tuple[str, ...]:
    """At most two short lines."""
    session = str(state.get("session"))
    if session != "streaming":
        return (_SESSIONS.get(session, session),)
    lines = [f"{round(state.get('fps_model') or 0)} fps"]
    if state.get("session_s") is not None:
        lines.append(f"{int(state['session_s'] // 60)} min")
    if state.get("cost_session") is not None:
        lines[-1] = f"{state['cost_session']:.2f} {state.get('currency') or ''}".strip()
    return tuple(lines)


def overview(scene: Scene) -> Segment:
    """The look that is on, and what viewers see of it."""
    sign = status(scene)
    name = scene.active.name if scene.active else (scene.state.get("prompt") or "No look")
    if not scene.online:
        return Segment(sign, "Offline", "sana-vcam run")
    return Segment(sign, str(name), " · ".join(sign.words))


def _segment(dial: Dial | None, scene: Scene, layout: Layout, light: int) -> Segment | None:
    if dial is None:
        return None
    if not scene.online and dial is not Dial.LIGHT:
        return overview(scene) if dial is Dial.LOOK else None
    match dial:
        case Dial.LOOK:
            look = scene.active
            picture = _look_face(look, scene) if look else _sign(Act.PRIVACY, scene, layout)
            push = "push: show again" if scene.state.get("blank") else "push: black"
            return Segment(picture, look.name if look else "No look", push)
        case Dial.PAGE:
            head = f"Page {layout.page + 1} / {layout.pages}"
            push = "push: go on" if scene.state.get("freeze") else "push: freeze"
            return Segment(_sign(Act.FREEZE, scene, layout), head, push)
        case Dial.LIGHT:
            return Segment(SignFace(Icon.LIGHT, ()), f"Light {light} %", "push: full")
        case Dial.SESSION:
            sign = status(scene)
            push = "push: go on" if scene.state.get("paused") else "push: pause"
            figures = " · ".join(sign.words[1:])
            return Segment(sign, sign.words[0].capitalize(), figures or push)
