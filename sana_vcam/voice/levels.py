"""How loud the live microphone was, and when it was quiet: pauses before they are heard."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from sana_vcam.voice.line import MAX_DELAY_MS, SILENCE_DBFS, VoiceLevel

if TYPE_CHECKING:
    from sana_vcam.voice.ring import Samples

LEVEL_S = 0.01
"""What one level is about."""
KEEP_S = MAX_DELAY_MS / 1000 + 4.0
"""The longest delay, and enough before it to know the room's noise."""
GAP_S = 0.1
"""Without a level for longer, nobody knows whether somebody spoke."""
FLOOR_SHARE = 0.1
"""This share of the levels is as quiet as the room gets."""
ABOVE_FLOOR_DB = 9.0
"""A level so far above the room's noise is somebody speaking."""
QUIET_DBFS = -55.0
"""Quieter than this is a pause in any room."""
LOUD_DBFS = -35.0
"""Louder than this is none, however noisy the room is."""
LATELY_S = 0.8
"""What a meter shows is the loudest of so long; levels are known a few tenths of a second late."""


def levels_of(block: Samples, rate: int, end: float) -> list[VoiceLevel]:
    """Measure a block of sound of about 10 ms or more; `end` is when it ended."""
    frames = block.reshape(len(block), -1)
    count = max(1, round(len(frames) / (LEVEL_S * rate)))
    length = len(frames) // count
    squares = np.square(frames[: count * length]).reshape(count, -1).mean(axis=1)
    begin = end - len(frames) / rate
    return [
        VoiceLevel(begin + index * length / rate, dbfs(float(square)))
        for index, square in enumerate(squares)
    ]


def dbfs(square: float) -> float:
    """Give the level of a mean square, in dB below full scale."""
    return max(SILENCE_DBFS, 10.0 * math.log10(square)) if square > 0 else SILENCE_DBFS


class VoiceLevels:
    """The levels of the last seconds, in the order of time. Used by one thread."""

    def __init__(self) -> None:
        self._at: list[float] = []
        self._dbfs: list[float] = []
        self._former_floor: float | None = None
        """What the floor was before a long time without levels."""

    def add(self, levels: Iterable[VoiceLevel]) -> None:
        """Take levels, oldest first; those that are not newer than the last one are left out."""
        for level in levels:
            if self._at and level.at - self._at[-1] > KEEP_S:
                self._former_floor = self._floor()
                self._at.clear()
                self._dbfs.clear()
            if not self._at or level.at > self._at[-1]:
                self._at.append(level.at)
                self._dbfs.append(level.dbfs)
        if self._at:
            old = bisect_left(self._at, self._at[-1] - KEEP_S)
            del self._at[:old], self._dbfs[:old]

    def clear(self) -> None:
        """Forget everything."""
        self._at.clear()
        self._dbfs.clear()
        self._former_floor = None

    @property
    def newest_at(self) -> float | None:
        """End of what is known; None while nothing is."""
        return self._at[-1] + LEVEL_S if self._at else None

    def knows(self, at: float) -> bool:
        """Whether anything is known of a moment."""
        next_one = bisect_left(self._at, at - GAP_S)
        return next_one < len(self._at) and self._at[next_one] <= at + GAP_S

    @property
    def quiet_dbfs(self) -> float:
        """Level up to which the room is silent: a little above the quietest of the last seconds."""
        if not self._dbfs:
            return QUIET_DBFS
        floor = self._floor()
        # In a few seconds there may have been no pause at all.
        if self._former_floor is not None and self._at[-1] - self._at[0] < KEEP_S / 2:
            floor = min(floor, self._former_floor)
        return min(LOUD_DBFS, max(QUIET_DBFS, floor + ABOVE_FLOOR_DB))

    def _floor(self) -> float:
        return sorted(self._dbfs)[int(len(self._dbfs) * FLOOR_SHARE)]

    def quiet(self, begin: float, end: float) -> bool:
        """Whether nobody spoke from `begin` to `end`; False where it is not known as well."""
        first, last = bisect_right(self._at, begin - LEVEL_S), bisect_left(self._at, end)
        times = [begin - LEVEL_S, *self._at[first:last], end]
        if max(after - before for before, after in pairwise(times)) > GAP_S:
            return False
        limit = self.quiet_dbfs
        return all(dbfs <= limit for dbfs in self._dbfs[first:last])

    def loudest(self, now: float) -> float | None:
        """Give the loudest level of the last moment, for a meter; None if nothing was heard."""
        recent = self._dbfs[bisect_left(self._at, now - LATELY_S) :]
        return max(recent, default=None)
