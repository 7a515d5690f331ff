"""The sound of a file: pieces with their times become one track without gaps, in AAC."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

RATE = 48_000
BPS = 96_000
FRAME = 1024
"""Samples of one packet of AAC, and how many its encoder puts before the first one."""
NEAR_S = 0.03
"""A piece that comes no further from the end of the one before continues it: times jitter."""
LATE_S = 0.5
"""What has not come by then is silence; a file that grows does not wait for it any longer."""

type Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class SoundPiece:
    """Sound of one channel, `RATE` samples a second."""

    samples: Samples
    at: float
    """When the first sample was heard, in monotonic seconds."""


class SoundTrack:
    """The track of one file; on the thread that writes it."""

    def __init__(self, container: Any) -> None:
        """Add it to a container that is open, and to which nothing was written yet."""
        self._stream: Any = container.add_stream("aac", rate=RATE)
        self._stream.codec_context.layout = "mono"
        self._stream.codec_context.bit_rate = BPS
        self._stream.time_base = Fraction(1, RATE)
        self._container = container
        self._begin: float | None = None
        self._early: deque[SoundPiece] = deque()
        self._rest: Samples = np.zeros(0, np.int16)
        self._placed = 0
        """Samples from the begin on that have their place."""
        self._continues = False
        """Whether what has its place ends with a piece, and not with silence in its stead."""
        self._coded = 0

    def begin(self, at: float) -> None:
        """Fix the time of the file's first picture; what came sooner is cut to it."""
        self._begin = at
        early, self._early = self._early, deque()
        for piece in early:
            self.write(piece)

    def write(self, piece: SoundPiece) -> None:
        """Place a piece: behind the one before, after silence, or cut where that was filled."""
        if self._begin is None:
            self._early.append(piece)
            return
        gap = round((piece.at - self._begin) * RATE) - self._placed
        samples = piece.samples
        near = NEAR_S * RATE if self._continues else 0
        if gap > near:
            self._append(np.zeros(gap, np.int16))
        elif gap < -near:
            samples = samples[-gap:]
        self._append(samples)
        self._continues = len(samples) > 0

    def fill(self, until: float) -> None:
        """Have silence up to a time, in monotonic seconds, where nothing has come."""
        missing = round((until - (self._begin or until)) * RATE) - self._placed
        if missing > 0:
            self._continues = False
            self._append(np.zeros(missing, np.int16))

    def close(self, until: float) -> None:
        """End it with the file's last picture."""
        self.fill(until)
        over = self._placed - round((until - (self._begin or until)) * RATE)
        if over > 0:
            self._rest = self._rest[: max(0, len(self._rest) - over)]
        if self._coded or len(self._rest):
            self._code(np.pad(self._rest, (0, -len(self._rest) % FRAME)))
            self._mux(self._stream.encode(None))

    def _append(self, samples: Samples) -> None:
        self._placed += len(samples)
        both = np.concatenate([self._rest, samples])
        whole = len(both) // FRAME * FRAME
        self._rest = both[whole:]
        self._code(both[:whole])

    def _code(self, samples: Samples) -> None:
        for first in range(0, len(samples), FRAME):
            piece = samples[first : first + FRAME].astype(np.float32)[np.newaxis] / 32768
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="mono")
            frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
            frame.pts, self._coded = self._coded, self._coded + FRAME
            self._mux(self._stream.encode(frame))

    def _mux(self, packets: Iterable[Any]) -> None:
        for packet in packets:
            # The first is the encoder's run-up, which players would have to be told to leave out.
            if packet.pts >= 0:
                self._container.mux(packet)
