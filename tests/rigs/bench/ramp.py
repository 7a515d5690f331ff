"""The first seconds of a picture, with bounds on the camera's bitrate and without.

In turns against the same stand-in, which hands every picture back; then over links whose way up is
poor (`poorlink`), where a floor can do harm. What comes down is bounded by the model's end alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np

from sana_vcam.reactor.client import START_BPS
from tests.rigs.bench.contenders import watcher
from tests.rigs.bench.contenders.bounded import Bounds
from tests.rigs.bench.contenders.clip import Clip, Luma
from tests.rigs.bench.figures import cpu_seconds, summary_ms
from tests.system.daemon import running_standin

FIRST_S = 30.0
EARLY_S = 5.0
KEEP_EARLY, KEEP_LATER = 2, 8
SMOOTH = ("--edit", "copy", "--chunk-frames", "1")
SIZES = ((640, 352), (1280, 704))
MBPS = 1_000_000
NONE = "none"
SHIPPED = "starts at 2.5 Mbps, as shipped"
VARIANTS: Mapping[str, Bounds] = {
    NONE: Bounds(),
    SHIPPED: Bounds(opening={"start_bps": START_BPS}),
    "at least 1 Mbps": Bounds(track={"min_bps": MBPS}),
    "at least 2 Mbps": Bounds(track={"min_bps": 2 * MBPS}),
    "at most 4 Mbps": Bounds(track={"max_bps": 4 * MBPS}),
    "at most 8 Mbps": Bounds(track={"max_bps": 8 * MBPS}),
    "2 to 4 Mbps": Bounds(track={"min_bps": 2 * MBPS, "max_bps": 4 * MBPS}),
    "at least 2 Mbps for 5 s": Bounds(track={"min_bps": 2 * MBPS}, lifted_after_s=5.0),
}
WINDOWS = {"second 1": (0, 1), "second 2": (1, 2), "3 to 5 s": (2, 5), "5 to 15 s": (5, 15)}


class NothingSeen(Exception):
    """Viewers saw no picture in time; the text is the end of the daemon's log."""


class EarlyWatcher(watcher.Watcher):
    """Keeps more of the first pictures."""

    def _look(self, frame: Luma, now: float) -> None:
        before = len(self.seen.pictures)
        super()._look(frame, now)
        pictures = self.seen.pictures
        if len(pictures) == before:
            return
        early = now - pictures[0][1] <= EARLY_S
        if self.seen.kept and self.seen.kept[-1][1] == now:
            self.seen.kept.pop()
        if len(pictures) % (KEEP_EARLY if early else KEEP_LATER) == 1:
            luma = frame[: watcher.WIDTH * watcher.HEIGHT]
            kept = luma.reshape(watcher.HEIGHT, watcher.WIDTH).copy()
            self.seen.kept.append((pictures[-1][0], now, kept))


@dataclass(frozen=True)
class Place:
    """Where a variant plays: a model at `url`, which hands back the pictures of `clip`."""

    url: str
    clip: Clip
    folder: Path


async def measure(home: Path, long: bool) -> dict[str, object]:
    """Every variant in turns at each size, then a few over poor links."""
    from tests.rigs.bench import poorlink

    turns, seconds = (4 if long else 1), 15.0
    figures: dict[str, object] = {}
    for width, height in SIZES:
        folder = home / f"{width}"
        folder.mkdir()
        clip = Clip(folder, (width, height), 24)
        size = ("--width", str(width), "--height", str(height))
        async with running_standin(*size, *SMOOTH) as standin:

            async def rest(standin: Any = standin) -> None:
                await standin.until_session("ready")

            place = Place(standin.url, clip, folder)
            runs = await in_turns(place, list(VARIANTS), turns, seconds, rest)
        figures[f"{width}x{height}"] = {"table": table(runs), "runs": runs}
    return figures | await poorlink.measure(home, long)


async def in_turns(
    place: Place, names: Sequence[str], turns: int, seconds: float, rest: Any
) -> dict[str, list[dict[str, Any]]]:
    """So many runs of each variant, one after the other; `rest` waits for the model."""
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for turn in range(turns):
        for name in names:
            print(f"  {place.folder.name}: {name}, turn {turn + 1} of {turns}", file=sys.stderr)
            runs[name].append(await run(place, VARIANTS[name], seconds))
            print(f"    {json.dumps(runs[name][-1])}", file=sys.stderr)
            await rest()
    return runs


def table(runs: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[dict[str, object]]:
    """A row per variant: the medians of its runs."""
    rows: list[dict[str, object]] = []
    for name, each in runs.items():
        row: dict[str, object] = {"bounds": name}
        for key in each[0]:
            values = [one[key] for one in each if one[key] is not None]
            row[key] = round(median(values), 2) if values else None
        rows.append(row)
    return rows


async def run(place: Place, bounds: Bounds, seconds: float, *settings: str) -> dict[str, Any]:
    """The figures of `seconds` from the first picture on, with these settings (`key=value`)."""
    home = place.folder / f"run-{time.monotonic_ns()}"
    home.mkdir()
    stamps, record, fifo = home / "stamps.json", home / "record.json", home / "sink"
    width, height = place.clip.size
    watching = EarlyWatcher(fifo)
    log = (home / "log").open("w+")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.rigs.bench.contenders.bounded"),
        *(json.dumps(asdict(bounds)), str(record)),
        *(place.url, str(place.clip.path), str(stamps), str(fifo), str(home)),
        *(f"reactor.track_width={width}", f"reactor.track_height={height}", *settings),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=log,
    )
    try:
        if not await asyncio.to_thread(watching.first.wait, FIRST_S):
            log.seek(0)
            raise NothingSeen("".join(log.readlines()[-12:]))
        used = cpu_seconds(process.pid)
        await asyncio.sleep(seconds)
        used = cpu_seconds(process.pid) - used
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        watching.close()
        log.close()
    sent = [Sample(*one) for one in json.loads(record.read_text())]
    seen = await asyncio.to_thread(figures_of, watching.seen, stamps, place.clip, seconds)
    began = watching.seen.pictures[0][1]
    return (
        seen
        | rates(sent, began, seconds)
        | {"CPU, cores": round(used / seconds, 3), "load": round(os.getloadavg()[0], 1)}
    )


@dataclass(frozen=True)
class Sample:
    """One line of a record."""

    at: float
    up: int
    down: int
    target_bps: float | None


def rates(record: Sequence[Sample], began: float, seconds: float) -> dict[str, Any]:
    """What went up and down a second, in kbps, early and later; and the encoder's first target."""
    found: dict[str, Any] = {}
    for way in ("up", "down"):
        for name, since, until in (("early", -1.0, EARLY_S), ("later", EARLY_S, seconds)):
            part = [one for one in record if since <= one.at - began <= until]
            if len(part) > 1:
                sent = getattr(part[-1], way) - getattr(part[0], way)
                found[f"{way}, {name}, kbps"] = round(sent * 8e-3 / (part[-1].at - part[0].at))
            else:
                found[f"{way}, {name}, kbps"] = None
    targets = [one.target_bps for one in record if one.target_bps]
    found["first target, kbps"] = round(targets[0] / 1e3) if targets else None
    found["last target, kbps"] = round(targets[-1] / 1e3) if targets else None
    return found


def figures_of(seen: watcher.Seen, stamps: Path, clip: Clip, seconds: float) -> dict[str, Any]:
    """Quality, delay and rate of what viewers saw, by time since the first picture."""
    began = seen.pictures[0][1]
    quality = [(at - began, psnr(luma, clip, number)) for number, at, luma in seen.kept]
    found: dict[str, Any] = {}
    for name, (since, until) in WINDOWS.items():
        values = [value for at, value in quality if since <= at < until]
        found[f"PSNR, {name}, dB"] = round(fmean(values), 2) if values else None
    level = found["PSNR, 5 to 15 s, dB"]
    if level is not None:
        found["degraded, s"] = watcher.ramp_s(quality, level - 1.0)
    for name, first, last in (("early", 0.0, EARLY_S), ("later", EARLY_S, seconds)):
        part = [one for one in seen.pictures if first <= one[1] - began < last]
        late = summary_ms(watcher.delays(stamps, part))
        found[f"delay p50, {name}, ms"] = late.get("p50")
        found[f"delay p99, {name}, ms"] = late.get("p99")
        found[f"frames a second, {name}"] = round(len(part) / (last - first), 2)
        gaps = [b[1] - a[1] for a, b in pairwise(part)]
        found[f"longest gap, {name}, ms"] = round(max(gaps) * 1e3) if gaps else None
    return found


def psnr(luma: Luma, clip: Clip, number: int) -> float:
    """Peak signal to noise ratio with the clip's picture, in dB."""
    reference = clip.reference(number, (watcher.WIDTH, watcher.HEIGHT))
    error = np.mean((luma.astype(np.float32) - reference) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-6)))
