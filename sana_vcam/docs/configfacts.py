"""Tables of keys of the configuration, for the pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sana_vcam.config.presetsfile import toml
from sana_vcam.config.schema import leaves
from sana_vcam.docs.markdown import PageFault, code, one_line, table


def keys(of: str) -> str:
    """Make the table of the keys that are named: a section for all of its own, or SECTION.KEY.

    Raises `PageFault` for one that there is not.
    """
    known = leaves()
    rows: list[tuple[str, str, str]] = []
    for asked in of.split():
        found = [key for key in known if key == asked or key.startswith(f"{asked}.")]
        if not found:
            raise PageFault(f"the configuration has no {asked!r}")
        rows += [_row(key) for key in found]
    return table(("key", "default", "what it does"), rows)


def _row(key: str) -> tuple[str, str, str]:
    field = leaves()[key]
    section, _, name = key.rpartition(".")
    words = one_line(field.description or "").replace("|", "\\|")
    return code(f"[{section}] {name}"), code(toml(field.default)), words


MAKERS: Mapping[str, Callable[[str], str]] = {"keys": keys}
