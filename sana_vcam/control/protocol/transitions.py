"""The words about transitions: how one picture becomes the next."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sana_vcam.config.kinds import TransitionKind
from sana_vcam.control.protocol.command import Command
from sana_vcam.control.protocol.replies import MessageBody


class TransitionSet(MessageBody):
    """The transition from now on."""

    transition: TransitionKind
    """cut, fade, or black for through black."""
    transition_s: float
    """How long it lasts, in seconds."""
    note: str = ""
    """The same in words."""


class SetTransition(Command):
    """Set how one look becomes the next, until the daemon ends: cut, fade or black."""

    wire_name = "set_transition"
    reply = TransitionSet
    kind: Annotated[TransitionKind, Field(examples=["fade"])]
    """cut; fade; or black, which is through black."""
    seconds: Annotated[float | None, Field(ge=0, le=1, allow_inf_nan=False, examples=[0.4])] = None
    """How long it lasts; left out, as long as before."""
