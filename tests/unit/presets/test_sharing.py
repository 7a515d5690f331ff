"""Looks given away and taken over: what comes in, under which name, and what is left if not."""

from __future__ import annotations

import re
import stat
import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest

from sana_vcam.config import paths
from sana_vcam.config.preset import Preset
from sana_vcam.config.source import ConfigSource
from sana_vcam.errors import CommandFailed
from sana_vcam.media.images import measure
from sana_vcam.presets import sharing
from sana_vcam.presets.edits import MOST, Import, apply
from sana_vcam.presets.file import carry_out
from sana_vcam.presets.looksfile import SharedLook, read_looks, write_looks
from sana_vcam.presets.sharing import export_looks, open_offer

A = Preset(id="a", name="A", prompt="look a")
B = Preset(id="b", name="B", prompt="look b")
CAPE = Preset(id="cape", name="Cape", prompt="a cape", settings={"strength": 0.5})
PIXELS = np.random.default_rng(17).integers(0, 255, (30, 50, 3), np.uint8)
PICTURE = cv2.imencode(".png", PIXELS)[1].tobytes()
HUGE = cv2.imencode(".png", np.zeros((100, 100_000, 3), np.uint8))[1].tobytes()


def file_of(*looks: Preset, image: bytes | None = None) -> bytes:
    return write_looks(SharedLook(look, image if look.id == "cape" else None) for look in looks)


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ConfigSource:
    monkeypatch.setattr(paths, "SYSTEM_PATH", tmp_path / "etc" / "config.toml")
    folder = tmp_path / "sana-vcam"
    folder.mkdir()
    (folder / "presets.toml").write_text(
        '[[presets]]\nid = "a"\nname = "A"\nprompt = "look a"\n'
        '[[presets]]\nid = "cape"\nname = "Cape"\nprompt = "mine"\n'
    )
    return ConfigSource(environ={"XDG_CONFIG_HOME": str(tmp_path)})


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*")} - {".presets.toml.lock"}


def test_nothing_is_written_before_it_is_taken_and_an_image_is_made_anew(
    source: ConfigSource,
) -> None:
    folder = source.presets_file.parent
    offer = open_offer(file_of(CAPE, B, image=PICTURE + b"behind the end"))
    assert names(folder) == {"presets.toml"}
    done = carry_out(source, offer.choose(["cape", "b"], replace=False))
    assert [(one.id, one.name) for one in done.presets[2:]] == [("cape-2", "Cape 2"), ("b", "B")]
    image = done.presets[2].image
    assert re.fullmatch(r"looks/cape-[0-9a-f]{16}\.jpg", image)
    written = folder / image
    assert measure(written.read_bytes()) == (50, 30)
    assert b"behind" not in written.read_bytes()
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert stat.S_IMODE(written.parent.stat().st_mode) == 0o700
    assert source.load().config.presets == done.presets
    assert done.presets[2].settings == {"strength": 0.5}


def test_the_same_file_again_is_known_again(source: ConfigSource) -> None:
    data = file_of(A, CAPE, B, image=PICTURE)
    carry_out(source, open_offer(data).choose(["cape"], replace=False))
    first, cape, other = open_offer(data).placed(
        source.load().config.presets, source.presets_folder
    )
    assert (first.have, cape.have.id, other.have) == (A, "cape-2", None)
    assert (cape.taken_by.name, cape.preset.id, cape.preset.name) == ("Cape", "cape-3", "Cape 3")
    assert (other.taken_by, other.preset) == (None, B)


def test_ones_own_looks_are_known_again(source: ConfigSource) -> None:
    carry_out(source, open_offer(file_of(CAPE, image=PICTURE)).choose(["cape"], replace=True))
    (source.presets_folder / "own.png").write_bytes(PICTURE)
    presets = list(source.load().config.presets)
    own = CAPE.model_copy(update={"id": "own", "prompt": "x", "image": "own.png"})
    gone = CAPE.model_copy(update={"id": "gone", "prompt": "y", "image": "gone.png"})
    given = open_offer(export_looks([*presets, own], [], source.presets_folder))
    have = [one.have for one in given.placed([*presets, own, gone], source.presets_folder)]
    assert have == [*presets, own]
    (source.presets_folder / "own.png").write_bytes(cv2.imencode(".png", 255 - PIXELS)[1])
    have = [one.have for one in given.placed([*presets, own, gone], source.presets_folder)]
    assert have == [*presets, None]


def test_in_the_place_of_another(source: ConfigSource) -> None:
    offer = open_offer(file_of(B, CAPE))
    done = carry_out(source, offer.choose(["b", "cape"], replace=True))
    assert done.presets == (A, CAPE, B)
    assert done.before[1].prompt == "mine"
    with pytest.raises(CommandFailed, match="the file has no look 'x'"):
        offer.choose(["x"], replace=True)


def test_what_cannot_be_written_leaves_nothing(
    source: ConfigSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = source.presets_file.parent
    before = source.presets_file.read_text()
    full = Import((CAPE.model_copy(update={"image": "looks/c.jpg"}),), False, {"looks/c.jpg": b"x"})

    def fail(*_: object) -> None:
        assert (folder / "looks" / "c.jpg").exists()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sana_vcam.presets.file._write", fail)
    with pytest.raises(CommandFailed, match=r"cannot be written: No space left"):
        carry_out(source, full)
    assert names(folder) == {"presets.toml"}
    assert source.presets_file.read_text() == before


def test_a_list_that_is_full_takes_none() -> None:
    most = tuple(Preset(id=f"p{n}", name=f"P{n}", prompt="") for n in range(MOST - 1))
    with pytest.raises(CommandFailed, match=r"has 499 presets and room for 500; 2 more do not fit"):
        apply(Import((A, B)), most)
    assert len(apply(Import((A,)), most)) == MOST


def test_a_free_name_fits() -> None:
    long = Preset(id="i" * 64, name="n" * 64, prompt="")
    (_, second) = apply(Import((long,)), (long,))
    assert (second.id, second.name) == ("i" * 62 + "-2", "n" * 62 + " 2")


def test_the_first_edit_keeps_both_lists_images(tmp_path: Path, monkeypatch) -> None:
    config = tmp_path / "etc" / "config.toml"
    config.parent.mkdir()
    config.write_text('[[presets]]\nid = "a"\nname = "A"\nprompt = ""\nimage = "mine.png"\n')
    monkeypatch.setattr(paths, "SYSTEM_PATH", config)
    source = ConfigSource(environ={"XDG_CONFIG_HOME": str(tmp_path)})
    done = carry_out(source, open_offer(file_of(CAPE, image=PICTURE)).choose(["cape"], replace=0))
    assert done.path.parent == tmp_path / "sana-vcam"
    assert done.presets[0].image == str(tmp_path / "etc" / "mine.png")
    assert (done.path.parent / done.presets[1].image).is_file()


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (b"<svg/>", "the image of 'cape' is no PNG, JPEG or WebP image"),
        (PICTURE[:-40], "the image of 'cape' is damaged"),
        (HUGE, "the image of 'cape' is 100000x100 pixels; at most 8 million"),
    ],
)
def test_a_file_with_a_wrong_image_is_not_taken(image: bytes, words: str) -> None:
    with pytest.raises(CommandFailed, match=words):
        open_offer(file_of(A, CAPE, image=image))


def test_images_are_bounded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    data = file_of(CAPE, image=PICTURE)
    monkeypatch.setattr(sharing, "MOST_PIXELS_IN_ALL", 1000)
    with pytest.raises(CommandFailed, match="million pixels, the most that is taken at once"):
        open_offer(data)
    monkeypatch.setattr(sharing, "MOST_PIXELS_IN_ALL", 10_000)
    monkeypatch.setattr(sharing, "MOST_REMADE_BYTES", 100)
    with pytest.raises(CommandFailed, match="more than 0 MB"):
        open_offer(data)


def test_what_is_exported(tmp_path: Path) -> None:
    (tmp_path / "cape.png").write_bytes(PICTURE)
    caped = CAPE.model_copy(update={"image": "cape.png"})
    looks = read_looks(export_looks([A, caped, B], [], tmp_path))
    assert [look.preset for look in looks] == [A, CAPE, B]
    assert measure(looks[1].image) == (50, 30)
    assert [one.preset.id for one in read_looks(export_looks([A, B], ["b", "b"], tmp_path))] == [
        "b"
    ]


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("gone.png", "the image of preset 'cape', .*gone.png, is not there"),
        (".", "cannot be read: Is a directory"),
        ("large.png", "cannot be read: it has more than 8 MB"),
        ("text.png", "is no PNG, JPEG or WebP image"),
    ],
)
def test_an_export_says_which_image_is_wrong(tmp_path: Path, image: str, words: str) -> None:
    (tmp_path / "text.png").write_text("text")
    (tmp_path / "large.png").write_bytes(bytes(8_000_001))
    with pytest.raises(CommandFailed, match=words):
        export_looks([CAPE.model_copy(update={"image": image})], [], tmp_path)
    with pytest.raises(CommandFailed, match="no preset 'x'"):
        export_looks([A], ["x"], tmp_path)
    with pytest.raises(CommandFailed, match="there are no presets"):
        export_looks([], [], tmp_path)


def test_the_presets_file_is_plain_toml(source: ConfigSource) -> None:
    carry_out(source, open_offer(file_of(CAPE, image=PICTURE)).choose(["cape"], replace=True))
    tables = tomllib.loads(source.presets_file.read_text())["presets"]
    assert tables[1]["image"].startswith("looks/cape-")
