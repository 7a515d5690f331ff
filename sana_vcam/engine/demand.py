"""Whether the camera and a paid session are wanted now: a pure function of who watches, and time.

Nobody watches: the camera is off and nothing is paid for. Somebody starts to watch: both open.
The last one leaves: both close after a linger, so that switching apps does not cost a new start.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal


class Hold(StrEnum):
    """What the user said by hand about the session; it goes before what the viewers do."""

    AUTOMATIC = "automatic"
    ON = "on"
    OFF = "off"


class Demand:
    """What viewers do and the user has said; on the event loop. Times are monotonic seconds."""

    def __init__(
        self, when: Literal["watched", "always"], linger_s: float, *, automatic: bool = True
    ) -> None:
        """Begin without a viewer; `automatic` False: nothing opens until the user says so."""
        self.hold = Hold.AUTOMATIC
        # Until `viewers` has told, nobody seems to watch, so that nothing opens.
        self._viewers: int | None = 0
        self._told = False
        self._left_at = float("-inf")
        self.follow(when, linger_s, automatic=automatic)

    def follow(
        self, when: Literal["watched", "always"], linger_s: float, *, automatic: bool
    ) -> None:
        """Take on other settings."""
        self._when = when
        self._linger_s = linger_s
        self._automatic = automatic

    @property
    def count(self) -> int | None:
        """How many applications watch; None where it cannot be known, or is not known yet."""
        return self._viewers if self._told else None

    @property
    def watched(self) -> bool:
        """Whether somebody watches; yes where it cannot be known."""
        return self._viewers is None or self._viewers > 0

    def viewers(self, count: int | None, now: float) -> None:
        """Take note that `count` applications read the virtual camera; None: it cannot be known."""
        before, self._viewers, self._told = self.watched, count, True
        if before and not self.watched:
            self._left_at = now
            if self.hold is Hold.OFF:
                # "Off" was meant for the call that has just ended, not for tomorrow's.
                self.hold = Hold.AUTOMATIC

    def changes_in_s(self, now: float) -> float | None:
        """Count the seconds until `wanted` changes by itself; None: not without a word."""
        lingers = self.hold is Hold.AUTOMATIC and self._automatic and self._when != "always"
        left_s = self._left_at + self._linger_s - now
        return left_s if lingers and not self.watched and left_s > 0 else None

    def wanted(self, now: float) -> bool:
        """Whether camera and session are wanted at `now`."""
        if self.hold is not Hold.AUTOMATIC:
            return self.hold is Hold.ON
        if not self._automatic:
            return False
        return self._when == "always" or self.watched or now - self._left_at < self._linger_s
