"""`sana-vcam presets`: listing and editing, with and without a running daemon."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sana_vcam.app.cli import main
from sana_vcam.config import paths
from sana_vcam.config.preset import BUILTIN_PRESETS
from sana_vcam.config.schema import ControlConfig
from sana_vcam.control.server.server import ControlServer
from tests.fakes.controls import FakeControls

FILE = """\
# mine
[[presets]]
id = "a"  # first
name = "A"
prompt = "look a"

[[presets]]
id = "b"
name = "B"
prompt = "look b"
"""


@pytest.fixture(autouse=True)
def no_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run-time files in a folder of the test's own, without a daemon in it."""
    monkeypatch.setattr(paths, "runtime_dir", lambda: tmp_path / "runtime")
    return tmp_path / "runtime"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / "sana-vcam" / "config.toml"
    path.parent.mkdir()
    path.write_text(FILE)
    return path


def own(path: Path) -> Path:
    """The presets' own file beside a configuration."""
    return path.with_name("presets.toml")


type Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    def call(*words: str) -> tuple[int, str, str]:
        status = main(["presets", *words])
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


def listed(call: Call, *words: str) -> list[dict[str, Any]]:
    status, out, _ = call(*words, "--json")
    assert status == 0
    found: list[dict[str, Any]] = json.loads(out)
    return found


def ids(presets: list[dict[str, Any]]) -> list[str]:
    return [preset["id"] for preset in presets]


def test_listing_for_people_and_for_scripts(call: Call, path: Path) -> None:
    assert call()[1].splitlines() == ["a  A  look a", "b  B  look b"]
    assert ids(listed(call)) == ["a", "b"]


def test_each_edit(call: Call, path: Path) -> None:
    status, out, _ = call("add", "c", "--name", "C", "--prompt", "look c", "--evolve", "On.")
    assert (status, out) == (0, f"wrote {own(path)}; the list has 3 presets now\n")
    assert listed(call)[2] == {
        "id": "c", "name": "C", "prompt": "look c", "seed": None, "evolve": ["On."],
        "image": None, "settings": {}, "group": None,
    }  # fmt: skip
    assert ids(listed(call, "move", "c", "first")) == ["c", "a", "b"]
    assert ids(listed(call, "move", "c", "2")) == ["a", "c", "b"]
    assert ids(listed(call, "move", "a", "last")) == ["c", "b", "a"]
    edited = listed(call, "edit", "c", "--id", "d", "--seed", "5", "--evolve", "")
    assert edited[0] == {
        "id": "d", "name": "C", "prompt": "look c", "seed": 5, "evolve": [],
        "image": None, "settings": {}, "group": None,
    }  # fmt: skip
    assert listed(call, "edit", "d", "--seed", "any")[0]["seed"] is None
    assert ids(listed(call, "remove", "d")) == ["b", "a"]
    assert path.read_text() == FILE


def test_an_image_and_settings_of_a_look(call: Call, path: Path) -> None:
    words = ["--name", "C", "--prompt", "", "--image", "cape.jpg", "--setting", "strength=0.5"]
    added = listed(call, "add", "c", *words, "--setting", "sr_scale=2x", "--setting", "keep=true")
    assert added[2]["image"] == "cape.jpg"
    assert added[2]["settings"] == {"strength": 0.5, "sr_scale": "2x", "keep": True}
    assert call()[1].splitlines()[2] == (
        "c  C  (no prompt)  [image cape.jpg]  [strength=0.5 sr_scale=2x keep=true]"
    )
    bare = listed(call, "edit", "c", "--image", "", "--setting", "")[2]
    assert (bare["image"], bare["settings"]) == (None, {})


def test_a_group_of_ones_own(call: Call, path: Path) -> None:
    assert listed(call, "edit", "a", "--group", "Work")[0]["group"] == "Work"
    assert call()[1].splitlines()[0] == "a  A  look a  [in Work]"
    assert listed(call, "edit", "a", "--group", "")[0]["group"] is None
    assert "at most 40" in call("edit", "a", "--group", "x" * 41)[2]


def test_a_reset_is_to_be_confirmed(call: Call, path: Path) -> None:
    status, out, _ = call("reset")
    assert status == 1
    assert "--yes" in out
    assert path.read_text() == FILE
    assert len(listed(call, "reset", "--yes")) == len(BUILTIN_PRESETS)
    assert path.read_text() == FILE
    assert "\n[[presets]]" not in own(path).read_text()


def test_a_named_file_is_edited_whichever_side_of_the_verb_it_stands(
    call: Call, path: Path, tmp_path: Path
) -> None:
    named = tmp_path / "named.toml"
    named.write_text(FILE)
    assert ids(listed(call, "remove", "a", "--config", str(named))) == ["b"]
    assert call("--config", str(named), "edit", "b", "--name", "Bee")[0] == 0
    assert listed(call, "--config", str(named))[0]["name"] == "Bee"
    assert (tmp_path / "named.presets.toml").exists()
    assert path.read_text() == named.read_text() == FILE
    assert not own(path).exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add", "a", "--name", "A", "--prompt", ""], "there is a preset 'a' already"),
        (["add", "Big", "--name", "A", "--prompt", ""], 'id = "Big": expected a short name'),
        (["edit", "a"], "nothing to change"),
        (["edit", "a", "--setting", "seed=4"], "settings = a table: expected a table of the"),
        (["edit", "a", "--setting", "x=" + "y" * 201], "settings = a table: expected a table"),
        (["edit", "a", "--seed", "x"], 'seed = "x": expected a whole number'),
        (["edit", "a", "--id", "b"], "another preset has that id"),
        (["edit", "x", "--name", "X"], "no preset 'x'; have: a, b"),
        (["remove", "x"], "no preset 'x'; have: a, b"),
    ],
)
def test_refusals_are_sentences(call: Call, path: Path, words: list[str], said: str) -> None:
    status, out, err = call(*words)
    assert (status, out) == (1, "")
    assert said in err
    assert path.read_text() == FILE
    assert not own(path).exists()


def test_a_wrong_place_is_wrong_usage(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for word in ("0", "x", "-1"):
        with pytest.raises(SystemExit):
            main(["presets", "move", "a", word])
        assert "first|last|N" in capsys.readouterr().err


async def test_a_running_daemon_carries_it_out(
    call: Call, path: Path, no_daemon: Path, tmp_path: Path
) -> None:
    controls = FakeControls()
    config = ControlConfig(port=0)
    async with ControlServer(config, controls, state_dir=tmp_path / "state", runtime_dir=no_daemon):

        def untouched() -> bool:
            return path.read_text() == FILE and not own(path).exists()

        async def edit(*words: str) -> tuple[int, str, str]:
            return await asyncio.to_thread(call, *words)

        done = await edit("add", "dusk", "--name", "Dusk", "--prompt", "x", "--seed", "3")
        assert done[:2] == (0, "done by the running daemon; the list has 3 presets now\n")
        assert (await edit("edit", "dusk", "--id", "eve", "--prompt", "y"))[0] == 0
        assert (await edit("move", "eve", "1"))[0] == 0
        eve = controls.looks[0]
        assert (eve.id, eve.prompt, eve.seed) == ("eve", "y", 3)
        assert (await edit("add", "eve", "--name", "E", "--prompt", ""))[0] == 1
        assert (await edit("remove", "eve"))[0] == 0
        refused = await edit("add", "unwritable", "--name", "X", "--prompt", "x")
        assert refused[0] == 1
        assert "may not write it" in refused[2]
        assert (await edit("reset", "--yes"))[0] == 0
        assert [name for name, _ in controls.done] == [
            "save_preset", "save_preset", "move_preset", "remove_preset", "reset_presets",
        ]  # fmt: skip
        assert untouched()
        # With a file named, the daemon is not asked.
        assert (await edit("remove", "a", "--config", str(path)))[0] == 0
    assert (await asyncio.to_thread(call, "remove", "b"))[1].startswith(f"wrote {own(path)}")
