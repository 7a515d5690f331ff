"""What all generations of the wire of `sana-streaming` have in common."""

from __future__ import annotations

from typing import ClassVar, override

from reactor_runtime.interface import (
    ClientInfo,
    InputField,
    MediaInput,
    ModelMessage,
    Output,
    Video,
    event,
)

from sana_vcam.standin.app import ModelRun, StandinApp
from sana_vcam.standin.session import CommandRefused, ModelSession, SourceMode
from sana_vcam.standin.source import FrameSource, LiveSource


class SanaInput(MediaInput):
    """What a client publishes."""

    camera: Video


class SanaOutput(Output):
    """What a client subscribes to."""

    main_video: Video


class PromptAccepted(ModelMessage):
    """An accepted set_prompt."""

    prompt: str


class GenerationStarted(ModelMessage):
    """An accepted start; chunk_num and frame_num are 0, the length is not known up front."""

    prompt: str
    chunk_num: int
    frame_num: int


class GenerationReset(ModelMessage):
    """A finished reset."""

    reason: str


class GenerationComplete(ModelMessage):
    """The end of a source clip, all of it edited."""

    total_chunks: int


class ChunkComplete(ModelMessage):
    """A chunk that has gone out; chunk_index is zero-based."""

    chunk_index: int
    frames_emitted: int
    active_prompt: str


class RejectedCommand(ModelMessage):
    """A rejected command; nothing has changed."""

    name = "command_error"
    command: str
    reason: str


class SanaModel(StandinApp):
    """The model, live; the commands that answer in every generation alike."""

    first_mode: ClassVar[SourceMode] = "live"
    outputs = SanaOutput
    media: SanaInput

    def __init__(self) -> None:
        super().__init__()
        self.session = ModelSession(self.first_mode)

    # -- commands --------------------------------------------------------------------------------

    @event(name="set_seed", description="Set the noise seed, read at the next start.")
    async def set_seed(self, seed: int = InputField(default=0, ge=0)) -> None:
        """Stage a seed."""
        async with self._command("set_seed"):
            self.session.seed = seed

    @event(name="start", description="Begin streaming on main_video.")
    async def start(self) -> None:
        """Begin a run; no effect during one."""
        if self.session.started:
            return
        async with self._command("start"):
            self.session.start()
            self._begin_run(ModelRun(self._source(), self.session.seed))
            await self.send(GenerationStarted(prompt=self.session.prompt, chunk_num=0, frame_num=0))

    def _go_on(self) -> None:
        """End a pause; a live run goes on with the camera's present, not with its past."""
        self.session.resume()
        self._buffer.clear()
        self._wake.set()

    def _start_over(self) -> None:
        """Stop at once: queued frames are dropped and the track is cut to black."""
        self._abandon_run()
        self.session.reset()
        self.output.flush()

    # -- what the chunk loop asks ----------------------------------------------------------------

    @override
    async def _refused(
        self, command: str, refusal: CommandRefused, client: ClientInfo | None
    ) -> None:
        await self.send(RejectedCommand(command=command, reason=str(refusal)))

    def _forget(self) -> None:
        self.session = ModelSession(self.first_mode)

    def _source(self) -> FrameSource:
        self._buffer.clear()
        return LiveSource(self._buffer)

    @property
    def _paused(self) -> bool:
        return self.session.paused

    @override
    def _prompt_of(self, run: ModelRun) -> str:
        return self.session.prompt

    @override
    async def _chunk_emitted(self, run: ModelRun, frames: int, prompt: str) -> None:
        index = self.session.complete_chunk()
        await self.send(
            ChunkComplete(chunk_index=index, frames_emitted=frames, active_prompt=prompt)
        )
        await self.send(self._state())

    @override
    async def _source_ended(self, run: ModelRun) -> None:
        self.session.finish()
        await self.send(GenerationComplete(total_chunks=self.session.completed))
        await self.send(self._state())
