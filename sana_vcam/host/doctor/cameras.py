"""Checks of the virtual camera, of who may see it, and of the webcam."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sana_vcam.errors import CameraError, SinkError
from sana_vcam.host.doctor.driver import MODULE, reload_commands, settings
from sana_vcam.host.doctor.facts import Case
from sana_vcam.host.doctor.findings import Finding, Group, Severity
from sana_vcam.media.v4l2.devices import (
    Device,
    describe,
    find_camera,
    find_virtual_cameras,
    free_number,
)

EXCLUSIVE_CAPS = "/sys/module/v4l2loopback/parameters/exclusive_caps"
JOIN_VIDEO = ("sudo usermod -aG video $USER",)
NEXT_LOGIN = "Log out and in again after the command: a group counts from the next login on."
RESTART_WIREPLUMBER = "systemctl --user restart wireplumber"


# --- the virtual camera -------------------------------------------------------------------------


def check_virtual(case: Case) -> Iterator[Finding]:
    """Every finding about the devices that viewers pick."""
    sink = case.config.sink
    if not case.linux or sink.kind not in {"auto", "v4l2loopback"}:
        yield _virtual("found", Severity.UNKNOWN, f'not looked at: sink.kind is "{sink.kind}"')
        return
    try:
        found = find_virtual_cameras(sink.label, sink.device, case.machine.devices())
    except SinkError as error:
        yield _not_found(case, error)
        return
    for device in found:
        yield _virtual("found", Severity.FINE, describe(device))
        yield from _about_virtual(case, device)


def _virtual(
    name: str, severity: Severity, found: str, means: str = "", mend: Iterable[str] = ()
) -> Finding:
    titles = {
        "found": "device",
        "permission": "permission",
        "exclusive_caps": "exclusive_caps",
        "busy": "in use",
        "size": "size",
        "pipewire": "PipeWire",
    }
    group = Group.VIRTUAL_CAMERA
    return Finding(f"sink.{name}", group, titles[name], severity, found, means, tuple(mend))


def _not_found(case: Case, error: SinkError) -> Finding:
    sink = case.config.sink
    others = [device for device in case.devices if device.kind == "virtual camera"]
    number = free_number(device.number for device in case.devices)
    if others and not sink.device:
        add = f'sudo v4l2loopback-ctl add -n "{sink.label}" -x 1 {number}'
        names = ", ".join(describe(device) for device in others)
        return _virtual(
            "found",
            Severity.PROBLEM,
            f'none has the label "{sink.label}"; there are {names}',
            "The picture would go nowhere. Add one, or configure one of these as sink.device.",
            [add, f"sana-vcam run --set sink.device={others[0].path}"],
        )
    if sink.device:
        return _virtual(
            "found",
            Severity.PROBLEM,
            str(error).splitlines()[0],
            "Name another one, or remove sink.device to have it found by its label.",
            ["sana-vcam devices"],
        )
    if not case.machine.path(MODULE).is_dir():
        return _virtual("found", Severity.UNKNOWN, "none, because the driver is not loaded")
    return _virtual(
        "found",
        Severity.PROBLEM,
        "the driver is loaded, and has no device",
        "Apps have nothing to pick.",
        reload_commands(sink.label, number),
    )


def _about_virtual(case: Case, device: Device) -> Iterator[Finding]:
    if not device.may_open:
        yield _virtual(
            "permission",
            Severity.PROBLEM,
            f"you may not write to {device.path}",
            f"The daemon cannot feed it. {NEXT_LOGIN}",
            JOIN_VIDEO,
        )
    yield _exclusive_caps(case, device)
    yield _in_use(case, device)
    size = _size(case, device)
    if size is not None:
        yield size
    yield _pipewire(case, device)


def _exclusive_caps(case: Case, device: Device) -> Finding:
    exclusive = device.exclusive_caps
    if exclusive is None:
        exclusive = _parameter(case, device)
    if exclusive is None:
        return _virtual("exclusive_caps", Severity.UNKNOWN, "the driver does not say")
    if exclusive:
        return _virtual("exclusive_caps", Severity.FINE, "1")
    return _virtual(
        "exclusive_caps",
        Severity.PROBLEM,
        f"0 for {device.path}",
        "Chrome, Meet, Discord and PipeWire do not list it as a camera. Close what uses it, and "
        "load the driver anew.",
        [
            settings(),
            "sudo modprobe -r v4l2loopback",
            "sudo modprobe v4l2loopback",
        ],
    )


def _parameter(case: Case, device: Device) -> bool | None:
    """The module's parameter: a Y or N for each device, in the order in which they were made."""
    values = (case.machine.text(EXCLUSIVE_CAPS) or "").split(",")
    loopbacks = [one.number for one in case.devices if one.kind == "virtual camera"]
    at = loopbacks.index(device.number)
    return values[at] == "Y" if at < len(values) and values[at] else None


def _in_use(case: Case, device: Device) -> Finding:
    ours = [holder for holder in device.holders if holder.pid in case.daemon_pids]
    others = [holder for holder in device.holders if holder.pid not in case.daemon_pids]
    names = ", ".join(f"{holder.command} (pid {holder.pid})" for holder in others)
    if ours:
        return _virtual("busy", Severity.FINE, f"fed by sana-vcam{names and f', open in {names}'}")
    if case.service.runs and not others:
        return _virtual("busy", Severity.FINE, "fed by the service, as far as we may look")
    if others:
        return _virtual(
            "busy",
            Severity.WARNING,
            f"sana-vcam does not feed it, and it is open in {names}",
            "A program that writes into it keeps sana-vcam out; one that reads shows nothing until "
            "it picks the camera again.",
            [f"kill {others[0].pid}"],
        )
    return _virtual("busy", Severity.FINE, "free")


def _size(case: Case, device: Device) -> Finding | None:
    """What the driver has fixed, such as YU12:1280x720@24/1; nothing while nobody has it open."""
    text = case.machine.text(f"/sys/class/video4linux/video{device.number}/format") or ""
    found = re.match(r".{4}:(\d+)x(\d+)", text)
    if found is None:
        return None
    wanted = (case.config.sink.width, case.config.sink.height)
    fixed = (int(found[1]), int(found[2]))
    if fixed == wanted:
        return _virtual("size", Severity.FINE, f"{fixed[0]}x{fixed[1]}")
    return _virtual(
        "size",
        Severity.PROBLEM,
        f"fixed to {fixed[0]}x{fixed[1]}, and the configuration says {wanted[0]}x{wanted[1]}",
        "A device keeps its size until every program has closed it.",
        [*(f"kill {holder.pid}" for holder in device.holders), case.scope.command("restart")],
    )


def _pipewire(case: Case, device: Device) -> Finding:
    """Whether PipeWire offers the device as a camera (GNOME's apps, Firefox by the portal)."""
    dump = case.machine.run("pw-dump")
    if dump.ok:
        there = any(_is_node(node, device) for node in _objects(dump.out))
    else:
        status = case.machine.run("wpctl", "status")
        if not status.ok:
            return _virtual(
                "pipewire",
                Severity.UNKNOWN,
                "not looked at: pw-dump and wpctl are missing, or PipeWire does not run",
                "Apps that use PipeWire for cameras list the virtual camera only if it was fed "
                "when WirePlumber first saw it.",
            )
        there = device.name in status.out
    if there:
        return _virtual("pipewire", Severity.FINE, f'offers "{device.name}" as a camera')
    fed = any(holder.pid in case.daemon_pids for holder in device.holders) or case.service.runs
    return _virtual(
        "pipewire",
        Severity.WARNING,
        f'does not offer "{device.name}"',
        "Apps that use PipeWire for cameras do not list it. WirePlumber looks once, when it first "
        "sees the device, and takes it only if it is being fed then.",
        [*(() if fed else (case.scope.command("start"),)), RESTART_WIREPLUMBER],
    )


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


# --- the webcam ---------------------------------------------------------------------------------


def check_camera(case: Case) -> Iterator[Finding]:
    """Every finding about where the picture comes from."""
    camera = case.config.camera
    if camera.source == "test":
        yield _camera("found", Severity.FINE, "the test scene, as configured")
        return
    if camera.source == "file":
        yield _video_file(camera.path)
        return
    if not case.linux:
        yield _camera("found", Severity.UNKNOWN, "not looked at on this system")
        return
    cameras = [device for device in case.devices if device.kind == "camera"]
    try:
        found = find_camera(camera.device, case.machine.devices())
    except CameraError as error:
        yield _no_camera(case, cameras, error)
        return
    yield _camera("found", Severity.FINE, describe(found))
    yield _camera_in_use(case, found)
    yield from _formats(case, found)


def _camera(
    name: str, severity: Severity, found: str, means: str = "", mend: Iterable[str] = ()
) -> Finding:
    titles = {
        "found": "camera",
        "permission": "permission",
        "busy": "in use",
        "formats": "format",
        "rate": "rate",
    }
    return Finding(
        f"camera.{name}", Group.CAMERA, titles[name], severity, found, means, tuple(mend)
    )


def _video_file(path: Path | None) -> Finding:
    if path is not None and path.is_file():
        return _camera("found", Severity.FINE, f"the file {path}, as configured")
    return _camera(
        "found",
        Severity.PROBLEM,
        f"there is no file {path}",
        "Viewers see a card. Set camera.path to a video.",
        ["sana-vcam config show"],
    )


def _no_camera(case: Case, cameras: Sequence[Device], error: CameraError) -> Finding:
    closed = [device for device in cameras if not device.may_open]
    if closed and len(closed) == len(cameras):
        return _camera(
            "permission",
            Severity.PROBLEM,
            f"you may not open {describe(closed[0])}",
            NEXT_LOGIN,
            JOIN_VIDEO,
        )
    if not cameras and case.config.camera.source == "auto":
        return _camera(
            "found",
            Severity.WARNING,
            "there is none",
            "The model gets the moving test scene. Plug one in, or look whether the kernel saw it.",
            ["sana-vcam devices", "sudo dmesg | grep -i uvc"],
        )
    return _camera(
        "found",
        Severity.PROBLEM,
        str(error),
        "Viewers see a card until it is there.",
        ["sana-vcam devices"],
    )


def _camera_in_use(case: Case, device: Device) -> Finding:
    others = [holder for holder in device.holders if holder.pid not in case.daemon_pids]
    if not others:
        word = "by sana-vcam" if device.holders else "free"
        return _camera("busy", Severity.FINE, word)
    names = ", ".join(f"{holder.command} (pid {holder.pid})" for holder in others)
    return _camera(
        "busy",
        Severity.WARNING,
        f"open in {names}",
        "A webcam gives its picture to one program at a time. In that program pick the virtual "
        "camera instead, or close it.",
        [f"kill {holder.pid}" for holder in others],
    )


def _formats(case: Case, device: Device) -> Iterator[Finding]:
    camera = case.config.camera
    if not device.modes:
        yield _camera("formats", Severity.UNKNOWN, "the camera does not say what it can do")
        return
    formats = list(dict.fromkeys(mode.pixel_format for mode in device.modes))
    if "MJPG" in formats:
        yield _camera("formats", Severity.FINE, "MJPG")
    else:
        yield _camera(
            "formats",
            Severity.WARNING,
            f"no MJPG; it has {', '.join(formats)}",
            "Uncompressed pictures of this size rarely come at full speed over USB.",
            ["sana-vcam devices"],
        )
    fitting = [
        rate
        for mode in device.modes
        if (mode.width, mode.height) == (camera.width, camera.height)
        for rate in mode.fps
    ]
    size = f"{camera.width}x{camera.height}"
    every = [rate for mode in device.modes for rate in mode.fps]
    if not every:
        return
    if fitting and max(fitting) >= camera.fps:
        yield _camera("rate", Severity.FINE, f"{size} at {max(fitting):g} fps")
        return
    yield _camera(
        "rate",
        Severity.WARNING,
        f"{size} at {max(fitting):g} fps at most" if fitting else f"it has no {size}",
        f"The model works at {camera.fps:g} fps; slower or enlarged pictures look worse. Choose a "
        "size that it gives fast enough, as camera.width and camera.height.",
        ["sana-vcam devices", "sana-vcam run --set camera.width=640 --set camera.height=480"],
    )
