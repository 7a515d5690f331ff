"""The words of the wire, against literals from both published documents."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from sana_vcam.reactor import (
    Anchored,
    ChunkComplete,
    CommandErrorMessage,
    ConditionsReady,
    GenerationComplete,
    GenerationPaused,
    GenerationReset,
    GenerationResumed,
    GenerationStarted,
    Message,
    PromptAccepted,
    StateMessage,
    VideoAccepted,
    parse_message,
)
from sana_vcam.reactor.messages import UnknownMessage
from sana_vcam.reactor.sana import MESSAGES

# As the SDK delivers them: every number is a float.
NPM_STATE = {
    "seed": 7.0,
    "paused": False,
    "running": True,
    "started": True,
    "has_video": False,
    "has_prompt": True,
    "current_chunk": 3.0,
    "current_prompt": "oil painting",
    "anchor_interval": 20.0,
}
PAGE_STATE = {
    "running": True,
    "started": True,
    "paused": False,
    "current_chunk": 4.0,
    "current_prompt": None,
    "has_prompt": False,
    "has_video": True,
    "num_source_frames": 96.0,
    "seed": 42.0,
}

BOTH_WIRES: list[tuple[str, dict[str, Any], Message]] = [
    (
        "state",
        NPM_STATE,
        StateMessage(
            running=True,
            started=True,
            current_chunk=3,
            current_prompt="oil painting",
            has_prompt=True,
            seed=7,
            anchor_interval=20,
        ),
    ),
    (
        "state",
        PAGE_STATE,
        StateMessage(
            running=True,
            started=True,
            current_chunk=4,
            has_video=True,
            seed=42,
            num_source_frames=96,
        ),
    ),
    ("anchored", {"chunk_index": 20.0}, Anchored(chunk_index=20)),
    (
        "command_error",
        {"reason": "not paused", "command": "resume"},
        CommandErrorMessage(reason="not paused", command="resume"),
    ),
    (
        "chunk_complete",
        {"chunk_index": 0.0, "active_prompt": "", "frames_emitted": 24.0},
        ChunkComplete(chunk_index=0, active_prompt="", frames_emitted=24),
    ),
    (
        "video_accepted",
        {"width": 1920.0, "height": 1080.0, "num_frames": 0.0, "num_latent_frames": 0.0},
        VideoAccepted(width=1920, height=1080),
    ),
    ("prompt_accepted", {"prompt": "a sunset"}, PromptAccepted(prompt="a sunset")),
    (
        "conditions_ready",
        {"has_video": True, "has_prompt": False},
        ConditionsReady(has_video=True),
    ),
    ("generation_reset", {"reason": "reset requested"}, GenerationReset(reason="reset requested")),
    ("generation_paused", {"chunk_index": 5.0}, GenerationPaused(chunk_index=5)),
    ("generation_resumed", {"chunk_index": 5.0}, GenerationResumed(chunk_index=5)),
    (
        "generation_started",
        {"prompt": "", "chunk_num": 0.0, "frame_num": 0.0},
        GenerationStarted(),
    ),
    ("generation_complete", {"total_chunks": 3.0}, GenerationComplete(total_chunks=3)),
]


@pytest.mark.parametrize(("name", "data", "expected"), BOTH_WIRES)
def test_each_message_of_both_wires(name: str, data: dict[str, Any], expected: Message) -> None:
    message = parse_message({"type": name, "data": data}, MESSAGES)
    assert message == expected
    assert type(message) is type(expected)


def test_no_message_is_missing() -> None:
    assert set(MESSAGES) == {name for name, _, _ in BOTH_WIRES}


def test_floats_become_integers() -> None:
    message = parse_message({"type": "state", "data": NPM_STATE}, MESSAGES)
    assert isinstance(message, StateMessage)
    numbers = [message.seed, message.current_chunk, message.anchor_interval]
    assert [type(number) for number in numbers] == [int, int, int]


def test_what_a_wire_lacks_is_none() -> None:
    npm = parse_message({"type": "state", "data": NPM_STATE}, MESSAGES)
    page = parse_message({"type": "state", "data": PAGE_STATE}, MESSAGES)
    assert isinstance(npm, StateMessage)
    assert isinstance(page, StateMessage)
    assert npm.num_source_frames is None
    assert page.anchor_interval is None


def test_null_is_absent() -> None:
    message = parse_message({"type": "state", "data": dict.fromkeys(NPM_STATE)}, MESSAGES)
    assert message == StateMessage()


def test_a_field_of_the_future_is_ignored() -> None:
    data = {"prompt": "x", "mood": "sunny"}
    assert parse_message({"type": "prompt_accepted", "data": data}, MESSAGES) == PromptAccepted(
        prompt="x"
    )


@pytest.mark.parametrize("data", [None, {}])
def test_data_may_be_missing(data: object) -> None:
    assert parse_message({"type": "generation_reset", "data": data}, MESSAGES) == GenerationReset()
    assert parse_message({"type": "generation_reset"}, MESSAGES) == GenerationReset()


@pytest.mark.parametrize(
    "raw",
    [
        None,
        "state",
        [],
        {},
        {"type": None},
        {"type": 7.0},
        {"data": {}},
        {"type": "weather", "data": {}},
        {"type": "chunk_complete", "data": [1.0]},
        {"type": "chunk_complete", "data": "x"},
        {"type": "chunk_complete", "data": {"chunk_index": "many"}},
        {"type": "chunk_complete", "data": {"chunk_index": 1.5}},
        {"type": "chunk_complete", "data": {"chunk_index": float("nan")}},
        {"type": "state", "data": {"running": [True]}},
    ],
)
def test_what_is_no_message(raw: object) -> None:
    with pytest.raises(UnknownMessage):
        parse_message(raw, MESSAGES)


def test_odd_data_is_named() -> None:
    with pytest.raises(UnknownMessage, match=r"'chunk_complete' with odd chunk_index"):
        parse_message({"type": "chunk_complete", "data": {"chunk_index": "many"}}, MESSAGES)


def test_messages_are_frozen() -> None:
    message = parse_message({"type": "prompt_accepted", "data": {"prompt": "x"}}, MESSAGES)
    with pytest.raises(ValidationError):
        message.prompt = "y"  # type: ignore[attr-defined]
