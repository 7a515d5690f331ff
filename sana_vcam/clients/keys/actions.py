"""What a hotkey can do, how its dialog calls it, and which keys it would like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sana_vcam.clients.daemonstate import DaemonState
from sana_vcam.lib.nearest import did_you_mean

LOOKS = 9
MODIFIERS = {
    "CTRL": "CTRL",
    "CONTROL": "CTRL",
    "ALT": "ALT",
    "SHIFT": "SHIFT",
    "NUM": "NUM",
    "LOGO": "LOGO",
    "SUPER": "LOGO",
    "META": "LOGO",
    "WIN": "LOGO",
}
"""What people call them, and what the shortcuts specification of freedesktop.org 0.1 does."""


@dataclass(frozen=True, slots=True)
class HotkeyAction:
    """Something that a hotkey does."""

    id: str
    """Its name in the portal, which the desktop keeps: it never changes."""
    description: str
    """What the desktop's dialog says of it."""
    trigger: str | None = None
    """The keys that it would like, as the specification writes them; None leaves it to people."""


ACTIONS = (
    HotkeyAction("blank", "Show viewers black, or yourself again", "CTRL+ALT+b"),
    HotkeyAction("freeze", "Show viewers a still picture, or yourself again", "CTRL+ALT+f"),
    HotkeyAction("next", "The next look", "CTRL+ALT+n"),
    HotkeyAction("previous", "The previous look", "CTRL+ALT+p"),
    *(HotkeyAction(f"look-{n}", f"Look {n}", f"CTRL+ALT+{n}") for n in range(1, LOOKS + 1)),
    HotkeyAction("clip", "Save the last seconds of what viewers saw", "CTRL+ALT+c"),
    # Desktops have Ctrl+Alt+T and Ctrl+Alt+Backspace already.
    HotkeyAction("take", "Show viewers the look that is rehearsed"),
    HotkeyAction("back", "Forget the look that is rehearsed"),
)
"""All of them, in the order of the dialog."""


def parse_trigger(text: str) -> str:
    """Read keys such as `ctrl+alt+b`, and write them as the specification does.

    Raises `ValueError`, which says what is wrong with them.
    """
    *modifiers, key = (part.strip() for part in text.split("+"))
    unknown = [word for word in modifiers if word.upper() not in MODIFIERS]
    if unknown:
        near = did_you_mean(unknown[0].upper(), MODIFIERS)
        raise ValueError(f"'{unknown[0]}' is no modifier{near or ': CTRL, ALT, SHIFT, NUM, LOGO'}")
    if not key or not key.isascii() or not key.replace("_", "").isalnum():
        raise ValueError(
            f"'{text}' has no key at its end: a letter, a digit or a name of xkbcommon such as F9, "
            "Pause, XF86Launch1"
        )
    if key.upper() in MODIFIERS:
        raise ValueError(f"'{text}' has modifiers only; put a key at its end, such as {text}+b")
    names = dict.fromkeys(MODIFIERS[word.upper()] for word in modifiers)
    return "+".join((*names, key.lower() if len(key) == 1 else key))


def parse_bind(text: str) -> tuple[str, str | None]:
    """Read `ACTION=KEYS`, or `ACTION=` for an action that would like no keys.

    Raises `ValueError`, which says what is wrong with it.
    """
    name, equals, keys = text.partition("=")
    known = [action.id for action in ACTIONS]
    if name not in known:
        near = did_you_mean(name, known)
        raise ValueError(f"no action '{name}'{near or f'; have: {", ".join(known)}'}")
    if not equals:
        raise ValueError(f"write it as {name}=KEYS, such as {name}=CTRL+ALT+b")
    return name, parse_trigger(keys) if keys else None


def with_triggers(wanted: Mapping[str, str | None]) -> tuple[HotkeyAction, ...]:
    """List all actions, each with the keys that are wanted for it.

    Keys that somebody names for an action are taken from the one that has them by default. Raises
    `ValueError` where two are given the same.
    """
    given = [keys for keys in wanted.values() if keys is not None]
    twice = next((keys for keys in given if given.count(keys) > 1), None)
    if twice is not None:
        names = [name for name, keys in wanted.items() if keys == twice]
        raise ValueError(f"{' and '.join(names)} cannot both have {twice}")
    return tuple(
        replace(action, trigger=wanted[action.id])
        if action.id in wanted
        else replace(action, trigger=None if action.trigger in given else action.trigger)
        for action in ACTIONS
    )


def command_of(action: str, daemon: DaemonState) -> tuple[str, dict[str, object]] | None:
    """Find the daemon's command for an action, by name, with its fields.

    None if it has no such look.
    """
    if action.startswith("look-"):
        place = int(action.removeprefix("look-")) - 1
        if place >= len(daemon.presets):
            return None
        return "apply_preset", {"id": daemon.presets[place].id}
    match action:
        case "next":
            return "step_preset", {"by": 1}
        case "previous":
            return "step_preset", {"by": -1}
    return action, {}
