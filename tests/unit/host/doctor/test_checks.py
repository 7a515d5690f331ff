"""Every check of the doctor, on a made-up machine: in order, and with each fault."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from sana_vcam.config import paths
from sana_vcam.host.doctor import driver
from sana_vcam.host.doctor.findings import Severity, exit_status, render
from sana_vcam.host.doctor.voice import check_voice
from sana_vcam.host.service.install import SYSTEM_KEY
from sana_vcam.media.v4l2 import devices, ioctl
from tests.unit.host.doctor.world import INODE, KERNEL, NOW, PID, STATE, World
from tests.unit.media.v4l2.test_devices import CAPTURE, OUTPUT, YUYV

FINE, UNKNOWN = Severity.FINE, Severity.UNKNOWN
WARNING, PROBLEM = Severity.WARNING, Severity.PROBLEM


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


HEALTHY = [
    ("config.valid", "the defaults"),
    ("driver.module", "loaded, 0.12.7"),
    ("driver.secure_boot", "off"),
    ("driver.kept", "with its options"),
    ("sink.found", '"SANA VCam"'),
    ("sink.exclusive_caps", "1"),
    ("sink.busy", "fed by sana-vcam"),
    ("sink.size", "1280x720"),
    ("sink.pipewire", "offers"),
    ("camera.found", '"Webcam"'),
    ("camera.busy", "free"),
    ("camera.formats", "MJPG"),
    ("camera.rate", "1280x720 at 30 fps"),
    ("voice.server", "off; it is switched on by: sana-vcam ctl voice on"),
    ("model.name", "SANA-Streaming (sana-streaming or reactor/sana-streaming)"),
    ("model.send", "1280x704, and 640x352 while the upload is poor"),
    ("model.key", "environment REACTOR_API_KEY"),
    ("control.port", "listened on by sana-vcam"),
    ("control.daemons", f"one, pid {PID} (sana-vcam ctl talks to it, port 7262, /run/user/"),
    ("service.systemd", "252"),
    ("service.installed", "enabled"),
    ("service.running", "active since Fri 2026-11-20 10:00:00 UTC"),
    ("service.version", ""),
    ("service.answers", "viewers see the edited picture, in SANA VCam (/dev/video10)"),
    ("machine.clock", "2027-01-15 08:00 UTC, synchronised"),
    ("machine.kernel", KERNEL),
]


def test_a_machine_in_order_has_nothing_but_good_news(world):
    findings = world.findings()
    fine = [(finding.id, finding.found) for finding in findings if finding.severity is FINE]
    assert [name for name, _ in fine] == [name for name, _ in HEALTHY]
    for (_, found), (name, words) in zip(fine, HEALTHY, strict=True):
        assert words in found, name
    assert [f.id for f in findings if f.severity is not FINE] == ["model.online"]
    assert exit_status(findings) == 0
    assert render(findings).endswith("Everything that was looked at is in order.")


# --- the faults ---------------------------------------------------------------------------------
# Each breaks one thing; then the finding of that id is as bad as that, says these words, and one
# of its commands has these.

FAULTS = {}


def fault(name, found, severity, words="", fix=""):
    def add(spoil):
        FAULTS[spoil.__name__] = (spoil, name, severity, found, words, fix)
        return spoil

    return add


def _unload(world):
    world.remove("/sys/module/v4l2loopback")
    world.remove("/sys/class/video4linux/video10")


@fault("driver.module", "not installed", PROBLEM, "nothing to pick", "apt install v4l2loopback-")
def no_driver(world):
    _unload(world)
    world.commands.say("modinfo", status=1, err="modinfo: ERROR: Module v4l2loopback not found.")


@fault("driver.module", "not installed", PROBLEM, "", "sudo dnf install akmod-v4l2loopback")
def no_driver_on_a_relative_of_fedora(world):
    no_driver(world)
    world.put("/etc/os-release", 'ID=nobara\nID_LIKE="rhel fedora"\n')
    world.commands.say("dnf --cacheonly repoquery", "akmod-v4l2loopback-0:0.13.2-1.x86_64\n")


@fault("driver.module", "installed, not loaded", PROBLEM, "", "sudo modprobe v4l2loopback")
def driver_not_loaded(world):
    _unload(world)
    world.commands.say("modinfo", f"{KERNEL} SMP preempt mod_unload modversions\n")


@fault("driver.module", "installed, not loaded", PROBLEM, "", "service install --driver")
def driver_not_loaded_and_without_settings(world):
    driver_not_loaded(world)
    world.remove("/etc/modprobe.d/x.conf")


@fault("driver.module", "built for kernel 6.1.0-9-amd64", PROBLEM, "", "sudo dkms autoinstall")
def driver_for_another_kernel(world):
    _unload(world)
    world.commands.say("modinfo", "6.1.0-9-amd64 SMP preempt mod_unload\n")


@fault("driver.module", f"not built for the running kernel {KERNEL}", PROBLEM, "", "linux-headers")
def driver_not_built(world):
    _unload(world)
    world.commands.say("modinfo", status=1)
    world.commands.say("dkms", "v4l2loopback/0.12.7, 6.1.0-9-amd64, x86_64: installed\n")


@fault("driver.secure_boot", "Key was rejected by service", PROBLEM, "enrolled", "mokutil --import")
def secure_boot_refuses(world):
    driver_not_loaded(world)
    world.put("/var/lib/dkms/mok.pub", "")
    world.commands.say("mokutil", "SecureBoot enabled\n")
    world.commands.say(
        "journalctl --dmesg", "usb 1\nmodprobe: v4l2loopback: Key was rejected by service\n"
    )


@fault("driver.secure_boot", "Loading of unsigned module is rejected", PROBLEM, "", "mokutil")
def secure_boot_known_by_the_firmware_refuses(world):
    driver_not_loaded(world)
    world.put("/var/lib/dkms/mok.pub", "")
    del world.commands.replies["mokutil"]
    world.path(driver.SECURE_BOOT).parent.mkdir(parents=True)
    world.path(driver.SECURE_BOOT).write_bytes(b"\x06\0\0\0\x01")
    world.commands.say("journalctl --dmesg", status=1)
    world.commands.say("dmesg", "[ 3.1] Loading of unsigned module is rejected\n")


@fault("driver.secure_boot", "on", WARNING, "Enrol", "/var/lib/shim-signed/mok/MOK.der")
def secure_boot_may_refuse(world):
    driver_not_loaded(world)
    world.put("/var/lib/shim-signed/mok/MOK.der", "")
    world.commands.say("mokutil", "SecureBoot enabled\n")


@fault("driver.secure_boot", "on", WARNING, "DKMS makes one")
def secure_boot_and_no_key_to_enrol(world):
    driver_not_loaded(world)
    world.commands.say("mokutil", "SecureBoot enabled\n")


@fault("driver.secure_boot", "on; whether", UNKNOWN)
def secure_boot_before_there_is_a_driver(world):
    no_driver(world)
    world.commands.say("mokutil", "SecureBoot enabled\n")


@fault("driver.kept", "once the driver is installed", UNKNOWN)
def settings_of_a_driver_that_is_not_there(world):
    no_driver(world)
    world.remove("/etc/modprobe.d/x.conf")


@fault("driver.kept", "the command above sets it", UNKNOWN)
def settings_that_come_with_the_driver(world):
    driver_not_loaded_and_without_settings(world)


@fault("driver.kept", "loaded with its options", FINE)
def settings_of_the_distribution(world):
    world.remove("/etc/modprobe.d/x.conf")
    world.put("/usr/lib/modprobe.d/x.conf", "options v4l2loopback exclusive_caps=1\n")


@fault("driver.kept", "modprobe.d", WARNING, "next boot", "service install --driver")
def options_not_kept(world):
    world.remove("/etc/modprobe.d/x.conf")


@fault("driver.kept", "modules-load.d", WARNING, "next boot", "service install --driver")
def not_loaded_at_boot(world):
    world.put("/etc/modules-load.d/x.conf", "# v4l2loopback\n")


@fault("sink.found", "not loaded", UNKNOWN)
def no_device_because_of_the_driver(world):
    no_driver(world)


@fault("sink.found", "has no device", PROBLEM, "", "sudo modprobe -r v4l2loopback")
def driver_without_a_device(world):
    world.remove("/sys/class/video4linux/video10")


@fault("sink.found", "has no device", PROBLEM, "", 'card_label="My camera"')
def driver_without_a_device_of_another_label(world):
    driver_without_a_device(world)
    world.environ["SANA_VCAM_SINK__LABEL"] = "My camera"


@fault("sink.found", 'none has the label "SANA VCam"', PROBLEM, "", "v4l2loopback-ctl add")
def another_label(world):
    world.put("/sys/class/video4linux/video10/name", "OBS Virtual Camera\n")
    world.devices.drivers[str(world.sink)] = (ioctl.LOOPBACK_DRIVER, "OBS", OUTPUT, {})


@fault("sink.found", "there is no /dev/video99", PROBLEM, "sink.device", "sana-vcam devices")
def another_device(world):
    world.environ["SANA_VCAM_SINK__DEVICE"] = "/dev/video99"


@fault("sink.found", 'sink.kind is "preview"', UNKNOWN)
def no_virtual_camera_wanted(world):
    world.environ["SANA_VCAM_SINK__KIND"] = "preview"


@fault("sink.exclusive_caps", "0 for", PROBLEM, "Chrome", "sudo modprobe -r v4l2loopback")
def exclusive_caps_off(world):
    world.devices.drivers[str(world.sink)] = (
        *(ioctl.LOOPBACK_DRIVER, "SANA VCam"),
        *(CAPTURE | OUTPUT, {}),
    )


@fault("sink.exclusive_caps", "0 for", PROBLEM, "", "service install --driver")
def exclusive_caps_off_by_the_parameter(world):
    no_right_to_the_sink(world)
    world.put("/sys/module/v4l2loopback/parameters/exclusive_caps", "N,N")


@fault("sink.exclusive_caps", "does not say", UNKNOWN)
def exclusive_caps_untold(world):
    no_right_to_the_sink(world)
    world.remove("/sys/module/v4l2loopback/parameters/exclusive_caps")


@fault("sink.permission", "may not write", PROBLEM, "next login", "usermod -aG video")
def no_right_to_the_sink(world):
    world.closed.append(str(world.sink))


@fault("sink.permission", "may not write", PROBLEM, "log in anew")
def no_right_to_the_sink_yet(world):
    no_right_to_the_sink(world)
    world.put("/etc/group", f"video:x:{world.sink.stat().st_gid}:you,me\n")


@fault("sink.permission", "may not write", PROBLEM, "Its mode is 0600, and no group")
def no_right_to_the_sink_for_any_group(world):
    no_right_to_the_sink(world)
    world.sink.chmod(0o600)


@fault("sink.permission", "may not write", PROBLEM, "", "usermod -aG cameras $USER")
def no_right_to_the_sink_of_another_group(world):
    no_right_to_the_sink(world)
    world.put("/etc/group", f"cameras:x:{world.sink.stat().st_gid}:\n")


@fault("sink.pipewire", "before exclusive_caps is 1", UNKNOWN)
def no_pipewire_node_because_of_exclusive_caps(world):
    exclusive_caps_off(world)
    no_pipewire_node(world)


@fault("sink.busy", "runs as another user", UNKNOWN)
def a_sink_of_a_service_that_is_not_shown(world):
    world.remove(f"/proc/{PID}")


@fault("sink.busy", "open in obs (pid 77)", WARNING, "keeps sana-vcam out", "kill 77")
def somebody_else_feeds_it(world):
    world.no_daemon()
    world.process(77, "obs", ["/usr/bin/obs"])
    world.open_file(77, world.sink)


@fault("sink.busy", "free", FINE)
def nobody_feeds_it(world):
    world.no_daemon()


@fault("sink.busy", "open in zoom (pid 77)", FINE)
def somebody_watches(world):
    world.process(77, "zoom", ["/usr/bin/zoom"])
    world.open_file(77, world.sink)


@fault("sink.size", "fixed to 640x480", PROBLEM, f"(pid {PID}) is one: end it where")
def another_size_of_a_daemon_by_hand(world):
    another_size(world)
    world.unit(active="inactive", pid=0)


@fault("sink.size", "fixed to 640x480", PROBLEM, "every program", "--user restart sana-vcam")
def another_size(world):
    world.put("/sys/class/video4linux/video10/format", "YUYV:640x480@30/1")


@fault("sink.pipewire", "does not offer", WARNING, "WirePlumber", "restart wireplumber")
def no_pipewire_node(world):
    world.commands.say("pw-dump", world.dump("/dev/video2"))


@fault("sink.pipewire", "does not offer", WARNING, "", "systemctl --user start sana-vcam")
def no_pipewire_node_because_nothing_is_fed(world):
    no_pipewire_node(world)
    world.no_daemon()


@fault("sink.pipewire", "does not offer", WARNING)
def pipewire_says_nonsense(world):
    world.commands.say("pw-dump", "[{")


@fault("sink.pipewire", "does not offer", WARNING)
def no_node_by_wireplumber(world):
    del world.commands.replies["pw-dump"]
    world.commands.say("wpctl status", "Video\n  Webcam\n")


@fault("sink.pipewire", "offers", FINE)
def a_node_by_wireplumber(world):
    del world.commands.replies["pw-dump"]
    world.commands.say("wpctl status", "Video\n  SANA VCam (V4L2)\n")


@fault("sink.pipewire", "not looked at", UNKNOWN, "first saw it")
def no_pipewire(world):
    world.commands.say("pw-dump", status=1, err="can't connect: Host is down")


@fault("camera.found", "there is none", WARNING, "no session is opened", "dmesg | grep -i uvc")
def no_camera(world):
    world.remove("/sys/class/video4linux/video2")


@fault("camera.found", "there is none", PROBLEM, "Viewers see a card", "run --camera test")
def no_camera_of_the_kind_that_is_wanted(world):
    no_camera(world)
    world.environ["SANA_VCAM_CAMERA__SOURCE"] = "webcam"


@fault("camera.found", "there is none", WARNING, "a container (lxc)", "run --camera test")
def no_camera_in_a_container(world):
    no_camera(world)
    world.commands.say("systemd-detect-virt", "lxc\n")


@fault("camera.found", "there is no camera 'Brio'", PROBLEM, "", "sana-vcam devices")
def another_camera(world):
    world.environ["SANA_VCAM_CAMERA__DEVICE"] = "Brio"


@fault("camera.found", "there is no file", PROBLEM, "camera.path", "config show")
def no_video_file(world):
    world.environ["SANA_VCAM_CAMERA__SOURCE"] = "file"
    world.environ["SANA_VCAM_CAMERA__PATH"] = str(world.root / "gone.mp4")


@fault("camera.found", "may not read", PROBLEM, "camera.path", "config show")
def a_video_file_of_somebody_else(world):
    no_video_file(world)
    world.put("gone.mp4", "")
    world.closed.append(str(world.root / "gone.mp4"))


@fault("camera.found", "the test scene", FINE)
def the_test_scene(world):
    world.environ["SANA_VCAM_CAMERA__SOURCE"] = "test"


@fault("camera.permission", "may not open", PROBLEM, "", "usermod -aG video")
def no_right_to_the_camera(world):
    world.closed.append(str(world.camera))


@fault("camera.busy", "open in cheese (pid 77)", WARNING, "one program", "kill 77")
def camera_in_use(world):
    world.process(77, "cheese", ["/usr/bin/cheese"])
    world.open_file(77, world.camera)


@fault("camera.busy", "by sana-vcam", FINE)
def camera_in_use_by_us(world):
    world.open_file(PID, world.camera)


def _camera(world, formats):
    world.devices.drivers[str(world.camera)] = ("uvcvideo", "Webcam", CAPTURE, formats)


@fault("camera.formats", "no MJPG; it has YUYV", WARNING, "USB")
def no_mjpg(world):
    _camera(world, {YUYV: {(1280, 720): [30]}})


@fault("camera.rate", "1280x720 at 10 fps at most", WARNING, "24 fps", "camera.width")
def only_low_rates(world):
    _camera(world, {YUYV: {(1280, 720): [10, 5]}})


@fault("camera.rate", "it has no 1280x720", WARNING, "", "sana-vcam devices")
def another_camera_size(world):
    _camera(world, {YUYV: {(640, 480): [30]}})


@fault("camera.formats", "does not say", UNKNOWN)
def a_silent_camera(world):
    _camera(world, {})


@fault("model.name", "X2 (xmax/x2)", FINE)
def another_model_that_is_known(world):
    world.environ["SANA_VCAM_REACTOR__MODEL"] = "xmax/x2"


@fault("model.name", "'sana-strem' is not known", WARNING, "log", "model=reactor/sana-streaming")
def a_model_that_nobody_knows(world):
    world.environ["SANA_VCAM_REACTOR__MODEL"] = "sana-strem"


@fault("model.send", "640x360", FINE)
def a_small_picture_is_sent(world):
    world.environ["SANA_VCAM_REACTOR__SEND"] = "640x360"


@fault("model.send", "the model's picture is 1280x704", WARNING, "no use", "config show")
def more_is_sent_than_the_model_has(world):
    world.environ["SANA_VCAM_REACTOR__SEND"] = "1920x1056"


@fault("model.send", "640x480", WARNING, "another shape", "config show")
def another_shape_is_sent(world):
    world.environ["SANA_VCAM_REACTOR__SEND"] = "640x480"


@fault("model.key", "there is none", PROBLEM, "No session", "install -D -m 600 /dev/stdin")
def no_key(world):
    del world.environ["REACTOR_API_KEY"]


@fault("model.key", "for the service", FINE)
def a_key_for_the_service_only(world):
    no_key(world)
    world.put("/home/me/.config/sana-vcam/reactor_api_key", "rk_something_long\n", 0o600)


@fault("model.key", "there is none", PROBLEM, "in this terminal", 'REACTOR_API_KEY="$(cat)"')
def no_key_and_no_service(world):
    no_key(world)
    no_service(world)


@fault("model.key", f"the running daemon (pid {PID}) has it, from its environment", FINE)
def a_key_in_the_running_daemon_only(world):
    no_key(world)
    world.put(f"/proc/{PID}/environ", "HOME=/x\0REACTOR_API_KEY=rk_something_long\0")


@fault("model.key", "has it, from its credential reactor_api_key", FINE)
def a_credential_of_the_running_daemon(world):
    no_key(world)
    folder = world.put("/creds/reactor_api_key", "rk_something_long\n", 0o600).parent
    world.put(f"/proc/{PID}/environ", f"CREDENTIALS_DIRECTORY={folder}\0")


@fault("model.key", "has it, from its file", FINE)
def a_key_in_the_configuration_of_the_running_daemon(world):
    no_key(world)
    file = world.put("/c.toml", '[reactor]\napi_key = "rk_something_long"\n', 0o600)
    world.put(f"/proc/{PID}/cmdline", f"sana-vcam\0run\0--config\0{file}\0")
    world.put(f"/proc/{PID}/environ", "HOME=/x\0")


@fault("model.key", "there is none", PROBLEM)
def no_key_in_the_running_daemon_either(world):
    no_key(world)
    world.put(f"/proc/{PID}/environ", "HOME=/x\0REACTOR_API_KEY=\0SANA_VCAM_BOGUS=1\0")


@fault("model.key", "environment REACTOR_API_KEY", FINE)
def a_key_beside_a_wrong_configuration(world):
    a_wrong_configuration(world)


@fault("model.key", "environment REACTOR_API_KEY", FINE)
def a_key_with_quotes_that_do_not_count(world):
    world.environ["REACTOR_API_KEY"] = "\ufeff'Bearer rk_something_long'"


@fault("model.key_file", "can be read by others (mode 0644)", WARNING, "your money", "chmod 600")
def an_open_key_file(world):
    world.put("/home/me/.config/sana-vcam/reactor_api_key", "rk_something_long\n", 0o644)


@fault("model.key_file", "readable by you alone", FINE)
def a_closed_key_file(world):
    world.put("/home/me/.config/sana-vcam/reactor_api_key", "rk_something_long\n", 0o600)


@fault("model.key", "quotes", WARNING, "refuse", "doctor --online")
def a_quoted_key(world):
    world.environ["REACTOR_API_KEY"] = '"rk_something_long'


@fault("model.key", "cut off", WARNING, "refuse", "doctor --online")
def a_short_key(world):
    world.environ["REACTOR_API_KEY"] = "rk_1"


@fault("model.key", "begin with rk_", WARNING, "refuse", "doctor --online")
def a_strange_key(world):
    world.environ["REACTOR_API_KEY"] = "sk-something-long"


@fault("model.key", "not needed", FINE)
def a_local_runtime(world):
    no_key(world)
    world.environ["SANA_VCAM_REACTOR__LOCAL"] = "true"


@fault("control.port", "7262 is taken by nginx (pid 77)", PROBLEM, "does not start", "kill 77")
def a_taken_port(world):
    world.no_daemon()
    world.process(77, "nginx", ["nginx"])
    world.open_file(77, f"socket:[{INODE}]")
    world.listens(INODE)


@fault("control.port", "of the user with the id 33", PROBLEM, "", "sudo ss -ltnp")
def a_port_taken_by_another_user(world):
    world.no_daemon()
    world.listens(1, uid=33)


@fault("control.port", "7262 is free", FINE)
def a_free_port(world):
    world.no_daemon()


@fault("control.port", "by another daemon, pid 78 (port 7262, /tmp/b)", PROBLEM, "", "kill 78")
def a_port_taken_by_a_daemon_of_another_folder(world):
    world.no_daemon()
    world.daemon(78, f"socket:[{INODE}]", folder="/tmp/b")
    world.listens(INODE)


@fault("control.port", "7262 is taken by nginx", WARNING, "has another port", "kill 77")
def a_port_taken_while_the_daemon_has_another(world):
    world.process(77, "nginx", ["nginx"])
    world.open_file(77, "socket:[88]")
    world.listens(88)
    world.also_listens(INODE, 8000)


@fault("control.port", "not known whether", UNKNOWN)
def a_port_that_nobody_tells_about(world):
    world.remove("/proc/net/tcp")


@fault("control.daemons", "open: pid 78 (/tmp/b); pid 4242 (sana-vcam ctl", PROBLEM, "", "kill 78")
def two_daemons_that_feed_the_same(world):
    world.daemon(78, world.sink, folder="/tmp/b")


@fault("control.daemons", "2 have", PROBLEM, "leave pid 4242", "kill 5000")
def two_daemons_with_the_same_webcam(world):
    world.open_file(PID, world.camera)
    world.daemon(5000, world.camera, folder="/tmp/b")


@fault("control.daemons", "2, which have nothing in common", FINE)
def two_daemons_with_things_of_their_own(world):
    world.daemon(78, "socket:[88]", folder="/tmp/b")
    world.also_listens(88, 8000)


@fault("sink.busy", "another sana-vcam (pid 78)", WARNING, "keeps sana-vcam out", "kill 78")
def a_sink_fed_by_a_daemon_of_another_folder(world):
    world.no_daemon()
    world.daemon(78, world.sink, folder="/tmp/b")


@fault("camera.busy", "another sana-vcam (pid 78)", WARNING, "one program", "kill 78")
def a_camera_of_a_daemon_of_another_folder(world):
    world.daemon(78, world.camera, folder="/tmp/b")


@fault("service.installed", "not installed", WARNING, "by hand", "sana-vcam service install")
def no_service(world):
    world.no_daemon()
    world.remove("/home/me/.config/systemd/user/sana-vcam.service")
    world.unit(load="not-found", active="inactive", enabled="", pid=0)


@fault("service.installed", "disabled", WARNING, "by itself", "systemctl --user enable sana-vcam")
def a_disabled_service(world):
    world.unit(enabled="disabled")


@fault("service.running", "inactive", WARNING, "nothing", "systemctl --user start sana-vcam")
def a_stopped_service(world):
    world.no_daemon()


@fault("service.running", "failed, watchdog", PROBLEM, "nothing", "sana-vcam service logs")
def a_failed_service(world):
    world.no_daemon()
    world.unit(active="failed", result="watchdog", pid=0)


@fault("service.version", "0.0.1 runs", WARNING, "not mended", "systemctl --user restart sana-vcam")
def an_old_service(world):
    world.runs_version("0.0.1")


@fault("service.answers", "does not answer: no way", WARNING, "", "sana-vcam service logs")
def a_silent_service(world):
    world.commands.say(f"{sys.executable} -m sana_vcam ctl", status=1, err="no way\n")


@fault("service.answers", "another daemon, not the service", WARNING)
def a_daemon_that_is_not_the_service(world):
    world.unit(pid=5)


@fault("service.answers", "the key was refused", WARNING, "says this about itself")
def a_service_in_trouble(world):
    world.says(STATE | {"output": "slate", "error": "the key was refused"})


@fault("service.systemd", "249, older than 252", WARNING, "", "systemd-analyze --user verify")
def an_old_systemd(world):
    world.commands.say("systemctl --version", "systemd 249 (249.11)\n")


@fault(
    "service.systemd", "252 is installed; systemd does not run here (process 1 is tini)", UNKNOWN
)
def a_systemd_that_does_not_run(world):
    world.no_daemon()
    world.remove("/run/systemd")
    world.put("/proc/1/comm", "tini\n")
    for start in ("systemctl show --property=Version", "systemctl --user show"):
        world.commands.say(start, status=1, err="System has not been booted with systemd\n")


@fault("service.systemd", "252 is installed; systemd of this user", UNKNOWN, "run it by")
def a_user_without_a_session(world):
    world.no_daemon()
    world.commands.say("systemctl --user show", status=1, err="Failed to connect to bus\n")


@fault("service.systemd", "no systemd here", UNKNOWN)
def no_systemd(world):
    del world.commands.replies["systemctl --version"]


@fault("machine.clock", "it says 1970-01-01", PROBLEM, "Certificates", "timedatectl set-ntp")
def a_clock_without_a_battery(world):
    world.now = 60.0


@fault("machine.clock", "it says 2106", PROBLEM, "Certificates", "timedatectl set-ntp")
def a_clock_in_the_far_future(world):
    world.now = 4_294_967_295.0


@fault("machine.clock", "not synchronised", WARNING, "tokens", "timedatectl set-ntp")
def a_clock_on_its_own(world):
    world.commands.say("timedatectl", "no\n")


@fault("machine.clock", "nobody says", UNKNOWN)
def a_clock_that_nobody_asks(world):
    del world.commands.replies["timedatectl"]


@fault("machine.kernel", "4.19.0, older than 5.10", WARNING, "never tried", "full-upgrade")
def an_old_kernel(world):
    world.put("/proc/sys/kernel/osrelease", "4.19.0")


@fault("machine.kernel", "does not say", UNKNOWN)
def a_kernel_without_a_name(world):
    world.remove("/proc/sys/kernel/osrelease")


@fault("config.valid", "sink.widht", PROBLEM, "does not start", "sana-vcam config check")
def a_wrong_configuration(world):
    world.config = world.put("/c.toml", "[sink]\nwidht = 3\n")


@fault("config.valid", "there is no such file", PROBLEM, "", "sana-vcam config check")
def a_missing_configuration(world):
    world.config = Path("/nowhere/c.toml")


@fault("config.caution", "raw camera", WARNING, "", "sana-vcam config show")
def a_risky_configuration(world):
    world.environ["SANA_VCAM_PRIVACY__ALLOW_BYPASS"] = "true"


def _voice(world, microphone="alsa_input.headset"):
    world.environ["SANA_VCAM_VOICE__ON"] = "true"
    world.environ["SANA_VCAM_VOICE__MICROPHONE"] = microphone
    for program in ("pipewire", "pw-cli", "pw-dump", "pw-record", "setpriv"):
        place = world.path(f"/usr/bin/{program}")
        if not place.is_symlink():
            place.symlink_to("/bin/sh")
    world.commands.say(
        "pw-dump",
        '[\n{"id": 40, "type": "PipeWire:Interface:Node", "info": {"props": {"node.name": '
        '"alsa_input.desk", "node.description": "Desk", "media.class": "Audio/Source"}}}\n]\n',
    )


@fault("voice.microphone", "alsa_input.headset is not there; there are: alsa_input.desk", WARNING,
       "as soon as it is plugged in")  # fmt: skip
def a_microphone_that_is_unplugged(world):
    _voice(world)


@fault("voice.microphone", "alsa_input.desk (Desk)", FINE)
def a_microphone_that_is_there(world):
    _voice(world, "alsa_input.desk")


@fault("voice.microphone", "none is chosen", PROBLEM, "hears nothing",
       "ctl voice on --microphone alsa_input.desk")  # fmt: skip
def no_microphone_is_chosen(world):
    _voice(world, "")


@fault("voice.server", "not installed: pw-record", PROBLEM, "hears nothing", "apt install pipewire")
def programs_of_pipewire_are_missing(world):
    _voice(world)
    world.remove("/usr/bin/pw-record")


SOURCES = """Source #0
\tState: SUSPENDED
\tName: alsa_output.desk.monitor
\tDescription: Monitor of Desk
\tDriver: module-alsa-card.c
\tMonitor of Sink: alsa_output.desk
\tProperties:
\t\tdevice.class = "monitor"

Source #1
\tState: RUNNING
\tName: sana_mic
\tDescription: SANA VCam Microphone
\tMonitor of Sink: n/a

Source #2
\tState: SUSPENDED
\tName: alsa_input.desk
\tDescription: Desk
\tDriver: module-alsa-card.c
\tMonitor of Sink: n/a
"""


def _pulseaudio(world, name="pulseaudio"):
    _voice(world, "")
    world.environ["PULSE_SERVER"] = "unix:/run/user/1/pulse/native"
    world.put("/run/user/1/pulse/native", "")
    world.commands.say("pactl info", f"Server Name: {name}\nServer Version: 16.1\n")
    world.commands.say("pactl list sources", SOURCES)
    world.commands.say("pw-dump", "[\n]\n")


@fault("voice.server", "PulseAudio 16.1", FINE)
def a_pulseaudio_beside_a_pipewire_for_screens(world):
    _pulseaudio(world)


@fault("voice.microphone", "none is chosen; there are: alsa_input.desk", PROBLEM, "hears nothing",
       "ctl voice on --microphone alsa_input.desk")  # fmt: skip
def a_pulseaudio_without_a_microphone_chosen(world):
    _pulseaudio(world)


@fault("voice.server", "PipeWire", FINE)
def a_pipewire_that_answers_for_pulseaudio(world):
    _pulseaudio(world, "PulseAudio (on PipeWire 0.3.65)")


@fault("voice.server", "PipeWire", FINE)
def a_pulseaudio_that_is_gone(world):
    _pulseaudio(world)
    world.commands.say("pactl info", status=1, err="Connection refused")


@fault("voice.server", "PulseAudio does not run", PROBLEM, "hears nothing", "apt install pipewire")
def no_sound_server_at_all(world):
    _pulseaudio(world)
    world.remove("/run/user/1/pulse/native")
    world.remove("/usr/bin/pipewire")


@fault("voice.server", "Host is down", PROBLEM, "hears nothing", "restart pipewire")
def a_pipewire_that_is_down(world):
    _voice(world)
    world.commands.say("pw-dump", status=1, err="can't connect: Host is down")


@pytest.mark.parametrize(
    ("spec", "severity", "found"),
    [(None, PROBLEM, "sounddevice is not installed"), (object(), UNKNOWN, "nobody has tried")],
)
def test_a_voice_where_there_is_no_linux(world, monkeypatch, spec, severity, found):
    _voice(world)
    world.platform = "darwin"
    monkeypatch.setattr("sana_vcam.host.doctor.voice.find_spec", lambda _name: spec)
    (finding,) = check_voice(world.facts())
    assert finding.severity is severity
    assert found in finding.found


@fault("service.credentials", "holds it in clear, and", WARNING, "copy", "install --system")
def a_key_in_clear(world):
    _system_service(world)
    world.put(str(SYSTEM_KEY), "rk_something_long", 0o600)
    world.commands.say("systemd-creds", "systemd 252")


@fault("service.credentials", "no systemd-creds", UNKNOWN)
def a_key_in_clear_on_an_old_systemd(world):
    _system_service(world)
    world.put(str(SYSTEM_KEY), "rk_something_long", 0o600)


@fault("service.credentials", "no key lies", FINE)
def a_sealed_key(world):
    _system_service(world)


def _system_service(world):
    world.put("/etc/systemd/system/sana-vcam.service", "[Unit]\n")
    world.commands.say(
        "systemctl show sana-vcam",
        "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\nMainPID=5\n",
    )
    world.commands.say("journalctl --unit")


@pytest.fixture
def closed(world, monkeypatch):
    """Files that may not be opened; the tests may run as root, who may open everything."""
    world.closed = []
    opening, access = os.open, os.access

    def refuse(path, *rest, **more):
        if str(path) in world.closed:
            raise PermissionError(13, "Permission denied")
        return opening(path, *rest, **more)

    monkeypatch.setattr(ioctl.os, "open", refuse)
    monkeypatch.setattr(
        devices.os, "access", lambda path, how: str(path) not in world.closed and access(path, how)
    )


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_and_mended(world, name):
    spoil, check, severity, found, words, fix = FAULTS[name]
    spoil(world)
    findings = world.findings()
    about = [finding for finding in findings if finding.id == check]

    assert about, f"no {check} in {[finding.id for finding in findings]}"
    finding = about[0]
    assert finding.severity is severity, finding
    assert found in finding.found
    assert words in finding.means
    assert any(fix in command for command in finding.fix) or not fix, finding.fix
    if severity is PROBLEM:
        assert exit_status(findings) == 1
    text = render(findings)
    if severity in {PROBLEM, WARNING}:
        assert all(f"        {command}" in text.splitlines() for command in finding.fix)


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize("name", FAULTS)
def test_a_finding_is_complete_and_keeps_the_key(world, name):
    FAULTS[name][0](world)
    for finding in world.findings():
        assert finding.found
        if finding.severity is PROBLEM:
            assert finding.fix or finding.means, finding
        for secret in ("something", "sk-"):
            assert secret not in " ".join((finding.found, finding.means, *finding.fix))


def test_every_check_can_fail():
    faulty = {check for _, check, severity, *_ in FAULTS.values() if severity is not FINE}
    assert {name for name, _ in HEALTHY} <= faulty


def test_on_another_system_it_looks_at_what_there_is(world):
    world.platform = "darwin"
    findings = world.findings()
    assert exit_status(findings) == 0
    assert {finding.id for finding in findings} >= {"camera.found", "machine.clock", "model.key"}


@pytest.mark.parametrize(
    ("platform", "kind", "names"),
    [
        ("darwin", "auto", "OBS Virtual Camera: not tried"),
        ("win32", "auto", "OBS Virtual Camera or Unity Video Capture: not tried"),
        ("win32", "unitycapture", "Unity Video Capture: not tried"),
        ("win32", "preview", 'not looked at: sink.kind is "preview"'),
    ],
)
def test_the_virtual_cameras_of_other_systems_are_named(world, platform, kind, names):
    world.platform = platform
    world.config = world.put("/c.toml", f'[sink]\nkind = "{kind}"\n')
    (found,) = (finding for finding in world.findings() if finding.id == "sink.found")
    assert (found.severity, found.found) == (UNKNOWN, names)
    assert ("OBS Studio" in found.means) == ("OBS" in names)


def test_without_what_feeds_them_it_is_said(world, monkeypatch):
    world.platform = "win32"
    monkeypatch.setattr("sana_vcam.host.doctor.cameras.find_spec", lambda _name: None)
    (found,) = (finding for finding in world.findings() if finding.id == "sink.found")
    assert (found.severity, found.found) == (PROBLEM, "pyvirtualcam is not installed")


def test_the_daemon_of_the_machine_listens_where_we_cannot_look(world):
    world.no_daemon()
    _system_service(world)
    world.listens(1, uid=999)
    world.put("/etc/passwd", "root:x:0:0::/:/bin/sh\nsana-vcam:x:999:999::/:/bin/false\n")
    port = next(finding for finding in world.findings() if finding.id == "control.port")
    assert (port.severity, port.found) == (FINE, "7262, listened on by the service")


def test_a_machine_that_tells_nothing_is_no_defect(tmp_path):
    """No /proc, no /sys, no commands, no environment."""
    from sana_vcam.host.doctor.command import examine
    from sana_vcam.host.doctor.facts import gather
    from sana_vcam.host.machine import Machine
    from tests.unit.host.service.fakes import Commands

    bare = Machine(root=tmp_path, environ={}, platform="linux", runner=Commands())
    findings = examine(gather(bare, now=NOW))
    assert exit_status(findings) == 1
    assert not (paths.runtime_dir() / "control.json").exists()
