"""Questions to the sound server of this session, asked once and not while a line is open."""

from __future__ import annotations

from sana_vcam.errors import VoiceError
from sana_vcam.voice.line import Microphone
from sana_vcam.voice.pipewire import children
from sana_vcam.voice.pipewire.registry import Registry


async def look() -> Registry:
    """Read what is in the server. Raises `VoiceError` if there is none, or not its programs."""
    children.require_programs()
    registry = Registry()
    registry.feed((await children.ask("pw-dump")).lstrip().encode())
    return registry


async def microphones() -> list[Microphone]:
    """List the microphones that can be chosen. Opens none of them. Raises `VoiceError`."""
    return (await look()).microphones


def unknown(microphone: str, known: list[Microphone]) -> VoiceError:
    """Give the error for a microphone that is not among those of the server."""
    if not known:
        return VoiceError(
            f'there is no microphone "{microphone}", and no other one in PipeWire: plug one in'
        )
    names = ", ".join(f'"{one.name}" ({one.description})' for one in known)
    return VoiceError(
        f'there is no microphone "{microphone}": plug it in, or put one of these into '
        f"[voice] microphone: {names}"
    )
