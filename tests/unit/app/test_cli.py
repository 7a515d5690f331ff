"""The command line, as functions and as whole processes."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from sana_vcam.app import demo
from sana_vcam.app.cli import main
from sana_vcam.app.demo import size_options
from sana_vcam.app.instance import single_instance
from sana_vcam.config.paths import runtime_dir, state_dir
from sana_vcam.config.schema import ReactorConfig
from sana_vcam.engine.quality.sending import Sending
from sana_vcam.engine.usage import USAGE_FILE
from sana_vcam.errors import EXIT_CONFIG, EXIT_FAILURE, EXIT_OK
from sana_vcam.standin.__main__ import add_arguments, settings_from

COMMANDS = [
    *(
        "demo",
        "run",
        "edit",
        "standin",
        "ctl",
        "service",
        "doctor",
        "devices",
        "presets",
        "usage",
        "config",
        "licences",
    )
]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sana_vcam", *words], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_teaches(command: str):
    answer = run(command, "--help")
    assert answer.returncode == EXIT_OK, answer.stderr
    assert len(answer.stdout.splitlines()) > 4
    assert "usage:" in answer.stdout


def test_the_top_help_names_every_command(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == EXIT_OK
    text = capsys.readouterr().out
    assert all(command in text for command in COMMANDS)


def test_without_a_key_it_says_how_to_give_one_and_what_else():
    answer = run("run")
    assert answer.returncode == EXIT_CONFIG
    assert "REACTOR_API_KEY" in answer.stderr
    assert "sana-vcam demo" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_bad_configuration_names_the_nearest_key(capsys: pytest.CaptureFixture[str]):
    assert main(["run", "--set", "sink.knid=raw"]) == EXIT_CONFIG
    text = capsys.readouterr().err
    assert "sink.knid" in text
    assert "sink.kind" in text


def test_a_set_without_a_value_is_explained(capsys: pytest.CaptureFixture[str]):
    assert main(["run", "--set", "sink.fit"]) == EXIT_CONFIG
    assert "SECTION.KEY=VALUE" in capsys.readouterr().err


def test_the_key_is_refused_as_a_flag_and_never_echoed(capsys: pytest.CaptureFixture[str]):
    assert main(["run", "--set", "reactor.api_key=rk_secret_words"]) == EXIT_CONFIG
    said = capsys.readouterr()
    assert "rk_secret_words" not in said.err + said.out
    assert "REACTOR_API_KEY" in said.err


def test_ctl_without_a_daemon_says_how_to_start_one(capsys: pytest.CaptureFixture[str]):
    assert main(["ctl", "state"]) == EXIT_FAILURE
    assert "sana-vcam run" in capsys.readouterr().err


def test_presets_and_devices_are_listed_for_scripts(capsys: pytest.CaptureFixture[str]):
    assert main(["presets", "--json"]) == EXIT_OK
    presets = json.loads(capsys.readouterr().out)
    assert {"id", "name", "prompt"} <= set(presets[0])
    assert main(["devices", "--json"]) == EXIT_OK
    assert isinstance(json.loads(capsys.readouterr().out), list)


def test_config_init_check_show(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    path = tmp_path / "made" / "config.toml"
    assert main(["config", "init", str(path)]) == EXIT_OK
    assert main(["config", "init", str(path)]) != EXIT_OK
    assert main(["config", "check", "--config", str(path)]) == EXIT_OK
    assert main(["config", "show", "--config", str(path), "--json"]) == EXIT_OK
    text = capsys.readouterr().out
    assert "api_key" in text


def test_a_closed_pipe_is_no_error():
    answer = subprocess.run(
        f"{sys.executable} -m sana_vcam presets | head -n 1",
        shell=True, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.stdout
    assert answer.stderr == ""


def test_usage_without_a_daemon(capsys: pytest.CaptureFixture[str]):
    file = state_dir() / USAGE_FILE
    today = date.today().isoformat()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"total_s": 900, "days": {today: 90.0}}))
    assert main(["usage"]) == EXIT_OK
    assert capsys.readouterr().out.splitlines() == [
        "today              1.5 min",
        "this month         1.5 min",
        "ever              15.0 min",
    ]
    assert main(["usage", "--json"]) == EXIT_OK
    assert json.loads(capsys.readouterr().out)["day"]["seconds"] == 90.0


def test_a_second_demo_says_at_once_that_one_runs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    def never(*_: object) -> None:
        raise AssertionError("the stand-in is not to be started")

    monkeypatch.setattr(demo, "standin_beside", never)
    with single_instance(runtime_dir(), state_dir()):
        assert main(["demo", "--camera", "test"]) == EXIT_FAILURE
    assert "sana-vcam is already running" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "options"),
    [
        ({}, ()),
        ({"track_width": 640}, ("--width", "640")),
        ({"track_width": 640, "track_height": 352}, ("--width", "640", "--height", "352")),
    ],
)
def test_a_stand_in_takes_the_size_of_a_model_of_ones_own(given, options):
    """The daemon sends and expects that size, so with another one there is never a picture."""
    assert size_options(ReactorConfig(**given)) == options
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    settings = settings_from(parser.parse_args(options))
    assert (settings.width, settings.height) == Sending(ReactorConfig(**given)).model_size
