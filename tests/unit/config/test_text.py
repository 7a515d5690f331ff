"""The configuration as text: the commented file, init, show and check."""

from __future__ import annotations

import json
import os
import re
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest

from sana_vcam.config import paths
from sana_vcam.config.load import Loaded, load
from sana_vcam.config.preset import BUILTIN_PRESETS, Preset
from sana_vcam.config.schema import Config, leaves, sections
from sana_vcam.config.text import (
    WEBRTC_SIZES,
    all_warnings,
    check,
    check_json,
    effective_json,
    render_effective,
    render_template,
    write_initial,
)
from sana_vcam.errors import ConfigError

SHIPPED = Path(__file__).parents[3] / "config" / "sana-vcam.toml"
SECRET = "rk_5ecr3t"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "SYSTEM_PATH", tmp_path / "etc" / "config.toml")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "sana-vcam" / "config.toml"


def switched_on(text: str) -> str:
    """Return the commented file with every setting switched on, as its header explains."""
    return re.sub(r"(?m)^#(?=[\[a-z])", "", text)


def loaded(overrides: dict[str, object] | None = None, **environ: str) -> Loaded:
    return load(None, overrides or {}, environ | {"XDG_CONFIG_HOME": os.environ["XDG_CONFIG_HOME"]})


# --- the commented file -------------------------------------------------------------------------


def test_the_shipped_file_is_the_one_that_init_writes() -> None:
    assert SHIPPED.read_text("utf-8") == render_template(), (
        "config/sana-vcam.toml is not current; write it again: "
        "python -m sana_vcam config init --force config/sana-vcam.toml"
    )


def test_as_it_is_no_version_finds_a_thing_in_the_file() -> None:
    # Not even the name of a table, which a version that lacks it would refuse after a downgrade.
    assert tomllib.loads(render_template()) == {}


@pytest.mark.parametrize("key", [key for key in leaves() if key != "presets"])
def test_each_setting_can_be_switched_on_alone(path: Path, key: str) -> None:
    path.parent.mkdir()
    path.write_text(re.sub(rf"(?m)^#(?={re.escape(key)} = )", "", render_template()), "utf-8")
    again = loaded()
    assert again.config == Config()
    assert [name for name, origin in again.origins.items() if origin != "default"] == [key]


def test_a_table_of_ones_own_goes_below_all_of_it(path: Path) -> None:
    path.parent.mkdir()
    text = render_template().replace("#sink.fps = 24.0", "sink.fps = 30.0")
    path.write_text(f"{text}\n[camera]\nmirror = true\n", "utf-8")
    config = loaded().config
    assert (config.sink.fps, config.camera.mirror) == (30.0, True)

    # Further up it takes what is switched on below it along, and is told where to go.
    path.write_text(text.replace("# ---- sink ----", "[camera]\nmirror = true"), "utf-8")
    with pytest.raises(ConfigError, match=r"sink\.fps is below the line \[camera\] .* the end of"):
        loaded()

    path.write_text(f'{text}\n[sink]\nlabel = "Mine"\n', "utf-8")
    with pytest.raises(ConfigError, match=r"sink is there already: .* below one line \[sink\]$"):
        loaded()


def test_switched_on_it_holds_every_key() -> None:
    table = tomllib.loads(switched_on(render_template()))
    keys = [f"{name}.{key}" for name in sections() for key in table[name]]
    assert [*keys, "presets"] == list(leaves())
    assert len(table["presets"]) == len(BUILTIN_PRESETS)


def test_every_key_stands_below_its_meaning() -> None:
    blocks = render_template().split("\n\n")
    settings = {match[1]: b for b in blocks if (match := re.search(r"(?m)^#([a-z_.]+) = ", b))}
    for block in settings.values():
        assert block.startswith(("# ", "#[[presets]]"))
    source = settings["camera.source"].replace("\n# ", " ").lower()
    assert "one of auto, webcam, file, test." in source


def test_the_explanations_fit_a_narrow_window() -> None:
    lines = [line for line in render_template().splitlines() if not re.match(r"#[a-z]", line)]
    assert max(map(len, lines)) <= 88


def test_no_explanation_looks_like_a_setting() -> None:
    for line in render_template().splitlines():
        assert re.match(r"(# |#$|#\[\[presets\]\]$|#[a-z_.]+ = |$)", line), line


def test_init_then_switching_all_on_gives_the_defaults(path: Path) -> None:
    write_initial(path)
    assert loaded().config == Config()
    path.write_text(switched_on(path.read_text("utf-8")), "utf-8")
    again = loaded()
    assert again.config == Config()
    assert {re.sub(r":\d+$", "", origin) for origin in again.origins.values()} == {f"file {path}"}
    lines = path.read_text("utf-8").splitlines()
    for key, origin in again.origins.items():
        assert key.rpartition(".")[2] in lines[int(origin.rpartition(":")[2]) - 1]


# --- config init --------------------------------------------------------------------------------


def test_init_writes_a_private_file_and_its_folders(path: Path) -> None:
    assert write_initial(path) == f"wrote {path} (mode 0600; every setting at its default)"
    assert path.read_text("utf-8") == render_template()
    assert [entry.name for entry in path.parent.iterdir()] == ["config.toml"]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_init_without_a_path_writes_the_user_s_own(path: Path) -> None:
    assert write_initial().startswith(f"wrote {path} ")
    assert loaded().path == path


def test_init_keeps_a_file_that_is_there(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("mine")
    with pytest.raises(ConfigError, match="exists, and was left as it is; --force replaces it"):
        write_initial(path)
    assert path.read_text() == "mine"
    assert write_initial(path, force=True).startswith(f"replaced {path} ")
    assert path.read_text("utf-8") == render_template()
    assert [entry.name for entry in path.parent.iterdir()] == ["config.toml"]


def test_init_follows_a_link(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    dotfile = tmp_path / "dotfile.toml"
    dotfile.write_text("mine")
    path.symlink_to(dotfile)
    write_initial(path, force=True)
    assert path.is_symlink()
    assert dotfile.read_text("utf-8") == render_template()


def test_init_says_why_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    target = tmp_path / "file" / "config.toml"
    with pytest.raises(ConfigError, match=rf"^{re.escape(str(target))}: cannot be written: "):
        write_initial(target)


# --- config show --------------------------------------------------------------------------------


def test_show_gives_every_value_its_origin(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('[sink]\nlabel = "A \\"quoted\\" name"\n')
    text = render_effective(loaded({"camera.fps": "30"}, SANA_VCAM_LOG__LEVEL="debug"))
    assert text.startswith(f"# {path}\n")
    for line in (
        rf'label = "A \\"quoted\\" name" +# file {re.escape(str(path))}:2',
        r"fps = 30\.0 +# flag --set camera\.fps",
        r'level = "debug" +# environment SANA_VCAM_LOG__LEVEL',
        r"port = 7262 +# default",
        r"api_key = \(unset\) +# default",
        r"# preset 1: default",
    ):
        assert re.search(rf"(?m)^{line}$", text), line


def test_show_without_secrets_is_a_file_that_means_the_same(path: Path) -> None:
    own = '[{"id": "a", "name": "A", "prompt": "x\\ny", "seed": 3}]'
    shown = loaded({"presets": own, "sink.kind": "raw", "camera.path": "/a.mp4"})
    path.parent.mkdir()
    path.write_text(render_effective(shown).replace("(unset)", '""'))
    assert loaded().config == shown.config


def test_show_of_no_presets_at_all(path: Path) -> None:
    text = render_effective(loaded({"presets": "[]"})).replace("(unset)", '""')
    assert "presets = []  # flag --set presets" in text
    assert tomllib.loads(text)["presets"] == []


def test_json_holds_values_origins_and_warnings(path: Path) -> None:
    document: dict[str, Any] = json.loads(effective_json(loaded({"control.port": "0"})))
    assert document["path"] is None
    assert document["config"]["control"]["port"] == 0
    assert document["config"]["camera"]["path"] is None
    assert document["config"]["presets"][0]["id"] == BUILTIN_PRESETS[0].id
    assert document["origins"]["control.port"] == "flag --set control.port"
    assert list(document["origins"]) == list(leaves())
    assert any(warning.startswith("control.port = 0") for warning in document["warnings"])


def test_no_rendering_shows_a_secret(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(f'[control]\ntoken = "{SECRET}"\n')
    both = loaded(REACTOR_API_KEY=SECRET)
    texts = [render(both) for render in (render_effective, effective_json, check, check_json, repr)]
    for text in texts:
        assert SECRET not in text
    assert "api_key = ********  " in render_effective(both)
    assert json.loads(effective_json(both))["config"]["control"]["token"] == "********"
    assert json.loads(effective_json(both))["config"]["reactor"]["api_key"] == "********"


# --- config check -------------------------------------------------------------------------------


def test_check_of_a_sound_file(path: Path) -> None:
    write_initial(path)
    assert check(loaded(REACTOR_API_KEY="k")) == f"OK: {path}"


def test_check_as_json(path: Path) -> None:
    write_initial(path)
    document = json.loads(check_json(loaded({"control.port": 0}, REACTOR_API_KEY="k")))
    assert (document["ok"], document["path"], len(document["warnings"])) == (True, str(path), 1)


def test_check_without_a_file_says_where_it_looked(path: Path) -> None:
    text = check(loaded(REACTOR_API_KEY="k"))
    assert text.startswith("OK: no file (")
    assert str(path) in text


@pytest.mark.parametrize(
    ("overrides", "warning"),
    [
        ({"privacy.allow_bypass": True}, "privacy.allow_bypass = true: "),
        ({"control.port": 0}, "control.port = 0: "),
        ({"sink.width": 1282}, "sink.width and sink.height are 1282x720, a size that Firefox"),
        (
            {"sink.height": 704, "sink.kind": "v4l2loopback"},
            "sink.width and sink.height are 1280x7",
        ),
        ({"sink.label": "€" * 11}, "sink.label is longer than the 31 bytes"),
        (
            {"reactor.track_width": 640},
            "reactor.track_width: the size of a runtime of your own, and the published model has",
        ),
        (
            {"sink.pixel_format": "BGR24"},
            "sink.pixel_format is set (flag --set sink.pixel_format) and has no effect: "
            'sink.kind is "auto", not "raw"',
        ),
        ({"sink.path": "out.yuv"}, "sink.path is set (flag --set sink.path) and has no effect: "),
        ({"camera.path": "/a.mp4"}, "camera.path is set (flag --set camera.path) and has no eff"),
        (
            {"camera.source": "test", "camera.device": "1"},
            "camera.device is set (flag --set camera.device) and has no effect: ",
        ),
    ],
)
def test_check_warns(path: Path, overrides: dict[str, object], warning: str) -> None:
    (found,) = all_warnings(loaded(overrides, REACTOR_API_KEY="k"))
    assert found.startswith(warning)
    assert f"\nwarning: {warning}" in check(loaded(overrides, REACTOR_API_KEY="k"))


@pytest.mark.parametrize(
    "overrides",
    [
        {"sink.kind": "raw", "sink.pixel_format": "BGR24", "sink.path": "out", "sink.width": 66},
        {"camera.source": "file", "camera.path": "/a.mp4"},
        {"reactor.local": True, "reactor.track_width": 640},
        {"reactor.send": "640x352"},
        {"sink.width": 640, "sink.height": 480},
    ],
)
def test_check_does_not_warn(path: Path, overrides: dict[str, object]) -> None:
    assert all_warnings(loaded(overrides, REACTOR_API_KEY="k")) == []


def test_check_warns_of_a_missing_key_and_does_not_fail(path: Path) -> None:
    (warning,) = all_warnings(loaded())
    assert warning.startswith("no Reactor API key.")
    assert all_warnings(loaded({"reactor.local": "true"})) == []


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_check_warns_of_a_key_file_that_others_may_read(path: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(SECRET)
    key.chmod(0o644)
    text = check(loaded({"reactor.api_key_file": str(key)}))
    assert f"warning: {key}: holds a secret and others may read it; chmod 600 {key}" in text


def test_the_default_size_is_one_that_every_app_takes() -> None:
    assert f"{Config().sink.width}x{Config().sink.height}" in WEBRTC_SIZES


def test_a_preset_without_a_seed_is_written_without_one() -> None:
    shown = Loaded(Config(presets=(Preset(id="a", name="A", prompt="x"),)), None, loaded_origins())
    assert "seed" not in render_effective(shown).partition("[[presets]]")[2]


def loaded_origins() -> dict[str, str]:
    return dict.fromkeys(leaves(), "default")
