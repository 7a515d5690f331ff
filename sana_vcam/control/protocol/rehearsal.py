"""The words about a look that is rehearsed off air."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from sana_vcam.config.preset import MAX_PROMPT_CHARS, Preset, Settings
from sana_vcam.control.protocol.command import Command
from sana_vcam.control.protocol.presets import ImageFile
from sana_vcam.control.protocol.replies import Applied


class RehearsalStage(StrEnum):
    """How far the look that is rehearsed is; viewers see nothing of it before it is taken."""

    COMING = "coming"
    """The model does not show it yet."""
    READY = "ready"
    """The preview shows it, and `take` puts it on air at once."""
    TAKING = "taking"
    """It goes on air as soon as the model shows it."""
    BACK = "back"
    """The look from before goes on air as soon as the model shows it again."""


class Rehearse(Command):
    """Show a look in the preview alone until take or back; viewers keep a still, or stay live."""

    wire_name = "rehearse"
    reply = Applied
    preset: Annotated[str | None, Field(max_length=64, examples=["noir"])] = None
    """A preset's id, in place of all that follows but `stays`."""
    prompt: Annotated[
        str | None, Field(max_length=MAX_PROMPT_CHARS, examples=["as a clay figure"])
    ] = None
    """What the model is asked for."""
    image: Annotated[ImageFile | None, Field(examples=["cape.jpg"])] = None
    """As in `save_preset`."""
    settings: Annotated[Settings, Field(examples=[{"image_strength": 0.6}])] = Field(default={})
    """As in `save_preset`."""
    stays: Annotated[bool, Field(examples=[False])] = False
    """true: it lasts until take or back. Else it ends with the connection, if that is one that
    stays open."""

    def own_look(self) -> Preset | None:
        """Make a preset of the fields that is in no list; None if there is no look in them."""
        if self.prompt is None and self.image is None:
            return None
        return Preset(
            id="rehearsed",
            name="Rehearsed",
            prompt=self.prompt or "",
            image=self.image,
            settings=self.settings,
        )


class Take(Command):
    """Put the look that is rehearsed on air."""

    wire_name = "take"
    reply = Applied


class Back(Command):
    """Forget the look that is rehearsed, and put the one from before on air."""

    wire_name = "back"
    reply = Applied
