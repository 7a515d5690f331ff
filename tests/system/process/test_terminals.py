"""Every command's output on any encoding, closed, full or read by nobody, and without a home."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PATIENCE_S = 120.0
NAMED = """
[[presets]]
id = "cat"
name = "\u732b \U0001f3a8 ✓"
prompt = "\u6c34\u5f69\u753b and \xe9"
"""
EVERY = """
import sys
from sana_vcam.__main__ import main

for words in (
    "presets", "presets --json", "config check", "config show", "config show --json", "doctor",
    "doctor --json", "devices", "usage", "service status", "ctl state", "ctl nonsense",
    "ctl --help", "--help", "run --help", "config init x/y.toml", "deck udev --print",
    "presets show nonsense",
):
    print(f"== {words}", flush=True)
    sys.argv = ["sana-vcam", *words.split()]
    try:
        main()
    except SystemExit:
        pass
"""
NOBODY = """
import pwd

def unknown(*_):
    raise KeyError("no such user")

pwd.getpwuid = pwd.getpwnam = unknown
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "config" / "sana-vcam"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(NAMED, "utf-8")
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[3]),
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_every_command_prints_in_every_encoding(
    environ: dict[str, str], tmp_path: Path, encoding: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", EVERY],
        env=environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        cwd=tmp_path, capture_output=True, check=False, timeout=PATIENCE_S,
    )  # fmt: skip
    said = (done.stdout + done.stderr).decode(encoding)
    assert done.returncode == 0, said
    assert "Traceback" not in said
    assert said.count("== ") >= 18
    assert ("\u732b" in said) is (encoding == "utf-8")


@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        ("presets > /dev/full", 1, "standard output cannot be written: No space left"),
        ("ctl --help > /dev/full", 1, "standard output cannot be written: No space left"),
        ("--help > /dev/full", 1, "standard output cannot be written: No space left"),
        ("config show | true", 0, ""),
        ("config show >&-", 0, ""),
        ("config check --set x 2>/dev/full", 78, ""),
        ("config check --set x 2>&-", 78, ""),
        ("ctl nonsense >&- 2>&- <&-", 2, ""),
    ],
)
def test_output_that_nobody_takes(
    environ: dict[str, str], tmp_path: Path, line: str, status: int, said: str
) -> None:
    done = subprocess.run(
        ["/bin/bash", "-c", f"set -o pipefail; {sys.executable} -m sana_vcam {line}"],
        env=environ, cwd=tmp_path, capture_output=True, check=False, text=True, timeout=PATIENCE_S,
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    assert said in done.stderr
    assert done.stderr.count("\n") == bool(said), done.stderr


def test_without_a_home_a_sentence_says_what_to_set(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """What needs no folder of the user's works."""
    bare = {name: environ[name] for name in ("PATH", "PYTHONPATH")}
    done = subprocess.run(
        [sys.executable, "-c", NOBODY + EVERY + NO_HOME],
        env=bare, cwd=tmp_path, capture_output=True, check=False, text=True, timeout=PATIENCE_S,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "Traceback" not in said
    sentence = "this user has no home folder: set HOME, or XDG_"
    assert said.count(sentence) >= 5, said
    assert "OK: no file" in done.stdout
    assert not (tmp_path / "~").exists()


NO_HOME = """
for words in ("config init", "ctl token", "ctl image ~/x.jpg", "service install", "usage --json"):
    sys.argv = ["sana-vcam", *words.split()]
    main()
"""
