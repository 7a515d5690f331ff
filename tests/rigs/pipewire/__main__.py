"""Run a command in a private session: `python -m tests.rigs.pipewire [--newer] COMMAND…`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from tests.rigs.pipewire import VERSIONS, PipeWireMissing, Session


def main(arguments: Sequence[str]) -> int:
    newer = arguments[:1] == ["--newer"]
    command = arguments[1:] if newer else arguments
    if not command:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with Session(VERSIONS["newer" if newer else "debian"]) as session:
            return subprocess.run(command, env=session.environment, check=False).returncode
    except PipeWireMissing as error:
        print(f"rig: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
