"""The delay line on Windows and macOS: a ring of our own, played into a virtual cable.

    microphone ─▶ ring ─▶ "CABLE Input" ═ "CABLE Output" ─▶ whoever reads it

Written against a fake of PortAudio and tried on Linux's, but on neither of the two systems. Nobody
tells whether an application reads the other end of the cable, and so the microphone is recorded as
long as the voice is on and not muted. Whatever is wrong, both streams are closed: a cable without
one is silent.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import threading

from sana_vcam.errors import VoiceError
from sana_vcam.lib.backoff import backoff
from sana_vcam.lib.threads import end_task, run_blocking, run_loop
from sana_vcam.voice.line import (
    MAX_DELAY_MS,
    SOURCE_DESCRIPTION,
    LineState,
    LineStatus,
    Microphone,
    VoiceLevel,
)
from sana_vcam.voice.portaudio.library import BLOCK, RATE, PortAudio, Streams
from sana_vcam.voice.ring import DelayRing

log = logging.getLogger(__name__)

FIRST_DELAY_MS = 2000.0
"""Delay until `shift` is told another one."""
LOOK_S = 0.5
"""How often it is looked whether the devices are there still, and the delay is right."""
LONGEST_PAUSE_S = 5.0
"""Between two attempts to open devices that are not there."""
IN_FLIGHT_S = 0.1
"""Sound that was recorded before an unmute may come so much after it."""
DRIFT_MS = 20.0
"""A difference of two devices' clocks is made up for by a fade when it has become so much."""
DRIFT_FADE_S = 0.5


class PortAudioLine:
    """A `DelayLine` from a microphone into a virtual cable."""

    def __init__(self, system: PortAudio) -> None:
        self._system = system
        self._ring = DelayRing(RATE)
        self._task: asyncio.Task[None] | None = None
        self._microphone = ""
        self._source = SOURCE_DESCRIPTION
        self._delay_ms = FIRST_DELAY_MS
        self._is_muted = True
        self._wake = threading.Event()
        self._waits = backoff(longest_s=LONGEST_PAUSE_S)
        self._streams: Streams | None = None
        self._error: str | None = None

    # -- what a delay line can be asked --------------------------------------------------------

    async def open(self, microphone: str) -> None:
        """Begin to carry `microphone`, muted. Raises `VoiceError`; can be tried again later."""
        if self._task is not None:
            raise RuntimeError("a line is opened once; close it first")
        look = await run_blocking(self._system.look, name="voice devices")
        look.microphone(microphone)
        self._source = look.cable().source
        self._microphone = microphone
        self._task = asyncio.create_task(self._carry(), name="voice line")

    def mute(self) -> None:
        """Give silence from now on, forget what was said, and have both devices closed soon."""
        self._is_muted = True
        self._ring.mute()
        self._wake.set()

    async def unmute(self, after_s: float) -> None:
        """Have the devices opened, and take what is said from `after_s` seconds from now on."""
        self._ring.unmute(round((after_s + IN_FLIGHT_S) * RATE))
        self._is_muted = False
        self._wake.set()

    async def prepare(self, delay_ms: float) -> float:  # noqa: ARG002 - the ring has every delay
        """Nothing is to be made ready: the ring holds the sound of every delay."""
        return 0.0

    async def shift(self, delay_ms: float, fade_s: float) -> None:
        """Fade to another delay, or set it if nothing is heard yet."""
        self._delay_ms = min(max(delay_ms, 0.0), MAX_DELAY_MS)
        self._ring.set_delay(self._ring_frames(), round(fade_s * RATE))
        if self._ring.is_fading:
            await asyncio.sleep(fade_s)

    def status(self) -> LineStatus:
        """Tell how the line is now; somebody is taken to listen whenever it is open."""
        return LineStatus(
            state=self._state(),
            listeners=self._streams is not None,
            delay_ms=self._delay_ms,
            microphone=self._microphone,
            error=self._error,
            source=self._source,
        )

    def _state(self) -> LineState:
        if self._task is None:
            return LineState.OFF
        if self._error is not None:
            return LineState.FAILED
        if self._is_muted:
            return LineState.SILENT
        if self._streams is None:
            return LineState.OPENING
        return LineState.HEARD if self._ring.is_heard else LineState.SILENT

    def measure(self, on: bool) -> None:
        """Nothing is saved by doing without: each block is measured as it passes."""

    def take_levels(self) -> list[VoiceLevel]:
        """Give the levels since the last call; none while muted."""
        streams, levels = self._streams, []
        while streams is not None and streams.levels:
            levels.append(streams.levels.popleft())
        return [] if self._is_muted else levels

    async def close(self) -> None:
        """Close both devices; the cable stays, silent."""
        self.mute()
        task, self._task = self._task, None
        await end_task(task)

    async def _carry(self) -> None:
        try:
            await run_loop(self._run, name="voice", wake=self._wake.set)
        except Exception:
            self._error = "a defect, which the log tells; sana-vcam ctl voice off, then on"
            log.exception("a defect: the voice is silent")
            raise

    # -- on the line's thread, which alone opens and closes ------------------------------------

    def _run(self, stop: threading.Event) -> None:
        try:
            while not stop.is_set():
                self._wake.clear()
                self._wake.wait(self._settle())
        finally:
            self._shut()

    def _settle(self) -> float:
        """Do what is to be done, and tell after how many seconds to look again at the latest."""
        if self._is_muted:
            self._shut()
            return LOOK_S
        if self._streams is None:
            try:
                self._streams = self._system.open(self._microphone, self._ring)
            except VoiceError as error:
                return self._failed(str(error))
            self._source, self._error = self._streams.source, None
            self._waits = backoff(longest_s=LONGEST_PAUSE_S)
        elif self._streams.is_lost():
            self._shut()
            return self._failed(
                f'"{self._microphone}" or the virtual cable is gone and is looked for again: plug '
                "it in, and see what there is by: sana-vcam devices"
            )
        self._keep_delay()
        return LOOK_S

    def _keep_delay(self) -> None:
        ring, wanted = self._ring, self._ring_frames()
        drifted = abs(ring.drift_frames) > DRIFT_MS / 1000 * RATE
        if not ring.is_fading and (drifted or ring.delay_frames != wanted):
            ring.set_delay(wanted, round(DRIFT_FADE_S * RATE))

    def _failed(self, reason: str) -> float:
        log.log(
            logging.DEBUG if self._error else logging.WARNING, "the voice is silent: %s", reason
        )
        self._error = reason
        return next(self._waits)

    def _shut(self) -> None:
        streams, self._streams = self._streams, None
        if streams is not None:
            self._system.close(streams)
            # Whoever hears the next stream hears nothing of this one.
            self._ring.forget()

    def _ring_frames(self) -> int:
        """Give the delay for the ring itself, without what the devices add."""
        streams = self._streams
        latency_s = 0.0 if streams is None else streams.latency_s
        # PortAudio tells how late the begin of a block comes; the ring counts from its end.
        return max(0, round((self._delay_ms / 1000 - latency_s) * RATE) + BLOCK)


@functools.cache
def system() -> PortAudio:
    """Give the sound system of this process: PortAudio is begun and ended as a whole."""
    return PortAudio()


async def microphones() -> list[Microphone]:
    """List the microphones that can be chosen. Opens none of them. Raises `VoiceError`."""
    return (await run_blocking(system().look, name="voice devices")).microphones
