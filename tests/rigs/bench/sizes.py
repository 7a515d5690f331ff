"""What the daemon costs at other sizes: one thing at a time is changed from the usual.

Usual: a webcam of 1280x720 at 24 frames a second, whose Motion JPEG is decoded, a track of 640x352
(where two cores are not saturated), one virtual camera, no client. The virtual cameras are made up
(`contenders.cameras`); the clients are a process of their own, whose CPU is not counted.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from sana_vcam.config.paths import APP
from tests.rigs.bench.contenders.clip import Clip
from tests.rigs.bench.figures import as_installed, cpu_seconds, rss_mb
from tests.system.daemon import running_standin

PATIENCE_S = 60.0
SETTLE_S = 5.0
TRACK = (640, 352)
MODEL_TRACK = (1280, 704)
INWARD = "camera read to push returned, ms"
OUTWARD = "SDK callback to sink returned, ms"


@dataclass(frozen=True)
class Size:
    """One row: what differs from the usual."""

    name: str
    camera: tuple[int, int] = (1280, 720)
    fps: float = 24.0
    track: tuple[int, int] = TRACK
    cameras: int = 1
    clients: int = 0
    previews: int = 0
    settings: tuple[str, ...] = ()


USUAL = Size("usual")
SIZES = (
    USUAL,
    Size("camera 640x360", camera=(640, 360)),
    Size("camera 1920x1080", camera=(1920, 1080)),
    Size("camera 15 fps", fps=15.0),
    Size("camera 30 fps", fps=30.0),
    Size("camera 60 fps", fps=60.0),
    Size("track 1280x704, the model's own", track=MODEL_TRACK),
    Size("2 virtual cameras", cameras=2),
    Size("3 virtual cameras", cameras=3),
    Size("4 virtual cameras", cameras=4),
    Size("8 control clients", clients=8),
    Size("32 control clients", clients=32),
    Size("1 preview", previews=1),
    Size("2 previews", previews=2),
    Size("least delay (playout.max_delay_ms=0)", settings=("playout.max_delay_ms=0",)),
)


async def measure(home: Path, long: bool) -> dict[str, object]:
    """Every row in turns, so that what else the machine does falls on all of them."""
    turns, seconds = (3, 20.0) if long else (1, 6.0)
    clips = _clips(home)
    runs: dict[str, list[dict[str, Any]]] = {size.name: [] for size in SIZES}
    for turn in range(turns):
        for size in SIZES:
            print(f"  {size.name}, turn {turn + 1} of {turns}", file=sys.stderr)
            place = home / f"{len(runs[size.name])}-{SIZES.index(size)}"
            place.mkdir()
            runs[size.name].append(await _run(size, place, clips[size.camera, size.fps], seconds))
    return {"table": table(runs), "runs": runs}


def table(runs: dict[str, list[dict[str, Any]]]) -> list[dict[str, object]]:
    """A row per size with the medians of its runs; CPU also as a multiple of the usual."""
    usual = _median(run["CPU, cores"] for run in runs[USUAL.name])
    return [_row(name, each, usual) for name, each in runs.items()]


def _row(name: str, runs: list[dict[str, Any]], usual: float) -> dict[str, object]:
    cpu = _median(run["CPU, cores"] for run in runs)
    delays = {
        f"{way}, {rank}, ms": _median(run[key].get(rank) for run in runs)
        for way, key in (("inward", INWARD), ("outward", OUTWARD))
        for rank in ("p50", "p99")
    }
    return {
        "what": name,
        "CPU, cores": cpu,
        "CPU, times the usual": round(cpu / usual, 2),
        **delays,
        "resident MB": _median(run["resident MB"] for run in runs),
    }


def _median(values: Iterable[float | None]) -> float:
    """The median of those that there are; NaN of none."""
    found = [value for value in values if value is not None]
    return round(median(found), 3) if found else float("nan")


def _clips(home: Path) -> dict[tuple[tuple[int, int], float], Path]:
    """A webcam's Motion JPEG for each size and rate that a row needs."""
    paths: dict[tuple[tuple[int, int], float], Path] = {}
    for size in SIZES:
        key = (size.camera, size.fps)
        if key not in paths:
            folder = home / f"clip-{len(paths)}"
            folder.mkdir()
            paths[key] = Clip(folder, *key).path
    return paths


async def _run(size: Size, place: Path, clip: Path, seconds: float) -> dict[str, Any]:
    track = (str(size.track[0]), str(size.track[1]))
    shape = ("--width", track[0], "--height", track[1])
    settings = [
        "camera.source=file",
        f"camera.path={clip}",
        f"camera.fps={size.fps}",
        f"reactor.track_width={track[0]}",
        f"reactor.track_height={track[1]}",
        *size.settings,
    ]
    figures = place / "figures.json"
    async with running_standin(*shape, "--edit", "copy", "--chunk-frames", "1") as standin:
        cameras = (str(size.cameras), "1", *settings)
        async with (
            daemon(standin.url, place, figures, *cameras) as process,
            _clients(place / APP, size.clients, size.previews),
        ):
            await asyncio.sleep(SETTLE_S)
            process.send_signal(signal.SIGUSR1)
            before, since = cpu_seconds(process.pid), time.monotonic()
            await asyncio.sleep(seconds)
            used, until = cpu_seconds(process.pid) - before, time.monotonic()
            process.send_signal(signal.SIGUSR2)
            found: dict[str, Any] = {
                "CPU, cores": round(used / (until - since), 3),
                "resident MB": round(rss_mb(process.pid), 1),
            }
        await standin.until_session("ready")
    found.update(json.loads(figures.read_text()))
    return found


@contextlib.asynccontextmanager
async def daemon(
    url: str, place: Path, figures: Path, *arguments: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The daemon with made-up virtual cameras, once it has settled; see `contenders.cameras`."""
    command = ("cameras", url, str(place), str(figures), *arguments)
    async with _announced(b"settled\n", command) as process:
        yield process


@contextlib.asynccontextmanager
async def _clients(runtime_dir: Path, listeners: int, previews: int) -> AsyncIterator[None]:
    if not listeners and not previews:
        yield
        return
    command = ("clients", str(runtime_dir), str(listeners), str(previews))
    async with _announced(b"attached\n", command):
        yield


@contextlib.asynccontextmanager
async def _announced(
    word: bytes, command: tuple[str, ...]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A contender that has said so much; ended afterwards."""
    name, *arguments = command
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"tests.rigs.bench.contenders.{name}", *arguments),
        env=as_installed(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        said = await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)
        assert said == word, f"{name} ended, or said {said!r}"
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
