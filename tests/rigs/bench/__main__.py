"""`python -m tests.rigs.bench`: measure the bridge against the stand-in on this machine.

Ratios come from runs that alternate (A B A B); absolute figures depend on the machine. The targets
are judged with the interval of each figure, and not at all where the machine was too busy. All that
they need, in half an hour for --minutes 15:

    python -m tests.rigs.bench pipeline bursts idle startup --minutes 15 --page bench.html

and beside other work, ten minutes for each:

    python -m tests.rigs.bench pipeline --beside 1 --beside 2 --beside encoder --minutes 10
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import traceback
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Protocol

from tests.rigs.bench import (
    blank,
    ctl,
    deck,
    deck_companion,
    deck_linux,
    delays,
    features,
    flood,
    guest,
    idle,
    keeping,
    latencymeter,
    machine,
    memory,
    node,
    pipeline,
    preview,
    profile,
    ramp,
    report,
    sending,
    sizes,
    startup,
    tables,
    voice,
)
from tests.rigs.bench.targets import BESIDE, IN_BURSTS, QUIET, targets


class Measure(Protocol):
    """A measure, with a folder of its own; `long` is more and longer runs."""

    def __call__(self, home: Path, long: bool) -> Awaitable[dict[str, object]]: ...


MEASURES: dict[str, Measure] = {
    "startup": startup.measure,
    "delays": delays.measure,
    "latencymeter": latencymeter.measure,
    "ctl": ctl.measure,
    "deck": deck.measure,
    "deck-linux": deck_linux.measure,
    "deck-companion": deck_companion.measure,
    "memory": memory.measure,
    "profile": profile.measure,
    "ramp": ramp.measure,
    "sending": sending.measure,
    "sizes": sizes.measure,
    "idle": idle.measure,
    "preview": preview.measure,
    "keeping": keeping.measure,
    "features": features.measure,
    "flood": flood.measure,
    "blank": blank.measure,
    "node": node.measure,
    "guest": guest.measure,
    "voice": voice.measure,
}
CONTESTS = (QUIET, IN_BURSTS)
"""What takes as many minutes as it is given; the bursts a third of them."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.rigs.bench", description=__doc__)
    known = (*CONTESTS, *MEASURES)
    parser.add_argument(
        *("what",),
        nargs="*",
        choices=[[], *known],
        metavar="MEASURE",
        help=f"{', '.join(known)}; default: all",
    )
    parser.add_argument(
        "--minutes", type=float, default=15.0, help="of the pipeline; bursts take a third of it"
    )
    parser.add_argument(
        "--beside",
        action="append",
        choices=["0", *BESIDE],
        help="the pipeline beside so many busy loops, or an encoder; may be given several times",
    )
    parser.add_argument("--long", action="store_true", help="more and longer runs")
    parser.add_argument("--json", action="store_true", help="only JSON on standard output")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write a page of plots as well")
    parser.add_argument("--table", type=Path, metavar="FILE", help="write Markdown tables as well")
    arguments = parser.parse_args()
    figures: dict[str, object] = {}
    failed: dict[str, str] = {}
    for name, measure in _chosen(arguments.what or known, arguments):
        print(f"measuring {name} ...", file=sys.stderr)
        try:
            with tempfile.TemporaryDirectory() as home:
                figures[name] = asyncio.run(_watched(name, measure(Path(home))))
        except Exception as error:
            # What the others have found, maybe in an hour, is not lost with it.
            traceback.print_exc()
            failed[name] = f"{type(error).__name__}: {error}"
            continue
        if not arguments.json:
            print(tables.sections(name, figures[name]))
    if failed:
        figures["failed"] = failed
    figures["targets"] = [asdict(one) for one in targets(figures) if one.seen]
    print(json.dumps(figures) if arguments.json else tables.judged(figures))
    if arguments.page:
        report.write(figures, arguments.page)
    if arguments.table:
        tables.write(figures, arguments.table)
    return 1 if failed else 0


async def _watched(name: str, measuring: Awaitable[dict[str, object]]) -> dict[str, object]:
    """The figures of a measure; contests watch the machine themselves, in each run."""
    contest = name in CONTESTS or name in BESIDE.values()
    return await (measuring if contest else machine.watched(measuring))


def _chosen(
    names: Iterable[str], arguments: argparse.Namespace
) -> Iterator[tuple[str, Callable[[Path], Awaitable[dict[str, object]]]]]:
    """The measures of these names, each by the name of its figures."""
    minutes = arguments.minutes
    for name in names:
        if name == IN_BURSTS:
            yield name, partial(pipeline.in_bursts, minutes=minutes / 3)
        elif name != QUIET:
            yield name, partial(MEASURES[name], long=arguments.long)
        else:
            for beside in arguments.beside or ["0"]:
                found = partial(pipeline.measure, minutes=minutes, beside=beside)
                yield BESIDE.get(beside, QUIET), found


if __name__ == "__main__":
    sys.exit(main())
