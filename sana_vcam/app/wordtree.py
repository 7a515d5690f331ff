"""All that can be typed after `sana-vcam`, as data, made from the parsers themselves."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sana_vcam.app.topics import topics
from sana_vcam.lib.commandline import PRESET, TOPIC

type Parser = argparse.ArgumentParser

DESCRIBE = "describe"
"""The default of a command that parses its own words: the function that makes their parser."""
_PLACEHOLDER = re.compile(r"[A-Z]|^N$")


@dataclass(frozen=True, slots=True)
class Values:
    """What may stand at a place: words, files, or ids of presets."""

    words: tuple[str, ...] = ()
    files: bool = False
    presets: bool = False
    unfinished: bool = False
    """Whether a word is a beginning that more follows, such as sink.kind=."""


@dataclass(frozen=True, slots=True)
class FlagWord:
    """An option: how it is typed, what it does, and what follows it; None: nothing."""

    names: tuple[str, ...]
    about: str
    values: Values | None
    placeholder: str = ""
    """What stands for the value in usages."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A command: its options, its verbs, and what stands behind it."""

    about: str
    parser: Parser
    flags: tuple[FlagWord, ...] = ()
    verbs: Mapping[str, Branch] = field(default_factory=dict)
    places: tuple[Values, ...] = ()
    repeats: bool = False
    """Whether the last place may be filled again and again."""

    def walk(self, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Branch]]:
        """Yield this command and all below it, each with the words that lead to it."""
        yield path, self
        for name, verb in self.verbs.items():
            yield from verb.walk((*path, name))


def branch_of(parser: Parser, about: str, choices: Mapping[str, Values]) -> Branch:
    """Describe a parser. `choices` has what follows options by their names in Python."""
    flags: list[FlagWord] = []
    places: list[Values] = []
    verbs: dict[str, Branch] = {}
    repeats = False
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {one.dest: one.help or "" for one in action._choices_actions}
            for name, below in action.choices.items():
                verbs[name] = branch_of(_described(below), helps.get(name, ""), choices)
        elif action.option_strings:
            takes = action.nargs != 0
            values = _values(action, choices) if takes else None
            names = tuple(action.option_strings)
            flags.append(FlagWord(names, _about(action, parser), values, _placeholder(action)))
        else:
            places.append(_values(action, choices))
            repeats = action.nargs in {"*", "+"}
    return Branch(about, parser, tuple(flags), verbs, tuple(places), repeats)


def _described(parser: Parser) -> Parser:
    """Find the parser of a command that parses its own words."""
    make: Callable[[], Parser] | None = parser.get_default(DESCRIBE)
    return parser if make is None else make()


def _placeholder(action: argparse.Action) -> str:
    """Say what stands for the value; a list of words that can be named has one word for it."""
    name = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    return "WORD" if "|" in name else name


def _about(action: argparse.Action, parser: Parser) -> str:
    """Write an option's help as the parser's own help does, on one line."""
    text = action.help or ""
    values = vars(action) | {"prog": parser.prog}
    return " ".join((text % values if "%" in text else text).split())


def _values(action: argparse.Action, choices: Mapping[str, Values]) -> Values:
    if action.choices is not None:
        return Values(tuple(str(one) for one in action.choices))
    if action.option_strings and action.dest in choices:
        return choices[action.dest]
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    if metavar == PRESET:
        return Values(presets=True)
    if metavar == TOPIC:
        return Values(tuple(topics()))
    if "|" in metavar:
        words = (word for word in metavar.split("|") if not _PLACEHOLDER.search(word))
        return Values(tuple(words))
    return Values(files=action.type is Path or metavar == "FILE")
