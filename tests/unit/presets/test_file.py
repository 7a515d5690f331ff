"""Editing the presets in the file: judged before, whole at any moment, by several at once."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from filelock import FileLock

from sana_vcam.config import paths
from sana_vcam.config.load import Loaded
from sana_vcam.config.preset import BUILTIN_PRESETS, Preset
from sana_vcam.config.source import ConfigSource
from sana_vcam.config.text import render_template
from sana_vcam.errors import CommandFailed
from sana_vcam.presets import file
from sana_vcam.presets.edits import Add, Edit, Move, Remove, Reset, Save
from sana_vcam.presets.file import edit_presets

FILE = """\
# mine
[sink]
fit = "pad"  # bars

[[presets]]
id = "a"
name = "A"
prompt = "look a"
"""
A = Preset(id="a", name="A", prompt="look a")
B = Preset(id="b", name="B", prompt="look b")


@dataclass
class Home:
    """A user's folder of configurations."""

    base: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.base / "sana-vcam"

    @property
    def path(self) -> Path:
        return self.folder / "config.toml"

    @property
    def backup(self) -> Path:
        return self.folder / "config.toml.bak"

    @property
    def source(self) -> ConfigSource:
        return ConfigSource(environ={"XDG_CONFIG_HOME": str(self.base)} | self.environ)

    def write(self, text: str, mode: int = 0o600) -> None:
        self.folder.mkdir(exist_ok=True)
        self.path.write_text(text)
        self.path.chmod(mode)

    def ids(self) -> list[str]:
        return [preset["id"] for preset in tomllib.loads(self.path.read_text())["presets"]]

    def names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(paths, "SYSTEM_PATH", tmp_path / "etc" / "config.toml")
    monkeypatch.setattr(file, "SYSTEM_PATH", tmp_path / "etc" / "config.toml")
    return Home(tmp_path)


def refusal(source: ConfigSource, edit: Edit) -> str:
    with pytest.raises(CommandFailed) as refused:
        edit_presets(source, edit)
    assert refused.value.code == "rejected"
    return str(refused.value)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_an_edit_changes_the_presets_alone(home: Home) -> None:
    home.write(FILE, 0o640)
    assert edit_presets(home.source, Save(B)) == (home.path, (A, B))
    assert (
        home.path.read_text() == FILE + '\n[[presets]]\nid = "b"\nname = "B"\nprompt = "look b"\n'
    )
    assert home.source.load().config.presets == (A, B)
    assert mode(home.path) == 0o640


def test_what_stood_before_is_kept_beside_it(home: Home) -> None:
    home.write(FILE)
    edit_presets(home.source, Save(B))
    after_one = home.path.read_text()
    assert home.backup.read_text() == FILE
    edit_presets(home.source, Remove("a"))
    assert home.backup.read_text() == after_one
    assert mode(home.backup) == 0o600
    assert home.names() == {"config.toml", "config.toml.bak", ".config.toml.lock"}


def test_without_a_file_the_commented_one_is_written_with_all_presets(home: Home) -> None:
    assert edit_presets(home.source, Save(B)) == (home.path, (*BUILTIN_PRESETS, B))
    assert mode(home.path) == 0o600
    assert mode(home.folder) == 0o700
    text = home.path.read_text()
    assert text.startswith(render_template().partition("[[presets]]")[0].rstrip("#"))
    assert not home.backup.exists()


def test_a_link_is_written_through(home: Home) -> None:
    dotfiles = home.base / "dotfiles"
    dotfiles.mkdir()
    real = dotfiles / "vcam.toml"
    real.write_text(FILE)
    home.folder.mkdir()
    home.path.symlink_to("../dotfiles/vcam.toml")
    edit_presets(home.source, Save(B))
    assert home.path.is_symlink()
    assert home.ids() == ["a", "b"]
    assert home.backup.read_text() == FILE
    assert {path.name for path in dotfiles.iterdir()} == {"vcam.toml"}


def test_a_link_that_leads_nowhere_yet_is_written_through(home: Home) -> None:
    home.folder.mkdir()
    home.path.symlink_to(home.base / "new" / "vcam.toml")
    edit_presets(home.source, Remove("noir"))
    assert home.path.is_symlink()
    assert "noir" not in home.ids()


def test_a_named_file_is_the_one_that_is_edited(home: Home) -> None:
    home.write(FILE)
    named = home.base / "named.toml"
    named.write_text(FILE)
    source = ConfigSource(named, environ=home.source.environ)
    assert edit_presets(source, Save(B))[0] == named
    assert home.path.read_text() == FILE
    named.unlink()
    assert f"{named}: there is no such file" in refusal(source, Save(B))
    assert not named.exists()


def test_a_byte_order_mark_and_windows_line_ends_stay(home: Home) -> None:
    home.folder.mkdir()
    home.path.write_bytes(b"\xef\xbb\xbf" + FILE.replace("\n", "\r\n").encode())
    edit_presets(home.source, Save(B))
    raw = home.path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf# mine\r\n")
    assert raw.count(b"\n") == raw.count(b"\r\n")


# --- refused, with nothing changed --------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[sink\n", ["config.toml:1", "TOML", "is wrong, so it is not edited"]),
        ("[sink]\nwidht = 5\n", ["config.toml:2", "sink.width", "is not edited"]),
        ("[sink]\nwidht = 5\nkinb = 4\n", ["config.toml:2", "and 1 more", "config check"]),
    ],
)
def test_a_file_that_is_wrong_is_not_touched(home: Home, text: str, words: list[str]) -> None:
    home.write(text)
    said = refusal(home.source, Save(B))
    assert all(word in said for word in words), said
    assert home.path.read_text() == text
    assert "config.toml.bak" not in home.names()


def test_bytes_that_are_no_text_are_not_touched(home: Home) -> None:
    home.folder.mkdir()
    home.path.write_bytes(b"# \xff\n")
    assert "is not UTF-8 text (byte 3)" in refusal(home.source, Save(B))
    assert home.path.read_bytes() == b"# \xff\n"


def test_an_edit_that_would_break_the_configuration_is_refused(home: Home) -> None:
    text = f'{FILE}\n[start]\npreset = "a"\n'
    home.write(text)
    said = refusal(home.source, Save(B, replaces="a"))
    assert "would be wrong after that, so nothing was changed" in said
    assert "start.preset: no preset 'a'; have: b" in said
    assert home.path.read_text() == text


def test_an_unknown_id_is_not_found(home: Home) -> None:
    home.write(FILE)
    with pytest.raises(CommandFailed, match="no preset 'x'") as refused:
        edit_presets(home.source, Move("x", 0))
    assert refused.value.code == "not_found"
    assert home.path.read_text() == FILE


def test_presets_from_the_environment_or_a_flag_go_before_the_file(home: Home) -> None:
    home.write(FILE)
    home.environ["SANA_VCAM_PRESETS"] = "[]"
    said = refusal(home.source, Save(B))
    assert "the presets come from the environment (SANA_VCAM_PRESETS)" in said
    assert "unset SANA_VCAM_PRESETS" in said
    flagged = ConfigSource(None, {"presets": []}, {"XDG_CONFIG_HOME": str(home.base)})
    assert "come from the flag (--set presets)" in refusal(flagged, Save(B))
    assert home.path.read_text() == FILE


@pytest.fixture
def forbid(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Take the right to write away from a file or folder; from root as well."""
    real = os.access

    def forbid(path: Path) -> None:
        path.chmod(0o555)
        monkeypatch.setattr(os, "access", lambda p, m: Path(p) != path and real(p, m))

    return forbid


def test_a_file_that_may_not_be_written_is_named_with_what_to_do(
    home: Home, forbid: Callable[[Path], None]
) -> None:
    home.write(FILE)
    forbid(home.path)
    said = refusal(home.source, Save(B))
    assert said.startswith(f"{home.path}: this user may not write it, so nothing was changed")
    assert "make the file and its folder writable" in said


def test_a_link_into_a_folder_that_may_not_be_written(
    home: Home, forbid: Callable[[Path], None]
) -> None:
    store = home.base / "store"
    store.mkdir()
    (store / "vcam.toml").write_text(FILE)
    home.folder.mkdir()
    home.path.symlink_to(store / "vcam.toml")
    forbid(store)
    assert f"{home.path} (a link to {store / 'vcam.toml'})" in refusal(home.source, Save(B))
    assert home.names() == {"config.toml"}
    store.chmod(0o755)


def test_the_machines_file_is_for_root_and_a_copy_is_offered(
    home: Home, forbid: Callable[[Path], None]
) -> None:
    system = paths.SYSTEM_PATH
    system.parent.mkdir()
    system.write_text(FILE)
    forbid(system.parent)
    said = refusal(home.source, Save(B))
    assert f"edit it as root, or make a copy of your own: mkdir -p {home.folder}" in said
    assert f"install -m 600 {system} {home.path}" in said
    named = ConfigSource(system, environ=home.source.environ)
    assert refusal(named, Save(B)).endswith("edit it as root; it is read again at once")
    system.parent.chmod(0o755)


def test_a_lock_that_is_held_is_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.write(FILE)
    monkeypatch.setattr(file, "LOCK_TIMEOUT_S", 0.05)
    with FileLock(home.folder / ".config.toml.lock"):
        assert "another program edits it right now" in refusal(home.source, Save(B))
    edit_presets(home.source, Save(B))


# --- crashes, full disks, and others at the same time -------------------------------------------

CHILD = """
import os, sys
from sana_vcam.config.source import ConfigSource
from sana_vcam.presets.edits import Save
from sana_vcam.presets.file import edit_presets
from sana_vcam.config.preset import Preset

def add(name):
    edit_presets(ConfigSource(), Save(Preset(id=name, name=name, prompt=name)))
"""

CRASH = """
renames = 0
def crash(event, arguments):
    global renames
    renames += event == "os.rename"
    if renames == WHEN:
        os._exit(9)
sys.addaudithook(crash)
add("b")
"""

FULL = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
add("b")  # all modules are loaded and compiled now
resource.setrlimit(resource.RLIMIT_FSIZE, (40, 40))
try:
    add("c")
except Exception as error:
    sys.exit(str(error))
"""


def child(home: Home, code: str) -> subprocess.Popen[str]:
    environ = {**os.environ, "XDG_CONFIG_HOME": str(home.base)}
    return subprocess.Popen(
        [sys.executable, "-c", CHILD + code], env=environ, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("when", [1, 2], ids=["before the backup", "before the file"])
def test_a_crash_before_a_rename_loses_nothing(home: Home, when: int) -> None:
    home.write(FILE)
    with child(home, CRASH.replace("WHEN", str(when))) as crashing:
        assert crashing.wait() == 9
    assert home.path.read_text() == FILE
    assert any(name.endswith(".tmp") for name in home.names())
    edit_presets(home.source, Save(B))
    assert home.ids() == ["a", "b"]
    assert home.names() == {"config.toml", "config.toml.bak", ".config.toml.lock"}


def test_a_full_disk_changes_nothing_and_is_named(home: Home) -> None:
    home.write(FILE)
    with child(home, FULL) as full:
        _, said = full.communicate()
    assert f"{home.path}: cannot be written: File too large" in said
    assert home.ids() == ["a", "b"]
    assert home.names() == {"config.toml", "config.toml.bak", ".config.toml.lock"}


def test_processes_that_edit_at_once_lose_no_edit(home: Home) -> None:
    home.write(FILE)
    children = [child(home, f"for n in range(8): add(f'{who}{{n}}')") for who in "xyz"]
    for each in children:
        with each:
            assert each.wait() == 0, each.stderr and each.stderr.read()
    assert sorted(home.ids()) == sorted(["a", *(f"{who}{n}" for who in "xyz" for n in range(8))])


@dataclass(frozen=True)
class Interrupted(ConfigSource):
    """A source whose file an editor, which knows of no lock, writes before the edit is written."""

    by_hand: list[str] = field(default_factory=list)

    def load(self, drafts: Mapping[Path, str] = {}) -> Loaded:
        loaded = super().load(drafts)
        if self.by_hand:
            self.file.write_text(self.by_hand.pop(0))
        return loaded


def test_what_an_editor_writes_meanwhile_is_edited_in_turn(home: Home) -> None:
    home.write(FILE)
    by_hand = [FILE.replace("bars", "black bars"), FILE.replace("bars", "no bars")]
    source = Interrupted(environ=home.source.environ, by_hand=by_hand)
    edit_presets(source, Save(B))
    assert "no bars" in home.path.read_text()
    assert home.ids() == ["a", "b"]


def test_a_file_that_changes_all_the_time_is_left_alone(home: Home) -> None:
    home.write(FILE)
    by_hand = [f"{FILE}# {number}\n" for number in range(20)]
    source = Interrupted(environ=home.source.environ, by_hand=by_hand)
    assert "another program writes it all the time" in refusal(source, Save(B))
    assert home.ids() == ["a"]


def test_a_reset_and_an_addition_that_is_there(home: Home) -> None:
    home.write(FILE)
    assert "already" in refusal(home.source, Add(A))
    assert edit_presets(home.source, Reset())[1] == BUILTIN_PRESETS
    assert home.source.load().config.presets == BUILTIN_PRESETS
    assert "# bars" in home.path.read_text()
