"""Camera and session follow the viewers; in one process, with viewers made up by the test."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from sana_vcam.app import daemon as app
from sana_vcam.app.parts import Parts
from sana_vcam.config.load import load
from sana_vcam.config.schema import CostConfig
from sana_vcam.control.protocol import messages
from sana_vcam.engine.demand import Hold
from sana_vcam.engine.states import SessionState
from sana_vcam.media.sinks import watched
from sana_vcam.media.states import CameraState, ProgramSource
from tests.system.daemon import PATIENCE_S, Standin, local_settings, running_standin


class MadeUpViewers:
    """Stands for `media.sinks.viewers.Viewers`: the test says how many watch."""

    def __init__(
        self,
        _paths: Callable[[], Sequence[str]],
        on_change: Callable[[], None],
        **_: Callable[[], object],
    ) -> None:
        self.count: int | None = 0
        self.known = True
        self.names: tuple[str, ...] = ()
        self._on_change = on_change
        self._woken = threading.Event()

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self._woken.wait()
            self._woken.clear()

    def wake(self) -> None:
        self._woken.set()

    def say(self, count: int | None) -> None:
        self.count = count
        self._on_change()


@pytest_asyncio.fixture
async def standin() -> AsyncIterator[Standin]:
    async with running_standin() as running:
        yield running


@asynccontextmanager
async def daemon(
    monkeypatch: pytest.MonkeyPatch, home: Path, url: str, **settings: str
) -> AsyncIterator[tuple[app.Daemon, MadeUpViewers]]:
    monkeypatch.setattr(watched, "Viewers", MadeUpViewers)
    base = local_settings(url) | {"sink.kind": "preview", "capture.linger_s": "0"}
    config = load(environ={}, overrides=base | settings).config
    running = app.Daemon(config, state_dir=home / "state", runtime_dir=home / "run")
    stop = asyncio.Event()
    task = asyncio.create_task(running.run(stop))
    try:
        await until(lambda: running.parts is not None and running.parts.playout.ticks > 0)
        viewers = parts(running).viewers
        assert isinstance(viewers, MadeUpViewers)
        yield running, viewers
    finally:
        stop.set()
        await task


def parts(running: app.Daemon) -> Parts:
    assert running.parts is not None
    return running.parts


def commands_of(running: app.Daemon, home: Path) -> app.Commands:
    library = app.PresetLibrary(list, app.Thumbnails(home), None)
    now = parts(running)
    return app.Commands(
        engine=now.engine,
        demand=now.demand,
        program=now.program,
        sink=now.sink,
        library=library,
        player=now.player,
        set_transition=now.set_transition,
        state=lambda: now.state(time.monotonic()),
        list_microphones=now.voicing.list_microphones,
        set_voice=now.voicing.switch,
        rehearsal=now.rehearsal,
        keeping=now.keeping,
        on_change=lambda: None,
    )


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.02)


def asleep(running: app.Daemon) -> bool:
    now = parts(running)
    return (
        now.engine.status.state is SessionState.IDLE
        and now.media.camera.status.state is CameraState.OFF
    )


def live(running: app.Daemon) -> bool:
    now = parts(running)
    streaming = now.engine.status.state is SessionState.STREAMING
    return streaming and now.program.output is ProgramSource.LIVE


async def test_nobody_watches_so_nothing_is_on_and_the_card_is_served(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, standin: Standin
):
    async with daemon(monkeypatch, tmp_path, standin.url) as (running, _):
        ticks = parts(running).playout.ticks
        await until(lambda: parts(running).playout.ticks > ticks + 2)
        assert asleep(running)
        assert parts(running).program.output is ProgramSource.SLATE
        assert await standin.session() == "ready"


async def test_a_viewer_opens_both_and_the_last_one_closes_both(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, standin: Standin
):
    async with daemon(monkeypatch, tmp_path, standin.url) as (running, viewers):
        viewers.say(1)
        await until(lambda: live(running))
        viewers.say(0)
        await until(lambda: asleep(running))
        await standin.until_session("ready")
        viewers.say(1)
        await until(lambda: live(running))


async def test_connect_holds_it_open_and_disconnect_lasts_for_this_call(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, standin: Standin
):
    async with daemon(monkeypatch, tmp_path, standin.url) as (running, viewers):
        commands = commands_of(running, tmp_path)
        await commands.run(messages.Connect())
        await until(lambda: live(running))
        assert commands.state().hold is Hold.ON
        viewers.say(1)
        await commands.run(messages.Disconnect())
        await until(lambda: asleep(running))
        assert commands.state().viewers == 1
        viewers.say(0)
        await until(lambda: parts(running).demand.hold is Hold.AUTOMATIC)
        viewers.say(1)
        await until(lambda: live(running))


async def test_always_does_not_wait_for_a_viewer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, standin: Standin
):
    settings = {"capture.when": "always"}
    async with daemon(monkeypatch, tmp_path, standin.url, **settings) as (running, _):
        await until(lambda: live(running))


async def test_start_connect_false_waits_for_the_user(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, standin: Standin
):
    settings = {"start.connect": "false", "capture.when": "always"}
    async with daemon(monkeypatch, tmp_path, standin.url, **settings) as (running, viewers):
        viewers.say(2)
        ticks = parts(running).playout.ticks
        await until(lambda: parts(running).playout.ticks > ticks + 5)
        assert asleep(running)
        await commands_of(running, tmp_path).run(messages.Connect())
        await until(lambda: live(running))


async def test_a_reload_takes_on_what_it_can_and_names_the_rest(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, standin: Standin
):
    async with daemon(monkeypatch, tmp_path, standin.url) as (running, _):
        other = running.config.model_copy(
            update={
                "capture": running.config.capture.model_copy(update={"when": "always"}),
                "cost": CostConfig(day_cap_min=600),
                "presets": running.config.presets[:2],
                "sink": running.config.sink.model_copy(update={"label": "Other"}),
            }
        )
        assert running.reload(other) == ["sink.label"]
        assert running.reload(other) == ["sink.label"], "named until there was a restart"
        assert running.config.presets == other.presets
        assert parts(running).engine.usage.budget.cost == other.cost
        await until(lambda: live(running))
