"""What the model takes, as clients make a form of it."""

from __future__ import annotations

from typing import Literal

from sana_vcam.config.preset import SettingValue
from sana_vcam.control.protocol.replies import MessageBody
from sana_vcam.engine.desired import DesiredState
from sana_vcam.reactor.models import Model, Setting
from sana_vcam.reactor.models.images import MOST_BYTES
from sana_vcam.reactor.models.record import Takes


class PromptForm(MessageBody):
    """How the model takes a prompt."""

    most_chars: int
    """The longest prompt that it takes."""
    takes: Takes
    """live: at the next chunk; run: another run begins with it."""


class ImageForm(MessageBody):
    """How the model takes a reference image."""

    required: bool
    """True if it shows nothing without one."""
    takes: Takes
    """live: while it runs; run: another run begins with it."""
    name: str | None
    """What the image that is wanted is called; null while there is none."""
    most_bytes: int = MOST_BYTES
    """The largest file that is sent."""
    formats: tuple[str, ...] = ("image/png", "image/jpeg", "image/webp")
    """The kinds of files that are sent."""


class SettingForm(MessageBody):
    """One setting of the model, and its value."""

    name: str
    """For `set_setting`, and for the settings of a preset."""
    kind: Literal["integer", "number", "boolean", "text"]
    """What its values are."""
    least: float | None
    """The least value; null without a bound."""
    most: float | None
    """The largest value; null without a bound."""
    choices: tuple[str, ...]
    """The words that it takes; empty if it takes others."""
    default: SettingValue | None
    """What the model takes by itself; null if that is not known."""
    value: SettingValue | None
    """What is wanted, or else the default."""
    takes: Takes
    """live: at the next chunk; run: when a run begins."""
    words: str
    """What it does; may be empty."""

    @classmethod
    def of(cls, setting: Setting, desired: DesiredState) -> SettingForm:
        """Describe a setting of a record, with the value that is wanted."""
        return cls(
            name=setting.name,
            kind=setting.kind,
            least=setting.least,
            most=setting.most,
            choices=setting.choices,
            default=setting.default,
            value=desired.look.settings.get(setting.name, setting.default),
            takes=setting.takes,
            words=setting.words,
        )


class ModelSettings(MessageBody):
    """What the model takes: its prompt, its image and its settings."""

    model: str
    """The name under which the platform has it."""
    title: str
    """Its name for people."""
    words: str
    """What it does, in one sentence; may be empty."""
    declared: bool
    """True if the session on air says so; else it is what is known of the model."""
    guessed: tuple[str, ...]
    """What is not known and was taken from its schema, in words."""
    takes_camera: bool
    """False for a model that makes a picture without a camera."""
    prompt: PromptForm | None
    """Null if it takes no prompt."""
    image: ImageForm | None
    """Null if it takes no reference image."""
    schedule: bool
    """Whether it takes prompts for later chunks: `schedule_prompt`."""
    settings: tuple[SettingForm, ...]
    """In the order of its record, then as it declares them."""

    @classmethod
    def of(cls, model: Model, desired: DesiredState, *, name: str, declared: bool) -> ModelSettings:
        """Describe a model's record, with what is wanted."""
        prompt, image = model.prompt, model.image
        return cls(
            model=name,
            title=model.title,
            words=model.words,
            declared=declared,
            guessed=model.guessed,
            takes_camera=model.input_track is not None,
            prompt=prompt and PromptForm(most_chars=prompt.most, takes=prompt.takes),
            image=image
            and ImageForm(
                required=image.required,
                takes=image.takes,
                name=desired.image.name if desired.image is not None else None,
            ),
            schedule=model.schedule is not None,
            settings=tuple(SettingForm.of(setting, desired) for setting in model.settings),
        )
