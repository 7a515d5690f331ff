"""What is billed, for people to read: from a running daemon's reply, or from its file alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from sana_vcam.config.schema import Config
    from sana_vcam.engine.budget import Line

_NAMES = {"session": "this session", "day": "today", "month": "this month"}


def render_usage(data: Mapping[str, Any]) -> str:
    """Write the reply to `usage` as a few lines; a period that is missing is left out."""
    currency = data["currency"]
    lines = [
        _line(name, data[period], currency) for period, name in _NAMES.items() if period in data
    ]
    lines.append(f"{'ever':<14}{_minutes(data['total_s'])}")
    if data["budget"]:
        lines.append(data["budget"])
    return "\n".join(lines)


def _line(name: str, spent: Mapping[str, Any], currency: str) -> str:
    text = f"{name:<14}{_minutes(spent['seconds'])}"
    if spent["cap_s"] is not None:
        text += f" of {spent['cap_s'] / 60:g} min"
    if spent["cost"] is not None:
        text += f"   {spent['cost']:.2f} {currency}"
    return text


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:8.1f} min"


def stored_usage(config: Config, path: Path, wall: float) -> dict[str, Any]:
    """What the daemon has noted in `path`, at `wall` (seconds since 1970); without the session.

    The file is up to 15 s behind a daemon that runs.
    """
    from sana_vcam.engine.budget import Budget  # `ctl` does not need them
    from sana_vcam.engine.usage import stored_seconds

    budget = Budget(config.cost, stored_seconds(path, wall))
    _, day, month = budget.lines
    return {
        "day": _spent(day),
        "month": _spent(month),
        "total_s": round(budget.seconds.total, 1),
        "price_per_min": config.cost.price_per_min or None,
        "currency": config.cost.currency,
        "budget": budget.sentence,
    }


def _spent(line: Line) -> dict[str, float | None]:
    return {"seconds": round(line.seconds, 1), "cap_s": line.cap_s, "cost": line.cost}


def usage_json(data: Mapping[str, Any]) -> str:
    """Write it for scripts."""
    return json.dumps(data, indent=2)
