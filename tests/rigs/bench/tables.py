"""The results as tables in Markdown: `python -m tests.rigs.bench.tables RESULTS.json ...`.

RESULTS.json is what `python -m tests.rigs.bench --json` prints; several are taken together. `python
-m tests.rigs.bench --table FILE` measures and writes them in one go. With `--into README.md --into
sana_vcam/docs/speed.md` they are written where these pages have room for them, between
`<!-- measured: short -->` (or `whole`) and `<!-- /measured -->`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from tests.rigs.bench.beside import words
from tests.rigs.bench.comparing import (
    COMPARED,
    CONTENDERS,
    JUDDER,
    MEMORY,
    OURS,
    P50,
    P99,
    PER_PICTURE,
    RATE,
    STATISTICS,
    Runs,
    estimate,
    figure,
)
from tests.rigs.bench.plots import number
from tests.rigs.bench.targets import (
    APP,
    BESIDE,
    CONTESTS,
    QUIET,
    WAITING,
    Target,
    Verdict,
    dig,
    middle,
    targets,
    with_interval,
)
from tests.rigs.bench.threads import in_order

SHORT = {
    PER_PICTURE: "CPU for each picture, ms",
    RATE: "distinct pictures a second",
    P50: "camera to virtual camera, p50, ms",
    P99: "the same, p99, ms",
    JUDDER: "judder",
    MEMORY: "resident memory, MB",
}
"""The rows of the short table."""
NAMES = {"bare": "bare SDK", "script": "script", "daemon": "sana-vcam", "browser": "Chromium"}
ROOM = re.compile(
    r"^<!-- measured: (?P<what>short|whole) -->\n.*?^<!-- /measured -->$", re.DOTALL | re.MULTILINE
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.rigs.bench.tables", description=__doc__)
    parser.add_argument("results", type=Path, nargs="+")
    parser.add_argument("--into", type=Path, action="append", default=[], metavar="PAGE")
    arguments = parser.parse_args()
    figures = read(arguments.results)
    if not arguments.into:
        print(text(figures), end="")
    for page in arguments.into:
        page.write_text(filled(page.read_text(), figures))
    return 0


def filled(page: str, figures: Mapping[str, Any]) -> str:
    """A page with the tables of these figures. Raises `ValueError` if it has no room for them."""

    def made(found: re.Match[str]) -> str:
        tables = short(figures) if found["what"] == "short" else text(figures, parts=False)
        return f"<!-- measured: {found['what']} -->\n{tables}<!-- /measured -->"

    if not ROOM.search(page):
        raise ValueError("the page has no <!-- measured: short --> or <!-- measured: whole -->")
    return ROOM.sub(made, page)


def short(figures: Mapping[str, Any]) -> str:
    """The least that says how it stands: the official app's shape. Raises `LookupError` without."""
    runs: Mapping[str, Runs] | None = dig(figures, QUIET, APP, "runs")
    if not runs:
        raise LookupError(f"{APP} was not measured: python -m tests.rigs.bench {QUIET}")
    names = [name for name in CONTENDERS if runs.get(name)]
    lines = (
        [words, *(_shown(figure(runs[name], row)) for name in names)]
        for row, words in SHORT.items()
    )
    busy = dig(figures, QUIET, "machine", "too busy to judge")
    return table((APP, *(NAMES[name] for name in names)), lines) + (
        f"\nThe machine was too busy to judge by this: {busy}.\n" if busy else ""
    )


def read(paths: Iterable[Path]) -> dict[str, Any]:
    """Results of several runs of the benchmark; of the same measure the last counts."""
    return {name: each for path in paths for name, each in json.loads(path.read_text()).items()}


def write(figures: Mapping[str, Any], path: Path) -> None:
    """Write the tables of these figures, by the name of the measure."""
    path.write_text(text(figures))


def text(figures: Mapping[str, Any], *, parts: bool = True) -> str:
    """All tables: the targets, then each measure; `parts`: with what it goes to."""
    rest = ((name, found) for name, found in figures.items() if name != "targets")
    each = (sections(name, found, parts=parts) for name, found in rest)
    return "\n".join((judged(figures), *each))


def judged(figures: Mapping[str, Any]) -> str:
    """The targets that these figures say something of, and the names of the others."""
    found = targets(figures)
    seen = [one for one in found if one.verdict is not Verdict.UNMEASURED]
    lines = table(("target", "wanted", "seen (95 % interval)", "", "why"), map(_target, seen))
    rest = len(found) - len(seen)
    return f"## Targets\n\n{lines}" + (f"\n{rest} more were not measured.\n" if rest else "")


def sections(name: str, found: Any, *, parts: bool = True) -> str:
    """The tables of one measure; `parts`: with what the time and the memory go to."""
    each = _sections(name, found, parts=parts)
    return "\n".join(f"## {heading}\n\n{lines}" for heading, lines in each)


def _sections(name: str, found: Any, *, parts: bool) -> Iterator[tuple[str, str]]:
    if name == "sizes" and (sizes := dig(found, "table")):
        yield "Cost against size", table(sizes[0], (row.values() for row in sizes))
        return
    if name not in CONTESTS:
        yield name, table(("figure", "value"), flat(found))
        return
    for setting, each in found.items():
        if runs := dig(each, "runs"):
            yield title(name, setting), _setting(runs)
    yield f"The machine: {name}", machine(found)
    for setting, each in found.items() if parts else ():
        yield from _parts(title(name, setting), dig(each, "runs") or {})


def title(contest: str, setting: str) -> str:
    """A heading for a setting of a contest."""
    load = next((load for load, name in BESIDE.items() if name == contest), None)
    return f"{setting}, {words(load)}" if load else setting


def machine(found: Mapping[str, Any]) -> str:
    """Whether anything can be judged, and what others did meanwhile."""
    about = dict(found.get("machine", {}))
    busy = about.pop("too busy to judge", "")
    lines = [f"**Too busy to judge**: {busy}" if busy else "Quiet enough to be judged", ""]
    lines += [f"- {key}: {' / '.join(map(number, values))}" for key, values in about.items()]
    lines += [f"- without the {name}: {why}" for name, why in found.get("left out", {}).items()]
    lines += [f"- failed: {why}" for why in found.get("failed", ())]
    return "\n".join(lines) + "\n"


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table in Markdown, with a line break at its end."""
    first = tuple(head)
    lines = [first, ("---",) * len(first), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value).replace("|", "/")


def _target(target: Target) -> tuple[str, ...]:
    verdict = str(target.verdict)
    missed = target.verdict is Verdict.MISSED
    return (
        target.name,
        target.wanted,
        target.seen,
        f"**{verdict}**" if missed else verdict,
        target.why,
    )


def rows(runs: Mapping[str, Runs]) -> list[dict[str, str]]:
    """A row for each figure over all turns; a column for each contender, and for each ratio."""
    names = [name for name in CONTENDERS if runs.get(name)]
    found = []
    for row in STATISTICS:
        cells = {name: _shown(figure(runs[name], row)) for name in names}
        if any(cells.values()):
            each = {f"daemon ÷ {one}": _ratio(runs, row, one) for one in names if one != OURS}
            found.append({"": row} | cells | each)
    return found


def turns(runs: Mapping[str, Runs]) -> str:
    """How many turns a setting had, in words."""
    most = max(len(each) for each in runs.values())
    return f"Over {most} turns; ratios with their 95 % intervals."


def _setting(runs: Mapping[str, Runs]) -> str:
    found = rows(runs)
    return table(found[0], (row.values() for row in found)) + f"\n{turns(runs)}\n"


def _shown(value: float | None) -> str:
    return "" if value is None else number(value)


def _ratio(runs: Mapping[str, Runs], row: str, other: str) -> str:
    """The daemon's figure over another's, of those that are compared as ratios."""
    found = estimate(runs, row, other) if row in COMPARED else None
    return with_interval(found) if found else ""


def _parts(place: str, runs: Mapping[str, Runs]) -> Iterator[tuple[str, str]]:
    """What the CPU time and the memory go to, and what waits for a CPU; medians of the turns."""
    for heading, key in (
        ("CPU by thread, cores", "CPU by group, cores"),
        ("Waiting for a CPU, part of the time", WAITING),
        ("Resident memory, MB", "memory by part, MB"),
    ):
        found = {name: parts for name, each in runs.items() if (parts := middle(each, key))}
        if found:
            names = in_order({part for each in found.values() for part in each})
            lines = ([part, *(_shown(each.get(part)) for each in found.values())] for part in names)
            yield f"{heading}, {place}", table(("", *found), lines)


def flat(found: object, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested figures as (name, text); a list of numbers with its median."""
    if isinstance(found, Mapping):
        if found and all(isinstance(value, int | float) for value in found.values()):
            yield prefix, ", ".join(f"{key} {value:g}" for key, value in found.items())
            return
        for key, value in found.items():
            yield from flat(value, f"{prefix}: {key}" if prefix else str(key))
    elif isinstance(found, list) and found and all(isinstance(x, int | float) for x in found):
        yield prefix, f"{', '.join(f'{x:g}' for x in found)} (median {median(found):g})"
    else:
        yield prefix, ", ".join(map(str, found)) if isinstance(found, list) else str(found)


if __name__ == "__main__":
    sys.exit(main())
