"""Command lines in one manner: what a command does, its verbs, and examples below."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

type Run = Callable[[argparse.Namespace], int]
"""The function of a command: it is given the arguments, and gives the exit status."""
type Verbs = argparse._SubParsersAction[argparse.ArgumentParser]


def command_line(name: str, about: str, examples: str) -> argparse.ArgumentParser:
    """Make the parser of a command; its texts are shown with their own line breaks."""
    return argparse.ArgumentParser(
        prog=name,
        description=about,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_verb(
    verbs: Verbs, name: str, what: str, examples: str = "", **defaults: object
) -> argparse.ArgumentParser:
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
