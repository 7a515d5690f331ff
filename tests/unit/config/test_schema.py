"""The tree: its keys and defaults as they are promised, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from sana_vcam.config.preset import BUILTIN_PRESETS, Preset
from sana_vcam.config.schema import (
    CameraConfig,
    Config,
    ControlConfig,
    ReactorConfig,
    SinkConfig,
    StartConfig,
    leaves,
    sections,
)

DEFAULTS: dict[str, object] = {
    "reactor.api_key": None,
    "reactor.api_key_file": None,
    "reactor.api_url": "https://api.reactor.inc",
    "reactor.local": False,
    "reactor.model": "sana-streaming",
    "reactor.clean_change": "anchor",
    "reactor.max_session_s": 1200,
    "reactor.renew_margin_s": 90.0,
    "reactor.connect_timeout_s": 20.0,
    "reactor.waiting_timeout_s": 180.0,
    "reactor.start_kbps": 2500,
    "reactor.send": "auto",
    "reactor.track_width": None,
    "reactor.track_height": None,
    "camera.source": "auto",
    "camera.device": "",
    "camera.path": None,
    "camera.width": 1280,
    "camera.height": 720,
    "camera.fps": 24.0,
    "camera.fit": "crop",
    "camera.mirror": False,
    "capture.when": "watched",
    "capture.linger_s": 10.0,
    "cost.session_cap_min": 0.0,
    "cost.day_cap_min": 0.0,
    "cost.month_cap_min": 0.0,
    "cost.pause_ends_after_s": 120.0,
    "cost.price_per_min": 0.0,
    "cost.currency": "USD",
    "sink.kind": "auto",
    "sink.label": "SANA VCam",
    "sink.device": "",
    "sink.path": "-",
    "sink.width": 1280,
    "sink.height": 720,
    "sink.fps": 24.0,
    "sink.pixel_format": "I420",
    "sink.fit": "crop",
    "playout.max_delay_ms": 1500,
    "playout.slate_after_s": 2.5,
    "playout.transition": "cut",
    "playout.transition_s": 0.4,
    "privacy.allow_bypass": False,
    "privacy.thumbnails": True,
    "privacy.away": "card",
    "voice.on": False,
    "voice.microphone": "",
    "voice.first_guess_ms": 2000.0,
    "voice.trim_ms": 0.0,
    "voice.on_blank": "mute",
    "voice.max_ms": 6000.0,
    "rehearse.second_session": False,
    "keep.clips": False,
    "keep.seconds": 10.0,
    "keep.folder": None,
    "keep.reserve_mb": 2000,
    "control.host": "127.0.0.1",
    "control.port": 7262,
    "control.token": None,
    "control.same_user": True,
    "start.connect": True,
    "start.prompt": "",
    "start.preset": "",
    "start.seed": 0,
    "start.anchor_interval": 20,
    "log.level": "info",
    "presets": BUILTIN_PRESETS,
}


def test_the_keys_and_defaults_are_as_promised() -> None:
    assert {key: field.default for key, field in leaves().items()} == DEFAULTS


def test_the_built_tree_holds_the_defaults() -> None:
    config = Config()
    for key, default in DEFAULTS.items():
        value: Any = config
        for part in key.split("."):
            value = getattr(value, part)
        assert value == default, key


def test_every_key_and_table_is_explained() -> None:
    assert [key for key, field in leaves().items() if not field.description] == []
    assert [name for name, section in sections().items() if not section.__doc__] == []


def test_a_tree_built_in_code_ignores_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANA_VCAM_SINK__KIND", "raw")
    monkeypatch.setenv("SANA_VCAM_LOG", '{"level": "debug"}')
    assert Config() == Config(sink=SinkConfig())
    assert Config().sink.kind == "auto"


def test_nothing_can_be_changed() -> None:
    config = Config()
    for holder, name in ((config, "sink"), (config.sink, "kind"), (config.presets[0], "id")):
        with pytest.raises(ValidationError):
            setattr(holder, name, "raw")


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (ReactorConfig, {"api_url": "api.reactor.inc"}),
        (ReactorConfig, {"api_url": "https://user:secret@api.reactor.inc"}),
        (ReactorConfig, {"connect_timeout_s": float("inf")}),
        (ReactorConfig, {"max_session_s": 59}),
        (ReactorConfig, {"api_key": "two words"}),
        (ReactorConfig, {"api_key": "two\nlines"}),
        (CameraConfig, {"fps": float("nan")}),
        (CameraConfig, {"source": "file"}),
        (CameraConfig, {"path": "~no-such-user-here/clip.mp4"}),
        (SinkConfig, {"width": 641}),
        (SinkConfig, {"kind": "RAW"}),
        (SinkConfig, {"unknown": 1}),
        (ControlConfig, {"host": "0.0.0.0"}),
        (ControlConfig, {"host": "example.org"}),
        (ControlConfig, {"port": 65536}),
        (StartConfig, {"prompt": "a", "preset": "noir"}),
        (Config, {"presets": [{"id": "a", "name": "A", "prompt": ""}] * 2}),
        (Config, {"start": {"preset": "gone"}}),
    ],
)
def test_what_is_refused(kind: type[Any], values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        kind(**values)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.53", "::1", "localhost"])
def test_loopback_hosts(host: str) -> None:
    assert ControlConfig(host=host).host == host


def test_an_empty_text_leaves_an_optional_key_unset() -> None:
    config = Config.model_validate(
        {
            "reactor": {"api_key": " \n", "api_key_file": ""},
            "camera": {"path": ""},
            "control": {"token": ""},
        }
    )
    assert config == Config()


def test_a_path_may_start_at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert CameraConfig.model_validate({"path": "~/a.mp4"}).path == tmp_path / "a.mp4"


def test_a_device_may_be_a_number() -> None:
    assert CameraConfig.model_validate({"device": 0}).device == "0"
    assert SinkConfig.model_validate({"device": 10}).device == "10"


def test_a_secret_is_stripped_and_shown_nowhere() -> None:
    config = Config.model_validate({"reactor": {"api_key": "rk_hidden\n"}})
    assert config.reactor.api_key is not None
    assert config.reactor.api_key.get_secret_value() == "rk_hidden"
    assert "rk_hidden" not in f"{config!r} {config} {config.model_dump_json()}"


def test_presets_of_one_s_own_replace_the_built_in_ones() -> None:
    own = Preset(id="own", name="Own", prompt="x", seed=3)
    assert Config(presets=(own,)).presets == (own,)
    assert Config(presets=()).presets == ()
