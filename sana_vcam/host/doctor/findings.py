"""What a check found, and how it is shown."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

WIDTH = 88
EXIT_FINE, EXIT_PROBLEM = 0, 1


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
    MODEL = "Model"
    CONTROL = "Control"
    SERVICE = "Service"
    MACHINE = "Machine"


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
    mend: tuple[str, ...] = ()
    """Commands that mend it, to be typed as they are."""


def exit_status(findings: Iterable[Finding]) -> int:
    """1 if there is a problem; warnings alone are 0."""
    worst = any(finding.severity is Severity.PROBLEM for finding in findings)
    return EXIT_PROBLEM if worst else EXIT_FINE


def to_json(findings: Sequence[Finding]) -> str:
    """The findings as JSON, with how many there are of each severity."""
    counts = {one.value: sum(each.severity is one for each in findings) for one in Severity}
    document = {
        "ok": exit_status(findings) == EXIT_FINE,
        "counts": counts,
        "findings": [asdict(finding) for finding in findings],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def render(findings: Sequence[Finding]) -> str:
    """The findings as text for a terminal, by group, with the commands on lines of their own."""
    blocks = []
    for group in Group:
        chosen = [finding for finding in findings if finding.group is group]
        if chosen:
            lines = [line for finding in chosen for line in _lines(finding)]
            blocks.append("\n".join([group.value, *lines]))
    return "\n\n".join([*blocks, _summary(findings)])


def _lines(finding: Finding) -> Iterator[str]:
    sign = SIGNS[finding.severity]
    yield from textwrap.wrap(
        f"{finding.title}: {finding.found}",
        WIDTH,
        initial_indent=f"  {sign} ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    if finding.severity is Severity.FINE:
        return
    yield from textwrap.wrap(
        finding.means,
        WIDTH,
        initial_indent="    ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    for command in finding.mend:
        yield f"        {command}"


def _summary(findings: Sequence[Finding]) -> str:
    problems = sum(each.severity is Severity.PROBLEM for each in findings)
    warnings = sum(each.severity is Severity.WARNING for each in findings)
    if not problems and not warnings:
        return "Everything is in order."
    parts = [_counted(problems, "problem"), _counted(warnings, "warning")]
    return " and ".join(part for part in parts if part) + "."


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}" if count else ""
