"""The table: every row, in the order in which they are told."""

from __future__ import annotations

from tests.rigs.faults.row import Row
from tests.rigs.faults.rows import (
    camera,
    control,
    hostile,
    machine,
    model,
    network,
    node,
    process,
    rehearsal,
    rollover,
    service,
    sink,
    wires,
)

ROWS: tuple[Row, ...] = (
    *control.ROWS,
    *model.ROWS,
    *service.ROWS,
    *rollover.ROWS,
    *rehearsal.ROWS,
    *network.ROWS,
    *camera.ROWS,
    *sink.ROWS,
    *node.ROWS,
    *machine.ROWS,
    *hostile.ROWS,
    *process.ROWS,
    *wires.ROWS,
)


def row_named(name: str) -> Row:
    """The row of this name."""
    return next(row for row in ROWS if row.name == name)
