"""Finding devices on a made-up machine: sysfs, device nodes, links, processes and drivers."""

import errno
import json
import os
import struct
from pathlib import Path

import pytest

from sana_vcam.app.devices import render_devices, to_json
from sana_vcam.errors import CameraError, SinkError
from sana_vcam.media.v4l2 import ioctl as v4l2
from sana_vcam.media.v4l2.capabilities import Mode
from sana_vcam.media.v4l2.devices import (
    Device,
    Holder,
    System,
    find_camera,
    find_virtual_cameras,
    has_camera,
    holders_of,
    keep_command,
    list_devices,
    loopback_paths,
    open_files,
    relocate,
    video_nodes,
)

CAPTURE, OUTPUT, META, M2M = 0x1, 0x2, 0x0080_0000, 0x8000
MJPG, YUYV = b"MJPG", b"YUYV"


class Machine:
    """A tree like /sys, /dev and /proc, and drivers that answer ioctls."""

    def __init__(self, root):
        self.root = root
        self.drivers = {}
        self.calls = []
        for folder in ("sys/class/video4linux", "dev/v4l/by-id", "dev/v4l/by-path", "proc"):
            (root / folder).mkdir(parents=True)
        self.system = System(root, ioctl=self.ioctl, platform="linux")

    def add(self, number, name, driver, caps, *, formats=(), index=0, by_id="", by_path=""):
        entry = self.root / f"sys/class/video4linux/video{number}"
        entry.mkdir()
        (entry / "name").write_text(name + "\n")
        (entry / "index").write_text(f"{index}\n")
        if driver == v4l2.LOOPBACK_DRIVER:
            (entry / "max_openers").write_text("10\n")
        node = self.root / f"dev/video{number}"
        node.touch()
        self.drivers[str(node)] = (driver, name, caps, dict(formats))
        for folder, link in (("by-id", by_id), ("by-path", by_path)):
            if link:
                (self.root / "dev/v4l" / folder / link).symlink_to(f"../../video{number}")
        return node

    def hold(self, pid, command, node):
        process = self.root / f"proc/{pid}"
        (process / "fd").mkdir(parents=True)
        (process / "comm").write_text(command + "\n")
        (process / "fd/0").symlink_to("/dev/null")
        (process / "fd/7").symlink_to(node)

    def ioctl(self, fd, request, answer):
        driver, name, caps, formats = self.drivers[str(Path(f"/proc/self/fd/{fd}").readlink())]
        self.calls.append(request)
        if request == v4l2.VIDIOC_QUERYCAP:
            if driver is None:
                raise OSError(errno.ENODEV, "No such device")
            words = (driver.encode(), name.encode()[:31], b"usb-1", 0x060000)
            every = CAPTURE | META | 0x8000_0000
            struct.pack_into("16s32s32sIII", answer, 0, *words, every, caps)
        elif request == v4l2.VIDIOC_ENUM_FMT:
            index, buffer_type = struct.unpack_from("II", answer)
            codes = list(formats) if buffer_type == v4l2.BUF_TYPE_CAPTURE else []
            self._check(index, codes)
            struct.pack_into("4s", answer, 44, codes[index])
        elif request == v4l2.VIDIOC_ENUM_FRAMESIZES:
            index, code = struct.unpack_from("I4s", answer)
            sizes = list(formats[code])
            self._check(index, sizes)
            if len(sizes[index]) == 2:
                struct.pack_into("3I", answer, 8, 1, *sizes[index])
            else:
                struct.pack_into("7I", answer, 8, 3, *sizes[index])
        elif request == v4l2.VIDIOC_ENUM_FRAMEINTERVALS:
            index, code, *size = struct.unpack_from("I4sII", answer)
            rates = formats[code].get(tuple(size), [])
            self._check(index, rates)
            struct.pack_into("3I", answer, 16, 1, 1, rates[index])
        else:
            raise OSError(errno.ENOTTY, "Inappropriate ioctl")

    @staticmethod
    def _check(index, entries):
        if index >= len(entries):
            raise OSError(errno.EINVAL, "Invalid argument")


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


@pytest.fixture
def full(machine):
    """A machine with one of each: webcam and its metadata, loopbacks, a codec, an output."""
    machine.add(0, "OBS Virtual Camera", v4l2.LOOPBACK_DRIVER, OUTPUT)
    machine.add(
        2,
        "Integrated Camera: HD",
        "uvcvideo",
        CAPTURE,
        formats={
            MJPG: {(1280, 720): [30, 24], (640, 480): [30]},
            YUYV: {(1280, 720): [10]},
        },
        by_id="usb-Chicony_HD-video-index0",
        by_path="pci-0000:00:14.0-usb-0:8:1.0-video-index0",
    )
    machine.add(
        3, "Integrated Camera: HD", "uvcvideo", META, index=1, by_id="usb-Chicony_HD-video-index1"
    )
    machine.add(4, "Logitech BRIO", "uvcvideo", CAPTURE, formats={MJPG: {(1920, 1080): [60]}})
    machine.add(10, "SANA VCam", v4l2.LOOPBACK_DRIVER, OUTPUT)
    machine.add(11, "bcm2835-codec", "bcm2835-codec", CAPTURE | OUTPUT | M2M)
    machine.add(12, "tv out", "vivid", OUTPUT)
    return machine


def test_every_node_is_what_it_is(full):
    kinds = {device.number: device.kind for device in list_devices(full.system)}

    assert kinds == {
        0: "virtual camera",
        2: "camera",
        3: "other",
        4: "camera",
        10: "virtual camera",
        11: "other",
        12: "other",
    }


def test_a_camera_tells_its_modes_and_stable_ids(full):
    device = next(one for one in list_devices(full.system) if one.number == 2)

    dev = full.root / "dev"
    assert device == Device(
        path=str(dev / "video2"),
        number=2,
        name="Integrated Camera: HD",
        kind="camera",
        driver="uvcvideo",
        stable_ids=(
            str(dev / "v4l/by-id/usb-Chicony_HD-video-index0"),
            str(dev / "v4l/by-path/pci-0000:00:14.0-usb-0:8:1.0-video-index0"),
        ),
        modes=(
            Mode("MJPG", 1280, 720, (30.0, 24.0)),
            Mode("MJPG", 640, 480, (30.0,)),
            Mode("YUYV", 1280, 720, (10.0,)),
        ),
    )


def test_a_range_of_sizes_is_told_by_its_ends_and_the_common_sizes_in_it(machine):
    machine.add(0, "cam", "csi", CAPTURE, formats={YUYV: {(64, 1920, 64, 48, 1944, 8): []}})

    (device,) = list_devices(machine.system)

    assert [(mode.width, mode.height, mode.fps) for mode in device.modes] == [
        (64, 48, ()),
        (640, 360, ()),
        (640, 480, ()),
        (1280, 720, ()),
        (1920, 1944, ()),
    ]


def test_a_driver_that_never_ends_its_list_is_cut_off(machine):
    machine.add(0, "cam", "odd", CAPTURE)

    def endless(fd, request, answer):
        if request == v4l2.VIDIOC_QUERYCAP:
            machine.ioctl(fd, request, answer)
        elif request == v4l2.VIDIOC_ENUM_FMT:
            struct.pack_into("4s", answer, 44, MJPG)
        else:
            raise OSError(errno.EINVAL, "Invalid argument")

    system = System(machine.root, ioctl=endless, platform="linux")
    assert list_devices(system)[0].kind == "camera"


def test_who_holds_a_device(full):
    full.hold(4711, "zoom", full.root / "dev/video2")
    full.hold(4712, "obs", full.root / "dev/video0")
    (full.root / "proc/4713").mkdir()
    (full.root / "proc/version").touch()

    holders = {device.number: device.holders for device in list_devices(full.system)}

    assert holders[2] == (Holder(4711, "zoom"),)
    assert holders[0] == (Holder(4712, "obs"),)
    assert holders[10] == ()


def test_exclusive_caps_show_in_the_capability(machine):
    machine.add(10, "SANA VCam", v4l2.LOOPBACK_DRIVER, CAPTURE | OUTPUT)
    machine.add(11, "Other", v4l2.LOOPBACK_DRIVER, OUTPUT)
    machine.add(12, "In use", v4l2.LOOPBACK_DRIVER, CAPTURE)

    devices = list_devices(machine.system)

    assert [device.exclusive_caps for device in devices] == [False, True, True]
    assert "exclusive_caps=1" in devices[0].note
    assert devices[1].note == ""


def test_a_device_that_went_in_between_is_no_trouble(full):
    full.drivers[str(full.root / "dev/video2")] = (None, "", 0, {})
    (full.root / "dev/video4").unlink()

    devices = {device.number: device for device in list_devices(full.system)}

    assert devices[2].modes == ()
    assert "does not answer" in devices[2].note
    assert devices[4].modes == ()


def no_right(monkeypatch, *paths):
    """Take away the right to open these; root has it whatever the mode says."""
    real_open, real_access = os.open, os.access
    refused = {str(path) for path in paths}

    def refuse(path, flags, *rest, **more):
        if str(path) in refused:
            raise PermissionError(errno.EACCES, "Permission denied")
        return real_open(path, flags, *rest, **more)

    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(
        os, "access", lambda path, mode: str(path) not in refused and real_access(path, mode)
    )


def test_without_the_right_to_ask_sysfs_still_tells(full, monkeypatch):
    no_right(monkeypatch, *(full.root / f"dev/video{n}" for n in (2, 3, 10)))

    devices = {device.number: device for device in list_devices(full.system)}

    assert devices[2].kind == "camera"
    assert devices[3].kind == "other"
    assert devices[10].kind == "virtual camera"
    assert not devices[2].may_open
    assert "usermod -aG video" in devices[2].note
    with pytest.raises(CameraError, match="sudo usermod -aG video"):
        find_camera("2", full.system)
    assert not find_virtual_cameras(system=full.system)[0].may_open


# Finding the camera


@pytest.mark.parametrize(
    ("wanted", "number"),
    [
        ("", 2),
        ("2", 2),
        ("4", 4),
        ("usb-Chicony_HD-video-index0", 2),
        ("brio", 4),
        ("Logitech BRIO", 4),
        ("integrated", 2),
    ],
)
def test_a_camera_is_found_by(full, wanted, number):
    assert find_camera(wanted, full.system).number == number


@pytest.mark.parametrize("place", ["video2", "v4l/by-id/usb-Chicony_HD-video-index0"])
def test_a_camera_is_found_by_its_path_or_link(full, place):
    assert find_camera(str(full.root / "dev" / place), full.system).number == 2


@pytest.mark.parametrize(
    "wanted", ["0", "3", "10", "11", "12", "99", "SANA", "nothing like it", "/dev/video99"]
)
def test_nothing_else_is_taken_for_a_camera(full, wanted):
    with pytest.raises(CameraError) as caught:
        find_camera(wanted, full.system)

    message = str(caught.value)
    assert message.startswith("camera.device: ")
    assert '"Integrated Camera: HD"' in message
    assert '"Logitech BRIO"' in message
    assert "OBS" not in message.split("there are:")[1]


def test_a_stable_id_never_leads_to_another_camera(full):
    (full.root / "dev/v4l/by-id/usb-Chicony_HD-video-index0").unlink()

    with pytest.raises(CameraError, match="there is no camera"):
        find_camera(str(full.root / "dev/v4l/by-id/usb-Chicony_HD-video-index0"), full.system)


def test_a_machine_without_a_camera(machine):
    assert not has_camera(machine.system)
    machine.add(10, "SANA VCam", v4l2.LOOPBACK_DRIVER, CAPTURE)
    assert not has_camera(machine.system)
    with pytest.raises(CameraError, match=r"there is no camera.*camera\.source"):
        find_camera("", machine.system)
    machine.add(11, "Real", "uvcvideo", CAPTURE)
    assert has_camera(machine.system)


# Finding the virtual camera


def test_a_virtual_camera_is_found_by_label_or_device(full):
    def found(*asked):
        return [one.number for one in find_virtual_cameras(*asked, full.system)]

    assert found("SANA VCam", "") == [10]
    assert found("OBS Virtual Camera", "") == [0]
    assert found("whatever", "0") == [0]
    assert found("whatever", f"{full.root / 'dev/video10'}, 0") == [10, 0]


def test_a_label_stands_for_all_its_numbers_in_their_order(machine):
    names = ["SANA VCam 10", "SANA VCam", "SANA VCam 2", "SANA VCam2", "SANA VCam x", "SANA"]
    for number, name in enumerate(names):
        machine.add(number, name, v4l2.LOOPBACK_DRIVER, OUTPUT)

    found = find_virtual_cameras(system=machine.system)

    assert [one.name for one in found] == ["SANA VCam", "SANA VCam 2", "SANA VCam 10"]


def test_a_device_is_found_again_by_its_name(full):
    here, there = str(full.root / "dev/video10"), str(full.root / "dev/video2")

    assert relocate("SANA VCam", here, full.system) == here
    assert relocate("SANA VCam", there, full.system) == here
    assert relocate("Nothing", here, full.system) is None


def test_who_has_what_open(full):
    full.hold(4711, "zoom", full.root / "dev/video10")
    full.hold(4712, "obs", full.root / "dev/video10")

    path = str(full.root / "dev/video10")
    assert sorted(open_files([path], full.system)) == [(path, 4711), (path, 4712)]
    assert {one.command for one in holders_of(path, full.system)} == {"zoom", "obs"}
    assert loopback_paths(full.system) == [str(full.root / "dev/video0"), path]
    assert "video10" in video_nodes(full.system)


def test_a_long_label_is_compared_as_the_driver_keeps_it(machine):
    machine.add(10, "x" * 31, v4l2.LOOPBACK_DRIVER, OUTPUT)

    assert find_virtual_cameras("x" * 40, system=machine.system)[0].number == 10


def test_without_the_module_the_command_is_given(machine):
    with pytest.raises(SinkError) as caught:
        find_virtual_cameras(system=machine.system)

    assert str(caught.value) == (
        "there is no virtual camera. The commands that make one on this machine: sana-vcam doctor"
    )


def test_a_module_without_a_device_has_to_be_reloaded(machine):
    (machine.root / "sys/module/v4l2loopback").mkdir(parents=True)

    with pytest.raises(SinkError, match=r"loaded without a device\. The commands .* sana-vcam doc"):
        find_virtual_cameras(system=machine.system)


def test_another_loopback_is_never_taken_but_named(full):
    with pytest.raises(SinkError) as caught:
        find_virtual_cameras("My Cam", system=full.system)

    message = str(caught.value)
    assert '"OBS Virtual Camera"' in message
    assert '"SANA VCam"' in message
    assert 'v4l2loopback-ctl add -n "My Cam" -x 1 13' in message


@pytest.mark.parametrize(
    ("device", "why"), [("2", "is not a v4l2loopback device"), ("77", "no 77")]
)
def test_a_wrong_sink_device_is_said(full, device, why):
    with pytest.raises(SinkError, match=why):
        find_virtual_cameras(places=device, system=full.system)


def test_the_commands_carry_the_label():
    assert keep_command("A B").count("\n") == 1


# Showing them


def test_the_table_names_everything(full):
    full.hold(4711, "zoom", full.root / "dev/video2")

    text = render_devices(list_devices(full.system), full.system)

    for part in (
        "Cameras\n",
        "Virtual cameras\n",
        "Other video nodes",
        "usb-Chicony_HD-video-index0",
        "MJPG     1280x720@30 640x480@30",
        "takes    MJPG 1280x720 at 24 fps",
        "zoom (pid 4711)",
        "SANA VCam",
    ):
        assert part in text
    assert "modprobe" not in text


def test_without_anything_it_says_what_to_do(machine):
    text = render_devices(list_devices(machine.system), machine.system)

    assert "No camera." in text
    assert "No virtual camera." in text
    assert "sana-vcam doctor" in text


def test_json_is_complete(full):
    parsed = json.loads(to_json(list_devices(full.system)))

    assert [one["number"] for one in parsed] == [0, 2, 3, 4, 10, 11, 12]
    assert parsed[1]["modes"][0] == {
        "pixel_format": "MJPG",
        "width": 1280,
        "height": 720,
        "fps": [30.0, 24.0],
    }


def test_this_machine_can_be_listed():
    assert isinstance(list_devices(), list)
    assert render_devices(list_devices())
