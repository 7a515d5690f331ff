"""The matrix as people read it, and as programs do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.rigs.faults.row import Result

HEAD = ("fault", "viewers see", "longest gap", "card after", "live again", "raw", "left", "verdict")


def summary(results: Sequence[Result]) -> str:
    """One line about all of them."""
    survived = sum(result.survived for result in results)
    gaps = [result.gap_ms for result in results if result.gap_ms is not None]
    lives = [result.live_again_s for result in results if result.live_again_s is not None]
    return (
        f"{survived} of {len(results)} survived; longest gap {max(gaps, default=0)} ms; "
        f"{sum(live <= 5 for live in lives)} of {len(lives)} live again within 5 s, "
        f"the slowest after {max(lives, default=0.0)} s; "
        f"{sum(r.raw for r in results if r.expected != 'the raw camera')} raw frames; "
        f"{sum(r.left_open for r in results)} sessions left open; "
        f"{sum(bool(r.before) for r in results)} rows played again; "
        f"something waited for a processor {100 * _mean([r.crowded for r in results]):.0f} % of "
        f"the time, {sum(r.gaps_over > 0 for r in results)} rows with a gap over 100 ms"
    )


def lines(results: Sequence[Result]) -> list[str]:
    """The table in columns for a terminal."""
    rows = [HEAD, *(_cells(result) for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def again(results: Sequence[Result]) -> list[str]:
    """The rows that were played again, and why."""
    return [f"played again: {one.name}: {why}" for one in results for why in one.before]


def markdown(results: Sequence[Result]) -> str:
    """The table for a document, with the cause of each row and the reasons below."""
    head = ("fault", "cause", *HEAD[1:])
    out = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for result in results:
        first, *rest = _cells(result)
        out.append("| " + " | ".join((first, result.cause, *rest)) + " |")
    out += ["", summary(results), "", "Longer than 5 s, and why:", ""]
    out += [
        f"- {result.name}: up to {result.bound_s:g} s; {result.why}"
        for result in results
        if result.why and result.bound_s
    ]
    return "\n".join([*out, *again(results)]) + "\n"


def write(results: Sequence[Result], path: Path) -> None:
    """As JSON or Markdown, by the name's end."""
    if path.suffix == ".json":
        rows = [{k: v for k, v in asdict(one).items() if k != "log"} for one in results]
        path.write_text(json.dumps({"summary": summary(results), "rows": rows}, indent=2) + "\n")
    else:
        path.write_text(markdown(results))


def _cells(result: Result) -> tuple[str, ...]:
    bound = "" if result.bound_s in (None, 5.0) else f" (≤ {result.bound_s:g})"
    return (
        result.name,
        result.expected,
        _or_dash(result.gap_ms, "ms"),
        _or_dash(result.card_after_s, "s"),
        _or_dash(result.live_again_s, "s") + bound,
        str(result.raw),
        str(result.left_open),
        "survived" if result.survived else "; ".join([*result.faults, *result.slow]),
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / max(1, len(values))


def _or_dash(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value:g} {unit}"
