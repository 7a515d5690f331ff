"""The cameras and virtual cameras of this machine: listing, finding, and what is amiss with them.

On Linux from sysfs and the V4L2 drivers; elsewhere only what OpenCV can tell, marked as such.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sana_vcam.errors import CameraFault, CameraWords, SinkError
from sana_vcam.lib.openfiles import command_of, entries, opened, text_of
from sana_vcam.lib.polling import Poll, poll_descriptors
from sana_vcam.media.v4l2.capabilities import Capability, Mode, ask
from sana_vcam.media.v4l2.ioctl import LOOPBACK_DRIVER, Ioctl, fcntl_ioctl

type DeviceKind = Literal["camera", "virtual camera", "other"]

LABEL = "SANA VCam"
"""The name of the virtual camera unless the configuration says another."""
NUMBER = 10
"""The usual N of its /dev/videoN."""
JOIN_GROUP = "sudo usermod -aG video $USER, then log out and in again"
LONGEST_LABEL = 31
"""v4l2loopback keeps this many bytes of a card_label."""
PROBED_ELSEWHERE = 4
"""How many numbers are tried where a camera is found only by opening it."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has the device open."""

    pid: int
    command: str

    def __str__(self) -> str:
        return f"{self.command} (pid {self.pid})"


@dataclass(frozen=True, slots=True)
class Device:
    """One video device. `kind` "other" is a metadata, output-only or codec node."""

    path: str
    number: int
    name: str
    kind: DeviceKind
    driver: str = ""
    stable_ids: tuple[str, ...] = ()
    modes: tuple[Mode, ...] = ()
    holders: tuple[Holder, ...] = ()
    may_open: bool = True
    exclusive_caps: bool | None = None
    """Virtual cameras: whether apps see it as a camera only; Chrome lists no other kind."""
    note: str = ""
    """What is amiss, and the fix."""


@dataclass(frozen=True, slots=True)
class System:
    """A machine's devices, drivers and processes; tests give a made-up one."""

    root: Path = Path("/")
    """What /sys, /dev and /proc lie below."""
    ioctl: Ioctl = field(default=fcntl_ioctl)
    platform: str = sys.platform
    write: Callable[[int, Any], int] = os.write
    poll: Poll = poll_descriptors


def list_devices(system: System | None = None) -> list[Device]:
    """List the video devices, by number; never raises: what cannot be read is noted or left out."""
    system = system or System()
    if system.platform != "linux":
        return list(_devices_elsewhere())
    nodes = [entry.name for entry in entries(system.root / "sys/class/video4linux")]
    numbers = sorted(int(node[5:]) for node in nodes if node[:5] == "video" and node[5:].isdigit())
    holders = _holders(system, [system.root / f"dev/video{number}" for number in numbers])
    links = _stable_ids(system)
    return [_inspect(system, number, links, holders) for number in numbers]


def has_camera(system: System | None = None) -> bool:
    """Whether there is a real camera."""
    system = system or System()
    if system.platform != "linux":
        return next(_devices_elsewhere(), None) is not None
    return any(device.kind == "camera" for device in list_devices(system))


def find_camera(wanted: str, system: System) -> Device:
    """Find the real camera that `wanted` names; the first one if it is empty.

    `wanted` is an id from /dev/v4l/by-id or by-path, a path, a number, or a part of the name. A
    loopback, a metadata node and an output node are never taken for a camera.

    Raises:
        CameraFault: no such camera, with those that there are; or no right to open it.
    """
    every = list_devices(system)
    cameras = [device for device in every if device.kind == "camera"]
    found = _match(wanted, cameras, system) if wanted else next(iter(cameras), None)
    if found is None:
        raise CameraFault(_no_camera(wanted, every, cameras, system), CameraWords.NONE)
    if not found.may_open:
        message = f"no right to open the camera {describe(found)}: {JOIN_GROUP}"
        raise CameraFault(message, CameraWords.FORBIDDEN)
    return found


def find_virtual_cameras(
    label: str = LABEL, places: str = "", system: System | None = None
) -> list[Device]:
    """Find the v4l2loopback devices to feed: those that `places` names, else those of the label.

    `places` is a comma-separated list of paths and numbers. Without it, the devices of the label
    and of the label with a number behind it ("SANA VCam", "SANA VCam 2"), since each device takes
    one viewer only. The list is never empty, and holds devices without the right to open them.

    Raises:
        SinkError: there is none, or a place is none, with the command that fixes it.
    """
    system = system or System()
    wanted = [place for part in places.split(",") if (place := part.strip())]
    every = list_devices(system)
    loopbacks = [found for found in every if found.kind == "virtual camera"]
    if wanted:
        return [_virtual_camera_at(place, every, loopbacks, system) for place in wanted]
    found = [one for one in loopbacks if _label_number(one.name, label) is not None]
    if not found:
        raise SinkError(_no_virtual_camera(label, loopbacks, system))
    return sorted(found, key=lambda one: (_label_number(one.name, label), one.number))


def _virtual_camera_at(
    place: str, every: Sequence[Device], loopbacks: Sequence[Device], system: System
) -> Device:
    found = _match_place(place, every, system)
    if found is None:
        raise SinkError(f"sink.device: there is no {place}; {_have(loopbacks)}")
    if found.kind != "virtual camera":
        raise SinkError(
            f"sink.device: {describe(found)} is not a v4l2loopback device; {_have(loopbacks)}"
        )
    return found


def _label_number(name: str, label: str) -> int | None:
    """Read the number behind the label, 0 without one; None for a device that is not ours."""
    if name == label[:LONGEST_LABEL]:
        return 0
    number = name.removeprefix(f"{label} ")
    return int(number) if number != name and number.isdecimal() else None


def relocate(name: str, path: str, system: System) -> str | None:
    """Find the device of this name: at `path` if it still is there, else anywhere, else nowhere.

    Reads the names in sysfs only, so it is cheap enough for every try to open a lost device.
    """
    nodes = entries(system.root / "sys/class/video4linux")
    found = [
        str(system.root / "dev" / node.name) for node in nodes if text_of(node / "name") == name
    ]
    return path if path in found else next(iter(found), None)


def video_nodes(system: System | None = None) -> frozenset[str]:
    """List the names of all video nodes: a cheap look, to see that one came or went."""
    nodes = entries((system or System()).root / "sys/class/video4linux")
    return frozenset(node.name for node in nodes)


def holders_of(path: str | Path, system: System) -> list[Holder]:
    """Find the other processes that have the device open, as far as we may look."""
    return _holders(system, [Path(path)]).get(str(Path(path).resolve()), [])


def loopback_paths(system: System) -> list[str]:
    """List the paths of all v4l2loopback devices, ours or not; from sysfs only."""
    nodes = entries(system.root / "sys/class/video4linux")
    return [str(system.root / "dev" / node.name) for node in nodes if _is_loopback(node)]


def open_files(paths: Sequence[str], system: System) -> list[tuple[str, int]]:
    """List every open file of these devices as (path, process), ours as well.

    Looks at all processes, which takes tens of milliseconds.
    """
    real = {str(Path(path).resolve()): path for path in paths}
    return [(real[target], pid) for target, pid in opened(real, system.root / "proc")]


def describe(device: Device) -> str:
    """Name the device in a few words."""
    return f'"{device.name}" ({device.path})'


def keep_command(label: str = LABEL, number: int = NUMBER) -> str:
    """Write the two commands, a line each, that make it so after each boot."""
    options = f'options v4l2loopback video_nr={number} exclusive_caps=1 card_label="{label}"'
    return (
        f"echo '{options}' | sudo tee /etc/modprobe.d/sana-vcam.conf\n"
        "echo v4l2loopback | sudo tee /etc/modules-load.d/sana-vcam.conf"
    )


# -- what sysfs, the device links and the processes say ---------------------------------------


def _stable_ids(system: System) -> dict[str, list[str]]:
    """Find the links that point to each device path, those by id first."""
    links: dict[str, list[str]] = {}
    for folder in ("by-id", "by-path"):
        for link in entries(system.root / "dev/v4l" / folder):
            links.setdefault(str(link.resolve()), []).append(str(link))
    return links


def _holders(system: System, paths: Sequence[Path]) -> dict[str, list[Holder]]:
    """Find the other processes that have each device path open, as far as we may look."""
    held: dict[str, list[Holder]] = {}
    if not paths:
        return held
    for path, pid in dict.fromkeys(open_files([str(path) for path in paths], system)):
        if pid != os.getpid():
            command = command_of(pid, system.root / "proc")
            held.setdefault(str(Path(path).resolve()), []).append(Holder(pid, command))
    return held


def _inspect(
    system: System, number: int, links: dict[str, list[str]], holders: dict[str, list[Holder]]
) -> Device:
    path = system.root / f"dev/video{number}"
    entry = system.root / "sys/class/video4linux" / f"video{number}"
    key = str(path.resolve())
    may_open = os.access(path, os.R_OK | os.W_OK)
    capability, modes, why = ask(path, system.ioctl)
    kind = _kind(entry, capability)
    driver = capability.driver if capability else _driver(entry)
    exclusive = None
    if kind == "virtual camera" and capability:
        exclusive = not (capability.captures and capability.puts_out)
    return Device(
        path=str(path),
        number=number,
        name=text_of(entry / "name") or (capability.card if capability else path.name),
        kind=kind,
        driver=driver,
        stable_ids=tuple(links.get(key, ())),
        modes=modes if kind == "camera" else (),
        holders=tuple(holders.get(key, ())),
        may_open=may_open,
        exclusive_caps=exclusive,
        note=_note(may_open=may_open, why=why, exclusive=exclusive),
    )


def _note(*, may_open: bool, why: str, exclusive: bool | None) -> str:
    if not may_open:
        return f"no right to open it: {JOIN_GROUP}"
    if exclusive is False:
        return (
            "exclusive_caps is 0, so Chrome does not list it: load the module with exclusive_caps=1"
        )
    return why


def _kind(entry: Path, capability: Capability | None) -> DeviceKind:
    """Tell what a node is; without the right to ask it, as far as sysfs tells."""
    if capability is None:
        if _is_loopback(entry):
            return "virtual camera"
        return "camera" if text_of(entry / "index") in {"", "0"} else "other"
    if capability.driver == LOOPBACK_DRIVER:
        return "virtual camera"
    if capability.captures and not capability.puts_out and not capability.transcodes:
        return "camera"
    return "other"


def _is_loopback(entry: Path) -> bool:
    """Whether the node has the attributes that v4l2loopback puts beside the usual ones."""
    return (entry / "max_openers").exists() or (entry / "buffers").exists()


def _driver(entry: Path) -> str:
    if _is_loopback(entry):
        return LOOPBACK_DRIVER
    link = entry / "device" / "driver"
    return link.resolve().name if link.exists() else ""


# -- matching, and what to say when nothing matches -------------------------------------------


def _match(wanted: str, cameras: Sequence[Device], system: System) -> Device | None:
    part = wanted.casefold()
    named = next((one for one in cameras if part in one.name.casefold()), None)
    return _match_place(wanted, cameras, system) or named


def _match_place(wanted: str, devices: Sequence[Device], system: System) -> Device | None:
    """Find the device at a path, link, link's name or number."""
    if wanted.isdecimal():
        return next((one for one in devices if one.number == int(wanted)), None)
    target = str((system.root / "dev" / wanted).resolve()) if os.sep in wanted else ""
    for one in devices:
        names = {Path(link).name for link in one.stable_ids}
        if wanted == one.path or wanted in names or target == str(Path(one.path).resolve()):
            return one
    return None


def _no_camera(
    wanted: str, every: Sequence[Device], cameras: Sequence[Device], system: System
) -> str:
    if not cameras:
        return (
            "there is no camera: plug one in (sana-vcam devices lists what this machine sees), "
            'or set camera.source to "test" or "file"'
        )
    node = _match_place(wanted, every, system)
    what = f"{describe(node)} is no camera" if node else f"there is no camera {wanted!r}"
    have = ", ".join(map(describe, cameras))
    return f"camera.device: {what}; there are: {have}"


def _have(loopbacks: Sequence[Device]) -> str:
    if not loopbacks:
        return "there is no virtual camera at all (sana-vcam devices says how to make one)"
    return "virtual cameras here: " + ", ".join(describe(one) for one in loopbacks)


def _no_virtual_camera(label: str, loopbacks: Sequence[Device], system: System) -> str:
    if not loopbacks:
        return f"there is no virtual camera. {how_to_make(system)}"
    number = free_number(device.number for device in list_devices(system))
    return (
        f'no virtual camera has the label "{label}"; {_have(loopbacks)}. Use one of them by '
        f"setting sink.label or sink.device, or add one: "
        f'sudo v4l2loopback-ctl add -n "{label}" -x 1 {number} '
        "(with v4l2loopback before 0.13, unload the module and load it with all of them, such as "
        f'video_nr={number},{number + 1} exclusive_caps=1,1 card_label="{label},Other")'
    )


def free_number(taken: Iterable[int]) -> int:
    """Choose the first number from the usual one on that no video device has."""
    used = set(taken)
    return next(number for number in range(NUMBER, NUMBER + 64) if number not in used)


def how_to_make(system: System) -> str:
    """Say how this machine gets a virtual camera: who tells the commands, or the program."""
    if system.platform != "linux":
        return (
            "Install OBS Studio (macOS, Windows) and start its virtual camera once, or "
            "Unity Capture (Windows)."
        )
    loaded = (system.root / "sys/module/v4l2loopback").is_dir()
    first = "The driver v4l2loopback is loaded without a device. " if loaded else ""
    return f"{first}The commands that make one on this machine: sana-vcam doctor"


# -- other systems ----------------------------------------------------------------------------


def _devices_elsewhere() -> Iterator[Device]:
    """List what OpenCV can open by number on macOS and Windows, where it knows no names.

    Finding out means opening: the light of each camera goes on for a moment.
    """
    import cv2  # loaded only where nothing else can tell

    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    for number in range(PROBED_ELSEWHERE):
        capture = cv2.VideoCapture(number)
        opened = capture.isOpened()
        capture.release()
        if not opened:
            return
        yield Device(
            path=str(number),
            number=number,
            name=f"camera {number}",
            kind="camera",
            note="found by opening it; names and virtual cameras are not known on this system",
        )
