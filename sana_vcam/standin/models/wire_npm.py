"""The wire of the typed npm package: pause, resume and anchors are announced."""

from __future__ import annotations

from reactor_runtime.interface import ModelMessage

from sana_vcam.standin.models.anchored import AnchoredSana, GenerationPaused, GenerationResumed
from sana_vcam.standin.models.clips import FirstGeneration, VideoAccepted


class StateMessage(ModelMessage):
    """A snapshot of the run; current_chunk is the zero-based index of the last completed chunk."""

    name = "state"
    seed: int
    paused: bool
    running: bool
    started: bool
    has_video: bool
    has_prompt: bool
    current_chunk: int
    current_prompt: str | None
    anchor_interval: int


class ConditionsReady(ModelMessage):
    """What a start needs, after set_prompt and set_video."""

    has_video: bool
    has_prompt: bool


class SanaStreaming(FirstGeneration, AnchoredSana):
    """The model as the typed package's README describes it."""

    def _state(self) -> StateMessage:
        session = self.session
        return StateMessage(
            seed=session.seed,
            paused=session.paused,
            running=session.running,
            # Read literally, the README lets only a reset clear it, not the end of a clip.
            started=session.begun,
            has_video=session.clip is not None,
            has_prompt=bool(session.prompt),
            current_chunk=session.last_chunk,
            current_prompt=session.prompt or None,
            anchor_interval=session.anchor_interval,
        )

    def _video_accepted(self) -> VideoAccepted:
        clip = self.session.clip
        assert clip is not None  # noqa: S101 - called right after it was staged
        return VideoAccepted(
            width=clip.width, height=clip.height, num_frames=0, num_latent_frames=0
        )

    async def _conditions_changed(self) -> None:
        session = self.session
        await self.send(
            ConditionsReady(has_video=session.clip is not None, has_prompt=bool(session.prompt))
        )

    async def _tell_paused(self) -> None:
        await self.send(GenerationPaused(chunk_index=self.session.last_chunk))

    async def _tell_resumed(self) -> None:
        await self.send(GenerationResumed(chunk_index=self.session.last_chunk))
