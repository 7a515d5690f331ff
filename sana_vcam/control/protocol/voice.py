"""The words about the microphone that is as late as the picture."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sana_vcam.control.protocol.command import Command
from sana_vcam.control.protocol.replies import MessageBody
from sana_vcam.voice.line import LineState


class VoiceState(MessageBody):
    """The microphone that is carried as late as the picture."""

    on: bool
    """True while it is on."""
    state: LineState
    """off, opening, asleep (no application listens), heard, silent or failed."""
    microphone: str
    """Its name in the sound server."""
    delay_ms: int
    """How late it is heard."""
    target_ms: int | None
    """How late it is meant to be, by the picture's delay; None until that was decided once."""
    listeners: bool
    """True while an application has "SANA VCam Microphone" open."""
    level_dbfs: float | None
    """How loud you speak, in dB below full scale; None while nobody listens. It is measured while a
    client follows the state, or a pause of your speech is waited for."""
    error: str | None
    """What is wrong with it and what mends it; None when nothing is."""


class VoiceSwitched(MessageBody):
    """Whether the microphone is carried now, and what to mind."""

    on: bool
    """True while it is on."""
    microphone: str
    """Name of the microphone in the sound server; empty if none was ever chosen."""
    advice: tuple[str, ...] = ()
    """What to do in the call, in sentences; once, when it is switched on."""


class KnownMicrophone(MessageBody):
    """One microphone that can be chosen."""

    name: str
    """Its name in the sound server, for `set_voice` and the configuration."""
    description: str
    """What lists of microphones show."""


class Microphones(MessageBody):
    """The microphones that can be carried."""

    microphones: tuple[KnownMicrophone, ...]
    """As the sound server has them now; none of them is opened for that."""
    chosen: str
    """Name of the one that is carried or would be; empty if none was ever chosen."""


class ListMicrophones(Command):
    """List the microphones that `set_voice` can carry; opens none of them."""

    wire_name = "list_microphones"
    reply = Microphones


class SetVoice(Command):
    """Let applications hear the microphone as late as viewers see the picture, or stop it."""

    wire_name = "set_voice"
    reply = VoiceSwitched
    on: Annotated[bool | None, Field(examples=[True])] = None
    """true or false; left out, it toggles."""
    microphone: Annotated[
        str | None, Field(max_length=256, examples=["alsa_input.usb-headset.mono-fallback"])
    ] = None
    """Its name in the sound server, which `sana-vcam devices` lists; left out, the configured one
    or the last one."""
