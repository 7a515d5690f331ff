"""Presets from the dashboard's commands and from an editor, up to the picture that they make."""

from __future__ import annotations

import asyncio
import base64
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest_asyncio

from sana_vcam.config.preset import Preset
from sana_vcam.config.presetsfile import preset_table
from tests.system.daemon import (
    PATIENCE_S,
    Bridge,
    Standin,
    View,
    environment,
    running_daemon,
    running_standin,
)

NOIR = Preset(id="noir", name="Film noir", prompt="film noir, black and white")
NEON = Preset(id="neon", name="Neon", prompt="neon cyberpunk city lights")
FILE = f"# my looks\n\n{preset_table(NEON)}\n# the end\n"
# Mean differences of pictures: JPEG's and I420's rounding, and that of two looks.
# On a busy machine the viewer here may leave out the very picture that was kept: this is one a few
# frames from it. Another look is further away.
SAME = 15.0
OTHER = 20.0
GREY = 2.5
COLOURED = 8.0


@pytest_asyncio.fixture
async def standin() -> AsyncIterator[Standin]:
    async with running_standin() as running:
        yield running


def config_file(home: Path, text: str = FILE) -> Path:
    path = home / "xdg_config_home" / "sana-vcam" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def grey(view: View) -> bool:
    return view.colourfulness < GREY and view.luma.std() > 25


def coloured(view: View) -> bool:
    return view.colourfulness > COLOURED


def ids(presets: list[dict[str, Any]]) -> list[str]:
    return [preset["id"] for preset in presets]


async def test_a_look_saved_while_streaming_is_listed_and_applied(standin: Standin, tmp_path: Path):
    path = config_file(tmp_path)
    async with running_daemon(tmp_path, standin.url, "--preset", "neon") as bridge:
        control = bridge.control
        await control.ok("subscribe", events=["state", "presets"])
        await control.live()
        await bridge.viewer.until(coloured, "the neon edit")
        saved = NOIR.model_dump(mode="json")
        assert await control.ok("save_preset", **saved) == saved
        await control.until_presets(lambda found: ids(found) == ["neon", "noir"], "both")
        await control.ok("apply_preset", id="noir")
        await bridge.viewer.until(grey, "the noir edit")
        suggested = await control.ok("suggest")
        assert all(NOIR.prompt in one["prompt"] for one in suggested["suggestions"])
        moved = await control.ok("move_preset", id="noir", place=0)
        assert ids(moved["presets"]) == ["noir", "neon"]
        await control.ok("save_preset", **saved | {"id": "film", "replaces": "noir"})
        await control.until(lambda state: state["preset"] == "film", "called film")
        await control.ok("remove_preset", id="film")
        await control.until(lambda state: state["preset"] is None, "no preset")
        assert control.state["prompt"] == NOIR.prompt
        await control.ok("save_preset", **saved)
        refused = await control.send("remove_preset", id="neon")
        assert "start.preset: no preset 'neon'; have: noir" in refused["data"]["message"]
        assert control.state["model_prompt"] == NOIR.prompt
        assert control.state["output"] == "live"
    # Its own five writes are read once each, and not as somebody else's again.
    assert sum("configuration read again" in line for line in bridge.log) == 5
    assert path.read_text() == FILE
    assert 'id = "noir"' in path.with_name("presets.toml").read_text()


async def test_an_edit_by_hand_is_picked_up_and_a_wrong_one_is_named(
    standin: Standin, tmp_path: Path
):
    path = config_file(tmp_path)
    async with running_daemon(tmp_path, standin.url, START__CONNECT="false") as bridge:
        control = bridge.control
        await control.ok("subscribe", events=["state", "presets"])
        path.write_text(FILE + preset_table(NOIR))
        await control.until_presets(lambda found: ids(found) == ["neon", "noir"], "both")
        path.write_text(FILE + "[[presets]]\nid = ?\n")
        await control.until(lambda state: "is not in force" in (state["error"] or ""), "wrong")
        line = FILE.count("\n") + 2
        assert f"{path}:{line}:6: this is not TOML" in control.state["error"]
        listed = await control.ok("list_presets")
        assert ids(listed["presets"]) == ["neon", "noir"]
        refused = await control.send("save_preset", **NOIR.model_dump(mode="json"))
        assert refused["data"]["code"] == "rejected"
        assert f"{path}:{line}:6" in refused["data"]["message"]
        path.write_text(FILE)
        await control.until(lambda state: state["error"] is None, "right again")
        await control.until_presets(lambda found: ids(found) == ["neon"], "one")
        # From the first edit by a program on, the list is in a file of its own.
        await control.ok("save_preset", **NOIR.model_dump(mode="json"))
        own = path.with_name("presets.toml")
        path.write_text(FILE + preset_table(NOIR))
        own.write_text(f"{own.read_text()}\n[[presets]]\nid = ?\n")
        await control.until(lambda state: "is not in force" in (state["error"] or ""), "wrong")
        assert f"{own}:" in control.state["error"]
        own.write_text(preset_table(NOIR))
        await control.until(lambda state: state["error"] is None, "right again")
        await control.until_presets(lambda found: ids(found) == ["noir"], "noir alone")
    assert sum("stays as it was" in line for line in bridge.log) == 2
    assert sum("are not in force" in line for line in bridge.log) == 1


async def test_the_command_line_edits_the_file_that_the_daemon_has(
    standin: Standin, tmp_path: Path
):
    dotfile = tmp_path / "dotfiles" / "vcam.toml"
    dotfile.parent.mkdir()
    dotfile.write_text(FILE)
    named = tmp_path / "named.toml"
    named.symlink_to(dotfile)
    own = tmp_path / "named.presets.toml"
    settings = {"START__CONNECT": "false"}
    async with running_daemon(tmp_path, standin.url, "--config", str(named), **settings) as bridge:
        control = bridge.control
        await control.ok("subscribe", events=["presets"])
        # Through the daemon, which alone knows its file here.
        words = ("add", "noir", "--name", "Film noir", "--prompt", NOIR.prompt)
        said = await command(tmp_path, standin.url, *words)
        assert said == "done by the running daemon; the list has 2 presets now\n"
        await control.until_presets(lambda found: ids(found) == ["neon", "noir"], "both")
        # Past the daemon, which notices.
        words = ("remove", "neon", "--config", str(named))
        assert await command(tmp_path, standin.url, *words) == (
            f"wrote {own}; the list has 1 preset now\n"
        )
        await control.until_presets(lambda found: ids(found) == ["noir"], "one")
    assert named.is_symlink()
    assert dotfile.read_text() == FILE
    assert [path.name for path in dotfile.parent.iterdir()] == ["vcam.toml"]
    assert not (tmp_path / "xdg_config_home" / "sana-vcam").exists()


async def command(home: Path, url: str, *words: str) -> str:
    """What `sana-vcam presets` says."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sana_vcam", "presets", *words),
        env=environment(home, url),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert process.returncode == 0
    return out.decode()


async def test_a_still_of_the_look_appears_once_it_is_live(standin: Standin, tmp_path: Path):
    path = config_file(tmp_path, f"{preset_table(NOIR)}\n{preset_table(NEON)}")
    folder = tmp_path / "xdg_state_home" / "sana-vcam" / "thumbnails"
    async with running_daemon(tmp_path, standin.url, "--preset", "noir") as bridge:
        control = bridge.control
        seen: list[npt.NDArray[np.uint8]] = []
        bridge.viewer.judges.append(lambda view: seen.append(small(view)))
        await control.ok("subscribe", events=["state", "presets"])
        missing = await control.send("thumbnail", id="noir")
        assert missing["data"]["code"] == "not_found"
        await control.until_presets(lambda found: bool(found and found[0]["thumbnail"]), "a still")
        address = control.presets[0]["thumbnail"]
        assert address.startswith("/v1/thumbnail.jpg?id=noir&v=")
        assert control.presets[1]["thumbnail"] is None
        noir = await picture(bridge, "noir")
        assert noir.shape == (180, 320, 3)
        assert distance(noir, seen) < SAME
        (file,) = folder.iterdir()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700

        await control.ok("apply_preset", id="neon")
        await control.until_presets(lambda found: bool(found[1]["thumbnail"]), "a second still")
        neon = await picture(bridge, "neon")
        assert distance(neon, seen) < SAME
        assert distance(neon, [noir]) > OTHER

        other = NOIR.model_copy(update={"prompt": "watercolor"}).model_dump(mode="json")
        await control.ok("save_preset", **other)
        await control.until_presets(lambda found: found[0]["thumbnail"] is None, "none for noir")
        path.write_text(f"{path.read_text()}\n[privacy]\nthumbnails = false\n")
        await control.until_presets(
            lambda found: [one["thumbnail"] for one in found] == [None, None], "none at all"
        )
        assert not folder.exists()


async def picture(bridge: Bridge, preset_id: str) -> npt.NDArray[np.uint8]:
    """The still that a client gets, (h, w, 3) BGR."""
    reply = await bridge.control.ok("thumbnail", id=preset_id)
    encoded = np.frombuffer(base64.b64decode(reply["data"]), np.uint8)
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)


def small(view: View) -> npt.NDArray[np.uint8]:
    """What viewers see, as small as a still."""
    bgr = cv2.cvtColor(view.data.reshape(-1, 1280), cv2.COLOR_YUV2BGR_I420)
    return np.asarray(cv2.resize(bgr, (320, 180), interpolation=cv2.INTER_AREA), np.uint8)


def distance(still: npt.NDArray[np.uint8], seen: list[npt.NDArray[np.uint8]]) -> float:
    """Mean difference to the most similar picture that viewers have seen, 0 to 255."""
    return min(float(np.abs(still.astype(np.int16) - picture).mean()) for picture in seen)
