"""`sana-vcam help [TOPIC]`: the pages that ship, in the terminal."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from sana_vcam.errors import EXIT_OK
from sana_vcam.lib import pagetext
from sana_vcam.lib.commandline import CommandLine, Verbs
from sana_vcam.lib.nearest import did_you_mean
from sana_vcam.lib.printing import printable
from sana_vcam.lib.screen import Ink, cells, columns, cut_lines, inked, is_terminal, padded
from sana_vcam.lib.streams import PLAIN

FOLDERS = {"": "Pages", "apps": "Applications", "clients": "Clients", "models": "Models"}
"""The folders of pages, and what stands above their topics; each has its README as a topic."""
ALL_PAGES = "pages"
"""The topic that is the list of all pages."""
ALSO: Mapping[str, str] = {
    "key": "cost",
    "price": "cost",
    "chrome": "meet",
    "chromium": "meet",
    "obs-studio": "obs",
    "api": "control-api",
    "symptoms": "troubleshooting",
}
"""What people may call a topic."""
WIDTH, WIDEST = 80, 100
"""Columns where there is no terminal, and the most: longer lines are hard to read."""

type Main = Callable[[Sequence[str]], int]
"""What runs a command line."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A page: the word that it is asked for by, and where it is among the pages."""

    word: str
    path: str
    file: Traversable

    @property
    def text(self) -> str:
        """The page's Markdown."""
        return self.file.read_text(encoding="utf-8")

    @property
    def title(self) -> str:
        """The page's first heading."""
        return pagetext.title_of(self.text)


@cache
def topics() -> Mapping[str, Topic]:
    """Find the pages by their words, in the order in which they are listed; reads none of them."""
    docs = files("sana_vcam") / "docs"
    return {topic.word: topic for folder in FOLDERS for topic in _in(folder, docs)}


def _in(folder: str, docs: Traversable) -> Iterator[Topic]:
    where = docs / folder if folder else docs
    for file in sorted(where.iterdir(), key=lambda one: one.name):
        stem, dot, ending = file.name.rpartition(".")
        if dot and ending == "md":
            word = (folder or ALL_PAGES) if stem == "README" else stem
            yield Topic(word, f"{folder}/{file.name}".lstrip("/"), file)


def show_help(
    arguments: argparse.Namespace, parser: CommandLine, commands: Verbs, main: Main
) -> int:
    """Show the topics, a page, or by `main` the help of a command; gives the exit status.

    A word that is both is the page, which says how the other one is asked for.
    """
    words: list[str] = arguments.words
    if not words:
        _print_topics(as_json=arguments.json)
        return EXIT_OK
    asked = words[0].removesuffix(".md").rpartition("/")[2] if len(words) == 1 else ""
    topic = topics().get(ALSO.get(asked, asked))
    if topic is not None:
        _print_topic(topic, is_command=topic.word in commands.choices, as_json=arguments.json)
        return EXIT_OK
    if words[0] not in commands.choices:
        near = did_you_mean(words[0], [*topics(), *ALSO, *commands.choices])
        parser.error(f"no topic {printable(words[0])}{near or '; all of them: sana-vcam help'}")
    if arguments.json:
        parser.error("--json is for topics")
    return main([*words, "--help"])


# -- what is printed ---


def _print_topics(*, as_json: bool) -> None:
    known = topics().values()
    if as_json:
        listed = [{"topic": one.word, "title": one.title, "page": one.path} for one in known]
        print(json.dumps({"topics": listed}, indent=2, ensure_ascii=False))
        return
    width = max(map(cells, topics())) + 2
    lines = ["sana-vcam help TOPIC shows a page; sana-vcam --help lists the commands."]
    for folder, title in FOLDERS.items():
        lines += ["", inked(title, Ink.STRONG, sys.stdout)]
        own = (one for one in known if one.path.rpartition("/")[0] == folder)
        lines += [f"  {padded(one.word, width)}{one.title}" for one in own]
    print(cut_lines("\n".join(lines), sys.stdout))


def _print_topic(topic: Topic, *, is_command: bool, as_json: bool) -> None:
    page = topic.text
    if as_json:
        told = {"topic": topic.word, "title": topic.title, "page": topic.path, "text": page}
        print(json.dumps(told, indent=2, ensure_ascii=False))
        return
    width = min(columns(sys.stdout) or WIDTH, WIDEST)
    text = pagetext.as_text(page, width, lambda line: inked(line, Ink.STRONG, sys.stdout))
    named = [word for target in pagetext.links(page) if (word := _word_of(target)) != topic.word]
    if related := ", ".join(filter(None, dict.fromkeys(named))):
        text += (
            "\n"
            + "\n".join(pagetext.filled(f"See also: sana-vcam help {related}", width, "", "  "))
            + "\n"
        )
    if is_command:
        text += f"\nThe command's own help: sana-vcam {topic.word} --help\n"
    _show(text)


def _word_of(target: str) -> str:
    """Tell which topic a link between pages leads to; empty if to none."""
    path = target.partition("#")[0]
    name, folder = path.rpartition("/")[2], path.rpartition("/")[0].rpartition("/")[2]
    word = folder if name == "README.md" else name.removesuffix(".md")
    return word if word in topics() else ""


def _show(text: str) -> None:
    """Print a text; on a terminal that is too low for it, by the reader's pager."""
    if is_terminal(sys.stdout) and text.count("\n") >= shutil.get_terminal_size().lines:
        words = shlex.split(os.environ.get("PAGER", "")) or ["less", "-R"]
        if program := shutil.which(words[0]):
            sent = text.encode(sys.stdout.encoding or "utf-8", PLAIN)
            with suppress(OSError):
                subprocess.run([program, *words[1:]], input=sent, check=False)
                return
    print(text, end="")
