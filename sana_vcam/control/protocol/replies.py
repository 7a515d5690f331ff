"""What replies hold: the data of each command's answer."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

from sana_vcam.config.preset import Preset
from sana_vcam.engine.budget import Budget
from sana_vcam.presets.catalog import ListedPreset
from sana_vcam.presets.suggestions import Suggestion

type EventName = Literal["state", "presets", "stats", "log", "settings"]


EVENT_NAMES: tuple[EventName, ...] = get_args(EventName.__value__)
"""What a client may subscribe to; `hello` comes unasked."""


class MessageBody(BaseModel):
    """A frozen message body; an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Empty(MessageBody):
    """The empty reply of a command that only acts."""


class Applies(StrEnum):
    """When what a command asked for takes effect."""

    NOW = "now"
    """At once."""
    NEXT_CHUNK = "next_chunk"
    """The model has it; the next chunk that it makes is by it."""
    NEXT_RESET = "next_reset"
    """When a run begins: at `reset`, or in the next session."""
    NEXT_SESSION = "next_session"
    """It is kept, and no session runs now that could show it."""
    LATER = "later"
    """As soon as what `note` names is there."""
    NEVER = "never"
    """The model that is configured does not take it; it is kept for another one."""


class Applied(MessageBody):
    """When what was asked for takes effect."""

    applies: Applies = Applies.NOW
    """For programs."""
    note: str = ""
    """For people: what happens, and why not now if that is so."""


class Toggled(MessageBody):
    """The new value of a switch."""

    on: bool
    """True while it is on."""
    note: str = ""
    """Why it is not seen, where a stronger switch covers it; empty if it is."""


class Presets(MessageBody):
    """The presets, in their order; the reply to `list_presets` and the data of `presets`."""

    presets: tuple[ListedPreset, ...]
    """The looks on the hotkeys."""


class AppliedPreset(Preset):
    """The look that is wanted now."""

    applies: Applies = Applies.NOW
    """When viewers see it, for programs."""
    note: str = ""
    """For people: when viewers see it, and why not now if that is so."""

    left_out: tuple[str, ...] = ()
    """What of it the model does not take: prompt, image, or the names of settings."""


class Suggestions(MessageBody):
    """Ways for a look to go on, the best first."""

    suggestions: tuple[Suggestion, ...]
    """At most six."""


class EncodedPicture(MessageBody):
    """One picture of what viewers see."""

    mime: Literal["image/jpeg"] = "image/jpeg"
    """The format of `data`."""
    data: str
    """The picture, in base64."""


class PeriodUsage(MessageBody):
    """What is billed in one period."""

    seconds: float
    """Billed seconds so far."""
    cap_s: float | None
    """Seconds that may be billed at most; null without a cap."""
    cost: float | None
    """Money for them; null without a configured price."""


class Usage(MessageBody):
    """What is billed, kept over restarts."""

    session: PeriodUsage
    """This use of the camera, or the last one; renewals and overlaps included."""
    day: PeriodUsage
    """Today, by the local calendar."""
    month: PeriodUsage
    """This calendar month."""
    total_s: float
    """Seconds that were ever noted."""
    price_per_min: float | None
    """What a minute costs; null while no price is configured."""
    currency: str
    """The currency of the money."""
    budget: str | None
    """A cap that is nearly used up or reached, and how to go on; null while there is none."""
    billable: bool = True
    """Whether a session costs anything now; false with a model on this machine."""

    @classmethod
    def of(cls, budget: Budget, *, billable: bool = True) -> Usage:
        """Write an account as a reply."""
        session, day, month = (
            PeriodUsage(seconds=round(line.seconds, 1), cap_s=line.cap_s, cost=line.cost)
            for line in budget.periods
        )
        return cls(
            session=session,
            day=day,
            month=month,
            total_s=round(budget.seconds.total, 1),
            price_per_min=budget.cost.price_per_min or None,
            currency=budget.cost.currency,
            budget=budget.sentence,
            billable=billable,
        )


class Subscribed(MessageBody):
    """What this connection receives from now on."""

    events: tuple[EventName, ...]
    """The events it receives."""


class PreviewAnswer(MessageBody):
    """The daemon's side of the WebRTC connection."""

    sdp: str
    """The answer, with every address in it."""
