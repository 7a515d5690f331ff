"""`sana-vcam usage`: what was billed, from the daemon's file alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from sana_vcam.config.schema import Config
    from sana_vcam.engine.budget import Line


def stored_usage(config: Config, path: Path, wall: float) -> dict[str, Any]:
    """Read what the daemon has noted in `path`, at `wall` (seconds since 1970); no session.

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
