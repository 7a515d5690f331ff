"""The whole of `deck run` in this process, on a bus of stand-in decks."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from sana_vcam.clients.connection import find_daemon
from sana_vcam.clients.deck.linux.deck import Light
from sana_vcam.clients.deck.linux.layout import Extra
from sana_vcam.clients.deck.linux.plugged import Plugged
from sana_vcam.clients.deck.linux.run import DeckService, Environment
from sana_vcam.config import paths
from sana_vcam.config.preset import BUILTIN_PRESETS, Preset
from sana_vcam.config.schema import ControlConfig
from sana_vcam.control.server.server import ControlServer
from sana_vcam.errors import CommandFailed
from sana_vcam.presets.catalog import ListedPreset
from tests.fakes.controls import FakeControls
from tests.unit.clients.deck.linux.hid import Bus, Model

PATIENCE_S = 60.0
FULL = Light()


async def until(wanted: Callable[[], bool], what: str) -> None:
    """Wait for a condition on what a thread does."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not wanted():
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"never came: {what}") from None


def is_ready(station: DeckService, path: str) -> bool:
    """Whether the deck at this path listens, and the daemon's looks are known."""
    scene = station.link.daemon
    return path in station.listening and scene.online and bool(scene.presets)


def plugged(bus: Bus) -> frozenset[Plugged]:
    """The bus as sysfs would list it; a device that may not be opened has no node to write."""
    return frozenset(
        Plugged(device.path(), Path(os.devnull if device.may_open else "/nowhere"), id(device))
        for device in bus.devices
    )


@contextlib.asynccontextmanager
async def serving_decks(
    bus: Bus,
    *,
    light: Light = FULL,
    extras: Sequence[Extra] = (),
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[DeckService]:
    world = Environment(
        find_daemon=lambda: find_daemon(None, None, paths.runtime_dir()),
        find_decks=bus.find,
        plugged=lambda: plugged(bus),
        clock=clock,
        look_s=0.01,
        retry_s=0.02,
    )
    station = DeckService(world, light, extras)
    task = asyncio.create_task(station.serve())
    try:
        yield station
        assert not task.done(), task.exception()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@contextlib.asynccontextmanager
async def serving_daemon(controls: FakeControls) -> AsyncIterator[ControlServer]:
    async with ControlServer(
        ControlConfig(port=0),
        controls,
        state_dir=Path(os.environ["XDG_STATE_HOME"]) / "sana-vcam",
        runtime_dir=paths.runtime_dir(),
    ) as server:
        yield server


class Controls(FakeControls):
    """A daemon with the built-in looks, and stills of those in `stills`."""

    def __init__(self, looks: Sequence[Preset] = BUILTIN_PRESETS) -> None:
        super().__init__()
        self.stills: dict[str, bytes] = {}
        self.offer(looks)

    def offer(self, looks: Sequence[Preset], version: int = 1) -> None:
        """Have these looks; call the server's `notify_presets` afterwards."""
        self.looks = tuple(
            ListedPreset(
                **look.model_dump(exclude={"thumbnail"}), thumbnail=self._path(look.id, version)
            )
            for look in looks
        )

    def _path(self, look_id: str, version: int) -> str | None:
        has_still = look_id in self.stills
        return f"/v1/thumbnail.jpg?id={look_id}&v={version}" if has_still else None

    async def wait_done(self, name: str, value: object = None) -> None:
        await until(lambda: (name, value) in self.done, f"{name} {value}")

    async def thumbnail(self, preset_id: str) -> bytes:
        self.done.append(("thumbnail", preset_id))
        if preset_id not in self.stills:
            raise CommandFailed("not_found", "there is no still yet")
        return self.stills[preset_id]


def controls_with(looks: int) -> Controls:
    return Controls(BUILTIN_PRESETS[:looks])


def model_of(bus: Bus) -> Model:
    """How the first deck of the bus speaks."""
    return Model(bus.find()[0])
