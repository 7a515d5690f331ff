"""One pydantic model per message of the model, for both published generations of the wire.

The typed npm SDK's README (0.1.12) and the older API page disagree on some fields. The models
here hold the union: what one generation lacks is None, what neither knows is ignored. Numbers
arrive as floats (the wire is a protobuf Struct) and become ints here.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator


class Message(BaseModel):
    """Base of every message; `wire_name` is its `type` on the wire."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    wire_name: ClassVar[str]

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: Any) -> Any:
        """A JSON null means the same as a missing field."""
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if value is not None}
        return data


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
    """A `set_prompt` was accepted."""

    wire_name = "prompt_accepted"

    prompt: str = ""


class VideoAccepted(Message):
    """A `set_video` clip was probed; the counts may be 0, since it is decoded later."""

    wire_name = "video_accepted"

    width: int = 0
    height: int = 0
    num_frames: int = 0
    num_latent_frames: int = 0


class ConditionsReady(Message):
    """Whether `start` would succeed; only the newer generation sends it."""

    wire_name = "conditions_ready"

    has_video: bool = False
    has_prompt: bool = False


class GenerationStarted(Message):
    """`start` succeeded."""

    wire_name = "generation_started"

    prompt: str = ""
    chunk_num: int = 0
    frame_num: int = 0


class GenerationPaused(Message):
    """`pause` took effect; only the newer generation sends it."""

    wire_name = "generation_paused"

    chunk_index: int = 0


class GenerationResumed(Message):
    """`resume` took effect; only the newer generation sends it."""

    wire_name = "generation_resumed"

    chunk_index: int = 0


class GenerationReset(Message):
    """`reset` ended the run and cleared the prompt and the clip."""

    wire_name = "generation_reset"

    reason: str = ""


class GenerationComplete(Message):
    """A file-mode clip was edited to its end."""

    wire_name = "generation_complete"

    total_chunks: int = 0


class ChunkComplete(Message):
    """One chunk of `main_video` is done; indices restart at 0 with every run."""

    wire_name = "chunk_complete"

    chunk_index: int = 0
    frames_emitted: int = 0
    active_prompt: str = ""


class Anchored(Message):
    """The edit re-grounded on the source; only the newer generation sends it."""

    wire_name = "anchored"

    chunk_index: int = 0


class CommandErrorMessage(Message):
    """A command was refused; the state is unchanged."""

    wire_name = "command_error"

    command: str = ""
    reason: str = ""


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


class UnknownMessage(ValueError):
    """The message's type is not one of `MESSAGES`, or its data does not fit."""


def parse_message(raw: Any) -> Message:
    """Turn `{"type", "data"}` from the wire into its model. Raises `UnknownMessage`."""
    if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
        raise UnknownMessage("a message without a type")
    kind = MESSAGES.get(raw["type"])
    if kind is None:
        raise UnknownMessage(f"message {raw['type']!r}")
    try:
        return kind.model_validate(raw.get("data") or {})
    except ValidationError as error:
        fields = ", ".join(sorted({str(e["loc"][0]) for e in error.errors() if e["loc"]}))
        raise UnknownMessage(f"message {raw['type']!r} with odd {fields or 'data'}") from None
