"""Serve the bad-tempered model: `python -m tests.rigs.faults.serve [the stand-in's options]`."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from functools import partial

from sana_vcam.standin import __main__ as standin
from sana_vcam.standin import server
from sana_vcam.standin.hosted import HOSTED
from tests.rigs.faults import ORPHAN_TIMEOUT


def main() -> int:
    server.WIRES = {
        "npm": "tests.rigs.faults.badnpm:BadNpm",
        "live": "tests.rigs.faults.badlive:BadLive",
    }
    HOSTED["x2"] = replace(HOSTED["x2"], target="tests.rigs.faults.badx2:BadX2")
    if ORPHAN_TIMEOUT in os.environ:
        seconds = float(os.environ[ORPHAN_TIMEOUT])
        config = partial(server.RuntimeConfig, orphan_timeout=seconds)
        server.RuntimeConfig = config  # type: ignore[assignment, misc]
    return standin.main()


if __name__ == "__main__":
    sys.exit(main())
