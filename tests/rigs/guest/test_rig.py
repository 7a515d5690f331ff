"""The rig itself: what a guest brings back, and that nothing of it stays behind."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sana_vcam import __version__
from tests.rigs.guest.rig import Cache, Guest, GuestDied, GuestTimeout, Share
from tests.rigs.guest.rig.cache import VARIABLE, Stage
from tests.rigs.guest.rig.guest import PROJECT

pytestmark = pytest.mark.timeout(600)

GUESTS = [pytest.param(Guest("uml"), id="uml"), pytest.param(Guest("qemu"), id="qemu")]
PATIENCE_S = 240


@pytest.fixture(autouse=True)
def _nothing_left(rig: Cache) -> Iterator[None]:
    """Fail a test whose guest leaves a process, a folder or memory behind."""
    before = left_behind(rig)
    yield
    assert left_behind(rig) == before


def left_behind(rig: Cache) -> set[str]:
    places = (Path(tempfile.gettempdir()).glob("sana-vcam-guest-*"), Path("/dev/shm").iterdir())
    found = {str(path) for paths in places for path in paths}
    for process in Path("/proc").iterdir():
        try:
            words = (process / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if process.name.isdecimal() and str(rig.folder) in words:
            found.add(f"{process.name} {words}")
    return found


@pytest.mark.parametrize("guest", GUESTS)
def test_output_exit_status_and_files_come_back(guest: Guest, tmp_path: Path) -> None:
    shared = dataclasses.replace(guest, shares=[Share(tmp_path, Path("/back"), writable=True)])
    pieces: list[str] = []
    script = f"echo said; echo kept > /back/file; touch {PROJECT}/x || exit 7"
    outcome = shared.run(["bash", "-c", script], timeout_s=PATIENCE_S, on_output=pieces.append)
    assert outcome.status == 7, outcome
    assert "said\n" in outcome.output
    assert "Read-only file system" in outcome.output
    assert "".join(pieces) == outcome.output
    assert (tmp_path / "file").read_text() == "kept\n"
    assert not (PROJECT / "x").exists()


@pytest.mark.parametrize("guest", GUESTS)
def test_the_projects_python_runs(guest: Guest) -> None:
    program = "import cv2, sana_vcam, sys; print(sys.prefix, sana_vcam.__version__)"
    outcome = guest.run([sys.executable, "-c", program], timeout_s=PATIENCE_S)
    assert outcome.output == f"{sys.prefix} {__version__}\n"


@pytest.mark.parametrize("guest", GUESTS)
def test_a_guest_that_dies_says_its_last_words(guest: Guest) -> None:
    script = "echo before; sync; echo c > /proc/sysrq-trigger; sleep 60"
    with pytest.raises(GuestDied, match=r"(?s)before.*(panic|crash)"):
        guest.run(["bash", "-c", script], timeout_s=PATIENCE_S)


@pytest.mark.parametrize("guest", GUESTS)
def test_a_guest_that_takes_too_long_is_ended(guest: Guest) -> None:
    # On a busy machine one boots for longer than the first of these.
    for timeout_s in (15, 180):
        with pytest.raises(GuestTimeout) as ended:
            guest.run(["bash", "-c", "echo waiting; sleep 600"], timeout_s=timeout_s)
        if "waiting" in str(ended.value):
            break
    assert "waiting" in str(ended.value)


def test_a_killed_runner_takes_its_guest_along(rig: Cache) -> None:
    words = [
        sys.executable,
        "-m",
        "tests.rigs.guest.rig",
        "run",
        "--",
        "sh",
        "-c",
        "echo up; sleep 600",
    ]
    env = os.environ | {VARIABLE: str(rig.folder)}
    runner = subprocess.Popen(words, cwd=PROJECT, env=env, stdout=subprocess.PIPE, text=True)
    assert runner.stdout is not None
    with runner.stdout:
        assert runner.stdout.readline() == "up\n"
        runner.send_signal(signal.SIGTERM)
        runner.wait()
    deadline = time.monotonic() + PATIENCE_S
    while any(str(rig.folder) in one for one in left_behind(rig)):
        assert time.monotonic() < deadline, left_behind(rig)
        time.sleep(0.1)


def test_a_changed_recipe_is_built_anew(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe"
    recipe.write_text("one")
    built: list[str] = []

    def build(folder: Path) -> None:
        built.append(recipe.read_text())
        (folder / "made").touch()

    cache = tmp_path / "cache"
    for text in ("one", "one", "two"):
        recipe.write_text(text)
        Stage("stage", (recipe,), build).ensure(cache)
    assert built == ["one", "two"]
    assert [path.name for path in cache.iterdir()] == [Stage("stage", (recipe,), build).folder_name]


def test_an_interrupted_build_is_never_taken_for_a_finished_one(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe"
    recipe.write_text("one")

    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise RuntimeError("no room")

    stage = Stage("stage", (recipe,), fail)
    with pytest.raises(RuntimeError, match="no room"):
        stage.ensure(tmp_path)
    assert not (tmp_path / stage.folder_name).exists()


def test_the_cache_may_lie_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, os.fspath(tmp_path))
    assert Cache.default().folder == tmp_path
    assert not Cache.default().is_built
