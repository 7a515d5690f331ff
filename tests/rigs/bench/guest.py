"""The daemon at the real driver, in a guest that has it: against a pipe and the bare SDK client.

One boot of the newest kernel with the newest v4l2loopback (`tests.rigs.guest`), which have to be
built beforehand: `python -m tests.rigs.guest.rig build`. What counts are ratios, each within one
turn.

CPU is told three times. The guest's own accounting knows each process whole, but in steps of a
tick, and takes time that the host gave to others for its own. The host's accounting is exact: of
the whole guest (model and consumer included), and of the client outside of the guest's kernel.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from tests.rigs.guest.inside.bench import (
    BARE,
    DRIVER,
    KEEPS_UP,
    MEASURED,
    MEASURING,
    PIPE,
    TRACKS,
)
from tests.rigs.guest.inside.bench_writes import COPY, HANDED, TAKEN, UNWATCHED, WATCHED
from tests.rigs.guest.rig import Guest, RigMissing
from tests.rigs.guest.settings import Report, Setting

# With one processor: User Mode Linux's own locks cost more than a second one brings.
GUEST = Guest("uml", udev=True, cpus=1)
SETTING = Setting("bench", GUEST, 1, ("bench", "bench_writes"), timeout_s=2400)
STUB = "uml-userspace"
"""Of User Mode Linux, the program that runs one process of the guest outside of its kernel."""
CPU = "CPU, cores"
WHOLE = "CPU by the host, whole guest, cores"
CLIENT = "CPU by the host, client without its system calls, cores"
PAIRS = ((PIPE, BARE), (DRIVER, BARE), (DRIVER, PIPE))
WRITES = (UNWATCHED, WATCHED, HANDED, TAKEN)

type Windows = dict[str, list[dict[str, float]]]
"""For each contender what the host spent in its runs, in their order."""


async def measure(home: Path, long: bool) -> dict[str, object]:
    """Everything in one boot, or why this machine cannot."""
    length = "long" if long else "short"
    names = [f"bench_writes.{length}", f"bench.{length}"]
    folder = home / "guest"
    folder.mkdir()
    told = Told()
    loads = [os.getloadavg()[0]]
    try:
        with redirect_stdout(told), interruptible():
            report = SETTING.run(folder, names)
    except RigMissing as error:
        return left_out(str(error))
    if not report.results:
        return left_out(f"the guest did not come up: {report.died}")
    loads.append(os.getloadavg()[0])
    load = [round(one, 1) for one in loads]
    return figures(report, names, told.windows) | {"load of the host, before and after": load}


def left_out(why: str) -> dict[str, object]:
    """Say that there are no figures."""
    print(f"  left out: {why}", file=sys.stderr)
    return {"left out": why}


@contextmanager
def interruptible() -> Iterator[None]:
    """Let Ctrl-C end a wait that the event loop knows nothing of; the guest goes with it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# What the host spends


@dataclass(frozen=True)
class Spent:
    """CPU seconds that a guest has used until `at`, by the host's accounting."""

    at: float
    whole_s: float
    stubs: Mapping[int, float] = field(default_factory=dict)
    """Of each process of the guest that lives, by the host's ticks at its start."""

    def until(self, later: Spent) -> dict[str, float]:
        """Cores in between; the client is the newest process that lived all the time."""
        seconds = later.at - self.at
        client = max(self.stubs.keys() & later.stubs.keys())
        used = later.stubs[client] - self.stubs[client]
        return {
            WHOLE: round((later.whole_s - self.whole_s) / seconds, 3),
            CLIENT: round(used / seconds, 3),
        }


def spent() -> Spent:
    """What the guest has used that this process has started. Linux."""
    ticks = os.sysconf("SC_CLK_TCK")
    rows = [row for one in Path("/proc").iterdir() if one.name.isdecimal() for row in _stat(one)]
    guests = {pid for pid, _, fields in rows if int(fields[1]) == os.getpid()}
    whole, stubs = 0, {}
    for pid, name, fields in rows:
        if int(fields[3]) in guests:
            used = int(fields[11]) + int(fields[12])
            # Those that have ended are counted in their parent.
            whole += used + (int(fields[13]) + int(fields[14]) if pid in guests else 0)
            if name == STUB:
                stubs[int(fields[19])] = used / ticks
    return Spent(time.monotonic(), whole / ticks, stubs)


def _stat(process: Path) -> Iterator[tuple[int, str, list[str]]]:
    """Number, name and the further fields (from the state on) of a process, unless it has ended."""
    try:
        text = (process / "stat").read_text()
    except OSError:
        return
    name, _, rest = text.partition("(")[2].rpartition(")")
    yield int(process.name), name, rest.split()


class Told(io.TextIOBase):
    """Passes on what the guest says; at its marks, looks at what the host has spent."""

    def __init__(self, look: Callable[[], Spent] = spent) -> None:
        self._look = look
        self._line = ""
        self._since: Spent | None = None
        self.windows: Windows = {}

    def write(self, piece: str) -> int:
        sys.stderr.write(piece)
        *lines, self._line = (self._line + piece).split("\n")
        for line in lines:
            self._take(line)
        return len(piece)

    def _take(self, line: str) -> None:
        if line.startswith(MEASURING):
            self._since = self._look()
        elif line.startswith(MEASURED) and self._since is not None:
            name = line.removeprefix(MEASURED)
            self.windows.setdefault(name, []).append(self._since.until(self._look()))
            self._since = None


# The figures


def figures(report: Report, names: Sequence[str], windows: Windows) -> dict[str, object]:
    """What the scenarios saw. Raises `AssertionError` if one of them failed or never ended."""
    seen: dict[str, Any] = {}
    for name in names:
        result = report.results.get(name)
        assert result is not None, f"{name} gave no result: {report.died}"
        assert not result.error, f"{name} failed:\n{result.error}"
        seen |= result.seen
    return {
        "distinct pictures a second, daemon at the driver, by the track": seen["tried"],
        "one write of a 1280x720 I420 frame, ms": seen["writes"],
        "median write, copies in memory": copies(seen["writes"]),
        "the whole way": whole_way(seen, windows),
    }


def whole_way(seen: Mapping[str, Any], windows: Windows) -> dict[str, object]:
    """The contenders' runs and ratios; why not, if the guest kept up at no track."""
    if "runs" not in seen:
        return left_out(f"the guest is too slow on this machine now, even for {TRACKS[-1]}")
    runs = {
        name: [run | window for run, window in zip(each, windows[name], strict=True)]
        for name, each in seen["runs"].items()
    }
    return {"track": seen["track"], **ratios(runs), "runs": runs}


def ratios(runs: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, object]:
    """CPU of one contender over that of another in the same turn: the median, and each turn.

    A turn in which one of them did not keep up with the camera does not count.
    """
    found: dict[str, object] = {}
    for key in (CPU, WHOLE, CLIENT):
        for one, other in PAIRS:
            each = [
                round(ours[key] / theirs[key], 3)
                for ours, theirs in zip(runs[one], runs[other], strict=True)
                if ours.get(KEEPS_UP, True) and theirs.get(KEEPS_UP, True)
            ]
            name = f"{key.removesuffix(', cores')}: {one} / {other}"
            found[name] = (
                {"median": round(median(each), 3), "by turn": each}
                if each
                else "none: in no turn did both keep up"
            )
    return found


def copies(writes: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The median of each way of writing, in copies of the frame within the guest's memory."""
    return {name: round(writes[name]["p50"] / writes[COPY]["p50"], 2) for name in WRITES}
