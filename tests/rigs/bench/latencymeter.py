"""The latency meter: what it costs, and how often it is right, per source, model and look.

Pictures are real and really edited and coded; the times are those of the real playout. With
`--long`, every look of the stand-in is tried.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from sana_vcam.media.latency.match import match
from sana_vcam.media.latency.meter import COLUMNS, ROWS
from sana_vcam.media.pixels import coarse_luma, coarse_luma_of_i420
from sana_vcam.standin import looks
from tests.unit.media.latency.material import (
    FPS,
    MODELS,
    SOURCES,
    cells,
    coded,
    looked,
    noisy,
    play,
)
from tests.unit.media.latency.rates import Rates, attempt
from tests.unit.standin.test_looks import prompt_for

COUNT = 22 * FPS
FEW = ("oil", "comic", "noir", "negative", "pixel_art", "neon", "snow", "beach")


async def measure(home: Path, long: bool) -> dict[str, object]:
    """Blocks: there is no daemon in it."""
    names = looks.names() if long else FEW
    sources = list(SOURCES) if long else ["talking", "talking, little motion", "carphone"]
    found = {
        (source, look, model): rates
        for source in sources
        for look, model, rates in _of_source(source, ("copy", *names))
    }
    return {
        "cost": _cost(),
        "per source and model": {
            f"{source}, {model}": _figures(found, {0: source, 2: model})
            for source in sources
            for model in MODELS
        },
        "per look": {look: _figures(found, {1: look}) for look in ("copy", *names)},
    }


def _of_source(source: str, names: tuple[str, ...]) -> list[tuple[str, str, Rates]]:
    camera = list(noisy(SOURCES[source](COUNT)))
    sent, arrived = cells(camera), list(coded(camera, "libvpx"))
    results = []
    for number, look in enumerate(names):
        prompt = "" if look == "copy" else prompt_for(look)
        codec = ("libvpx", "libx264")[number % 2]
        shown = cells(coded(looked(arrived, prompt), codec, 200))
        results += [
            (look, name, Rates.all(attempt(play(sent, shown, model, seed)) for seed in (0, 1)))
            for name, model in MODELS.items()
        ]
    return results


def _figures(
    found: dict[tuple[str, str, str], Rates], wanted: dict[int, str]
) -> dict[str, float | int]:
    """Shares of all attempts that were sure, and how far those were off, in frames."""
    rates = Rates.all(
        one for key, one in found.items() if all(key[place] == it for place, it in wanted.items())
    )
    return {
        "tries": rates.tries,
        "known": round(rates.known, 2),
        "within 1 frame": round(rates.within_one, 3),
        "median frames off": round(rates.median, 2),
        "worst": round(rates.worst, 1),
    }


def _cost() -> dict[str, float]:
    """Milliseconds of CPU, of the thread that does it."""
    random = np.random.default_rng(0)
    bgr = random.integers(0, 255, (704, 1280, 3), np.uint8)
    i420 = random.integers(0, 255, (704 * 3 // 2, 1280), np.uint8)
    pictures = list(noisy(SOURCES["talking"](COUNT)))
    course = cells(pictures)
    sent, shown, _ = play(course, course, MODELS["bursts"], 0).until(18.0)
    sent_ms = _cpu_ms(lambda: coarse_luma(bgr, COLUMNS, ROWS))
    shown_ms = _cpu_ms(lambda: coarse_luma_of_i420(i420, COLUMNS, ROWS))
    match_ms = _cpu_ms(lambda: match(sent, shown), times=30)
    return {
        "frame published, ms": sent_ms,
        "frame shown, ms": shown_ms,
        "match once a second, ms": match_ms,
        "share of a core, percent": round((FPS * (sent_ms + shown_ms) + match_ms) / 10, 2),
    }


def _cpu_ms(call: Callable[[], object], times: int = 300) -> float:
    spent = []
    for _ in range(times):
        began = time.thread_time()
        call()
        spent.append(time.thread_time() - began)
    return round(median(spent) * 1e3, 3)
