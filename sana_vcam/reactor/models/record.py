"""What is known of one model, as data: the record that engine, API and dashboard read it from.

A record says how a model is called, what goes into it and comes out of it, which command carries
which part of a look, and where its messages say what it does. What a session declares of itself
fills a record in and corrects it (`schema.complete`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from sana_vcam.reactor.models.images import Image

type Scalar = bool | int | float | str
"""The value of a setting, as TOML and JSON have it."""

PROMPT = "prompt"
IMAGE = "image"
"""The parts of a look that are not settings; a setting's part is its name."""


class Takes(StrEnum):
    """When a model takes a change on."""

    LIVE = "live"
    """At the next chunk of the run that is on."""
    RUN = "run"
    """When a run begins."""


@dataclass(frozen=True)
class Look:
    """What a model is asked to make of the picture."""

    prompt: str = ""
    image: Image | None = None
    settings: Mapping[str, Scalar] = field(default_factory=dict)
    """Values by the names of settings; those that the model does not have are left out."""


@dataclass(frozen=True)
class Prompt:
    """How a model is told a prompt."""

    command: str = "set_prompt"
    field: str = "prompt"
    most: int = 4000
    """Characters."""
    takes: Takes = Takes.LIVE
    without: str | None = None
    """What is sent in place of an empty prompt, for a model that shows nothing without one."""
    answers: tuple[str, ...] = ("prompt_accepted",)
    """Messages that say that it was taken on."""


@dataclass(frozen=True)
class ImageSlot:
    """How a model is told a reference image."""

    command: str | None = "set_reference_image"
    """None: it goes with another command only; see `Combination`."""
    field: str = "reference_image"
    takes: Takes = Takes.LIVE
    required: bool = False
    """Whether the model shows nothing without one."""
    forgets: bool = True
    """Whether a reset makes the model forget it; else only another session does."""
    answers: tuple[str, ...] = ("reference_image_accepted",)


@dataclass(frozen=True)
class Setting:
    """One value of a model that can be set."""

    name: str
    command: str | None
    """None: it goes with another command only; see `Combination`."""
    field: str
    kind: Literal["integer", "number", "boolean", "text"]
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    default: Scalar | None = None
    takes: Takes = Takes.LIVE
    state_field: str | None = None
    """Where the state message shows it; None: nowhere, as far as is known."""
    words: str = ""
    """What it does, in one sentence."""

    def fault(self, value: object) -> str | None:
        """Say what is wrong with `value`, and what the setting takes; None: nothing."""
        if self.choices:
            if value in self.choices:
                return None
            return f"{self.name} takes {', '.join(self.choices)}, not {value!r}"
        fits = {
            "integer": isinstance(value, int) and not isinstance(value, bool),
            "number": isinstance(value, (int, float)) and not isinstance(value, bool),
            "boolean": isinstance(value, bool),
            "text": isinstance(value, str),
        }[self.kind]
        if not fits:
            return f"{self.name} takes {self.span}, not {value!r}"
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            below = self.least is not None and not value >= self.least
            above = self.most is not None and not value <= self.most
            if below or above:
                return f"{self.name} takes {self.span}, not {value}"
        return None

    @property
    def span(self) -> str:
        """What the setting takes, in words."""
        if self.choices:
            return ", ".join(self.choices)
        what = {"integer": "a whole number", "number": "a number", "text": "text"}.get(self.kind)
        if what is None:
            return "true or false"
        least, most = self.least, self.most
        if least is None:
            return what if most is None else f"{what} up to {_figure(most)}"
        return f"{what} from {_figure(least)}" + ("" if most is None else f" to {_figure(most)}")


def _figure(value: float) -> str:
    """Write a bound so that it can be typed: whole numbers in full."""
    return str(int(value)) if float(value).is_integer() else f"{value:g}"


SEED = Setting(
    "seed",
    "set_seed",
    "seed",
    "integer",
    least=0,
    most=2**53 - 1,
    takes=Takes.RUN,
    state_field="seed",
    words="The noise that a run begins with; the same seed gives the same picture.",
)
"""The seed of most models."""


@dataclass(frozen=True)
class Combination:
    """One command that carries several parts of a look."""

    command: str
    fields: Mapping[str, str]
    """The command's field for each part."""
    when: Literal["begin", "change", "both"] = "both"
    whole: bool = False
    """True: used only when every part of it is to be sent; else each part has its own command."""
    answers: tuple[str, ...] = ()


@dataclass(frozen=True)
class PromptSchedule:
    """How a model is told a prompt for a later chunk."""

    command: str = "schedule_prompt"
    prompt: str = "prompt"
    chunk: str = "chunk"
    answers: tuple[str, ...] = ("prompt_scheduled", "prompt_accepted")


@dataclass(frozen=True)
class StateFields:
    """Where the model's own words say what it does."""

    message: str = "state"
    """The message that is the full snapshot."""
    command: str | None = None
    """What asks for it; None: it comes unasked only."""
    running: str = "started"
    running_values: tuple[Scalar, ...] = (True,)
    shows: str | None = None
    """The field that says that pictures come; None: they do while it runs."""
    paused: str | None = "paused"
    prompt: str | None = "current_prompt"
    chunk_message: str | None = "chunk_complete"
    chunk: str = "chunk_index"
    began_messages: tuple[str, ...] = ("generation_started",)
    """Messages that say that a run has begun."""
    ended_values: tuple[Scalar, ...] = ()
    """Values of the `running` field that say that a run is over."""
    ended_messages: tuple[str, ...] = ("generation_complete", "generation_reset")
    """Messages that say so."""
    reason: str = "reason"
    """The field that says why, in either."""
    final: tuple[str, ...] = ()
    """Reasons that the same look would meet again."""
    going_on: tuple[str, ...] = ()
    """Reasons after which the model begins again by itself."""


@dataclass(frozen=True)
class Model:
    """One model of the platform. Sizes are (width, height) in pixels."""

    name: str
    """Under which the platform has it, with its owner."""
    title: str
    """The name that people read."""
    words: str
    """What it does, in one sentence."""
    adapter: Literal["runs", "armed"] = "runs"
    """runs: a command begins a run. armed: pictures come as soon as all that it needs is there."""
    aliases: tuple[str, ...] = ()
    """Other names by which it may be asked for."""
    input_track: str | None = "camera"
    """What the camera is published as; None: a model without a camera."""
    output_track: str = "main_video"
    """What its picture comes back as."""
    send_size: tuple[int, int] = (1280, 704)
    """What `[reactor] send = "model"` stands for."""
    send_multiple: int = 2
    """Both sides of what is sent are to be divisible by it."""
    output_size: tuple[int, int] | None = (1280, 704)
    """As documented; None: it follows what is sent. The first frame of a run decides."""
    fps: float = 24.0
    """Frames a second that it takes, and gives."""
    largest_chunk: int = 24
    """Frames that come at once, at most."""
    prompt: Prompt | None = field(default_factory=Prompt)
    """None: it takes none."""
    image: ImageSlot | None = None
    """None: it takes none."""
    settings: tuple[Setting, ...] = ()
    combinations: tuple[Combination, ...] = ()
    """Commands that carry several parts of a look."""
    schedule: PromptSchedule | None = None
    """None: it takes no prompt for a later chunk."""
    opening: tuple[tuple[str, Mapping[str, Scalar]], ...] = ()
    """Commands that come before all others of a run, where the session has them."""
    start: str | None = "start"
    """The command that begins a run; None: it begins by itself."""
    pause: str | None = "pause"
    resume: str | None = "resume"
    reset: str | None = "reset"
    """The command that ends a run."""
    state: StateFields = field(default_factory=StateFields)
    """Where its messages say what it does."""
    keeps_run: bool = True
    """Whether a run goes on at the model when the connection drops and comes back."""
    anchor: str | None = None
    """The setting that grounds the edit on the camera again every so many chunks."""
    anchor_message: str | None = None
    """What says that it has been."""
    price_per_min: float | None = None
    """In USD, as the platform's list had it; None: not known."""
    guessed: tuple[str, ...] = ()
    """What is not known of the model and was taken from its schema, in words."""

    @property
    def short_name(self) -> str:
        """The name without its owner."""
        return self.name.rpartition("/")[2]

    def setting(self, name: str) -> Setting | None:
        """Find a setting by its name."""
        return next((one for one in self.settings if one.name == name), None)

    def missing(self, look: Look) -> str | None:
        """Say what `look` lacks without which this model shows nothing; None: nothing."""
        if self.image is not None and self.image.required and look.image is None:
            return (
                f"{self.title} takes its look from a reference image, and there is none: apply a "
                "preset that has one, or sana-vcam ctl set_image FILE"
            )
        return None

    def unused(self, look: Look) -> list[str]:
        """List the parts of `look` that this model does not take."""
        unused = [name for name in look.settings if self.setting(name) is None]
        if self.prompt is None and look.prompt:
            unused.append(PROMPT)
        if self.image is None and look.image is not None:
            unused.append(IMAGE)
        return unused
