"""Sound against picture at a listener, while the picture's delay changes as a model's does.

    python -m tests.system.voice.lipsync [--newer] [--seconds 120] [--steady]

The picture is a clock: what the camera saw at a moment is on the screen `Picture.delay_ms` later,
and the meter tells that with its noise and its range. The sound is real, from a microphone of a
private session through the follower, the delay line and the server to a recorder.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import random
import threading
import time
from dataclasses import dataclass, field

import numpy as np

from sana_vcam.voice.following import SENSOR_MS, Follower, OnProgram, PictureDelay
from sana_vcam.voice.pipewire.line import PipeWireLine
from sana_vcam.voice.voice import Voice
from tests.rigs.pipewire import VERSIONS, Session
from tests.rigs.pipewire.sounds import RATE, Samples, onsets
from tests.system.voice.rig import MICROPHONE, both, play

EARLY_MS, LATE_MS = -20.0, 60.0
"""Sound minus picture that nobody minds."""
BURST_S = 24 / 24
"""A model gives 24 frames at a time, and the measured delay swings a little with them."""
SWING_MS = 8.0
LONGEST_S = 4.0
WORD_S = 0.005
LOWEST_HZ, APART_HZ, PITCHES = 1000, 400, 14
"""Words differ in their pitch, by which one that is heard is known: the next of the same comes
after more than `LONGEST_S`."""


@dataclass(frozen=True)
class Picture:
    """How late the picture is, by seconds since the begin."""

    first_ms: float = 1500.0
    second_ms: float = 2200.0
    step_at_s: float = 10.0
    drift_ms_per_min: float = 100.0

    def delay_ms(self, at_s: float) -> float:
        level = self.first_ms if at_s < self.step_at_s else self.second_ms
        swing = SWING_MS * math.sin(2 * math.pi * at_s / BURST_S)
        return level + self.drift_ms_per_min * max(0.0, at_s - self.step_at_s) / 60 + swing

    def measured(self, at_s: float) -> PictureDelay:
        delay_ms = self.delay_ms(at_s)
        return PictureDelay(delay_ms, delay_ms - 20, delay_ms + 20, 0.9)


def talking(seconds: float) -> Samples:
    """Words as short as clicks: some in a row, then a pause."""
    samples = np.zeros(int(seconds * RATE))
    distances = random.Random(1)
    at, word = 0.1, 0
    while at < seconds - 0.1:
        begin = int(at * RATE)
        hertz = LOWEST_HZ + APART_HZ * (word % PITCHES)
        times = np.arange(int(WORD_S * RATE)) / RATE
        samples[begin : begin + len(times)] = 0.6 * np.sin(2 * np.pi * hertz * times)
        word += 1
        at += 1.3 if word % 5 == 0 else distances.uniform(0.25, 0.55)
    return samples


def words(samples: Samples) -> list[tuple[float, int]]:
    """Find the words in a recording: when each begins, and the number of its pitch."""
    found = []
    for at in onsets(samples):
        begin = round(at * RATE)
        spectrum = np.abs(np.fft.rfft(samples[begin : begin + int(WORD_S * RATE)], RATE // 10))
        found.append((float(at), round((10 * int(spectrum.argmax()) - LOWEST_HZ) / APART_HZ)))
    return found


def delays(near: Samples, far: Samples) -> list[tuple[float, float]]:
    """For each word on the far side when it is heard, and how many seconds after it was said.

    One that the near side has lost, as the recorder on a busy machine does, is left out.
    """
    said = words(near)
    return [
        (heard, heard - at)
        for heard, pitch in words(far)
        for at, same in said
        if same == pitch and heard - LONGEST_S < at < heard
    ]


@dataclass
class Result:
    """For each word that was heard, when, and how much later than the picture of it."""

    at_s: list[float] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)

    def within(self, since_s: float = 0.0) -> float:
        """The share of the clicks since then that nobody minds."""
        judged = [late for at, late in zip(self.at_s, self.late_ms, strict=True) if at >= since_s]
        return sum(EARLY_MS <= late <= LATE_MS for late in judged) / max(1, len(judged))

    def median_ms(self, begin_s: float, end_s: float) -> float:
        pairs = zip(self.at_s, self.late_ms, strict=True)
        return float(np.median([late for at, late in pairs if begin_s <= at < end_s]))


async def follow(picture: Picture, began: float, stop: threading.Event) -> None:
    """Keep the voice as late as the picture, as the daemon does."""
    voice = Voice(
        PipeWireLine(),
        Follower(first_guess_ms=picture.first_ms),
        MICROPHONE,
        program=lambda: OnProgram.LIVE,
        picture=lambda: picture.measured(time.monotonic() - began),
    )
    running = asyncio.create_task(voice.run())
    while not stop.is_set() and not running.done():
        await asyncio.sleep(0.1)
    running.cancel()
    await asyncio.wait({running})
    if not running.cancelled():
        running.result()


def measure(session: Session, seconds: float, picture: Picture) -> Result:
    """Talk for some seconds. The session's environment must be this process's."""
    stop = threading.Event()
    play(session, talking(seconds + 60))
    began = time.monotonic()
    thread = threading.Thread(target=lambda: asyncio.run(follow(picture, began, stop)))
    thread.start()
    try:
        with both(session) as recorder:
            ended_s = 0.0
            while ended_s < seconds:
                time.sleep(0.1)
                ended_s = time.monotonic() - began
        ended = time.monotonic()
        near, far = recorder.samples()
    finally:
        stop.set()
        thread.join()
        session.stop("player")
    # Where the recording began is known by its length.
    offset_s = ended - began - len(near) / RATE
    result = Result()
    for heard, delay_s in delays(near, far):
        wanted_ms = picture.delay_ms(heard + offset_s) + SENSOR_MS
        result.at_s.append(heard + offset_s)
        result.late_ms.append(1000 * delay_s - wanted_ms)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--newer", action="store_true", help="PipeWire 1.4 instead of Debian 12's")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--steady", action="store_true", help="neither a step nor a drift")
    asked = parser.parse_args()
    picture = Picture(step_at_s=asked.seconds / 3)
    if asked.steady:
        picture = Picture(step_at_s=asked.seconds, drift_ms_per_min=0.0)
    with Session(VERSIONS["newer" if asked.newer else "debian"]) as session:
        os.environ |= session.environment
        result = measure(session, asked.seconds, picture)
    late_ms = np.percentile(result.late_ms, [5, 50, 95]).round(1)
    print(f"{len(result.late_ms)} clicks, {100 * result.within():.1f} % within -20..+60 ms")
    print(f"sound minus picture: 5 % {late_ms[0]} ms, median {late_ms[1]} ms, 95 % {late_ms[2]} ms")
    if asked.steady:
        for begin_s in range(0, int(asked.seconds), 300):
            print(f"from {begin_s} s: median {result.median_ms(begin_s, begin_s + 300):.1f} ms")


if __name__ == "__main__":
    main()
