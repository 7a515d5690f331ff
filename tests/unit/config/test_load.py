"""Loading: which source wins, where each value comes from, and what the messages say."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from sana_vcam.config import paths
from sana_vcam.config.load import Loaded, load, require_key
from sana_vcam.config.paths import default_paths, user_path
from sana_vcam.config.schema import Config, leaves, value_of
from sana_vcam.errors import EXIT_CONFIG, ConfigError

SECRET = "rk_5ecr3t"


@dataclass
class Machine:
    """A machine with nothing configured, and what a test sets up on it."""

    home: Path
    environ: dict[str, str] = field(default_factory=dict)
    overrides: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.environ["XDG_CONFIG_HOME"] = str(self.home)

    @property
    def path(self) -> Path:
        return self.home / "sana-vcam" / "config.toml"

    def file(self, text: str, name: str = "sana-vcam/config.toml", mode: int = 0o600) -> Path:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        path.chmod(mode)
        return path

    def load(self, path: Path | None = None) -> Loaded:
        return load(path, self.overrides, self.environ)

    def problems(self, path: Path | None = None) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            self.load(path)
        shown = "".join(traceback.format_exception(caught.value))
        assert SECRET not in shown
        for jargon in ("pydantic", "validation error", "errors.", "input_value", "type="):
            assert jargon not in str(caught.value)
        assert caught.value.exit_code == EXIT_CONFIG == 78
        return str(caught.value).splitlines()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(paths, "SYSTEM_PATH", tmp_path / "etc" / "config.toml")
    return Machine(tmp_path)


def key_of(loaded: Loaded) -> str | None:
    key = loaded.config.reactor.api_key
    return None if key is None else key.get_secret_value()


# --- which source wins --------------------------------------------------------------------------


def test_with_nothing_given_all_is_default(machine: Machine) -> None:
    loaded = machine.load()
    assert loaded.config == Config()
    assert loaded.path is None
    assert loaded.origins == dict.fromkeys(leaves(), "default")
    assert loaded.warnings == ()


@pytest.mark.parametrize(
    ("low", "high"), list(itertools.combinations(["default", "file", "environment", "flag"], 2))
)
def test_the_higher_source_wins(machine: Machine, low: str, high: str) -> None:
    if "file" in (low, high):
        machine.file('[log]\nlevel = "warning"\n')
    if "environment" in (low, high):
        machine.environ["SANA_VCAM_LOG__LEVEL"] = "error"
    if "flag" in (low, high):
        machine.overrides["log.level"] = "debug"
    loaded = machine.load()
    assert (loaded.config.log.level, loaded.origins["log.level"]) == {
        "file": ("warning", f"file {machine.path}:2"),
        "environment": ("error", "environment SANA_VCAM_LOG__LEVEL"),
        "flag": ("debug", "flag --set log.level"),
    }[high]


def test_sources_meet_in_one_table(machine: Machine) -> None:
    machine.file("[sink]\nwidth = 640\nheight = 480\n")
    machine.environ["SANA_VCAM_SINK__HEIGHT"] = "360"
    machine.overrides["sink.fps"] = "30"
    sink = machine.load().config.sink
    assert (sink.width, sink.height, sink.fps, sink.label) == (640, 360, 30.0, "SANA VCam")


KEY_SOURCES: dict[str, tuple[Callable[[Machine], object], str]] = {
    "variable": (
        lambda m: m.environ.update(SANA_VCAM_REACTOR__API_KEY="variable\n"),
        "environment SANA_VCAM_REACTOR__API_KEY",
    ),
    "short": (
        lambda m: m.environ.update(REACTOR_API_KEY=" short\n"),
        "environment REACTOR_API_KEY",
    ),
    "key_file": (
        lambda m: m.environ.update(
            SANA_VCAM_REACTOR__API_KEY_FILE=str(m.file("key_file\r\n", "key"))
        ),
        "file reactor.api_key_file {home}/key",
    ),
    "credential": (
        lambda m: m.environ.update(
            CREDENTIALS_DIRECTORY=str(m.file("credential\n", "run/reactor_api_key").parent)
        ),
        "credential reactor_api_key",
    ),
    "file": (
        lambda m: m.file('[reactor]\napi_key = "file"\n'),
        "file {home}/sana-vcam/config.toml:2",
    ),
}


@pytest.mark.parametrize(("high", "low"), list(itertools.combinations(KEY_SOURCES, 2)))
def test_where_the_api_key_comes_from(machine: Machine, high: str, low: str) -> None:
    for source in (low, high):
        KEY_SOURCES[source][0](machine)
    loaded = machine.load()
    assert key_of(loaded) == high
    assert loaded.origins["reactor.api_key"] == KEY_SOURCES[high][1].format(home=machine.home)
    require_key(loaded.config)


def test_an_empty_key_is_no_key(machine: Machine) -> None:
    machine.environ |= {"SANA_VCAM_REACTOR__API_KEY": "", "REACTOR_API_KEY": " \n"}
    machine.environ["CREDENTIALS_DIRECTORY"] = str(machine.file("\n", "run/reactor_api_key").parent)
    key_file = machine.file("\n", "key")
    machine.file(f'[reactor]\napi_key = ""\napi_key_file = "{key_file}"\n')
    loaded = machine.load()
    assert key_of(loaded) is None
    assert loaded.warnings == (
        f"{key_file} is empty; reactor.api_key_file expects the API key in it",
    )


def test_a_credentials_directory_without_the_key_is_passed_over(machine: Machine) -> None:
    machine.environ["CREDENTIALS_DIRECTORY"] = str(machine.home / "gone")
    assert key_of(machine.load()) is None


def test_a_key_in_the_environment_leaves_the_key_file_unread(machine: Machine) -> None:
    machine.environ |= {"REACTOR_API_KEY": "k", "SANA_VCAM_REACTOR__API_KEY_FILE": "/no/such/file"}
    assert key_of(machine.load()) == "k"


@pytest.mark.parametrize(
    ("above", "below"), [("prompt", "preset"), ("preset", "prompt"), ("prompt", "prompt")]
)
def test_a_prompt_or_preset_given_above_replaces_both_below(
    machine: Machine, above: str, below: str
) -> None:
    machine.file(f'[start]\n{below} = "noir"\nseed = 3\n')
    machine.overrides[f"start.{above}"] = "clay"
    start = machine.load().config.start
    assert (getattr(start, above), start.prompt + start.preset, start.seed) == ("clay", "clay", 3)


# --- which file counts --------------------------------------------------------------------------


def test_the_user_s_file_comes_before_the_machine_s(machine: Machine) -> None:
    etc = machine.file('[log]\nlevel = "error"\n', "etc/config.toml")
    assert (machine.load().path, machine.load().config.log.level) == (etc, "error")
    own = machine.file('[log]\nlevel = "debug"\n')
    assert (machine.load().path, machine.load().config.log.level) == (own, "debug")
    assert default_paths(machine.environ) == (own, etc)


def test_an_explicit_file_comes_before_both(machine: Machine) -> None:
    machine.file('[log]\nlevel = "error"\n')
    other = machine.file("", "other.toml")
    loaded = machine.load(other)
    assert (loaded.path, loaded.config) == (other, Config())


def test_without_xdg_the_platform_says_where_the_file_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert user_path({}) == user_path({"XDG_CONFIG_HOME": "relative"})
    assert user_path({}).parts[-2:] == ("sana-vcam", "config.toml")


def test_a_missing_explicit_file_says_so(machine: Machine) -> None:
    path = machine.home / "my file.toml"
    assert machine.problems(path) == [
        f"{path}: there is no such file (from --config); "
        f"to write one: sana-vcam config init '{path}'"
    ]


def test_a_folder_in_place_of_the_file(machine: Machine) -> None:
    assert machine.problems(machine.home) == [f"{machine.home}: cannot be read: Is a directory"]


def test_bytes_that_are_no_text(machine: Machine) -> None:
    machine.path.parent.mkdir()
    machine.path.write_bytes(b"[log]\n\xff")
    assert machine.problems() == [f"{machine.path}: is not UTF-8 text (byte 7)"]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[sink]\nkind = raw\n", 2, "invalid value"),
        ("[sink\n", 1, "expected ']'"),
        ('[log]\nlevel = "info', 2, "unterminated string"),
        ("[log]\n[log]\n", 2, "log is there already"),
        ("[log]\nlevel = 1\nlevel = 2\n", 3, "cannot overwrite a value"),
    ],
)
def test_a_syntax_error_has_line_and_column(
    machine: Machine, text: str, line: int, words: str
) -> None:
    machine.file(text)
    (problem,) = machine.problems()
    place = re.escape(f"{machine.path}:{line}")
    assert re.match(rf"{place}:[1-9]\d*: this is not TOML: {re.escape(words)}", problem)


@pytest.mark.parametrize("value", ["[" * 100_000, "1" * 5000], ids=["deep", "long"])
def test_what_the_reader_of_toml_gives_up_on_is_a_problem_too(machine: Machine, value: str) -> None:
    machine.file(f"[sink]\nfps = {value}\n")
    (problem,) = machine.problems()
    assert problem.startswith(f"{machine.path}: holds a list that is nested too deeply")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | st.text("[]{}\"'=#.\n presetsink1", max_size=40).map(str.encode))
def test_any_file_loads_or_is_a_configuration_error(raw: bytes) -> None:
    """A daemon that runs reads whatever an editor leaves: nothing of it may end the daemon."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_bytes(raw)
        try:
            said = str(load(path, {}, {}).path)
        except ConfigError as error:
            said = str(error)
        assert str(path) in said


@pytest.mark.parametrize("text", ["\ufeff[log]\nlevel = 'debug'\n", "[log]\r\nlevel = 'debug'\r\n"])
def test_files_from_other_editors(machine: Machine, text: str) -> None:
    machine.file(text)
    assert machine.load().config.log.level == "debug"


# --- the environment and the flags --------------------------------------------------------------

SAMPLES: dict[str, tuple[str, object]] = {
    "reactor.api_key": ("k1", SecretStr("k1")),
    "reactor.api_key_file": ("/dev/null", Path("/dev/null")),
    "reactor.api_url": ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    "reactor.local": ("true", True),
    "reactor.model": ("other", "other"),
    "reactor.clean_change": ("off", "off"),
    "reactor.max_session_s": ("60", 60),
    "reactor.renew_margin_s": ("30", 30.0),
    "reactor.connect_timeout_s": ("1.5", 1.5),
    "reactor.waiting_timeout_s": ("2", 2.0),
    "reactor.start_kbps": ("0", 0),
    "reactor.send": ("640x352", "640x352"),
    "reactor.track_width": ("640", 640),
    "reactor.track_height": ("352", 352),
    "camera.source": ("test", "test"),
    "camera.device": ("0", "0"),
    "camera.path": ("/a.mp4", Path("/a.mp4")),
    "camera.width": ("640", 640),
    "camera.height": ("480", 480),
    "camera.fps": ("30", 30.0),
    "camera.fit": ("pad", "pad"),
    "camera.mirror": ("1", True),
    "capture.when": ("always", "always"),
    "capture.linger_s": ("3", 3.0),
    "cost.session_cap_min": ("30", 30.0),
    "cost.day_cap_min": ("90", 90.0),
    "cost.month_cap_min": ("600", 600.0),
    "cost.pause_ends_after_s": ("0", 0.0),
    "cost.price_per_min": ("0.25", 0.25),
    "cost.currency": ("EUR", "EUR"),
    "sink.kind": ("preview", "preview"),
    "sink.label": ("My Camera", "My Camera"),
    "sink.device": ("/dev/video9", "/dev/video9"),
    "sink.path": ("/tmp/out", "/tmp/out"),
    "sink.width": ("640", 640),
    "sink.height": ("480", 480),
    "sink.fps": ("15", 15.0),
    "sink.pixel_format": ("BGR24", "BGR24"),
    "sink.fit": ("stretch", "stretch"),
    "playout.max_delay_ms": ("0", 0),
    "playout.slate_after_s": ("4", 4.0),
    "playout.transition": ("black", "black"),
    "playout.transition_s": ("1", 1.0),
    "privacy.allow_bypass": ("yes", True),
    "privacy.thumbnails": ("no", False),
    "privacy.away": ("/home/me/beach.jpg", "/home/me/beach.jpg"),
    "voice.on": ("yes", True),
    "voice.microphone": ("alsa_input.headset", "alsa_input.headset"),
    "voice.first_guess_ms": ("1700", 1700.0),
    "voice.trim_ms": ("-40", -40.0),
    "voice.on_blank": ("pass", "pass"),
    "voice.max_ms": ("4000", 4000.0),
    "rehearse.second_session": ("yes", True),
    "keep.clips": ("yes", True),
    "keep.seconds": ("20", 20.0),
    "keep.folder": ("/tmp/kept", Path("/tmp/kept")),
    "keep.reserve_mb": ("500", 500),
    "control.host": ("::1", "::1"),
    "control.port": ("0", 0),
    "control.token": ("t1", SecretStr("t1")),
    "control.same_user": ("false", False),
    "start.connect": ("off", False),
    "start.prompt": ("as a clay figure", "as a clay figure"),
    "start.preset": ("noir", "noir"),
    "start.seed": ("42", 42),
    "start.anchor_interval": ("5", 5),
    "log.level": ("debug", "debug"),
    "presets": ("[]", ()),
}


def test_the_samples_cover_every_key() -> None:
    assert list(SAMPLES) == list(leaves())


@pytest.mark.parametrize("spell", [str.upper, str.lower])
@pytest.mark.parametrize("key", SAMPLES)
def test_a_variable_reaches_every_key(
    machine: Machine, key: str, spell: Callable[[str], str]
) -> None:
    name = spell("SANA_VCAM_" + key.replace(".", "__"))
    text, value = SAMPLES[key]
    machine.environ[name] = text
    loaded = machine.load()
    assert value_of(loaded.config, key) == value
    assert loaded.origins[key] == f"environment {name}"
    assert [k for k, origin in loaded.origins.items() if origin != "default"] == [key]


@pytest.mark.parametrize(
    "key", [k for k in SAMPLES if k not in ("reactor.api_key", "control.token")]
)
def test_a_flag_reaches_every_key(machine: Machine, key: str) -> None:
    text, value = SAMPLES[key]
    machine.overrides[key] = text
    loaded = machine.load()
    assert value_of(loaded.config, key) == value
    assert loaded.origins[key] == f"flag --set {key}"


def test_a_flag_may_have_a_value_of_the_key_s_own_type(machine: Machine) -> None:
    machine.overrides |= {"control.port": 0, "camera.path": Path("/a"), "camera.mirror": True}
    config = machine.load().config
    assert (config.control.port, config.camera.path, config.camera.mirror) == (0, Path("/a"), True)


def test_an_empty_variable_is_unset_except_where_a_text_may_be_empty(machine: Machine) -> None:
    machine.file('[camera]\nfps = 30.0\ndevice = "USB"\npath = "/a"\n')
    for name in ("FPS", "DEVICE", "PATH"):
        machine.environ[f"SANA_VCAM_CAMERA__{name}"] = ""
    camera = machine.load().config.camera
    assert (camera.fps, camera.device, camera.path) == (30.0, "", Path("/a"))


def test_an_empty_flag_unsets_an_optional_key(machine: Machine) -> None:
    machine.file('[camera]\npath = "/a"\n')
    machine.overrides["camera.path"] = ""
    assert machine.load().config.camera.path is None


def test_presets_in_a_variable_are_json(machine: Machine) -> None:
    machine.environ["SANA_VCAM_PRESETS"] = '[{"id": "a", "name": "A", "prompt": "x"}]'
    assert [preset.id for preset in machine.load().config.presets] == ["a"]
    machine.environ["SANA_VCAM_PRESETS"] = "[{"
    (problem,) = machine.problems()
    assert problem.startswith("SANA_VCAM_PRESETS: presets: expected a JSON list of presets; ")


def test_other_programs_variables_are_left_alone(machine: Machine) -> None:
    machine.environ |= {"SANA_VCAMERA": "x", "SANA": "x", "SANA_VCAM_REQUIRE_TOOLS": "1"}
    assert machine.load().config == Config()


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("SANA_VCAM_SINK__KND", "SANA_VCAM_SINK__KIND"),
        ("SANA_VCAM_SINK_KIND", "SANA_VCAM_SINK__KIND"),
        ("sana_vcam_sink__pixelformat", "SANA_VCAM_SINK__PIXEL_FORMAT"),
        ("SANA_VCAM_API_KEY", "SANA_VCAM_REACTOR__API_KEY"),
        ("SANA_VCAM_REACTOR__APIKEY", "SANA_VCAM_REACTOR__API_KEY"),
        ("SANA_VCAM_PRESET", "SANA_VCAM_START__PRESET"),
    ],
)
def test_an_unknown_variable_names_the_nearest(machine: Machine, name: str, nearest: str) -> None:
    machine.environ[name] = SECRET
    assert machine.problems() == [f"{name}: there is no such setting; the nearest is {nearest}"]


def test_a_variable_that_names_a_table(machine: Machine) -> None:
    machine.environ["SANA_VCAM_SINK"] = '{"kind": "raw"}'
    assert machine.problems() == [
        "SANA_VCAM_SINK: sink is a table; set one key of it, such as SANA_VCAM_SINK__KIND"
    ]


def test_an_unknown_flag_names_the_nearest(machine: Machine) -> None:
    machine.overrides |= {"sink.knd": "raw", "level": "debug", "sink": "raw"}
    assert machine.problems() == [
        "--set sink.knd: there is no key sink.knd; the nearest is sink.kind",
        "--set level: there is no key level; the nearest is log.level",
        "--set sink: sink is a table; set one key of it, such as sink.kind",
    ]


def test_secrets_are_refused_as_flags(machine: Machine) -> None:
    machine.overrides |= {"reactor.api_key": SECRET, "control.token": SECRET}
    key, token = machine.problems()
    for word in ("REACTOR_API_KEY", "reactor.api_key_file", "credential reactor_api_key"):
        assert word in key
    assert "SANA_VCAM_CONTROL__TOKEN" in token


# --- the messages -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            '[sink]\nkind = "rew"',
            '2: sink.kind = "rew": expected one of auto, v4l2loopback, pipewire, obs, '
            "unitycapture, preview, raw; did you mean raw?",
        ),
        ('[camera]\n\nfit="x"', '3: camera.fit = "x": expected one of crop, pad, stretch'),
        ("[sink]\nwidth = 641", "2: sink.width = 641: expected an even number from 64 to 4096"),
        ("[sink]\nwidth = 9.5", "2: sink.width = 9.5: expected an even number from 64 to 4096"),
        *(
            (
                f'[reactor]\nsend = "{size}"',
                f'2: reactor.send = "{size}": expected auto, model, or WIDTHxHEIGHT '
                "such as 640x352: even numbers from 64 to 4096",
            )
            for size in ("big", "", "641x352", "640x353", "62x64", "640x4098", "640 x 352", "640")
        ),
        ("[camera]\nfps = 0", "2: camera.fps = 0: expected a number from 1 to 120"),
        ("[camera]\nfps = nan", "2: camera.fps = NaN: expected a number from 1 to 120"),
        (
            "[reactor]\nconnect_timeout_s = 0",
            "2: reactor.connect_timeout_s = 0: expected a number above 0",
        ),
        ("[reactor]\nlocal = 7", "2: reactor.local = 7: expected true or false"),
        ('[reactor]\nmodel = ""', '2: reactor.model = "": expected a text, not empty'),
        (
            '[reactor]\napi_url = "x"',
            '2: reactor.api_url = "x": expected an http:// or https:// address',
        ),
        ("[sink]\nlabel = 3", "2: sink.label = 3: expected a text, not empty"),
        ("[sink]\nlabel = {a = 1}", "2: sink.label = a table: expected a text, not empty"),
        ("[sink]\ndevice = [3]", "2: sink.device = [3]: expected a text"),
        ("[camera]\npath = [1]", "2: camera.path = [1]: expected a path"),
        ("[start]\nseed = 1979-05-27", '2: start.seed = "1979-05-27": expected a whole number '
         "from 0 to 9007199254740991"),
        (
            '[control]\nhost = "0.0.0.0"',
            '2: control.host = "0.0.0.0": expected a loopback address: 127.0.0.1, ::1 or localhost',
        ),
        (
            '[camera]\nsource = "file"',
            '2: camera.source = "file" needs camera.path',
        ),
        (
            '[start]\nprompt = "x"\npreset = "noir"',
            "3: give start.prompt or start.preset, not both",
        ),
        ("[sink]\nkidn = 1", "2: there is no key sink.kidn; the nearest is sink.kind"),
        ("kind = 1", "1: there is no key kind; the nearest is sink.kind"),
        ("[snik]\nkind = 1", "1: there is no table [snik]; the nearest is [sink]"),
        ("[[preset]]\nid = 1", "1: there is no list [[preset]]; the nearest is [[presets]]"),
        ("sink = 1", "1: sink is a table: write [sink] and its keys below it"),
        ("[[sink]]\n", "1: sink is a table: write [sink] and its keys below it"),
        ('presets = "x"', "1: presets: expected a list of [[presets]] tables"),
        (
            "presets = [1]",
            "1: preset 1: expected a table with id, name, prompt, seed, evolve, "
            "image, settings, group",
        ),
        ('sink.fit = "x"', '1: sink.fit = "x": expected one of crop, pad, stretch'),
        ('sink = { fit = "x" }', '1: sink.fit = "x": expected one of crop, pad, stretch'),
        ('[ sink ]\n"fit" = "x"', '2: sink.fit = "x": expected one of crop, pad, stretch'),
    ],
)  # fmt: skip
def test_each_problem_says_where_what_and_what_is_expected(
    machine: Machine, text: str, problem: str
) -> None:
    machine.file(text)
    assert machine.problems() == [f"{machine.path}:{problem}"]


LOOK = '[[presets]]\nid = "a"\nname = "A"\nprompt = ""\n'


@pytest.mark.parametrize(
    "rest",
    [
        'settings = { strength = 1, keep = true, sr = "2x" }\nimage = "cape.jpg"\n',
        'image = "cape.jpg"\n[presets.settings]\nstrength = 1\nkeep = true\nsr = "2x"\n',
    ],
)
def test_a_look_with_an_image_and_settings(machine: Machine, rest: str) -> None:
    machine.file(LOOK + rest)
    (preset,) = machine.load().config.presets
    assert preset.image == "cape.jpg"
    assert preset.settings == {"strength": 1, "keep": True, "sr": "2x"}
    assert [type(value) for value in preset.settings.values()] == [int, bool, str]


@pytest.mark.parametrize(
    ("rest", "line", "words"),
    [
        ('image = ""', 5, 'image = "": expected the path of a PNG, JPEG or WebP file'),
        ('image = "a\\u0000b"', 5, "expected the path of a PNG, JPEG or WebP file"),
        ("image = 3", 5, "image = 3: expected the path"),
        ("settings = 3", 5, "settings = 3: expected a table of the model's settings"),
        ("settings = { a = [1] }", 5, "expected a table of the model's settings"),
        ("settings = { a = inf }", 5, "expected a table of the model's settings"),
        ("settings = { a = 2020-01-01 }", 5, "expected a table of the model's settings"),
        ("settings = { 'a b' = 1 }", 5, "expected a table of the model's settings"),
        ("[presets.settings]\nseed = 3", 5, "seed and anchor_interval, which have keys"),
    ],
)
def test_what_no_look_can_carry(machine: Machine, rest: str, line: int, words: str) -> None:
    machine.file(LOOK + rest)
    problem = machine.problems()[0]
    assert problem.startswith(f"{machine.path}:{line}: preset 1 (a): ")
    assert words in problem


def test_the_line_is_right_behind_a_text_of_many_lines(machine: Machine) -> None:
    machine.file('# """\n[start]\nprompt = """\n[sink]\nseed = 1\n"""\nseed = -1\n')
    (problem,) = machine.problems()
    assert problem.startswith(f"{machine.path}:7: start.seed = -1: ")


PRESET = '[[presets]]\nid = "{0}"\nname = "{0}"\nprompt = "x"\n'


@pytest.mark.parametrize(
    ("extra", "problem"),
    [
        ("seed = -1", "10: preset 2 (b): seed = -1: expected a whole number from 0 to "
         "9007199254740991"),
        ("promt = 1", "10: preset 2 (b): there is no key promt; the nearest is prompt"),
        (PRESET.format("a"), "11: preset 3 (a): preset 1 has the same id"),
        (PRESET.format("A B"), '11: preset 3 (A B): id = "A B": expected a short name of '
         "lower-case letters, digits, - and _"),
        ('[[presets]]\nid = "c"\nprompt = ""', "10: preset 3 (c): name is missing; expected a text "
         "of at most 64 characters, not empty"),
        ('[[presets]]\nname = "c"\nprompt = ""', "10: preset 3: id is missing; expected a short "
         "name of lower-case letters, digits, - and _"),
    ],
)  # fmt: skip
def test_a_problem_of_a_preset_names_it(machine: Machine, extra: str, problem: str) -> None:
    machine.file(f"{PRESET.format('a')}\n{PRESET.format('b')}{extra}")
    assert machine.problems() == [f"{machine.path}:{problem}"]


def test_a_preset_that_is_not_there_names_the_nearest(machine: Machine) -> None:
    machine.environ["SANA_VCAM_START__PRESET"] = "noire"
    (problem,) = machine.problems()
    assert problem == (
        "SANA_VCAM_START__PRESET: start.preset: no preset 'noire'; did you mean 'noir'? "
        "All of them: sana-vcam presets"
    )


def test_a_long_value_is_cut(machine: Machine) -> None:
    machine.overrides["sink.kind"] = "x" * 500
    (problem,) = machine.problems()
    assert f'sink.kind = "{"x" * 58}…: expected' in problem


def test_all_problems_come_at_once(machine: Machine) -> None:
    machine.file('[sink]\nkind = "rew"\nknd = 1\n[snk]\n')
    machine.overrides |= {"sink.fps": "fast", "sink.foo": "1"}
    machine.environ |= {
        "SANA_VCAM_LOG__LEVEL": "loud",
        "SANA_VCAM_X": "1",
        "SANA_VCAM_REACTOR__API_KEY_FILE": "/no/such/file",
    }
    assert [line.split(": ")[0] for line in machine.problems()] == [
        "--set sink.foo",
        "SANA_VCAM_X",
        f"{machine.path}:3",
        f"{machine.path}:4",
        "SANA_VCAM_REACTOR__API_KEY_FILE",
        f"{machine.path}:2",
        "--set sink.fps",
        "SANA_VCAM_LOG__LEVEL",
    ]


# --- secrets ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f'[reactor]\napi_key = "{SECRET} and more"',
        f'[reactor]\napi_key = ["{SECRET}"]',
        f'[reactor]\napi_key = {{ key = "{SECRET}" }}',
        f'[reactor]\napi_ky = "{SECRET}"',
        f'api_key = "{SECRET}"',
        f'[reactr]\napi_key = "{SECRET}"',
        f'[reactor]\napi_key = "{SECRET}',
        f'[reactor]\napi_key = "{SECRET}"\napi_key = "{SECRET}"',
        f"[reactor]\napi_key = {SECRET}",
        f'reactor = "{SECRET}"',
        f'[control]\ntoken = "{SECRET} {SECRET}"',
        f'[reactor]\napi_key = "{SECRET}"\n[sink]\nkind = "rew"',
    ],
)
def test_no_message_shows_a_secret_of_the_file(machine: Machine, text: str) -> None:
    machine.file(text)
    assert machine.problems()


@pytest.mark.parametrize(
    "content", [f"{SECRET}\nsecond line", f"key = {SECRET}", f"{SECRET}\u00e9"]
)
def test_no_message_shows_what_a_key_file_holds(machine: Machine, content: str) -> None:
    path = machine.file(content, "key")
    machine.overrides["reactor.api_key_file"] = str(path)
    assert machine.problems() == [
        f"reactor.api_key_file {path}: reactor.api_key: "
        "expected one word of printable ASCII characters"
    ]


def test_a_key_file_that_cannot_be_read(machine: Machine) -> None:
    machine.file('[reactor]\napi_key_file = "/no/such/file"\n')
    assert machine.problems() == [
        f"{machine.path}:2: reactor.api_key_file: cannot read /no/such/file: "
        "No such file or directory"
    ]
    path = machine.home / "key"
    path.write_bytes(b"\xff\xfe")
    machine.overrides["reactor.api_key_file"] = path
    assert machine.problems() == [
        f"--set reactor.api_key_file: reactor.api_key_file: cannot read {path}: it holds no text"
    ]


def test_a_key_file_at_home(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(machine.home))
    machine.file("k\n", "key")
    machine.file('[reactor]\napi_key_file = "~/key"\n')
    assert key_of(machine.load()) == "k"


def test_a_credential_that_cannot_be_read(machine: Machine) -> None:
    (machine.home / "run" / "reactor_api_key").mkdir(parents=True)
    machine.environ["CREDENTIALS_DIRECTORY"] = str(machine.home / "run")
    assert machine.problems() == [
        f"credential reactor_api_key: cannot read {machine.home}/run/reactor_api_key: "
        "Is a directory"
    ]


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
@pytest.mark.parametrize(
    "text", [f'[reactor]\napi_key = "{SECRET}"\n', f'[control]\ntoken = "{SECRET}"\n']
)
@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, True), (0o604, True)])
def test_a_file_with_a_secret_that_others_may_read(
    machine: Machine, text: str, mode: int, warned: bool
) -> None:
    path = machine.file(text, mode=mode)
    warnings = machine.load().warnings
    warning = f"{path}: holds a secret and others may read it; chmod 600 {path}"
    assert warnings == ((warning,) if warned else ())


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_a_key_file_that_others_may_read(machine: Machine) -> None:
    path = machine.file(SECRET, "my key", mode=0o644)
    machine.overrides["reactor.api_key_file"] = path
    assert machine.load().warnings == (
        f"{path}: holds a secret and others may read it; chmod 600 '{path}'",
    )


def test_a_file_without_secrets_may_be_open_to_all(machine: Machine) -> None:
    machine.file('[reactor]\napi_key = ""\n[log]\nlevel = "info"\n', mode=0o644)
    assert machine.load().warnings == ()


@pytest.mark.parametrize(
    ("reactor", "enough"),
    [({}, False), ({"local": True}, True), ({"api_key": "k"}, True), ({"api_key": ""}, False)],
)
def test_a_session_needs_a_key_unless_it_is_local(
    reactor: Mapping[str, object], enough: bool
) -> None:
    config = Config.model_validate({"reactor": reactor})
    if enough:
        require_key(config)
        return
    with pytest.raises(ConfigError) as caught:
        require_key(config)
    for word in ("REACTOR_API_KEY", "api_key_file", "systemd", "sana-vcam demo"):
        assert word in str(caught.value)


# --- the cost -----------------------------------------------------------------------------------


def test_loading_imports_nothing_heavy() -> None:
    heavy = ["numpy", "cv2", "websockets", "reactor_sdk", "yaml"]
    code = (
        "import sys; from sana_vcam.config.load import load; load(environ={}); "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# -- files, as an enemy would have put them there --------------------------------------------------


def _folder(path):
    path.mkdir()


def _huge(path):
    with path.open("wb") as file:
        file.truncate(1 << 40)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (os.mkfifo, "it is a FIFO"),
        (_folder, "Is a directory"),
        (_huge, "it has more than"),
        (lambda path: path.symlink_to("/dev/zero"), "it is a device"),
    ],
)
@pytest.mark.parametrize("name", ["config.toml", "presets.toml", "key"])
def test_whatever_stands_in_a_file_s_place_is_a_sentence(tmp_path, make, words, name):
    config = tmp_path / "config.toml"
    if name != "config.toml":
        config.write_text(f'[reactor]\napi_key_file = "{tmp_path}/key"\n')
        (tmp_path / "key").write_text("rk_test")
    (tmp_path / name).unlink(missing_ok=True)
    make(tmp_path / name)
    with pytest.raises(ConfigError) as refusal:
        load(config, environ={})
    assert words in str(refusal.value)
    assert str(tmp_path / name) in str(refusal.value)
    assert "\n" not in str(refusal.value)
