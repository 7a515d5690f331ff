"""The whole way against its alternatives: `bare` the floor, `script` a user's own, `daemon` this.

`browser` is Chromium with the JavaScript SDK. One at a time and in turns against the same stand-in,
which hands every picture back. Each turn begins with another of them, so that what the machine does
meanwhile falls on all. There are as many turns as the time allows.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from sana_vcam.config.kinds import Fit
from tests.fakes import jssdk
from tests.rigs.bench import beside as besides
from tests.rigs.bench import machine, threads
from tests.rigs.bench.comparing import FLOOR, PER_PICTURE, STATISTICS, prepared, ratios
from tests.rigs.bench.contenders import browser, telling, watcher
from tests.rigs.bench.contenders.clip import Clip
from tests.rigs.bench.figures import ANONYMOUS, PICTURES, as_installed, memory_parts_mb, rss_mb
from tests.rigs.bench.targets import APP, BURSTS, LARGE, LEAST_TURNS, WAITING
from tests.system.daemon import Standin, running_standin

FIRST_S = 60.0
WINDOW_S = 6.0
CALM_S = 0.5
"""After a contender has told of itself, which stops it for a moment."""
LARGE_SIZE = (1280, 704)
SMALL = (640, 352)
SMOOTH = ("--chunk-frames", "1")
WIRE = ("--wire", "npm")
"""The contenders begin as clients of the first generation do, and count the first picture."""


@dataclass(frozen=True)
class Setting:
    """What is measured: whom, with which stand-in, at which sizes.

    `size` is that of what comes back; `sent` is that of the clip.
    """

    name: str
    size: tuple[int, int]
    standin: tuple[str, ...]
    contenders: tuple[str, ...]
    sent: tuple[int, int]
    settings: tuple[str, ...] = ()
    settle_s: float = 5.0

    @property
    def model(self) -> tuple[str, ...]:
        """The arguments of its stand-in."""
        size = ("--width", str(self.size[0]), "--height", str(self.size[1]))
        return (*size, *WIRE, "--edit", "copy", *self.standin)


ALL = ("bare", "script", "daemon", "browser")
OTHERS = ("script", "daemon", "browser")
APP_SENDS = (f"reactor.send={SMALL[0]}x{SMALL[1]}",)
SETTINGS = (
    Setting(LARGE, LARGE_SIZE, SMOOTH, ALL, LARGE_SIZE),
    Setting(APP, LARGE_SIZE, SMOOTH, ALL, SMALL, APP_SENDS),
)
BESIDE = (
    Setting(APP, LARGE_SIZE, SMOOTH, OTHERS, SMALL, APP_SENDS),
    Setting(LARGE, LARGE_SIZE, SMOOTH, OTHERS, LARGE_SIZE),
)
IN_BURSTS = (
    # A rhythm has to be learnt before it is kept.
    Setting(BURSTS, SMALL, ("--chunk-time", "1.0"), ("script", "daemon"), SMALL, settle_s=10.0),
    Setting(
        "640x352, 24 frames every 1.4 s",
        *(SMALL, ("--chunk-time", "1.4"), ("script", "daemon"), SMALL),
        settle_s=10.0,
    ),
)


async def measure(home: Path, minutes: float, beside: str = "0") -> dict[str, object]:
    """Both shapes in turns, for so many minutes; see `beside` for what may run beside them."""
    if lack := besides.missing(beside):
        raise RuntimeError(lack)
    settings = SETTINGS if beside == "0" else BESIDE
    async with besides.running(beside):
        return await contest(home, settings, minutes)


async def in_bursts(home: Path, minutes: float) -> dict[str, object]:
    """What comes in bursts, in turns, for so many minutes."""
    return await contest(home, IN_BURSTS, minutes)


async def contest(home: Path, settings: Sequence[Setting], minutes: float) -> dict[str, object]:
    """Every setting once in each turn, its contenders one after the other.

    A run that fails is told, and its turn does without it.
    """
    page, lack = await asyncio.to_thread(_page, home, settings)
    clips = _clips(home, settings)
    runs: dict[str, dict[str, list[dict[str, Any]]]] = {
        one.name: {name: [] for name in one.contenders if page or name != "browser"}
        for one in settings
    }
    failed: list[str] = []
    until = time.monotonic() + 60 * minutes
    turn, longest_s = 0, 0.0
    async with contextlib.AsyncExitStack() as stack:
        models = {
            one.model: await stack.enter_async_context(running_standin(*one.model))
            for one in {setting.model: setting for setting in settings}.values()
        }
        while turn == 0 or time.monotonic() + longest_s < until:
            began = time.monotonic()
            for number, one in enumerate(settings):
                names = list(runs[one.name])
                first = turn % len(names)
                for name in names[first:] + names[:first]:
                    print(f"  {one.name}: {name}, turn {turn + 1}", file=sys.stderr)
                    place = home / f"{number}-{name}-{turn}"
                    place.mkdir()
                    model, clip = models[one.model], clips[one.sent]
                    try:
                        run = await _run(name, place, model, clip, one, page)
                    except (AssertionError, TimeoutError, OSError) as error:
                        failed.append(f"{one.name}, {name}, turn {turn + 1}: {error}")
                        print(f"  {failed[-1]}", file=sys.stderr)
                    else:
                        runs[one.name][name].append({"turn": turn} | run)
                    await model.until_session("ready")
            turn += 1
            longest_s = max(longest_s, time.monotonic() - began)
            print(f"  turn {turn} took {time.monotonic() - began:.0f} s", file=sys.stderr)
    found: dict[str, object] = {
        name: {"runs": each, "ratios": ratios(each)} for name, each in runs.items()
    }
    found["machine"] = _judged(runs)
    if turn < LEAST_TURNS:
        print(f"  {turn} turns decide nothing: {LEAST_TURNS} are needed", file=sys.stderr)
    if lack:
        found["left out"] = {"browser": lack}
    return found | ({"failed": failed} if failed else {})


async def _run(
    name: str, place: Path, standin: Standin, clip: Clip, setting: Setting, page: Path | None
) -> dict[str, Any]:
    """The figures of a contender, with what the machine did meanwhile."""
    if name != "browser":
        return await _client(name, place, standin, clip, setting)
    assert page is not None
    profile = place / "profile"
    return await browser.measure(page, profile, standin.url, clip, setting.settle_s, WINDOW_S)


def _judged(runs: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]) -> dict[str, object]:
    """What others did to the machine meanwhile, and why nothing can be judged, if so."""
    during = [run["machine"] for some in runs.values() for each in some.values() for run in each]
    cost = STATISTICS[PER_PICTURE].of
    floors = [
        [cost([run]) for run in prepared(some.get(FLOOR, ()), PER_PICTURE)]
        for some in runs.values()
    ]
    reasons = (machine.too_busy(during, ()), *(machine.too_busy((), one) for one in floors))
    found: dict[str, object] = {"too busy to judge": "; ".join(filter(None, reasons))}
    for key in during[0] if during else ():
        values = [one[key] for one in during]
        found[f"{key}: median, most"] = [round(median(values), 2), round(max(values), 2)]
    return found


def _clips(home: Path, settings: Sequence[Setting]) -> dict[tuple[int, int], Clip]:
    found = {}
    for size in {setting.sent for setting in settings}:
        folder = home / f"clip-{size[0]}"
        folder.mkdir()
        found[size] = Clip(folder, size, 24)
    return found


def _page(home: Path, settings: Sequence[Setting]) -> tuple[Path | None, str | None]:
    """The built page of the browser, or why there is none."""
    if not any("browser" in setting.contenders for setting in settings):
        return None, None
    if (lack := jssdk.missing()) is None:
        try:
            return browser.build(home), None
        except (OSError, subprocess.SubprocessError) as error:
            lack = f"its page could not be built: {error}"
    print(f"  no browser: {lack}", file=sys.stderr)
    return None, lack


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
        arguments += [str(place), f"reactor.track_width={setting.size[0]}"]
        arguments += [f"reactor.track_height={setting.size[1]}", *setting.settings]
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
            await asyncio.sleep(setting.settle_s)
            yield Running(process.pid, stamps, watching, first_s)
    finally:
        watching.close()


async def _client(
    name: str, place: Path, standin: Standin, clip: Clip, setting: Setting
) -> dict[str, Any]:
    async with running(name, place, standin, clip, setting) as contender:
        known = await contender.told()
        await asyncio.sleep(CALM_S)
        begun = machine.look()
        before, since = threads.read(contender.pid), time.monotonic()
        await asyncio.sleep(WINDOW_S)
        after, until = threads.read(contender.pid), time.monotonic()
        meanwhile = machine.between(begun, machine.look())
        figures: dict[str, Any] = {
            "seconds": round(until - since, 3),
            "CPU, s": round(after.total_s - before.total_s, 3),
            "resident MB": round(rss_mb(contender.pid), 1),
            "start to first picture, s": round(contender.first_s, 2),
            "machine": meanwhile,
        }
        parts = memory_parts_mb(contender.pid)
        told = await contender.told()
    names = {int(number): thread for number, thread in told["threads"].items()}
    ended = {name: s - known["ended"].get(name, 0.0) for name, s in told["ended"].items()}
    figures |= threads.figures(threads.between(before, after, names, ended), until - since)
    figures[WAITING] = threads.waiting(before, after, names, until - since)
    figures["memory by part, MB"] = with_pictures(parts, told["pictures"]["MB"])
    figures["the model's pictures in memory"] = told["pictures"]["count"]
    took_s = told[telling.AT] - known[telling.AT]
    for key, what in (("sent", telling.SENT), ("received", telling.RECEIVED)):
        figures[key] = round((told[what] - known[what]) * (until - since) / took_s)
    if name == "bare":
        # It looks at none of them.
        return figures | {"pictures": figures["received"]}
    if name == "daemon":
        figures |= _in_daemon(told, since, until)
        pushed = told[telling.PUSHED_S][known[telling.SENT] :]
        figures["camera to SDK, ms"] = watcher.in_ms(pushed)
    mode: Fit = "crop" if name == "daemon" else "stretch"
    return figures | await asyncio.to_thread(
        watcher.figures, contender.watching.seen, contender.stamps, clip, mode, since, until
    )


def _in_daemon(told: dict[str, Any], since: float, until: float) -> dict[str, Any]:
    """What the daemon's own clocks say of its pictures from `since` to `until`."""
    shown = [
        one
        for one in zip(told[telling.SHOWN_AT], told[telling.WAITED_S], strict=True)
        if since <= one[0] <= until
    ]
    times = [at for at, _ in shown]
    return {
        "waited in the daemon, ms": watcher.in_ms(waited for _, waited in shown),
        "intervals at the sink, ms": watcher.in_ms(b - a for a, b in pairwise(times)),
    }


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
