"""How loud samples are, 10 ms by 10 ms, and when each of these was."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sana_vcam.voice.levels import dbfs
from sana_vcam.voice.line import VoiceLevel

WINDOWS_A_SECOND = 100
GAP_S = 0.25
"""A recording that is this much late was interrupted meanwhile."""
CREEP = 0.001
"""How much the two clocks may differ; sound cards are some 0.00005 off."""


class SampleMeter:
    """Levels of samples from -1 to 1, each with its time. Pieces that are late make no jump."""

    def __init__(self, rate: int) -> None:
        """Begin; `rate` is in samples a second, a multiple of 100."""
        self._window = rate // WINDOWS_A_SECOND
        self._rest: NDArray[np.float32] = np.zeros(0, np.float32)
        self._begin: float | None = None
        self._windows = 0

    def feed(self, samples: NDArray[np.float32], now: float) -> list[VoiceLevel]:
        """Take samples that have come by `now`, and give the windows that are whole."""
        self._rest = np.concatenate((self._rest, samples))
        count = len(self._rest) // self._window
        if not count:
            return []
        whole, self._rest = np.split(self._rest, [count * self._window])
        squares = np.mean(np.square(whole.reshape(count, -1), dtype=np.float64), axis=1)
        begin = self._aligned(now, count)
        return [
            VoiceLevel(begin + index / WINDOWS_A_SECOND, dbfs(float(square)))
            for index, square in enumerate(squares)
        ]

    def _aligned(self, now: float, count: int) -> float:
        """Give the time of the next `count` windows, by the piece that came with least delay."""
        length = 1 / WINDOWS_A_SECOND
        seen = now - (self._windows + count) * length
        if self._begin is None or seen - self._begin > GAP_S:
            self._begin = seen
        else:
            self._begin = min(self._begin + CREEP * count * length, seen)
        begin = self._begin + self._windows * length
        self._windows += count
        return begin
