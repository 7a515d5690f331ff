"""The two kinds of model: what each is told, in which order, and what its messages mean.

    runs    settings, image, prompt, then `start`; a run ends by `reset` or by itself
    armed   no start: pictures come as soon as the last thing that the model needs is there

Nothing here does I/O: an adapter turns looks into steps, and messages into a `ModelReading`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sana_vcam.reactor.bounds import short
from sana_vcam.reactor.messages import WireMessage
from sana_vcam.reactor.models.record import IMAGE, PROMPT, Combination, Look, Model, Takes

type When = Literal["begin", "change"]


@dataclass(frozen=True)
class ModelReading:
    """What a model says it does: all that anybody above this room sees of its messages."""

    running: bool = False
    """Whether it has a run, also a paused one."""
    shows: bool = False
    """Whether what comes back are pictures of the run, and no placeholder."""
    paused: bool = False
    prompt: str | None = None
    """The prompt that drives it."""
    chunk: int | None = None
    """Index of the last chunk of this run that it completed."""
    ended: str | None = None
    """Why the run has ended without having been told to; None while it has not."""


@dataclass(frozen=True)
class Step:
    """One command to a model, and what it is for."""

    command: str
    data: Mapping[str, Any] = field(default_factory=dict)
    """The fields; an `Image` is uploaded, and its reference takes its place."""
    parts: tuple[str, ...] = ()
    """Which parts of the look it carries. One with none is needed: without it no run is right."""
    answers: tuple[str, ...] = ()
    """Messages that say that it was taken on."""
    shown: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the state message that say so."""


class Adapter(ABC):
    """What one kind of model is told. `declared` are the commands that a session has, if known."""

    def __init__(self, model: Model, declared: Collection[str] | None = None) -> None:
        self.model = model
        self._declared = declared

    begins_by_itself = False
    """Whether pictures come as soon as `prepare` is through."""

    def prepare(
        self, look: Look, *, given: Look | None = None, is_running: bool = False
    ) -> list[Step]:
        """List what a model is told before it is to begin, or again after a reconnect.

        `given` is what this session was told before: a reset need not make the model forget it.
        """
        look = look if given is None else self._with_defaults(given, look)
        opening = [] if is_running else self._opening()
        when: When = "change" if is_running else "begin"
        return [*opening, *self._steps(self._everything(), look, when=when)]

    @abstractmethod
    def start(self) -> list[Step]:
        """List what begins a run that was prepared."""

    def change(self, given: Look, wanted: Look) -> list[Step]:
        """List what brings a run from one look to another, if it can take that on."""
        return self._steps(
            self._changed(given, wanted), self._with_defaults(given, wanted), when="change"
        )

    def needs_new_run(self, given: Look, wanted: Look) -> bool:
        """Whether only another run can have `wanted`; what ends this one is `end`."""
        model = self.model
        if not self._has(model.reset):
            return False
        prompt_waits = model.prompt is not None and model.prompt.takes is Takes.RUN
        if prompt_waits and given.prompt != wanted.prompt:
            return True
        if model.image is None or given.image == wanted.image:
            return False
        return model.image.takes is Takes.RUN or (wanted.image is None and model.image.forgets)

    def needs_new_session(self, given: Look, wanted: Look) -> bool:
        """Whether the model cannot forget its image but by the end of the session."""
        slot = self.model.image
        if slot is None or slot.forgets:
            return False
        return given.image is not None and wanted.image is None

    def end(self) -> list[Step]:
        """List what ends a run."""
        return self._named(self.model.reset)

    def ask_state(self) -> list[Step]:
        """List what has the model say what it does; nothing for one that cannot be asked."""
        state = self.model.state
        if state.command is None or not self._has(state.command):
            return []
        return [Step(state.command, answers=(state.message,))]

    def pause(self, *, on: bool) -> list[Step]:
        """List what pauses a run or has it go on; nothing for a model that cannot be paused."""
        if not self.can_pause:
            return []
        command = self.model.pause if on else self.model.resume
        paused = self.model.state.paused
        return self._named(command, **({paused: on} if paused else {}))

    @property
    def can_pause(self) -> bool:
        """Whether the model can be paused; else the camera is held back from it."""
        return self._has(self.model.pause) and self._has(self.model.resume)

    def read(self, reading: ModelReading, message: WireMessage) -> ModelReading:
        """Follow one message of the model."""
        state, data = self.model.state, message.data
        if message.type == state.message:
            return self._read_state(reading, data)
        if message.type == state.chunk_message:
            return replace(reading, chunk=_whole(data.get(state.chunk), reading.chunk))
        if message.type in state.began_messages:
            return replace(reading, running=True, shows=state.shows is None, ended=None)
        if message.type in state.ended_messages:
            reason = short(data.get(state.reason))
            if reason in state.going_on or not reading.running:
                return reading
            ended = reason or message.type
            return replace(reading, running=False, shows=False, paused=False, ended=ended)
        return reading

    def _read_state(self, reading: ModelReading, data: Mapping[str, Any]) -> ModelReading:
        """Follow a full snapshot. One that does not say what it should is not believed."""
        state = self.model.state
        value = data.get(state.running)
        told = (*state.running_values, *state.ended_values)
        if value is not None and type(value) not in {type(one) for one in told}:
            return reading
        running = reading.running if value is None else value in state.running_values
        ended = reading.ended
        if value in state.ended_values or (self._ends_silently and reading.running and not running):
            ended = ended or _words(data.get(state.reason), value)
        shows = running and (state.shows is None or data.get(state.shows) is True)
        paused = data.get(state.paused or "")
        return replace(
            reading,
            running=running,
            shows=shows,
            paused=paused if isinstance(paused, bool) else reading.paused and running,
            prompt=reading.prompt if state.prompt is None else _text(data.get(state.prompt)),
            ended=ended,
        )

    _ends_silently = True
    """Whether a state without a run, after one with it, says that the run has ended."""

    # -- inside --------------------------------------------------------------------------------

    def _opening(self) -> list[Step]:
        settings = {one.command: (one.name,) for one in self.model.settings}
        return [
            Step(name, data, settings.get(name, ()))
            for name, data in self.model.opening
            if self._has(name)
        ]

    def _with_defaults(self, given: Look, wanted: Look) -> Look:
        """Put a setting that is wanted no more back to its default, as far as that is known."""
        gone = [self.model.setting(name) for name in given.settings.keys() - wanted.settings.keys()]
        back = {one.name: one.default for one in gone if one and one.default is not None}
        return replace(wanted, settings={**back, **wanted.settings})

    def _changed(self, given: Look, wanted: Look) -> list[str]:
        names = [
            one.name
            for one in self.model.settings
            if given.settings.get(one.name) != wanted.settings.get(one.name)
        ]
        if given.image != wanted.image:
            names.append(IMAGE)
        if given.prompt != wanted.prompt:
            names.append(PROMPT)
        return names

    def _everything(self) -> list[str]:
        return [*(one.name for one in self.model.settings), IMAGE, PROMPT]

    def _steps(self, parts: Iterable[str], look: Look, *, when: When) -> list[Step]:
        """Turn parts of a look into commands: those that carry several first."""
        values = {part: value for part in parts if (value := self._wire(part, look)) is not None}
        steps = []
        for combination in self.model.combinations:
            step = self._combined(combination, values, when)
            if step is not None:
                steps.append(step)
                values = {part: one for part, one in values.items() if part not in step.parts}
        single = [self._single(part, value) for part, value in values.items()]
        settings = [step for step in single if step is not None and PROMPT not in step.parts]
        prompts = [step for step in single if step is not None and PROMPT in step.parts]
        return [*settings, *steps, *prompts]

    def _wire(self, part: str, look: Look) -> object:
        """Give the value of a part as it is sent; None: this model is not told it."""
        if part == PROMPT:
            prompt = self.model.prompt
            if prompt is None:
                return None
            return prompt.without if prompt.without and not look.prompt.strip() else look.prompt
        if part == IMAGE:
            return look.image if self.model.image is not None else None
        setting = self.model.setting(part)
        return None if setting is None else look.settings.get(part)

    def _combined(
        self, combination: Combination, values: Mapping[str, object], when: When
    ) -> Step | None:
        carried = {part: values[part] for part in combination.fields if part in values}
        if combination.when not in (when, "both") or not self._has(combination.command):
            return None
        if not carried or (combination.whole and len(carried) < len(combination.fields)):
            return None
        data = {combination.fields[part]: value for part, value in carried.items()}
        return Step(
            combination.command,
            data,
            tuple(carried),
            answers=combination.answers,
        )

    def _single(self, part: str, value: object) -> Step | None:
        model = self.model
        if part == PROMPT and model.prompt is not None:
            prompt = model.prompt
            return Step(prompt.command, {prompt.field: value}, (part,), answers=prompt.answers)
        if part == IMAGE and model.image is not None:
            slot = model.image
            if slot.command is None:
                return None
            return Step(slot.command, {slot.field: value}, (part,), answers=slot.answers)
        setting = model.setting(part)
        if setting is None or setting.command is None or not self._has(setting.command):
            return None
        shown = {} if setting.state_field is None else {setting.state_field: value}
        return Step(setting.command, {setting.field: value}, (part,), shown=shown)

    def _named(self, command: str | None, **shown: object) -> list[Step]:
        if command is None or not self._has(command):
            return []
        return [Step(command, answers=_ANSWERS.get(command, ()), shown=shown)]

    def _has(self, command: str | None) -> bool:
        """Whether the session has a command, as far as it says."""
        return command is not None and (self._declared is None or command in self._declared)


class Runs(Adapter):
    """A model that a command begins, as SANA-Streaming, JoyAI, Helios and LongLive are."""

    def start(self) -> list[Step]:
        """List the start."""
        state = self.model.state
        shown = {state.running: state.running_values[0]}
        return [Step(self.model.start or "start", answers=("generation_started",), shown=shown)]


class Armed(Adapter):
    """A model that begins by itself, as X2 and Vidu S2-Editing do."""

    begins_by_itself = True
    _ends_silently = False

    def start(self) -> list[Step]:
        """List nothing: the last thing that it needed was among what was prepared."""
        return []


_ANSWERS = {
    "pause": ("generation_paused",),
    "resume": ("generation_resumed",),
    "reset": ("generation_reset", "generation_stopped"),
}


def adapter_for(model: Model, declared: Collection[str] | None = None) -> Adapter:
    """Make the adapter of a model's kind."""
    return (Runs if model.adapter == "runs" else Armed)(model, declared)


def _words(reason: object, value: object) -> str:
    if reason:
        return short(reason)
    return (short(value) if isinstance(value, str) else "") or "ended"


def _whole(value: object, former: int | None) -> int | None:
    # Numbers come as floats, which may be anything that a float can be.
    if isinstance(value, (int, float)) and 0 <= value < 2**53:
        return int(value)
    return former


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
