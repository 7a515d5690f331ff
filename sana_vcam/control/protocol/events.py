"""The events of the control API, and how one is written."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel

from sana_vcam.control.protocol.messages import API_VERSION, COMMANDS
from sana_vcam.control.protocol.replies import (
    EVENT_NAMES,
    EventName,
    MessageBody,
    Presets,
)
from sana_vcam.control.protocol.settings import ModelSettings
from sana_vcam.control.protocol.state import State
from sana_vcam.control.protocol.texts import data_text


class Hello(MessageBody):
    """The first message of a connection."""

    api: int = API_VERSION
    """The version of this API."""
    version: str
    """The version of sana-vcam."""
    commands: tuple[str, ...] = tuple(COMMANDS)
    """The commands that this daemon knows."""
    events: tuple[EventName, ...] = EVENT_NAMES
    """The events that this daemon can send."""


class Stats(MessageBody):
    """The moving numbers of the state, once a second."""

    fps_camera: float
    """Frames per second published to the model."""
    fps_model: float
    """Frames per second received from the model."""
    fps_output: float
    """Frames per second written to the sink."""
    delay_ms: int | None
    """Delay that smoothing adds now; null while nothing is live."""
    dropped: int
    """Model frames never shown, since start."""
    repeated: int
    """Ticks on which a live picture had to be shown again, since start."""
    session_s: float | None
    """Seconds since the session became ready."""
    chunk: int | None
    """Index of the last completed chunk."""

    @classmethod
    def of(cls, state: State) -> Stats:
        """Take the moving numbers from `state`."""
        return cls.model_validate(state.model_dump(include=set(cls.model_fields)))


class Log(MessageBody):
    """One line of the daemon's log."""

    time_s: float
    """When, in seconds since 1970."""
    level: Literal["info", "warning", "error"]
    """How bad it is."""
    logger: str
    """Which part of the daemon says it."""
    message: str
    """What it says."""


EVENTS: Mapping[str, type[BaseModel]] = types.MappingProxyType(
    {
        "hello": Hello,
        "state": State,
        "presets": Presets,
        "stats": Stats,
        "log": Log,
        "settings": ModelSettings,
    }
)
"""What each event's `data` holds."""


_EVENT_OF = {model: name for name, model in EVENTS.items()}


def event_text(event: BaseModel) -> str:
    """Write one of `EVENTS` as a message."""
    return f'{{"type":"{_EVENT_OF[type(event)]}","data":{data_text(event)}}}'
