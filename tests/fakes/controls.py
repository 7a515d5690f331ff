"""A daemon to control, without camera, model and session."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pydantic import SecretStr

from sana_vcam.config.preset import Preset
from sana_vcam.config.schema import CostConfig
from sana_vcam.control.access import discovery
from sana_vcam.control.commands import Commands
from sana_vcam.control.player import Player
from sana_vcam.control.protocol.keeping import ClipSaved, RecordingState, RecordSwitched
from sana_vcam.control.protocol.playlists import PlaylistState
from sana_vcam.control.protocol.state import State
from sana_vcam.control.protocol.voice import KnownMicrophone, Microphones, VoiceState, VoiceSwitched
from sana_vcam.control.rehearsal import Rehearsal
from sana_vcam.engine.budget import Budget, Seconds
from sana_vcam.engine.demand import Hold
from sana_vcam.engine.desired import DesiredState
from sana_vcam.engine.states import EngineStatus, SessionState
from sana_vcam.engine.wishes import Wishes
from sana_vcam.errors import CommandFailed
from sana_vcam.media.playout.program import Switches
from sana_vcam.media.playout.transitions import Transition
from sana_vcam.media.states import CameraState, ProgramSource
from sana_vcam.presets.catalog import ListedPreset, find, step
from sana_vcam.presets.edits import Import, Move, Remove, Save, apply
from sana_vcam.presets.file import Edited
from sana_vcam.presets.playlists import PlaylistsFile, read_playlists
from sana_vcam.presets.suggestions import Suggestion, suggestions
from sana_vcam.reactor.models import SANA, Image, Model, Scalar
from sana_vcam.voice.line import LineState

JPEG = b"\xff\xd8\xff\xe0 a picture \xff\xd9"

LOOKS = (
    ListedPreset(id="van-gogh", name="Van Gogh", prompt="oil painting", seed=None),
    ListedPreset(
        id="noir",
        name="Film noir",
        prompt="black and white",
        seed=7,
        thumbnail="/v1/thumbnail.jpg?id=noir&v=3",
    ),
)

FIRST_STATE = State(
    output=ProgramSource.SLATE,
    card="Connecting",
    session=SessionState.IDLE,
    session_wanted=False,
    hold=Hold.AUTOMATIC,
    viewers=None,
    session_s=None,
    phase_s=0.0,
    prompt="",
    preset=None,
    model_prompt=None,
    seed=0,
    anchor_interval=20,
    paused=False,
    blank=False,
    freeze=False,
    bypass=False,
    bypass_allowed=False,
    chunk=None,
    camera=CameraState.CAPTURING,
    camera_name="test scene",
    sink="preview",
    sink_name="preview window",
    width=1280,
    height=720,
    fps_camera=24.0,
    fps_model=23.5,
    fps_output=24.0,
    delay_ms=None,
    dropped=0,
    repeated=0,
    error=None,
)


def bare(look: Preset) -> Preset:
    """The preset without its picture."""
    return Preset(**look.model_dump(exclude={"thumbnail"}))


@dataclass(frozen=True)
class Billed:
    """What was billed; of an hour that may be a day."""

    budget: Budget


class FakeLibrary:
    """The presets of `FakeControls`, edited in memory."""

    def __init__(self, controls: "FakeControls") -> None:
        self._controls = controls
        self.folder = Path.cwd

    def listed(self) -> tuple[ListedPreset, ...]:
        return self._controls.looks

    def find(self, preset_id: str) -> Preset:
        return bare(find(self._controls.looks, preset_id))

    async def save(self, preset: Preset, replaces: str | None) -> None:
        if preset.id == "unwritable":
            raise CommandFailed("rejected", "config.toml: this user may not write it")
        self._controls.edit(Save(preset, replaces))
        self._controls.note("save_preset", preset.id)

    async def remove(self, preset_id: str) -> Preset:
        preset = bare(find(self._controls.looks, preset_id))
        self._controls.edit(Remove(preset_id))
        self._controls.note("remove_preset", preset_id)
        return preset

    async def move(self, preset_id: str, place: int) -> tuple[ListedPreset, ...]:
        self._controls.edit(Move(preset_id, place))
        self._controls.note("move_preset", (preset_id, place))
        return self._controls.looks

    async def import_presets(self, edit: Import) -> Edited:
        before = tuple(map(bare, self._controls.looks))
        self._controls.edit(edit)
        self._controls.note("import_presets", tuple(preset.id for preset in edit.presets))
        return Edited(Path("presets.toml"), before, tuple(map(bare, self._controls.looks)))

    async def reset(self) -> tuple[ListedPreset, ...]:
        self._controls.looks = LOOKS
        self._controls.note("reset_presets")
        return self._controls.looks

    def suggest(self, prompt: str, active: str | None) -> tuple[Suggestion, ...]:
        return suggestions(prompt, self._controls.looks, active)

    async def thumbnail(self, preset_id: str) -> bytes:
        return await self._controls.thumbnail(preset_id)


class FakeControls(Commands):
    """The commands over a daemon that only keeps what it is asked for; `done` lists it.

    It is its own engine, demand and program. `gate` holds `set_prompt` back while cleared.
    """

    def __init__(self) -> None:
        self.library = FakeLibrary(self)
        self.playlists_file: Path | None = None
        super().__init__(
            engine=self,
            demand=self,
            program=self,
            sink=None,
            library=self.library,
            player=Player(lambda: self.desired, read=self._read_playlists, on_change=lambda: None),
            set_transition=self._take_transition,
            state=self._state,
            list_microphones=self._microphones,
            set_voice=self._set_the_voice,
            rehearsal=Rehearsal(self, self, lambda: None),
            keeping=self,
            on_change=lambda: None,
        )
        self.model: Model = SANA
        self._own = DesiredState("", None, 0, 20)
        self.current = FIRST_STATE
        self.looks: tuple[ListedPreset, ...] = LOOKS
        self.done: list[tuple[str, object]] = []
        self.hold = Hold.AUTOMATIC
        self.usage = Billed(
            Budget(CostConfig(day_cap_min=60, price_per_min=0.5), Seconds(90, 3000, 6000, 9000))
        )
        self.gate = asyncio.Event()
        self.gate.set()
        self.waiting = asyncio.Event()
        self.read = asyncio.Event()
        self.progress = asyncio.Event()

    @property
    def playing(self) -> PlaylistState | None:
        """The playlist that plays."""
        return self._player.state

    def _take_transition(self, new: Transition) -> None:
        self.note("set_transition", new, transition=new.kind, transition_s=new.seconds)

    async def _read_playlists(self) -> PlaylistsFile:
        return read_playlists(self.playlists_file)

    async def wait_done(self, name: str, value: object = None) -> None:
        """Wait until the command has run."""
        while (name, value) not in self.done:
            self.progress.clear()
            await self.progress.wait()

    async def _microphones(self) -> Microphones:
        known = tuple(
            KnownMicrophone(name=f"alsa_input.{name}", description=name.capitalize())
            for name in ("headset", "desk")
        )
        now = self.current.voice
        return Microphones(microphones=known, chosen=now.microphone if now else "")

    async def _set_the_voice(self, on: bool | None, microphone: str | None) -> VoiceSwitched:
        before = self.current.voice
        is_on = not (before is not None and before.on) if on is None else on
        name = microphone or "alsa_input.headset"
        voice = VoiceState(
            on=is_on,
            state=LineState.HEARD if is_on else LineState.OFF,
            microphone=name,
            delay_ms=1565 if is_on else 0,
            target_ms=1565 if is_on else None,
            listeners=is_on,
            level_dbfs=-20.0 if is_on else None,
            error=None,
        )
        self.note("set_voice", is_on, voice=voice)
        advice = ("Use headphones.",) if is_on else ()
        return VoiceSwitched(on=is_on, microphone=name, advice=advice)

    async def clip(self, seconds: float | None, gif: bool) -> ClipSaved:
        path = f"/videos/clip.{'gif' if gif else 'mp4'}"
        self.note("clip", (seconds, gif))
        length = seconds or 10.0
        return ClipSaved(path=path, seconds=length, note=f"{length:.1f} s in {path}")

    async def record(self, on: bool | None) -> RecordSwitched:
        is_on = self.current.recording is None if on is None else on
        path = "/videos/recording.mp4"
        recording = RecordingState(path=path, seconds=0.0) if is_on else None
        self.note("record", is_on, recording=recording)
        return RecordSwitched(on=is_on, path=path, note=f"into {path}" if is_on else "")

    def note(self, name: str, value: object = None, **changes: object) -> None:
        self.current = self.current.model_copy(update=changes)
        self.done.append((name, value))
        self.progress.set()

    def edit(self, edit: Save | Remove | Move | Import) -> None:
        self.looks = tuple(
            ListedPreset(**{"thumbnail": None} | dict(preset)) for preset in apply(edit, self.looks)
        )

    def _state(self) -> State:
        self.read.set()
        return self.current

    @property
    def desired(self) -> DesiredState:
        now = self.current
        own = (self._own.image, self._own.settings, self._own.look_settings)
        return DesiredState(now.prompt, now.preset, now.seed, now.anchor_interval, False, *own)

    @property
    def wishes(self) -> "FakeControls":
        return self

    async def set_look(self, fields: dict[str, Any]) -> tuple[str, ...]:
        preset = fields["preset"]
        self.note("apply_preset", preset, prompt=fields["prompt"], preset=preset)
        return ()

    def check_look(self, fields: dict[str, Any]) -> DesiredState:
        return self._wishes().check_look(fields)

    client = None
    sessions = ()
    off_air = ended_off_air = None
    second = SimpleNamespace(is_on=False, ended=None)

    @property
    def status(self) -> EngineStatus:
        return EngineStatus(state=self.current.session)

    @property
    def model_name(self) -> str:
        return self.model.name

    async def set_setting(self, name: str, value: Scalar) -> None:
        await self._wishes().set_setting(name, value)
        self.note("set_setting", (name, value))

    async def set_image(self, image: Image | None) -> None:
        await self._wishes().set_image(image)
        self.note("set_image", image and (image.name, len(image.data)))

    async def schedule_prompt(self, prompt: str, chunk: int) -> None:
        if self.model.schedule is None:
            raise CommandFailed("rejected", f"{self.model.title} takes no prompts for later")
        self.note("schedule_prompt", (prompt, chunk))

    def _wishes(self) -> Wishes:
        """Those of the engine, for what they refuse."""

        async def ask(fields: dict[str, Any]) -> None:
            self._own = self._own.changed(fields)
            now = {"image": self._own.image and self._own.image.name}
            values = {**self._own.settings, **self._own.look_settings}
            self.current = self.current.model_copy(update=now | {"settings": values})

        return Wishes(ask, lambda: self.desired, lambda: self.model, lambda: None)

    async def set_prompt(self, prompt: str, *, preset: str | None, seed: int | None) -> None:
        self.waiting.set()
        await self.gate.wait()
        if prompt == "explode":
            raise RuntimeError("the secret inner reason")
        if prompt == "forbidden":
            raise CommandFailed("rejected", "the model refuses this prompt")
        if prompt == "odd":
            raise CommandFailed("no-such-code", "hidden")
        self.note("set_prompt", prompt, prompt=prompt, preset=None)

    async def step_preset(self, by: int) -> Preset:
        preset = step(self.looks, self.current.preset, by)
        self.note("step_preset", by, prompt=preset.prompt, preset=preset.id)
        return bare(preset)

    def name_presets(self, name: Callable[[str | None], str | None]) -> None:
        self.current = self.current.model_copy(update={"preset": name(self.current.preset)})

    async def set_seed(self, seed: int) -> None:
        self.note("set_seed", seed, seed=seed)

    async def set_anchor_interval(self, chunks: int) -> None:
        self.note("set_anchor_interval", chunks, anchor_interval=chunks)

    async def pause(self) -> None:
        self.note("pause", paused=True)

    async def resume(self) -> None:
        self.note("resume", paused=False)

    async def reset(self) -> None:
        self.note("reset")

    def connect(self) -> None:
        self.note("connect", session_wanted=True)

    def disconnect(self) -> None:
        self.note("disconnect", session_wanted=False)

    def renew(self) -> None:
        if self.current.session is not SessionState.STREAMING:
            raise CommandFailed("not_ready", "no session is streaming")
        self.note("renew")

    @property
    def bypass_allowed(self) -> bool:
        return self.current.bypass_allowed

    @property
    def switches(self) -> Switches:
        return Switches(self.current.blank, self.current.freeze, self.current.bypass)

    @switches.setter
    def switches(self, new: Switches) -> None:
        self.current = self.current.model_copy(update=asdict(new))

    def switch(self, name: str, on: bool | None) -> bool:
        value = super().switch(name, on)
        self.note(name, value)
        return value

    async def snapshot(self) -> bytes:
        if self.current.output is ProgramSource.BLANK:
            raise CommandFailed("not_ready", "there is no picture yet")
        return JPEG

    async def thumbnail(self, preset_id: str) -> bytes:
        if find(self.looks, preset_id).id != "noir":
            raise CommandFailed("not_found", "there is no still of it yet")
        return JPEG


def leave_control_file(runtime_dir: Path, port: int, token: str) -> None:
    """Leave the control file of a daemon that was killed."""
    url = f"ws://127.0.0.1:{port}/ws"
    left = discovery.ControlFile(url=url, token=SecretStr(token), pid=4242, version="1")
    discovery.publish(left, runtime_dir)
