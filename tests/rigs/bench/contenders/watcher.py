"""A virtual camera's reader: when each distinct picture came, and how good it is."""

from __future__ import annotations

import fcntl
import json
import os
import select
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import fmean, median, pstdev

import numpy as np

from sana_vcam.config.kinds import Fit
from sana_vcam.config.schema import PlayoutConfig
from sana_vcam.media.camera.timecode import read_counter
from tests.rigs.bench.contenders.clip import Clip, Luma

WIDTH, HEIGHT = 1280, 720
FRAME_BYTES = WIDTH * HEIGHT * 3 // 2
# One in so many pictures is kept, to be compared with its source afterwards.
KEEP_EVERY = 8
RAMP_OF = 5
# So many of the kept ones are compared: each takes a while.
COMPARED = 4
SLATE_OF = 3
STALL_S = PlayoutConfig().slate_after_s
POLL_MS = 200
PIPE_BYTES = 1 << 20
"""What all may have. Through the usual 64 KiB a frame takes 22 turns of writer and reader; a driver
takes a frame at once."""


@dataclass
class Seen:
    """What came out of a virtual camera; times are monotonic seconds."""

    frames: int = 0
    """Frames in all, cards and repeats included."""
    pictures: list[tuple[int, float]] = field(default_factory=list)
    """Number in the clip and time of each picture that differs from the one before."""
    unread: list[tuple[int, float]] = field(default_factory=list)
    """Place among the frames and time of each without a number: a card, or a bad picture."""
    kept: list[tuple[int, float, Luma]] = field(default_factory=list)
    """Some of them, with their luma."""


class Watcher:
    """Reads I420 frames of 1280x720 from a FIFO in a thread of its own."""

    def __init__(self, fifo: Path) -> None:
        os.mkfifo(fifo)
        # Both ends, so that opening waits for nobody and the end of a writer is no end.
        self._descriptor = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
        if sys.platform == "linux":
            fcntl.fcntl(self._descriptor, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
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
        if number is None:
            seen.unread.append((seen.frames, now))
            return
        if seen.pictures and seen.pictures[-1][0] == number:
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


def figures(
    seen: Seen, stamps: Path, clip: Clip, mode: Fit, since: float, until: float
) -> dict[str, object]:
    """What came from `since` to `until`, fitted to the sink by `mode`: each delay and interval.

    Of what was kept a few are compared with the clip.
    """
    pictures = [one for one in seen.pictures if since <= one[1] <= until]
    times = [at for _, at in pictures]
    steady = [one for one in seen.kept if since <= one[1] <= until]
    alike = [likeness(luma, clip, number, mode) for number, _, luma in steady[-COMPARED:]]
    return {
        "pictures": len(pictures),
        "delays, ms": in_ms(delays(stamps, pictures)),
        "intervals, ms": in_ms(later - one for one, later in pairwise(times)),
        "stalls": stalls([since, *times, until]),
        "slates": slates(frame for frame, at in seen.unread if since <= at <= until),
        "PSNR, dB": round(fmean(psnr for psnr, _ in alike), 2) if alike else None,
        "SSIM": round(fmean(ssim for _, ssim in alike), 4) if alike else None,
    }


def in_ms(seconds: Iterable[float]) -> list[float]:
    """In milliseconds, to a tenth."""
    return [round(1e3 * one, 1) for one in seconds]


def stalls(times: Sequence[float]) -> int:
    """How often the picture stood for as long as the daemon waits until it shows a card."""
    return sum(later - one >= STALL_S for one, later in pairwise(times))


def slates(unread: Iterable[int]) -> int:
    """How often a card was shown, by the places of the frames without a number.

    A single frame that could not be read is a bad picture.
    """
    runs: list[list[int]] = []
    for place in unread:
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return sum(len(one) >= SLATE_OF for one in runs)


def likeness(luma: Luma, clip: Clip, number: int, mode: Fit) -> tuple[float, float]:
    """Peak signal to noise ratio in dB, and structural similarity, with the clip's picture."""
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    reference = clip.reference(number, (WIDTH, HEIGHT), mode)
    return (
        float(peak_signal_noise_ratio(reference, luma)),
        float(structural_similarity(reference, luma)),
    )
