"""Runs scenarios: `python -m tests.rigs.guest.inside RESULTS EXCLUSIVE_CAPS NAME...`."""

import sys
from pathlib import Path

from tests.rigs.guest.inside.scenario import run_all

with Path(sys.argv[1]).open("a") as file:
    run_all(sys.argv[3:], int(sys.argv[2]), file)
