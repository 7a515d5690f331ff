"""The table of applications and the virtual cameras that they read, for the pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sana_vcam.docs.markdown import PageFault
from sana_vcam.media.sinks.applications import APPLICATIONS

NO = "no"
HEADINGS = ("application", "v4l2loopback device", "PipeWire node", "seen reading PipeWire")


def applications(of: str) -> str:
    """Make the table of all applications. Raises `PageFault`: it has no parts."""
    if of:
        raise PageFault(f"the table of applications has no part {of!r}")
    rows = [
        (one.name, one.v4l2 or NO, one.pipewire or NO, one.seen or "not tried")
        for one in APPLICATIONS
    ]
    lines = [HEADINGS, tuple("---" for _ in HEADINGS), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


MAKERS: Mapping[str, Callable[[str], str]] = {"applications": applications}
