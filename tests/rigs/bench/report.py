"""The results as one page: `python -m tests.rigs.bench.report RESULTS.json ... PAGE.html`.

RESULTS.json is what `python -m tests.rigs.bench --json` prints; several are taken together. `python
-m tests.rigs.bench --page PAGE.html` measures and writes the page in one go.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from tests.rigs.bench import tables
from tests.rigs.bench.comparing import (
    COMPARED,
    CONTENDERS,
    DELAYS,
    FIRST,
    JUDDER,
    LIKENESS,
    MEMORY,
    OURS,
    P50,
    P99,
    PER_PICTURE,
    RATE,
    Runs,
    estimate,
    figure,
    ratio,
)
from tests.rigs.bench.plots import bars, intervals, number, part_colour, spread, stacked
from tests.rigs.bench.tables import flat
from tests.rigs.bench.targets import (
    CONTESTS,
    LARGE,
    WANTED,
    Target,
    Verdict,
    dig,
    middle,
    targets,
)
from tests.rigs.bench.threads import in_order

STYLE = """
:root { color-scheme: light dark; --ink: #1c2330; --dim: #667085; --line: #d5dae3; --paper: #fff;
  --good: #157347; --bad: #b42318; --bare: #8b95a7; --script: #c28a1b; --daemon: #2563c9;
  --browser: #a3489c; --other: #2f8f83; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7eaf0; --dim: #98a2b3; --line: #343b49;
  --paper: #14171d; --good: #4ac38a; --bad: #ff8a7d; --bare: #98a2b3; --script: #e0ab45;
  --daemon: #6ea0ff; --browser: #d583cf; --other: #5cc4b6; } }
body { margin: 2rem auto; max-width: 66rem; padding: 0 1rem; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
p, figcaption { color: var(--dim); margin: .3rem 0 1rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(29rem, 1fr)); gap: 1rem;
  margin-top: 1rem; }
figure { margin: 0; } figcaption { color: var(--ink); font-weight: 600; margin: 0; }
svg { width: 100%; height: auto; } svg text { fill: var(--ink); font: 12px system-ui, sans-serif; }
svg .dim { fill: var(--dim); } svg .axis { stroke: var(--line); }
svg .mark { stroke: var(--bad); stroke-dasharray: 4 3; }
svg .range { stroke: var(--daemon); stroke-width: 4; opacity: .5; }
svg .dot { fill: var(--paper); stroke: var(--ink); }
.legend { display: flex; flex-wrap: wrap; gap: 0 1rem; font-size: .85rem; }
.legend i { display: inline-block; width: .7em; height: .7em; margin-right: .35em; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem;
  border-bottom: 1px solid var(--line); }
th { font-weight: 600; } td.number { text-align: right; font-variant-numeric: tabular-nums; }
.met { color: var(--good); font-weight: 600; } .missed { color: var(--bad); font-weight: 600; }
.unknown { color: var(--dim); } .met, .missed, .unknown { white-space: nowrap; }
"""
PLOTS = (PER_PICTURE, MEMORY, JUDDER, RATE, LIKENESS, FIRST)
SHORT = {PER_PICTURE: "CPU", RATE: "rate", P50: "delay p50", P99: "delay p99", MEMORY: "memory"}
WHO = {
    "bare": "bare: an SDK client that drops what comes back (the floor)",
    "script": "script: what a user would write from the SDK's documentation",
    "daemon": "daemon: sana-vcam",
    "browser": "browser: headless Chromium with Reactor's JavaScript SDK",
}
VERDICTS = {
    Verdict.MET: '<td class="met">✓ met</td>',
    Verdict.MISSED: '<td class="missed">✗ missed</td>',
    Verdict.UNDECIDED: '<td class="unknown">? not decided</td>',
    Verdict.UNMEASURED: '<td class="unknown">not measured</td>',
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.rigs.bench.report", description=__doc__)
    parser.add_argument("results", type=Path, nargs="+")
    parser.add_argument("page", type=Path)
    arguments = parser.parse_args()
    write(tables.read(arguments.results), arguments.page)
    return 0


def write(figures: Mapping[str, Any], path: Path) -> None:
    """Write the page of these figures, by the name of the measure."""
    path.write_text(page(figures, _machine()))


def page(figures: Mapping[str, Any], about: str) -> str:
    """The page; `about` says where and when."""
    body = "".join(
        section(figures)
        for section in (
            _targets_section,
            _parts_section,
            _contests_section,
            _sizes_section,
            _rest_section,
        )
    )
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>sana-vcam, measured</title><style>{STYLE}</style>"
        f"<h1>sana-vcam, measured</h1><p>{escape(about)}</p>{body}</html>\n"
    )


def _machine() -> str:
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return (
        f"{when}; {os.cpu_count()} CPUs ({platform.machine()}), Python "
        f"{platform.python_version()}, load {load:.1f} when written. Ratios come from runs in "
        "turns; absolute figures depend on the machine."
    )


def _targets_section(figures: Mapping[str, Any]) -> str:
    rows = "".join(_target_row(target) for target in targets(figures))
    head = "<tr><th>Target</th><th>Wanted</th><th>Seen</th><th></th><th>Why</th></tr>"
    return (
        "<h2>Targets</h2><p>Met: the whole 95 % interval is on the right side. Missed: on the "
        f"wrong one.</p><table>{head}{rows}</table>"
    )


def _target_row(target: Target) -> str:
    return (
        f"<tr><td>{escape(target.name)}</td><td>{escape(target.wanted)}</td>"
        f"<td>{escape(target.seen)}</td>{VERDICTS[target.verdict]}<td>{escape(target.why)}</td></tr>"
    )


def _parts_section(figures: Mapping[str, Any]) -> str:
    """Where the CPU time and the memory of each contender go."""
    runs = dig(figures, "pipeline", LARGE, "runs") or {}
    cores = {name: middle(each, "CPU by group, cores") for name, each in runs.items()}
    memory = {name: middle(each, "memory by part, MB") for name, each in runs.items()}
    drawn = "".join(
        _stack(title, {name: each for name, each in found.items() if each})
        for title, found in (("CPU by thread, cores", cores), ("Resident memory, MB", memory))
        if any(found.values())
    )
    if not drawn:
        return ""
    return (
        f"<h2>What it goes to, {escape(LARGE)}</h2><p>Medians of the runs. The frame callback is a "
        "thread of the SDK that runs the client's code; Chromium is shown by process.</p>"
        f'<div class="plots">{drawn}</div>'
    )


def _stack(title: str, found: Mapping[str, Mapping[str, float]]) -> str:
    """Stacked bars with what their colours mean, and the figures as a table."""
    parts = in_order({part for each in found.values() for part in each})
    legend = "".join(
        f'<span><i style="background:{part_colour(parts, part)}"></i>{escape(part)}</span>'
        for part in parts
    )
    rows = [
        {"": part}
        | {name: number(each[part]) if part in each else "" for name, each in found.items()}
        for part in parts
    ]
    figure = _figure(title, stacked(found, parts))
    return f'<div>{figure}<p class="legend">{legend}</p></div>{_table(rows)}'


def _contests_section(figures: Mapping[str, Any]) -> str:
    contests = {name: figures[name] for name in CONTESTS if name in figures}
    if not contests:
        return ""
    parts = [
        f"<h2>The whole way</h2><p>{escape('; '.join(WHO.values()))}. A bar is of all turns "
        "together, a dot of one turn.</p>"
    ]
    for contest, found in contests.items():
        about = tables.machine(found).replace("**", "").replace("\n- ", "; ").replace("\n", " ")
        parts.append(f"<p>{escape(f'{contest}: {about}')}</p>")
        for setting, each in found.items():
            if runs := dig(each, "runs"):
                parts.append(
                    f"<h2>{escape(tables.title(contest, setting))}</h2>"
                    f"<p>{tables.turns(runs)}</p>{_table(tables.rows(runs))}"
                    f"{_plots(contest, setting, runs)}"
                )
    return "".join(parts)


def _plots(contest: str, setting: str, runs: Mapping[str, Runs]) -> str:
    runs = {name: runs[name] for name in CONTENDERS if runs.get(name)}
    plots = [_ratios(contest, setting, runs)]
    for row in PLOTS:
        values = {}
        for name, each in runs.items():
            if (found := figure(each, row)) is not None and isfinite(found):
                values[name] = (found, list(_each_turn(each, row)))
        if values:
            plots.append(_figure(row[0].upper() + row[1:], bars(values)))
    delays = {}
    for name, each in runs.items():
        if came := [delay for run in each for delay in run.get(DELAYS, ())]:
            ranks = [float(one) for one in np.percentile(came, (50, 95, 99))]
            delays[name] = (ranks, list(_each_turn(each, P50)))
    if delays:
        plots.append(_figure("Camera to virtual camera, ms: p50, p95, p99", spread(delays)))
    return f'<div class="plots">{"".join(plots)}</div>'


def _ratios(contest: str, setting: str, runs: Mapping[str, Runs]) -> str:
    """The daemon's figures over those of the others, with what was aimed at."""
    limits = {
        (one.figure, one.other): one.limit
        for one in WANTED
        if (one.contest, one.setting) == (contest, setting) and one.how is ratio
    }
    found, dashed = {}, {}
    for other in runs:
        for row in COMPARED:
            one = estimate(runs, row, other) if other != OURS else None
            if one is not None and isfinite(one.high):
                name = f"{SHORT[row]} ÷ {other}"
                found[name] = one
                if (row, other) in limits:
                    dashed[name] = limits[row, other]
    title = "The daemon ÷ the others, 95 % intervals; dashed: wanted"
    return _figure(title, intervals(found, dashed)) if found else ""


def _each_turn(runs: Runs, row: str) -> Iterator[float]:
    for run in runs:
        if (found := figure([run], row)) is not None and isfinite(found):
            yield found


def _numbers(runs: Sequence[Mapping[str, Any]], key: str) -> Iterator[float]:
    for run in runs:
        if isinstance(run.get(key), int | float):
            yield run[key]


def _figure(title: str, svg: str) -> str:
    return f"<figure><figcaption>{escape(title)}</figcaption>{svg}</figure>"


def _sizes_section(figures: Mapping[str, Any]) -> str:
    rows = dig(figures, "sizes", "table")
    if not rows:
        return ""
    runs = figures["sizes"]["runs"]
    plots = (
        (
            "CPU, cores",
            {
                row["what"]: (row["CPU, cores"], list(_numbers(runs[row["what"]], "CPU, cores")))
                for row in rows
            },
        ),
        ("Outward p99, ms", {row["what"]: (row["outward, p99, ms"], ()) for row in rows}),
    )
    drawn = "".join(_figure(title, bars(values)) for title, values in plots)
    return (
        "<h2>Cost against size</h2><p>Inward: camera read to the frame handed to the SDK. Outward: "
        "SDK callback to the sink's return, smoothing and the wait for the tick included.</p>"
        f'{_table(rows)}<div class="plots">{drawn}</div>'
    )


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in rows[0])
    body = "".join(
        "<tr>" + "".join(_cell(value) for value in row.values()) + "</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table>"


def _cell(value: object) -> str:
    if isinstance(value, int | float):
        return f'<td class="number">{value:g}</td>'
    return f"<td>{escape(str(value))}</td>"


def _rest_section(figures: Mapping[str, Any]) -> str:
    """Every other measure as a list of its figures."""
    parts = []
    for name, found in figures.items():
        if name not in {*CONTESTS, "sizes", "targets"}:
            rows = "".join(
                f"<tr><td>{escape(key)}</td><td>{escape(text)}</td></tr>"
                for key, text in flat(found)
            )
            parts.append(f"<h2>{escape(name)}</h2><table>{rows}</table>")
    return "".join(parts)


if __name__ == "__main__":
    sys.exit(main())
