"""Serve the bad-tempered model: `python -m tests.rigs.faults.serve [the stand-in's options]`."""

from __future__ import annotations

import os
import sys
from functools import partial

from sana_vcam.standin import __main__ as standin
from sana_vcam.standin import server
from tests.rigs.faults import ORPHAN_TIMEOUT


def main() -> int:
    server.WIRES = dict.fromkeys(server.WIRES, "tests.rigs.faults.badmodel:SanaStreaming")
    if ORPHAN_TIMEOUT in os.environ:
        seconds = float(os.environ[ORPHAN_TIMEOUT])
        config = partial(server.RuntimeConfig, orphan_timeout=seconds)
        server.RuntimeConfig = config  # type: ignore[assignment, misc]
    return standin.main()


if __name__ == "__main__":
    sys.exit(main())
