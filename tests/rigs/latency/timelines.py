"""The latency meter from the first picture on: `python -m tests.rigs.latency.timelines`.

A second at a time, as the daemon has it measured, over sources, looks, models and anchors. It tells
how soon after the first picture there is a figure, how far figures are off what viewers saw last,
how often the truth lies in the figure's range, and how often the figure jumps.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, fields

import numpy as np

from sana_vcam.media.latency.match import match
from sana_vcam.media.latency.steady import Steady
from sana_vcam.standin import looks
from tests.unit.media.latency.material import (
    FPS,
    MODELS,
    SLOW_START,
    SOURCES,
    Cells,
    Model,
    cells,
    coded,
    looked,
    noisy,
    play,
)
from tests.unit.standin.test_looks import prompt_for

COUNT = 40 * FPS
FEW = ("oil", "comic", "noir", "negative", "pixel_art", "neon", "snow", "beach")
TRUTH_S = 4.0
"""What viewers saw for so long is what a figure is compared with."""
SETTLED = 3.0
"""Frames by which the true delay may vary meanwhile, as a standard deviation, to be compared."""
JUMP_S = 0.25
"""Figures of two seconds in a row that are further apart than this are a jump."""
EVERY_MODEL = MODELS | {"slow to start": SLOW_START}
ANCHORS = (0, 4, 20)
"""Chunks from anchor to anchor; 0 is never."""


@dataclass
class Tally:
    """What was seen over some timelines."""

    seconds: int = 0
    known: int = 0
    covered: int = 0
    errors: list[float] = field(default_factory=list)
    jumps: list[float] = field(default_factory=list)
    cold_s: list[float] = field(default_factory=list)
    ranges: list[float] = field(default_factory=list)
    sure: list[float] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Count what was seen in another."""
        for name in (one.name for one in fields(self)):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def figures(self) -> dict[str, float | int]:
        """Name them."""
        off = np.abs(self.errors or [0.0])
        cold = np.array(self.cold_s)
        return {
            "seconds": self.seconds,
            "known": round(self.known / max(1, self.seconds), 3),
            "frames off, median": round(float(np.median(off)), 2),
            "frames off, p95": round(float(np.percentile(off, 95)), 2),
            "frames off, worst": round(float(off.max()), 1),
            "truth in range": round(self.covered / max(1, len(self.errors)), 3),
            "range, ms, median": round(float(np.median(self.ranges or [0])) * 1000),
            "jumps": sum(abs(jump) > JUMP_S for jump in self.jumps),
            "cold, s, median": round(float(np.median(cold)), 1),
            "cold, within 10 s": round(float((cold <= 10).mean()), 3),
            "surest": round(max(self.sure, default=0.0), 3),
        }


def timeline(camera: Cells, edited: Cells, model: Model, seed: int = 1) -> Tally:
    """Run the meter over what one model makes, from its first picture on."""
    played = play(camera, edited, model, seed)
    steady, tally = Steady(), Tally()
    first = float(played.shown.times[0])
    cold, before = float("inf"), None
    for now in np.arange(first + 1.0, played.sent.times[-1], 1.0):
        sent, shown, _ = played.until(now)
        seen = (played.shown.times <= now) & (played.shown.times > now - TRUTH_S)
        true_s = played.true_s[seen]
        reading = steady.take(match(sent, shown), now)
        tally.seconds += 1
        if reading is None:
            before = None
            continue
        cold = min(cold, now - first)
        tally.known += 1
        error = (reading.latency_s - float(true_s.mean())) * FPS
        if np.std(true_s) * FPS < SETTLED:
            tally.errors.append(error)
            tally.covered += reading.low_s <= float(true_s.mean()) <= reading.high_s
            tally.ranges.append(reading.high_s - reading.low_s)
            if before is not None:
                tally.jumps.append(reading.latency_s - before)
        tally.sure.append(reading.confidence)
        before = reading.latency_s
    tally.cold_s.append(cold)
    return tally


def anchored(edited: Cells, interval: int) -> Cells:
    """With the look grounded anew every `interval` chunks: it has drifted, and springs back."""
    if not interval:
        return edited
    age = (np.arange(len(edited)) // 24) % interval / interval
    return (edited * (1 - 0.15 * age[:, None]) + 30 * age[:, None]).astype(np.float32)


def courses(source: str, names: tuple[str, ...]) -> Iterator[tuple[str, Cells, Cells]]:
    """Film, code and edit: of each look its name, what was sent, and what came back."""
    camera = list(noisy(SOURCES[source](COUNT)))
    sent, arrived = cells(camera), list(coded(camera, "libvpx"))
    for number, look in enumerate(names):
        prompt = "" if look == "copy" else prompt_for(look)
        codec = ("libvpx", "libx264")[number % 2]
        yield look, sent, cells(coded(looked(arrived, prompt), codec, 200))


def main() -> int:
    """Measure, and print JSON."""
    parser = argparse.ArgumentParser(prog="tests.rigs.latency.timelines", description=__doc__)
    parser.add_argument("--long", action="store_true", help="every look and source")
    parser.add_argument("--source", action="append", choices=SOURCES)
    chosen = parser.parse_args()
    names = ("copy", *(looks.names() if chosen.long else FEW))
    sources = chosen.source or (
        list(SOURCES) if chosen.long else ["talking", "talking, little motion", "carphone"]
    )
    tallies: dict[str, Tally] = {}
    for source in sources:
        for look, sent, edited in courses(source, names):
            for name, model in EVERY_MODEL.items():
                for anchors in ANCHORS if name == "bursts" else (0,):
                    seen = timeline(sent, anchored(edited, anchors), model)
                    for key in (
                        "all",
                        source,
                        f"model {name}",
                        f"look {look}",
                        f"anchors {anchors}",
                    ):
                        tallies.setdefault(key, Tally()).add(seen)
    json.dump({key: tally.figures() for key, tally in tallies.items()}, sys.stdout, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
