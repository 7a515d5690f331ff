"""OSC messages as commands: which addresses there are, and what each asks for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sana_vcam.clients.daemonstate import DaemonState
from sana_vcam.clients.osc.packets import Argument, NotUnderstood, ReceivedMessage
from sana_vcam.lib.nearest import did_you_mean

PREFIX = "/sana/"
MOST_CHARS = 4000
"""The longest text, which is a prompt's."""
_HALF = 0.5
"""A button that sends a number is down from here on."""
_WORDS = {"1": True, "on": True, "true": True, "0": False, "off": False, "false": False}


@dataclass(frozen=True, slots=True)
class Wish:
    """A command, and what it is about: of two about the same, the newer one counts."""

    about: str
    name: str
    data: Mapping[str, object] = field(default_factory=dict)


def wish_of(message: ReceivedMessage, daemon: DaemonState) -> Wish | None:
    """Read what a message asks for; None: nothing, as when a button goes up.

    `daemon` says which looks and settings there are. Raises `NotUnderstood`.
    """
    word, _, name = message.address.removeprefix(PREFIX).partition("/")
    make = _ADDRESSES.get(word)
    if make is None or (name and word not in _NAMED):
        near = did_you_mean(word, _ADDRESSES)
        raise NotUnderstood(f"no address {_short(message.address)}{near}")
    return make(_Asked(word, name, message.arguments, daemon))


@dataclass(frozen=True, slots=True)
class _Asked:
    """A message, taken apart."""

    word: str
    name: str
    """What stands behind the word in the address."""
    arguments: tuple[Argument, ...]
    daemon: DaemonState

    @property
    def only(self) -> Argument | None:
        """Its only argument; None without one."""
        if len(self.arguments) > 1:
            raise NotUnderstood(f"{PREFIX}{self.word}: more than one value")
        return self.arguments[0] if self.arguments else None

    @property
    def is_down(self) -> bool:
        """Whether a button goes down; without a value it does."""
        return self.only is None or self.switched() is not False

    def switched(self) -> bool | None:
        """Read on or off; None without a value."""
        only = self.only
        match only:
            case None | bool():
                return only
            case int() | float():
                return only >= _HALF
        found = _WORDS.get(only.strip().lower())
        if found is None:
            raise NotUnderstood(f"{PREFIX}{self.word}: expected 0 or 1, and not {_short(only)}")
        return found

    def text(self) -> str:
        """Read a text."""
        if not isinstance(self.only, str) or len(self.only) > MOST_CHARS:
            raise NotUnderstood(
                f"{PREFIX}{self.word}: expected a text of at most {MOST_CHARS} characters"
            )
        return self.only


def _switch(asked: _Asked) -> Wish:
    on = asked.switched()
    return Wish(asked.word, asked.word, {} if on is None else {"on": on})


def _step(by: int) -> Callable[[_Asked], Wish | None]:
    return lambda asked: Wish("step", "step_preset", {"by": by}) if asked.is_down else None


def _press(about: str, name: str) -> Callable[[_Asked], Wish | None]:
    return lambda asked: Wish(about, name) if asked.is_down else None


def _preset(asked: _Asked) -> Wish | None:
    """Read /sana/preset NAME, /sana/preset 3, or /sana/preset/NAME as a button."""
    if asked.name:
        return _look(asked, asked.name) if asked.is_down else None
    only = asked.only
    if isinstance(only, str):
        return _look(asked, only)
    if only is None or isinstance(only, bool) or not math.isfinite(only) or only != int(only):
        raise NotUnderstood("/sana/preset: expected a look's name, or its number from 1 on")
    presets = asked.daemon.presets
    if not 1 <= only <= len(presets):
        raise NotUnderstood(f"/sana/preset {int(only)}: there are {len(presets)} looks")
    return Wish("look", "apply_preset", {"id": presets[int(only) - 1].id})


def _look(asked: _Asked, name: str) -> Wish:
    presets = asked.daemon.presets
    by_name = {preset.name.casefold(): preset.id for preset in reversed(presets)}
    is_id = any(preset.id == name for preset in presets)
    found = name if is_id else by_name.get(name.casefold(), name)
    return Wish("look", "apply_preset", {"id": found[:64]})


def _play(asked: _Asked) -> Wish | None:
    if asked.name:
        return Wish("play", "play", {"name": asked.name}) if asked.is_down else None
    return Wish("play", "play", {"name": asked.text()})


def _setting(asked: _Asked) -> Wish:
    only = asked.only
    if not asked.name or only is None:
        raise NotUnderstood("/sana/setting: expected /sana/setting/NAME and a value")
    known = asked.daemon.setting(asked.name)
    value: Argument = only
    if known is not None and known.values == (False, True) and not isinstance(only, str):
        value = only >= _HALF
    elif isinstance(only, float):
        if not math.isfinite(only):
            raise NotUnderstood(f"/sana/setting/{asked.name}: that is no number")
        # A controller may have nothing but floating-point numbers.
        value = int(only) if only.is_integer() else only
    return Wish(f"setting {asked.name}", "set_setting", {"name": asked.name, "value": value})


_NAMED = frozenset({"preset", "play", "setting"})
"""The words behind which a name may stand in the address."""
_ADDRESSES: Mapping[str, Callable[[_Asked], Wish | None]] = {
    "blank": _switch,
    "freeze": _switch,
    "preset": _preset,
    "prompt": lambda asked: Wish("look", "set_prompt", {"prompt": asked.text()}),
    "next": _step(1),
    "previous": _step(-1),
    "setting": _setting,
    "pause": _press("pause", "pause"),
    "resume": _press("pause", "resume"),
    "clip": _press("clip", "clip"),
    "take": _press("decision", "take"),
    "back": _press("decision", "back"),
    "play": _play,
}
"""What stands behind /sana/. The raw camera, sessions and files are not reached from here: nobody
says who sends a packet."""


def is_ours(message: ReceivedMessage) -> bool:
    """Whether a message is for this program; others may be on the same port."""
    return message.address.startswith(PREFIX)


def _short(text: str) -> str:
    return ascii(text[:40])
