"""The one state that everybody is shown: flat, complete, immutable."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Output(StrEnum):
    """What viewers see, in order of precedence (blank wins)."""

    BLANK = "blank"
    FREEZE = "freeze"
    BYPASS = "bypass"
    LIVE = "live"
    SLATE = "slate"


class SessionState(StrEnum):
    """Where the engine is with the billed session."""

    IDLE = "idle"
    CONNECTING = "connecting"
    WAITING = "waiting"
    STARTING = "starting"
    STREAMING = "streaming"
    PAUSED = "paused"
    RECONNECTING = "reconnecting"
    BACKOFF = "backoff"
    REFUSED = "refused"
    CLOSING = "closing"


class CameraState(StrEnum):
    """Where the camera thread is with its device."""

    OFF = "off"
    OPENING = "opening"
    CAPTURING = "capturing"
    LOST = "lost"


class Hold(StrEnum):
    """What the user said by hand about the session; it goes before what the viewers do."""

    AUTOMATIC = "automatic"
    ON = "on"
    OFF = "off"


class State(BaseModel):
    """A full snapshot; the `data` of the `state` event and of `get_state`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    output: Output
    """What viewers see now."""
    card: str | None
    """The headline of the status card that viewers see, if they see one."""
    session: SessionState
    """The billed session."""
    session_wanted: bool
    """True while a session is asked for."""
    hold: Hold
    """on: the user holds a session open; off: the user wants none; automatic: as viewers do."""
    viewers: int | None
    """Applications that read the virtual camera now; None where it cannot be known."""
    session_s: float | None
    """Seconds since the session became ready, which is when billing starts."""
    phase_s: float
    """Seconds in the present `session` state, such as waiting for a GPU."""
    prompt: str
    """The prompt that the user wants."""
    preset: str | None
    """The id of the preset that the prompt came from."""
    model_prompt: str | None
    """The prompt that drives the model now."""
    seed: int
    """The wanted seed; the model reads it when a run begins."""
    anchor_interval: int
    """Chunks between anchors; 0 is never."""
    paused: bool
    """True while the user wants the model paused (a paused session is still billed)."""
    blank: bool
    """True while viewers get black."""
    freeze: bool
    """True while viewers get a still picture."""
    bypass: bool
    """True while viewers get the raw camera."""
    bypass_allowed: bool
    """Whether the configuration allows bypass at all."""
    chunk: int | None
    """Index of the last completed chunk."""
    camera: CameraState
    """The camera thread."""
    camera_name: str
    """Which camera, in words."""
    sink: str
    """Kind of sink: v4l2loopback, obs, unitycapture, preview, raw."""
    sink_name: str
    """Which virtual camera, in words."""
    width: int
    """Width that viewers get."""
    height: int
    """Height that viewers get."""
    fps_camera: float
    """Frames per second published to the model."""
    fps_model: float
    """Frames per second received from the model."""
    fps_output: float
    """Frames per second written to the sink."""
    delay_ms: int | None
    """Delay that smoothing adds now; None while nothing is live."""
    dropped: int
    """Model frames never shown, since start."""
    repeated: int
    """Ticks on which a live picture had to be shown again, since start."""
    error: str | None
    """What is wrong, in words, and what mends it; None when nothing is."""
