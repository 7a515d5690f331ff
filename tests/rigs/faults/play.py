"""Play one row in this process, alone on the machine: `python -m tests.rigs.faults.play ROW`."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from tests.rigs.faults.isolated import NoNamespaces, isolate, remove_disks

if TYPE_CHECKING:
    from tests.rigs.faults.row import Result, Row

ROW_TIMEOUT_S = 180.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.rigs.faults.play", description=__doc__)
    parser.add_argument("row", help="its name")
    parser.add_argument("--clip", type=Path, help="the camera's clip, if there is one already")
    parser.add_argument("--out", type=Path, help="where the result goes, as JSON")
    arguments = parser.parse_args()
    # Ignored in a shell's background, it would be so in the daemon until that minds it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        # Before the imports that start threads.
        isolate()
    except NoNamespaces as error:
        print(f"faults: {error}", file=sys.stderr)
        return 2
    from tests.rigs.faults.rows import row_named

    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        result = asyncio.run(_play(row_named(arguments.row), Path(folder), arguments.clip))
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(asdict(result)))
    else:
        print("\n".join(result.log), file=sys.stderr)
        print(json.dumps({k: v for k, v in asdict(result).items() if k != "log"}, indent=2))
    return 0 if result.survived else 1


async def _play(row: Row, home: Path, made: Path | None) -> Result:
    from tests.rigs.faults import clip, verdict
    from tests.rigs.faults.row import Program, Result
    from tests.rigs.faults.stage import staged

    if made is None:
        clip.make(home / "clip.avi")
    else:
        (home / "clip.avi").symlink_to(made)
    began = time.monotonic()
    stage = None
    try:
        async with asyncio.timeout(ROW_TIMEOUT_S), staged(home, row.plan) as stage:
            if row.plan.live:
                await stage.begin(settled=row.program in {Program.CARD, Program.EITHER})
            await row.play(stage)
            await stage.end()
            result = verdict.judge(row, stage, await stage.left_open())
    except Exception as error:
        result = Result(row.name, row.cause, row.program, bound_s=row.recovery_s)
        result.faults.append(f"{type(error).__name__}: {error}")
        where = traceback.format_exc().splitlines()
        log = [] if stage is None else [*stage.daemon.log, "model:", *stage.model.log]
        result.log = log + where
    finally:
        remove_disks()
    result.took_s = round(time.monotonic() - began, 1)
    return result


if __name__ == "__main__":
    os.umask(0o077)
    assert shutil.which("ip"), "the suite needs iproute2"
    sys.exit(main())
