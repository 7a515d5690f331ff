"""The time stamps of a file, made into a time line to play by: they jump, stop, wrap and lie."""

from __future__ import annotations

USUAL_S = 1 / 25
"""The time of a picture in a file that tells none."""
LEAST_S = 0.001
"""The shortest time of a picture: a loop of pictures without any would never wait."""
LONG_S = 10.0
"""A step no longer than this is waited for: screen recordings and slide shows have them."""
LONGEST_S = 600.0
"""The longest step that is believed at all."""
RHYTHM = 3.0
"""A long step is believed if it is at most this many times the one before: a slide show's."""
PAUSE_S = 1.0
"""A step that is not believed, which is a pause in the recording or a damaged stamp, lasts so long,
or as long as the one before it."""


class Timeline:
    """When each picture of a file is due, in seconds from the first, whatever its stamps say."""

    def __init__(self, usual_s: float | None = None) -> None:
        """Begin before the first picture; `usual_s` is the time of one, where stamps fail."""
        self._usual_s = usual_s if usual_s and LEAST_S <= usual_s <= LONG_S else USUAL_S
        self._stamp_s: float | None = None
        self._at_s: float | None = None
        self._lasted_s: float | None = None
        self._said_s: float | None = None

    def next(self, stamp_s: float | None, lasts_s: float | None) -> tuple[float, float]:
        """Place the next picture.

        `stamp_s` is its stamp and `lasts_s` how long the file says that it stands; None is unknown.
        Returns when it is due, and for how long it would stand as the last one.
        """
        said_s = None if lasts_s is None or not LEAST_S <= lasts_s <= LONGEST_S else lasts_s
        if self._at_s is None:
            self._at_s = 0.0
        else:
            self._lasted_s = self._step(stamp_s)
            self._at_s += self._lasted_s
        self._stamp_s, self._said_s = stamp_s, said_s
        return self._at_s, self._last(said_s)

    def _step(self, stamp_s: float | None) -> float:
        """Judge how long the picture before stands, now that the next one's stamp is known."""
        if stamp_s is None or self._stamp_s is None or stamp_s <= self._stamp_s:
            return self._usual(self._said_s)
        step_s = stamp_s - self._stamp_s
        before_s = self._said_s if self._lasted_s is None else self._lasted_s
        is_rhythm = before_s is not None and step_s <= min(RHYTHM * before_s, LONGEST_S)
        if step_s <= LONG_S or is_rhythm:
            return max(step_s, LEAST_S)
        return max(PAUSE_S, min(before_s or 0.0, LONG_S))

    def _last(self, said_s: float | None) -> float:
        before_s = self._lasted_s
        if said_s is None or said_s <= LONG_S:
            return self._usual(said_s)
        return said_s if before_s is None or said_s <= RHYTHM * before_s else before_s

    def _usual(self, said_s: float | None) -> float:
        """Choose the time of a picture without a usable stamp."""
        return said_s if said_s is not None and said_s <= LONG_S else self._usual_s
