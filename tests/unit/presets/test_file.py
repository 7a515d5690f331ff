"""Editing the presets in their own file: judged, whole at any moment, by several at once."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st

from sana_vcam.config import paths
from sana_vcam.config.load import Loaded
from sana_vcam.config.preset import BUILTIN_PRESETS, Preset
from sana_vcam.config.source import ConfigSource
from sana_vcam.config.text import render_template
from sana_vcam.errors import CommandFailed
from sana_vcam.presets import file
from sana_vcam.presets.edits import Add, Edit, Move, Remove, RestoreBuiltins, Revise, Save, apply
from sana_vcam.presets.file import edit_presets

TABLE = """\
[[presets]]
id = "a"
name = "A"
prompt = "look a"
"""
CONFIG = f"""\
# mine
[sink]
fit = "pad"  # bars

{TABLE}"""
FILE = f"# my looks\n{TABLE}"
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
        return self.folder / "presets.toml"

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def backup(self) -> Path:
        return self.folder / "presets.toml.bak"

    @property
    def source(self) -> ConfigSource:
        return ConfigSource(environ={"XDG_CONFIG_HOME": str(self.base)} | self.environ)

    def write(self, text: str, mode: int = 0o600) -> None:
        """Write the list."""
        self.folder.mkdir(exist_ok=True)
        self.path.write_text(text)
        self.path.chmod(mode)

    def configure(self, text: str) -> None:
        self.folder.mkdir(exist_ok=True)
        self.config.write_text(text)
        self.config.chmod(0o600)

    def ids(self) -> list[str]:
        return [preset["id"] for preset in tomllib.loads(self.path.read_text())["presets"]]

    def names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(paths, "SYSTEM_PATH", tmp_path / "etc" / "config.toml")
    return Home(tmp_path)


def refusal(source: ConfigSource, edit: Edit) -> str:
    with pytest.raises(CommandFailed) as refused:
        edit_presets(source, edit)
    assert refused.value.code == "rejected"
    return str(refused.value)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# --- the first edit, and the next ones ----------------------------------------------------------


def test_the_first_edit_copies_the_configurations_list(home: Home) -> None:
    home.configure(CONFIG)
    assert edit_presets(home.source, Save(B)) == (home.path, (A, B))
    assert home.ids() == ["a", "b"]
    loaded = home.source.load()
    assert loaded.config.presets == (A, B)
    assert loaded.origins["presets"].startswith(f"file {home.path}:")
    assert loaded.warnings == ()
    assert home.config.read_text() == CONFIG
    assert mode(home.path) == 0o600
    assert home.names() == {"config.toml", "presets.toml", ".presets.toml.lock"}


PICTURED = Preset(
    id="c",
    name="C",
    prompt="",
    image="cape.jpg",
    settings={"strength": 0.5, "keep": True, "steps": 4, "sr_scale": 'a "2x"\n\x7f'},
)


def test_an_image_and_settings_are_kept_as_they_were_given(home: Home) -> None:
    assert edit_presets(home.source, Save(PICTURED))[1][-1] == PICTURED
    assert home.source.load().config.presets[-1] == PICTURED
    assert home.source.presets_folder == home.folder


def test_an_image_stays_where_it_is_when_the_list_goes_to_another_folder(home: Home) -> None:
    system = home.base / "etc" / "config.toml"
    system.parent.mkdir()
    system.write_text(f'{TABLE}image = "cape.jpg"\n')
    assert home.source.presets_folder == system.parent
    _, presets = edit_presets(home.source, Save(B))
    assert presets[0].image == str(system.parent / "cape.jpg")
    assert home.source.presets_folder == home.folder


def test_the_file_says_who_writes_it(home: Home) -> None:
    home.configure(CONFIG)
    edit_presets(home.source, Save(B))
    text = home.path.read_text()
    assert text.startswith("# The looks on your hotkeys, in their order")
    assert "comments of yours do not stay" in " ".join(text.replace("\n# ", " ").split())
    assert "presets.toml.bak" in text
    assert "[[presets]] of config.toml" in text


def test_a_later_edit_of_the_old_list_is_told_and_changes_nothing(home: Home) -> None:
    home.configure(CONFIG)
    edit_presets(home.source, Save(B))
    home.configure(CONFIG.replace("pad", "crop"))
    assert home.source.load().warnings == ()
    home.configure(CONFIG.replace("look a", "another look"))
    loaded = home.source.load()
    assert loaded.config.presets == (A, B)
    assert loaded.warnings == (
        f"{home.config}:5: these [[presets]] are not in force: the list is in {home.path}. Edit "
        "it there, or with `sana-vcam presets`; to have the ones here again: "
        f"mv {home.path} {home.path}.old",
    )
    # It is told until it is mended, whatever else is edited.
    edit_presets(home.source, Remove("b"))
    assert home.source.load().warnings == loaded.warnings
    home.path.rename(f"{home.path}.old")
    assert home.source.load().config.presets[0].prompt == "another look"
    assert home.source.load().warnings == ()


@pytest.mark.parametrize(
    ("added", "line"), [(CONFIG, 5), ("presets = []\n", 1), ("[[presets]]\nid = 5\n", 1)]
)
def test_a_list_that_comes_later_is_told_right_or_wrong(home: Home, added: str, line: int) -> None:
    edit_presets(home.source, Remove("noir"))
    home.configure(added)
    loaded = home.source.load()
    assert loaded.config.presets == tuple(p for p in BUILTIN_PRESETS if p.id != "noir")
    assert [warning.partition(": ")[0] for warning in loaded.warnings] == [f"{home.config}:{line}"]


def test_a_list_that_is_taken_out_of_the_configuration_is_no_loss(home: Home) -> None:
    home.configure(CONFIG)
    edit_presets(home.source, Save(B))
    home.config.unlink()
    assert home.source.load().config.presets == (A, B)
    assert home.source.load().warnings == ()


def test_an_own_file_written_by_hand_is_the_list(home: Home) -> None:
    home.configure(CONFIG)
    home.write(TABLE.replace('"a"', '"mine"'))
    assert [preset.id for preset in home.source.load().config.presets] == ["mine"]
    assert "these [[presets]] are not in force" in home.source.load().warnings[0]


def test_the_next_edits_keep_the_mode(home: Home) -> None:
    home.write(FILE, 0o640)
    assert edit_presets(home.source, Save(B)) == (home.path, (A, B))
    assert home.ids() == ["a", "b"]
    assert mode(home.path) == 0o640


def test_what_stood_before_is_kept_beside_it(home: Home) -> None:
    home.write(FILE)
    edit_presets(home.source, Save(B))
    after_one = home.path.read_text()
    assert home.backup.read_text() == FILE
    edit_presets(home.source, Remove("a"))
    assert home.backup.read_text() == after_one
    assert mode(home.backup) == 0o600
    assert home.names() == {"presets.toml", "presets.toml.bak", ".presets.toml.lock"}


def test_without_any_file_the_own_one_has_all_presets(home: Home) -> None:
    assert edit_presets(home.source, Save(B)) == (home.path, (*BUILTIN_PRESETS, B))
    assert mode(home.path) == 0o600
    assert mode(home.folder) == 0o700
    assert home.ids() == [preset.id for preset in (*BUILTIN_PRESETS, B)]
    assert home.names() == {"presets.toml", ".presets.toml.lock"}


def test_a_link_is_written_through(home: Home) -> None:
    dotfiles = home.base / "dotfiles"
    dotfiles.mkdir()
    real = dotfiles / "looks.toml"
    real.write_text(FILE)
    home.folder.mkdir()
    home.path.symlink_to("../dotfiles/looks.toml")
    edit_presets(home.source, Save(B))
    assert home.path.is_symlink()
    assert home.ids() == ["a", "b"]
    assert home.backup.read_text() == FILE
    assert {path.name for path in dotfiles.iterdir()} == {"looks.toml"}


def test_a_link_that_leads_nowhere_yet_is_written_through(home: Home) -> None:
    home.folder.mkdir()
    home.path.symlink_to(home.base / "new" / "looks.toml")
    edit_presets(home.source, Remove("noir"))
    assert home.path.is_symlink()
    assert "noir" not in home.ids()


def test_a_configuration_that_is_a_link_has_its_presets_beside_the_link(home: Home) -> None:
    dotfiles = home.base / "dotfiles"
    dotfiles.mkdir()
    (dotfiles / "vcam.toml").write_text(CONFIG)
    home.folder.mkdir()
    home.config.symlink_to(dotfiles / "vcam.toml")
    assert edit_presets(home.source, Save(B)) == (home.path, (A, B))
    assert [path.name for path in dotfiles.iterdir()] == ["vcam.toml"]
    assert home.config.is_symlink()


def test_a_named_configuration_has_a_list_of_its_own(home: Home) -> None:
    home.configure(CONFIG)
    named = home.base / "named.toml"
    named.write_text(CONFIG)
    source = ConfigSource(named, environ=home.source.environ)
    own = home.base / "named.presets.toml"
    assert edit_presets(source, Save(B)) == (own, (A, B))
    assert "named.presets.toml.bak" in own.read_text()
    assert edit_presets(source, Remove("a"))[1] == (B,)
    assert home.source.load().config.presets == (A,)
    assert home.names() == {"config.toml"}
    named.unlink()
    assert f"{named}: there is no such file" in refusal(source, Save(B))
    assert not named.exists()


def test_the_usual_file_by_name_has_the_usual_list(home: Home) -> None:
    home.configure(CONFIG)
    source = ConfigSource(home.config, environ={"XDG_CONFIG_HOME": str(home.base / "elsewhere")})
    assert edit_presets(source, Save(B)) == (home.path, (A, B))
    assert home.source.load().config.presets == (A, B)


def machine_wide(config: str, presets: str = "") -> Path:
    paths.SYSTEM_PATH.parent.mkdir()
    paths.SYSTEM_PATH.write_text(config)
    own = paths.SYSTEM_PATH.with_name("presets.toml")
    if presets:
        own.write_text(presets)
    return own


def test_the_machines_configuration_goes_with_a_list_of_the_users_own(home: Home) -> None:
    system = machine_wide(CONFIG)
    assert edit_presets(home.source, Save(B)) == (home.path, (A, B))
    assert not system.exists()
    assert home.source.load().warnings == ()
    paths.SYSTEM_PATH.write_text(CONFIG.replace("look a", "x"))
    assert str(paths.SYSTEM_PATH) in home.source.load().warnings[0]


def test_the_machines_list_holds_until_the_users_first_edit(home: Home) -> None:
    machine_wide('[sink]\nfit = "pad"\n', FILE)
    assert home.source.load().config.presets == (A,)
    assert edit_presets(home.source, Save(B)) == (home.path, (A, B))
    home.configure("# my own configuration\n")
    assert home.source.load().config.presets == (A, B)
    home.path.unlink()
    assert home.source.load().config.presets == BUILTIN_PRESETS


def test_the_machines_list_is_edited_where_its_configuration_is_named(home: Home) -> None:
    system = machine_wide(CONFIG)
    source = ConfigSource(paths.SYSTEM_PATH, environ=home.source.environ)
    assert edit_presets(source, Save(B)) == (system, (A, B))
    assert not home.folder.exists()


@pytest.mark.parametrize(("user", "expected"), [(0, 0o644), (1000, 0o600)])
def test_what_root_edits_a_service_may_read(
    home: Home, monkeypatch: pytest.MonkeyPatch, user: int, expected: int
) -> None:
    home.configure(CONFIG)
    home.config.chmod(0o644)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    edit_presets(home.source, Save(B))
    assert mode(home.path) == expected


def test_a_reset_and_an_addition_that_is_there(home: Home) -> None:
    home.configure(CONFIG)
    assert "already" in refusal(home.source, Add(A))
    assert edit_presets(home.source, RestoreBuiltins())[1] == BUILTIN_PRESETS
    loaded = home.source.load()
    assert (loaded.config.presets, loaded.origins["presets"]) == (BUILTIN_PRESETS, "default")
    assert loaded.warnings == ()
    assert "presets" not in tomllib.loads(home.path.read_text())
    assert (
        edit_presets(home.source, Remove("noir"))[1]
        == loaded.config.presets[:13] + (loaded.config.presets[14:])
    )
    assert home.config.read_text() == CONFIG


def test_the_last_preset_can_go(home: Home) -> None:
    home.write(FILE)
    assert edit_presets(home.source, Remove("a"))[1] == ()
    assert tomllib.loads(home.path.read_text())["presets"] == []
    assert home.source.load().config.presets == ()
    assert edit_presets(home.source, Save(B))[1] == (B,)


def test_byte_order_marks_and_windows_line_ends_are_read(home: Home) -> None:
    home.folder.mkdir()
    home.path.write_bytes(b"\xef\xbb\xbf" + FILE.replace("\n", "\r\n").encode())
    assert edit_presets(home.source, Save(B))[1] == (A, B)


# --- any edits ----------------------------------------------------------------------------------

TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=12
) | st.sampled_from(["[[presets]]", "# no", "\n[[presets]]\n# no", '"""', "'''", "\x7f", "]"])
IDS = st.sampled_from(["a", "b", "c", "d", "e-5", "f_6", "g"])
LOOKS = st.builds(
    Preset,
    id=IDS,
    name=TEXTS.map(lambda text: text or "x"),
    prompt=TEXTS,
    seed=st.none() | st.integers(0, 2**53 - 1),
    evolve=st.lists(TEXTS.map(lambda text: text or "x"), max_size=3).map(tuple),
)
EDITS = st.one_of(
    st.builds(Save, LOOKS, st.none() | IDS),
    st.builds(Remove, IDS),
    st.builds(Move, IDS, st.integers(0, 8)),
    st.builds(Add, LOOKS),
    st.builds(Revise, IDS, st.fixed_dictionaries({"seed": st.none() | st.integers(0, 9)})),
    st.just(RestoreBuiltins()),
)
CONFIGURATIONS = st.sampled_from(
    [
        b"",
        CONFIG.encode(),
        b"\xef\xbb\xbf" + CONFIG.replace("\n", "\r\n").encode(),
        b"presets = [ # none yet\n  {id='a', name='A', prompt='look a'}, # ay\n]\n[log]\n",
        render_template().encode(),
    ]
)


@settings(max_examples=60, deadline=None)
@given(CONFIGURATIONS, st.lists(EDITS, min_size=1, max_size=6))
def test_any_edits_give_their_list_and_leave_the_configuration_alone(
    config: bytes, edits: list[Edit]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_bytes(config)
        before = path.stat()
        source = ConfigSource(path, environ={})
        presets = source.load().config.presets
        for edit in edits:
            try:
                after = apply(edit, presets)
            except CommandFailed:
                with pytest.raises(CommandFailed):
                    edit_presets(source, edit)
                continue
            presets = after
            assert edit_presets(source, edit)[1] == presets
            assert source.load().config.presets == presets
            assert source.load().warnings == ()
        assert path.read_bytes() == config
        now = path.stat()
        assert (now.st_ino, now.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


# --- refused, with nothing changed --------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[presets\n", ["presets.toml:1", "TOML", "is wrong, so the presets are not edited"]),
        ("\n[[preset]]\nid = 5\n", ["presets.toml:2", "the nearest is [[presets]]"]),
        ("[[presets]]\nid = 5\n", ["presets.toml:2: preset 1 (5): id = 5: expected a", "2 more"]),
        (FILE + "idd = 5\n", ["presets.toml:6", "(a): there is no key idd; the nearest is id"]),
        (FILE + TABLE, ["presets.toml:7: preset 2 (a): preset 1 has the same id"]),
        ("[sink]\nfps = 5\n", ["presets.toml:1: sink is a table of the configuration file"]),
        ("[sing]\nfps = 5\n", ["presets.toml:1: there is no table [sing]"]),
        ("copid = 5\ny = 1\n", ["presets.toml:1: there is no key copid; the nearest is copied",
                                "and 1 more", "config check"]),
        ("presets = 5\n", ["presets.toml:1: presets: expected a list of [[presets]] tables"]),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_is_not_touched(home: Home, text: str, words: list[str]) -> None:
    home.configure(CONFIG)
    home.write(text)
    for edit in (Save(B), RestoreBuiltins()):
        said = refusal(home.source, edit)
        assert all(word in said for word in words), said
    assert home.path.read_text() == text
    assert "presets.toml.bak" not in home.names()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[sink\n", ["config.toml:1", "TOML", "is wrong, so the presets are not edited"]),
        ("[sink]\nwidht = 5\n", ["config.toml:2", "sink.width", "are not edited"]),
        ("[sink]\nwidht = 5\nkinb = 4\n", ["config.toml:2", "and 1 more", "config check"]),
    ],
)
def test_nothing_is_copied_from_a_configuration_that_is_wrong(
    home: Home, text: str, words: list[str]
) -> None:
    home.configure(text)
    said = refusal(home.source, Save(B))
    assert all(word in said for word in words), said
    assert not home.path.exists()


def test_bytes_that_are_no_text_are_not_touched(home: Home) -> None:
    home.folder.mkdir()
    home.path.write_bytes(b"# \xff\n")
    assert "is not UTF-8 text (byte 3)" in refusal(home.source, Save(B))
    assert home.path.read_bytes() == b"# \xff\n"


def test_an_edit_that_would_break_the_configuration_is_refused(home: Home) -> None:
    home.configure('[start]\npreset = "a"\n')
    home.write(FILE)
    said = refusal(home.source, Save(B, replaces="a"))
    assert "would be wrong after that, so nothing was changed" in said
    assert f"{home.config}:2: start.preset: no preset 'a'; have: b" in said
    assert home.path.read_text() == FILE


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


def test_a_file_that_may_not_be_written_is_named_with_what_mends_it(
    home: Home, forbid: Callable[[Path], None]
) -> None:
    home.write(FILE)
    forbid(home.path)
    said = refusal(home.source, Save(B))
    assert said.startswith(f"{home.path}: this user may not write it, so nothing was changed")
    assert said.endswith(f"to make it writable: chmod u+w {home.path}")


def test_a_folder_that_may_not_be_written_is_named_with_what_mends_it(
    home: Home, forbid: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    home.configure(CONFIG)
    forbid(home.folder)
    said = refusal(home.source, Save(B))
    assert said.startswith(f"{home.path}: this user may not write it, so nothing was changed")
    assert said.endswith(f"chmod u+w {home.folder}")
    monkeypatch.setattr(os, "geteuid", lambda: home.folder.stat().st_uid + 1)
    assert refusal(home.source, Save(B)).endswith(f'sudo chown "$USER" {home.folder}')
    assert home.names() == {"config.toml"}
    home.folder.chmod(0o755)


def test_a_folder_that_may_not_be_made_is_named_with_what_mends_it(
    home: Home, forbid: Callable[[Path], None]
) -> None:
    forbid(home.base)
    assert refusal(home.source, Save(B)).endswith(f"chmod u+w {home.base}")
    home.base.chmod(0o755)


def test_a_link_into_a_folder_that_may_not_be_written(
    home: Home, forbid: Callable[[Path], None]
) -> None:
    store = home.base / "store"
    store.mkdir()
    (store / "looks.toml").write_text(FILE)
    home.folder.mkdir()
    home.path.symlink_to(store / "looks.toml")
    forbid(store)
    said = refusal(home.source, Save(B))
    assert f"{home.path} (a link to {store / 'looks.toml'})" in said
    assert said.endswith(f"cp --remove-destination {store / 'looks.toml'} {home.path}")
    (store / "looks.toml").unlink()
    assert refusal(home.source, Save(B)).endswith(f"in the link's place: rm {home.path}")
    assert home.names() == {"presets.toml"}
    store.chmod(0o755)


def test_a_folder_that_is_a_link_is_no_link_of_the_file(
    home: Home, forbid: Callable[[Path], None]
) -> None:
    real = home.base / "real"
    real.mkdir()
    home.folder.symlink_to(real)
    home.write(FILE)
    forbid(home.path)
    forbid(real / "presets.toml")
    said = refusal(home.source, Save(B))
    assert said.startswith(f"{home.path}: this user may not write it")
    assert said.endswith(f"chmod u+w {real / 'presets.toml'}")


def test_a_machines_list_by_name_is_for_root(
    home: Home, forbid: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    system = machine_wide(CONFIG)
    forbid(system.parent)
    monkeypatch.setattr(os, "geteuid", lambda: system.parent.stat().st_uid + 1)
    named = ConfigSource(paths.SYSTEM_PATH, environ=home.source.environ)
    assert refusal(named, Save(B)).endswith(
        "edit them as root: sudo sana-vcam presets add|edit|remove|move|reset "
        f"--config {paths.SYSTEM_PATH}"
    )
    # Without the name, the list is the user's own.
    assert edit_presets(home.source, Save(B))[0] == home.path
    system.parent.chmod(0o755)


def test_a_lock_that_is_held_is_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.write(FILE)
    monkeypatch.setattr(file, "LOCK_TIMEOUT_S", 0.05)
    with FileLock(home.folder / ".presets.toml.lock"):
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


def test_a_crash_before_the_first_copy_leaves_the_configurations_list(home: Home) -> None:
    home.configure(CONFIG)
    with child(home, CRASH.replace("WHEN", "1")) as crashing:
        assert crashing.wait() == 9
    assert not home.path.exists()
    assert home.source.load().config.presets == (A,)
    edit_presets(home.source, Save(B))
    assert home.names() == {"config.toml", "presets.toml", ".presets.toml.lock"}


@pytest.mark.parametrize("when", [1, 2], ids=["before the backup", "before the file"])
def test_a_crash_before_a_rename_loses_nothing(home: Home, when: int) -> None:
    home.write(FILE)
    with child(home, CRASH.replace("WHEN", str(when))) as crashing:
        assert crashing.wait() == 9
    assert home.path.read_text() == FILE
    assert any(name.endswith(".tmp") for name in home.names())
    edit_presets(home.source, Save(B))
    assert home.ids() == ["a", "b"]
    assert home.names() == {"presets.toml", "presets.toml.bak", ".presets.toml.lock"}


def test_a_full_disk_changes_nothing_and_is_named(home: Home) -> None:
    home.write(FILE)
    with child(home, FULL) as full:
        _, said = full.communicate()
    assert f"{home.path}: cannot be written: File too large" in said
    assert home.ids() == ["a", "b"]
    assert home.names() == {"presets.toml", "presets.toml.bak", ".presets.toml.lock"}


def test_processes_that_edit_at_once_lose_no_edit(home: Home) -> None:
    home.configure(CONFIG)
    children = [child(home, f"for n in range(8): add(f'{who}{{n}}')") for who in "xyz"]
    for each in children:
        with each:
            assert each.wait() == 0, each.stderr and each.stderr.read()
    assert sorted(home.ids()) == sorted(["a", *(f"{who}{n}" for who in "xyz" for n in range(8))])


@dataclass
class Interrupted(ConfigSource):
    """A source whose file an editor, which knows of no lock, writes before the edit is written."""

    by_hand: list[str] = field(default_factory=list)

    def load(self, drafts: Mapping[Path, str] = {}) -> Loaded:
        loaded = super().load(drafts)
        if self.by_hand:
            self.presets_file.write_text(self.by_hand.pop(0))
        return loaded


def test_what_an_editor_writes_meanwhile_is_edited_in_turn(home: Home) -> None:
    home.write(FILE)
    by_hand = [FILE.replace("look a", "look x"), FILE.replace("look a", "look y")]
    source = Interrupted(environ=home.source.environ, by_hand=by_hand)
    edit_presets(source, Save(B))
    assert "look y" in home.path.read_text()
    assert home.ids() == ["a", "b"]


def test_a_list_that_comes_meanwhile_is_edited_and_not_written_over(home: Home) -> None:
    home.configure(CONFIG.replace("look a", "old"))
    source = Interrupted(environ=home.source.environ, by_hand=[FILE])
    assert edit_presets(source, Save(B))[1] == (A, B)


def test_a_file_that_changes_all_the_time_is_left_alone(home: Home) -> None:
    home.write(FILE)
    by_hand = [f"{FILE}# {number}\n" for number in range(20)]
    source = Interrupted(environ=home.source.environ, by_hand=by_hand)
    assert "another program writes it all the time" in refusal(source, Save(B))
    assert home.ids() == ["a"]
