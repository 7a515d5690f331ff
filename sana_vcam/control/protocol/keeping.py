"""The words about clips and recordings of what viewers see."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sana_vcam.control.protocol.command import Command
from sana_vcam.control.protocol.replies import MessageBody


class RecordingState(MessageBody):
    """The recording that runs."""

    path: str
    """The file that grows."""
    seconds: float
    """How long it is by now."""


class ClipSaved(MessageBody):
    """A clip that was written."""

    path: str
    """Its file: MP4 with H.264, or GIF."""
    seconds: float
    """How long it is: shorter than asked for where less was held."""
    note: str
    """The same for people, and what is not as viewers saw it."""


class RecordSwitched(MessageBody):
    """Whether what viewers see is recorded now."""

    on: bool
    """True while it is."""
    path: str
    """The file that grows; or, of a recording that was ended, its file. Empty if none ran."""
    note: str = ""
    """For people: where it is."""


class SaveClip(Command):
    """Save the last seconds of what viewers saw as a video file."""

    wire_name = "clip"
    reply = ClipSaved
    seconds: Annotated[float | None, Field(ge=1, le=60, examples=[10])] = None
    """How many, of at most the last 60; left out, as `[keep] seconds` says."""
    gif: Annotated[bool, Field(examples=[False])] = False
    """true: as an animated GIF, of at most 15 seconds."""


class Record(Command):
    """Record what viewers see into a video file, or end that."""

    wire_name = "record"
    reply = RecordSwitched
    on: Annotated[bool | None, Field(examples=[True])] = None
    """true or false; left out, it toggles."""
