"""Checks of the microphone that is as late as the picture."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib.util import find_spec

from sana_vcam.host.doctor.facts import Facts
from sana_vcam.host.doctor.findings import Finding, fine, problem, unknown, warning
from sana_vcam.lib.extras import install_command
from sana_vcam.lib.pulse.connection import OF_PIPEWIRE, server_socket
from sana_vcam.lib.pulse.library import PulseError
from sana_vcam.voice.line import OURS, Microphone
from sana_vcam.voice.pipewire.registry import Registry

PROGRAMS = ("pipewire", "pw-cli", "pw-dump", "pw-record", "setpriv")
SILENT = "Who chose SANA VCam Microphone hears nothing."
SOURCE = re.compile(
    r"^\tName: (.*)\n\tDescription: (.*)\n(?:\t.*\n)*?\tMonitor of Sink: n/a$", re.MULTILINE
)
"""A source that is no monitor, as `pactl list sources` writes it."""


def check_voice(facts: Facts) -> Iterator[Finding]:
    """Find out whether the microphone can be carried, if that is configured."""
    voice = facts.config.voice
    if not voice.on:
        yield fine("voice.server", "off; it is switched on by: sana-vcam ctl voice on")
        return
    if not facts.linux:
        yield _cable()
        return
    if (pulse := _pulse(facts)) is not None:
        name, known = pulse
        yield fine("voice.server", name)
        yield _microphone(voice.microphone, known)
        return
    missing = [program for program in PROGRAMS if not facts.machine.has(program)]
    if missing:
        what = f"PulseAudio does not run, and of PipeWire is not installed: {', '.join(missing)}"
        yield problem("voice.server", what, SILENT, "sudo apt install pipewire pipewire-bin")
        return
    dump = facts.machine.run("pw-dump")
    if not dump.ok:
        starts = ["systemctl --user restart pipewire wireplumber pipewire-pulse"]
        if facts.machine.has("pulseaudio"):
            starts.append("systemctl --user restart pulseaudio")
        what = f"PulseAudio does not answer, and PipeWire neither: {dump.reason}"
        yield problem("voice.server", what, SILENT, *starts)
        return
    yield fine("voice.server", "PipeWire")
    registry = Registry()
    registry.feed(f"{dump.out.strip()}\n".encode())
    yield _microphone(voice.microphone, registry.microphones)


def _cable() -> Finding:
    if find_spec("sounddevice") is None:
        what = "sounddevice is not installed"
        return problem("voice.server", what, SILENT, install_command("voice"))
    what = "it is played into VB-Cable or BlackHole here, which nobody has tried on this system"
    return unknown("voice.server", what, "Who chose the cable's other end may hear nothing.")


def _pulse(facts: Facts) -> tuple[str, list[Microphone]] | None:
    """Ask a PulseAudio for its name and microphones; None if there is none but PipeWire's own."""
    machine = facts.machine
    try:
        socket = server_socket(machine.environ)
    except PulseError:
        return None
    if not machine.path(str(socket)).exists():
        return None
    # With an address it starts no server.
    address = f"unix:{socket}"
    info = machine.run("pactl", "info", PULSE_SERVER=address)
    told = dict(line.split(": ", 1) for line in info.out.split("\n") if ": " in line)
    if not info.ok or OF_PIPEWIRE in told.get("Server Name", OF_PIPEWIRE):
        return None
    listed = machine.run("pactl", "list", "sources", PULSE_SERVER=address)
    known = [Microphone(*found) for found in SOURCE.findall(listed.out)]
    return (
        f"PulseAudio {told.get('Server Version', '')}".strip(),
        [one for one in known if not one.name.startswith(OURS)],
    )


def _microphone(name: str, known: Sequence[Microphone]) -> Finding:
    for one in known:
        if one.name == name:
            return fine("voice.microphone", f"{one.name} ({one.description})")
    names = ", ".join(one.name for one in known) or "none"
    if not name:
        choose = f"sana-vcam ctl voice on --microphone {known[0].name}" if known else ""
        what = f"none is chosen; there are: {names}"
        return problem("voice.microphone", what, SILENT, *((choose,) if choose else ()))
    means = f"{SILENT} It is carried as soon as it is plugged in."
    return warning("voice.microphone", f"{name} is not there; there are: {names}", means)
