"""What each key shows: small immutable descriptions, so that equal ones are painted once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

from sana_vcam.clients.daemonstate import DaemonState, KnownPreset
from sana_vcam.clients.deck.linux.layout import (
    Act,
    Dial,
    Layout,
    Place,
    PlaylistPlace,
    RehearsalPlace,
    SettingPlace,
    Slot,
    dials,
)


class Icon(StrEnum):
    """The drawing on a key."""

    PRIVACY = "privacy"
    FREEZE = "freeze"
    VOICE = "voice"
    SETTING = "setting"
    PLAYLIST = "playlist"
    REHEARSAL = "rehearsal"
    TAKE = "take"
    BACK = "back"
    CLIP = "clip"
    RECORD = "record"
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
class PresetKey:
    """A look: its still or a tile, its name, and a frame while it is on."""

    id: str
    name: str
    still: bytes | None
    lit: bool
    offline: bool


@dataclass(frozen=True, slots=True)
class SignKey:
    """A drawing with words below."""

    icon: Icon
    words: tuple[str, ...]
    tone: Tone = Tone.DARK
    offline: bool = False


type Key = PresetKey | SignKey | None


@dataclass(frozen=True, slots=True)
class Segment:
    """The part of a touch strip above one dial: a picture, a headline, a line below."""

    picture: PresetKey | SignKey
    head: str
    line: str


@dataclass(frozen=True, slots=True)
class Board:
    """All that one deck shows."""

    keys: tuple[Key, ...]
    lamps: tuple[tuple[int, int, int], ...] = ()
    """Of the touch keys."""
    strip: tuple[Segment | None, ...] = ()
    """Of a touch strip, one per dial."""
    screen: Segment | None = None
    """Of the small screen between touch keys."""
    light: int = 80
    """Brightness in percent."""


def board(daemon: DaemonState, layout: Layout, light: int, *, grid: int, dial_count: int) -> Board:
    """Compose what a deck shows; its first `grid` keys have pictures."""
    keys = tuple(_key(place, daemon, layout) for place in layout.places[:grid])
    strip = tuple(_segment(dial, daemon, layout, light) for dial in dials(dial_count))
    # Touch keys glow while they have pages to turn.
    glow = Tone.BLUE.value if daemon.online and layout.pages > 1 else (0, 0, 0)
    lamps = (glow,) * len(layout.places[grid:])
    return Board(keys, lamps, strip, overview(daemon), light)


def _key(place: Place, daemon: DaemonState, layout: Layout) -> Key:
    match place:
        case None:
            return None
        case Slot(index):
            return _preset_key(daemon.presets[index], daemon)
        case Act.STATUS:
            return status(daemon)
        case Act.VOICE:
            return _voice_key(daemon)
        case SettingPlace(name):
            return _setting_key(name, daemon)
        case PlaylistPlace(name):
            return _playlist_key(name, daemon)
        case RehearsalPlace(preset):
            return _rehearsal_key(preset, daemon)
        case _:
            return _sign_key(place, daemon, layout)


def _preset_key(preset: KnownPreset, daemon: DaemonState) -> PresetKey:
    lit = daemon.online and daemon.state.get("preset") == preset.id
    return PresetKey(preset.id, preset.name, daemon.still(preset), lit, not daemon.online)


def _sign_key(act: Act, daemon: DaemonState, layout: Layout) -> SignKey:
    off = not daemon.online
    page = f"{layout.page + 1} / {layout.pages}"
    match act:
        case Act.PRIVACY if off:
            return SignKey(Icon.OFFLINE, ("Offline",), Tone.GREY)
        case Act.PRIVACY:
            on = bool(daemon.state.get("blank"))
            words = ("BLACK",) if on else ("Privacy",)
            return SignKey(Icon.PRIVACY, words, Tone.RED if on else Tone.DARK)
        case Act.FREEZE:
            on = bool(daemon.state.get("freeze"))
            words = ("FROZEN",) if on else ("Freeze",)
            return SignKey(Icon.FREEZE, words, Tone.BLUE if on else Tone.DARK, off)
        case Act.PREVIOUS if daemon.rehearses:
            return SignKey(Icon.PREVIOUS, ("Back",), Tone.AMBER)
        case Act.NEXT if daemon.rehearses:
            return SignKey(Icon.NEXT, ("Take",), Tone.GREEN)
        case Act.PREVIOUS | Act.NEXT:
            return SignKey(Icon(act.value), (act.value.capitalize(),), offline=off)
        case Act.TAKE | Act.BACK:
            return _decision_key(act, daemon)
        case Act.CLIP | Act.RECORD:
            return _clip_key(daemon) if act is Act.CLIP else _record_key(daemon)
        case Act.PAGE_UP:
            return SignKey(Icon.UP, (page,), offline=off)
        case _:
            return SignKey(Icon.DOWN, (page,), offline=off)


_VOICES = {
    "asleep": ("not in use", Tone.BLUE),
    "silent": ("silent", Tone.AMBER),
    "failed": ("no sound", Tone.RED),
}


def _voice_key(daemon: DaemonState) -> SignKey:
    """Show the delayed microphone, and how late it is heard."""
    voice = daemon.state.get("voice") or {}
    if not voice.get("on"):
        return SignKey(Icon.VOICE, ("Voice",), offline=not daemon.online)
    late = f"{voice['delay_ms'] / 1000:.1f} s late"
    heard = (late, Tone.GREEN) if voice["state"] == "heard" else ("starting", Tone.AMBER)
    words, tone = _VOICES.get(voice["state"], heard)
    return SignKey(Icon.VOICE, ("VOICE", words), tone)


def _setting_key(name: str, daemon: DaemonState) -> SignKey:
    """Show a setting of the model with its value."""
    setting, title = daemon.setting(name), name.replace("_", " ")
    if setting is None:
        absent = () if not daemon.online else ("not now",)
        return SignKey(Icon.SETTING, (title, *absent), Tone.GREY, not daemon.online)
    match setting.value:
        case None:
            words = "not set"
        case bool(on):
            words = "on" if on else "off"
        case value:
            words = str(value)
    return SignKey(Icon.SETTING, (title, words), Tone.BLUE if setting.value is True else Tone.DARK)


def _playlist_key(name: str, daemon: DaemonState) -> SignKey:
    """Show a playlist, and where it is while it plays."""
    now = daemon.state.get("playlist") or {}
    if now.get("name") != name:
        return SignKey(Icon.PLAYLIST, (name,), offline=not daemon.online)
    where = f"{now['entry']}/{now['entries']} {now['look']}"
    return SignKey(Icon.PLAYLIST, (name, where), Tone.GREEN)


def _rehearsal_key(preset: str, daemon: DaemonState) -> SignKey:
    """Show a look to rehearse, and how far it is."""
    name = next((one.name for one in daemon.presets if one.id == preset), None)
    if daemon.online and name is None:
        return SignKey(Icon.REHEARSAL, (preset, "not there"), Tone.GREY)
    if not daemon.is_rehearsed(preset):
        return SignKey(Icon.REHEARSAL, ("Rehearse", name or preset), offline=not daemon.online)
    words = "ready" if daemon.state.get("rehearsal") == "ready" else "coming"
    return SignKey(Icon.REHEARSAL, (name or preset, words), Tone.AMBER)


def _decision_key(act: Act, daemon: DaemonState) -> SignKey:
    """Show what becomes of a rehearsed look; quiet while none is."""
    icon, words = Icon(act.value), (act.value.capitalize(),)
    if daemon.rehearses:
        return SignKey(icon, words, Tone.GREEN if act is Act.TAKE else Tone.AMBER)
    return SignKey(icon, words, Tone.GREY, not daemon.online)


def _clip_key(daemon: DaemonState) -> SignKey:
    """Show the key that saves the last seconds."""
    if daemon.online and not daemon.keeps:
        return SignKey(Icon.CLIP, ("Clip", "not kept"), Tone.GREY)
    return SignKey(Icon.CLIP, ("Clip",), offline=not daemon.online)


def _record_key(daemon: DaemonState) -> SignKey:
    """Show whether what viewers see is recorded, and for how long by now."""
    recording = daemon.state.get("recording")
    if recording:
        minutes, seconds = divmod(int(recording["seconds"]), 60)
        return SignKey(Icon.RECORD, ("REC", f"{minutes}:{seconds:02}"), Tone.RED)
    if daemon.state.get("keep_error"):
        return SignKey(Icon.RECORD, ("Record", "stopped"), Tone.AMBER)
    if daemon.online and not daemon.keeps:
        return SignKey(Icon.RECORD, ("Record", "not kept"), Tone.GREY)
    return SignKey(Icon.RECORD, ("Record",), offline=not daemon.online)


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
    "reconnecting": "reconnecting",
    "backoff": "tries again",
    "refused": "refused",
    "closing": "closing",
}


def status(daemon: DaemonState) -> SignKey:
    """What viewers see, and what it costs."""
    if not daemon.online:
        return SignKey(Icon.OFFLINE, ("OFFLINE", "sana-vcam run"), Tone.GREY)
    icon, word, tone = _OUTPUTS.get(str(daemon.state.get("output")), _OUTPUTS["slate"])
    if daemon.state.get("session") == "paused" and word == "CARD":
        icon, word = Icon.PAUSE, "PAUSED"
    if daemon.state.get("rehearsal") is not None and word == "FROZEN":
        word = "STILL"
    if daemon.state.get("session") == "refused":
        icon, tone = Icon.WARN, Tone.RED
    return SignKey(icon, (word, *_figures(daemon.state)), tone)


def _figures(state: Mapping[str, Any]) -> tuple[str, ...]:
    """At most two short lines."""
    session = str(state.get("session"))
    if session == "paused":
        # An older daemon does not say whether it costs anything: then it does.
        return ("free" if state.get("billable") is False else "still billed",)
    if session != "streaming":
        return (_SESSIONS.get(session, session),)
    lines = [f"{round(state.get('fps_model') or 0)} fps"]
    if state.get("session_s") is not None:
        lines.append(f"{int(state['session_s'] // 60)} min")
    if state.get("cost_session") is not None:
        lines[-1] = f"{state['cost_session']:.2f} {state.get('currency') or ''}".strip()
    return tuple(lines)


def overview(daemon: DaemonState) -> Segment:
    """Tell which look is on, and what viewers see of it."""
    sign = status(daemon)
    name = daemon.active.name if daemon.active else (daemon.state.get("prompt") or "No look")
    if not daemon.online:
        return Segment(sign, "Offline", "sana-vcam run")
    return Segment(sign, str(name), " · ".join(sign.words))


def _segment(dial: Dial | None, daemon: DaemonState, layout: Layout, light: int) -> Segment | None:
    if dial is None:
        return None
    if not daemon.online and dial is not Dial.LIGHT:
        return overview(daemon) if dial is Dial.LOOK else None
    match dial:
        case Dial.LOOK:
            preset = daemon.active
            picture = (
                _preset_key(preset, daemon) if preset else _sign_key(Act.PRIVACY, daemon, layout)
            )
            push = "push: show again" if daemon.state.get("blank") else "push: black"
            return Segment(picture, preset.name if preset else "No look", push)
        case Dial.PAGE:
            head = f"Page {layout.page + 1} / {layout.pages}"
            push = "push: go on" if daemon.state.get("freeze") else "push: freeze"
            return Segment(_sign_key(Act.FREEZE, daemon, layout), head, push)
        case Dial.LIGHT:
            return Segment(SignKey(Icon.LIGHT, ()), f"Light {light} %", "push: full")
        case Dial.SESSION:
            sign = status(daemon)
            push = "push: go on" if daemon.state.get("paused") else "push: pause"
            figures = " · ".join(sign.words[1:])
            return Segment(sign, sign.words[0].capitalize(), figures or push)
