"""The words about looks as a file: written, looked at, and taken over."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sana_vcam.config.preset import ID_PATTERN, Preset
from sana_vcam.control.protocol.command import Command
from sana_vcam.control.protocol.imagepieces import PIECE_CHARS
from sana_vcam.control.protocol.replies import MessageBody
from sana_vcam.presets.edits import MOST

PresetIds = Annotated[
    tuple[Annotated[str, Field(pattern=ID_PATTERN)], ...],
    Field(strict=False, max_length=MOST, examples=[["cape", "dusk"]]),
]


class SharedImage(MessageBody):
    """A look's reference image, as it is seen before it is taken."""

    width: int
    """Pixels."""
    height: int
    """Pixels."""
    bytes: int
    """The size of the file that would be written."""
    preview: str
    """A JPEG of at most 160x160, in base64."""


class InspectedLook(MessageBody):
    """One look of a file, and what would become of it."""

    look: Preset
    """What the file says; `image` is the file that would be written."""
    picture: SharedImage | None
    """Its reference image; null without one."""
    id: str
    """The short name that it would have in your list."""
    name: str
    """The name that it would have in your list."""
    taken_by: str | None
    """The name of the preset that has its short name, and that `replace` would replace."""
    have: str | None
    """The short name of a preset of yours that is the same look; null if there is none."""


class InspectedPresets(MessageBody):
    """The looks of a file. Nothing is taken yet."""

    looks: tuple[InspectedLook, ...]
    """In the order of the file; empty while pieces are to follow."""


class InspectPresets(Command):
    """Look at a file of looks: nothing is taken, and it is forgotten with the connection."""

    wire_name = "inspect_presets"
    reply = InspectedPresets
    data: Annotated[str, Field(max_length=PIECE_CHARS, examples=["eyJmb3JtYXQi"])]
    """The file in base64, or a piece of it; the whole has at most 24 MB."""
    more: Annotated[bool, Field(examples=[False])] = False
    """true: the rest comes by further inspect_presets of this connection."""


class ImportedPresets(MessageBody):
    """What was taken over."""

    added: tuple[str, ...]
    """The short names of the presets that are new."""
    replaced: tuple[Preset, ...]
    """Those that others have taken the place of, as they were."""


class ImportPresets(Command):
    """Take looks of the file that this connection looked at last; all that are named, or none."""

    wire_name = "import_presets"
    reply = ImportedPresets
    ids: PresetIds
    """Their short names in the file."""
    replace: Annotated[bool, Field(examples=[False])] = False
    """true: one takes the place of the preset that has its short name; else it gets another."""


class ForgetPresets(Command):
    """Forget the file that this connection looked at."""

    wire_name = "forget_presets"


class ExportedPresets(MessageBody):
    """Looks as a file, with their reference images."""

    text: str
    """The file: JSON Lines in UTF-8."""


class ExportPresets(Command):
    """Write looks as a file that others can import."""

    wire_name = "export_presets"
    reply = ExportedPresets
    ids: PresetIds = ()
    """Their short names; left out, all of them."""
