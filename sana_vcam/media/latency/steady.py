"""A figure that is worth showing, made of about one match a second."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from statistics import median

from sana_vcam.media.latency.match import Match

SURE = 0.5
"""Below this confidence a reading counts for nothing."""
KEEP_S = 6.0
"""How long a sure reading is worth something: as long as a person sits still now and then."""
LEAST = 2
"""So many sure readings make a figure: one alone may be chance."""
RECENT = 3
"""The figure is the median of so many: one that is off is outvoted, and a change is followed in two
seconds, on top of the window's eight."""
AGREE_S = 0.1
"""Readings this near to each other say the same."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Seconds from the camera's read to the virtual camera's write, and how sure, 0..1."""

    latency_s: float
    confidence: float


class Steady:
    """The median of the last sure matches. Times are monotonic seconds. Used by one thread."""

    def __init__(self) -> None:
        self._sure: deque[tuple[float, Match]] = deque(maxlen=RECENT)

    def clear(self) -> None:
        """Forget everything."""
        self._sure.clear()

    def take(self, found: Match | None, now: float) -> Reading | None:
        """Take one more attempt, and give the figure; None while it is not known."""
        while self._sure and now - self._sure[0][0] > KEEP_S:
            self._sure.popleft()
        if found is not None and found.confidence >= SURE:
            self._sure.append((now, found))
        if not self._sure:
            return None
        latency_s = median(match.delay_s for _, match in self._sure)
        near = [match for _, match in self._sure if abs(match.delay_s - latency_s) <= AGREE_S]
        if len(near) < LEAST or 2 * len(near) < len(self._sure):
            return None
        return Reading(latency_s, median(match.confidence for match in near))
