"""The wire of the API page: fewer messages, and chunks are counted from the start of the run."""

from __future__ import annotations

from reactor_runtime.interface import ModelMessage

from sana_vcam.standin.clip import LATENT_FRAMES
from sana_vcam.standin.models.clips import FirstGeneration, VideoAccepted


class StateMessage(ModelMessage):
    """A snapshot of the run; current_chunk counts the chunks completed since start.

    Between a restart and the first chunk of the new run it still is the count of the run before,
    as the page warns.
    """

    name = "state"
    running: bool
    started: bool
    paused: bool
    current_chunk: int
    current_prompt: str | None
    has_prompt: bool
    has_video: bool
    num_source_frames: int
    seed: int


class SanaStreaming(FirstGeneration):
    """The model as the API page describes it."""

    def _state(self) -> StateMessage:
        session = self.session
        return StateMessage(
            running=session.running,
            started=session.started,
            paused=session.paused,
            current_chunk=session.completed or session.completed_before,
            current_prompt=session.prompt or None,
            has_prompt=bool(session.prompt),
            has_video=session.clip is not None,
            num_source_frames=session.clip.num_frames if session.clip else 0,
            seed=session.seed,
        )

    def _video_accepted(self) -> VideoAccepted:
        clip = self.session.clip
        assert clip is not None  # noqa: S101 - called right after it was staged
        return VideoAccepted(
            width=clip.width,
            height=clip.height,
            num_frames=clip.num_frames,
            num_latent_frames=1 + (clip.num_frames - 1) // LATENT_FRAMES,
        )
