"""Questions to the PulseAudio server of this session, asked once and not while a line is open."""

from __future__ import annotations

from collections.abc import Iterable

from sana_vcam.errors import VoiceError
from sana_vcam.lib.pulse.connection import PulseSource
from sana_vcam.lib.pulse.library import PulseError
from sana_vcam.lib.pulse.look import look_at_pulse
from sana_vcam.lib.threads import run_blocking
from sana_vcam.voice.line import OURS, Microphone


async def microphones() -> list[Microphone]:
    """List the microphones that can be chosen. Opens none of them. Raises `VoiceError`."""
    try:
        server = await run_blocking(look_at_pulse, name="sound server")
    except PulseError as error:
        raise VoiceError(str(error)) from error
    return among(server.sources)


def among(sources: Iterable[PulseSource]) -> list[Microphone]:
    """Give the sources that are microphones: not what a loudspeaker plays, and none of ours."""
    return [
        Microphone(source.name, source.description)
        for source in sources
        if not source.is_monitor and not source.name.startswith(OURS)
    ]
