"""`python -m tests.bench`: measure the bridge against the stand-in on this machine.

Ratios come from runs that alternate (A B A B); absolute figures depend on the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.bench import cpu, ctl, delays, memory, startup

type Measure = Callable[[Path, bool], Awaitable[dict[str, object]]]

MEASURES: dict[str, Measure] = {
    "startup": startup.measure,
    "delays": delays.measure,
    "ctl": ctl.measure,
    "cpu": cpu.measure,
    "memory": memory.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("what", nargs="*", choices=[[], *MEASURES], help="default: all")
    parser.add_argument("--long", action="store_true", help="more and longer runs (10 minutes)")
    parser.add_argument("--json", action="store_true", help="only JSON on standard output")
    arguments = parser.parse_args()
    figures: dict[str, object] = {}
    for name in arguments.what or MEASURES:
        print(f"measuring {name} ...", file=sys.stderr)
        with tempfile.TemporaryDirectory() as home:
            figures[name] = asyncio.run(MEASURES[name](Path(home), arguments.long))
        if not arguments.json:
            print(json.dumps({name: figures[name]}, indent=2))
    if arguments.json:
        print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
