"""The thread that carries the sound: from the microphone into the ring, from there into the source.

    microphone ─▶ recording ─▶ ring ─▶ pipe ─▶ sana_mic ─▶ whoever reads it

For every sample that comes from the microphone one goes into the pipe, so that both keep the pace
of the microphone's own clock and the delay never drifts. Without a microphone it is silence, by the
clock of the system.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sana_vcam.errors import StartupError
from sana_vcam.lib.backoff import backoff
from sana_vcam.lib.priority import prefer_this_thread
from sana_vcam.lib.pulse.connection import PulseConnection, PulseSource, find_server
from sana_vcam.lib.pulse.library import PulseError
from sana_vcam.lib.pulse.recording import Block, PulseRecording
from sana_vcam.voice.line import MAX_DELAY_MS, VoiceLevel, unknown_microphone
from sana_vcam.voice.meter import SampleMeter
from sana_vcam.voice.pulse import source as sources
from sana_vcam.voice.pulse.server import among
from sana_vcam.voice.pulse.source import RATE, FeedPipe
from sana_vcam.voice.ring import DelayRing

log = logging.getLogger(__name__)

BLOCK_S = 0.04
"""Length of one piece of the recording, and from one to the next while somebody listens: shorter
ones come sooner by as much as they are shorter, and cost more."""
PIECE = round(BLOCK_S * RATE)
"""Frames that go through the ring at once; the ring gives none sooner than that."""
LOOK_S = 0.25
"""A look at what is to be done at least so often, while somebody listens."""
ASLEEP_S = 0.2
"""Longest turn while nobody does; the server's news end it at once."""
STALLED_S = 0.5
"""A recording that gives nothing for so long is silence."""
AGAIN_S = 1.0
"""Between two attempts to record the microphone."""
LONGEST_PAUSE_S = 5.0
"""Between two attempts to reach the server."""
STEADY_S = 30.0
"""A connection that held this long is no failed attempt."""
MEASURED_S = 0.1
NOTHING: Block = np.zeros(0, np.float32)
KEPT = 3000
"""Levels that wait for whoever takes them: half a minute."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the carrier is to do; replaced as a whole by the event loop's thread."""

    is_muted: bool = True
    mutes: int = 0
    """Counts the mutes: one that is over when it is looked at has been one all the same."""
    unmuted_from: float = 0.0
    """What is said before it is not heard, by `time.monotonic()`."""
    delay_ms: float = 0.0
    fade_s: float = 0.0
    change: int = 0
    """Counts the changes of the delay."""
    is_measured: bool = True
    """Whether levels are wanted."""


@dataclass(frozen=True, slots=True)
class CarrierStatus:
    """What the carrier does; replaced as a whole by its own thread."""

    is_ready: bool = False
    """Whether the source is there, and fed as soon as somebody listens."""
    listeners: bool = False
    is_heard: bool = False
    begun_at: float | None = None
    """When what the ring holds was begun to be recorded; None while it holds nothing."""
    error: str | None = None


class Carrier:
    """Carries one microphone while `run` runs. What it is to do is read from `wanted`."""

    def __init__(self, microphone: str, wanted: Wanted) -> None:
        self.wanted = wanted
        self.told = CarrierStatus()
        self.levels: deque[VoiceLevel] = deque(maxlen=KEPT)
        self._microphone = microphone
        self._ring = DelayRing(RATE)
        self._is_open = False
        """Whether the ring takes what is said."""
        self._seen: tuple[tuple[PulseSource, ...], Wanted] = ((), wanted)
        """The server's sources and what was wanted, as they were looked at last."""
        self._look_at = 0.0
        self._mutes = 0
        self._change = 0
        self._pipe: FeedPipe | None = None
        self._recording: PulseRecording | None = None
        self._again_at = 0.0
        self._refusal: str | None = None
        """What is wrong with a microphone that is there."""
        self._meter = SampleMeter(RATE)
        self._unmeasured: list[Block] = []
        self._fed_until = 0.0

    def run(self, stop: threading.Event) -> None:
        """Hold the line on a server that may go and come back, until `stop`."""
        # What is 50 ms late here is heard as late, and nothing later makes up for it.
        log.info("the thread of the voice is %s", prefer_this_thread())
        waits = backoff(longest_s=LONGEST_PAUSE_S)
        while not stop.is_set():
            began = time.monotonic()
            try:
                self._connected(stop)
            except (PulseError, StartupError, OSError) as lost:
                level = logging.DEBUG if self.told.error else logging.WARNING
                log.log(level, "the voice is silent: %s", lost)
                self._tell(error=f"{lost}; it is tried again by itself")
            if time.monotonic() - began > STEADY_S:
                waits = backoff(longest_s=LONGEST_PAUSE_S)
            stop.wait(next(waits))

    def _connected(self, stop: threading.Event) -> None:
        with closing(PulseConnection(find_server())) as server:
            if server.is_pipewire:
                raise PulseError(
                    "PipeWire has taken PulseAudio's place: sana-vcam ctl voice off, then on"
                )
            try:
                while not stop.is_set():
                    now = time.monotonic()
                    if self._is_due(server, now):
                        self._settle(server, now)
                    self._carry(now)
                    if self.told.listeners:
                        # Whatever comes meanwhile is taken at once: it costs half as much.
                        time.sleep(BLOCK_S)
                        server.turn(0.0)
                    else:
                        server.turn(ASLEEP_S)
            finally:
                self._close_ring()
                self._stop_recording()
                self._let_go()
                self._tell(is_ready=False, listeners=False, is_heard=False)

    # -- what there is, and what is missing ----------------------------------------------------

    def _is_due(self, server: PulseConnection, now: float) -> bool:
        """Whether something has changed, or was not looked at for a while."""
        seen = server.sources, self.wanted
        if seen[0] is self._seen[0] and seen[1] is self._seen[1] and now < self._look_at:
            return False
        self._seen, self._look_at = seen, now + LOOK_S
        return True

    def _settle(self, server: PulseConnection, now: float) -> None:
        source = sources.ours(server)
        if source is None:
            self._let_go()
            sources.make(server)
            source = sources.ours(server)
        if source is None or not self._join(server, source):
            return
        was_heard, listeners = self.told.listeners, source.is_recorded
        wanted = self._seen[1]
        if listeners and not was_heard:
            self._fed_until = now
        if wanted.mutes != self._mutes:
            self._close_ring()
            self._mutes = wanted.mutes
        self._set_delay(wanted)
        if listeners and not wanted.is_muted and now >= wanted.unmuted_from:
            self._open_ring(now)
            self._record(server, now)
        else:
            self._close_ring()
            self._stop_recording()
        self._tell(
            is_ready=True,
            listeners=listeners,
            is_heard=self._ring.is_heard,
            error=self._what_is_wrong(server),
        )

    def _join(self, server: PulseConnection, source: PulseSource) -> bool:
        """Open the pipe of our source; whether it is open.

        A source whose pipe is gone is made anew, once no application has it open.
        """
        path = Path(source.path)
        if self._pipe is not None and self._pipe.path == path:
            return True
        self._let_go()
        try:
            self._pipe = FeedPipe(path)
        except PulseError as error:
            if source.is_recorded:
                raise PulseError(
                    f"{error}; choose another microphone in the applications, and then ours again"
                ) from error
            server.unload_module(source.module)
            return False
        return True

    def _set_delay(self, wanted: Wanted) -> None:
        if wanted.change != self._change:
            frames = round(min(max(wanted.delay_ms, 0.0), MAX_DELAY_MS) / 1000 * RATE)
            self._ring.set_delay(frames, round(wanted.fade_s * RATE))
            self._change = wanted.change

    def _record(self, server: PulseConnection, now: float) -> None:
        """Begin to record the microphone, if it is there and not recorded yet."""
        if self._recording is not None and self._recording.has_ended:
            self._stop_recording()
            self._refusal = (
                f'PulseAudio has ended the recording of "{self._microphone}", which is tried '
                "again; what it says itself: journalctl --user -u pulseaudio"
            )
        if self._recording is not None or now < self._again_at:
            return
        if self._microphone in {one.name for one in among(server.sources)}:
            self._again_at = now + AGAIN_S
            self._meter = SampleMeter(RATE)
            self._unmeasured.clear()
            self._recording = PulseRecording(server, self._microphone, rate=RATE, fragment=PIECE)

    def _what_is_wrong(self, server: PulseConnection) -> str | None:
        known = among(server.sources)
        if self._microphone in {one.name for one in known}:
            return self._refusal
        return str(unknown_microphone(self._microphone, known))

    # -- the sound -----------------------------------------------------------------------------

    def _carry(self, now: float) -> None:
        """Take what has come from the microphone, and give as much to whoever listens."""
        if not self.told.listeners or self._pipe is None:
            return
        waited_s = now - self._fed_until
        block = self._recording.read() if self._recording is not None else NOTHING
        if len(block):
            self._refusal = None
            self._measure(block, now)
        elif waited_s >= (BLOCK_S if self._recording is None else STALLED_S):
            block = np.zeros(round(min(waited_s, STALLED_S) * RATE), np.float32)
        if len(block):
            self._fed_until = now
            self._feed(self._pipe, block)

    def _measure(self, block: Block, now: float) -> None:
        """Measure what has come, a tenth of a second at a time, which costs less."""
        if not self.wanted.is_measured:
            self._unmeasured.clear()
            return
        self._unmeasured.append(block)
        if sum(map(len, self._unmeasured)) >= MEASURED_S * RATE:
            self.levels.extend(self._meter.feed(np.concatenate(self._unmeasured), now))
            self._unmeasured.clear()

    def _feed(self, pipe: FeedPipe, block: Block) -> None:
        for begin in range(0, len(block), PIECE):
            piece = block[begin : begin + PIECE]
            # Read first, so that a frame comes out as late as asked however long the pieces are.
            heard = self._ring.read(len(piece))[:, 0]
            self._ring.write(piece)
            # The event loop may have muted since `_settle`.
            is_muted = self.wanted.mutes != self._mutes
            pipe.write(np.zeros_like(heard) if is_muted else heard)

    def _open_ring(self, now: float) -> None:
        if not self._is_open:
            self._is_open = True
            self._ring.unmute()
            self._tell(begun_at=now)

    def _close_ring(self) -> None:
        """Forget what was said, wherever it is."""
        if self._is_open:
            self._is_open = False
            self._ring.mute()
            self.levels.clear()
            if self._pipe is not None:
                self._pipe.drain()
            self._tell(begun_at=None)

    def _stop_recording(self) -> None:
        recording, self._recording = self._recording, None
        if recording is not None:
            recording.close()

    def _let_go(self) -> None:
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            pipe.close()

    def _tell(self, **changes: object) -> None:
        told = replace(self.told, **changes)  # type: ignore[arg-type]
        if told != self.told:
            self.told = told
