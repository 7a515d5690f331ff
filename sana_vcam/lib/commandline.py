"""Command lines in one manner: what a command does, its verbs, and examples below."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sana_vcam.lib.nearest import did_you_mean

type Run = Callable[[argparse.Namespace], int]
"""The function of a command: it is given the arguments, and gives the exit status."""
type Verbs = argparse._SubParsersAction[CommandLine]

EXIT_USAGE = 2
PRESET = "PRESET"
"""How the id of a preset that there is is called in usages."""
TOPIC = "TOPIC"
"""How a page of the documentation is called in usages."""
MOST_NAMED = 12
"""More words than these are not listed in a complaint."""


class CommandLine(argparse.ArgumentParser):
    """A parser whose complaints name the word that was probably meant, and its own usage."""

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse; words that are left over are complained of here, where they stand."""
        found, left = super().parse_known_args(args, namespace)
        if left:
            self._refuse(left)
        return found, left

    def _refuse(self, left: Sequence[str]) -> None:
        flag = next((word.partition("=")[0] for word in left if word.startswith("-")), None)
        if flag is None:
            self.error(f"one word too many: {left[0]}")
        near = did_you_mean(flag, self._option_string_actions)
        self.error(f"no such option: {flag}{near}")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        known = [str(choice) for choice in action.choices]
        what = "command" if isinstance(action, argparse._SubParsersAction) else "value"
        name = "" if what == "command" else f"{'/'.join(action.option_strings) or action.dest}: "
        near = did_you_mean(str(value), known)
        few = len(known) <= MOST_NAMED
        rest = f"; have: {', '.join(known)}" if few else f"; all of them: {self.prog} --help"
        raise argparse.ArgumentError(None, f"{name}no {what} {value}{near or rest}")


def command_line(name: str, about: str, examples: str) -> CommandLine:
    """Make the parser of a command; its texts are shown with their own line breaks."""
    return CommandLine(
        prog=name,
        description=about,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_verbs(parser: CommandLine, metavar: str) -> Verbs:
    """Have a command take verbs; without one it shows its help, which is wrong usage."""

    def show_help(*_: object) -> int:
        parser.print_help(sys.stderr)
        return EXIT_USAGE

    parser.set_defaults(run=show_help)
    return parser.add_subparsers(metavar=metavar)


def add_verb(
    verbs: Verbs, name: str, what: str, examples: str = "", **defaults: object
) -> CommandLine:
    """Add the parser of a verb, which sets `defaults` among the arguments.

    `what` says what it does: it begins in lower case and has no full stop.
    """
    verb = verbs.add_parser(
        name,
        help=what,
        description=f"{what[0].upper()}{what[1:]}.",
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.set_defaults(**defaults)
    return verb


def add_config(parser: argparse.ArgumentParser) -> None:
    """Add the flag that names another configuration file."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="the configuration file")


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the flag that asks for JSON."""
    parser.add_argument("--json", action="store_true", help="for scripts")
