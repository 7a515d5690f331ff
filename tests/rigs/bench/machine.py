"""How busy the machine was with other things than what is measured (Linux)."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.rigs.bench.figures import percentile

OTHERS, STOLEN = "others, cores", "stolen, cores"
WAITING, LOAD = "something waited for a CPU, % of the time", "load"
MOST_CORES = 0.2
"""What others may take, with what the hypervisor takes, in three of four runs."""
MOST_SPREAD = 1.15
"""How far apart the middle half of the floor's turns may be: it does the same work in each."""
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Look:
    """What has been used since the start, in seconds of one core; `at` is monotonic."""

    at: float
    used_s: float
    """By every process. Not by interrupts, most of which are of the packets that are measured."""
    stolen_s: float
    own_s: float
    """By this process and all that it has started, directly or not."""
    waiting_s: float | None
    """While something was ready and had no CPU; None where the kernel does not tell (PSI)."""


def look() -> Look:
    """Read the kernel's counters."""
    user, nice, system, _idle, _disk, _irq, _softirq, stolen = (
        int(word) / TICKS for word in Path("/proc/stat").read_text().split(maxsplit=9)[1:9]
    )
    return Look(time.monotonic(), user + nice + system, stolen, family_s(os.getpid()), _waiting_s())


def family_s(pid: int) -> float:
    """CPU seconds of a process and all below it, those included that have ended and were awaited.

    What ends between two processes being read may be missed once.
    """
    parents: dict[int, int] = {}
    used: dict[int, float] = {}
    for place in Path("/proc").iterdir():
        if not place.name.isdecimal():
            continue
        try:
            fields = (place / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(place.name)] = int(fields[1])
        used[int(place.name)] = sum(map(int, fields[11:15])) / TICKS
    found, fresh = {pid}, {pid}
    while fresh:
        fresh = {one for one, parent in parents.items() if parent in fresh} - found
        found |= fresh
    return sum(used.get(one, 0.0) for one in found)


def _waiting_s() -> float | None:
    try:
        first = Path("/proc/pressure/cpu").read_text().splitlines()[0]
    except OSError:
        return None
    return int(first.rpartition("=")[2]) / 1e6


def between(before: Look, after: Look) -> dict[str, float]:
    """What others took between two looks, and how the machine was."""
    took = after.at - before.at
    others = after.used_s - before.used_s - (after.own_s - before.own_s)
    found = {
        OTHERS: round(max(0.0, others) / took, 3),
        STOLEN: round((after.stolen_s - before.stolen_s) / took, 3),
        LOAD: round(os.getloadavg()[0], 1),
    }
    if before.waiting_s is not None and after.waiting_s is not None:
        found[WAITING] = round(100 * (after.waiting_s - before.waiting_s) / took, 1)
    return found


async def watched(measuring: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    """The figures of a measure, with what others did meanwhile and whether they can be judged."""
    before = look()
    found = await measuring
    meanwhile = between(before, look())
    return found | {"machine": {"too busy to judge": too_busy([meanwhile], ())} | meanwhile}


def too_busy(during: Sequence[Mapping[str, Any]], floor: Sequence[float]) -> str:
    """Why nothing can be judged by these runs, as words; empty if something can.

    `during` is what `between` says of each run. `floor` is what the contender that cannot do
    better has cost in each turn, in any unit; it may be empty.
    """
    why = []
    if during:
        taken = percentile([one[OTHERS] + one[STOLEN] for one in during], 75)
        if taken > MOST_CORES:
            why.append(
                f"in every fourth run others took {taken:.2f} cores or more, "
                f"where {MOST_CORES:g} can be borne"
            )
    if len(floor) >= 4:
        spread = percentile(floor, 75) / percentile(floor, 25)
        if spread > MOST_SPREAD:
            why.append(
                f"the same work of the bare SDK cost {spread:.2f} times as much in some turns as "
                f"in others, where {MOST_SPREAD:g} can be borne"
            )
    return "; ".join(why)
