"""Build the guests if need be, and run the suite: `python -m tests.rigs.guest [pytest options]`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.rigs.guest.rig import Cache, RigMissing


def main(arguments: Sequence[str]) -> int:
    # As Ctrl-C does, so that a guest and its folder go with us.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        Cache.default().ensure()
    except RigMissing as error:
        print(f"rig: {error}", file=sys.stderr)
        return 2
    os.environ["SANA_VCAM_REQUIRE_TOOLS"] = "1"
    return pytest.main([str(Path(__file__).parent), *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
