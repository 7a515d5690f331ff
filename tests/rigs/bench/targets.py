"""What was aimed at, and what the figures say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.rigs.bench.figures import PICTURES
from tests.rigs.bench.plots import number
from tests.rigs.bench.threads import SDK_GROUPS

PER_PICTURE = "CPU per distinct picture, ms"
LARGE, SMALL = "1280x704, smooth", "640x352, smooth"
BURSTS = ("640x352, 24 frames every 1.0 s", "640x352, 24 frames every 1.4 s")
OUTPUT_FPS = 24.0
RATE = "distinct frames a second"
STARVED = 0.9
"""Below this part of the rate a contender does less of the job, and its CPU says less."""
CPU_RATIOS = (("bare", 1.15), ("script", 0.7), ("browser", 0.3))
OUTWARD = "SDK callback to sink returned, ms"
WORK = "tick to sink returned, ms"
INWARD = "camera read to push returned, ms"
GROUPS = "CPU by group, cores"
PARTS = "memory by part, MB"
IDLE = "CPU without a viewer, % of a core"
WAKE_UPS = "wake-ups a second"
COLD = "work after a second's rest, times its usual"
LEAST = "least delay (playout.max_delay_ms=0)"


@dataclass(frozen=True)
class Target:
    """One row of the table; `met` is None where nothing was measured."""

    name: str
    wanted: str
    seen: str = ""
    met: bool | None = None
    why: str = ""
    """If it was not met: what the figures themselves say about the limit."""


def targets(figures: Mapping[str, Any]) -> list[Target]:
    """Every target, in the order of their weight."""
    return [
        *(_cpu(figures, other, most) for other, most in CPU_RATIOS),
        _delay(figures, "smooth", "usual", 1e3 / OUTPUT_FPS, "one output interval, 41.7 ms"),
        _delay(figures, "least delay", LEAST, 5.0, "5 ms"),
        *(_judder(figures, setting, 0.10) for setting in (LARGE, SMALL)),
        *(_judder(figures, setting, 0.25) for setting in BURSTS),
        _idle(figures),
        _memory(figures),
        _startup(figures),
        _imports(figures),
    ]


def dig(found: Any, *keys: str) -> Any:
    """What is at the end of the keys; None if it is not there."""
    for key in keys:
        if not isinstance(found, Mapping) or key not in found:
            return None
        found = found[key]
    return found


def _most(name: str, value: float | None, most: float, unit: str, why: str = "") -> Target:
    wanted = f"≤ {most:g} {unit}".rstrip()
    if value is None:
        return Target(name, wanted)
    met = value <= most
    return Target(name, wanted, f"{number(value)} {unit}".rstrip(), met, "" if met else why)


def _values(figures: Mapping[str, Any], setting: str, contender: str, key: str) -> list[float]:
    runs = dig(figures, "pipeline", setting, "runs", contender) or []
    return [run[key] for run in runs if key in run]


def _median(figures: Mapping[str, Any], setting: str, contender: str, key: str) -> float | None:
    values = _values(figures, setting, contender, key)
    return median(values) if values else None


def middle(runs: Sequence[Mapping[str, Any]], key: str) -> dict[str, float]:
    """The median of each part of what the runs have under `key`; a part that is missing is 0."""
    found = [run[key] for run in runs if key in run]
    parts = {part: None for each in found for part in each}
    return {part: median(each.get(part, 0.0) for each in found) for part in parts}


def _cpu(figures: Mapping[str, Any], other: str, most: float) -> Target:
    ratio = dig(figures, "pipeline", LARGE, f"CPU, daemon / {other}")
    bare, theirs, ours = (
        _median(figures, LARGE, name, "CPU, cores") for name in ("bare", other, "daemon")
    )
    why = ""
    if ours and theirs:
        why = f"{ours:.3f} against {theirs:.3f} cores{_per_picture(figures, other)}"
    if _starved(figures, other):
        rate = _median(figures, LARGE, other, RATE)
        why += f"; it delivered {rate:.1f} of {OUTPUT_FPS:g} pictures a second"
    elif bare and theirs and other != "bare":
        why += f"; the bare SDK client is {bare / theirs:.2f} of it"
        if bare / theirs > most:
            why += ", so no client of this SDK can meet it"
    why += _sdk_share(figures, other, most)
    return _most(f"CPU of the daemon ÷ {other}, {LARGE}", ratio, most, "", why)


def _sdk_share(figures: Mapping[str, Any], other: str, most: float) -> str:
    """What the SDK's own threads take in both, and whether they alone are too much.

    They encode and decode what comes, so that is said only where both deliver all pictures.
    """
    ours, theirs = (_sdk_cores(figures, name) for name in ("daemon", other))
    if ours is None:
        return ""
    words = f"; the SDK's own threads take {ours[0]:.2f} of {ours[1]:.2f} cores in the daemon"
    if theirs is not None:
        words += f" and {theirs[0]:.2f} of {theirs[1]:.2f} in the {other}"
    whole = theirs[1] if theirs else _median(figures, LARGE, other, "CPU, cores")
    if whole and not any(_starved(figures, name) for name in ("daemon", other)):
        least = ours[0] / whole
        words += f": without any code around them the ratio is {least:.2f}"
        words += ", above the target" if least > most else ""
    return words


def _starved(figures: Mapping[str, Any], contender: str) -> bool:
    """Whether it is known to deliver too few pictures to be compared."""
    rate = _median(figures, LARGE, contender, RATE)
    return rate is not None and rate < STARVED * OUTPUT_FPS


def _sdk_cores(figures: Mapping[str, Any], contender: str) -> tuple[float, float] | None:
    """Cores of the SDK's own threads, and of all; None of a contender without such threads."""
    groups = middle(dig(figures, "pipeline", LARGE, "runs", contender) or [], GROUPS)
    own = [cores for group, cores in groups.items() if group in SDK_GROUPS]
    return (sum(own), sum(groups.values())) if own else None


def _per_picture(figures: Mapping[str, Any], other: str) -> str:
    """What a picture costs, where both deliver some: a starved one does less of the job."""
    runs = [dig(figures, "pipeline", LARGE, "runs", name) or [] for name in ("daemon", other)]
    each = [[cost for run in some if (cost := per_picture_ms(run))] for some in runs]
    if not all(each):
        return ""
    ours, theirs = (median(costs) for costs in each)
    return f", {ours:.1f} against {theirs:.1f} ms per distinct picture"


def per_picture_ms(run: Mapping[str, Any]) -> float | None:
    """CPU milliseconds for each distinct picture of a run; None if it delivers none."""
    rate = run.get(RATE)
    return run["CPU, cores"] / rate * 1e3 if rate else None


def _delay(figures: Mapping[str, Any], mode: str, row: str, most: float, words: str) -> Target:
    name, wanted = f"Delay added after the SDK's callback, p99, {mode}", f"≤ {words}"
    runs = dig(figures, "sizes", "runs", row) or []
    p99 = {key: _p99(runs, key) for key in (OUTWARD, WORK, INWARD)}
    seen = p99[OUTWARD]
    if seen is None:
        return Target(name, wanted)
    parts = [f"{key.removesuffix(', ms')} p99 {p99[key]:.1f} ms" for key in (WORK, INWARD)]
    met = seen <= most
    return Target(name, wanted, f"{seen:.1f} ms", met, "" if met else "; ".join(parts))


def _p99(runs: list[dict[str, Any]], key: str) -> float | None:
    values = [run[key]["p99"] for run in runs if "p99" in run[key]]
    return median(values) if values else None


def _judder(figures: Mapping[str, Any], setting: str, most: float) -> Target:
    value = _median(figures, setting, "daemon", "judder")
    came = _median(figures, setting, "daemon", RATE)
    script = _median(figures, setting, "script", "judder")
    why = "" if came is None else f"{came:.1f} distinct pictures a second came"
    if script is not None:
        why += f"; the script's: {script:.2f}"
    return _most(f"Judder, {setting}", value, most, "", why)


def _idle(figures: Mapping[str, Any]) -> Target:
    found = {key: dig(figures, "idle", key) for key in (WAKE_UPS, COLD)}
    why = "; ".join(f"{key}: {value:g}" for key, value in found.items() if value is not None)
    return _most("Idle, nobody watches", dig(figures, "idle", IDLE), 1.0, "% of a core", why)


def _memory(figures: Mapping[str, Any]) -> Target:
    value = _median(figures, LARGE, "daemon", "resident MB")
    bare = _median(figures, LARGE, "bare", "resident MB")
    why = [] if bare is None else [f"the bare SDK client alone has {bare:.0f} MB"]
    steps = dig(figures, "profile", "resident MB after each step")
    if steps:
        last, resident = list(steps.items())[-1]
        why.append(f"after {last}, before the first picture, a client has {resident:.0f} MB")
    parts = middle(dig(figures, "pipeline", LARGE, "runs", "daemon") or [], PARTS)
    if parts:
        largest = sorted(parts, key=lambda part: -parts[part])[:4]
        shown = [*(part for part in largest if part != PICTURES), PICTURES]
        each = ", ".join(f"{part} {parts.get(part, 0.0):.0f} MB" for part in shown)
        why.append(f"the daemon's: {each}")
    return _most(f"Resident memory, {LARGE}", value, 200.0, "MB", "; ".join(why))


def _startup(figures: Mapping[str, Any]) -> Target:
    p50 = dig(figures, "startup", "first slate, ms", "p50")
    bare = dig(figures, "startup", "python -c pass, ms", "p50")
    why = "" if bare is None else f"an empty Python process alone takes {bare:.0f} ms"
    return _most("Start to the first card, p50", p50, 1000.0, "ms", why)


def _imports(figures: Mapping[str, Any]) -> Target:
    name, wanted = "import sana_vcam, and the command line", "without OpenCV"
    imports = dig(figures, "idle", "imports")
    if not imports:
        return Target(name, wanted)
    guilty = [module for module, found in imports.items() if "cv2" in found["of the heavy ones"]]
    took = dig(imports, "sana_vcam", "median, ms")
    why = f"loaded by {', '.join(guilty)}" if guilty else ""
    return Target(name, wanted, f"{took:g} ms", not guilty, why)
