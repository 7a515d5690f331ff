"""The words of `sana-vcam deck`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sana_vcam.errors import EXIT_OK, StartupError
from sana_vcam.lib.commandline import CommandLine, Run, Verbs, add_verb, add_verbs, command_line
from sana_vcam.lib.extras import install_command

if TYPE_CHECKING:
    from sana_vcam.clients.deck.linux.layout import Extra

ABOUT = """\
Hotkeys with pictures on a keypad: by the Stream Deck application (package), by Bitfocus Companion
(companion), or on Linux without either (run).
"""

EXAMPLES = """\
examples:
  sana-vcam deck package                 write the plugin for the Stream Deck app and OpenDeck
  sana-vcam deck companion               write the module for Bitfocus Companion
  sana-vcam deck run                     drive the decks that are plugged in
  sana-vcam deck run --brightness 60 --dim-after 300
  sana-vcam deck run --key voice --key setting:keep_backlog
  sana-vcam deck run --key record --key clip --key rehearse:noir --key take --key back
  sana-vcam deck udev --print            the rule that lets you open a deck without root
"""


def run_deck(words: Sequence[str], unit: Callable[[], str]) -> int:
    """Run one `sana-vcam deck` command; returns the exit status.

    `unit` makes the text of the systemd unit, which the service knows how to start.
    """
    arguments = make_parser(unit).parse_args(words)
    run: Run = arguments.run
    return run(arguments)


def make_parser(unit: Callable[[], str]) -> CommandLine:
    """Make the parser of the words that follow."""
    parser = command_line("sana-vcam deck", ABOUT, EXAMPLES)
    verbs = add_verbs(parser, "package|companion|run|udev|unit")
    what = "write the plugin for the Stream Deck app and OpenDeck"
    _out(add_verb(verbs, "package", what, run=_package), "sana-vcam.streamDeckPlugin, here")
    what = "write the module for Bitfocus Companion"
    companion = add_verb(verbs, "companion", what, run=_companion)
    _out(companion, "its name with version, in this folder")
    _run_words(verbs)
    udev = add_verb(verbs, "udev", "let you open a deck without root", run=_udev)
    udev.add_argument("--print", action="store_true", help="print the rule itself")
    what = "print a systemd user unit for `deck run`"
    add_verb(verbs, "unit", what, run=lambda _: _print_unit(unit))
    return parser


def _out(verb: argparse.ArgumentParser, default: str) -> None:
    verb.add_argument("--out", type=Path, metavar="FILE", help=f"default: {default}")


def _package(arguments: argparse.Namespace) -> int:
    from sana_vcam.clients.deck.streamdeck.package import write  # imports nothing until it runs

    print(write(arguments.out))
    return EXIT_OK


def _companion(arguments: argparse.Namespace) -> int:
    # Each verb imports what it needs when it runs.
    from sana_vcam.clients.deck.companion.package import write

    print(write(arguments.out))
    return EXIT_OK


def _run_words(verbs: Verbs) -> None:
    verb = add_verb(verbs, "run", "drive the decks that are plugged in", run=_run)
    add = verb.add_argument
    add("--brightness", type=_percent, default=80, metavar="PERCENT", help="of the keys (80)")
    add(
        "--dim-after",
        type=float,
        metavar="SECONDS",
        help="dim the keys when nobody has touched them for so long; default: never",
    )
    add(
        "--key",
        type=_key,
        action="append",
        default=[],
        metavar="KEY",
        help="a key more in place of a look, from the end: voice, clip, record, take, back, "
        "rehearse:PRESET, setting:NAME or playlist:NAME; can be repeated",
    )
    add("--url", metavar="URL", help="a daemon elsewhere; its token in SANA_VCAM_CONTROL__TOKEN")


def _percent(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError("a percentage is from 0 to 100")
    return number


def _key(text: str) -> Extra:
    from sana_vcam.clients.deck.linux import layout

    kind, _, name = text.partition(":")
    acts = {act.value: act for act in layout.ACTS_ON_DEMAND}
    places: dict[str, Callable[[str], Extra]] = {
        "setting": layout.SettingPlace,
        "playlist": layout.PlaylistPlace,
        "rehearse": layout.RehearsalPlace,
    }
    if text in acts:
        return acts[text]
    if kind in places and name:
        return places[kind](name)
    known = [*acts, "rehearse:PRESET", "setting:NAME"]
    raise argparse.ArgumentTypeError(f"'{text}' is no key: {', '.join(known)} or playlist:NAME")


def _run(arguments: argparse.Namespace) -> int:
    try:
        from sana_vcam.clients.deck.linux.deck import Light
        from sana_vcam.clients.deck.linux.run import run
    except ModuleNotFoundError as error:
        raise StartupError(f"{error.name} is not installed: {install_command('deck')}") from error
    light = Light(arguments.brightness, arguments.dim_after)
    return run(light, arguments.url, tuple(arguments.key))


def _udev(arguments: argparse.Namespace) -> int:
    from sana_vcam.clients.deck.linux import plugged

    print(plugged.rule().rstrip() if arguments.print else plugged.INSTALL_RULE)
    return EXIT_OK


def _print_unit(unit: Callable[[], str]) -> int:
    print(unit(), end="")
    return EXIT_OK
