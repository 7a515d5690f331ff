"""How large the camera's picture is sent to the next session: a pure policy of what was measured.

    full ── the way up is poor for long ──▶ small ── good for long, with room for full ──▶ full

A session's size never changes, so a choice holds from the next session on: at a renewal, or when
another one is opened for want of quality. Only `send = "auto"` leaves the choice to this.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from math import lcm
from statistics import quantiles

from sana_vcam.config.kinds import SEND_AUTO, SEND_MODEL, SENT_LEAST, Size, size_of
from sana_vcam.config.schema import ReactorConfig
from sana_vcam.engine.quality.judge import BITS_PER_PIXEL, Level, Sample, uplink_level, worst
from sana_vcam.reactor.tracks import ceiling_bps

log = logging.getLogger(__name__)

MODEL_SIZE: Size = (1280, 704)
"""The size of `sana-streaming`'s own picture."""
MULTIPLE = 4
"""Sides of the smaller size are multiples of this at least."""
WEIGHTS = {Level.POOR: 3, Level.FAIR: 1, Level.GOOD: -1}
"""What a second adds to the case against the full size, by how bad the way up was in it."""
ENOUGH = 135
"""The case is made: 45 s of a poor way up, or 135 s of one that is fair at best."""
ROOM = 1.2
"""So many times what the full size needs at least, the way up has to carry before it is tried."""
ALL = 0.95
"""Or so much of all that the smaller size may take."""
GOOD_FOR_S = 600
"""So many good seconds in the smaller size, and the full one is tried again, at the next session
that comes anyway. Twice as many after each try that ended in the smaller size again."""
FORGET_S = 1800.0
"""So long without a session, and the next one is full: the network may be another one."""
PROVEN_S = 60
"""So many of the last seconds say what the way up carries: what it did in a quarter of them. Those
right before a loss say little."""


class Sending:
    """The choice for the next session; on the event loop."""

    def __init__(
        self,
        config: ReactorConfig,
        own: Size = MODEL_SIZE,
        *,
        multiple: int = 2,
        follows: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with the full size; `own` is that of the model's picture, as it is published.

        The sides of the smaller one are divisible by `multiple`. `follows`: the model gives back
        what it is sent in its size, so less is never sent unasked.
        """
        self.model_size: Size = (config.track_width or own[0], config.track_height or own[1])
        by_word = config.send in {SEND_AUTO, SEND_MODEL}
        self.full: Size = self.model_size if by_word else size_of(config.send)
        may_choose = config.send == SEND_AUTO and not follows
        self.small: Size | None = _half(self.full, multiple) if may_choose else None
        """What is sent while the way up is poor; None where the user has chosen a size."""
        self.reduced = False
        """Whether the next session gets the smaller size."""
        self._clock = clock
        self._case = 0
        self._good_s = 0
        self._good_for_s = GOOD_FOR_S
        self._judged_at = clock()
        self._targets_kbps: deque[float] = deque(maxlen=PROVEN_S)

    def size(self) -> Size:
        """Give the (width, height) for a session that is opened now."""
        if self.reduced and self._clock() - self._judged_at > FORGET_S:
            log.info("the network may be another one by now: sending %s again", _words(self.full))
            self._good_for_s = GOOD_FOR_S
            self._begin(reduced=False)
        return self.next_size

    def start_bps(self, configured_bps: int) -> int:
        """Choose where the bitrate of a connection that is made now begins; 0 leaves it to WebRTC.

        The configured one is for the full size. Fewer pixels need less; and a way up that has
        carried less would be filled for the first seconds.
        """
        of_size = start_bps(configured_bps, self.next_size)
        if len(self._targets_kbps) < PROVEN_S or self._clock() - self._judged_at > FORGET_S:
            return of_size
        proven_bps = round(quantiles(self._targets_kbps, n=4)[-1] * 1000)
        return min(of_size, proven_bps)

    def is_reduced(self, size: Size) -> bool:
        """Whether a session of this size has the smaller one."""
        return size == self.small

    def would_change(self, track_pixels: int) -> bool:
        """Whether a session that is opened now would be sent fewer pixels than this one."""
        return self.next_size[0] * self.next_size[1] < track_pixels

    def take(self, sample: Sample) -> None:
        """Judge one more second of the session on air."""
        self._judged_at = self._clock()
        if sample.target_kbps is not None:
            self._targets_kbps.append(sample.target_kbps)
        if self.small is None:
            return
        is_small = sample.track_pixels == self.small[0] * self.small[1]
        if self.reduced and is_small:
            self._judge_small(sample)
        elif not self.reduced and not is_small:
            self._judge_full(sample)

    def _judge_full(self, sample: Sample) -> None:
        self._case = max(0, self._case + WEIGHTS[uplink_level(sample)])
        if self._case >= ENOUGH and self.small is not None:
            log.warning(
                "the way up, or this computer, has been too slow for long: the next session is "
                "sent %s instead of %s (at once: sana-vcam ctl renew)",
                _words(self.small),
                _words(self.full),
            )
            self._begin(reduced=True)

    def _judge_small(self, sample: Sample) -> None:
        full_kbps = BITS_PER_PIXEL[0] * _pixels(self.full) * sample.fps_wanted / 1000
        enough_kbps = min(ROOM * full_kbps, ALL * ceiling_bps(self.next_size) / 1000)
        if worst(sample)[0] is not Level.GOOD:
            self._good_s = max(0, self._good_s - WEIGHTS[Level.POOR])
        elif sample.target_kbps is not None and sample.target_kbps >= enough_kbps:
            self._good_s += 1
        if self._good_s >= self._good_for_s:
            log.info("the way up is good: the next session is sent %s again", _words(self.full))
            self._good_for_s *= 2
            self._begin(reduced=False)

    def _begin(self, *, reduced: bool) -> None:
        self.reduced = reduced
        self._case = self._good_s = 0

    @property
    def next_size(self) -> Size:
        """The size for the next session, as far as it is known."""
        return self.small if self.reduced and self.small is not None else self.full


def start_bps(configured_bps: int, size: Size) -> int:
    """Choose where the bitrate of this size begins: the configured one is for the full size.

    Fewer pixels need less, and a way up that is poor would be filled for the first seconds.
    """
    return min(configured_bps, configured_bps * _pixels(size) // _pixels(MODEL_SIZE))


def _half(size: Size, multiple: int) -> Size | None:
    """Halve both sides; None where that is too small to send."""
    step = lcm(MULTIPLE, multiple)
    width, height = (side // 2 // step * step for side in size)
    return (width, height) if min(width, height) >= SENT_LEAST else None


def _pixels(size: Size) -> int:
    return size[0] * size[1]


def _words(size: Size) -> str:
    return f"{size[0]}x{size[1]}"
