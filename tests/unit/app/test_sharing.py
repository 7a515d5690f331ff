"""`sana-vcam presets export` and `import`, with and without a running daemon."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from sana_vcam.config.schema import ControlConfig
from sana_vcam.control.server.server import ControlServer
from tests.fakes.controls import FakeControls
from tests.unit.app.test_presets import FILE, Call, call, ids, listed, no_daemon, own, path

__all__ = ["call", "no_daemon", "path"]


@pytest.fixture
def shared(call: Call, path: Path, tmp_path: Path) -> Path:
    """A file with the looks a and cape, of somebody who has both."""
    pixels = np.random.default_rng(17).integers(0, 255, (30, 50, 3), np.uint8)
    cv2.imwrite(str(path.with_name("cape.png")), pixels)
    call("add", "cape", "--name", "Cape", "--prompt", "a cape", "--image", "cape.png")
    file = tmp_path / "given.jsonl"
    status, out, _ = call("export", "a", "cape", "--out", str(file))
    assert status == 0
    assert out.startswith(f"wrote 2 looks into {file} (")
    call("remove", "cape")
    return file


def test_a_file_is_shown_and_taken(call: Call, path: Path, shared: Path) -> None:
    before = own(path).read_text()
    status, out, err = call("import", str(shared))
    assert status == 1
    assert out.splitlines() == [
        "a     A     look a",
        "    you have it already, as a",
        "cape  Cape  a cape",
        "    with a reference image: 50x30, 2 kB",
    ]
    assert err == "take 1 look? To take them, add --yes\n"
    assert own(path).read_text() == before
    assert not path.with_name("looks").exists()

    offered = json.loads(call("import", str(shared), "--json")[1])
    assert [(one["id"], one["have"], one["image_width"]) for one in offered] == [
        ("a", "a", None),
        ("cape", None, 50),
    ]
    assert own(path).read_text() == before

    status, out, _ = call("import", str(shared), "--yes")
    assert (status, out.splitlines()[-1]) == (0, f"took 1 look; wrote {own(path)}")
    taken = listed(call)[2]
    assert (path.parent / taken["image"]).is_file()

    call("edit", "a", "--prompt", "mine")
    assert call("import", str(shared), "a", "--replace")[1].splitlines()[1] == (
        "    takes the place of your “A”"
    )
    assert json.loads(call("import", str(shared), "a", "--yes", "--json")[1]) == {"taken": ["a"]}
    assert ids(listed(call)) == ["a", "b", "cape", "a-2"]
    assert path.read_text() == FILE


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("answer", "count"), [("y\n", 3), ("\n", 2), ("", 2)])
def test_somebody_at_a_terminal_is_asked(
    call: Call, path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch, answer: str, count: int
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    status, _, err = call("import", str(shared))
    assert err == "take 1 look? [y/N] "
    assert status == (0 if count == 3 else 1)
    assert len(listed(call)) == count


def test_refusals(call: Call, path: Path, shared: Path, tmp_path: Path) -> None:
    for words, said in [
        (["export", "--out", str(shared)], "is there already; to overwrite it, add --force"),
        (["export", "--out", str(tmp_path / "no" / "x")], "cannot be written: No such file"),
        (["export", "x"], "no preset 'x'"),
        (["import", str(tmp_path)], f"{tmp_path}: Is a directory"),
        (["import", str(path)], "no file of looks"),
        (["import", str(shared), "x"], "the file has no look 'x'"),
    ]:
        status, out, err = call(*words)
        assert (status, out) == (1, "")
        assert said in err
    assert call("export", "--out", str(shared), "--force")[0] == 0
    status, _, err = call("import", str(shared))
    assert (status, err) == (0, "you have all of them already; nothing is taken\n")


def test_a_file_on_standard_output(path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    from sana_vcam.app.cli import main

    assert main(["presets", "export", "b", "--out", "-"]) == 0
    assert capfdbinary.readouterr().out.splitlines()[1] == (
        b'{"id":"b","name":"B","prompt":"look b"}'
    )


async def test_a_running_daemon_takes_them(
    call: Call, path: Path, shared: Path, no_daemon: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("sana_vcam.app.sharing.PIECE_BYTES", 600)
    before = own(path).read_text()
    controls = FakeControls()
    config = ControlConfig(port=0)
    async with ControlServer(config, controls, state_dir=tmp_path / "state", runtime_dir=no_daemon):
        done = await asyncio.to_thread(call, "import", str(shared), "--yes")
    assert done[1].endswith("took 2 looks; done by the running daemon\n")
    assert [one.id for one in controls.looks] == ["van-gogh", "noir", "a", "cape"]
    assert own(path).read_text() == before
