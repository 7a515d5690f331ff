"""`sana-vcam service status`: one view, for people and for scripts."""

from __future__ import annotations

import json

import pytest

from sana_vcam import __version__
from sana_vcam.control.access import group
from sana_vcam.host.service import status as service_status
from sana_vcam.host.service.command import run_service
from sana_vcam.host.service.install import system_scope, user_scope
from sana_vcam.host.service.status import TOKEN_VARIABLE, read_status, render
from tests.unit.host.doctor.world import PID, STATE, World


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def view(world):
    machine = world.machine()
    scope = user_scope(machine)
    status = read_status(scope, machine)
    return status, render(status, scope)


def test_a_running_service_says_what_viewers_see(world):
    status, text = view(world)

    assert (status.runs, status.exit_status, status.outdated) == (True, 0, False)
    assert (status.running_version, status.pid) == (__version__, PID)
    assert status.viewers_see == "the edited picture, in SANA VCam (/dev/video10)"
    assert status.log == ("2026-11-20T00:00:00 sana-vcam: ready",)
    for line in (
        f"unit         {status.unit} (user, enabled)",
        "now          active since Fri 2026-11-20 10:00:00 UTC",
        f"version      {__version__}",
        "viewers see  the edited picture, in SANA VCam (/dev/video10)",
        "session      streaming",
        "last log lines",
        "  2026-11-20T00:00:00 sana-vcam: ready",
    ):
        assert line in text.splitlines()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"output": "slate", "card": "No camera"}, "a card: No camera"),
        ({"output": "blank"}, "black, as you asked"),
        ({"output": "freeze"}, "a still picture, as you asked"),
        ({"output": "bypass"}, "the raw camera, as you asked"),
        ({"output": "something new"}, "something new"),
    ],
)
def test_everything_that_viewers_can_see_has_words(world, state, words):
    world.says(STATE | state)
    assert view(world)[0].viewers_see.startswith(words + ", in")


def test_the_token_is_on_no_command_line(world):
    view(world)
    assert {TOKEN_VARIABLE: "t"} in world.commands.environments
    asked = next(call for call in world.commands.calls if "ctl" in call)
    assert asked[-1] == "state"
    assert "t" not in asked


def test_another_version_than_the_installed_one(world):
    world.runs_version("0.0.1")
    status, text = view(world)
    assert status.outdated
    assert f"version      0.0.1 runs, {__version__} is installed" in text
    assert "The new version runs after:  systemctl --user restart sana-vcam" in text


def test_a_service_that_failed(world):
    world.no_daemon()
    world.unit(active="failed", result="watchdog", pid=0)
    status, text = view(world)
    assert status.exit_status == 3
    assert "now          failed (watchdog) since" in text
    assert "Start it:  systemctl --user start sana-vcam" in text


def test_no_service(world):
    world.no_daemon()
    world.remove("/home/me/.config/systemd/user/sana-vcam.service")
    world.unit(load="not-found", active="inactive", enabled="", pid=0)
    status, text = view(world)
    assert (status.exit_status, status.unit) == (4, None)
    assert text == "not installed\n  install it:  sana-vcam service install"


def test_a_daemon_started_by_hand_is_not_taken_for_the_service(world):
    world.unit(pid=5)
    status, _ = view(world)
    assert status.running_version is None
    assert status.viewers_see is None
    assert status.trouble == f"another daemon, not the service, answers (pid {PID})"


def test_an_answer_that_makes_no_sense(world):
    world.says({})
    assert view(world)[0].trouble.startswith("the daemon does not answer")


def test_the_trouble_that_the_daemon_tells(world):
    world.says(STATE | {"error": "no camera"})
    assert "trouble      no camera" in view(world)[1]


def test_for_scripts(world, capsys):
    assert run_service(["status", "--json"], world.machine()) == 0
    status = json.loads(capsys.readouterr().out)
    assert status["active"] == "active"
    assert status["outdated"] is False
    assert set(status) == {
        *("scope", "unit", "enabled", "active", "result", "since", "restarts"),
        *("installed_version", "running_version", "pid", "viewers_see", "session"),
        *("trouble", "log", "outdated"),
    }


def test_the_machines_service_is_asked_for_by_members_of_its_group_only(world, monkeypatch):
    def refuse():
        raise PermissionError

    monkeypatch.setattr(group, "find", refuse)
    world.commands.say("systemctl show", "LoadState=loaded\nActiveState=active\nMainPID=5\n")
    world.commands.say("journalctl --unit")
    status = read_status(system_scope(), world.machine())
    assert status.runs
    assert "sudo usermod -aG sana-vcam $USER" in status.trouble


def test_a_machine_without_systemd(world):
    world.commands.replies.clear()
    world.remove("/home/me/.config/systemd/user/sana-vcam.service")
    status = read_status(user_scope(world.machine()), world.machine())
    assert (status.exit_status, status.active, status.log) == (4, "inactive", ())
    assert service_status.EXIT_NOT_INSTALLED == 4
