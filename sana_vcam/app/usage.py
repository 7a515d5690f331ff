"""`sana-vcam usage`: what was billed, from the daemon's file alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sana_vcam.config.schema import Config
from sana_vcam.control.protocol.replies import Usage
from sana_vcam.engine.budget import Budget
from sana_vcam.engine.usage import stored_seconds


def stored_usage(config: Config, path: Path, wall: float) -> dict[str, Any]:
    """Read what the daemon has noted in `path`, at `wall` (seconds since 1970); no session.

    The file is up to 15 s behind a daemon that runs.
    """
    budget = Budget(config.cost, stored_seconds(path, wall))
    return Usage.of(budget).model_dump(exclude={"session"})
