"""Questions to the sound server of this session, asked once and not while a line is open."""

from __future__ import annotations

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
