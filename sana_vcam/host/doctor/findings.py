"""A finding of the doctor as data, and how findings are shown."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from sana_vcam.errors import EXIT_FAILURE, EXIT_OK

WIDTH = 88
"""Columns where there is no terminal."""
_NARROWEST, _WIDEST = 30, 100
"""Narrower than that nothing is read, and longer lines are hard to read."""


class Severity(StrEnum):
    """How bad it is. Only a problem changes the exit status."""

    FINE = "fine"
    UNKNOWN = "unknown"
    """It could not be looked at, or does not concern this machine; `found` says why."""
    WARNING = "warning"
    """It works, but not well, or not everywhere, or not after the next start."""
    PROBLEM = "problem"
    """It does not work."""


SIGNS = {
    Severity.FINE: "✓",
    Severity.UNKNOWN: "·",
    Severity.WARNING: "!",
    Severity.PROBLEM: "✗",
}


class Group(StrEnum):
    """The headings, in their order."""

    CONFIGURATION = "Configuration"
    DRIVER = "Driver"
    VIRTUAL_CAMERA = "Virtual camera"
    CAMERA = "Camera"
    VOICE = "Voice"
    MODEL = "Model"
    CONTROL = "Control"
    SERVICE = "Service"
    MACHINE = "Machine"


PREFIXES = ("config", "driver", "sink", "camera", "voice", "model", "control", "service", "machine")
GROUPS = dict(zip(PREFIXES, Group, strict=True))
"""The heading of a finding, by what its id begins with."""

TITLES = {
    "config.valid": "configuration",
    "config.caution": "configuration",
    "driver.module": "v4l2loopback",
    "driver.secure_boot": "Secure Boot",
    "driver.kept": "after a reboot",
    "sink.found": "device",
    "sink.permission": "permission",
    "sink.exclusive_caps": "exclusive_caps",
    "sink.busy": "in use",
    "sink.size": "size",
    "sink.pipewire": "PipeWire",
    "sink.node": "PipeWire camera",
    "sink.portal": "camera portal",
    "sink.browsers": "browsers",
    "camera.found": "camera",
    "camera.permission": "permission",
    "camera.busy": "in use",
    "camera.formats": "format",
    "camera.rate": "rate",
    "voice.server": "sound server",
    "voice.microphone": "microphone",
    "model.name": "model",
    "model.send": "sent size",
    "model.key": "API key",
    "model.key_file": "key file",
    "model.online": "platform",
    "control.port": "port",
    "control.daemons": "daemons",
    "service.systemd": "systemd",
    "service.installed": "unit",
    "service.running": "running",
    "service.version": "version",
    "service.answers": "answers",
    "service.credentials": "key",
    "machine.clock": "clock",
    "machine.kernel": "kernel",
}
"""Every finding that there can be, by its id."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer of one check. `id` is a word for scripts, which does not change."""

    id: str
    group: Group
    title: str
    severity: Severity
    found: str
    """What is."""
    means: str = ""
    """What comes of it; empty where nothing does."""
    fix: tuple[str, ...] = ()
    """Commands that mend it, to be typed as they are."""


def finding(name: str, severity: Severity, found: str, means: str = "", *fix: str) -> Finding:
    """Make the finding whose id is `name`; its heading and title follow from that."""
    group = GROUPS[name.partition(".")[0]]
    return Finding(name, group, TITLES[name], severity, found, means, fix)


def fine(name: str, found: str) -> Finding:
    """Make a finding that all is well."""
    return finding(name, Severity.FINE, found)


def unknown(name: str, found: str, means: str = "") -> Finding:
    """Make a finding that nothing could be found out; `found` says why."""
    return finding(name, Severity.UNKNOWN, found, means)


def warning(name: str, found: str, means: str, *fix: str) -> Finding:
    """Make a finding that something works, but not well or not for long."""
    return finding(name, Severity.WARNING, found, means, *fix)


def problem(name: str, found: str, means: str, *fix: str) -> Finding:
    """Make a finding that something does not work."""
    return finding(name, Severity.PROBLEM, found, means, *fix)


def exit_status(findings: Iterable[Finding]) -> int:
    """Choose the exit status: 1 if there is a problem; warnings alone are 0."""
    worst = any(each.severity is Severity.PROBLEM for each in findings)
    return EXIT_FAILURE if worst else EXIT_OK


def to_json(findings: Sequence[Finding]) -> str:
    """Write the findings as JSON, with how many there are of each severity."""
    document = {
        "ok": exit_status(findings) == EXIT_OK,
        "counts": {one.value: _count(findings, one) for one in Severity},
        "findings": [_published(each) for each in findings],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _published(each: Finding) -> dict[str, object]:
    """Name the fields as scripts know them: there the fix is `mend`."""
    fields = asdict(each)
    fields["mend"] = fields.pop("fix")
    return fields


def _count(findings: Sequence[Finding], severity: Severity) -> int:
    return sum(each.severity is severity for each in findings)


def width_of_output() -> int:
    """Choose how wide text is written: as the terminal is, or `COLUMNS` says."""
    if not sys.stdout.isatty():
        return WIDTH
    return min(max(shutil.get_terminal_size((WIDTH, 24)).columns, _NARROWEST), _WIDEST)


def render(findings: Sequence[Finding], width: int = WIDTH) -> str:
    """Write the findings as text for a terminal, by group.

    Commands stand on their own lines and are never broken, so that they can be copied.
    """
    blocks = []
    for group in Group:
        chosen = [each for each in findings if each.group is group]
        if chosen:
            lines = [line for each in chosen for line in _lines(each, width)]
            blocks.append("\n".join([group.value, *lines]))
    return "\n\n".join([*blocks, _summary(findings)])


def _lines(each: Finding, width: int) -> Iterator[str]:
    yield from _wrapped(f"{each.title}: {each.found}", f"  {SIGNS[each.severity]} ", width)
    if each.severity is not Severity.FINE:
        yield from _wrapped(each.means, "    ", width)
        yield from (f"        {command}" for command in each.fix)


def _wrapped(text: str, start: str, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=start,
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _summary(findings: Sequence[Finding]) -> str:
    counts = {word: _count(findings, Severity(word)) for word in ("problem", "warning")}
    parts = [f"{n} {word}{'' if n == 1 else 's'}" for word, n in counts.items() if n]
    if parts:
        return f"{' and '.join(parts)}."
    looked_at = " that was looked at" if _count(findings, Severity.UNKNOWN) else ""
    return f"Everything{looked_at} is in order."
