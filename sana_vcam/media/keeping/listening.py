"""What viewers hear: a recording of one source of the sound server, in pieces with their times.

By PulseAudio's protocol, which PipeWire speaks too.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing

import numpy as np

from sana_vcam.errors import KeepingFailed
from sana_vcam.lib.pulse.connection import PulseConnection, find_server
from sana_vcam.lib.pulse.library import PulseError
from sana_vcam.lib.pulse.recording import PulseRecording
from sana_vcam.media.keeping.keeper import MOST_S
from sana_vcam.media.keeping.sound import RATE, SoundPiece

TURN_S = 0.03
FRAGMENT = RATE // 50
ABSENT_S = 5.0
"""So long the source may take to appear."""
WINDOW_S = 5.0
JUMP_S = 0.5


class SourceRecorder:
    """Records a source on a thread of its own while `run` runs, and holds the newest minute."""

    def __init__(self, source: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Prepare to record the source of this name, and no other in its place."""
        self.on_piece: Callable[[SoundPiece], None] | None = None
        """Given each piece, on the listener's thread; does not wait."""
        self._source = source
        self._clock = clock
        self._held: deque[SoundPiece] = deque()

    def held(self) -> tuple[SoundPiece, ...]:
        """Give all that is held, the oldest first; from any thread."""
        while True:
            try:
                return tuple(self._held)
            except RuntimeError:
                # One came meanwhile.
                continue

    def run(self, stop: threading.Event) -> None:
        """Record until `stop`. Raises `KeepingFailed`."""
        try:
            with closing(PulseConnection(find_server())) as server:
                self._follow(server, stop)
        except (PulseError, OSError) as error:
            raise KeepingFailed(str(error)) from None

    def _follow(self, server: PulseConnection, stop: threading.Event) -> None:
        absent_since = self._clock()
        while not stop.is_set():
            if any(source.name == self._source for source in server.sources):
                self._record(server, stop)
                absent_since = self._clock()
            if self._clock() - absent_since > ABSENT_S:
                raise KeepingFailed(f"the sound server has no source {self._source}")
            server.turn(TURN_S)

    def _record(self, server: PulseConnection, stop: threading.Event) -> None:
        recording = PulseRecording(server, self._source, rate=RATE, fragment=FRAGMENT)
        times = Times()
        try:
            while not (stop.is_set() or recording.has_ended):
                # Whatever comes meanwhile is taken at once: it costs less.
                time.sleep(TURN_S)
                server.turn(0.0)
                sound = recording.read()
                if not len(sound):
                    continue
                if recording.device != self._source:
                    raise KeepingFailed(
                        f"the sound server gives another source: {recording.device}"
                    )
                at = times.of(len(sound), self._clock())
                samples = (np.clip(sound, -1, 1) * 32767).astype(np.int16)
                self._hold(SoundPiece(samples, at))
        finally:
            recording.close()

    def _hold(self, piece: SoundPiece) -> None:
        self._held.append(piece)
        if self.on_piece is not None:
            self.on_piece(piece)
        while self._held[0].at < piece.at - MOST_S - 1:
            self._held.popleft()


class Times:
    """When sound was heard, of which only is known when it was read: now sooner, now later.

    The least that a piece was late within some seconds counts. So the times follow the clock of
    the sound, and not how busy the machine is.
    """

    def __init__(self) -> None:
        self._count = 0
        self._windows = [math.inf, math.inf]
        self._until = -math.inf

    def of(self, count: int, now: float) -> float:
        """Tell when the first of so many samples was heard that were read at `now`, in seconds."""
        first = self._count
        self._count += count
        begin = now - self._count / RATE
        if begin - min(self._windows) > JUMP_S:
            # The source had stood still.
            self._windows = [math.inf, math.inf]
        if now >= self._until:
            self._until, self._windows = now + WINDOW_S, [self._windows[1], math.inf]
        self._windows[1] = min(self._windows[1], begin)
        return min(self._windows) + first / RATE
