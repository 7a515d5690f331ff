"""A virtual camera's reader: when each distinct picture came, and how good it is."""

from __future__ import annotations

import json
import os
import select
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import fmean, median, pstdev

import numpy as np

from sana_vcam.config.schema import Fit
from sana_vcam.media.camera.timecode import read_counter
from tests.rigs.bench.contenders.clip import Clip, Luma
from tests.rigs.bench.figures import summary_ms

WIDTH, HEIGHT = 1280, 720
FRAME_BYTES = WIDTH * HEIGHT * 3 // 2
# One in so many pictures is kept, to be compared with its source afterwards.
KEEP_EVERY = 8
RAMP_OF = 5
POLL_MS = 200


@dataclass
class Seen:
    """What came out of a virtual camera; times are monotonic seconds."""

    frames: int = 0
    """Frames in all, cards and repeats included."""
    pictures: list[tuple[int, float]] = field(default_factory=list)
    """Number in the clip and time of each picture that differs from the one before."""
    kept: list[tuple[int, float, Luma]] = field(default_factory=list)
    """Some of them, with their luma."""


class Watcher:
    """Reads I420 frames of 1280x720 from a FIFO in a thread of its own."""

    def __init__(self, fifo: Path) -> None:
        os.mkfifo(fifo)
        # Both ends, so that opening waits for nobody and the end of a writer is no end.
        self._descriptor = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
        self._poll = select.poll()
        self._poll.register(self._descriptor, select.POLLIN)
        self._stop = threading.Event()
        self.seen = Seen()
        self.first = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End; waits for the thread."""
        self._stop.set()
        self._thread.join()
        os.close(self._descriptor)

    def _run(self) -> None:
        buffer = bytearray(FRAME_BYTES)
        view = memoryview(buffer)
        while not self._stop.is_set():
            if not self._fill(view):
                return
            self._look(np.frombuffer(buffer, np.uint8), time.monotonic())

    def _fill(self, view: memoryview) -> bool:
        have = 0
        while have < FRAME_BYTES:
            if self._stop.is_set():
                return False
            if self._poll.poll(POLL_MS):
                have += os.readv(self._descriptor, [view[have:]])
        return True

    def _look(self, frame: Luma, now: float) -> None:
        seen = self.seen
        seen.frames += 1
        luma = frame[: WIDTH * HEIGHT].reshape(HEIGHT, WIDTH)
        number = read_counter(luma[:, :, None])
        if number is None or (seen.pictures and seen.pictures[-1][0] == number):
            return
        seen.pictures.append((number, now))
        self.first.set()
        if len(seen.pictures) % KEEP_EVERY == 1:
            seen.kept.append((number, now, luma.copy()))


def delays(stamps: Path, pictures: Sequence[tuple[int, float]]) -> list[float]:
    """From the read of a picture of the clip to its arrival, in seconds."""
    read: dict[int, list[float]] = {}
    for number, at in json.loads(stamps.read_text()):
        read.setdefault(number, []).append(at)
    found = []
    for number, at in pictures:
        before = [t for t in read.get(number, []) if t <= at]
        if before:
            found.append(at - before[-1])
    return found


def judder(pictures: Sequence[tuple[int, float]]) -> float:
    """Standard deviation of the intervals between distinct pictures, in mean intervals."""
    gaps = [b[1] - a[1] for a, b in pairwise(pictures)]
    return pstdev(gaps) / fmean(gaps)


def ramp_s(quality: Sequence[tuple[float, float]], good: float) -> float:
    """Seconds from the first (time, quality) until the median of five in a row is good.

    Five, because some pictures of a clip are harder to code than others.
    """
    began = quality[0][0]
    for first in range(len(quality) - RAMP_OF + 1):
        window = quality[first : first + RAMP_OF]
        if median(value for _, value in window) >= good:
            return round(window[0][0] - began, 2)
    return round(quality[-1][0] - began, 2)


def summary(
    seen: Seen, stamps: Path, clip: Clip, mode: Fit, since: float, until: float
) -> dict[str, object]:
    """The figures of the pictures that came from `since` to `until`, fitted to the sink by `mode`.

    Of all that was kept: when the quality came within 1 dB of its final level.
    """
    pictures = [one for one in seen.pictures if since <= one[1] <= until]
    quality = [(at, *likeness(luma, clip, number, mode)) for number, at, luma in seen.kept]
    steady = [one for one in quality if since <= one[0] <= until]
    level = fmean(psnr for _, psnr, _ in steady)
    return {
        "glass to glass, ms": summary_ms(delays(stamps, pictures)),
        "distinct frames a second": round(len(pictures) / (until - since), 2),
        "judder": round(judder(pictures), 3),
        "longest gap, ms": round(max(b[1] - a[1] for a, b in pairwise(pictures)) * 1e3, 1),
        "PSNR, dB": round(level, 2),
        "SSIM": round(fmean(ssim for _, _, ssim in steady), 4),
        "degraded after the first picture, s": ramp_s([one[:2] for one in quality], level - 1.0),
    }


def likeness(luma: Luma, clip: Clip, number: int, mode: Fit) -> tuple[float, float]:
    """Peak signal to noise ratio in dB, and structural similarity, with the clip's picture."""
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    reference = clip.reference(number, (WIDTH, HEIGHT), mode)
    return (
        float(peak_signal_noise_ratio(reference, luma)),
        float(structural_similarity(reference, luma)),
    )
