"""`SanaClient`: Reactor's `sana-streaming` model, its commands and its messages, typed.

There is one pydantic model per message, for both generations of the wire. Of the first one, the
typed npm SDK's README (0.1.12) and the older API page disagree on some fields. The models here hold
the union: what one wire lacks has its default, what none knows is ignored.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from reactor_sdk import FileRef

from sana_vcam.media.frames import ModelFrame
from sana_vcam.reactor.client import ReactorClient
from sana_vcam.reactor.errors import CommandRejected
from sana_vcam.reactor.messages import (
    CommandErrorMessage,
    Message,
    UnknownMessage,
    WireMessage,
    typed,
)
from sana_vcam.reactor.models.sana import SANA
from sana_vcam.reactor.once import Once

log = logging.getLogger(__name__)

SET_VIDEO_TRIES = 3
"""As often is a clip sent whose decoding failed: that is sometimes a false alarm on a valid clip,
and the API page says to repeat it."""


class StateMessage(Message):
    """Full snapshot: on connect, after every accepted command, after every chunk.

    `current_chunk` is not to be computed with: one generation counts completed chunks, the other
    gives the last one's index, and after a restart it is stale until the first chunk. Use
    `ChunkComplete.chunk_index`.
    """

    wire_name = "state"

    running: bool = False
    started: bool = False
    paused: bool = False
    current_chunk: int = 0
    current_prompt: str | None = None
    has_prompt: bool = False
    has_video: bool = False
    seed: int | None = None
    anchor_interval: int | None = None
    num_source_frames: int | None = None


class PromptAccepted(Message):
    """An accepted `set_prompt`."""

    wire_name = "prompt_accepted"

    prompt: str = ""


class VideoAccepted(Message):
    """A probed `set_video` clip of the first generation; decoded later, so counts may be 0."""

    wire_name = "video_accepted"

    width: int = 0
    height: int = 0
    num_frames: int = 0
    num_latent_frames: int = 0


class ConditionsReady(Message):
    """Whether `start` would succeed; of the first generation, and not in its API page."""

    wire_name = "conditions_ready"

    has_video: bool = False
    has_prompt: bool = False


class GenerationStarted(Message):
    """A `start` that succeeded."""

    wire_name = "generation_started"

    prompt: str = ""
    chunk_num: int = 0
    frame_num: int = 0


class GenerationPaused(Message):
    """A `pause` that took effect; not in the older API page."""

    wire_name = "generation_paused"

    chunk_index: int = 0


class GenerationResumed(Message):
    """A `resume` that took effect; not in the older API page."""

    wire_name = "generation_resumed"

    chunk_index: int = 0


class GenerationReset(Message):
    """A `reset` that ended the run and cleared the prompt and the clip."""

    wire_name = "generation_reset"

    reason: str = ""


class GenerationComplete(Message):
    """The end of a file-mode clip, all of it edited."""

    wire_name = "generation_complete"

    total_chunks: int = 0


class ChunkComplete(Message):
    """A finished chunk of `main_video`; indices restart at 0 with every run."""

    wire_name = "chunk_complete"

    chunk_index: int = 0
    frames_emitted: int = 0
    active_prompt: str = ""


class Anchored(Message):
    """A new grounding of the edit on the source; not in the older API page."""

    wire_name = "anchored"

    chunk_index: int = 0


MESSAGES: dict[str, type[Message]] = {
    kind.wire_name: kind
    for kind in (
        StateMessage,
        PromptAccepted,
        VideoAccepted,
        ConditionsReady,
        GenerationStarted,
        GenerationPaused,
        GenerationResumed,
        GenerationReset,
        GenerationComplete,
        ChunkComplete,
        Anchored,
        CommandErrorMessage,
    )
}


class SanaClient(ReactorClient):
    """A typed client for one session with `sana-streaming`.

    A command returns True when the model accepted it, and False when this session's model does not
    have it, in which case nothing was sent. It raises `CommandRejected`, `SessionLost` or
    `Unavailable`.
    """

    state: StateMessage | None = None
    """The last one that came; the one sent on connect is usually lost."""
    last_chunk: int | None = None
    """The index of the run's last completed chunk; None before the first."""

    def __init__(self, api_key: str | None = None, *, model: str | None = None, **how: Any) -> None:
        """Prepare a client; `model` is its name on the platform. More in `ReactorClient`."""
        super().__init__(api_key, record=SANA, model=model or "sana-streaming", **how)
        self._typed_handlers: list[tuple[type[Message], Callable[[Any], None]]] = []
        self._said = Once(log)
        self.on_message(self._typed)

    def on[M: Message](self, kind: type[M], handler: Callable[[M], None]) -> None:
        """Call `handler` on the loop for every message of `kind` (`Message`: for all)."""
        self._typed_handlers.append((kind, handler))

    def on_every_frame(self, handler: Callable[[ModelFrame], None]) -> None:
        """Call `handler` as `on_frame` does, also for the first and the last frames of a run.

        The first is told from a placeholder when the second has come, and comes with it. The last
        are played out after the model has said that the run is over. For one run in a session.
        """
        self._video.keeps_every_frame = True
        self.on_frame(handler)

    async def set_mode(self, mode: Literal["live", "file"]) -> bool:
        """Choose the source of the next run; before `start`."""
        return await self.send_command("set_mode", {"mode": mode}, _sends(StateMessage))

    async def set_video(self, video: FileRef | Path | bytes, *, name: str = "clip.mp4") -> bool:
        """Set the clip for file mode, uploading it first unless it is an uploaded `FileRef`.

        Only the first generation has it. The clip needs at least 33 frames. Also raises
        `UploadFailed`.
        """
        reference = video if isinstance(video, FileRef) else await self.upload(video, name=name)
        for attempt in range(1, SET_VIDEO_TRIES + 1):
            try:
                return await self.send_command(
                    "set_video", {"video": reference}, _sends(VideoAccepted)
                )
            except CommandRejected as error:
                if "decode" not in error.reason.lower() or attempt == SET_VIDEO_TRIES:
                    raise
        raise AssertionError("unreachable")

    async def set_prompt(self, prompt: str) -> bool:
        """Set the edit; while streaming it lands at the next chunk."""
        return await self.send_command("set_prompt", {"prompt": prompt}, _sends(PromptAccepted))

    async def set_seed(self, seed: int) -> bool:
        """Set the noise seed; the model reads it when a run starts."""
        return await self.send_command("set_seed", {"seed": seed}, _shows(seed=seed))

    async def set_anchor_interval(self, chunks: int) -> bool:
        """Re-ground on the source every `chunks` chunks; 0 is never."""
        return await self.send_command(
            "set_anchor_interval", {"chunks": chunks}, _shows(anchor_interval=chunks)
        )

    async def start(self) -> bool:
        """Begin the run. Without effect while one is going on."""
        is_on = await self.send_command("start", {}, _shows(started=True))
        # Also where no message says so.
        self.run_began()
        return is_on

    async def pause(self) -> bool:
        """Pause after the current chunk."""
        return await self.send_command("pause", {}, _shows(paused=True))

    async def resume(self) -> bool:
        """Go on after a pause."""
        return await self.send_command("resume", {}, _shows(paused=False))

    async def reset(self) -> bool:
        """End the run and clear prompt and clip."""
        is_over = await self.send_command("reset", {}, _shows(started=False))
        if is_over:
            self.run_ended()
        return is_over

    def _typed(self, raw: WireMessage) -> None:
        try:
            message = typed(raw, MESSAGES)
        except UnknownMessage as error:
            self._said.say(f"ignored {error}")
            return
        self._note(message)
        for kind, handler in self._typed_handlers:
            if isinstance(message, kind):
                handler(message)

    def _note(self, message: Message) -> None:
        match message:
            case StateMessage():
                self.state = message
            case ChunkComplete(chunk_index=index):
                self.last_chunk = index
            case GenerationStarted() | GenerationReset():
                # `state.current_chunk` keeps the former run's value until the first chunk.
                self.last_chunk = None
                if isinstance(message, GenerationReset):
                    self.run_ended()
            case _:
                return


def _sends(kind: type[Message]) -> Callable[[WireMessage], bool]:
    """Accept a message of `kind`."""
    return lambda message: message.type == kind.wire_name


def _shows(**fields: object) -> Callable[[WireMessage], bool]:
    """Accept a `state` with these fields, so that `SanaClient.state` shows them as well.

    Any other `state` proves nothing: one is sent after every chunk.
    """

    def matches(message: WireMessage) -> bool:
        is_state = message.type == StateMessage.wire_name
        return is_state and fields.items() <= message.data.items()

    return matches
