"""The public words of every wire, against literals taken from Reactor's own documentation."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest

from tests.system.webrtc.standin.harness import PATIENCE_S, Process, standin

COMMANDS = {
    "set_mode": {"mode"},
    "set_video": {"video"},
    "set_prompt": {"prompt"},
    "set_seed": {"seed"},
    "start": set(),
    "pause": set(),
    "resume": set(),
    "reset": set(),
}
MESSAGES = {
    "prompt_accepted": {"prompt"},
    "video_accepted": {"width", "height", "num_frames", "num_latent_frames"},
    "generation_started": {"prompt", "chunk_num", "frame_num"},
    "generation_reset": {"reason"},
    "generation_complete": {"total_chunks"},
    "chunk_complete": {"chunk_index", "frames_emitted", "active_prompt"},
    "command_error": {"command", "reason"},
}
STATE = {
    "seed",
    "paused",
    "running",
    "started",
    "has_video",
    "has_prompt",
    "current_chunk",
    "current_prompt",
}


def schema(process: Process) -> dict[str, Any]:
    with urllib.request.urlopen(f"{process.url}/schema", timeout=PATIENCE_S) as answer:
        return dict(json.load(answer))


def fields(described: dict[str, Any], operation: dict[str, Any]) -> set[str]:
    body = operation["post"].get("requestBody")
    if body is None:
        return set()
    shape = body["content"]["application/json"]["schema"]
    if "$ref" in shape:
        shape = described["components"]["schemas"][shape["$ref"].rsplit("/", 1)[-1]]
    return set(shape.get("properties", {}))


def words(process: Process) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return the fields of every command and of every message that a process publishes."""
    described = schema(process)
    commands = {
        path.removeprefix("/events/"): fields(described, operation)
        for path, operation in described["paths"].items()
    }
    messages = {
        name: fields(described, operation) for name, operation in described["webhooks"].items()
    }
    return commands, messages


def replies(process: Process) -> dict[str, str]:
    """Return which message each command that has a reply is answered with."""
    found = {}
    for path, operation in schema(process)["paths"].items():
        for answer in operation["post"]["responses"].values():
            if content := answer.get("content"):
                shape = content["application/json"]["schema"]["$ref"]
                found[path.removeprefix("/events/")] = shape.rsplit("/", 1)[-1]
    return found


def test_the_wire_of_the_npm_package(npm: Process) -> None:
    assert words(npm) == (
        COMMANDS | {"set_anchor_interval": {"chunks"}},
        MESSAGES
        | {
            "state": STATE | {"anchor_interval"},
            "conditions_ready": {"has_video", "has_prompt"},
            "generation_paused": {"chunk_index"},
            "generation_resumed": {"chunk_index"},
            "anchored": {"chunk_index"},
        },
    )


def test_the_wire_of_the_api_page(page: Process) -> None:
    assert words(page) == (COMMANDS, MESSAGES | {"state": STATE | {"num_source_frames"}})


def test_the_wire_of_today(live: Process) -> None:
    """No file mode, no clips, and nothing that only they needed."""
    gone = {"set_mode", "set_video", "video_accepted"}
    commands = {name: taken for name, taken in COMMANDS.items() if name not in gone}
    messages = {name: held for name, held in MESSAGES.items() if name not in gone}
    assert words(live) == (
        commands | {"set_anchor_interval": {"chunks"}},
        messages
        | {
            "state": STATE - {"has_video"} | {"anchor_interval"},
            "generation_paused": {"chunk_index"},
            "generation_resumed": {"chunk_index"},
            "anchored": {"chunk_index"},
        },
    )


def test_which_commands_of_today_have_a_reply(live: Process) -> None:
    assert replies(live) == {
        "set_prompt": "PromptAccepted",
        "pause": "GenerationPaused",
        "resume": "GenerationResumed",
        "reset": "GenerationReset",
    }


@pytest.mark.parametrize("wire", ["npm", "page"])
def test_no_command_of_the_first_generation_has_a_reply(
    request: pytest.FixtureRequest, wire: str
) -> None:
    assert replies(request.getfixturevalue(wire)) == {}


@pytest.mark.parametrize("wire", ["live", "npm", "page"])
def test_the_tracks(request: pytest.FixtureRequest, wire: str) -> None:
    assert schema(request.getfixturevalue(wire))["x-reactor"]["tracks"] == [
        {"name": "camera", "kind": "video", "direction": "in"},
        {"name": "main_video", "kind": "video", "direction": "out"},
    ]


REFUSAL = {"command_error": {"command", "reason"}}
IMAGE = {"reference_image_accepted": {"width", "height"}}
PROMPT = {"prompt_accepted": {"prompt"}}

OTHERS: dict[str, tuple[dict[str, set[str]], dict[str, str]]] = {
    "x2": (
        PROMPT
        | IMAGE
        | {
            "pointer_changed": {"x", "y", "active"},
            "generation_started": set(),
            "generation_stopped": {"reason"},
            "state_update": {
                *("prompt", "has_reference_image", "pointer_x", "pointer_y", "pointer_active"),
                *("keep_backlog", "generating", "width", "height"),
            },
        },
        {
            "set_prompt": "PromptAccepted",
            "set_reference_image": "ReferenceImageAccepted",
            "set_pointer": "PointerChanged",
        },
    ),
    "joyai": (
        PROMPT
        | IMAGE
        | REFUSAL
        | {
            "generation_started": {"prompt", "has_reference_image", "seed"},
            "chunk_complete": {"chunk_index", "frames_emitted", "elapsed_ms"},
            "generation_reset": {"reason"},
            "generation_complete": {"total_chunks", "total_frames"},
            "session_state": {"started", "prompt", "has_reference_image", "seed"},
        },
        {
            "set_prompt": "PromptAccepted",
            "set_reference_image": "ReferenceImageAccepted",
            "start": "GenerationStarted",
        },
    ),
    "vidu": (
        {
            "session_state": {
                *("phase", "editing_type", "control_ready", "camera_forwarding"),
                *("video_receiving", "edit_elapsed_seconds", "edit_max_seconds", "end_reason"),
            },
            "reference_switched": {"editing_type", "reference_changed"},
            "edit_ended": {"end_reason", "duration_seconds"},
            "command_error": {"command", "code", "reason", "origin", "retryable", "trace_id"},
        },
        {
            "switch_reference": "ReferenceSwitched",
            "end_edit": "EditEnded",
            "get_state": "SessionStateMessage",
        },
    ),
    "helios": (
        PROMPT
        | REFUSAL
        | {
            "image_accepted": {"width", "height"},
            "conditions_ready": {"has_prompt", "has_image"},
            "generation_started": {"prompt"},
            "generation_paused": {"chunk_index"},
            "generation_resumed": {"chunk_index"},
            "generation_reset": {"reason"},
            "chunk_complete": {"chunk_index", "frames_emitted", "active_prompt"},
            "state": {
                *("running", "started", "paused", "current_prompt", "current_chunk"),
                *("current_frame", "image_set", "seed", "sr_scale", "image_strength"),
                "scheduled_prompts",
            },
        },
        {
            "set_prompt": "PromptAccepted",
            "schedule_prompt": "PromptAccepted",
            "set_image": "ImageAccepted",
            "set_conditioning": "ConditionsReady",
            "pause": "GenerationPaused",
            "resume": "GenerationResumed",
        },
    ),
}
"""Messages of the other models, and which of their commands have a reply; the commands themselves
are in `tests/system/browser/jssdk`."""


@pytest.mark.parametrize("model", OTHERS)
def test_the_words_of_another_model(model: str) -> None:
    with standin("--model", model) as process:
        assert (words(process)[1], replies(process)) == OTHERS[model]
