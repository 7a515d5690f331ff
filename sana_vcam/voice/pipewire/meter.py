"""How loud the microphone is, of a coarse recording of it: 24 kHz, one channel."""

from __future__ import annotations

import math
import time
from asyncio.subprocess import PIPE, Process
from collections import deque

import numpy as np

from sana_vcam.voice.line import SILENCE_DBFS, VoiceLevel
from sana_vcam.voice.pipewire import children
from sana_vcam.voice.pipewire.chain import new_mark
from sana_vcam.voice.pipewire.registry import MARK

LEVELS = "sana_levels"
"""Node of the recording; it is linked to what the delay child takes, and to nothing else."""
RATE = 24_000
"""`pw-record` writes 4096 bytes at a time: a piece every 85 ms."""
WINDOW = RATE // 100
"""Samples of one level: 10 ms."""
KEPT = 3000
"""Levels that wait for whoever takes them: half a minute."""
GAP_S = 0.25
"""A recording that is this much late was interrupted meanwhile."""
CREEP = 0.001
"""How much the two clocks may differ; sound cards are some 0.00005 off."""
HEADER = 24
"""Bytes of the header of an AU file, of which `pw-record` writes one to a pipe, or none."""
BIG_ENDIAN = b".snd"


class LevelMeter:
    """Levels of 16-bit samples, each with its time. Pieces that are late do not make it jump."""

    def __init__(self) -> None:
        self._rest = b""
        self._order = ""
        self._begin: float | None = None
        self._windows = 0

    def feed(self, text: bytes, now: float) -> list[VoiceLevel]:
        """Take what has come by `now`, the header first, and give the windows that are whole."""
        self._rest += text
        if not self._order:
            if len(self._rest) < HEADER:
                return []
            self._order = ">i2" if self._rest.startswith(BIG_ENDIAN) else "<i2"
            self._rest = self._rest[HEADER:]
        count = len(self._rest) // (2 * WINDOW)
        if not count:
            return []
        whole, self._rest = self._rest[: 2 * WINDOW * count], self._rest[2 * WINDOW * count :]
        samples = np.frombuffer(whole, self._order).reshape(count, WINDOW).astype(np.float64)
        squares = np.mean(np.square(samples / 32768.0), axis=1)
        begin = self._aligned(now, count)
        return [
            VoiceLevel(begin + index * WINDOW / RATE, _dbfs(float(square)))
            for index, square in enumerate(squares)
        ]

    def _aligned(self, now: float, count: int) -> float:
        """Give the time of the next `count` windows, by the piece that came with least delay."""
        length = WINDOW / RATE
        seen = now - (self._windows + count) * length
        if self._begin is None or seen - self._begin > GAP_S:
            self._begin = seen
        else:
            self._begin = min(self._begin + CREEP * count * length, seen)
        begin = self._begin + self._windows * length
        self._windows += count
        return begin


def _dbfs(square: float) -> float:
    return max(SILENCE_DBFS, 10.0 * math.log10(square)) if square > 0 else SILENCE_DBFS


class LevelRecording:
    """The recording while it runs, and the levels of it that nobody has taken yet."""

    def __init__(self, process: Process, mark: str) -> None:
        self.mark = mark
        self.levels: deque[VoiceLevel] = deque(maxlen=KEPT)
        self._process = process

    @classmethod
    async def start(cls) -> LevelRecording:
        """Start a recording that is linked to nothing."""
        mark = new_mark()
        props = (
            f"{{ node.name = {LEVELS} node.passive = true node.autoconnect = false"
            f' state.restore-props = false {MARK} = "{mark}" }}'
        )
        process = await children.start(
            *("pw-record", "--target", "0", "-P", props, "--rate", str(RATE)),
            *("--channels", "1", "--format", "s16", "--latency", "100ms", "-"),
            stdout=PIPE,
        )
        return cls(process, mark)

    async def run(self) -> None:
        """Measure until the recording ends."""
        meter = LevelMeter()
        async for text in children.output_of(self._process):
            self.levels.extend(meter.feed(text, time.monotonic()))

    async def end(self) -> None:
        """End it and wait until it is gone."""
        await children.end(self._process, is_read=True)
