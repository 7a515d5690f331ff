"""What the runs of several turns say: figures over all of them, and ratios with their intervals.

A run has what was counted in it: CPU seconds, distinct pictures, each delay and each interval
between pictures. Figures are of all turns together, so a percentile is of all pictures that came.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tests.rigs.bench.paired import Estimate, bootstrap

OURS, FLOOR, SCRIPT, BROWSER = "daemon", "bare", "script", "browser"
CONTENDERS = (FLOOR, SCRIPT, OURS, BROWSER)

CORES = "CPU, cores"
PER_PICTURE = "CPU per distinct picture, ms"
RATE = "distinct pictures a second"
SENT, RECEIVED = "pictures handed to the SDK a second", "pictures from the SDK a second"
P50, P99 = "camera to virtual camera, p50, ms", "camera to virtual camera, p99, ms"
JUDDER, SINK_JUDDER = "judder", "judder at the sink's own clock"
LONGEST = "longest still, ms"
ADDED = "delay that the daemon adds, p99, ms"
INWARD = "camera to the SDK in the daemon, p99, ms"
LOST = "slates or stalls"
MEMORY = "resident memory, MB"
FIRST = "start to first picture, s"
LIKENESS = "PSNR, dB"

SECONDS, USED, PICTURES = "seconds", "CPU, s", "pictures"
DELAYS, INTERVALS, SINK_INTERVALS = "delays, ms", "intervals, ms", "intervals at the sink, ms"
PUSHED = "camera to SDK, ms"
WAITED, SLATES, STALLS = "waited in the daemon, ms", "slates", "stalls"

type Run = Mapping[str, Any]
type Runs = Sequence[Run]


def _over(some: str, others: str, times: float = 1.0) -> Callable[[Runs], float]:
    """One sum over another, of all turns."""

    def figure(runs: Runs) -> float:
        below = sum(run[others] for run in runs)
        return times * sum(run[some] for run in runs) / below if below else math.inf

    return figure


def _quantile(key: str, percent: float) -> Callable[[Runs], float]:
    def figure(runs: Runs) -> float:
        values = np.sort(np.concatenate([run[key] for run in runs]))
        # A picture that never came is late beyond measure.
        if not values.size:
            return math.inf
        # Between two ranks as `np.percentile` does it, which would take most of the time.
        place = (values.size - 1) * percent / 100
        low = values[int(place)]
        return float(low + (values[math.ceil(place)] - low) * (place % 1))

    return figure


def _judder(key: str) -> Callable[[Runs], float]:
    """The standard deviation of the intervals, in mean intervals."""

    def figure(runs: Runs) -> float:
        values = np.concatenate([run[key] for run in runs])
        return float(values.std() / values.mean()) if values.size else math.inf

    return figure


def _middle(key: str) -> Callable[[Runs], float]:
    return lambda runs: float(np.median([run[key] for run in runs]))


@dataclass(frozen=True)
class Statistic:
    """A figure of the runs of a contender; `needs` is what a run must have for it."""

    of: Callable[[Runs], float]
    needs: tuple[str, ...]


STATISTICS: Mapping[str, Statistic] = {
    PER_PICTURE: Statistic(_over(USED, PICTURES, 1e3), (USED, PICTURES)),
    CORES: Statistic(_over(USED, SECONDS), (USED, SECONDS)),
    RATE: Statistic(_over(PICTURES, SECONDS), (PICTURES, SECONDS, DELAYS)),
    SENT: Statistic(_over("sent", SECONDS), ("sent", SECONDS)),
    RECEIVED: Statistic(_over("received", SECONDS), ("received", SECONDS)),
    P50: Statistic(_quantile(DELAYS, 50), (DELAYS,)),
    P99: Statistic(_quantile(DELAYS, 99), (DELAYS,)),
    JUDDER: Statistic(_judder(INTERVALS), (INTERVALS,)),
    SINK_JUDDER: Statistic(_judder(SINK_INTERVALS), (SINK_INTERVALS,)),
    LONGEST: Statistic(_quantile(INTERVALS, 100), (INTERVALS,)),
    ADDED: Statistic(_quantile(WAITED, 99), (WAITED,)),
    INWARD: Statistic(_quantile(PUSHED, 99), (PUSHED,)),
    # A daemon shows a card where a script stands still.
    LOST: Statistic(
        lambda runs: float(sum(max(run.get(SLATES, 0), run[STALLS]) for run in runs)), (STALLS,)
    ),
    MEMORY: Statistic(_middle("resident MB"), ("resident MB",)),
    FIRST: Statistic(_middle(FIRST), (FIRST,)),
    LIKENESS: Statistic(_middle(LIKENESS), (LIKENESS,)),
}
COMPARED = (PER_PICTURE, RATE, P50, P99, MEMORY)
"""What is shown as ratios to the others."""


def ratio(ours: float, theirs: float) -> float:
    """How many times theirs."""
    return ours / theirs if theirs else math.inf


def beyond(ours: float, theirs: float) -> float:
    """How much more than theirs."""
    return ours - theirs


def figure(runs: Runs, name: str) -> float | None:
    """A figure of all these runs; None if they do not have it."""
    found = prepared(runs, name)
    return STATISTICS[name].of(found) if found else None


def prepared(runs: Runs, name: str) -> list[dict[str, Any]]:
    """Those runs that have what a figure needs, as arrays."""
    needs = STATISTICS[name].needs
    return [
        {**run, **{key: np.asarray(run[key], float) for key in needs}}
        for run in runs
        if all(run.get(need) is not None for need in needs)
    ]


def estimate(
    runs: Mapping[str, Runs],
    name: str,
    other: str | None = None,
    how: Callable[[float, float], float] = ratio,
) -> Estimate | None:
    """A figure of the daemon, or how it stands to that of another, in the turns that both have.

    None if there is no such turn.
    """
    ours = _by_turn(prepared(runs.get(OURS, ()), name))
    of = STATISTICS[name].of
    if other is None:
        each = list(ours.values())
        return bootstrap(lambda turns: of([each[n] for n in turns]), len(each)) if each else None
    theirs = _by_turn(prepared(runs.get(other, ()), name))
    both = [turn for turn in ours if turn in theirs]
    if not both:
        return None

    def compared(turns: Sequence[int]) -> float:
        drawn = [both[n] for n in turns]
        return how(of([ours[turn] for turn in drawn]), of([theirs[turn] for turn in drawn]))

    return bootstrap(compared, len(both))


def _by_turn(runs: Sequence[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    return {run.get("turn", number): run for number, run in enumerate(runs)}


def ratios(runs: Mapping[str, Runs]) -> dict[str, dict[str, Any]]:
    """The daemon's figures over those of each other, as JSON has them, by name."""
    found = {}
    for other in CONTENDERS:
        for name in COMPARED:
            if other != OURS and (one := estimate(runs, name, other)) is not None:
                found[f"{name}, daemon / {other}"] = asdict(one)
    return found
