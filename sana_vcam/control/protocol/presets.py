"""The words about presets: trying, keeping and ordering them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sana_vcam.config.preset import (
    ID_PATTERN,
    IMAGE_PATTERN,
    MAX_CONTINUATIONS,
    MAX_GROUP_CHARS,
    MAX_IMAGE_CHARS,
    MAX_NAME_CHARS,
    MAX_PROMPT_CHARS,
    Preset,
    Settings,
)
from sana_vcam.control.protocol.command import Command
from sana_vcam.control.protocol.replies import Applied, EncodedPicture, Presets, Suggestions

MAX_PLACE = 10_000
"""The largest place in a list that can be named."""

ImageFile = Annotated[str, Field(min_length=1, max_length=MAX_IMAGE_CHARS, pattern=IMAGE_PATTERN)]


class SavePreset(Command):
    """Create a preset or change one, in presets.toml."""

    wire_name = "save_preset"
    reply = Preset
    id: Annotated[str, Field(pattern=ID_PATTERN, examples=["dusk"])]
    """Lower-case letters, digits, - and _; a preset of that id is replaced."""
    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS, examples=["Dusk"])]
    """The name that people read."""
    prompt: Annotated[
        str, Field(max_length=MAX_PROMPT_CHARS, examples=["Relight the scene with dusk light."])
    ]
    """What the model is asked for; empty stays close to the camera."""
    seed: Annotated[int | None, Field(ge=0, le=2**53 - 1, examples=[42])] = None
    """The seed that goes with it; left out or null, any will do."""
    evolve: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=MAX_PROMPT_CHARS)], ...],
        Field(strict=False, max_length=MAX_CONTINUATIONS, examples=[["Make it evening."]]),
    ] = ()
    """Whole prompts to go on with from this look. In a URL or line of text: one on each line."""
    replaces: Annotated[str | None, Field(pattern=ID_PATTERN, examples=["noir"])] = None
    """The id of the preset that is edited, if its id changes."""
    image: Annotated[ImageFile | None, Field(examples=["cape.jpg"])] = None
    """A PNG, JPEG or WebP file of at most 8 MB, named from the folder of presets.toml."""
    settings: Annotated[Settings, Field(examples=[{"image_strength": 0.6}])] = Field(default={})
    """Values of the model's settings that go with it. In a URL or line of text: name=value."""
    group: Annotated[
        str | None, Field(min_length=1, max_length=MAX_GROUP_CHARS, examples=["Work"])
    ] = None
    """A group of your own that it is listed in; left out or null, there is none."""

    def preset(self) -> Preset:
        """Make the preset of the command's fields."""
        return Preset(**self.model_dump(exclude={"replaces"}))


class TryLook(Command):
    """Show viewers a look for a try; it goes with end_trial, or with the connection."""

    wire_name = "try_look"
    reply = Applied
    prompt: Annotated[str, Field(max_length=MAX_PROMPT_CHARS, examples=["as a clay figure"])]
    """What the model is asked for."""
    image: Annotated[ImageFile | None, Field(examples=["cape.jpg"])] = None
    """As in `save_preset`."""
    settings: Annotated[Settings, Field(examples=[{"image_strength": 0.6}])] = Field(default={})
    """As in `save_preset`."""

    def preset(self) -> Preset:
        """Make a preset of it that is in no list."""
        return Preset(id="tried", name="Tried", **self.model_dump())


class EndTrial(Command):
    """Put back what was wanted before try_look, as far as nobody has asked for anything since."""

    wire_name = "end_trial"
    keep: Annotated[bool, Field(examples=[False])] = False
    """true: what is tried stays."""


class RemovePreset(Command):
    """Take a preset out of presets.toml; the reply is what it was."""

    wire_name = "remove_preset"
    reply = Preset
    id: Annotated[str, Field(max_length=64, examples=["noir"])]
    """The preset's id."""


class MovePreset(Command):
    """Put a preset at another place in presets.toml."""

    wire_name = "move_preset"
    reply = Presets
    id: Annotated[str, Field(max_length=64, examples=["noir"])]
    """The preset's id."""
    place: Annotated[int, Field(ge=0, le=MAX_PLACE, examples=[0])]
    """0 is the first; beyond the end is the last."""


class ResetPresets(Command):
    """Go back to the built-in presets, in presets.toml."""

    wire_name = "reset_presets"
    reply = Presets


class Suggest(Command):
    """Suggest how a look may go on, without any network."""

    wire_name = "suggest"
    reply = Suggestions
    prompt: Annotated[str | None, Field(max_length=4000, examples=["as a clay figure"])] = None
    """The look's prompt; left out, it is the one in force."""


class Thumbnail(Command):
    """Get the still of you in a preset's look, 320x180."""

    wire_name = "thumbnail"
    reply = EncodedPicture
    id: Annotated[str, Field(max_length=64, examples=["noir"])]
    """The preset's id."""
