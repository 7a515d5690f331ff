"""The results as tables in Markdown: `python -m tests.rigs.bench.tables RESULTS.json > TABLES.md`.

RESULTS.json is what `python -m tests.rigs.bench --json` prints. `python -m tests.rigs.bench --table
FILE` measures and writes them in one go.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from tests.rigs.bench.plots import number
from tests.rigs.bench.report import CONTENDERS, flat
from tests.rigs.bench.targets import (
    LARGE,
    PER_PICTURE,
    Target,
    dig,
    middle,
    per_picture_ms,
    targets,
)
from tests.rigs.bench.threads import in_order

DELAY = "glass to glass, ms"
ROWS = (
    "CPU, cores",
    PER_PICTURE,
    "distinct frames a second",
    DELAY,
    "judder",
    "longest gap, ms",
    "PSNR, dB",
    "SSIM",
    "resident MB",
    "start to first picture, s",
    "degraded after the first picture, s",
)

type Run = Mapping[str, Any]


def main() -> int:
    print(text(json.loads(Path(sys.argv[1]).read_text())), end="")
    return 0


def write(figures: Mapping[str, Any], path: Path) -> None:
    """Write the tables of these figures, by the name of the measure."""
    path.write_text(text(figures))


def text(figures: Mapping[str, Any]) -> str:
    """All tables; figures of several runs are their medians."""
    found = targets(figures)
    sections = [("Targets", table(("target", "wanted", "seen", "", "why"), map(_target, found)))]
    settings = figures.get("pipeline") or {}
    for name, setting in settings.items():
        if runs := dig(setting, "runs"):
            sections.append((name, _setting(setting, runs)))
    sections += _parts(dig(settings, LARGE, "runs") or {})
    if rows := dig(figures, "sizes", "table"):
        sections.append(("Cost against size", table(rows[0], (row.values() for row in rows))))
    for name, rest in figures.items():
        if name not in {"pipeline", "sizes"}:
            sections.append((name, table(("figure", "value"), flat(rest))))
    return "\n".join(f"## {title}\n\n{lines}" for title, lines in sections)


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table in Markdown, with a line break at its end."""
    first = tuple(head)
    lines = [first, ("---",) * len(first), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value).replace("|", "/")


def _target(target: Target) -> Sequence[str]:
    verdict = {None: "not measured", True: "met", False: "**not met**"}[target.met]
    return (target.name, target.wanted, target.seen, verdict, target.why)


def _setting(setting: Mapping[str, Any], runs: Mapping[str, Sequence[Run]]) -> str:
    """A row for each figure, a column for each contender; then the ratios."""
    names = [name for name in CONTENDERS if name in runs]
    rows = [
        [row, *cells] for row in ROWS if any(cells := [_middle(runs[name], row) for name in names])
    ]
    ratios = [f"{name}: {value:g}" for name, value in setting.items() if name != "runs"]
    turns = f"{len(runs[names[0]])} turns"
    return table(("", *names), rows) + f"\n{'; '.join((turns, *ratios))}\n"


def _middle(runs: Sequence[Run], row: str) -> str:
    """The median of a row's figure, or of its percentiles; empty where there is none."""
    if row == DELAY:
        each = [run[DELAY] for run in runs if "p50" in run.get(DELAY, {})]
        ranks = [median(one[rank] for one in each) for rank in ("p50", "p95", "p99") if each]
        return " / ".join(f"{value:.0f}" for value in ranks)
    each = [per_picture_ms(run) if row == PER_PICTURE else run.get(row) for run in runs]
    values = [value for value in each if isinstance(value, int | float)]
    return number(median(values)) if values else ""


def _parts(runs: Mapping[str, Sequence[Run]]) -> Iterator[tuple[str, str]]:
    """What the CPU time and the memory go to."""
    for title, key in (
        (f"CPU by thread, cores, {LARGE}", "CPU by group, cores"),
        (f"Resident memory, MB, {LARGE}", "memory by part, MB"),
    ):
        found = {name: parts for name, each in runs.items() if (parts := middle(each, key))}
        if found:
            names = in_order({part for each in found.values() for part in each})
            rows = ([part, *(each.get(part, "") for each in found.values())] for part in names)
            yield title, table(("", *found), rows)


if __name__ == "__main__":
    sys.exit(main())
