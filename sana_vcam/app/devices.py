"""`sana-vcam devices`: the cameras, virtual cameras and microphones of this machine."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from sana_vcam.errors import VoiceError
from sana_vcam.lib.pipewire.graph import Graph
from sana_vcam.lib.pipewire.library import PipeWireError
from sana_vcam.lib.pipewire.look import look
from sana_vcam.media.sinks.applications import application_names
from sana_vcam.media.sinks.node import NODE
from sana_vcam.media.v4l2.capabilities import Mode
from sana_vcam.media.v4l2.devices import Device, System, how_to_make
from sana_vcam.media.v4l2.modes import DECODABLE, choose
from sana_vcam.voice.line import Microphone

log = logging.getLogger(__name__)

USUAL_PICTURE = (1280, 720, 24.0)
"""Width, height and rate that the configuration asks of a camera unless told otherwise."""


def list_microphones() -> list[Microphone]:
    """List what `[voice] microphone` can be; empty without a sound server. Opens none."""
    from sana_vcam.voice import engines

    try:
        return list(asyncio.run(engines.list_microphones()))
    except VoiceError:
        return []


def to_json(devices: Sequence[Device], microphones: Sequence[Microphone] = ()) -> str:
    """Write the devices as a JSON array, microphones behind cameras."""
    sounds = [{"kind": "microphone", **asdict(microphone)} for microphone in microphones]
    videos = [asdict(device) for device in devices]
    return json.dumps([*videos, *sounds], indent=2, ensure_ascii=False)


def render_devices(
    devices: Sequence[Device],
    system: System | None = None,
    microphones: Sequence[Microphone] = (),
    nodes: Sequence[str] = (),
) -> str:
    """Write the devices as text for a terminal; without any, what to do.

    `nodes` are lines about virtual cameras that are no devices.
    """
    system = system or System()
    parts: list[str] = []
    for title, kind in (
        ("Cameras", "camera"),
        ("Virtual cameras", "virtual camera"),
        ("Other video nodes (not cameras)", "other"),
    ):
        chosen = [device for device in devices if device.kind == kind]
        if chosen:
            parts.append("\n".join([title, *(_render(device) for device in chosen)]))
    if microphones:
        names = [f"  {one.name}\n      name     {one.description}" for one in microphones]
        parts.append("\n".join(["Microphones", *names]))
    kinds = {device.kind for device in devices}
    if "camera" not in kinds:
        parts.append('No camera. Plug one in, or use camera.source = "test" or "file".')
    if nodes:
        parts.append("\n".join(["Virtual cameras through PipeWire", *nodes]))
    elif "virtual camera" not in kinds:
        parts.append("No virtual camera. " + how_to_make(system))
    return "\n\n".join(parts)


def node_lines(graph: Graph) -> list[str]:
    """Write what PipeWire has of our cameras, and who reads each; nothing without one."""
    lines = []
    for number, node in graph.nodes(NODE).items():
        lines.append(f"  {NODE:<14} {node.get('node.description', NODE)}  [PipeWire]")
        names = application_names(reader.name for reader in graph.readers(number))
        lines += [f"      read by  {name}" for name in names]
    return lines


def look_at_nodes() -> list[str]:
    """Ask PipeWire for our cameras; a machine without PipeWire has none."""
    try:
        return node_lines(look())
    except PipeWireError as error:
        log.debug("no look at PipeWire: %s", error)
        return []


def _render(device: Device) -> str:
    lines = [
        f"  {device.path:<14} {device.name}" + (f"  [{device.driver}]" if device.driver else "")
    ]
    lines += [f"      id       {link}" for link in device.stable_ids]
    lines += [f"      {line}" for line in _render_modes(device.modes)]
    if device.modes and (choice := choose(device.modes, *USUAL_PICTURE)) is not None:
        lines.append(f"      takes    {choice}")
    for holder in device.holders:
        lines.append(f"      open in  {holder.command} (pid {holder.pid})")
    if device.note:
        lines.append(f"      note     {device.note}")
    return "\n".join(lines)


def _render_modes(modes: Sequence[Mode]) -> Iterator[str]:
    """Yield a line for each pixel format that can be read: its sizes with the best rate of each."""
    formats = list(dict.fromkeys(mode.pixel_format for mode in modes))
    for name in formats:
        sizes = [
            f"{mode.width}x{mode.height}" + (f"@{max(mode.fps):g}" if mode.fps else "")
            for mode in modes
            if mode.pixel_format == name
        ]
        if name in DECODABLE:
            yield f"{name:<8} {' '.join(sizes)}"
    unread = [name for name in formats if name not in DECODABLE]
    if unread:
        yield f"others   {len(unread)} formats that are not used"
