"""A daemon to control, without camera, model and session."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from pydantic import SecretStr

from sana_vcam.config.preset import Preset
from sana_vcam.config.schema import CostConfig
from sana_vcam.control.access import discovery
from sana_vcam.control.protocol.state import State
from sana_vcam.engine.budget import Budget, Seconds
from sana_vcam.engine.demand import Hold
from sana_vcam.engine.states import SessionState
from sana_vcam.errors import CommandFailed
from sana_vcam.media.states import CameraState, ProgramSource
from sana_vcam.presets.catalog import ListedPreset, find
from sana_vcam.presets.edits import Move, Remove, Save, apply
from sana_vcam.presets.suggestions import Suggestion, suggestions

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


class FakeControls:
    """Keeps what it is asked for; `done` lists it. `gate` holds `set_prompt` back while cleared."""

    def __init__(self) -> None:
        self.current = FIRST_STATE
        self.looks: tuple[ListedPreset, ...] = LOOKS
        self.done: list[tuple[str, object]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.waiting = asyncio.Event()
        self.read = asyncio.Event()
        self.progress = asyncio.Condition()

    async def wait_done(self, name: str, value: object = None) -> None:
        """Wait until the command has run."""
        async with self.progress:
            await self.progress.wait_for(lambda: (name, value) in self.done)

    async def _note(self, name: str, value: object = None, **changes: object) -> None:
        self.current = self.current.model_copy(update=changes)
        async with self.progress:
            self.done.append((name, value))
            self.progress.notify_all()

    def state(self) -> State:
        self.read.set()
        return self.current

    def presets(self) -> Sequence[ListedPreset]:
        return self.looks

    async def set_prompt(self, prompt: str) -> None:
        self.waiting.set()
        await self.gate.wait()
        if prompt == "explode":
            raise RuntimeError("the secret inner reason")
        if prompt == "forbidden":
            raise CommandFailed("rejected", "the model refuses this prompt")
        if prompt == "odd":
            raise CommandFailed("no-such-code", "hidden")
        await self._note("set_prompt", prompt, prompt=prompt, preset=None)

    async def apply_preset(self, preset_id: str) -> Preset:
        for look in self.looks:
            if look.id == preset_id:
                await self._note("apply_preset", preset_id, prompt=look.prompt, preset=look.id)
                return bare(look)
        have = ", ".join(look.id for look in self.looks)
        raise CommandFailed("not_found", f"no preset {preset_id!r}; have: {have}")

    async def step_preset(self, by: int) -> Preset:
        ids = [look.id for look in self.looks]
        at = ids.index(self.current.preset) if self.current.preset in ids else -1
        look = self.looks[(at + by) % len(ids)]
        await self._note("step_preset", by, prompt=look.prompt, preset=look.id)
        return bare(look)

    async def set_seed(self, seed: int) -> None:
        await self._note("set_seed", seed, seed=seed)

    async def set_anchor_interval(self, chunks: int) -> None:
        await self._note("set_anchor_interval", chunks, anchor_interval=chunks)

    async def pause(self) -> None:
        await self._note("pause", paused=True)

    async def resume(self) -> None:
        await self._note("resume", paused=False)

    async def reset(self) -> None:
        await self._note("reset")

    def _switch(self, name: str, on: bool | None) -> bool:
        value = not getattr(self.current, name) if on is None else on
        self.current = self.current.model_copy(update={name: value})
        self.done.append((name, value))
        return value

    def blank(self, on: bool | None) -> bool:
        return self._switch("blank", on)

    def freeze(self, on: bool | None) -> bool:
        return self._switch("freeze", on)

    def bypass(self, on: bool | None) -> bool:
        if not self.current.bypass_allowed:
            raise CommandFailed("rejected", "bypass is off; [privacy] allow_bypass = true")
        return self._switch("bypass", on)

    async def connect(self) -> None:
        await self._note("connect", session_wanted=True)

    async def disconnect(self) -> None:
        await self._note("disconnect", session_wanted=False)

    def renew(self) -> None:
        if self.current.session is not SessionState.STREAMING:
            raise CommandFailed("not_ready", "no session is streaming")
        self.done.append(("renew", None))

    def usage(self) -> Budget:
        return Budget(CostConfig(day_cap_min=60, price_per_min=0.5), Seconds(90, 3000, 6000, 9000))

    async def snapshot(self) -> bytes:
        if self.current.output is ProgramSource.BLANK:
            raise CommandFailed("not_ready", "there is no picture yet")
        return JPEG

    def _edit(self, edit: Save | Remove | Move) -> None:
        self.looks = tuple(
            ListedPreset(**{"thumbnail": None} | dict(preset)) for preset in apply(edit, self.looks)
        )

    async def save_preset(self, preset: Preset, replaces: str | None) -> Preset:
        if preset.id == "unwritable":
            raise CommandFailed("rejected", "config.toml: this user may not write it")
        self._edit(Save(preset, replaces))
        await self._note("save_preset", preset.id)
        return preset

    async def remove_preset(self, preset_id: str) -> Preset:
        preset = bare(find(self.looks, preset_id))
        self._edit(Remove(preset_id))
        await self._note("remove_preset", preset_id)
        return preset

    async def move_preset(self, preset_id: str, place: int) -> Sequence[ListedPreset]:
        self._edit(Move(preset_id, place))
        await self._note("move_preset", (preset_id, place))
        return self.looks

    async def reset_presets(self) -> Sequence[ListedPreset]:
        self.looks = LOOKS
        await self._note("reset_presets")
        return self.looks

    def suggest(self, prompt: str | None) -> Sequence[Suggestion]:
        return suggestions(self.current.prompt if prompt is None else prompt, self.looks)

    async def thumbnail(self, preset_id: str) -> bytes:
        if find(self.looks, preset_id).id != "noir":
            raise CommandFailed("not_found", "there is no still of it yet")
        return JPEG


def leave_a_note(runtime_dir: Path, port: int, token: str) -> None:
    """Leave the control.json of a daemon that was killed."""
    url = f"ws://127.0.0.1:{port}/ws"
    note = discovery.Rendezvous(url=url, token=SecretStr(token), pid=4242, version="1")
    discovery.publish(note, runtime_dir)
