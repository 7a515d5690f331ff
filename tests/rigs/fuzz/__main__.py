"""`python -m tests.rigs.fuzz`: damaged files and pictures by the thousand, as a user has them.

Ends with 1 if there is a fault, and says how to see it alone.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.rigs.fuzz.cases import Cases
from tests.rigs.fuzz.players import fuzz

SEED = 14
FILES = 6000
PICTURES = 8000


def main(argv: list[str] | None = None) -> int:
    """Play them all, or one alone."""
    parser = argparse.ArgumentParser(prog="python -m tests.rigs.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--pictures", type=int, default=PICTURES)
    parser.add_argument("--only", nargs=2, metavar=("KIND", "NUMBER"), help="one case, here")
    asked = parser.parse_args(argv)
    cases = Cases.of(asked.seed)
    if asked.only:
        kind, number = asked.only[0], int(asked.only[1])
        with tempfile.TemporaryDirectory() as folder:
            play = cases.decode_picture if kind == "picture" else None
            print(play(number) if play else cases.play_file(number, Path(folder)))
        return 0
    begun = time.monotonic()
    todo = [("file", number) for number in range(asked.files)]
    todo += [("picture", number) for number in range(asked.pictures)]
    outcomes, faults = fuzz(cases, iter(todo), os.cpu_count() or 1)
    for words, count in sorted(outcomes.items()):
        print(f"{count:6} {words}")
    print(f"{len(todo):6} in {time.monotonic() - begun:.0f} s, seed {asked.seed}: ", end="")
    print(f"{len(faults)} faults")
    for fault in faults:
        print(f"\n{fault}\n  python -m tests.rigs.fuzz --seed {asked.seed} --only ", end="")
        print(fault.partition(":")[0])
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
