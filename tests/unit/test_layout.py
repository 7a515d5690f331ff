"""The tests' own folders: each has a layer, and the units mirror the package."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import TESTS, layer

PACKAGE = TESTS.parent / "sana_vcam"
UNIT = TESTS / "unit"


def folders(top: Path) -> list[Path]:
    """The folders below `top` that hold tests."""
    return sorted({path.parent for path in top.rglob("test_*.py")})


@pytest.mark.parametrize(
    "folder", folders(TESTS), ids=lambda folder: str(folder.relative_to(TESTS))
)
def test_every_folder_gives_its_tests_a_marker_that_is_declared(
    folder: Path, pytestconfig: pytest.Config
):
    declared = {line.partition(":")[0] for line in pytestconfig.getini("markers")}
    assert layer(folder / "test_something.py") in declared


def test_a_test_has_the_marker_of_its_folder(request: pytest.FixtureRequest):
    assert [mark.name for mark in request.node.iter_markers()] == ["unit"]


@pytest.mark.parametrize("place", ["test_a.py", "system/test_a.py", "fakes/test_a.py"])
def test_a_test_outside_the_layers_is_refused(place: str):
    with pytest.raises(pytest.UsageError, match="is in no layer"):
        layer(TESTS / place)


def test_the_units_mirror_the_package():
    mirrored = [folder.relative_to(UNIT) for folder in folders(UNIT)]
    assert [str(path) for path in mirrored if not (PACKAGE / path).is_dir()] == []
