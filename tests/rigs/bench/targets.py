"""What was aimed at, and what the figures say of it: met, missed, or not decided.

A target is met if the whole interval of its figure is on the right side, and missed if it is on the
wrong one. Anything else is not decided, and so is all that was measured beside other work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import Any

from tests.rigs.bench.comparing import (
    ADDED,
    BROWSER,
    FLOOR,
    JUDDER,
    LOST,
    MEMORY,
    P50,
    P99,
    PER_PICTURE,
    RATE,
    SCRIPT,
    SINK_JUDDER,
    beyond,
    estimate,
    ratio,
)
from tests.rigs.bench.paired import Estimate
from tests.rigs.bench.plots import number

LARGE = "1280x704 both ways"
APP = "640x352 sent, 1280x704 back"
BURSTS = "640x352, 24 frames every 1.0 s"
QUIET, IN_BURSTS = "pipeline", "bursts"
BESIDE = {"1": "beside 1", "2": "beside 2", "encoder": "beside encoder"}
"""The name of a contest by what runs beside it."""
CONTESTS = (QUIET, IN_BURSTS, *BESIDE.values())
OUTPUT_FPS = 24.0
INTERVAL_MS = 1e3 / OUTPUT_FPS
STARVED = 0.9
"""Below this part of the rate a contender does less of the job, and its CPU says less."""
LEAST_TURNS = 6
"""Of fewer turns no interval holds the true figure in 95 of 100 measurements."""
TIE = 0.01
"""Rates that are as close as this are the same: a picture at the edge of a turn is in it or not."""
IDLE = "CPU without a viewer, % of a core"
WAKE_UPS = "wake-ups a second"
COLD = "work after a second's rest, times its usual"
WAITING = "ready and without a CPU by thread, part of the time"
FIRST_SLATE = "first slate, ms"
INTERVAL = "95 % interval"


class Verdict(StrEnum):
    """What a figure says of its target."""

    MET = "met"
    MISSED = "missed"
    UNDECIDED = "not decided"
    UNMEASURED = "not measured"


@dataclass(frozen=True)
class Wanted:
    """A target of a contest: a figure of the daemon, alone or against another's."""

    contest: str
    setting: str
    figure: str
    limit: float
    other: str | None = None
    how: Callable[[float, float], float] = ratio
    at_most: bool = True

    @property
    def name(self) -> str:
        """What is judged, in words."""
        if self.other is None:
            against = ""
        elif self.how is ratio:
            against = f" ÷ the {self.other}'s"
        else:
            against = f", above the {self.other}'s"
        return f"{self.figure}{against}; {self.place}"

    @property
    def place(self) -> str:
        """Where it is judged."""
        named = f"{self.setting}, {self.contest}"
        return named if self.contest in BESIDE.values() else self.setting

    @property
    def words(self) -> str:
        """How it is wanted."""
        return f"{'≤' if self.at_most else '≥'} {number(self.limit)}"


def _beside(contest: str, setting: str) -> Iterator[Wanted]:
    yield Wanted(contest, setting, RATE, 1.0 - TIE, SCRIPT, at_most=False)
    yield Wanted(contest, setting, RATE, 0.9, BROWSER, at_most=False)
    yield Wanted(contest, setting, P50, 1.1, SCRIPT)
    yield Wanted(contest, setting, PER_PICTURE, 1.0, SCRIPT)
    yield Wanted(contest, setting, LOST, 0.0, SCRIPT, beyond)


WANTED = (
    Wanted(QUIET, LARGE, PER_PICTURE, 3.0, FLOOR, beyond),
    Wanted(QUIET, LARGE, PER_PICTURE, 1.08, FLOOR),
    Wanted(QUIET, LARGE, PER_PICTURE, 0.75, SCRIPT),
    Wanted(QUIET, APP, PER_PICTURE, 1.0, BROWSER),
    Wanted(QUIET, LARGE, MEMORY, 25.0, FLOOR, beyond),
    Wanted(IN_BURSTS, BURSTS, P99, round(1.5 * INTERVAL_MS, 1), SCRIPT, beyond),
    Wanted(IN_BURSTS, BURSTS, JUDDER, 0.12),
    Wanted(QUIET, APP, ADDED, round(INTERVAL_MS, 1)),
    Wanted(BESIDE["1"], APP, ADDED, round(1.5 * INTERVAL_MS, 1)),
    Wanted(QUIET, LARGE, JUDDER, 0.15),
    Wanted(QUIET, LARGE, SINK_JUDDER, 0.15),
    *(
        one
        for contest in BESIDE.values()
        for place in (APP, LARGE)
        for one in _beside(contest, place)
    ),
)


@dataclass(frozen=True)
class Target:
    """One row of the table."""

    name: str
    wanted: str
    seen: str = ""
    verdict: Verdict = Verdict.UNMEASURED
    why: str = ""
    """What the verdict does not say: both figures, or why nothing is decided."""


def targets(figures: Mapping[str, Any]) -> list[Target]:
    """Every target, in the order of their weight."""
    contests = [_contest(figures, wanted) for wanted in WANTED]
    alone = [_idle(figures), _wake_ups(figures), _startup(figures), _imports(figures)]
    quiet = sum(wanted.contest not in BESIDE.values() for wanted in WANTED)
    return [*contests[:quiet], *alone, *contests[quiet:]]


def dig(found: Any, *keys: str) -> Any:
    """What is at the end of the keys; None if it is not there."""
    for key in keys:
        if not isinstance(found, Mapping) or key not in found:
            return None
        found = found[key]
    return found


def middle(runs: Sequence[Mapping[str, Any]], key: str) -> dict[str, float]:
    """The median of each part of what the runs have under `key`; a part that is missing is 0."""
    found = [run[key] for run in runs if key in run]
    parts = {part: None for each in found for part in each}
    return {part: median(each.get(part, 0.0) for each in found) for part in parts}


def judge(found: Estimate, limit: float, *, at_most: bool = True) -> Verdict:
    """Whether the whole interval is on the right side, or on the wrong one."""
    if found.turns < LEAST_TURNS:
        return Verdict.UNDECIDED
    if (found.high <= limit) if at_most else (found.low >= limit):
        return Verdict.MET
    if (found.low > limit) if at_most else (found.high < limit):
        return Verdict.MISSED
    return Verdict.UNDECIDED


def with_interval(found: Estimate) -> str:
    """A figure and its interval, as words."""
    return f"{number(found.value)} ({number(found.low)} to {number(found.high)})"


def _contest(figures: Mapping[str, Any], wanted: Wanted) -> Target:
    runs = dig(figures, wanted.contest, wanted.setting, "runs") or {}
    found = estimate(runs, wanted.figure, wanted.other, wanted.how)
    if found is None:
        return Target(wanted.name, wanted.words)
    verdict, why = judge(found, wanted.limit, at_most=wanted.at_most), []
    if busy := dig(figures, wanted.contest, "machine", "too busy to judge"):
        verdict = Verdict.UNDECIDED
        why.append(f"too busy to judge: {busy}")
    if found.turns < LEAST_TURNS:
        why.append(f"{found.turns} turns, and {LEAST_TURNS} are needed")
    if wanted.other is not None:
        why.append(_starved(runs, wanted.other))
    return Target(
        wanted.name, wanted.words, with_interval(found), verdict, "; ".join(filter(None, why))
    )


def _starved(runs: Mapping[str, Any], other: str) -> str:
    """That a contender delivers too few pictures to be compared by what it takes, if it does."""
    rate = estimate({"daemon": runs[other]}, RATE)
    if rate is None or rate.value >= STARVED * OUTPUT_FPS:
        return ""
    return f"the {other} delivered {rate.value:.1f} of {OUTPUT_FPS:g} pictures a second"


def _measured(
    figures: Mapping[str, Any], name: str, keys: tuple[str, str], most: float, unit: str
) -> Target:
    """A target of a measure that tells its own interval."""
    wanted = f"≤ {most:g} {unit}".rstrip()
    found = dig(figures, *keys)
    if not found or INTERVAL not in found:
        return Target(name, wanted)
    low, high = found[INTERVAL]
    one = Estimate(found["median"], low, high, found["turns"])
    if busy := dig(figures, keys[0], "machine", "too busy to judge"):
        why = f"too busy to judge: {busy}"
        return Target(name, wanted, with_interval(one), Verdict.UNDECIDED, why)
    return Target(name, wanted, with_interval(one), judge(one, most))


def _idle(figures: Mapping[str, Any]) -> Target:
    cold = dig(figures, "idle", COLD)
    found = _measured(figures, "Idle, nobody watches", ("idle", IDLE), 0.5, "% of a core")
    if cold is None or found.verdict is not Verdict.MISSED:
        return found
    return Target(found.name, found.wanted, found.seen, found.verdict, f"{COLD}: {cold:g}")


def _wake_ups(figures: Mapping[str, Any]) -> Target:
    name = "Wake-ups, nobody watches"
    return _measured(figures, name, ("idle", WAKE_UPS), 3.0, "a second")


def _startup(figures: Mapping[str, Any]) -> Target:
    return _measured(figures, "Start to the first card", ("startup", FIRST_SLATE), 400.0, "ms")


def _imports(figures: Mapping[str, Any]) -> Target:
    name, wanted = "import sana_vcam, and the command line", "without OpenCV"
    imports = dig(figures, "idle", "imports")
    if not imports:
        return Target(name, wanted)
    guilty = [module for module, found in imports.items() if "cv2" in found["of the heavy ones"]]
    took = dig(imports, "sana_vcam", "median, ms")
    why = f"loaded by {', '.join(guilty)}" if guilty else ""
    return Target(name, wanted, f"{took:g} ms", Verdict.MISSED if guilty else Verdict.MET, why)
