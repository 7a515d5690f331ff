"""The whole way against its alternatives: `bare` the floor, `script` a user's own, `daemon` this.

`browser` is Chromium with the JavaScript SDK. One at a time and in turns against the same stand-in,
which hands every picture back.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from sana_vcam.config.schema import Fit
from tests.fakes import jssdk
from tests.rigs.bench import threads
from tests.rigs.bench.contenders import browser, telling, watcher
from tests.rigs.bench.contenders.clip import Clip
from tests.rigs.bench.figures import ANONYMOUS, PICTURES, as_installed, memory_parts_mb, rss_mb
from tests.system.daemon import Standin, running_standin

SETTLE_S = 10.0
FIRST_S = 30.0
SIZE = (1280, 704)
SMALL = (640, 352)
SMOOTH = ("--chunk-frames", "1")
WIRE = ("--wire", "npm")
"""The contenders begin as clients of the first generation do, and count the first picture."""


@dataclass(frozen=True)
class Setting:
    """What is measured: whom, with which stand-in, at which size of the track."""

    name: str
    size: tuple[int, int]
    standin: tuple[str, ...]
    contenders: tuple[str, ...]
    settings: tuple[str, ...] = ()


ALL = ("bare", "script", "daemon", "browser")
SETTINGS = (
    Setting("1280x704, smooth", SIZE, SMOOTH, ALL),
    Setting("640x352, smooth", SMALL, SMOOTH, ALL),
    Setting(
        "640x352, smooth, least delay", SMALL, SMOOTH, ("daemon",), ("playout.max_delay_ms=0",)
    ),
    Setting("640x352, 24 frames every 1.0 s", SMALL, ("--chunk-time", "1.0"), ("script", "daemon")),
    Setting("640x352, 24 frames every 1.4 s", SMALL, ("--chunk-time", "1.4"), ("script", "daemon")),
)


async def measure(home: Path, long: bool) -> dict[str, object]:
    """Every setting, its contenders in turns."""
    turns, seconds = (4, 20.0) if long else (2, 10.0)
    page, lack = await asyncio.to_thread(_page, home)
    figures: dict[str, object] = {
        one.name: await _compare(one, home, turns, seconds, page) for one in SETTINGS
    }
    return figures | ({"left out": {"browser": lack}} if lack else {})


def _page(home: Path) -> tuple[Path | None, str | None]:
    """The built page of the browser, or why there is none."""
    if (lack := jssdk.missing()) is None:
        try:
            return browser.build(home), None
        except (OSError, subprocess.SubprocessError) as error:
            lack = f"its page could not be built: {error}"
    print(f"  no browser: {lack}", file=sys.stderr)
    return None, lack


async def _compare(
    setting: Setting, home: Path, turns: int, seconds: float, page: Path | None = None
) -> dict[str, object]:
    """The contenders in turns; the browser only with its built page."""
    folder = home / setting.name.replace(" ", "-").replace(",", "")
    folder.mkdir()
    clip = Clip(folder, setting.size, 24)
    size = ("--width", str(setting.size[0]), "--height", str(setting.size[1]))
    contenders = [name for name in setting.contenders if page or name != "browser"]
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in contenders}
    async with running_standin(*size, *WIRE, "--edit", "copy", *setting.standin) as standin:
        for turn in range(turns):
            for name in contenders:
                place = folder / f"{name}-{turn}"
                place.mkdir()
                print(f"  {setting.name}: {name}, turn {turn + 1} of {turns}", file=sys.stderr)
                if name == "browser":
                    assert page is not None
                    profile = place / "profile"
                    run = browser.measure(page, profile, standin.url, clip, SETTLE_S, seconds)
                else:
                    run = _run(name, place, standin, clip, setting, seconds)
                runs[name].append(await run)
                await standin.until_session("ready")
    figures: dict[str, object] = {"runs": runs}
    return figures | ratios(runs)


def ratios(runs: dict[str, list[dict[str, Any]]]) -> dict[str, float]:
    """The daemon's CPU over that of each other, pair by pair; the median."""
    found = {}
    for other, theirs_all in runs.items():
        if other != "daemon" and "daemon" in runs:
            pairs = zip(runs["daemon"], theirs_all, strict=True)
            each = [ours["CPU, cores"] / theirs["CPU, cores"] for ours, theirs in pairs]
            found[f"CPU, daemon / {other}"] = round(median(each), 3)
    return found


@dataclass(frozen=True)
class Running:
    """A contender that delivers, after the time to settle."""

    pid: int
    stamps: Path
    watching: watcher.Watcher
    first_s: float

    async def told(self) -> dict[str, Any]:
        """What only the contender knows; see `contenders.telling`."""
        return await telling.ask(self.pid, self.stamps)


@contextlib.asynccontextmanager
async def running(
    name: str, place: Path, standin: Standin, clip: Clip, setting: Setting
) -> AsyncIterator[Running]:
    """Run a contender that is no browser until the block ends."""
    stamps, fifo = place / "stamps.json", place / "sink"
    arguments = [standin.url, str(clip.path), str(stamps)]
    if name != "bare":
        arguments.append(str(fifo))
    if name == "daemon":
        arguments += [str(place), f"reactor.track_width={clip.size[0]}"]
        arguments += [f"reactor.track_height={clip.size[1]}", *setting.settings]
    watching = watcher.Watcher(fifo)
    try:
        began = time.monotonic()
        async with _process(name, arguments) as process:
            if name == "bare":
                assert process.stdout is not None
                assert await process.stdout.readline() == b"live\n"
            else:
                assert await asyncio.to_thread(watching.first.wait, FIRST_S), (
                    f"{name} shows nothing"
                )
            first_s = time.monotonic() - began
            await asyncio.sleep(SETTLE_S)
            yield Running(process.pid, stamps, watching, first_s)
    finally:
        watching.close()


async def _run(
    name: str, place: Path, standin: Standin, clip: Clip, setting: Setting, seconds: float
) -> dict[str, Any]:
    async with running(name, place, standin, clip, setting) as contender:
        known = await contender.told()
        before, since = threads.read(contender.pid), time.monotonic()
        await asyncio.sleep(seconds)
        after, until = threads.read(contender.pid), time.monotonic()
        figures: dict[str, Any] = {
            "CPU, cores": round((after.total_s - before.total_s) / (until - since), 3),
            "resident MB": round(rss_mb(contender.pid), 1),
            "start to first picture, s": round(contender.first_s, 2),
            "load of the machine": round(os.getloadavg()[0], 1),
        }
        parts = memory_parts_mb(contender.pid)
        told = await contender.told()
    names = {int(number): thread for number, thread in told["threads"].items()}
    ended = {name: s - known["ended"].get(name, 0.0) for name, s in told["ended"].items()}
    figures |= threads.figures(threads.between(before, after, names, ended), until - since)
    figures["memory by part, MB"] = with_pictures(parts, told["pictures"]["MB"])
    figures["the model's pictures in memory"] = told["pictures"]["count"]
    if name != "bare":
        mode: Fit = "crop" if name == "daemon" else "stretch"
        figures |= await asyncio.to_thread(
            watcher.summary, contender.watching.seen, contender.stamps, clip, mode, since, until
        )
    return figures


def with_pictures(parts: dict[str, float], pictures_mb: float) -> dict[str, float]:
    """The parts of the memory, with the model's pictures apart from the rest of the anonymous."""
    rest = parts.get(ANONYMOUS, 0.0) - pictures_mb
    return parts | {ANONYMOUS: round(rest, 1), PICTURES: round(pictures_mb, 1)}


@contextlib.asynccontextmanager
async def _process(name: str, arguments: list[str]) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"tests.rigs.bench.contenders.{name}", *arguments),
        env=as_installed(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        await process.wait()
