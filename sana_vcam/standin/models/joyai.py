"""JoyAI-Video-Edit: prompt, image and seed are those of a run's start until its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import override

from reactor_runtime.interface import (
    ClientInfo,
    InputField,
    MediaInput,
    ModelMessage,
    Output,
    UploadedFile,
    Video,
    disconnected,
    event,
)

from sana_vcam.standin.app import ModelRun, StandinApp, picture_of
from sana_vcam.standin.clip import Frame
from sana_vcam.standin.looks import reference
from sana_vcam.standin.session import CommandRefused
from sana_vcam.standin.source import LiveSource

MAX_PROMPT = 2000
DEFAULT_SEED = 42
REFRESH_FRAMES = 600
"""The context is made anew after so many frames, and the chunk after that is one frame."""


class JoyInput(MediaInput):
    """What a client publishes."""

    camera: Video


class JoyOutput(Output):
    """What a client subscribes to."""

    main_video: Video


class PromptAccepted(ModelMessage):
    """An accepted set_prompt; the next start reads it."""

    prompt: str


class ReferenceImageAccepted(ModelMessage):
    """An accepted set_reference_image; the size is that of the image as it was decoded."""

    width: int
    height: int


class GenerationStarted(ModelMessage):
    """An accepted start, with what the run uses."""

    prompt: str
    has_reference_image: bool
    seed: int


class ChunkComplete(ModelMessage):
    """A chunk that is about to go out; chunk_index is zero-based."""

    chunk_index: int
    frames_emitted: int
    elapsed_ms: float


class GenerationReset(ModelMessage):
    """A reset that stops a run."""

    reason: str


class GenerationComplete(ModelMessage):
    """The end of a run."""

    total_chunks: int
    total_frames: int


class SessionStateMessage(ModelMessage):
    """A snapshot of what is stored; a run may use what was stored before."""

    name = "session_state"
    started: bool
    prompt: str
    has_reference_image: bool
    seed: int


class RejectedCommand(ModelMessage):
    """A rejected command, to the client that sent it; nothing has changed."""

    name = "command_error"
    command: str
    reason: str


@dataclass(slots=True)
class JoySession:
    """What one client session has stored."""

    prompt: str = ""
    image: Frame | None = None
    seed: int = DEFAULT_SEED


class JoyVideoEdit(StandinApp):
    """The model: start, and reset to start anew with something else."""

    outputs = JoyOutput
    media: JoyInput
    shows_placeholder = False

    def __init__(self) -> None:
        super().__init__()
        self.session = JoySession()

    @disconnected
    async def on_disconnected(self) -> None:
        """End the run when the last client leaves."""
        await super().on_disconnected()
        if not self.connected.is_set() and self._playing is not None:
            await self._end_run(self._playing)
            await self.send(self._state())

    # -- commands --------------------------------------------------------------------------------

    @event(name="set_prompt", description="Store the edit instruction, which start reads.")
    async def set_prompt(
        self, prompt: str = InputField(default="", max_length=MAX_PROMPT, moderate=True)
    ) -> PromptAccepted:
        """Store a prompt, at any time."""
        async with self._answered("set_prompt", PromptAccepted) as answer:
            self.session.prompt = prompt
            answer.message = PromptAccepted(prompt=prompt)
        return answer.message

    @event(name="set_reference_image", description="Store an image that guides the edit.")
    async def set_reference_image(
        self, client: ClientInfo, reference_image: UploadedFile = InputField(moderate=True)
    ) -> ReferenceImageAccepted:
        """Store an image, which is refused during a run."""
        name = "set_reference_image"
        async with self._answered(name, ReferenceImageAccepted, client) as answer:
            if self._playing is not None:
                raise CommandRefused("generation is active: reset first")
            image = await picture_of(reference_image)
            self.session.image = image
            answer.message = ReferenceImageAccepted(width=image.shape[1], height=image.shape[0])
        return answer.message

    @event(name="set_seed", description="Store the seed, which start reads.")
    async def set_seed(self, seed: int = InputField(default=DEFAULT_SEED, ge=0)) -> None:
        """Store a seed; nothing is told."""
        self.session.seed = seed

    @event(name="start", description="Begin a run with the stored prompt, image and seed.")
    async def start(self, client: ClientInfo) -> GenerationStarted:
        """Begin a run, which is refused during one."""
        async with self._answered("start", GenerationStarted, client) as answer:
            if self._playing is not None:
                raise CommandRefused("already generating")
            self._buffer.clear()
            session = self.session
            source = LiveSource(self._buffer)
            self._begin_run(ModelRun(source, session.seed, session.prompt, session.image))
            answer.message = GenerationStarted(
                prompt=session.prompt,
                has_reference_image=session.image is not None,
                seed=session.seed,
            )
        return answer.message

    @event(name="reset", description="Stop; what is stored stays stored.")
    async def reset(self) -> None:
        """Stop at once: queued frames are dropped and the track is cut to black."""
        async with self._command("reset"):
            if self._playing is not None:
                await self.send(GenerationReset(reason="client requested"))
                await self._end_run(self._playing)
                self.output.flush()

    async def _end_run(self, run: ModelRun) -> None:
        self._abandon_run()
        await self.send(
            GenerationComplete(total_chunks=run.chunks_made, total_frames=run.frames_made)
        )

    # -- what the chunk loop asks ----------------------------------------------------------------

    def _state(self) -> SessionStateMessage:
        session = self.session
        return SessionStateMessage(
            started=self._playing is not None,
            prompt=session.prompt,
            has_reference_image=session.image is not None,
            seed=session.seed,
        )

    @override
    async def _refused(
        self, command: str, refusal: CommandRefused, client: ClientInfo | None
    ) -> None:
        error = RejectedCommand(command=command, reason=str(refusal))
        await (self if client is None else client).send(error)

    def _forget(self) -> None:
        self.session = JoySession()

    def _chunk_length(self, run: ModelRun) -> int:
        cycle = 1 + REFRESH_FRAMES // self.settings.chunk_frames
        return self.settings.chunk_length(run.chunks_made % cycle)

    def _prompt_of(self, run: ModelRun) -> str:
        return run.prompt

    def _picture(self, run: ModelRun, frame: Frame, prompt: str) -> Frame:
        picture = super()._picture(run, frame, prompt)
        if run.image is None or self.settings.edit == "copy":
            return picture
        return reference.guided(picture, run.image)

    async def _chunk_edited(self, run: ModelRun, frames: int, elapsed_s: float) -> None:
        await self.send(
            ChunkComplete(
                chunk_index=run.chunks_made,
                frames_emitted=frames,
                elapsed_ms=round(elapsed_s * 1000, 1),
            )
        )
