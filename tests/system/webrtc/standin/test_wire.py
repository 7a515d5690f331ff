"""The public words of both wires, against literals taken from Reactor's own documentation."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from tests.system.webrtc.standin.harness import PATIENCE_S, Process

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


def test_the_tracks(npm: Process) -> None:
    assert schema(npm)["x-reactor"]["tracks"] == [
        {"name": "camera", "kind": "video", "direction": "in"},
        {"name": "main_video", "kind": "video", "direction": "out"},
    ]
