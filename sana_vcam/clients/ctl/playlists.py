"""How the playlists are printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def render_playlists(data: Mapping[str, Any]) -> str:
    """Write the reply to `list_playlists`: a line for each, and what is wrong in the file."""
    lines = list(_lines(data["playlists"]))
    if not lines:
        where = data["file"]
        lines.append(f"no playlists; they are written in {where}" if where else "no playlists")
    return "\n".join([*lines, *data["problems"]])


def _lines(playlists: list[dict[str, Any]]) -> Iterator[str]:
    width = max((len(one["name"]) for one in playlists), default=0)
    for one in playlists:
        looks = " → ".join(map(_entry, one["entries"]))
        yield f"{one['name']:<{width}}  {looks}{' → …' if one['loop'] else ''}"


def _entry(entry: Mapping[str, Any]) -> str:
    begins = f" at {entry['at']}" if entry["at"] else ""
    lasts = f" {entry['seconds']:g} s" if entry["seconds"] else ""
    return f"{entry['look']}{begins}{lasts}"
