"""The words of `sana-vcam ctl` as a parser, for what is made from parsers: completion, man page.

`ctl` itself reads its words without one, since a press of a key must not pay for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from sana_vcam.clients.ctl import addresses, waiting, words
from sana_vcam.clients.ctl.shortwords import OWN_OPTIONS, SHORT_WORDS
from sana_vcam.lib.commandline import PRESET, CommandLine, add_json, add_verb, command_line

ABOUT = "Send one command to the running daemon."
_VALUES: Mapping[tuple[str, str], Sequence[str]] = {
    ("url", "KIND"): addresses.KINDS,
    ("wait", "WORD"): waiting.WORDS,
}
"""What may follow a word, where its usage does not list it."""
_TAKE_PRESETS = frozenset({"apply_preset", "rehearse", "thumbnail"})
_OPTION = re.compile(r"\[--[^]]*\]")
"""An option in a usage, with its value."""


def make_parser() -> CommandLine:
    """Describe every word, what may follow it, and its options."""
    parser = command_line("sana-vcam ctl", ABOUT, words.EXAMPLES)
    add_json(parser)
    parser.add_argument("--url", metavar="URL", help="a daemon elsewhere")
    verbs = parser.add_subparsers(metavar="COMMAND")
    for word, (usage, about) in words.usages().items():
        verb = add_verb(verbs, word, f"{about[:1].lower()}{about[1:].rstrip('.')}")
        for text in _OPTION.sub("", usage).split()[1:]:
            _add_value(verb, word, text)
        add_json(verb)
        verb.add_argument("--url", metavar="URL", help="a daemon elsewhere")
        for name, option in OWN_OPTIONS.items():
            if word in option.words and option.value:
                verb.add_argument(name, metavar=option.value, help=option.about)
            elif word in option.words:
                verb.add_argument(name, action="store_true", help=option.about)
    return parser


def _add_value(verb: CommandLine, word: str, usage: str) -> None:
    """Add what follows a word: `[on|off]`, `FILE`, `WORD...`."""
    name = usage.strip("[].")
    choices = _VALUES.get((word, name)) or (name.split("|") if "|" in name else None)
    command = SHORT_WORDS.get(word, word)
    metavar = PRESET if name in {"ID", PRESET} and command in _TAKE_PRESETS else name
    several = usage.endswith("...")
    count = ("*" if usage.startswith("[") else "+") if several else ("?" if "[" in usage else None)
    verb.add_argument(name.lower(), metavar=metavar, choices=choices, nargs=count)
