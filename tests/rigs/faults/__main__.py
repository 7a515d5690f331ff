"""Play the fault matrix: `python -m tests.rigs.faults [--table FILE] [pytest's arguments]`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest


def main(arguments: Sequence[str]) -> int:
    # Ends the run as Ctrl-C does, so that the rows' processes go with us.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.environ["SANA_VCAM_REQUIRE_TOOLS"] = "1"
    return pytest.main([str(Path(__file__).parent), *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
