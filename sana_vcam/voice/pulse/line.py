"""The delay line on plain PulseAudio, which has none of its own: a ring in memory, on a thread."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import replace

from sana_vcam.errors import VoiceError
from sana_vcam.lib.threads import end_task, run_loop
from sana_vcam.voice.line import (
    MAX_DELAY_MS,
    OURS,
    LineState,
    LineStatus,
    VoiceLevel,
    unknown_microphone,
)
from sana_vcam.voice.pulse.carrier import Carrier, CarrierStatus, Wanted
from sana_vcam.voice.pulse.server import microphones

log = logging.getLogger(__name__)

FIRST_DELAY_MS = 2000.0
"""Delay until `shift` is told another one."""
BEGUN_S = 0.05
"""The thread has begun a change of the delay after so long."""
DEFECT = "a defect, which the log tells; sana-vcam ctl voice off, then on"


class PulseLine:
    """A `DelayLine` on the PulseAudio server of this session."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._carrier: Carrier | None = None
        self._microphone = ""
        self._wanted = Wanted(delay_ms=FIRST_DELAY_MS, change=1)

    async def open(self, microphone: str) -> None:
        """Begin to carry `microphone`, muted. Raises `VoiceError`; can be tried again later."""
        if self._task is not None:
            raise RuntimeError("a line is opened once; close it first")
        if microphone.startswith(OURS):
            raise VoiceError(f'"{microphone}" is our own: choose a real microphone')
        known = await microphones()
        if microphone not in {one.name for one in known}:
            raise unknown_microphone(microphone, known)
        self._microphone = microphone
        self.mute()
        self._carrier = Carrier(microphone, self._wanted)
        self._task = asyncio.create_task(self._carry(self._carrier), name="voice line")

    def mute(self) -> None:
        """Silence the source at once; the thread looks before it gives a piece of 40 ms."""
        self._want(replace(self._wanted, is_muted=True, mutes=self._wanted.mutes + 1))

    async def unmute(self, after_s: float) -> None:
        """Let what is said from `after_s` seconds on be heard, late."""
        self._want(replace(self._wanted, is_muted=False, unmuted_from=time.monotonic() + after_s))

    async def prepare(self, delay_ms: float) -> float:
        """Give in how many seconds what was said so long ago was recorded as well."""
        begun_at = self._told.begun_at
        if begun_at is None:
            return 0.0
        return max(0.0, begun_at + delay_ms / 1000 - time.monotonic())

    async def shift(self, delay_ms: float, fade_s: float) -> None:
        """Fade to another delay, or set it if nothing is heard yet."""
        change = self._wanted.change + 1
        delay_ms = min(max(delay_ms, 0.0), MAX_DELAY_MS)
        self._want(replace(self._wanted, delay_ms=delay_ms, fade_s=fade_s, change=change))
        if self._told.is_heard:
            await asyncio.sleep(fade_s + BEGUN_S)

    def status(self) -> LineStatus:
        """Tell how the line is now."""
        told = self._told
        return LineStatus(
            state=self._state(told),
            listeners=told.listeners,
            delay_ms=self._wanted.delay_ms,
            microphone=self._microphone,
            error=told.error,
        )

    def _state(self, told: CarrierStatus) -> LineState:
        if self._task is None:
            return LineState.OFF
        if told.error is not None:
            return LineState.FAILED
        if self._wanted.is_muted:
            return LineState.SILENT
        if not told.is_ready:
            return LineState.OPENING
        if not told.listeners:
            return LineState.ASLEEP
        return LineState.HEARD if told.is_heard else LineState.SILENT

    def measure(self, on: bool) -> None:
        """Have levels measured from now on, or not."""
        if on != self._wanted.is_measured:
            self._want(replace(self._wanted, is_measured=on))

    def take_levels(self) -> list[VoiceLevel]:
        """Give the levels since the last call; none while nobody listens or while muted."""
        if self._carrier is None or self._wanted.is_muted:
            return []
        levels: list[VoiceLevel] = []
        # The thread may clear them meanwhile.
        with contextlib.suppress(IndexError):
            while True:
                levels.append(self._carrier.levels.popleft())
        return levels

    async def close(self) -> None:
        """Stop recording and let go of the source, which stays, silent."""
        self.mute()
        task, self._task = self._task, None
        await end_task(task)
        self._carrier = None

    async def _carry(self, carrier: Carrier) -> None:
        try:
            await run_loop(carrier.run, name="pulse")
        except Exception:
            carrier.told = CarrierStatus(
                error="a defect, which the log tells; sana-vcam ctl voice off, then on"
            )
            log.exception("a defect: the voice is silent")
            raise

    @property
    def _told(self) -> CarrierStatus:
        return self._carrier.told if self._carrier is not None else CarrierStatus()

    def _want(self, wanted: Wanted) -> None:
        self._wanted = wanted
        if self._carrier is not None:
            self._carrier.wanted = wanted
