"""The one state that every client is shown: flat, complete, immutable."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from sana_vcam.config.kinds import TransitionKind
from sana_vcam.config.preset import SettingValue
from sana_vcam.control.protocol.keeping import RecordingState
from sana_vcam.control.protocol.playlists import PlaylistState
from sana_vcam.control.protocol.rehearsal import RehearsalStage
from sana_vcam.control.protocol.voice import VoiceState
from sana_vcam.engine.demand import Hold
from sana_vcam.engine.quality.judge import QualityWord
from sana_vcam.engine.states import SessionState
from sana_vcam.media.shedding import ShedName
from sana_vcam.media.states import CameraKind, CameraState, ProgramSource


class State(BaseModel):
    """A full snapshot; the `data` of the `state` event and of `get_state`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    output: ProgramSource
    """What viewers see now."""
    viewers_see: str = ""
    """The same in words that follow "Viewers see": you, edited; the test scene, edited; black."""
    card: str | None
    """The headline of the status card that viewers see, if they see one."""
    no_picture_s: float | None = None
    """Seconds since the model's last picture, or since the first could come; None while pictures
    come, and while none is to come."""
    session: SessionState
    """The billed session."""
    session_wanted: bool
    """True while a session is asked for."""
    hold: Hold
    """on: the user holds a session open; off: the user wants none; automatic: as viewers do."""
    viewers: int | None
    """Applications that read the virtual camera now; None where it cannot be known."""
    viewer_names: tuple[str, ...] = ()
    """Which applications they are, each once, as far as it can be told."""
    session_s: float | None
    """Seconds since the session became ready, which is when billing starts."""
    phase_s: float
    """Seconds in the present `session` state, such as waiting for a GPU."""
    ends_in_s: float | None = None
    """Seconds until another session takes over, because the platform ends this one."""
    next_try_in_s: float | None = None
    """Seconds until a session is asked for again after a failure; `connect` does so now."""
    renewing: bool = False
    """True while another session is brought up to take over; both are billed until it does."""
    billable: bool = True
    """Whether a session costs anything; false with a model on this machine ([reactor] local)."""
    billing: bool = False
    """Whether a session is billed at this moment."""
    billed_session_s: float = 0.0
    """Billed seconds of this use of the camera, or the last: renewals and overlaps included."""
    billed_day_s: float = 0.0
    """Billed seconds today, kept over restarts."""
    billed_month_s: float = 0.0
    """Billed seconds this calendar month, kept over restarts."""
    cost_session: float | None = None
    """Money for `billed_session_s`; None without a configured price."""
    cost_day: float | None = None
    """Money for `billed_day_s`; None without a configured price."""
    cost_month: float | None = None
    """Money for `billed_month_s`; None without a configured price."""
    price_per_min: float | None = None
    """What a minute of a session costs; None without a configured price."""
    currency: str = ""
    """The currency of the costs."""
    budget: str | None = None
    """A cap that is nearly used up or reached, and how to go on; None while there is none."""
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
    model: str = ""
    """The name under which the platform has the model."""
    model_title: str = ""
    """The model's name for people."""
    takes_prompt: bool = True
    """Whether the model takes prompts at all."""
    image: str | None = None
    """What the wanted reference image is called; None while there is none."""
    settings: dict[str, SettingValue] = {}
    """The wanted values of the model's settings, without seed and anchor interval."""
    rehearsal: RehearsalStage | None = None
    """How far the look is that is rehearsed off air; None: none is. `prompt`, `preset` and the rest
    of the look are of that one then."""
    second_session: bool = False
    """True if a look is rehearsed in a session of its own, billed besides, while viewers stay live;
    false: in the one that runs, while they keep a still."""
    on_air_prompt: str | None = None
    """The prompt of the look that viewers have while another is rehearsed; else None."""
    on_air_preset: str | None = None
    """The id of the preset of that look, if it has one."""
    rehearsal_error: str | None = None
    """Why the last rehearsal has ended by itself, and what to do; None after the next begins."""
    left_out: tuple[str, ...] = ()
    """What of the wanted look the model does not take: prompt, image, or names of settings."""
    paused: bool
    """True while the user wants the model paused; a session that is open stays so, for a while."""
    blank: bool
    """True while viewers get black."""
    freeze: bool
    """True while viewers get a still picture."""
    bypass: bool
    """True while viewers get the raw camera."""
    covered: tuple[str, ...] = ()
    """Which of these are on and not seen: blank goes before freeze, and freeze before bypass."""
    bypass_allowed: bool
    """Whether the configuration allows bypass at all."""
    chunk: int | None
    """Index of the last completed chunk."""
    camera: CameraState
    """The camera thread."""
    camera_name: str
    """Which camera, in words."""
    camera_kind: CameraKind | None = None
    """What it is: webcam, file, or the test scene; None while it is off."""
    sink: str
    """Kind of sink: v4l2loopback, pipewire, obs, unitycapture, preview, raw."""
    sink_name: str
    """Which virtual camera, in words."""
    width: int
    """Width that viewers get."""
    height: int
    """Height that viewers get."""
    send_width: int = 0
    """Width of what is sent to the model in this session, or will be in the next one."""
    send_height: int = 0
    """Height of what is sent to the model."""
    send_reduced: bool = False
    """True if that is the smaller size, because the way up was poor."""
    model_width: int | None = None
    """Width of what comes back from the model; None while nothing does."""
    model_height: int | None = None
    """Height of what comes back from the model."""
    fps_camera: float
    """Frames per second published to the model. Of a slow camera they are sent more than once."""
    fps_model: float
    """Frames per second received from the model."""
    fps_output: float
    """Frames per second written to the sink."""
    delay_ms: int | None
    """Delay that smoothing adds now; None while nothing is live."""
    glass_ms: int | None = None
    """Measured delay from the camera's read to the virtual camera; None while it is not known."""
    glass_confidence: float | None = None
    """How sure `glass_ms` is, from 0 and never up to 1."""
    glass_low_ms: int | None = None
    """Lower end of the range that `glass_ms` was in of late."""
    glass_high_ms: int | None = None
    """Upper end of the range that `glass_ms` was in of late."""
    quality: QualityWord | None = None
    """The connection to the model; None while no picture comes."""
    quality_cause: str | None = None
    """What limits the connection, in words, or that no picture comes; None while it is good."""
    rtt_ms: float | None = None
    """Round trip to the model in milliseconds."""
    loss_percent: float | None = None
    """Lost packets in percent, of the worse way."""
    bitrate_kbps: float | None = None
    """Kilobits per second sent to the model."""
    relay: bool | None = None
    """True if the connection goes through a relay."""
    shedding: tuple[ShedName, ...] = ()
    """What is left out while this computer is too busy to show pictures in time, first to last."""
    voice: VoiceState | None = None
    """The microphone; None until it is switched on for the first time."""
    transition: TransitionKind = "cut"
    """How one look becomes the next: cut, fade, or black for through black."""
    transition_s: float = 0.0
    """How long a transition lasts."""
    playlist: PlaylistState | None = None
    """The playlist that plays; None while none does."""
    clips: bool = False
    """True while what viewers see is held for `clip` and `record`."""
    recording: RecordingState | None = None
    """The recording that runs."""
    keep_error: str | None = None
    """Why clips or a recording have ended, and what mends it; None when nothing is wrong."""
    dropped: int
    """Model frames never shown, since start."""
    repeated: int
    """Ticks on which a live picture had to be shown again, since start."""
    error: str | None
    """What is wrong, in words, and what mends it; None when nothing is."""
    error_details: str | None = None
    """The same with addresses, codes and numbers, where `error` has none."""
