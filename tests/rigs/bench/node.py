"""The PipeWire node in a private session: its CPU, its delay, its readers, and how soon they see.

CPU is that of the process that feeds, less one that does all but the feeding, in many short turns
with what the alternative costs (`paired`). The alternative is v4l2loopback, which takes a frame by
one write(): the kernel copies it into memory of its own. Here is no such module, so two that stand
for it are measured: a write() into a memfd, which finds each page of it anew and so costs more, and
a copy in memory, than which nothing costs less. `guest` measures the module itself against a copy.

Readers are GStreamer, each into a FIFO. A delay ends when the whole picture has come out of that.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from tests.rigs.bench.contenders.watcher import FRAME_BYTES, HEIGHT, WIDTH, Watcher
from tests.rigs.bench.figures import cpu_seconds, summary_ms
from tests.rigs.bench.paired import difference
from tests.rigs.faults.desktop import OWN
from tests.rigs.pipewire import VERSIONS, PipeWireMissing, Session
from tests.system.daemon import Bridge, running_daemon, running_standin

ROOT = Path(__file__).parents[3]
SETTLE_S = 2.0
TURN_S = 0.8
KINDS = ("none", "copy", "write", "node")
"""What takes turns: all but the feeding, a copy in memory, one write(), and the node."""
READ_BY = {"nobody reads": 0, "one reads": 1, "three read": 3}
LINGER_S = 2.0


async def measure(home: Path, long: bool) -> dict[str, object]:
    """With the installed PipeWire; `long`: with the newer one as well."""
    found: dict[str, object] = {}
    for name in ("debian", "newer") if long else ("debian",):
        folder = home / name
        folder.mkdir()
        try:
            with Session(VERSIONS[name], microphone=False) as session:
                found[name] = await _one(
                    session, folder, *((40, 6, 10.0) if long else (21, 3, 5.0))
                )
        except PipeWireMissing as error:
            found[name] = {"left out": str(error)}
    return found


async def _one(
    session: Session, folder: Path, rounds: int, turns: int, seconds: float
) -> dict[str, object]:
    costs = {
        name: await asyncio.to_thread(_in_turns, session, folder, readers, rounds)
        for name, readers in READ_BY.items()
    }
    runs: dict[int, list[dict[str, Any]]] = {1: [], 3: []}
    for turn in range(turns):
        for readers, found in runs.items():
            print(f"  {readers} read, turn {turn + 1} of {turns}", file=sys.stderr)
            found.append(await asyncio.to_thread(_run, session, folder, readers, seconds))
    return {
        "PipeWire": session.run("pw-cli", "--version").split()[-1],
        "ms of CPU a frame": {f"node, {name}": _cost(cost) for name, cost in costs.items()},
        "PipeWire's own, ms of CPU a frame": {
            f"{readers} read": round(median(one["server_ms"] for one in found), 3)
            for readers, found in runs.items()
        },
        "one reader": _reading(runs[1]),
        "three readers": _reading(runs[3]),
        "on demand": await _on_demand(session, folder, turns),
    }


def _cost(turns: dict[str, list[float]]) -> dict[str, object]:
    return {
        "a copy in memory": difference(turns["copy"], turns["none"]),
        "a write() as v4l2loopback's": difference(turns["write"], turns["none"]),
        "the node": difference(turns["node"], turns["none"]),
        "the node less a write()": difference(turns["node"], turns["write"]),
        "the node less a copy": difference(turns["node"], turns["copy"]),
    }


def _reading(runs: list[dict[str, Any]]) -> dict[str, object]:
    delays = [one for run in runs for one in run["delays"]]
    return {
        "delay, ms": summary_ms(delays),
        "frames a second of each": sorted(rate for run in runs for rate in run["rates"]),
        "frames without a buffer": sum(run["dropped"] for run in runs),
    }


# Contenders


class Feeder:
    """The process that feeds."""

    def __init__(self, session: Session, kind: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.rigs.bench.contenders.nodefeed", kind],
            env={**session.environment, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, turn_s: float | None = None) -> dict[str, Any]:
        """Ask for its figures so far, or those of a turn."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n" if turn_s is None else f"{turn_s}\n")
        self._process.stdin.flush()
        return self._line()

    def end(self) -> dict[int, float]:
        """End it; when it gave each picture."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            return dict(self._line()["stamps"])
        finally:
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process.wait()

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found


@contextlib.contextmanager
def _reader(session: Session, place: Path, number: int, *source: str) -> Iterator[Watcher]:
    """A program that reads the node, or another source, and what came out of it."""
    fifo = place / f"reader{number}"
    watcher = Watcher(fifo)
    name = f"reader{number}"
    try:
        session.spawn(
            name,
            *("gst-launch-1.0", "-q", *(source or ("pipewiresrc", "target-object=sana_vcam"))),
            *("!", f"video/x-raw,format=I420,width={WIDTH},height={HEIGHT}"),
            *("!", "filesink", "sync=false", f"blocksize={FRAME_BYTES}"),
            *("buffer-mode=unbuffered", f"location={fifo}"),
        )
        yield watcher
    finally:
        session.stop(name)
        watcher.close()
        fifo.unlink()


def _has_port(session: Session) -> bool:
    node = session.nodes().get("sana_vcam")
    return node is not None and node["n-output-ports"] == 1


@contextlib.contextmanager
def being_read(session: Session, folder: Path, count: int) -> Iterator[list[Watcher]]:
    """So many readers of the node, all of which see something."""
    with tempfile.TemporaryDirectory(dir=folder) as place, contextlib.ExitStack() as stack:
        session.until("the node", lambda: _has_port(session))
        watchers = [
            stack.enter_context(_reader(session, Path(place), number)) for number in range(count)
        ]
        for one in watchers:
            assert one.first.wait(60), "the reader sees nothing"
        yield watchers


def _in_turns(session: Session, folder: Path, readers: int, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of CPU a frame of each kind, in each of the rounds."""
    print(f"  {readers} read, {rounds} rounds", file=sys.stderr)
    found: dict[str, list[float]] = {kind: [] for kind in KINDS}
    feeders = {kind: Feeder(session, kind) for kind in KINDS}
    try:
        with being_read(session, folder, readers):
            for turn in range(1 + rounds):
                # Each follows each of the others as often.
                order = KINDS[turn % len(KINDS) :] + KINDS[: turn % len(KINDS)]
                for kind in order if turn % 2 else order[::-1]:
                    one = feeders[kind].ask(TURN_S)
                    # In the first round all stop feeding without turns.
                    if turn:
                        found[kind].append(1e3 * one["cpu_s"] / one["frames"])
    finally:
        for feeder in feeders.values():
            feeder.end()
    return found


def _run(session: Session, folder: Path, readers: int, seconds: float) -> dict[str, Any]:
    """Feed the node alone, and see what comes out."""
    server = session._processes["pipewire"].pid
    feeder = Feeder(session, "node")
    try:
        with being_read(session, folder, readers) as watchers:
            time.sleep(SETTLE_S)
            before, served, since = feeder.ask(), cpu_seconds(server), time.monotonic()
            time.sleep(seconds)
            after, ended = feeder.ask(), time.monotonic()
            served = cpu_seconds(server) - served
    finally:
        stamps = feeder.end()
    frames = after["frames"] - before["frames"]
    steady = [[at for at in one.seen.pictures if since <= at[1] <= ended] for one in watchers]
    return {
        "server_ms": 1e3 * served / frames,
        "dropped": after["dropped"] - before["dropped"],
        "delays": [at - stamps[number] for seen in steady for number, at in seen],
        "rates": [round(len(seen) / (ended - since), 2) for seen in steady],
    }


# On demand


async def _on_demand(session: Session, folder: Path, turns: int) -> dict[str, object]:
    """Camera and session are off; a reader comes, sees a card and the model's picture, and goes.

    What GStreamer takes to start is measured with a source of its own, and taken off.
    """
    within = {key: text for key, text in session.environment.items() if key not in OWN}
    settings = {
        "SINK__KIND": "pipewire",
        "CAPTURE__WHEN": "watched",
        "CAPTURE__LINGER_S": str(LINGER_S),
    }
    starts, turned = [], []
    async with (
        running_standin("--width", "640", "--height", "352") as standin,
        running_daemon(folder, standin.url, extra=within, **settings) as bridge,
    ):
        await asyncio.to_thread(session.until, "the node", lambda: _has_port(session))
        for turn in range(turns):
            print(f"  on demand, turn {turn + 1} of {turns}", file=sys.stderr)
            starts.append(await asyncio.to_thread(_start_alone, session, folder))
            turned.append(await _turn(session, folder, bridge))
    own = median(starts)
    return {
        "GStreamer's own start, ms": summary_ms(starts),
        **{what: summary_ms([one[what] for one in turned]) for what in turned[0]},
        "first frame, beyond GStreamer's own start, ms": round(
            1e3 * (median(one[FIRST] for one in turned) - own), 1
        ),
        "demand known, beyond GStreamer's own start, ms": round(
            1e3 * (median(one[KNOWN] for one in turned) - own), 1
        ),
    }


FIRST = "reader started to first frame, ms"
KNOWN = "reader started to demand known, ms"
LIVE = "demand known to live, ms"
LEFT = "reader gone to nobody watches, ms"
CLOSED = "nobody watches to camera off, beyond the linger, ms"


def _start_alone(session: Session, folder: Path) -> float:
    began = time.monotonic()
    with _reader(session, folder, 9, "videotestsrc", "is-live=false") as watcher:
        _first_frame(watcher)
        return time.monotonic() - began


def _first_frame(watcher: Watcher) -> float:
    deadline = time.monotonic() + 60
    while not watcher.seen.frames:
        assert time.monotonic() < deadline, "no frame"
        time.sleep(0.002)
    return time.monotonic()


async def _turn(session: Session, folder: Path, bridge: Bridge) -> dict[str, float]:
    control = bridge.control
    await control.until(lambda s: s["viewers"] == 0 and s["camera"] == "off", "quiet")
    began = time.monotonic()
    reading = _reader(session, folder, 0)
    watcher = await asyncio.to_thread(reading.__enter__)
    first = asyncio.create_task(asyncio.to_thread(_first_frame, watcher))
    try:
        await control.until(lambda s: s["viewers"] == 1, "a reader")
        known = time.monotonic()
        await control.until(lambda s: s["output"] == "live", "live")
        live = time.monotonic()
        first_at = await first
    finally:
        gone = time.monotonic()
        await asyncio.to_thread(reading.__exit__, None, None, None)
    await control.until(lambda s: s["viewers"] == 0, "nobody")
    left = time.monotonic()
    await control.until(lambda s: s["camera"] == "off" and not s["session_wanted"], "off")
    return {
        FIRST: first_at - began,
        KNOWN: known - began,
        LIVE: live - known,
        LEFT: left - gone,
        CLOSED: time.monotonic() - left - LINGER_S,
    }
