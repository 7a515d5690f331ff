"""The doctor about the camera that is a PipeWire node."""

from __future__ import annotations

import json

import pytest

from sana_vcam.host.doctor.findings import Severity, exit_status
from tests.unit.host.doctor.world import World

FOLDER = "/run/user/1000"


@pytest.fixture
def world(tmp_path):
    """A machine on which PipeWire runs and offers the camera, and the portal shows it."""
    made = World(tmp_path)
    made.environ["XDG_RUNTIME_DIR"] = FOLDER
    made.put(f"{FOLDER}/pipewire-0", "")
    made.put("/usr/lib/x86_64-linux-gnu/libpipewire-0.3.so.0", "")
    made.commands.say("pw-dump", dump(str(made.sink), "SANA VCam (PipeWire)"))
    made.commands.say("busctl --user get-property", "b true\n")
    return made


def dump(device, camera):
    """What pw-dump says of the server, the driver's device and our node."""
    found = json.loads(World.dump(device))
    found.append({"id": 0, "type": "PipeWire:Interface:Core", "info": {"version": "1.4.2"}})
    if camera:
        props = {"node.name": "sana_vcam", "node.description": camera}
        found.append({"id": 3, "type": "PipeWire:Interface:Node", "info": {"props": props}})
    return json.dumps(found)


def about(world, name):
    return next(finding for finding in world.findings() if finding.id == name)


def configure(world, kind):
    path = world.root / "config.toml"
    path.write_text(f'[sink]\nkind = "{kind}"\n')
    path.chmod(0o600)
    world.config = path


def test_a_camera_that_is_offered_and_shown_is_fine(world):
    node, portal = about(world, "sink.node"), about(world, "sink.portal")
    assert (node.severity, node.found) == (
        Severity.FINE,
        '"SANA VCam (PipeWire)", by PipeWire 1.4.2',
    )
    assert (portal.severity, portal.found) == (Severity.FINE, "shows cameras")


def test_what_a_browser_of_this_machine_needs_is_said(world):
    assert "sink.browsers" not in {finding.id for finding in world.findings()}
    world.path("/usr/bin/firefox").symlink_to("/bin/sh")
    found = about(world, "sink.browsers")
    assert "Firefox: set media.webrtc.camera.allow-pipewire" in found.found
    assert "Chromium" not in found.found
    assert exit_status(world.findings()) == 0


def test_a_portal_that_does_not_see_it_has_the_command(world):
    world.commands.say("busctl --user get-property", "b false\n")
    portal = about(world, "sink.portal")
    assert portal.severity is Severity.WARNING
    assert portal.fix == ("systemctl --user restart xdg-desktop-portal",)


def test_without_a_portal_it_says_who_needs_one(world):
    world.commands.say("busctl --user get-property", status=1, err="no such interface")
    portal = about(world, "sink.portal")
    assert portal.severity is Severity.UNKNOWN
    assert "Flatpak" in portal.means


def test_a_daemon_whose_camera_is_not_offered_is_to_be_restarted(world):
    world.commands.say("pw-dump", dump(str(world.sink), ""))
    node = about(world, "sink.node")
    assert node.severity is Severity.WARNING
    assert node.fix == ("systemctl --user restart sana-vcam",)
    world.no_daemon()
    node = about(world, "sink.node")
    assert (node.severity, node.found) == (
        Severity.UNKNOWN,
        "PipeWire 1.4.2 runs, and offers the camera while sana-vcam runs",
    )


@pytest.mark.parametrize("text", ["", "[{", "{}", "[1, null]", '[{"info": {"props": 1}}]'])
def test_nonsense_is_no_camera(world, text):
    world.commands.say("pw-dump", text)
    assert "does not offer its camera" in about(world, "sink.node").found


def test_without_the_tools_it_says_so(world):
    world.commands.say("pw-dump", status=1, err="not found")
    node = about(world, "sink.node")
    assert node.severity is Severity.UNKNOWN
    assert "sudo apt install pipewire-bin" in node.found


def test_without_the_driver_there_still_is_a_camera(world):
    world.remove("/sys/module/v4l2loopback")
    world.remove("/sys/class/video4linux/video10")
    world.commands.say("modinfo", status=1)
    driver = about(world, "driver.module")
    assert driver.severity is Severity.WARNING
    assert driver.means.startswith("Only applications that read PipeWire have the camera.")
    assert exit_status(world.findings()) == 0

    world.remove(f"{FOLDER}/pipewire-0")
    assert about(world, "driver.module").severity is Severity.PROBLEM
    assert "sink.node" not in {finding.id for finding in world.findings()}


def test_without_the_driver_that_alone_is_asked_for_there_is_none(world):
    world.remove("/sys/module/v4l2loopback")
    world.remove("/sys/class/video4linux/video10")
    world.commands.say("modinfo", status=1)
    configure(world, "v4l2loopback")
    assert about(world, "driver.module").severity is Severity.PROBLEM
    assert "sink.node" not in {finding.id for finding in world.findings()}


@pytest.mark.parametrize(
    ("missing", "found", "command"),
    [
        (f"{FOLDER}/pipewire-0", "does not run", "systemctl --user start pipewire.socket"),
        (
            "/usr/lib/x86_64-linux-gnu/libpipewire-0.3.so.0",
            "is not installed",
            "sudo apt install libpipewire-0.3-0",
        ),
    ],
)
def test_a_node_that_is_asked_for_needs_a_server_and_the_library(world, missing, found, command):
    configure(world, "pipewire")
    assert about(world, "sink.node").severity is Severity.FINE
    world.remove(missing)
    node = about(world, "sink.node")
    assert node.severity is Severity.PROBLEM
    assert found in node.found
    assert node.fix == (command,)
