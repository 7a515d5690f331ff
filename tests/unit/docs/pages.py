"""The pages that ship, and what stands in them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from sana_vcam.docs import generate

PROJECT = generate.PACKAGE.parent
DOCS = generate.PACKAGE / "docs"
ALL = [PROJECT / "README.md", *sorted(DOCS.rglob("*.md"))]
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
OPERATORS = {"|", "&&", ";", "||", ">", ">>", "<"}
SUBSTITUTED = re.compile(r"\$\((sana-vcam [^)]*)\)")
OURS = re.compile(r"(?:\S*/)?sana-vcam|\$\(command -v sana-vcam\)")
AS_ELSE = {"sudo", "exec"}
"""Words before a command that leave it what it is."""


def name(page: object) -> str | None:
    return page.relative_to(PROJECT).as_posix() if isinstance(page, Path) else None


def fenced(page: Path, language: str) -> Iterator[str]:
    """The blocks of a language, without the indentation of a list that they may stand in."""
    for indent, found, text in FENCE.findall(page.read_text(encoding="utf-8")):
        if found == language:
            yield re.sub(rf"^{indent}", "", text, flags=re.MULTILINE)


def indented(page: Path) -> Iterator[str]:
    """The commands of ours that stand in a block that is made by indentation."""
    yield from re.findall(r"^ {4}(sana-vcam .*)$", prose(page), re.MULTILINE)


def prose(page: Path) -> str:
    """What is not in a block."""
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def commands(block: str) -> Iterator[list[str]]:
    """The commands of a shell's block, each as its words; two may stand side by side."""
    for line in re.sub(r"\\\n", " ", block).splitlines():
        for part in re.split(r"  +(?=sana-vcam )", line):
            yield from _commands_of(part)
            for inner in SUBSTITUTED.findall(part):
                yield shlex.split(inner)


def _commands_of(line: str) -> Iterator[list[str]]:
    reader = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    reader.whitespace_split, reader.commenters = True, "#"
    words: list[str] = []
    target = False
    for word in [*reader, ";"]:
        if word in OPERATORS:
            if words:
                yield _bare(words)
            words, target = [], word in {">", ">>", "<"}
        elif target:
            target = False
        else:
            words.append(word)


def _bare(words: list[str]) -> list[str]:
    while len(words) > 1 and (words[0] in AS_ELSE or re.match(r"[A-Z_]+=", words[0])):
        words = words[1:]
    return ["sana-vcam", *words[1:]] if OURS.fullmatch(words[0]) else words


def anchors(page: Path) -> set[str]:
    """The names of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
