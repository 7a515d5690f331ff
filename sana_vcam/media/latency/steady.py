"""A figure that is worth showing, made of about one match a second."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from statistics import median

from sana_vcam.media.latency.match import Match

SURE = 0.5
"""Below this confidence a match counts for nothing."""
SUREST = 0.95
"""No reading is surer: motion that repeats itself by chance looks like one that is right."""
KEEP_S = 6.0
"""How long a sure match is worth something: as long as a person sits still now and then."""
LEAST = 2
"""So many sure matches make a figure: one alone may be chance."""
RECENT = 3
"""The figure is the median of so many: one that is off is outvoted, and a change is followed by the
second match that says so."""
AGREE_S = 0.1
"""Matches this near to each other say the same."""
VAGUE_S = 2.0
"""A range of this length makes a reading half as sure."""
WIDER_S = 0.02
"""The range grows by so much to each side with every second without a sure match."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Seconds from the camera's read to the virtual camera's write, and how sure, 0..1 and never 1.

    They lie between `low_s` and `high_s`: the nearer to each other, the better they are known.
    """

    latency_s: float
    low_s: float
    high_s: float
    confidence: float


class Steady:
    """The median of the last sure matches. Times are monotonic seconds. Used by one thread."""

    def __init__(self) -> None:
        self._sure: deque[tuple[float, Match]] = deque(maxlen=RECENT)
        self.doubts = False
        """Whether the newest match saw a change, or was sure of another delay than the figure: so
        one more is wanted soon."""

    def clear(self) -> None:
        """Forget everything."""
        self._sure.clear()

    def take(self, found: Match | None, now: float) -> Reading | None:
        """Take one more attempt, and give the figure; None while it is not known."""
        while self._sure and now - self._sure[0][0] > KEEP_S:
            self._sure.popleft()
        self.doubts = found is not None and found.changed and found.confidence < SURE
        if found is not None and found.confidence >= SURE:
            self._sure.append((now, found))
            self._forget_past(found)
        if not self._sure:
            return None
        latency_s = median(match.delay_s for _, match in self._sure)
        near = [match for _, match in self._sure if abs(match.delay_s - latency_s) <= AGREE_S]
        if len(near) < LEAST or 2 * len(near) < len(self._sure):
            return None
        newest = self._sure[-1][1]
        if newest in near:
            latency_s = newest.delay_s
        else:
            self.doubts = True
        age_s = now - self._sure[-1][0]
        # Of all, not of those that agree: one that is off may be the first of a change.
        low_s = max(0.0, min(match.low_s for _, match in self._sure) - WIDER_S * age_s)
        high_s = max(match.high_s for _, match in self._sure) + WIDER_S * age_s
        agreeing = len(near) / len(self._sure)
        recent = 1 - age_s / (2 * KEEP_S)
        narrow = 1 / (1 + (high_s - low_s) / VAGUE_S)
        sure = median(match.confidence for match in near) * agreeing * recent * narrow
        return Reading(latency_s, low_s, high_s, min(SUREST, sure))

    def _forget_past(self, newest: Match) -> None:
        """Forget what was before a change that a second match agrees about."""
        agree = [abs(match.delay_s - newest.delay_s) <= AGREE_S for _, match in self._sure]
        if newest.changed and len(agree) >= LEAST and all(agree[-LEAST:]):
            while not all(agree):
                del agree[0]
                self._sure.popleft()
