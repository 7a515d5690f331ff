"""Pages written by hand: what they take from the code. test_paste.py has what they show to type."""

from __future__ import annotations

import ast
import importlib
import re
from dataclasses import replace
from pathlib import Path

import pytest

from sana_vcam.docs import blocks, clientfacts, configfacts, doctorfacts, modelfacts
from sana_vcam.docs.markdown import PageFault
from sana_vcam.reactor.models import MODELS, Model, find
from sana_vcam.standin.hosted import HOSTED
from tests.unit.docs.pages import ALL, DOCS, fenced, name

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


def test_a_table_of_keys_and_of_findings(tmp_path: Path) -> None:
    made = configfacts.keys("cost.price_per_min capture")
    assert made.splitlines()[2].startswith(
        "| `[cost] price_per_min` | `0.0` | What a billed minute"
    )
    assert "| `[capture] linger_s` | `10.0` | " in made
    with pytest.raises(PageFault, match="no 'costs'"):
        configfacts.keys("costs")
    assert "| Driver | v4l2loopback (`driver.module`), " in doctorfacts.findings("")
    with pytest.raises(PageFault, match="no part"):
        doctorfacts.findings("sink")


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


# -- Python ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [DOCS / "scripting.md", DOCS / "python-client.md"], ids=name)
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
