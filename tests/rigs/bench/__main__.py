"""`python -m tests.rigs.bench`: measure the bridge against the stand-in on this machine.

Ratios come from runs that alternate (A B A B); absolute figures depend on the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.rigs.bench import (
    blank,
    ctl,
    deck,
    deck_companion,
    deck_linux,
    delays,
    flood,
    guest,
    idle,
    latencymeter,
    memory,
    pipeline,
    preview,
    profile,
    ramp,
    report,
    sending,
    sizes,
    startup,
    tables,
)

type Measure = Callable[[Path, bool], Awaitable[dict[str, object]]]

MEASURES: dict[str, Measure] = {
    "startup": startup.measure,
    "delays": delays.measure,
    "latencymeter": latencymeter.measure,
    "ctl": ctl.measure,
    "deck": deck.measure,
    "deck-linux": deck_linux.measure,
    "deck-companion": deck_companion.measure,
    "memory": memory.measure,
    "pipeline": pipeline.measure,
    "profile": profile.measure,
    "ramp": ramp.measure,
    "sending": sending.measure,
    "sizes": sizes.measure,
    "idle": idle.measure,
    "preview": preview.measure,
    "flood": flood.measure,
    "blank": blank.measure,
    "guest": guest.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.rigs.bench", description=__doc__)
    names = ", ".join(MEASURES)
    parser.add_argument(
        "what", nargs="*", choices=[[], *MEASURES], metavar="MEASURE", help=f"{names}; default: all"
    )
    parser.add_argument("--long", action="store_true", help="more and longer runs")
    parser.add_argument("--json", action="store_true", help="only JSON on standard output")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write a page of plots as well")
    parser.add_argument("--table", type=Path, metavar="FILE", help="write Markdown tables as well")
    arguments = parser.parse_args()
    figures: dict[str, object] = {}
    failed: dict[str, str] = {}
    for name in arguments.what or MEASURES:
        print(f"measuring {name} ...", file=sys.stderr)
        try:
            with tempfile.TemporaryDirectory() as home:
                figures[name] = asyncio.run(MEASURES[name](Path(home), arguments.long))
        except Exception as error:
            # What the others have found, maybe in an hour, is not lost with it.
            traceback.print_exc()
            failed[name] = f"{type(error).__name__}: {error}"
            continue
        if not arguments.json:
            print(json.dumps({name: figures[name]}, indent=2))
    if failed:
        figures["failed"] = failed
    if arguments.json:
        print(json.dumps(figures))
    if arguments.page:
        report.write(figures, arguments.page)
    if arguments.table:
        tables.write(figures, arguments.table)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
