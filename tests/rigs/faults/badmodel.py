"""A model of the stand-in in a bad temper, which a file tells it while it runs.

Each wire has a module of its own (`badnpm`, `badlive`, `badx2`), as a process may import the words
of one model only; this one knows none.

The file holds JSON, read again at every chunk and command; without it the model behaves.

    {"reject": {"set_prompt": "message" | "error"}}
                            refuse a command: in the model's own way, or with an error of its call
    {"size": [320, 176]}    frames of another size
    {"stall": true}         no more frames, while the connection stands
    {"crash": true}         an exception in mid-run, which ends the process
    {"garbage": true}       messages that mean nothing, or lie about their types
    {"mute": true}          frames, but no messages
    {"long": 1000000}       says with each chunk that its prompt has so many characters
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import NoneType
from typing import Any, get_type_hints

import cv2
import numpy as np
import numpy.typing as npt
from reactor_runtime.interface import CommandError, ModelMessage

from sana_vcam.standin.app import ModelRun, StandinApp
from sana_vcam.standin.clip import Frame
from sana_vcam.standin.session import CommandRefused
from tests.rigs.faults import TEMPER

NONSENSE: tuple[dict[str, Any], ...] = (
    {"type": "weather", "data": {"sun": True}},
    {"type": "", "data": {}},
    {"type": "state", "data": {"started": "maybe", "paused": [1, 2], "seed": {"a": 1}}},
    {"type": "state", "data": {"current_chunk": "\u0000\ud83d\ude00" * 50}},
    {"type": "chunk_complete", "data": {"chunk_index": "twelve", "frames_emitted": None}},
    {"type": "chunk_complete", "data": {"chunk_index": 1e300, "frames_emitted": -5}},
    {"type": "prompt_accepted", "data": {"prompt": "x" * 100_000}},
    {"type": "command_error", "data": {"command": "dance", "reason": "never heard of it"}},
    {"type": "generation_complete", "data": {"total_chunks": -1, "deep": [[[[[[[[]]]]]]]]}},
)


class Garbage(ModelMessage):
    """Whatever it is given, on the wire as it is."""

    text: str = ""

    def to_wire_format(self) -> dict[str, Any]:
        """The nonsense itself."""
        meant: dict[str, Any] = json.loads(self.text)
        return meant


def nonsense() -> list[Garbage]:
    """A message of each kind that means nothing."""
    return [_said(one["type"], one["data"]) for one in NONSENSE]


def _said(kind: str, data: dict[str, Any]) -> Garbage:
    message = Garbage(text=json.dumps({"type": kind, "data": data}))
    # The runtime takes the type from the message's name.
    message.name = kind  # type: ignore[misc]
    return message


def temper() -> dict[str, Any]:
    """What the file says now."""
    try:
        found: dict[str, Any] = json.loads(Path(os.environ[TEMPER]).read_text())
    except (KeyError, OSError, ValueError):
        return {}
    return found


COMMANDS = (
    "set_mode",
    "set_prompt",
    "set_seed",
    "set_anchor_interval",
    "set_keep_backlog",
    "start",
    "pause",
    "resume",
    "reset",
)
"""Those that a row may have refused, of whatever model."""


def _touchy(command: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Make a command that is refused while the temper says so."""
    name = command.__name__

    @functools.wraps(command)
    async def touchy(self: BadTempered, *arguments: Any, **named: Any) -> Any:
        shape = temper().get("reject", {}).get(name)
        if shape == "error":
            raise CommandError("staged_refusal", f"{name} is refused, as the test said")
        if shape == "message":
            await self._refused(name, CommandRefused("refused, as the test said"), None)
            return None
        return await command(self, *arguments, **named)

    # The runtime looks for what they name in the module of the function that it is given.
    hints = get_type_hints(command)
    touchy.__annotations__ = {name: None if one is NoneType else one for name, one in hints.items()}
    return touchy


class BadTempered(StandinApp):
    """What a model is derived from besides its own class; looks at its temper where it shows."""

    def __init_subclass__(cls, **options: Any) -> None:
        """Make the commands of the model touchy."""
        for name in COMMANDS:
            if hasattr(cls, name):
                setattr(cls, name, _touchy(getattr(cls, name)))
        super().__init_subclass__(**options)

    async def send(self, message: ModelMessage) -> None:
        """Say it, unless mute."""
        if not temper().get("mute"):
            await super().send(message)

    async def _stage_fault(self, run: ModelRun, chunk_index: int) -> None:
        if temper().get("crash"):
            raise RuntimeError("crash staged by the test")
        while temper().get("stall") and run.wanted():
            await self._change()
        if temper().get("garbage"):
            for message in nonsense():
                await self.send(message)
        if count := temper().get("long"):
            await self.send(_said("state", {"prompt": "x" * count}))
        await super()._stage_fault(run, chunk_index)

    def _edit(
        self, run: ModelRun, frames: list[Frame], prompt: str
    ) -> npt.NDArray[np.uint8] | None:
        batch = super()._edit(run, frames, prompt)
        size = temper().get("size")
        if batch is None or size is None:
            return batch
        return np.stack([cv2.resize(frame, tuple(size)) for frame in batch])
