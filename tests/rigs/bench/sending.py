"""What the size of what is sent costs and gives: CPU, bitrate, delay and likeness of two sizes.

The model's picture is 1280x704 in both, so that only the way up differs. In turns against the same
stand-in, which hands every picture back enlarged; then over a link whose way up is poor.

`python -m tests.rigs.bench.sending FOLDER OUT TURNS` plays the second part in network namespaces of
its own; see `poorlink`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from tests.rigs.bench.poorlink import Network
from tests.rigs.faults.isolated import write_measured

if TYPE_CHECKING:
    from tests.rigs.bench.contenders.clip import Clip
    from tests.rigs.faults.link import Link

MODEL = (1280, 704)
SENT = ("1280x704", "640x352")
SECONDS = 15.0
PORT = 41997
NETWORKS = (
    Network("700 kbps up, 5 % loss", kbps_up=700, loss=0.05),
    Network("700 kbps up", kbps_up=700),
    Network("400 kbps up", kbps_up=400),
)
NONE = "no picture in time"
KEYS = (
    NONE,
    "CPU, cores",
    "up, later, kbps",
    "last target, kbps",
    "delay p50, later, ms",
    "delay p99, later, ms",
    "frames a second, later",
    "longest gap, later, ms",
    "PSNR, 5 to 15 s, dB",
)


async def measure(home: Path, long: bool) -> dict[str, object]:
    """Both sizes in turns over a good way, then over each poor one."""
    from tests.rigs.bench import ramp
    from tests.rigs.bench.contenders.clip import Clip
    from tests.system.daemon import running_standin

    turns = 6 if long else 3
    folder = home / "good"
    folder.mkdir()
    clip = Clip(folder, MODEL, 24)
    runs: dict[str, list[dict[str, Any]]] = {size: [] for size in SENT}
    async with running_standin(*_size(), *ramp.SMOOTH) as standin:
        for turn in range(turns):
            for size in SENT:
                runs[size].append(await _run(standin.url, clip, folder, size, turn))
                await standin.until_session("ready")
    return {"good": {"table": table(runs), "runs": runs}} | await _poor(home, turns)


def table(runs: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[dict[str, object]]:
    """A row per size: the median of its runs, and in brackets the least and the most."""
    rows: list[dict[str, object]] = []
    for size, each in runs.items():
        row: dict[str, object] = {"sent": size}
        for key in KEYS:
            values = sorted(one[key] for one in each if one.get(key) is not None)
            middle = f"{median(values):g} ({values[0]:g}..{values[-1]:g})" if values else "unknown"
            row[key] = middle
        rows.append(row)
    return rows


async def _run(url: str, clip: Clip, folder: Path, size: str, turn: int) -> dict[str, Any]:
    from tests.rigs.bench import ramp
    from tests.rigs.bench.contenders.bounded import Bounds

    print(f"  {folder.name}: {size}, turn {turn + 1}", file=sys.stderr)
    place = ramp.Place(url, clip, folder)
    try:
        found = await ramp.run(place, Bounds(as_shipped=True), SECONDS, f"reactor.send={size}")
    except ramp.NothingSeen as error:
        # Also a result, where every twentieth packet is lost.
        print(f"    no picture within {ramp.FIRST_S:.0f} s:\n{error}", file=sys.stderr)
        return {NONE: 1}
    print(f"    {json.dumps(found)}", file=sys.stderr)
    return {NONE: 0} | found


def _size() -> tuple[str, ...]:
    return ("--width", str(MODEL[0]), "--height", str(MODEL[1]))


async def _poor(home: Path, turns: int) -> dict[str, object]:
    """Every poor link, in a process of its own; or why not."""
    out = home / "poor.json"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.rigs.bench.sending", str(home), str(out), str(turns))
    )
    status = await process.wait()
    if status == 2:
        return {"left out": {"poor links": out.read_text()}}
    assert status == 0, "the poor links failed"
    found: dict[str, object] = json.loads(out.read_text())
    return found


async def _all(home: Path, turns: int) -> dict[str, Any]:
    from tests.rigs.bench.contenders.clip import Clip
    from tests.rigs.bench.poorlink import make_poor
    from tests.rigs.faults.link import Link

    folder = home / "poor"
    folder.mkdir()
    clip = Clip(folder, MODEL, 24)
    found: dict[str, Any] = {}
    for network in NETWORKS:
        place = folder / str(len(found))
        place.mkdir()
        link = Link()
        try:
            make_poor(link, network)
            runs = await _turns(link, clip, place, turns)
        finally:
            link.close()
        found[network.name] = {"table": table(runs), "runs": runs}
    return found


async def _turns(link: Link, clip: Clip, place: Path, turns: int) -> dict[str, Any]:
    """The sizes in turns; the model is started anew for each run, as its end may be lost."""
    from tests.rigs.bench import ramp
    from tests.rigs.faults.link import FAR

    runs: dict[str, Any] = {size: [] for size in SENT}
    for turn in range(turns):
        for size in SENT:
            model = await asyncio.create_subprocess_exec(
                *(*link.prefix, sys.executable, "-m", "sana_vcam.standin", "--host", FAR),
                *("--port", str(PORT), *_size(), *ramp.SMOOTH),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
            assert model.stdout is not None
            try:
                assert await asyncio.wait_for(model.stdout.readline(), ramp.FIRST_S)
                runs[size].append(await _run(f"http://{FAR}:{PORT}", clip, place, size, turn))
            finally:
                model.kill()
                await model.wait()
    return runs


def main(folder: str, out: str, turns: str) -> int:
    return write_measured(Path(out), lambda: _all(Path(folder), int(turns)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
