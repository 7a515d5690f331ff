"""How usage and costs are printed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

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
    if data.get("billable") is False:
        lines.append("now: free, with a model on this machine")
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


def usage_json(data: Mapping[str, Any]) -> str:
    """Write the reply to `usage` as JSON, for scripts."""
    return json.dumps(data, indent=2)
