"""What is installed and under which licences: read from here, and from packages made up."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest

from sana_vcam.app.cli import main
from sana_vcam.errors import EXIT_FAILURE, EXIT_OK
from sana_vcam.host import licences
from sana_vcam.host.licences import Reach

PACKAGE = Path(licences.__file__).parents[1]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("MIT", Reach.OWN_WORK),
        ("MIT AND PSF-2.0", Reach.OWN_WORK),
        ("MPL-2.0", Reach.OWN_FILES),
        ("Apache-2.0 OR GPL-2.0-only", Reach.OWN_WORK),
        ("MIT AND (GPL-2.0-only OR LGPL-2.1-only)", Reach.OWN_FILES),
        ("BSD-3-Clause AND GPL-2.0-or-later", Reach.WHOLE),
        ("GPL-3.0-only WITH GCC-exception-3.1", Reach.WHOLE),
        ("MIT AND Something-1.0", Reach.UNKNOWN),
        ("BSD License", Reach.UNKNOWN),
        ("(MIT", Reach.UNKNOWN),
        ("MIT AND", Reach.UNKNOWN),
        ("", Reach.UNKNOWN),
    ],
)
def test_an_expression_asks_what_its_parts_ask(expression: str, expected: Reach):
    assert licences.reach(expression) is expected


def package(folder: Path, name: str, *lines: str) -> None:
    """Lay the metadata of a package that is installed in `folder`."""
    place = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    place.mkdir()
    head = ("Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0")
    (place / "METADATA").write_text("\n".join((*head, *lines)) + "\n")
    (place / "RECORD").write_text(f"{name}.libs/libx264-d65.so.165,,\n")
    (folder / f"{name}.libs").mkdir()
    (folder / f"{name}.libs/libx264-d65.so.165").touch()


@pytest.fixture
def find(tmp_path: Path) -> Callable[[str], metadata.Distribution]:
    """A machine with sana-vcam and what is laid beside it."""
    package(
        tmp_path,
        "sana-vcam",
        "License-Expression: MIT",
        "Requires-Dist: plain>=1",
        "Requires-Dist: absent; sys_platform == 'win32'",
        "Requires-Dist: demoed[fast]; extra == 'demo'",
        "Requires-Dist: sana-vcam[demo]; extra == 'test'",
        "Requires-Dist: Tool_Of.Tests>=3; extra == 'test'",
        "Provides-Extra: demo",
        "Provides-Extra: test",
    )

    def find(name: str) -> metadata.Distribution:
        found = metadata.distributions(name=name, path=[str(tmp_path)])
        for distribution in found:
            return distribution
        raise metadata.PackageNotFoundError(name)

    return find


def test_what_is_wanted_is_followed_with_its_extras(find, tmp_path: Path):
    package(tmp_path, "plain", "License: MIT License", "Requires-Dist: deep; extra == 'never'")
    package(tmp_path, "demoed", "License: x", "Requires-Dist: deep; extra == 'fast'")
    package(tmp_path, "deep", "Classifier: License :: OSI Approved :: BSD License")
    package(tmp_path, "tool-of-tests", "Classifier: License :: OSI Approved :: MIT License")

    found = licences.inventory(find)

    assert [(one.name, one.licence, one.wanted_by) for one in found.installed] == [
        ("deep", "BSD-3-Clause", ("demo",)),
        ("demoed", "x", ("demo",)),
        ("plain", "MIT", ("",)),
        ("tool-of-tests", "MIT", ("test",)),
    ]
    assert found.missing == ("absent",)
    assert [one.name for one in found.conflicts] == ["demoed"]
    assert "demoed: x: does not fit" in licences.render(found)
    assert "plain carries x264 (GPL-2.0-or-later)" in licences.render(found)


@pytest.mark.parametrize(
    ("name", "wanted", "fits"),
    [
        ("other", ("",), False),
        ("other", ("demo", "test"), False),
        ("other", ("test",), True),
        ("pyvirtualcam", ("",), True),
    ],
)
def test_copyleft_needs_a_reason(name: str, wanted: tuple[str, ...], fits: bool):
    assert licences.Dependency(name, "1", "GPL-2.0-only", wanted).fits is fits


def test_no_licence_of_what_is_installed_here_conflicts():
    """The extras demo, deck and test are here wherever the tests are."""
    found = licences.inventory()
    assert found.conflicts == ()
    names = {one.name.lower() for one in found.installed}
    assert {"aiortc", "reactor-runtime", "streamdeck", "pytest"} <= names
    unasked = [one for one in found.installed if one.condition and one.wanted_by != ("test",)]
    assert {one.name for one in unasked} <= licences.ON_CONDITION.keys()


def test_what_the_plugins_carry_is_read_from_their_notices():
    names = [one.name for one in licences.inventory().inside]
    assert {"@elgato/streamdeck", "@companion-module/base", "ws"} <= set(names)
    assert all(one.reach is Reach.OWN_WORK for one in licences.inventory().inside)


def test_the_dashboard_is_all_ours():
    """It loads nothing from elsewhere, and has no notice of others to show."""
    sources = {path.suffix for path in (PACKAGE / "clients/dashboard").rglob("*.*")}
    assert sources <= {".css", ".html", ".js", ".svg", ".webp"}
    for path in (PACKAGE / "clients/dashboard").rglob("*.js"):
        text = path.read_text("utf-8")
        assert not re.search(r"@license|@preserve|Copyright", text), path.name
        assert not re.search(r"""(from|import\() *["']https?:""", text), path.name


def test_the_command_lists_all_of_it(capsys: pytest.CaptureFixture[str]):
    assert main(["licences"]) == EXIT_OK
    text = capsys.readouterr().out
    assert re.search(r"^reactor-sdk +\S+ +Apache-2.0$", text, re.MULTILINE)
    assert text.endswith("no licence conflicts\n")

    assert main(["licences", "--json"]) == EXIT_OK
    told = json.loads(capsys.readouterr().out)
    assert told["conflicts"] == []
    assert {"name", "version", "licence", "fits"} <= told["installed"][0].keys()


def test_the_command_fails_where_one_conflicts(monkeypatch, capsys: pytest.CaptureFixture[str]):
    bad = licences.Dependency("bad", "1", "AGPL-3.0-only", ("",))
    monkeypatch.setattr(licences, "inventory", lambda: licences.Inventory((bad,), ()))
    assert main(["licences"]) == EXIT_FAILURE
    assert "bad: AGPL-3.0-only: does not fit" in capsys.readouterr().out
