"""The driver's installation, as each family's package manager offers it."""

from __future__ import annotations

import pytest

from sana_vcam.host.doctor.packages import (
    RPM_FUSION,
    offered_driver,
    offered_headers,
    update_command,
)
from sana_vcam.host.machine import CommandResult
from tests.unit.host.doctor.world import KERNEL, World


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


def runs(world: World, system: str, kernel: str = KERNEL) -> World:
    world.put("/etc/os-release", f"{system}\n")
    world.put("/proc/sys/kernel/osrelease", kernel)
    return world


def offers(world: World, *packages: str) -> None:
    """Let apt know these packages and no other."""
    world.commands.replies["apt-cache show"] = lambda words, _: CommandResult(
        0 if words[-1] in packages else 100, "", "E: No packages found"
    )


def driver(world):
    return offered_driver(world.facts())


def test_apt_has_it_and_the_headers(world):
    offers(world, "v4l2loopback-dkms", f"linux-headers-{KERNEL}")
    command = "sudo apt install v4l2loopback-dkms linux-headers-$(uname -r)"
    assert driver(world).commands == (command,)
    assert driver(world).note == ""


@pytest.mark.parametrize(
    ("kernel", "flavour"),
    [
        ("6.1.0-17-amd64", "amd64"),
        ("6.1.0-17-cloud-amd64", "cloud-amd64"),
        ("6.12.43+deb13-amd64", "amd64"),
        ("6.8.0-31-generic", "generic"),
    ],
)
def test_an_old_kernel_of_the_distribution_is_replaced(world, kernel, flavour):
    runs(world, "ID=ubuntu", kernel)
    kinds = [f"linux-{kind}-{flavour}" for kind in ("image", "headers")]
    offers(world, "v4l2loopback-dkms", *kinds)
    offer = driver(world)
    assert offer.commands == (
        f"sudo apt install v4l2loopback-dkms {' '.join(kinds)}",
        "sudo reboot",
    )
    assert f"no headers for {kernel} any more" in offer.note


@pytest.mark.parametrize(
    "kernel", ["6.18.44-fc-v657", "5.15.167.4-microsoft-standard-WSL2", "6.6.31+rpt-rpi-2712", "7"]
)
def test_a_kernel_of_somebody_else_gets_no_command(world, kernel):
    runs(world, "ID=debian", kernel)
    offers(world, "v4l2loopback-dkms", "linux-image-amd64", "linux-headers-amd64")
    offer = driver(world)
    assert offer.commands == ()
    assert f"no headers for the running kernel {kernel}" in offer.note


def test_lists_that_were_never_fetched(world):
    offers(world)
    assert driver(world).commands == ("sudo apt update", "sana-vcam doctor")


def test_no_settings_are_written_for_a_driver_that_nobody_offers(world):
    world.remove("/sys/module/v4l2loopback")
    world.commands.say("modinfo", status=1)
    offers(world, "v4l2loopback-dkms")
    found = next(one for one in world.findings() if one.id == "driver.module")
    assert (found.found, found.fix) == ("not installed", ())
    assert "apt has no headers" in found.means


@pytest.mark.parametrize("status", [0, 1])
def test_fedora_has_it_in_rpm_fusion(world, status):
    runs(world, "ID=fedora")
    world.commands.say("rpm -q rpmfusion-free-release", status=status)
    install = "sudo dnf install akmod-v4l2loopback"
    assert driver(world).commands == ((RPM_FUSION, install) if status else (install,))


def test_relatives_of_fedora_add_it_their_own_way(world):
    runs(world, 'ID=rocky\nID_LIKE="rhel centos fedora"')
    offer = driver(world)
    assert offer.commands == ()
    assert "rpmfusion.org" in offer.note


def test_fedoras_that_are_images(world):
    runs(world, "ID=fedora")
    world.put("/run/ostree-booted", "")
    assert driver(world).commands[0] == "sudo rpm-ostree install akmod-v4l2loopback"


@pytest.mark.parametrize(
    ("known", "owner", "command"),
    [
        (True, "linux-lts\n", "sudo pacman -S v4l2loopback-dkms linux-lts-headers"),
        (True, "linux66\n", "sudo pacman -S v4l2loopback-dkms linux66-headers"),
        (False, "", "sudo pacman -Syu v4l2loopback-dkms linux-headers"),
    ],
)
def test_arch_builds_for_the_kernel_that_runs(world, known, owner, command):
    runs(world, 'ID=manjaro\nID_LIKE="arch"')
    world.commands.say("pacman -Si", status=0 if known else 1)
    world.commands.say("pacman -Qqo", owner, status=0 if owner else 1)
    assert driver(world).commands == (command,)


@pytest.mark.parametrize("status", [0, 104])
def test_suse(world, status):
    runs(world, 'ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"')
    world.commands.say("zypper --no-refresh search", status=status)
    expected = () if status else ("sudo zypper install v4l2loopback-kmp-default",)
    assert driver(world).commands == expected
    assert update_command(world.facts()) == "sudo zypper dup"


@pytest.mark.parametrize("system", ["ID=nixos", "ID=alpine", "", "nonsense"])
def test_a_system_that_is_not_known_gets_no_command(world, system):
    runs(world, system)
    assert driver(world).commands == ()
    assert "v4l2loopback" in driver(world).note
    assert update_command(world.facts()) == ""


@pytest.mark.parametrize(
    ("system", "command"),
    [
        ("ID=debian", "sudo apt install linux-headers-$(uname -r)"),
        ("ID=arch", "sudo pacman -S linux-headers"),
        ("ID=fedora", f"sudo dnf install kernel-devel-{KERNEL}"),
        ("ID=nixos", ""),
    ],
)
def test_headers_are_offered_unless_they_are_there(world, system, command):
    runs(world, system)
    assert offered_headers(world.facts()).commands == ((command,) if command else ())
    world.put(f"/lib/modules/{KERNEL}/build/Makefile", "")
    assert offered_headers(world.facts()).commands == ()
    assert offered_headers(world.facts()).note == ""
