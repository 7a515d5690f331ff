"""`sana-vcam doctor`: what it prints, what it returns, and asking the platform."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import termios

import pytest

from sana_vcam.host.doctor import configuration
from sana_vcam.host.doctor.command import run_doctor
from sana_vcam.host.doctor.findings import (
    WIDTH,
    Finding,
    Group,
    Severity,
    exit_status,
    render,
    to_json,
    width_of_output,
)
from sana_vcam.reactor.errors import Refused, Unavailable
from sana_vcam.reactor.platform import Platform
from tests.unit.host.doctor.world import World


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def finding(severity, name="sink.found", group=Group.VIRTUAL_CAMERA):
    return Finding(name, group, "device", severity, "gone", "Nothing is seen.", ("sudo do it",))


@pytest.mark.parametrize(
    ("severities", "status"),
    [
        ([], 0),
        (["fine"], 0),
        (["warning", "unknown"], 0),
        (["warning", "problem", "fine"], 1),
    ],
)
def test_only_problems_change_the_exit_status(severities, status):
    assert exit_status([finding(Severity(one)) for one in severities]) == status


def test_people_get_groups_signs_and_commands_on_their_own_lines():
    text = render(
        [
            finding(Severity.PROBLEM),
            finding(Severity.WARNING, "camera.busy", Group.CAMERA),
            finding(Severity.FINE, "driver.module", Group.DRIVER),
        ]
    )
    assert text == (
        "Driver\n"
        "  ✓ device: gone\n"
        "\n"
        "Virtual camera\n"
        "  ✗ device: gone\n"
        "    Nothing is seen.\n"
        "        sudo do it\n"
        "\n"
        "Camera\n"
        "  ! device: gone\n"
        "    Nothing is seen.\n"
        "        sudo do it\n"
        "\n"
        "1 problem and 1 warning."
    )


def test_scripts_get_everything():
    document = json.loads(to_json([finding(Severity.PROBLEM), finding(Severity.FINE)]))
    assert document["ok"] is False
    assert document["counts"] == {"fine": 1, "unknown": 0, "warning": 0, "problem": 1}
    assert document["findings"][0] == {
        "id": "sink.found",
        "group": "Virtual camera",
        "title": "device",
        "severity": "problem",
        "found": "gone",
        "means": "Nothing is seen.",
        "mend": ["sudo do it"],
    }


def test_the_words_for_scripts_stay():
    assert [one.value for one in Severity] == ["fine", "unknown", "warning", "problem"]


def test_the_whole_command_on_a_made_up_machine(world, capsys):
    assert run_doctor([], world.machine()) == 0
    assert "Everything that was looked at is in order." in capsys.readouterr().out
    del world.environ["REACTOR_API_KEY"]
    assert run_doctor(["--json"], world.machine()) == 1
    document = json.loads(capsys.readouterr().out)
    assert [f["id"] for f in document["findings"] if f["severity"] == "problem"] == ["model.key"]


def test_the_whole_command_on_this_machine():
    code = (
        "import sys; from sana_vcam.host.doctor.command import run_doctor as run; sys.exit(run([]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stderr
    assert done.stderr == ""
    assert done.stdout.startswith("Configuration\n")


# --- --online -----------------------------------------------------------------------------------


def online(world, monkeypatch, outcome):
    async def mint(self, *, timeout_s=0.0):
        assert timeout_s == configuration.ONLINE_TIMEOUT_S
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(Platform, "mint", mint)
    world.online = True
    return next(one for one in world.findings() if one.id == "model.online")


def test_a_key_that_is_taken(world, monkeypatch):
    found = online(world, monkeypatch, "a-token")
    assert found.severity is Severity.FINE
    assert "a-token" not in found.found


def test_a_key_that_is_refused(world, monkeypatch):
    found = online(world, monkeypatch, Refused("the key was refused (HTTP 401)"))
    assert (found.severity, found.found) == (Severity.PROBLEM, "the key was refused (HTTP 401)")
    assert found.fix


def test_a_platform_that_is_not_reached(world, monkeypatch):
    found = online(world, monkeypatch, Unavailable("it did not answer within 8 s"))
    assert found.severity is Severity.PROBLEM
    assert found.fix[0].startswith("curl -sSI https://")


def test_it_is_asked_on_request_only(world, monkeypatch):
    monkeypatch.setattr(Platform, "mint", None)
    found = next(one for one in world.findings() if one.id == "model.online")
    assert found.severity is Severity.UNKNOWN


# --- on a terminal ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "width"), [(60, 60), (20, 30), (0, WIDTH), (87, 87), (300, 100)]
)
def test_text_is_as_wide_as_the_terminal(monkeypatch, columns, width):
    main, terminal = pty.openpty()
    try:
        termios.tcsetwinsize(terminal, (24, columns))
        with os.fdopen(terminal, "w") as out:
            monkeypatch.delenv("COLUMNS", raising=False)
            monkeypatch.setattr(sys, "__stdout__", out)
            monkeypatch.setattr(sys, "stdout", out)
            assert width_of_output() == width
    finally:
        os.close(main)


def test_a_file_has_the_usual_width(monkeypatch, tmp_path):
    with (tmp_path / "out").open("w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        assert width_of_output() == WIDTH


@pytest.mark.parametrize("width", [30, 60, 88])
def test_no_line_is_wider_but_a_command(world, width):
    world.no_daemon()
    world.commands.say("timedatectl", "no\n")
    del world.environ["REACTOR_API_KEY"]
    for line in render(world.findings(), width).splitlines():
        words = line.split()
        assert (
            len(line) <= width
            or line.startswith("        ")
            or len(max(words, key=len)) > width - 8
        )
