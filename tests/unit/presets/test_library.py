"""The presets as clients get them: with the address of their still, edited, and continued."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sana_vcam.config.preset import Preset
from sana_vcam.errors import CommandFailed
from sana_vcam.media.frames import ModelFrame
from sana_vcam.presets.edits import Edit, apply
from sana_vcam.presets.library import PresetLibrary
from sana_vcam.presets.thumbnails import Thumbnails

A = Preset(id="a", name="A", prompt="look a", evolve=("More of a.",))
B = Preset(id="b", name="B", prompt="look b")


class Shelf:
    """Presets that are edited at once."""

    def __init__(self) -> None:
        self.presets: tuple[Preset, ...] = (A, B)

    async def edit(self, edit: Edit) -> None:
        self.presets = apply(edit, self.presets)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def stills(tmp_path: Path) -> Thumbnails:
    return Thumbnails(tmp_path)


@pytest.fixture
def library(shelf: Shelf, stills: Thumbnails) -> PresetLibrary:
    return PresetLibrary(lambda: shelf.presets, stills, shelf.edit)


def test_each_look_says_where_its_still_is(library: PresetLibrary, stills: Thumbnails) -> None:
    stills.put(B, ModelFrame(np.zeros((704 * 3 // 2, 1280), np.uint8), 0, 0.0))
    first, second = library.listed()
    assert first.thumbnail is None
    assert second.thumbnail == f"/v1/thumbnail.jpg?id=b&v={stills.version(B)}"
    assert (first.id, first.evolve, second.prompt) == ("a", ("More of a.",), "look b")


async def test_the_still_itself(library: PresetLibrary, stills: Thumbnails) -> None:
    stills.put(B, ModelFrame(np.zeros((704 * 3 // 2, 1280), np.uint8), 0, 0.0))
    assert (await library.thumbnail("b")).startswith(b"\xff\xd8")
    with pytest.raises(CommandFailed, match="there is no still of 'a' yet") as none:
        await library.thumbnail("a")
    with pytest.raises(CommandFailed, match="no preset 'x'") as unknown:
        await library.thumbnail("x")
    assert none.value.code == unknown.value.code == "not_found"


async def test_edits_return_what_clients_are_told(library: PresetLibrary, shelf: Shelf) -> None:
    dusk = Preset(id="dusk", name="Dusk", prompt="x")
    await library.save(dusk, None)
    assert shelf.presets == (A, B, dusk)
    assert [look.id for look in await library.move("dusk", 0)] == ["dusk", "a", "b"]
    assert await library.remove("dusk") == dusk
    await library.save(dusk, "a")
    assert shelf.presets == (dusk, B)
    assert len(await library.reset()) > 20
    with pytest.raises(CommandFailed, match="no preset 'dusk'"):
        await library.remove("dusk")


def test_suggestions_know_the_presets(library: PresetLibrary) -> None:
    assert library.suggest("look a", "a")[0].prompt == "More of a."
    assert library.suggest("look b", "b")[0].prompt.startswith("look b, ")


async def test_without_a_file_nothing_can_be_edited(stills: Thumbnails) -> None:
    library = PresetLibrary(lambda: (A,), stills, None)
    with pytest.raises(CommandFailed, match="without a configuration file") as refused:
        await library.remove("a")
    assert refused.value.code == "rejected"
