"""Completion in real shells, and the manual page under two readers."""

from __future__ import annotations

import os
import pty
import select
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sana_vcam.lib.printing import printable

PATIENCE_S = 120.0


@pytest.fixture
def needed(require_tools: bool):
    """Ask for a program: without it the test is skipped, or fails if tools are required."""

    def ask(name: str) -> str:
        found = shutil.which(name)
        if found is None:
            (pytest.fail if require_tools else pytest.skip)(f"{name} is not installed")
        return found

    return ask


@pytest.fixture
def shell(tmp_path: Path):
    """Give what a shell needs: an environment with `sana-vcam` in its PATH, and the script."""
    program = tmp_path / "bin" / "sana-vcam"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m sana_vcam "$@"\n')
    program.chmod(0o755)
    config = tmp_path / "config" / "sana-vcam"
    config.mkdir(parents=True)
    look = '[[presets]]\nid = "dusk-on-mars"\nname = "Dusk"\nprompt = ""\n'
    (config / "config.toml").write_text(look)
    (tmp_path / "a clip.mp4").touch()
    environ = {
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(Path(__file__).parents[3]),
        "HOME": str(tmp_path),
        "TERM": "dumb",
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "LC_ALL": "C.UTF-8",
    }

    def make(name: str) -> tuple[dict[str, str], Path]:
        script = tmp_path / f"script.{name}"
        text = subprocess.run(
            [program, "completion", name], env=environ, capture_output=True, check=True, text=True
        ).stdout
        script.write_text(text)
        return environ, script

    return make


LINES = {
    "sana-vcam con": ["config"],
    "sana-vcam config ": ["check", "init", "show"],
    "sana-vcam run --camera ": ["auto", "file", "test", "webcam"],
    "sana-vcam run --log-level de": ["debug"],
    "sana-vcam run --set sink.ki": ["sink.kind="],
    "sana-vcam run --preset du": ["dusk-on-mars"],
    "sana-vcam presets move dusk-on-mars la": ["last"],
    "sana-vcam ctl --json blank o": ["off", "on"],
    "sana-vcam ctl preset ": ["dusk-on-mars"],
    "sana-vcam ctl wait idle sl": ["slate"],
    "sana-vcam service install --dr": ["--driver", "--dry-run"],
    "sana-vcam edit a": ["a clip.mp4"],
    "sana-vcam standin --model he": ["helios"],
    "sana-vcam blnk ": [],
}
"""What is typed, and what it can become."""


def answers(text: str) -> dict[str, list[str]]:
    """Sort what a shell has printed by the lines that it was asked about."""
    parts: list[list[str]] = [[]]
    for row in text.splitlines():
        if row == "===":
            parts.append([])
        elif row:
            parts[-1].append(row.partition("\t")[0])
    return dict(zip(LINES, map(sorted, parts[:-1]), strict=True))


def test_bash(needed, shell, tmp_path):
    environ, script = shell("bash")
    ask = "\n".join(
        f"COMP_WORDS=({line}{' ' if not line.endswith(' ') else chr(39) * 2}); "
        "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _sana_vcam sana-vcam; "
        "printf '%s\\n' \"${COMPREPLY[@]}\" ==="
        for line in LINES
    )
    done = subprocess.run(
        [needed("bash"), "--norc", "-c", f"set -u; source {script}\n{ask}"],
        env=environ, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=PATIENCE_S,
    )  # fmt: skip
    assert done.stderr == ""
    assert answers(done.stdout) == LINES


def test_fish(needed, shell, tmp_path):
    environ, script = shell("fish")
    ask = "; ".join(f"complete -C {shlex.quote(line)}; echo ===" for line in LINES)
    done = subprocess.run(
        [needed("fish"), "--no-config", "-c", f"source {script}; {ask}"],
        env=environ, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=PATIENCE_S,
    )  # fmt: skip
    assert done.stderr == ""
    assert answers(done.stdout) == LINES


@pytest.mark.parametrize("name", ["bash", "zsh"])
def test_a_press_of_tab(needed, shell, tmp_path, name):
    """In an interactive shell on a terminal of its own."""
    environ, script = shell(name)
    begin = {
        "bash": [needed("bash"), "--norc", "--noprofile", "-i"],
        "zsh": [needed("zsh"), "-f", "-i"],
    }[name]
    load = "autoload -U compinit; compinit -u -D; bindkey -e; " if name == "zsh" else ""
    session = Session(begin, environ, tmp_path)
    try:
        session.type(f"PS1='ready%% '; {load}source {script}; echo loaded''-now\n")
        session.wait("loaded-now")
        for typed, whole in (
            ("sana-vcam conf\tch\t", "sana-vcam config check"),
            ("sana-vcam run --cam\twebc\t", "sana-vcam run --camera webcam"),
            ("sana-vcam ctl preset du\t", "sana-vcam ctl preset dusk-on-mars"),
            ("sana-vcam ctl snapshot a\t", "sana-vcam ctl snapshot a\\ clip.mp4"),
        ):
            # To the front of the line, which then is printed instead of being run.
            session.type(f"{typed}\x01echo \\<'\x05'\\>\n")
            session.wait(f"<{whole.partition(chr(92))[0]}")
    finally:
        session.end()


class Session:
    """An interactive shell on a pseudo-terminal."""

    def __init__(self, words: list[str], environ: dict[str, str], folder: Path) -> None:
        self.owner, inside = pty.openpty()
        self.process = subprocess.Popen(
            words, env=environ, cwd=folder, stdin=inside, stdout=inside, stderr=inside,
            start_new_session=True,
        )  # fmt: skip
        os.close(inside)
        self.said = ""

    def type(self, text: str) -> None:
        os.write(self.owner, text.encode())

    def wait(self, part: str) -> None:
        while part not in self.said:
            ready, _, _ = select.select([self.owner], [], [], PATIENCE_S)
            assert ready, f"no {part!r} in {printable(self.said)}"
            self.said += os.read(self.owner, 65536).decode(errors="replace")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.owner)


@pytest.fixture(scope="module")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    page = tmp_path_factory.mktemp("man") / "sana-vcam.1"
    with page.open("w") as file:
        subprocess.run([sys.executable, "-m", "sana_vcam", "man"], stdout=file, check=True)
    return page


@pytest.mark.parametrize(
    "words",
    [
        ["mandoc", "-T", "lint", "-W", "warning"],
        ["groff", "-man", "-ww", "-z", "-T", "utf8"],
        ["man", "--warnings", "-l"],
    ],
)
def test_the_manual_page_has_no_faults(needed, manual, words):
    done = subprocess.run(
        [needed(words[0]), *words[1:], manual], capture_output=True, text=True, check=False,
        timeout=PATIENCE_S, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "dumb"},
    )  # fmt: skip
    assert done.stderr == ""
    assert done.returncode == 0, done.stdout
    if words[0] == "man":
        for part in ("sana-vcam ctl wait", "--timeout SECONDS", "REACTOR_API_KEY", "first steps:"):
            assert part in done.stdout
