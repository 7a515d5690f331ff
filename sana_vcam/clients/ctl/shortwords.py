"""What people type after `sana-vcam ctl`; loads nothing, for a press of a key."""

from __future__ import annotations

from typing import NamedTuple

SHORT_WORDS: dict[str, str] = {
    "state": "get_state",
    "presets": "list_presets",
    "prompt": "set_prompt",
    "preset": "apply_preset",
    "next": "step_preset by=1",
    "previous": "step_preset by=-1",
    "seed": "set_seed",
    "anchor": "set_anchor_interval",
    "settings": "list_settings",
    "set": "set_setting",
    "image": "set_image",
    "schedule": "schedule_prompt",
    "voice": "set_voice",
    "playlists": "list_playlists",
    "transition": "set_transition",
}
"""What people type, and the line that it stands for; all other commands are typed by name."""

OWN_WORDS: dict[str, tuple[str, str]] = {
    "watch": ("watch", "Print a line when what viewers see, session, look or camera changes."),
    "wait": ("wait WORD...", "Wait until viewers see that, or the session is so."),
    "open": ("open", "Open the dashboard in the browser."),
    "url": (
        "url [KIND]",
        "Print the addresses with the token; of KIND dashboard or websocket that one, bare.",
    ),
    "token": ("token [--rotate]", "Print the token, or replace it by a new one."),
    "help": ("help", "Show this help."),
}
"""The words that are no command of the daemon: how each is typed, and what it does."""


class WordOption(NamedTuple):
    """An option of single words: which ones, what stands for its value if it has one, its help."""

    words: tuple[str, ...]
    value: str
    about: str


OWN_OPTIONS: dict[str, WordOption] = {
    "--rotate": WordOption(("token",), "", "replace it by a new one; the old one is void"),
    "--wait": WordOption(("connect",), "", "come back once the model's picture is there"),
    "--timeout": WordOption(("connect", "wait"), "SECONDS", "give up after so many seconds"),
    "--ids": WordOption(("presets",), "", "print the ids alone"),
    "--gif": WordOption(("clip",), "", "as an animated GIF, of at most 15 seconds"),
    "--microphone": WordOption(("voice",), "NAME", "which one: `sana-vcam devices` lists them"),
}
"""The options of single words; those of all words are in `USAGE`."""

USAGE = "usage: sana-vcam ctl [-h] [--json] [--url URL] [COMMAND [VALUE] ...]"
