"""The configuration tree: every key with its type, default and meaning.

Read once at the edge (`sana_vcam.configfile`) and passed down frozen.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from sana_vcam.presets import BUILTIN_PRESETS, Preset

type Fit = Literal["crop", "pad", "stretch"]


class Section(BaseModel):
    """A frozen table; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class ReactorConfig(Section):
    """The model's platform."""

    api_key: SecretStr | None = None
    """Your Reactor API key. Rather than here: the environment (REACTOR_API_KEY), api_key_file, or
    systemd's credentials directory (a credential named reactor_api_key). Never a flag."""
    api_key_file: Path | None = None
    """A file that holds the key, readable by you alone."""
    api_url: str = "https://api.reactor.inc"
    """Where the platform answers; with local = true, where your runtime listens."""
    local: bool = False
    """true: a runtime on this machine (the stand-in, or your own), which needs no key."""
    model: str = "sana-streaming"
    """The model's name on the platform."""
    max_session_s: Annotated[int, Field(ge=60, le=86400)] = 1200
    """The platform ends a session after this many seconds, whatever happens here; it bounds cost."""
    connect_timeout_s: Annotated[float, Field(gt=0)] = 20.0
    """How long one step of connecting may stay without an answer before it is given up."""
    waiting_timeout_s: Annotated[float, Field(gt=0)] = 180.0
    """How long to wait for a GPU before the attempt is given up and tried again."""
    track_width: Annotated[int, Field(ge=64, le=4096, multiple_of=2)] = 1280
    """Width that is published. The model takes 1280x704 only; tests and benchmarks change it."""
    track_height: Annotated[int, Field(ge=64, le=4096, multiple_of=2)] = 704
    """Height that is published; see track_width."""


class CameraConfig(Section):
    """Where the picture comes from."""

    source: Literal["auto", "webcam", "file", "test"] = "auto"
    """auto: the webcam if there is one, else the moving test scene."""
    device: str = ""
    """Which webcam: a stable id from /dev/v4l/by-id, a path, a number, or a part of its name.
    Empty: the first real camera. `sana-vcam devices` lists them."""
    path: Path | None = None
    """The video file for source = "file"; played in real time and looped."""
    width: Annotated[int, Field(ge=64, le=8192)] = 1280
    """Width asked of the webcam; what it gives is fitted to the track."""
    height: Annotated[int, Field(ge=64, le=8192)] = 720
    """Height asked of the webcam."""
    fps: Annotated[float, Field(ge=1, le=120)] = 24.0
    """Frames per second that are captured and published; the model works at 24."""
    fit: Fit = "crop"
    """How another shape becomes the track's: crop (scale, centre-crop), pad (bars) or stretch."""
    mirror: bool = False
    """Flip left and right before the model sees it."""


class SinkConfig(Section):
    """Where viewers see the picture."""

    kind: Literal["auto", "v4l2loopback", "obs", "unitycapture", "preview", "raw"] = "auto"
    """auto: the virtual camera if there is one, else preview. raw: frames into a pipe or file."""
    label: str = "SANA VCam"
    """The virtual camera's name as apps show it; the device is found by it."""
    device: str = ""
    """The virtual camera's path or number (Linux) or name (others); overrides label."""
    path: str = "-"
    """For kind = "raw": a file, a FIFO, or - for standard output."""
    width: Annotated[int, Field(ge=64, le=4096, multiple_of=2)] = 1280
    """Width that apps see."""
    height: Annotated[int, Field(ge=64, le=4096, multiple_of=2)] = 720
    """Height that apps see; browsers and Discord take only common sizes such as 1280x720."""
    fps: Annotated[float, Field(ge=1, le=120)] = 24.0
    """Frames per second that apps get: exactly one per tick, for ever."""
    pixel_format: Literal["I420", "BGR24"] = "I420"
    """For kind = "raw": I420 (BT.601, limited range) or BGR24."""
    fit: Fit = "crop"
    """How the model's 1280x704 becomes the sink's size: crop, pad (8-pixel bars) or stretch."""


class PlayoutConfig(Section):
    """How the model's bursts become an even picture."""

    max_delay_ms: Annotated[int, Field(ge=0, le=5000)] = 1500
    """The most delay that smoothing may add. 0 shows each frame as it comes (least delay)."""
    slate_after_s: Annotated[float, Field(ge=0.5, le=30)] = 2.5
    """After this long without a new frame of the model, viewers see the status card."""


class PrivacyConfig(Section):
    """What may leave this machine towards viewers."""

    allow_bypass: bool = False
    """true: the bypass command may show the raw camera. false: nothing can."""


class ControlConfig(Section):
    """The local WebSocket for hotkeys and prompt changes."""

    host: str = "127.0.0.1"
    """The address to listen on; anything but loopback is refused."""
    port: Annotated[int, Field(ge=0, le=65535)] = 7262
    """The TCP port ("SANA" on a keypad); 0 takes a free one (see control.json)."""
    token: SecretStr | None = None
    """The token that clients present. Unset: one is generated and kept, readable by you alone."""
    same_user: bool = True
    """Linux: a program of the same user may connect without the token (a web page never)."""


class StartConfig(Section):
    """What a fresh start asks the model for."""

    connect: bool = True
    """Open a session at start. false: wait for `sana-vcam ctl connect`."""
    prompt: str = ""
    """The first prompt. Empty with no preset: the output stays close to the camera."""
    preset: str = ""
    """The first preset's id, instead of a prompt."""
    seed: Annotated[int, Field(ge=0, le=2**53 - 1)] = 0
    """The model's noise seed; the same camera, prompt and seed give the same edit."""
    anchor_interval: Annotated[int, Field(ge=0, le=10_000)] = 20
    """Re-ground the edit on the camera every this many chunks (0 = never)."""

    @model_validator(mode="after")
    def _one_of_prompt_and_preset(self) -> Self:
        if self.prompt and self.preset:
            raise ValueError("give either prompt or preset, not both")
        return self


class LogConfig(Section):
    """What is written to standard error (the journal, under systemd)."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """debug, info, warning or error."""


class Config(Section):
    """The whole tree."""

    reactor: ReactorConfig = ReactorConfig()
    camera: CameraConfig = CameraConfig()
    sink: SinkConfig = SinkConfig()
    playout: PlayoutConfig = PlayoutConfig()
    privacy: PrivacyConfig = PrivacyConfig()
    control: ControlConfig = ControlConfig()
    start: StartConfig = StartConfig()
    log: LogConfig = LogConfig()
    presets: tuple[Preset, ...] = BUILTIN_PRESETS
    """The looks on your hotkeys. Giving any replaces the built-in list."""

    @model_validator(mode="after")
    def _presets_fit_together(self) -> Self:
        ids = [preset.id for preset in self.presets]
        twice = sorted({i for i in ids if ids.count(i) > 1})
        if twice:
            raise ValueError(f"presets: the id {twice[0]!r} is used twice")
        if self.start.preset and self.start.preset not in ids:
            raise ValueError(
                f"start.preset: there is no preset {self.start.preset!r}; have: {', '.join(ids)}"
            )
        return self
