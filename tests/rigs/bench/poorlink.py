"""What bounds on the camera's bitrate do where the way up is poor: little of it, or losses.

`python -m tests.rigs.bench.poorlink FOLDER OUT TURNS` plays it in network namespaces of its own:
the model is at the far end of a link; what leaves the near end waits in a queue of `QUEUE_MS`
at most,
as in a home router, or is lost at random, both ways.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.rigs.faults.isolated import write_measured

if TYPE_CHECKING:
    from tests.rigs.faults.link import Link

QUEUE_MS = 500
SIZE = (640, 352)
SECONDS = 15.0
PORT = 41999
NAMES = ("none", "starts at 2.5 Mbps, as shipped", "at least 1 Mbps", "at least 2 Mbps for 5 s")


@dataclass(frozen=True)
class Network:
    """One poor link."""

    name: str
    kbps_up: int = 0
    """0 is no limit."""
    loss: float = 0.0


NETWORKS = (
    Network("400 kbps up", kbps_up=400),
    Network("700 kbps up", kbps_up=700),
    Network("1 Mbps up", kbps_up=1000),
    Network("5 % loss", loss=0.05),
    Network("10 % loss", loss=0.1),
)


async def measure(home: Path, long: bool) -> dict[str, object]:
    """Each link with a few variants in turns, in a process of its own; or why not."""
    out = home / "links.json"
    process = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "tests.rigs.bench.poorlink",
            str(home),
            str(out),
            "4" if long else "1",
        )
    )
    status = await process.wait()
    if status == 2:
        return {"left out": {"poor links": out.read_text()}}
    assert status == 0, "the poor links failed"
    found: dict[str, object] = json.loads(out.read_text())
    return found


async def _all(home: Path, turns: int) -> dict[str, Any]:
    from tests.rigs.bench import ramp
    from tests.rigs.bench.contenders.clip import Clip
    from tests.rigs.faults.link import Link

    folder = home / "links"
    folder.mkdir()
    clip = Clip(folder, SIZE, 24)
    found: dict[str, Any] = {}
    for network in NETWORKS:
        place = folder / network.name.replace(" ", "-").replace("%", "percent")
        place.mkdir()
        link = Link()
        try:
            make_poor(link, network)
            runs = await _turns(link, clip, place, turns)
        finally:
            link.close()
        found[network.name] = {"table": ramp.table(runs), "runs": runs}
    return found


def make_poor(link: Link, network: Network) -> None:
    """Make the near end's way up as poor as that."""
    link.loss = network.loss
    if network.kbps_up:
        shape = f"rate {network.kbps_up}kbit burst 4kb latency {QUEUE_MS}ms"
        subprocess.run(
            ("tc", "qdisc", "add", "dev", "near", "root", "tbf", *shape.split()), check=True
        )


async def _turns(link: Link, clip: Any, place: Path, turns: int) -> dict[str, Any]:
    """The variants in turns; the model is started anew for each run, as its end may be lost."""
    from tests.rigs.bench import ramp
    from tests.rigs.faults.link import FAR

    size = ("--width", str(SIZE[0]), "--height", str(SIZE[1]))
    runs: dict[str, Any] = {name: [] for name in NAMES}
    for turn in range(turns):
        for name in NAMES:
            print(f"  {place.name}: {name}, turn {turn + 1} of {turns}", file=sys.stderr)
            model = await asyncio.create_subprocess_exec(
                *(*link.prefix, sys.executable, "-m", "sana_vcam.standin", "--host", FAR),
                *("--port", str(PORT), *size, *ramp.SMOOTH),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
            assert model.stdout is not None
            try:
                assert await asyncio.wait_for(model.stdout.readline(), ramp.FIRST_S)
                where = ramp.Place(f"http://{FAR}:{PORT}", clip, place)
                runs[name].append(await ramp.run(where, ramp.VARIANTS[name], SECONDS))
                print(f"    {json.dumps(runs[name][-1])}", file=sys.stderr)
            finally:
                model.kill()
                await model.wait()
    return runs


def main(folder: str, out: str, turns: str) -> int:
    return write_measured(Path(out), lambda: _all(Path(folder), int(turns)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
