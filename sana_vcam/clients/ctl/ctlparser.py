"""The words of `sana-vcam ctl` as a parser, for what is made from parsers: completion, man page.

`ctl` itself reads its words without one, since a press of a key must not pay for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sana_vcam.clients.ctl import addresses, waiting, words
from sana_vcam.clients.ctl.shortwords import OWN_OPTIONS, SHORT_WORDS, WITH_VALUE
from sana_vcam.lib.commandline import PRESET, CommandLine, add_json, add_verb, command_line

ABOUT = "Send one command to the running daemon."
_VALUES: Mapping[tuple[str, str], Sequence[str]] = {
    ("url", "KIND"): addresses.KINDS,
    ("wait", "WORD"): waiting.WORDS,
}
"""What may follow a word, where its usage does not list it."""
_TAKE_PRESETS = frozenset({"apply_preset", "thumbnail"})
_OPTION_HELP = {
    "--rotate": "replace it by a new one; the old one is void",
    "--wait": "come back once the model's picture is there",
    "--timeout": "give up after so many seconds",
    "--ids": "print the ids alone",
}


def make_parser() -> CommandLine:
    """Describe every word, what may follow it, and its options."""
    parser = command_line("sana-vcam ctl", ABOUT, words.EXAMPLES)
    add_json(parser)
    parser.add_argument("--url", metavar="URL", help="a daemon elsewhere")
    verbs = parser.add_subparsers(metavar="COMMAND")
    for word, (usage, about) in words.usages().items():
        verb = add_verb(verbs, word, f"{about[:1].lower()}{about[1:].rstrip('.')}")
        for text in usage.split()[1:]:
            if not text.startswith(("--", "[--")):
                _add_value(verb, word, text)
        add_json(verb)
        verb.add_argument("--url", metavar="URL", help="a daemon elsewhere")
        for option, of in OWN_OPTIONS.items():
            if word in of and option in WITH_VALUE:
                verb.add_argument(option, metavar="SECONDS", help=_OPTION_HELP[option])
            elif word in of:
                verb.add_argument(option, action="store_true", help=_OPTION_HELP[option])
    return parser


def _add_value(verb: CommandLine, word: str, usage: str) -> None:
    """Add what follows a word: `[on|off]`, `FILE`, `WORD...`."""
    name = usage.strip("[].")
    choices = _VALUES.get((word, name)) or (name.split("|") if "|" in name else None)
    command = SHORT_WORDS.get(word, word)
    metavar = PRESET if name == "ID" and command in _TAKE_PRESETS else name
    several = usage.endswith("...")
    count = ("*" if usage.startswith("[") else "+") if several else ("?" if "[" in usage else None)
    verb.add_argument(name.lower(), metavar=metavar, choices=choices, nargs=count)
