"""The rules of sana_vcam/docs/architecture.md: what may import what, sizes, names and style."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grimp
import pytest
from importlinter.api import read_configuration
from importlinter.contracts.acyclic_siblings import AcyclicSiblingsContract
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract
from importlinter.domain.contract import Contract

import sana_vcam

PACKAGE = Path(sana_vcam.__file__).parent
PROJECT = PACKAGE.parent
PAGE = PACKAGE / "docs" / "architecture.md"

KINDS = {
    "acyclic_siblings": AcyclicSiblingsContract,
    "forbidden": ForbiddenContract,
    "layers": LayersContract,
}

BREAKS = {
    "The floors": ("sana_vcam.engine.engine", "sana_vcam.control.commands"),
    "Inside media: the way of a frame": ("sana_vcam.media.sinks.sink", "sana_vcam.media.playout"),
    "Inside control: server, commands, words": (
        "sana_vcam.control.protocol.messages",
        "sana_vcam.control.server.server",
    ),
    "No circles, at any depth": ("sana_vcam.engine.states", "sana_vcam.engine.engine"),
    "Only reactor knows the SDK": ("sana_vcam.engine.session", "reactor_sdk"),
    "Decisions know no library of pixels, sockets or cameras": ("sana_vcam.engine.demand", "cv2"),
    "Clients know the daemon by its API only": (
        "sana_vcam.clients.connection",
        "sana_vcam.engine.engine",
    ),
    "The stand-in stands alone": ("sana_vcam.standin.app", "sana_vcam.media.frames"),
}
"""For each contract an import that breaks it: who imports, and what."""

BOTH_ENDS_OF_THE_WIRE = ("reactor/sana.py", "standin/")
"""A message of the model has one name at the client's end and at the stand-in's, in each of its
wires; nothing else is named twice."""


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("sana_vcam", include_external_packages=True, cache_dir=None)


@pytest.fixture(scope="module")
def contracts() -> dict[str, Contract]:
    configuration: dict[str, Any] = read_configuration(str(PROJECT / "pyproject.toml"))
    return {
        options["name"]: KINDS[options["type"]](
            name=options["name"],
            session_options=configuration["session_options"],
            contract_options=options,
        )
        for options in configuration["contracts_options"]
    }


def test_every_contract_has_an_import_that_breaks_it(contracts: dict[str, Contract]):
    assert contracts.keys() == BREAKS.keys()


@pytest.mark.parametrize("name", BREAKS)
def test_a_contract_holds_and_can_fail(
    name: str, graph: grimp.ImportGraph, contracts: dict[str, Contract]
):
    contract = contracts[name]
    assert contract.check(graph, verbose=False).kept, f"run: lint-imports; {name}"
    importer, imported = BREAKS[name]
    assert importer in graph.modules
    graph.add_import(importer=importer, imported=imported, line_number=1, line_contents="import")
    try:
        assert not contract.check(graph, verbose=False).kept
    finally:
        graph.remove_import(importer=importer, imported=imported)


def test_the_map_names_every_room():
    """Each folder of the root, and each one below it, has its line on the page."""
    said = PAGE.read_text("utf-8")
    rooms = {path.parent for path in PACKAGE.rglob("*.py")} - {PACKAGE}
    names = {f"{room.relative_to(PACKAGE).as_posix()}/" for room in rooms}
    listed = set(re.findall(r"^\| `([\w/]+/)` \|", said, re.MULTILINE))
    assert listed == names


def test_the_root_is_small():
    own = {"LICENSE", "__init__.py", "__main__.py", "__pycache__", "py.typed"}
    assert len({path.name for path in PACKAGE.iterdir()} - own) <= 14


def modules() -> Iterator[tuple[str, str]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).as_posix(), path.read_text("utf-8")


MODULES = dict(modules())


def test_no_file_has_more_than_500_lines():
    assert {name: n for name, text in MODULES.items() if (n := text.count("\n")) > 500} == {}


def test_no_class_has_more_than_400_lines():
    assert {
        f"{name}: {node.name}"
        for name, node in nodes(ast.ClassDef)
        if (node.end_lineno or 0) - node.lineno >= 400
    } == set()


def test_a_class_name_stands_for_one_notion():
    homes: dict[str, list[str]] = defaultdict(list)
    for name, node in nodes(ast.ClassDef):
        homes[node.name].append(name)
    assert {
        name: where
        for name, where in homes.items()
        if len(where) > 1 and not all(home.startswith(BOTH_ENDS_OF_THE_WIRE) for home in where)
    } == {}


def test_a_logger_is_called_log():
    assert {
        name
        for name, text in MODULES.items()
        if re.search(r"^(?!log\b)\w+(: .*)? = logging\.getLogger", text, re.MULTILINE)
    } == set()


def test_a_functions_docstring_says_what_it_does():
    """A property is a value, which a noun phrase describes."""
    assert {
        f"{name}:{node.lineno} {node.name}: {doc.splitlines()[0]}"
        for name, node in nodes(ast.FunctionDef, ast.AsyncFunctionDef)
        if (doc := ast.get_docstring(node))
        and not any(is_property(decorator) for decorator in node.decorator_list)
        and re.match(r"(The|Returns?)\b", doc)
    } == set()


def is_property(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Name) and decorator.id in {"property", "cached_property"}


def nodes[T: ast.AST](*kinds: type[T]) -> Iterator[tuple[str, T]]:
    for name, text in MODULES.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, kinds):
                yield name, node
