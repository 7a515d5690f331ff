"""What is left out, and in which order, while this computer is too busy to show pictures in time.

The measure is how late the playout thread wakes up for its ticks. What the picture can do without
goes first; a tick to the sink is never left out. Pure arithmetic on the times that it is told.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from enum import IntEnum
from typing import Final, Literal

log = logging.getLogger(__name__)

LATE_S = 0.042
"""A tick that wakes up so late is late: viewers see the picture before it for one tick longer."""
TOO_MANY = 0.33
"""Where this share of the ticks is late, one thing more is left out."""
FEW = 0.1
"""Where no more than this share is late, it is calm."""
WINDOW_S = 4.0
LEAST_TICKS = 12
"""With fewer nothing is judged."""
CALM_S = 20.0
"""After so long a calm one thing less is left out; after twice as long, and so on, where that was
too soon."""
LONGEST_CALM_S = 160.0
TOO_SOON_S = 30.0
"""It was too soon if so little time passes until something is left out again."""


type ShedName = Literal["meter", "stills", "previews", "size"]

NAMES: Final[tuple[ShedName, ...]] = ("meter", "stills", "previews", "size")


class Shed(IntEnum):
    """What is left out, in this order, which is that of `NAMES`."""

    METER = 1
    """The latency is measured every few seconds only."""
    STILLS = 2
    """No stills of presets are taken."""
    PREVIEWS = 3
    """Previews show a third of the pictures."""
    SIZE = 4
    """The next session is sent the smaller picture, if [reactor] send leaves that open."""


class Shedding:
    """How much is left out. `tick` belongs to the playout thread; the rest is for any."""

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        """`on_change` is called on the playout thread when more or less is left out."""
        self.level = 0
        """How many of `Shed` are left out, from the first. Written by the playout thread."""
        self._on_change = on_change
        self._began: float | None = None
        self._ticks = self._late = 0
        self._calm_since: float | None = None
        self._calm_s = CALM_S
        self._lowered_at = float("-inf")

    def leaves_out(self, what: Shed) -> bool:
        """Whether this is left out now."""
        return self.level >= what

    @property
    def names(self) -> tuple[ShedName, ...]:
        """What is left out now, in words for machines."""
        return NAMES[: self.level]

    def tick(self, late_s: float, now: float) -> None:
        """Take note of a tick that woke up so many seconds late, at `now` (monotonic)."""
        if self._began is None:
            self._began = now
        self._ticks += 1
        self._late += late_s >= LATE_S
        if now - self._began >= WINDOW_S and self._ticks >= LEAST_TICKS:
            self._judge(self._late / self._ticks, now)
            self._began, self._ticks, self._late = now, 0, 0

    def rest(self) -> None:
        """Begin anew: nobody watches, so nothing of before tells of what comes."""
        self._began, self._ticks, self._late = None, 0, 0
        self._calm_since = None
        self._to(0)

    def _judge(self, share: float, now: float) -> None:
        if share > FEW:
            self._calm_since = None
            if share >= TOO_MANY and self.level < max(Shed):
                too_soon = now - self._lowered_at < TOO_SOON_S
                self._calm_s = min(2 * self._calm_s, LONGEST_CALM_S) if too_soon else CALM_S
                self._to(self.level + 1)
            return
        if self._calm_since is None:
            self._calm_since = now - WINDOW_S
        if self.level and now - self._calm_since >= self._calm_s:
            self._calm_since, self._lowered_at = now, now
            self._to(self.level - 1)

    def _to(self, level: int) -> None:
        before, self.level = self.level, level
        if level == before:
            return
        left_out = ", ".join(self.names) or "nothing"
        log.info("this computer is %s: left out: %s", "busy" if level else "calm again", left_out)
        self._on_change()
