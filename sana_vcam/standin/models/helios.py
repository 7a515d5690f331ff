"""Helios: a moving scene from prompts and an image, without a camera."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Literal, override

import cv2
import numpy as np
import numpy.typing as npt
from reactor_runtime.interface import (
    ClientInfo,
    InputField,
    ModelMessage,
    Output,
    UploadedFile,
    Video,
    event,
)

from sana_vcam.standin import looks
from sana_vcam.standin.app import ModelRun, StandinApp, picture_of
from sana_vcam.standin.clip import Frame
from sana_vcam.standin.session import CommandRefused, ModelSession, SourceMode
from sana_vcam.standin.source import NoSource

Scale = Literal["off", "2x", "4x"]
SCALES: dict[Scale, int] = {"off": 1, "2x": 2, "4x": 4}

RANDOM_SEED = -1


class HeliosOutput(Output):
    """What a client subscribes to."""

    main_video: Video


class PromptAccepted(ModelMessage):
    """An accepted set_prompt or schedule_prompt; part of an accepted set_conditioning."""

    prompt: str


class ImageAccepted(ModelMessage):
    """An accepted set_image; part of an accepted set_conditioning."""

    width: int
    height: int


class ConditionsReady(ModelMessage):
    """What a start can use: the answer to set_conditioning, and a broadcast after its parts."""

    has_prompt: bool
    has_image: bool


class GenerationStarted(ModelMessage):
    """An accepted start."""

    prompt: str


class GenerationPaused(ModelMessage):
    """An accepted pause; the chunk in the making still follows."""

    chunk_index: int


class GenerationResumed(ModelMessage):
    """An accepted resume."""

    chunk_index: int


class GenerationReset(ModelMessage):
    """A finished reset."""

    reason: str


class ChunkComplete(ModelMessage):
    """A chunk that has gone out; chunk_index is zero-based."""

    chunk_index: int
    frames_emitted: int
    active_prompt: str


class StateMessage(ModelMessage):
    """A snapshot of the run; current_chunk and current_frame count since the start."""

    name = "state"
    running: bool
    started: bool
    paused: bool
    current_prompt: str | None
    current_chunk: int
    current_frame: int
    image_set: bool
    seed: int
    sr_scale: str
    image_strength: float
    scheduled_prompts: dict[str, str]


class RejectedCommand(ModelMessage):
    """A rejected command; nothing has changed."""

    name = "command_error"
    command: str
    reason: str


@dataclass(slots=True)
class HeliosSession(ModelSession):
    """The run's part as with SANA, and what only this model takes."""

    mode: SourceMode = "live"
    image: Frame | None = None
    strength: float = 1.0
    scale: Scale = "off"
    scheduled: dict[int, str] = field(default_factory=dict)
    frames: int = 0


class Helios(StandinApp):
    """The model: set a prompt, start, and steer the scene by more prompts."""

    outputs = HeliosOutput
    input_track = None

    def __init__(self) -> None:
        super().__init__()
        self.session = HeliosSession(seed=RANDOM_SEED)

    # -- what conditions the scene ---------------------------------------------------------------

    @event(name="set_prompt", description="Set the prompt; lands at the next chunk.")
    async def set_prompt(
        self, prompt: str = InputField(default="", moderate=True)
    ) -> PromptAccepted:
        """Take a prompt, which must say something."""
        async with self._answered("set_prompt", PromptAccepted) as answer:
            self._take_prompt(prompt)
            await self.send(self._conditions())
            answer.message = PromptAccepted(prompt=prompt)
        return answer.message

    @event(name="schedule_prompt", description="Set the prompt for a chunk to come.")
    async def schedule_prompt(
        self,
        prompt: str = InputField(default="", moderate=True),
        chunk: int = InputField(default=0, ge=0),
    ) -> PromptAccepted:
        """Take a prompt for a chunk that has not been made yet."""
        async with self._answered("schedule_prompt", PromptAccepted) as answer:
            if not prompt.strip():
                raise CommandRefused("the prompt is empty")
            if self.session.started and chunk < self.session.completed:
                raise CommandRefused(f"chunk {chunk} has been made already")
            self.session.scheduled[chunk] = prompt
            answer.message = PromptAccepted(prompt=prompt)
        return answer.message

    @event(name="set_image", description="Set the reference image; the prompt stays.")
    async def set_image(self, image: UploadedFile = InputField(moderate=True)) -> ImageAccepted:
        """Take an image."""
        async with self._answered("set_image", ImageAccepted) as answer:
            picture = await picture_of(image)
            self.session.image = picture
            await self.send(self._conditions())
            answer.message = ImageAccepted(width=picture.shape[1], height=picture.shape[0])
        return answer.message

    @event(name="set_conditioning", description="Set prompt and reference image, or neither.")
    async def set_conditioning(
        self,
        prompt: str = InputField(default="", moderate=True),
        image: UploadedFile = InputField(moderate=True),
    ) -> ConditionsReady:
        """Take both at once."""
        async with self._answered("set_conditioning", ConditionsReady) as answer:
            picture = await picture_of(image)
            self._take_prompt(prompt)
            self.session.image = picture
            await self.send(PromptAccepted(prompt=prompt))
            await self.send(ImageAccepted(width=picture.shape[1], height=picture.shape[0]))
            answer.message = self._conditions()
        return answer.message

    @event(name="set_image_strength", description="Set how much the image counts.")
    async def set_image_strength(
        self, image_strength: float = InputField(default=1.0, ge=0, le=1)
    ) -> None:
        """Take a strength, from the next chunk on."""
        async with self._command("set_image_strength"):
            self.session.strength = image_strength

    @event(name="set_sr_scale", description="Set the super-resolution of what goes out.")
    async def set_sr_scale(self, sr_scale: Scale = InputField(default="off")) -> None:
        """Take a scale, from the next chunk on."""
        async with self._command("set_sr_scale"):
            self.session.scale = sr_scale

    @event(name="set_seed", description="Set the seed, read at the next start; -1 is random.")
    async def set_seed(self, seed: int = InputField(default=RANDOM_SEED, ge=RANDOM_SEED)) -> None:
        """Take a seed."""
        async with self._command("set_seed"):
            self.session.seed = seed

    def _take_prompt(self, prompt: str) -> None:
        if not prompt.strip():
            raise CommandRefused("the prompt is empty")
        self.session.set_prompt(prompt)

    def _conditions(self) -> ConditionsReady:
        session = self.session
        return ConditionsReady(has_prompt=bool(session.prompt), has_image=session.image is not None)

    # -- the run ---------------------------------------------------------------------------------

    @event(name="start", description="Begin to generate; needs a prompt.")
    async def start(self) -> None:
        """Begin a run; no effect during one."""
        if self.session.started:
            return
        async with self._command("start"):
            session = self.session
            first = session.scheduled.pop(0, session.prompt)
            if not first:
                raise CommandRefused("no prompt: send set_prompt or set_conditioning first")
            session.prompt = first
            session.start()
            session.frames = 0
            seed = secrets.randbits(31) if session.seed == RANDOM_SEED else session.seed
            self._begin_run(ModelRun(NoSource(), seed))
            await self.send(GenerationStarted(prompt=first))

    @event(name="pause", description="Pause after the current chunk.")
    async def pause(self) -> GenerationPaused:
        """Let the chunk in the making finish, then make no more."""
        async with self._answered("pause", GenerationPaused) as answer:
            self.session.pause()
            answer.message = GenerationPaused(chunk_index=self.session.last_chunk)
        return answer.message

    @event(name="resume", description="Resume after a pause.")
    async def resume(self) -> GenerationResumed:
        """Go on where it was."""
        async with self._answered("resume", GenerationResumed) as answer:
            self.session.resume()
            self._wake.set()
            answer.message = GenerationResumed(chunk_index=self.session.last_chunk)
        return answer.message

    @event(name="reset", description="Stop, forget prompts and image, return to idle.")
    async def reset(self) -> None:
        """Stop at once: queued frames are dropped and the track is cut to black."""
        async with self._command("reset"):
            self._abandon_run()
            kept = self.session
            self.session = HeliosSession(seed=kept.seed, strength=kept.strength, scale=kept.scale)
            self.output.flush()
            await self.send(GenerationReset(reason="reset requested"))

    # -- what the chunk loop asks ----------------------------------------------------------------

    def _state(self) -> StateMessage:
        session = self.session
        return StateMessage(
            running=session.running,
            started=session.started,
            paused=session.paused,
            current_prompt=session.prompt or None,
            current_chunk=session.completed,
            current_frame=session.frames,
            image_set=session.image is not None,
            seed=session.seed,
            sr_scale=session.scale,
            image_strength=session.strength,
            scheduled_prompts={str(at): text for at, text in sorted(session.scheduled.items())},
        )

    @override
    async def _refused(
        self, command: str, refusal: CommandRefused, client: ClientInfo | None
    ) -> None:
        await self.send(RejectedCommand(command=command, reason=str(refusal)))

    def _forget(self) -> None:
        self.session = HeliosSession(seed=RANDOM_SEED)

    @property
    def _paused(self) -> bool:
        return self.session.paused

    def _prompt_of(self, run: ModelRun) -> str:
        session = self.session
        due = session.scheduled.pop(run.chunks_made, None)
        if due is not None:
            session.prompt = due
        return session.prompt

    @override
    def _picture(self, run: ModelRun, frame: Frame, prompt: str) -> Frame:
        session = self.session
        width, height = self._size
        return looks.invent(
            (height, width),
            prompt,
            run.seed,
            index=run.frames_made,
            image=session.image,
            strength=session.strength,
        )

    def _edit(
        self, run: ModelRun, frames: list[Frame], prompt: str
    ) -> npt.NDArray[np.uint8] | None:
        times = SCALES[self.session.scale]
        batch = super()._edit(run, frames, prompt)
        if batch is None or times == 1:
            return batch
        width, height = (side * times for side in self._size)
        enlarged = [
            cv2.resize(one, (width, height), interpolation=cv2.INTER_CUBIC) for one in batch
        ]
        return np.stack([np.asarray(one, np.uint8) for one in enlarged])

    @override
    async def _chunk_emitted(self, run: ModelRun, frames: int, prompt: str) -> None:
        index = self.session.complete_chunk()
        self.session.frames += frames
        await self.send(
            ChunkComplete(chunk_index=index, frames_emitted=frames, active_prompt=prompt)
        )
        await self.send(self._state())
