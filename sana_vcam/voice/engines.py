"""Which sound server there is, and so what carries the voice: found out when it is needed.

PipeWire answers PulseAudio's protocol too, and a machine whose sound is PulseAudio's may run a
PipeWire for the screen alone. So whoever answers as PulseAudio is asked for its name first.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum

from sana_vcam.errors import VoiceError
from sana_vcam.lib.threads import run_blocking
from sana_vcam.voice.line import DelayLine, LineState, LineStatus, Microphone, VoiceLevel


class SoundSystem(StrEnum):
    """What can carry the voice on Linux."""

    PIPEWIRE = "PipeWire"
    PULSE = "PulseAudio"


def make_line() -> DelayLine:
    """Make a delay line for this machine's sound server; opens nothing."""
    if sys.platform != "linux":
        from sana_vcam.voice.portaudio.line import PortAudioLine, system

        return PortAudioLine(system())
    return FoundLine()


async def list_microphones() -> Sequence[Microphone]:
    """List the microphones that can be chosen. Opens none of them. Raises `VoiceError`."""
    if sys.platform != "linux":
        from sana_vcam.voice.portaudio import line

        return await line.microphones()
    if await find_sound_system() is SoundSystem.PULSE:
        from sana_vcam.voice.pulse.server import microphones
    else:
        from sana_vcam.voice.pipewire.server import microphones

    return await microphones()


async def find_sound_system() -> SoundSystem:
    """Find out what there is on Linux. Raises `VoiceError` if there is nothing."""
    return await run_blocking(_found, name="sound server")


def _found() -> SoundSystem:
    from sana_vcam.lib.pipewire.connection import find_socket
    from sana_vcam.lib.pipewire.library import PipeWireError
    from sana_vcam.lib.pulse.library import PulseError
    from sana_vcam.lib.pulse.look import look_at_pulse

    try:
        return SoundSystem.PIPEWIRE if look_at_pulse().is_pipewire else SoundSystem.PULSE
    except PulseError as error:
        without = error
    try:
        find_socket()
    except PipeWireError as error:
        raise VoiceError(
            f"there is no virtual microphone without a sound server: {error}; or {without}"
        ) from error
    return SoundSystem.PIPEWIRE


class FoundLine:
    """A `DelayLine` on the sound server that there is whenever it is opened."""

    def __init__(self) -> None:
        self._line: DelayLine | None = None
        self._is_measured = True

    async def open(self, microphone: str) -> None:
        """Begin to carry `microphone`, muted. Raises `VoiceError`; can be tried again later."""
        line = await _line_on_what_there_is()
        line.measure(self._is_measured)
        await line.open(microphone)
        self._line = line

    def mute(self) -> None:
        """Silence the source at once."""
        if self._line is not None:
            self._line.mute()

    async def unmute(self, after_s: float) -> None:
        """Arrange for the microphone to fade in."""
        await self._opened.unmute(after_s)

    async def prepare(self, delay_ms: float) -> float:
        """Make ready to fade to another delay; in how many seconds that can begin."""
        return await self._opened.prepare(delay_ms)

    async def shift(self, delay_ms: float, fade_s: float) -> None:
        """Fade to another delay, and return when it is done."""
        await self._opened.shift(delay_ms, fade_s)

    def status(self) -> LineStatus:
        """Tell how the line is now."""
        if self._line is None:
            return LineStatus(LineState.OFF, listeners=False, delay_ms=0.0, microphone="")
        return self._line.status()

    def measure(self, on: bool) -> None:
        """Have levels measured from now on, or not."""
        self._is_measured = on
        if self._line is not None:
            self._line.measure(on)

    def take_levels(self) -> list[VoiceLevel]:
        """Give the levels since the last call."""
        return self._line.take_levels() if self._line is not None else []

    async def close(self) -> None:
        """Take away all but the source."""
        line, self._line = self._line, None
        if line is not None:
            await line.close()

    @property
    def _opened(self) -> DelayLine:
        if self._line is None:
            raise RuntimeError("a line is opened before it is used")
        return self._line


async def _line_on_what_there_is() -> DelayLine:
    if await find_sound_system() is SoundSystem.PULSE:
        from sana_vcam.voice.pulse.line import PulseLine

        return PulseLine()
    from sana_vcam.voice.pipewire.line import PipeWireLine

    return PipeWireLine()
