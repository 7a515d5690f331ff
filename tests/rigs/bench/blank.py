"""How soon `blank` is answered, and viewers see black, while somebody attacks the daemon.

The daemon, its model and its attackers are processes; the raw sink is watched (`attacked`). Without
the attack and under it in turns: the ratio says what the attack does, whatever else goes on.

`python -m tests.rigs.bench.blank OUT PRESSES TURNS` plays all of it in network and mount namespaces
of its own.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from tests.rigs.faults.isolated import write_measured


async def measure(home: Path, long: bool) -> dict[str, object]:
    """Every attack, in a process of its own; or why not."""
    out = home / "blank.json"
    presses, turns = (150, 4) if long else (75, 2)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.rigs.bench.blank", str(out), str(presses), str(turns))
    )
    status = await process.wait()
    if status == 2:
        return {"left out": out.read_text()}
    assert status == 0, "the attacks failed"
    found: dict[str, object] = json.loads(out.read_text())
    return found


async def _all(presses: int, turns: int) -> dict[str, Any]:
    from tests.rigs.bench import attacked

    return {name: await attacked.play(name, presses, turns) for name in attacked.ATTACKS}


def main(out: str, presses: str, turns: str) -> int:
    return write_measured(Path(out), lambda: _all(int(presses), int(turns)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
