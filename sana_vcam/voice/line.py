"""What a delay line for the voice is, whichever sound server carries it, and the values it tells.

A line takes the sound of one microphone, holds it back by a number of milliseconds, and gives it
to whoever opens the source "SANA VCam Microphone". It fails closed: whatever goes wrong, readers of
the source hear silence, and never the microphone itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from sana_vcam.errors import VoiceError

SOURCE_NAME = "sana_mic"
"""Name of the source in the sound server; session managers remember sources by it."""
SOURCE_DESCRIPTION = "SANA VCam Microphone"
"""What lists of microphones show."""
OURS = "sana_"
"""Prefix of every name of ours in a sound server; none of them is ever taken for a microphone."""
MAX_DELAY_MS = 6000.0
"""Longest delay that a line can be given; its memory has this length."""
SILENCE_DBFS = -100.0
"""Level of digital silence, and the lowest that is told."""


class LineState(StrEnum):
    """How far a delay line is."""

    OFF = "off"
    """Not opened, or closed."""
    OPENING = "opening"
    """Nobody can hear anything yet."""
    ASLEEP = "asleep"
    """Ready, and no application has the source open: the microphone is not recorded either."""
    HEARD = "heard"
    """An application hears the microphone, late."""
    SILENT = "silent"
    """Muted, or what was said before the mute has not passed yet: silence is heard."""
    FAILED = "failed"
    """Silence is heard, for the reason in `LineStatus.error`; the line tries again by itself."""


@dataclass(frozen=True)
class LineStatus:
    """A delay line at one moment."""

    state: LineState
    listeners: bool
    """Whether some application has the source open."""
    delay_ms: float
    """How late a listener hears the microphone, without what the sound server adds."""
    microphone: str
    """Stable name of the microphone that was asked for; empty while off."""
    error: str | None = None
    """What is wrong and what mends it, as a sentence."""
    source: str = SOURCE_DESCRIPTION
    """What applications choose, as their lists show it."""


@dataclass(frozen=True)
class Microphone:
    """One source of sound that can be chosen."""

    name: str
    """Stable name in the sound server, for the configuration."""
    description: str
    """What lists of microphones show."""


def unknown_microphone(name: str, known: Sequence[Microphone]) -> VoiceError:
    """Give the error for a microphone that is not among those of the sound server."""
    if not known:
        return VoiceError(f'there is no microphone "{name}", and no other one: plug one in')
    names = ", ".join(f'"{one.name}" ({one.description})' for one in known)
    return VoiceError(
        f'there is no microphone "{name}": plug it in, or put one of these into '
        f"[voice] microphone: {names}"
    )


@dataclass(frozen=True)
class VoiceLevel:
    """How loud the live microphone was for 10 ms."""

    at: float
    """Begin of the 10 ms, by `time.monotonic()`."""
    dbfs: float
    """Root mean square of the samples in dB below full scale, not below `SILENCE_DBFS`."""


class DelayLine(Protocol):
    """A microphone, later. One task uses it; all of it is called on one event loop's thread."""

    async def open(self, microphone: str) -> None:
        """Begin to carry `microphone`, a stable name, muted until `unmute`.

        Raises `VoiceError` if there is no sound server that can do it or no such microphone. What
        fails later is a state, not an error, and is tried again until `close`.
        """
        ...

    def mute(self) -> None:
        """Silence the source at once; what is in the line is never heard. Does not wait."""
        ...

    async def unmute(self, after_s: float) -> None:
        """Arrange for the microphone to fade in, and return.

        It is heard once `after_s` seconds and all that was said before the mute have passed.
        """
        ...

    async def prepare(self, delay_ms: float) -> float:
        """Make ready to fade to another delay; in how many seconds `shift` can begin with it.

        Some servers have the sound of another delay only when that delay has passed.
        """
        ...

    async def shift(self, delay_ms: float, fade_s: float) -> None:
        """Fade to another delay within `fade_s` seconds, and return when it is done.

        With a second nothing is above -60 dBFS beside a loud tone.
        It begins at once if the delay was prepared long enough before, else when it can. Not above
        `MAX_DELAY_MS`. While muted or asleep it is changed without a fade.
        """
        ...

    def status(self) -> LineStatus:
        """Tell how the line is now."""
        ...

    def measure(self, on: bool) -> None:
        """Have levels measured from now on, or not, which costs less; at first they are."""
        ...

    def take_levels(self) -> list[VoiceLevel]:
        """Give the levels since the last call, oldest first.

        None while nobody listens, or while none are measured.
        """
        ...

    async def close(self) -> None:
        """Stop recording and take away all but the source, which stays, silent."""
        ...
