"""Checks of the virtual camera, of who may see it, and of the webcam."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sana_vcam.errors import CameraError, SinkError
from sana_vcam.host.doctor.driver import LOAD, MODULE, UNLOAD, reload_commands, settings
from sana_vcam.host.doctor.facts import Facts
from sana_vcam.host.doctor.findings import (
    Finding,
    Group,
    Severity,
    fine,
    problem,
    unknown,
    warning,
)
from sana_vcam.media.sinks.external import EXTERNAL_KINDS, FIXES, NAMES
from sana_vcam.media.v4l2.devices import (
    Device,
    Holder,
    describe,
    find_camera,
    find_virtual_cameras,
    free_number,
)

EXCLUSIVE_CAPS = "/sys/module/v4l2loopback/parameters/exclusive_caps"
NEXT_LOGIN = "Log out and in again after the command: a group counts from the next login on."
RESTART_WIREPLUMBER = "systemctl --user restart wireplumber"


# -- the virtual camera --------------------------------------------------------------------------


def check_virtual(facts: Facts) -> Iterator[Finding]:
    """Yield every finding about the devices that viewers pick."""
    sink = facts.config.sink
    if not facts.linux and sink.kind not in {"preview", "raw"}:
        yield _of_another_program(facts)
        return
    if not facts.linux or sink.kind not in {"auto", "v4l2loopback"}:
        yield unknown("sink.found", f'not looked at: sink.kind is "{sink.kind}"')
        return
    try:
        found = find_virtual_cameras(sink.label, sink.device, facts.machine)
    except SinkError as error:
        yield _not_found(facts, error)
        return
    for device in found:
        yield fine("sink.found", describe(device))
        if not device.may_open:
            means, *commands = _joining(facts, device)
            yield problem(
                "sink.permission",
                f"you may not write to {device.path}",
                f"The daemon cannot feed it. {means}",
                *commands,
            )
        caps = _exclusive_caps(facts, device)
        yield caps
        yield _in_use(facts, device)
        yield from _size(facts, device)
        if caps.severity is Severity.PROBLEM:
            yield unknown("sink.pipewire", "not looked at before exclusive_caps is 1")
        else:
            yield _pipewire(facts, device)


def _joining(facts: Facts, device: Device) -> tuple[str, ...]:
    """Write what gives the right to open a device, and the command: its group, if that has it."""
    try:
        found = Path(device.path).stat()
    except OSError:
        return ("It cannot be looked at.",)
    name = _group_name(facts, found.st_gid)
    if found.st_mode & 0o060 != 0o060 or name in {"", "root"}:
        return (f"Its mode is {found.st_mode & 0o777:04o}, and no group gives the right to it.",)
    if name in _groups_of_user(facts):
        return (f"You are in its group {name}, which counts from the next login on: log in anew.",)
    return (NEXT_LOGIN, f"sudo usermod -aG {name} $USER")


def _group_entries(facts: Facts) -> Iterator[tuple[str, str, list[str]]]:
    """Read group(5), as (name, number, members)."""
    for line in (facts.machine.text("/etc/group") or "").splitlines():
        name, _, number, members, *_ = [*line.split(":"), "", "", ""]
        yield name, number, members.split(",")


def _group_name(facts: Facts, gid: int) -> str:
    return next((name for name, number, _ in _group_entries(facts) if number == str(gid)), "")


def _groups_of_user(facts: Facts) -> set[str]:
    user = facts.machine.environ.get("USER", "")
    return {name for name, _, members in _group_entries(facts) if user and user in members}


def _of_another_program(facts: Facts) -> Finding:
    """Say what can be fed on Windows and macOS; to look would be to take it from others."""
    if find_spec("pyvirtualcam") is None:
        means = (
            "It feeds the virtual cameras of OBS and Unity Capture, and comes with sana-vcam there."
        )
        command = "pip install pyvirtualcam"
        return problem("sink.found", "pyvirtualcam is not installed", means, command)
    kinds = EXTERNAL_KINDS if facts.machine.platform == "win32" else EXTERNAL_KINDS[:1]
    kinds = tuple(kind for kind in kinds if facts.config.sink.kind in {"auto", kind})
    names = " or ".join(NAMES[kind] for kind in kinds)
    fixes = "; or ".join(FIXES[kind] for kind in kinds)
    means = f"It is found when the daemon starts. Is it not there? {fixes[:1].upper()}{fixes[1:]}."
    return Finding(
        "sink.found", Group.VIRTUAL_CAMERA, "device", Severity.UNKNOWN, f"{names}: not tried", means
    )


def _not_found(facts: Facts, error: SinkError) -> Finding:
    sink = facts.config.sink
    others = [device for device in facts.devices if device.kind == "virtual camera"]
    number = free_number(device.number for device in facts.devices)
    if sink.device:
        return problem(
            "sink.found",
            str(error).splitlines()[0],
            "Name another one, or remove sink.device to have it found by its label.",
            "sana-vcam devices",
        )
    if others:
        return problem(
            "sink.found",
            f'none has the label "{sink.label}"; there are {", ".join(map(describe, others))}',
            "The picture would go nowhere. Add one, or configure one of these as sink.device.",
            f'sudo v4l2loopback-ctl add -n "{sink.label}" -x 1 {number}',
            f"sana-vcam run --set sink.device={others[0].path}",
        )
    if not facts.machine.path(MODULE).is_dir():
        return unknown("sink.found", "none, because the driver is not loaded")
    return problem(
        "sink.found",
        "the driver is loaded, and has no device",
        "Apps have nothing to pick.",
        *reload_commands(sink.label, number),
    )


def _exclusive_caps(facts: Facts, device: Device) -> Finding:
    exclusive = device.exclusive_caps
    if exclusive is None:
        exclusive = _parameter(facts, device)
    if exclusive is None:
        return unknown("sink.exclusive_caps", "the driver does not say")
    if exclusive:
        return fine("sink.exclusive_caps", "1")
    return problem(
        "sink.exclusive_caps",
        f"0 for {device.path}",
        "Chrome, Meet, Discord and PipeWire do not list it as a camera. Close what uses it, and "
        "load the driver anew.",
        settings(),
        UNLOAD,
        LOAD,
    )


def _parameter(facts: Facts, device: Device) -> bool | None:
    """Read the module's parameter: a Y or N for each device, in the order of their making."""
    values = (facts.machine.text(EXCLUSIVE_CAPS) or "").split(",")
    loopbacks = [one.number for one in facts.devices if one.kind == "virtual camera"]
    at = loopbacks.index(device.number)
    return values[at] == "Y" if at < len(values) and values[at] else None


def _in_use(facts: Facts, device: Device) -> Finding:
    others = _others(facts, device)
    names = ", ".join(map(str, others))
    if len(others) < len(device.holders):
        return fine("sink.busy", f"fed by sana-vcam{names and f', open in {names}'}")
    if not others and facts.service.runs:
        return unknown("sink.busy", "not shown to you: the service runs as another user")
    if not others:
        return fine("sink.busy", _free(facts))
    return warning(
        "sink.busy",
        f"sana-vcam does not feed it, and it is open in {names}",
        "A program that writes into it keeps sana-vcam out; one that reads shows nothing until "
        "it picks the camera again.",
        f"kill {others[0].pid}",
    )


def _free(facts: Facts) -> str:
    """Say that nobody has it open, as far as this user is shown."""
    return "free" if facts.machine.uid == 0 else "free of your own programs"


def _others(facts: Facts, device: Device) -> list[Holder]:
    """List the processes that have the device open, without the daemon that `ctl` talks to."""
    daemons = facts.daemons.pids
    return [
        Holder(one.pid, "another sana-vcam" if one.pid in daemons else one.command)
        for one in device.holders
        if one.pid != facts.reached
    ]


def _size(facts: Facts, device: Device) -> Iterator[Finding]:
    """Look at what the driver has fixed, such as YU12:1280x720@24/1; nothing while it is closed."""
    text = facts.machine.text(f"/sys/class/video4linux/video{device.number}/format") or ""
    found = re.match(r".{4}:(\d+x\d+)", text)
    if found is None:
        return
    fixed, wanted = found[1], f"{facts.config.sink.width}x{facts.config.sink.height}"
    if fixed == wanted:
        yield fine("sink.size", fixed)
        return
    means = "A device keeps its size until every program has closed it."
    if facts.reached is not None and not facts.service.runs:
        means += f" sana-vcam (pid {facts.reached}) is one: end it where it was started."
    yield problem(
        "sink.size",
        f"fixed to {fixed}, and the configuration says {wanted}",
        means,
        *(f"kill {holder.pid}" for holder in _others(facts, device)),
        *((facts.scope.command("restart"),) if facts.service.runs else ()),
    )


def _pipewire(facts: Facts, device: Device) -> Finding:
    """Find out whether PipeWire offers the device as a camera (GNOME's apps, Firefox's portal)."""
    offered = _is_offered(facts, device)
    if offered is None:
        return unknown(
            "sink.pipewire",
            "not looked at: pw-dump and wpctl are missing, or PipeWire does not run",
            "Apps that use PipeWire for cameras list the virtual camera only if it was fed "
            "when WirePlumber first saw it.",
        )
    if offered:
        return fine("sink.pipewire", f'offers "{device.name}" as a camera')
    fed = len(_others(facts, device)) < len(device.holders) or facts.service.runs
    return warning(
        "sink.pipewire",
        f'does not offer "{device.name}"',
        "Apps that use PipeWire for cameras do not list it. WirePlumber looks once, when it first "
        "sees the device, and takes it only if it is being fed then.",
        *(() if fed else (_start(facts),)),
        RESTART_WIREPLUMBER,
    )


def _start(facts: Facts) -> str:
    """Write the command that starts the daemon: the service, where there is one."""
    return facts.scope.command("start") if facts.service.unit else "sana-vcam run"


def _is_offered(facts: Facts, device: Device) -> bool | None:
    """Whether PipeWire offers it; None if it cannot be asked."""
    dump = facts.machine.run("pw-dump")
    if dump.ok:
        return any(_is_node(node, device) for node in _objects(dump.out))
    status = facts.machine.run("wpctl", "status")
    return device.name in status.out if status.ok else None


def _objects(text: str) -> Iterator[dict[str, Any]]:
    try:
        objects = json.loads(text)
    except ValueError:
        return
    for each in objects if isinstance(objects, list) else ():
        info = each.get("info") if isinstance(each, dict) else None
        if isinstance(info, dict) and isinstance(info.get("props"), dict):
            yield info["props"]


def _is_node(props: dict[str, Any], device: Device) -> bool:
    paths = {props.get("api.v4l2.path"), str(props.get("object.path", "")).removeprefix("v4l2:")}
    return props.get("media.class") == "Video/Source" and (
        device.path in paths or props.get("node.description") == device.name
    )


# -- the webcam ----------------------------------------------------------------------------------


def check_camera(facts: Facts) -> Iterator[Finding]:
    """Yield every finding about where the picture comes from."""
    camera = facts.config.camera
    if camera.source == "test":
        yield fine("camera.found", "the test scene, as configured")
    elif camera.source == "file":
        yield _video_file(facts)
    elif not facts.linux:
        yield unknown("camera.found", "not looked at on this system")
    else:
        yield from _webcam(facts)


def _video_file(facts: Facts) -> Finding:
    path = facts.config.camera.path
    is_there = path is not None and path.is_file()
    if path is not None and is_there and os.access(path, os.R_OK):
        return fine("camera.found", f"the file {path}, as configured")
    return problem(
        "camera.found",
        f"you may not read the file {path}" if is_there else f"there is no file {path}",
        "Viewers see a card. Set camera.path to a video.",
        "sana-vcam config show",
    )


def _webcam(facts: Facts) -> Iterator[Finding]:
    try:
        found = find_camera(facts.config.camera.device, facts.machine)
    except CameraError as error:
        yield _no_camera(facts, error)
        return
    yield fine("camera.found", describe(found))
    yield _camera_in_use(facts, found)
    if not found.modes:
        yield unknown("camera.formats", "the camera does not say what it can do")
        return
    yield _formats(found)
    yield from _rate(facts, found)


def _no_camera(facts: Facts, error: CameraError) -> Finding:
    cameras = [device for device in facts.devices if device.kind == "camera"]
    if cameras and not any(device.may_open for device in cameras):
        found = f"you may not open {describe(cameras[0])}"
        return problem("camera.permission", found, *_joining(facts, cameras[0]))
    if cameras:
        means = "Viewers see a card until it is there, and no session is opened."
        return problem("camera.found", str(error), means, "sana-vcam devices")
    means = (
        "Viewers see a card, and no session is opened, until one is plugged in. Look whether the "
        "kernel saw it, or go on without one."
    )
    if facts.container:
        means = (
            f"This is a container ({facts.container}), which has the cameras that it is given. "
            "Viewers see a card, and no session is opened."
        )
    # The other commands would only say again that there is none.
    look = () if facts.container else ("sudo dmesg | grep -i uvc",)
    as_bad = warning if facts.config.camera.source == "auto" else problem
    return as_bad("camera.found", "there is none", means, *look, "sana-vcam run --camera test")


def _camera_in_use(facts: Facts, device: Device) -> Finding:
    others = _others(facts, device)
    if not others:
        return fine("camera.busy", "by sana-vcam" if device.holders else _free(facts))
    return warning(
        "camera.busy",
        f"open in {', '.join(map(str, others))}",
        "A webcam gives its picture to one program at a time. In that program pick the virtual "
        "camera instead, or close it.",
        *(f"kill {holder.pid}" for holder in others),
    )


def _formats(device: Device) -> Finding:
    formats = dict.fromkeys(mode.pixel_format for mode in device.modes)
    if "MJPG" in formats:
        return fine("camera.formats", "MJPG")
    return warning(
        "camera.formats",
        f"no MJPG; it has {', '.join(formats)}",
        "Uncompressed pictures of this size rarely come at full speed over USB.",
        "sana-vcam devices",
    )


def _rate(facts: Facts, device: Device) -> Iterator[Finding]:
    """Compare the best rate at the configured size with the model's; nothing without any rate."""
    if not any(mode.fps for mode in device.modes):
        return
    camera = facts.config.camera
    wanted = (camera.width, camera.height)
    fitting = [rate for m in device.modes if (m.width, m.height) == wanted for rate in m.fps]
    best = max(fitting, default=0.0)
    size = f"{camera.width}x{camera.height}"
    if best >= camera.fps:
        yield fine("camera.rate", f"{size} at {best:g} fps")
        return
    yield warning(
        "camera.rate",
        f"{size} at {best:g} fps at most" if best else f"it has no {size}",
        f"The model works at {camera.fps:g} fps; slower or enlarged pictures look worse. Choose a "
        "size that it gives fast enough, as camera.width and camera.height.",
        "sana-vcam devices",
        "sana-vcam run --set camera.width=640 --set camera.height=480",
    )
