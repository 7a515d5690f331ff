"""The configuration tree: every key with its type, default and meaning.

Read once at the edge (`sana_vcam.config.load`) and passed down frozen. The docstrings are the
comments of the configuration file (`sana_vcam.config.text`), so they speak to its reader.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from functools import cache
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from sana_vcam.config.kinds import (
    AWAY_CARD,
    SENT_LEAST,
    SENT_MOST,
    ApiKey,
    DeviceName,
    Fit,
    Minutes,
    OptionalPath,
    OptionalSecret,
    PositiveSeconds,
    SentSide,
    TransitionKind,
    VideoPath,
    at_home,
    conflict,
    loopback,
    no_default_source,
    sendable,
)
from sana_vcam.config.preset import BUILTIN_PRESETS, Expected, Preset, not_found_text

ENV_PREFIX = "SANA_VCAM_"
ENV_DELIMITER = "__"


class Section(BaseModel):
    """A frozen table; an unknown key is an error."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True
    )


class ReactorConfig(Section):
    """The model's platform."""

    api_key: ApiKey = None
    """Your Reactor API key. Rather than here: the environment (REACTOR_API_KEY), api_key_file, or
    systemd's credentials directory (a credential named reactor_api_key). Never a flag."""
    api_key_file: OptionalPath = None
    """A file that holds the key, readable by you alone."""
    api_url: Annotated[
        str, Field(pattern=r"^https?://[^\s@]+$"), Expected("an http:// or https:// address")
    ] = "https://api.reactor.inc"
    """Where the platform answers; with local = true, where your runtime listens."""
    local: bool = False
    """true: a runtime on this machine (the stand-in, or your own), which needs no key."""
    model: Annotated[str, Field(min_length=1)] = "sana-streaming"
    """The model's name on the platform, with its owner (reactor/sana-streaming) or without: then it
    is tried with it, too, where the platform does not know it so. One that is not known here (see
    `sana-vcam doctor`) works as far as it declares itself."""
    clean_change: Literal["anchor", "restart", "off"] = "anchor"
    """After a change of preset, SANA-Streaming lays the new look over the former one until it looks
    at the camera anew. anchor: it does that at the next chunk, which is seen as a short refresh.
    restart: the run begins anew, with a gap of a second or two. off: at the next regular anchor."""
    max_session_s: Annotated[int, Field(ge=60, le=86400)] = 1200
    """The platform ends a session after this many seconds, whatever happens here: it bounds what
    can be billed."""
    renew_margin_s: Annotated[float, Field(ge=10, le=3600)] = 90.0
    """A fresh session is opened this long before that, and takes over without a break; both are
    billed until then. Long enough to wait for a GPU; at most a quarter of max_session_s counts."""
    connect_timeout_s: PositiveSeconds = 20.0
    """How long one step of connecting may stay without an answer before it is given up."""
    waiting_timeout_s: PositiveSeconds = 180.0
    """How long to wait for a GPU before the attempt is given up and tried again."""
    start_kbps: Annotated[int, Field(ge=0, le=10_000)] = 2500
    """Kilobits a second that the camera's way up begins with, until the network has shown what it
    carries. 0: WebRTC's own guess, whose first seconds are softer. Set 0 if the way up has less
    than 1000: else the picture is up to 1.5 s later there, for the first quarter of a minute."""
    send: Annotated[
        str,
        AfterValidator(sendable),
        Expected(
            "auto, model, or WIDTHxHEIGHT such as 640x352: even numbers "
            f"from {SENT_LEAST} to {SENT_MOST}"
        ),
    ] = "auto"
    """How large the camera's picture is sent; what comes back has the model's own size. model: as
    large as that. A size such as 640x352: a quarter of the pixels, so a quarter of the upload and
    of the encoder's work, and a softer picture to edit. auto: as model, and half as wide and high
    while the upload is poor, from the next session on (never for x2, whose picture follows what it
    is sent)."""
    track_width: SentSide = None
    """Width of the model's own picture, where a runtime of yours has another one than the
    published model. Empty: the model's."""
    track_height: SentSide = None
    """Height of the model's own picture; see track_width."""


class CameraConfig(Section):
    """Where the picture comes from. A model without a camera, such as helios, opens none."""

    source: Literal["auto", "webcam", "file", "test"] = "auto"
    """auto: the webcam; until there is one, viewers see a card and no session is opened (the demo
    takes the moving test scene instead). test: that scene, which viewers do see."""
    device: DeviceName = ""
    """Which webcam: a stable id from /dev/v4l/by-id, a path, a number, or a part of its name.
    Empty: the first real camera. `sana-vcam devices` lists them."""
    path: VideoPath = None
    """The video file or photo for source = "file"; played in real time and looped."""
    width: Annotated[int, Field(ge=64, le=8192)] = 1280
    """Width asked of the webcam; what it gives is fitted to the size that is sent."""
    height: Annotated[int, Field(ge=64, le=8192)] = 720
    """Height asked of the webcam."""
    fps: Annotated[float, Field(ge=1, le=120)] = 24.0
    """Frames per second that are captured and published; the models work at 24."""
    fit: Fit = "crop"
    """How another shape becomes that of what is sent: crop (scale, centre-crop), pad (bars) or
    stretch."""
    mirror: bool = False
    """Flip left and right before the model sees it."""

    @model_validator(mode="after")
    def _file_has_a_path(self) -> Self:
        if self.source == "file" and self.path is None:
            raise conflict('camera.source = "file" needs camera.path', "camera.source")
        return self


class CaptureConfig(Section):
    """When the camera is on and a session is paid for."""

    when: Literal["watched", "always"] = "watched"
    """watched: only while an application reads the virtual camera. always: as long as the daemon
    runs. Where readers cannot be counted (preview, raw, OBS), watched is the same as always."""
    linger_s: Annotated[float, Field(ge=0, le=3600)] = 10.0
    """How long camera and session stay on after the last application has left."""


class CostConfig(Section):
    """What may be spent. A session is billed by the second, also while it is paused."""

    session_cap_min: Minutes = 0.0
    """Minutes that one use of the camera may be billed, renewals included; then a card is shown
    until `sana-vcam ctl connect`. 0: no cap."""
    day_cap_min: Minutes = 0.0
    """Minutes that a day may be billed; 0: no cap. A reload takes on a changed cap at once."""
    month_cap_min: Minutes = 0.0
    """Minutes that a calendar month may be billed; 0: no cap."""
    pause_ends_after_s: Annotated[float, Field(ge=0, le=86400)] = 120.0
    """A pause that lasts this long ends the session, and `resume` opens another. 0: never."""
    price_per_min: Annotated[float, Field(ge=0, le=1_000_000)] = 0.0
    """What a billed minute costs, to show money beside minutes; 0: unknown."""
    currency: Annotated[str, Field(max_length=8)] = "USD"
    """The price's currency, as it is shown."""


class SinkConfig(Section):
    """Where viewers see the picture."""

    kind: Literal["auto", "v4l2loopback", "pipewire", "obs", "unitycapture", "preview", "raw"] = (
        "auto"
    )
    """auto: every virtual camera that there is, else preview. pipewire: a camera for any number of
    programs that read PipeWire, without a kernel module. raw: frames into a pipe or file."""
    label: Annotated[str, Field(min_length=1)] = "SANA VCam"
    """The virtual camera's name as apps show it; the device is found by it. On Linux "LABEL 2",
    "LABEL 3" … are fed as well: an application each."""
    device: DeviceName = ""
    """The virtual camera's path or number, several separated by commas (Linux), or name (others);
    overrides label."""
    path: Annotated[str, Field(min_length=1)] = "-"
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
    """How the model's picture becomes the sink's size: crop, pad (bars; 8 pixels of them for
    1280x704) or stretch."""


class PlayoutConfig(Section):
    """How the model's bursts become an even picture."""

    max_delay_ms: Annotated[int, Field(ge=0, le=5000)] = 1500
    """The most delay that smoothing may add. 0 shows each frame as it comes (least delay)."""
    slate_after_s: Annotated[float, Field(ge=0.5, le=30)] = 2.5
    """After this long without a new frame of the model, viewers see the status card. A model that
    is known to take longer from one burst of frames to the next has that time."""
    transition: TransitionKind = "cut"
    """From one look to the next, from session to session, and between card and picture. cut: at
    once. fade: the one becomes the other. black: through black. Blank and freeze always cut."""
    transition_s: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.4
    """How long a transition lasts. 0 is a cut."""


class PrivacyConfig(Section):
    """What may leave this machine towards viewers."""

    allow_bypass: bool = False
    """true: the bypass command may show the raw camera. false: nothing can."""
    thumbnails: bool = True
    """true: keep a small still of the edited picture for each preset that was live, in the state
    folder, readable by you alone. false: keep none, and remove those that are there."""
    away: Annotated[
        str,
        Field(min_length=1, max_length=4096),
        AfterValidator(at_home),
        Expected("card, black, or the full path of a picture"),
    ] = AWAY_CARD
    """What viewers see while no picture of the model comes: card (with what is going on), black, or
    a picture of your own: the full path of a PNG, JPEG or WebP of at most 16 MB."""


class VoiceConfig(Section):
    """A microphone that is as late as the picture. Choose it in the call, and use headphones."""

    on: bool = False
    """true: the microphone is carried from the start on; `sana-vcam ctl voice on` does it later."""
    microphone: Annotated[
        str,
        AfterValidator(no_default_source),
        Expected("a name that `sana-vcam devices` lists, which stays the same"),
    ] = ""
    """Name of the microphone in the sound server (see `sana-vcam devices`)."""
    first_guess_ms: Annotated[float, Field(ge=0, le=6000)] = 2000.0
    """The picture's delay, until it is measured for the first time."""
    trim_ms: Annotated[float, Field(ge=-2000, le=2000)] = 0.0
    """Your own correction: positive makes the voice later."""
    on_blank: Literal["mute", "pass"] = "mute"
    """mute: while viewers see black they hear nothing, nor what you said just before. pass: they go
    on hearing you."""
    max_ms: Annotated[float, Field(ge=0, le=6000)] = 6000.0
    """The longest delay of the voice; a picture that is later than that is not followed."""


class RehearseConfig(Section):
    """How a look is tried off air (`sana-vcam ctl rehearse`, the dashboard)."""

    second_session: bool = False
    """false: in the session that runs, while viewers keep a still. true: in a session of its own,
    billed besides as long as the rehearsal lasts, while viewers stay live on the first. It takes an
    account with room for two sessions; the camera is sent twice."""


class KeepConfig(Section):
    """Clips and recordings of what viewers see. While it is off, nothing is kept."""

    clips: bool = False
    """true: the last minute that viewers saw is held in memory, encoded, for `sana-vcam ctl clip`
    and `record`. The raw camera is not: black is in its place. While the voice is on, so is that:
    its microphone is open then, whether an application listens or not."""
    seconds: Annotated[float, Field(ge=1, le=60)] = 10.0
    """How long a clip is where nothing else is said."""
    folder: OptionalPath = None
    """Where the files go. Unset: the folder "SANA VCam" among your videos."""
    reserve_mb: Annotated[int, Field(ge=0, le=10_000_000)] = 2000
    """Megabytes of the disk that stay free: a recording ends before it takes them."""


class ControlConfig(Section):
    """The local WebSocket for hotkeys and prompt changes."""

    host: Annotated[
        str, AfterValidator(loopback), Expected("a loopback address: 127.0.0.1, ::1 or localhost")
    ] = "127.0.0.1"
    """The address to listen on; anything but loopback is refused."""
    port: Annotated[int, Field(ge=0, le=65535)] = 7262
    """The TCP port ("SANA" on a keypad); 0 takes a free one (see control.json)."""
    token: OptionalSecret = None
    """The token that clients present. Unset: one is generated and kept, readable by you alone."""
    same_user: bool = True
    """Linux: a program of the same user may connect without the token (a web page never)."""


class StartConfig(Section):
    """What a fresh start asks the model for."""

    connect: bool = True
    """Open sessions by itself, as [capture] says. false: only on `sana-vcam ctl connect`."""
    prompt: Annotated[str, Field(max_length=4000)] = ""
    """The first prompt. Empty with no preset: the output stays close to the camera."""
    preset: str = ""
    """The first preset's id, instead of a prompt."""
    seed: Annotated[int, Field(ge=0, le=2**53 - 1)] = 0
    """The model's noise seed, for a model that takes one; the same camera, prompt and seed give the
    same edit."""
    anchor_interval: Annotated[int, Field(ge=0, le=10_000)] = 20
    """SANA-Streaming: ground the edit on the camera again every this many chunks (0: never)."""

    @model_validator(mode="after")
    def _one_of_prompt_and_preset(self) -> Self:
        if self.prompt and self.preset:
            raise conflict("give start.prompt or start.preset, not both", "start.preset")
        return self


class LogConfig(Section):
    """What is written to standard error (the journal, under systemd)."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """debug, info, warning or error."""


class Config(BaseSettings):
    """The whole tree.

    Built in code it is the defaults and what is given, nothing else. `sana_vcam.config.load` reads
    flags, environment and files itself, because it must tell where each value stands; what they
    give are this class's settings sources, which pydantic-settings merges.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True
    )

    reactor: ReactorConfig = ReactorConfig()
    camera: CameraConfig = CameraConfig()
    capture: CaptureConfig = CaptureConfig()
    cost: CostConfig = CostConfig()
    sink: SinkConfig = SinkConfig()
    playout: PlayoutConfig = PlayoutConfig()
    privacy: PrivacyConfig = PrivacyConfig()
    voice: VoiceConfig = VoiceConfig()
    rehearse: RehearseConfig = RehearseConfig()
    keep: KeepConfig = KeepConfig()
    control: ControlConfig = ControlConfig()
    start: StartConfig = StartConfig()
    log: LogConfig = LogConfig()
    presets: tuple[Preset, ...] = BUILTIN_PRESETS
    """The looks on your hotkeys. Giving any replaces the built-in list."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take the arguments, and below them what `merged` was given."""
        layers = (InitSettingsSource(settings_cls, dict(layer)) for layer in _layers.get())
        return (init_settings, *layers)

    @model_validator(mode="after")
    def _presets_fit_together(self) -> Self:
        ids = [preset.id for preset in self.presets]
        for index, preset_id in enumerate(ids):
            if preset_id in ids[:index]:
                first = ids.index(preset_id) + 1
                raise conflict(
                    f"preset {index + 1} ({preset_id}): preset {first} has the same id",
                    f"presets.{index}.id",
                )
        if self.start.preset and self.start.preset not in ids:
            raise conflict(
                f"start.preset: {not_found_text(self.presets, self.start.preset)}", "start.preset"
            )
        return self


_layers: ContextVar[Sequence[Mapping[str, Any]]] = ContextVar("layers", default=())


def merged(layers: Sequence[Mapping[str, Any]]) -> Config:
    """Build the tree from what several sources give, as nested tables, the strongest first.

    Raises `ValidationError`.
    """
    token = _layers.set(layers)
    try:
        return Config()
    finally:
        _layers.reset(token)


@cache
def sections() -> Mapping[str, type[Section]]:
    """List the tables of the file in its order."""
    found = {name: field.annotation for name, field in Config.model_fields.items()}
    return {
        name: kind
        for name, kind in found.items()
        if isinstance(kind, type) and issubclass(kind, Section)
    }


@cache
def leaves() -> Mapping[str, FieldInfo]:
    """List every key by its dotted name in the file's order; `presets` is one of them."""
    found = {
        f"{section}.{name}": field
        for section, kind in sections().items()
        for name, field in kind.model_fields.items()
    }
    return found | {"presets": Config.model_fields["presets"]}


def value_of(config: Config, key: str) -> object:
    """Look up the value of a dotted key."""
    section, _, name = key.rpartition(".")
    return getattr(getattr(config, section) if section else config, name)


def differences(old: Config, new: Config) -> list[str]:
    """List the dotted keys whose values differ, in the order of the file."""
    return [key for key in leaves() if value_of(old, key) != value_of(new, key)]
