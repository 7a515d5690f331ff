"""The rows about sessions once more: with the second generation, and with an armed model.

All other rows are played on the first generation, which has the most commands to go wrong. What is
played again is what a wire can make different: whose answer counts, what is sent after a loss, what
begins a run and what ends one.
"""

from __future__ import annotations

from tests.rigs.faults.row import Row
from tests.rigs.faults.rows import model, rollover, service
from tests.rigs.faults.stage import SANA_2, X2

_ALL = {row.name: row for room in (model, service, rollover) for row in room.ROWS}

BOTH = (
    "model: killed, started again after 3 s",
    "model: frozen for 20 s",
    "model: an exception in mid-run",
    "model: no frames for 8 s",
    "model: garbage messages",
    "model: no messages",
    "model: refuses set_prompt at the start (error)",
    "model: refuses set_prompt in a run (message)",
    "model: refuses reset in a run (message)",
    "service: ends the session at its limit",
    "rollover: asked for twice",
)
LIVE_ONLY = (
    "model: refuses set_prompt at the start (message)",
    "model: refuses pause in a run (message)",
    "model: refuses resume in a run (message)",
)
"""What an armed model has no words for."""

ROWS: tuple[Row, ...] = (
    *(_ALL[name].on(SANA_2) for name in (*BOTH, *LIVE_ONLY)),
    *(_ALL[name].on(X2) for name in BOTH),
)
