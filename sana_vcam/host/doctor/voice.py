"""Checks of the microphone that is as late as the picture."""

from __future__ import annotations

from collections.abc import Iterator

from sana_vcam.host.doctor.facts import Facts
from sana_vcam.host.doctor.findings import Finding, fine, problem, unknown, warning
from sana_vcam.voice.line import Microphone
from sana_vcam.voice.pipewire.registry import Registry

PROGRAMS = ("pipewire", "pw-cli", "pw-dump", "pw-record", "setpriv")
SILENT = "Who chose SANA VCam Microphone hears nothing."


def check_voice(facts: Facts) -> Iterator[Finding]:
    """Find out whether the microphone can be carried, if that is configured."""
    voice = facts.config.voice
    if not voice.on:
        yield fine("voice.server", "off; it is switched on by: sana-vcam ctl voice on")
        return
    if not facts.linux:
        yield unknown("voice.server", "the voice is carried on Linux with PipeWire only", SILENT)
        return
    missing = [program for program in PROGRAMS if not facts.machine.has(program)]
    if missing:
        what = f"not installed: {', '.join(missing)}"
        yield problem("voice.server", what, SILENT, "sudo apt install pipewire pipewire-bin")
        return
    dump = facts.machine.run("pw-dump")
    if not dump.ok:
        restart = "systemctl --user restart pipewire wireplumber pipewire-pulse"
        yield problem("voice.server", f"PipeWire: {dump.reason}", SILENT, restart)
        return
    yield fine("voice.server", "PipeWire")
    registry = Registry()
    registry.feed(f"{dump.out.strip()}\n".encode())
    yield _microphone(voice.microphone, registry.microphones)


def _microphone(name: str, known: list[Microphone]) -> Finding:
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
