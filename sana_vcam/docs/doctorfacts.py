"""The table of what the doctor looks at, for the pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sana_vcam.docs.markdown import PageFault, code, table
from sana_vcam.host.doctor.findings import GROUPS, TITLES


def findings(of: str) -> str:
    """Make the table of all findings by their headings. Raises `PageFault`: it has no parts."""
    if of:
        raise PageFault(f"the table of findings has no part {of!r}")
    rows = [
        (group.value, ", ".join(f"{title} ({code(name)})" for name, title in _of(prefix)))
        for prefix, group in GROUPS.items()
    ]
    return table(("heading", "findings, with the word that scripts know each by"), rows)


def _of(prefix: str) -> list[tuple[str, str]]:
    return [(name, title) for name, title in TITLES.items() if name.startswith(f"{prefix}.")]


MAKERS: Mapping[str, Callable[[str], str]] = {"findings": findings}
