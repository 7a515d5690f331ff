"""No command is shown that would fail on the machine where it is shown."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from sana_vcam.host.doctor.commands import fitted
from sana_vcam.host.doctor.findings import Finding, problem
from sana_vcam.media.v4l2 import ioctl
from tests.unit.host.doctor.world import PID, World
from tests.unit.media.v4l2.test_devices import CAPTURE, OUTPUT

LOAD = "sudo modprobe v4l2loopback"


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def fit(world: World, *commands: str, means: str = "It is bad.", **changes: object) -> Finding:
    return fitted(
        problem("sink.found", "gone", means, *commands), replace(world.facts(), **changes)
    )


def without_systemd(world: World) -> None:
    world.remove("/run/systemd")
    for start in ("systemctl show --property=Version", "systemctl --user show"):
        world.commands.say(start, status=1, err="System has not been booted with systemd\n")


def without_session(world: World) -> None:
    world.commands.say("systemctl --user show", status=1, err="Failed to connect to bus\n")


def in_a_container(world: World) -> None:
    world.commands.say("systemd-detect-virt", "podman\n")


def without_driver(world: World) -> None:
    world.remove("/sys/module/v4l2loopback")
    world.remove("/sys/class/video4linux/video10")
    world.commands.say("modinfo", status=1)


def all_amiss(world: World) -> None:
    """Break whatever has a command."""
    without_driver(world)
    world.no_daemon()
    world.remove("/sys/class/video4linux/video2")
    world.remove("/home/me/.config/systemd/user/sana-vcam.service")
    world.unit(load="not-found", active="inactive", enabled="", pid=0)
    world.commands.say("timedatectl", "no\n")
    world.commands.say("mokutil", "SecureBoot enabled\n")
    world.put("/proc/sys/kernel/osrelease", "4.19.0-1-amd64")
    world.process(77, "nginx", ["nginx"])
    world.open_file(77, "socket:[9999]")
    world.listens(9999)
    del world.environ["REACTOR_API_KEY"]


def device_amiss(world: World) -> None:
    world.devices.drivers[str(world.sink)] = (
        ioctl.LOOPBACK_DRIVER,
        "SANA VCam",
        CAPTURE | OUTPUT,
        {},
    )
    world.put("/sys/class/video4linux/video10/format", "YUYV:640x480@30/1")
    world.remove("/etc/modules-load.d/x.conf")
    world.unit(enabled="disabled", active="failed", pid=0)


def programs_of(command: str) -> list[str]:
    parts = re.split(r"\|\||&&|\||;", command)
    return [part.replace("sudo ", "").split()[0] for part in parts]


HERE: dict[str, Callable[[World], None]] = {
    "plain": lambda _: None,
    "no systemd": without_systemd,
    "no session": without_session,
    "container": in_a_container,
}


@pytest.mark.parametrize("where", HERE)
@pytest.mark.parametrize("amiss", [all_amiss, device_amiss])
def test_what_is_shown_can_be_typed(world, where, amiss):
    amiss(world)
    HERE[where](world)
    commands = [command for one in world.findings() for command in one.fix]
    assert commands
    for command in commands:
        for program in programs_of(command):
            known = program in {"kill", "export"} or world.machine().has(program)
            assert known or "sana-vcam" in command or sys.executable in command, command
    text = "\n".join(commands)
    if where in {"no systemd", "no session"}:
        assert "systemctl --user" not in text
        assert "service install\n" not in text + "\n"
    if where == "no systemd":
        assert "systemctl" not in text
        assert "timedatectl" not in text
    if where == "container":
        assert not re.search(r"modprobe|dkms|mokutil|reboot|--driver|full-upgrade", text)


def test_a_program_that_is_missing_is_named(world):
    world.remove("/usr/bin/v4l2loopback-ctl")
    found = fit(world, "sudo v4l2loopback-ctl add 10", "sana-vcam devices")
    assert found.fix == ("sana-vcam devices",)
    assert found.means == (
        "It is bad. On this machine `sudo v4l2loopback-ctl add 10` would fail: v4l2loopback-ctl "
        "is not installed."
    )


@pytest.mark.parametrize(
    "command", ["sudo dmesg | nothere -i uvc", "true && sudo nothere", "/opt/nothere/x", "nothere"]
)
def test_each_part_of_a_line_is_looked_at(world, command):
    assert fit(world, command).fix == ()


def test_root_types_no_sudo(world):
    root = replace(world.machine(), uid=0)
    command = "echo 'options a' | sudo tee /etc/x.conf"
    assert fit(world, command, LOAD, machine=root).fix == (
        "echo 'options a' | tee /etc/x.conf",
        "modprobe v4l2loopback",
    )


def test_without_sudo_there_are_other_ways_to_root(world):
    world.remove("/usr/bin/sudo")
    assert fit(world, LOAD, "sudo usermod -aG video $USER").fix == (
        "su -c 'modprobe v4l2loopback'",
        "su -c 'usermod -aG video '\"$USER\"",
    )
    world.put("/usr/bin/doas", "", 0o755)
    assert fit(world, LOAD).fix == ("doas modprobe v4l2loopback",)
    world.remove("/usr/bin/doas")
    world.remove("/usr/bin/su")
    found = fit(world, LOAD, "sana-vcam devices")
    assert found.fix == ("sana-vcam devices",)
    assert "it needs root, and there is none of sudo, doas, su" in found.means


def test_our_own_name_is_typed_where_it_leads_here(world):
    assert fit(world, "sana-vcam devices").fix == ("sana-vcam devices",)
    world.remove("/usr/bin/sana-vcam")
    (command,) = fit(world, "sana-vcam devices").fix
    assert command.endswith(" devices")
    assert command.startswith("/")


@pytest.mark.parametrize(
    ("command", "spoil", "why"),
    [
        ("systemctl --user restart x", without_session, "log in as the user"),
        ("sana-vcam service install", without_session, "log in as the user"),
        ("sudo systemctl restart x", without_session, ""),
        ("sana-vcam service logs --system", without_session, ""),
        ("sana-vcam service logs", without_systemd, "systemd does not run here (process 1"),
        ("sudo timedatectl set-ntp true", without_systemd, "systemd does not run here"),
        ("sudo /x/sana-vcam service install --driver", without_systemd, ""),
        ("sudo /x/sana-vcam service install --driver", in_a_container, "(podman)"),
        ("sudo /x/python -m sana_vcam service install --driver", in_a_container, "(podman)"),
        (LOAD, in_a_container, "the kernel is its host's"),
        ("sudo usermod -aG video $USER", in_a_container, ""),
    ],
)
def test_what_it_needs_has_to_be_there(world, command, spoil, why):
    spoil(world)
    found = fit(world, command)
    assert (why in found.means and not found.fix) if why else found.fix == (command,)


def test_a_second_daemon_is_started_after_the_first(world):
    found = fit(world, "sana-vcam run --port 7263")
    assert (
        found.means == f"It is bad. End the one that runs (pid {PID}) before, where it was started."
    )
    world.no_daemon()
    assert fit(world, "sana-vcam run --port 7263").means == "It is bad."


@pytest.mark.parametrize("mark", ["/.dockerenv", "/run/.containerenv"])
def test_a_container_is_known_by_its_marks(world, mark):
    assert world.facts().container == ""
    world.commands.say("systemd-detect-virt", "none\n", status=1)
    assert world.facts().container == ""
    world.put(mark, "")
    assert world.facts().container in {"docker", "podman"}


@pytest.mark.parametrize(
    ("path", "program", "there"),
    [
        ("", "tee", True),
        ("relative:/opt/bin", "mine", True),
        ("relative", "mine", False),
        ("", "/opt/bin/mine", True),
        ("", "/opt/bin/yours", False),
        ("/opt/bin", "plain", False),
    ],
)
def test_programs_are_looked_for_as_a_shell_and_sudo_do(world, path, program, there):
    world.environ["PATH"] = path
    world.put("/opt/bin/mine", "", 0o755)
    world.put("/opt/bin/plain", "", 0o644)
    assert world.machine().has(program) is there
