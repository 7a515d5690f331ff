"""Pages written by hand: what they take from the code, their links, and what they show to type."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sana_vcam.app import cli
from sana_vcam.clients.ctl import words
from sana_vcam.config.schema import Config
from sana_vcam.docs import blocks, clientfacts, generate, modelfacts
from sana_vcam.docs.markdown import PageFault
from sana_vcam.reactor.models import MODELS, Model, find
from sana_vcam.standin.hosted import HOSTED

PROJECT = generate.PACKAGE.parent
DOCS = generate.PACKAGE / "docs"
ALL = [PROJECT / "README.md", *sorted(DOCS.rglob("*.md"))]
MODEL_PAGES = sorted((DOCS / "models").glob("*.md"))
SECTIONS = (
    "What it takes",
    "Pause, reset, a lost connection",
    "What it costs",
    "Try it here",
    "Configure it",
    "Limits",
    "What was checked",
)
OWN_PARSERS = {"ctl", "service", "deck", "doctor", "presets", "standin"}
"""Commands that read their words themselves, when they are used."""


def name(page: object) -> str | None:
    return page.relative_to(PROJECT).as_posix() if isinstance(page, Path) else None


# -- blocks ----------------------------------------------------------------------------------------


def test_a_block_follows_the_code_and_the_words_around_it_stay(tmp_path: Path) -> None:
    page = tmp_path / "x2.md"
    page.write_text("# Mine\n\n<!-- made: facts of x2 -->\nold\n<!-- /made -->\n\nMine, too.\n")
    text = blocks.fill(page)
    assert text.startswith("# Mine\n\n<!-- made: facts of x2 -->\n| ")
    assert text.endswith("|\n<!-- /made -->\n\nMine, too.\n")
    assert "old" not in text
    assert "`xmax/x2`" in text
    page.write_text(text)
    assert blocks.fill(page) == text
    assert blocks.pages(tmp_path) == [page]


@pytest.mark.parametrize(
    ("asked", "words"),
    [("weather of x2", "nothing makes 'weather of x2'"), ("facts of x3", "no record of 'x3'")],
)
def test_a_block_that_nothing_makes(tmp_path: Path, asked: str, words: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"<!-- made: {asked} -->\n<!-- /made -->\n")
    with pytest.raises(PageFault, match=words):
        blocks.fill(page)


def test_every_block_stands_in_pages_that_ship() -> None:
    asked = {block for page in ALL for block in re.findall(r"<!-- made: (\w+)", page.read_text())}
    assert asked == set(blocks.MAKERS)


# -- models ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.short_name)
def test_a_model_has_its_page_and_its_row(model: Model) -> None:
    page = modelfacts.page_of(model)
    text = page.read_text()
    assert text.startswith(f"# {model.title}\n")
    for made in ("facts", "settings", "commands"):
        found = re.search(rf"<!-- made: {made} of (\S+) -->", text)
        assert found
        assert find(found[1]) is model
    for section in SECTIONS:
        assert f"\n## {section}\n" in text
    for setting in model.settings:
        assert f"\n| `{setting.name}` | " in text
        assert setting.words, f"{model.name}: {setting.name} has no words"
    assert f"\n| [{model.title}]({page.name}) | " in (DOCS / "models/README.md").read_text()


def test_every_page_is_of_a_model() -> None:
    pages = {modelfacts.page_of(model) for model in MODELS}
    assert {*MODEL_PAGES} == {*pages, DOCS / "models/README.md"}


def test_the_stand_in_is_shown_where_there_is_one() -> None:
    for word, hosted in HOSTED.items():
        model = find(hosted.name)
        assert model is not None
        command = "sana-vcam demo" if word == "sana-streaming" else f"sana-vcam demo --model {word}"
        assert f"\n{command}\n" in modelfacts.page_of(model).read_text()


def test_a_model_without_a_page_is_an_error_in_words() -> None:
    model = replace(MODELS[0], name="reactor/new-one", aliases=("models/new-one",))
    with pytest.raises(PageFault, match=r"write sana_vcam/docs/models/new-one\.md"):
        modelfacts.page_of(model)


def test_the_commands_are_those_that_are_sent() -> None:
    made = modelfacts.commands("joyai")
    assert "| a run begins | `set_seed`, `set_reference_image`, `set_prompt`, `start` |" in made
    assert "| another prompt | `reset`, then as when a run begins |" in made
    assert "| no image any more | another session takes over |" in made
    assert "| another image | `switch_reference` |" in modelfacts.commands("vidu")
    assert "| pause, resume | `pause`, `resume` |" in modelfacts.commands("helios")


def test_a_range_can_be_typed() -> None:
    sana = find("sana")
    assert sana is not None
    seed = sana.setting("seed")
    assert seed is not None
    assert seed.span == "a whole number from 0 to 9007199254740991"
    assert seed.fault(-1) == "seed takes a whole number from 0 to 9007199254740991, not -1"
    halves = replace(seed, kind="number", least=0.5, most=None)
    assert halves.span == "a number from 0.5"
    assert replace(halves, least=None, most=float("inf")).span == "a number up to inf"
    assert replace(halves, least=None).span == "a number"


# -- the client ------------------------------------------------------------------------------------


def test_every_error_says_what_to_do() -> None:
    made = clientfacts.errors("")
    for kind in ("Refused", "Unavailable", "SessionLost", "SessionGone", "CommandRejected"):
        assert f"\n| `{kind}` | " in made
    assert "`retry_after_s`, `no_room`, `in_the_way`, `recoverable`" in made


@pytest.mark.parametrize("of", ["ReactorClient", "SanaClient", "Adapter"])
def test_every_method_says_what_it_does(of: str) -> None:
    made = clientfacts.methods(of)
    entries = [one for one in made.split("\n\n**`") if one]
    assert len(entries) > 5
    for entry in entries:
        assert "`**\n\n" in entry, f"no docstring: {entry}"


@pytest.mark.parametrize("of", ["ReactorClient", "SanaClient"])
def test_every_attribute_says_what_it_is(of: str) -> None:
    rows = clientfacts.attributes(of).splitlines()[2:]
    assert len(rows) > 1
    for row in rows:
        assert re.fullmatch(r"\| `\w+` \| \S.+ \|", row)


def test_every_handler_has_its_thread() -> None:
    page = (DOCS / "python-client.md").read_text()
    threads = page.partition("\n## Threads\n")[2].partition("\n## ")[0]
    made = "\n\n".join(map(clientfacts.methods, ("ReactorClient", "SanaClient")))
    handlers = re.findall(r"^\*\*`(on\w*)\(", made, re.MULTILINE)
    assert {"on", "on_frame", "on_message"} <= set(handlers)
    for handler in handlers:
        assert f"`{handler}`" in threads


# -- links and what is shown -----------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """The names of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", ALL, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?://", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{name(page)}: {target}"
        if anchor:
            assert anchor in anchors(found), f"{name(page)}: {target}"


def fenced(page: Path, language: str) -> Iterator[str]:
    yield from re.findall(
        rf"^```{language}\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE
    )


def shown(page: Path) -> Iterator[str]:
    """The commands of ours that a page shows to type."""
    for block in fenced(page, "sh"):
        for line in re.sub(r"\\\n", " ", block).splitlines():
            # Two may stand side by side.
            for part in re.split(r"  +(?=sana-vcam )", line.split("  #")[0]):
                if part.startswith("sana-vcam "):
                    yield re.split(r" [|>] ", part)[0].strip()


@pytest.mark.parametrize("page", [PROJECT / "README.md", DOCS / "edit.md", *MODEL_PAGES], ids=name)
def test_every_command_is_one(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for line in shown(page):
        _, verb, *rest = shlex.split(line, comments=True)
        if verb == "ctl":
            assert f"\n  {rest[0]} " in words.help_text(), line
            continue
        parsed = cli.make_parser().parse_args([verb, *rest])
        if verb not in OWN_PARSERS and hasattr(parsed, "set"):
            cli.overrides(parsed)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("page", [PROJECT / "README.md", DOCS / "python-client.md"], ids=name)
def test_every_piece_of_python_is_right(page: Path) -> None:
    """It can be compiled, and what it imports is there; that of the client's page is also run."""
    pieces = list(fenced(page, "python"))
    assert pieces
    for piece in pieces:
        tree = ast.parse(piece)
        compile(piece, str(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        for node in tree.body:
            if isinstance(node, ast.ImportFrom):
                module = importlib.import_module(node.module or "")
                for alias in node.names:
                    assert hasattr(module, alias.name), f"{name(page)}: {alias.name}"


@pytest.mark.parametrize("page", ALL, ids=name)
def test_every_configuration_is_right(page: Path) -> None:
    for block in fenced(page, "toml"):
        Config.model_validate(tomllib.loads(block))
