"""Positions of keys in a TOML file, for messages that name the line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path


def position(path: Path, lines: Mapping[str, int], key: str) -> str:
    """Say path:line of a key, or of the nearest table around it that has a known line."""
    while key and key not in lines:
        key = key.rpartition(".")[0]
    return f"{path}:{lines[key]}" if key else str(path)


_HEADER = re.compile(r"""\s*(\[\[?)\s*([^\[\]"']+?)\s*\]""")
_KEY = re.compile(r"""\s*(["']?)([\w.-]+)\1\s*=""")


def line_numbers(text: str) -> dict[str, int]:
    """Find the line of each key and table, by a scan for the usual forms.

    tomllib keeps no positions. A form that the scan does not know has no line in messages.
    """
    found: dict[str, int] = {}
    table = ""
    in_text = False
    lists: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not in_text and (header := _HEADER.match(line)):
            brackets, table = header.groups()
            if brackets == "[[":
                found.setdefault(table, number)
                index = lists[table] = lists.get(table, -1) + 1
                table = f"{table}.{index}"
            else:
                # [presets.settings] is of the last one of [[presets]].
                first, dot, rest = table.partition(".")
                table = f"{first}.{lists[first]}{dot}{rest}" if first in lists and dot else table
            found[table] = number
        elif not in_text and (key := _KEY.match(line)):
            dotted = f"{table}.{key[2]}".lstrip(".")
            found[dotted] = number
            found.setdefault(dotted.rpartition(".")[0], number)
        if not line.lstrip().startswith("#") or in_text:
            in_text ^= (line.count('"""') + line.count("'''")) % 2 == 1
    return found


def syntax_problem(path: Path, text: str, error: tomllib.TOMLDecodeError) -> str:
    """Say what is wrong with text that is no TOML; Python puts the place into the message."""
    message, _, place = str(error).partition(" (at ")
    if twice := re.fullmatch(r"Cannot declare \('(\w+)',\) twice", message):
        message = f"{twice[1]} is there already: write all its keys below one line [{twice[1]}]"
    if match := re.match(r"line (\d+), column (\d+)", place):
        line, column = match.groups()
    else:
        line, column = str(text.count("\n") + 1), str(len(text.rpartition("\n")[2]) + 1)
    return f"{path}:{line}:{column}: this is not TOML: {message[0].lower()}{message[1:]}"
