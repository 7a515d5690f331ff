"""The composition root: builds the parts, starts them in order, stops them in the reverse one.

    outer   playout thread: feeds the virtual camera until everything else has ended
    inner   camera, publisher and viewers threads, engine, demand, control server, housekeeping

The inner group ends first, so viewers get a slate, and not a dead device, while the billed session
closes. Whatever ends unexpectedly ends the process: systemd starts it again. Only what viewers can
do without (figures, stills) is started again alone.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from sana_vcam.app.away import Away
from sana_vcam.app.housekeeping import counters, follow_demand, keep_files, keep_house
from sana_vcam.app.instance import single_instance
from sana_vcam.app.keeping import Keeping
from sana_vcam.app.measures import on_air, rates, streaming
from sana_vcam.app.parts import Parts
from sana_vcam.app.reload import ConfigWatcher, without_restart
from sana_vcam.app.restarts import RESTARTS_FILE, RestartCounter
from sana_vcam.app.systemd import Notifier
from sana_vcam.app.voicing import Voicing
from sana_vcam.config import paths
from sana_vcam.config.schema import Config, differences
from sana_vcam.config.source import ConfigSource
from sana_vcam.control.commands import Commands
from sana_vcam.control.player import Player
from sana_vcam.control.preview.bus import PreviewBus
from sana_vcam.control.preview.previews import PreviewServer
from sana_vcam.control.protocol.state import State
from sana_vcam.control.rehearsal import Rehearsal
from sana_vcam.control.server.server import ControlServer
from sana_vcam.engine.demand import Demand
from sana_vcam.engine.desired import DesiredState
from sana_vcam.engine.edits.accounts import EDIT_USAGE_FILE, take_over_edits
from sana_vcam.engine.engine import Engine
from sana_vcam.engine.factory import ReactorSessionFactory, sending_for
from sana_vcam.engine.ledger import Ledger
from sana_vcam.engine.looks import look_of
from sana_vcam.engine.quality.watch import QualityWatch
from sana_vcam.engine.states import SessionState
from sana_vcam.engine.usage import USAGE_FILE, UsageAccount
from sana_vcam.errors import CommandFailed, ConfigError
from sana_vcam.lib.diskwriter import DiskWriter
from sana_vcam.lib.threads import run_blocking, run_loop, short_switch_interval, supervise_optional
from sana_vcam.media.frames import Picture
from sana_vcam.media.latency.watch import watch_latency
from sana_vcam.media.pipeline import Pipeline
from sana_vcam.media.playout.playout import Playout
from sana_vcam.media.playout.program import Program
from sana_vcam.media.playout.transitions import Transition, Transitions
from sana_vcam.media.shedding import Shed
from sana_vcam.media.sinks.sink import Sink
from sana_vcam.media.sinks.watched import watch_sink
from sana_vcam.media.slate import Slate, draw
from sana_vcam.presets.catalog import find
from sana_vcam.presets.library import PresetLibrary
from sana_vcam.presets.playlists import PlaylistsFile, read_playlists
from sana_vcam.presets.thumbnails import Thumbnails, ThumbnailTaker
from sana_vcam.reactor.models import Image

log = logging.getLogger(__name__)

type Work = Coroutine[Any, Any, None]

PAUSED_PATIENCE_S = 0.5
"""After a pause the last chunk still plays out; then this much silence puts up the slate."""
LEFTOVERS_TIMEOUT_S = 8.0
AWAY = Slate("Camera off", "Back in a moment")
"""What v4l2loopback itself shows when this process is gone."""


class Daemon:
    """A running daemon as a whole, from its configuration to its end."""

    def __init__(
        self,
        config: Config,
        *,
        source: ConfigSource | None = None,
        state_dir: Path | None = None,
        runtime_dir: Path | None = None,
        make_media: Callable[[Config, Callable[[], None]], Pipeline] = Pipeline,
        image: Image | None = None,
    ) -> None:
        """Prepare; opens nothing. The folders default to the user's own.

        `source` is where the configuration came from: it is followed and edited while the daemon
        runs. None: `config` holds to the end. `image` is the first reference image, for a model
        that takes one.
        """
        self.config = config
        self.parts: Parts | None = None
        """None until the sink is open."""
        self.on_state: Callable[[State], None] | None = None
        """Called with the state after each change."""
        self.on_published: Callable[[], None] | None = None
        """Called, in a thread, whenever clients can find the control file, and at times."""
        self._source = source
        self._state_dir = state_dir or paths.state_dir()
        self._runtime_dir = runtime_dir or paths.runtime_dir()
        self._restarts = RestartCounter(self._state_dir / RESTARTS_FILE)
        self._make_media = make_media
        self._image = image
        self._notifier = Notifier()
        self._watcher = (
            None if source is None else ConfigWatcher(source, config, self.reload, self._notifier)
        )
        self._server: ControlServer | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._change_pending = threading.Event()
        self._demand_changed = asyncio.Event()
        self._streams = asyncio.Event()
        """Set while a session streams."""

    @property
    def control_url(self) -> str | None:
        """The address that clients connect to, without the token; None until the server listens."""
        return self._server.url if self._server is not None and self._server.port else None

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set, then close the session and everything else, in order.

        Raises `StartupError` or `SinkError` for what the user can fix.
        """
        self._loop = asyncio.get_running_loop()
        with (
            single_instance(self._runtime_dir, self._state_dir) as instance,
            short_switch_interval(),
        ):
            size = (self.config.sink.width, self.config.sink.height)
            away = Away(size, self.config.sink.fit)
            await away.read(self.config.privacy.away)
            card = away.picture or await run_blocking(
                lambda: Picture.from_slate(draw(AWAY, *size)), name="card"
            )
            opening = partial(Sink.open, self.config.sink, slate=card)
            sink, disk = await run_blocking(opening, name="open-sink"), DiskWriter()
            try:
                accounts = partial(self._open_accounts, disk)
                ledger, usage = await run_blocking(accounts, name="accounts")
                desired = await self._first_desired()
                self.parts = self._build(sink, away, desired, ledger, usage)
                keeping = partial(keep_files, instance, ledger)
                await self._run_parts(self.parts, stop, keeping)
                disk.write_soon(self._state_dir / RESTARTS_FILE, self._restarts.end)
            finally:
                await run_blocking(disk.end, name="last-writes")
                await run_blocking(sink.close, name="close-sink")

    def read_config(self) -> None:
        """Have the configuration read again because somebody asks; what is wrong is logged."""
        if self._watcher is None:
            log.warning("the configuration is read at the start only; restart for it")
        else:
            self._watcher.ask()

    def reload(self, new: Config) -> list[str]:
        """Take on what can change while running; returns the dotted keys that need a restart.

        A key that waits for the restart is named again each time.
        """
        before, self.config = self.config, without_restart(self.config, new)
        if self.parts is not None:
            ids = {preset.id for preset in new.presets}
            self.parts.engine.name_presets(lambda preset: preset if preset in ids else None)
            self.parts.rehearsal.follow_config(new.rehearse)
            capture = new.capture
            self.parts.demand.follow(capture.when, capture.linger_s, automatic=new.start.connect)
            self.parts.engine.follow(new.cost)
            self.parts.voicing.follow(new.voice)
            self.parts.away.follow(new.privacy.away)
            if new.playout != before.playout:
                self.parts.set_transition(_transition(new))
                self.parts.media.buffer.limit_delay(new.playout.max_delay_ms / 1000)
            self.parts.keeping.follow(new.keep)
        self._presets_changed()
        self._changed()
        return differences(self.config, new)

    def _presets_folder(self) -> Path:
        """Find the folder that the presets' images are named from; blocks."""
        return Path.cwd() if self._source is None else self._source.presets_folder

    async def _read_playlists(self) -> PlaylistsFile:
        """Read the playlists beside the configuration; none where there is no such file."""

        def read() -> PlaylistsFile:
            return read_playlists(None if self._source is None else self._source.playlists_file)

        return await run_blocking(read, name="playlists")

    def _open_accounts(self, disk: DiskWriter) -> tuple[Ledger, UsageAccount]:
        """Read what earlier runs have left; blocks."""
        state = self._state_dir
        ledger = Ledger(state / "sessions.json", disk.write_soon)
        take_over_edits(ledger, state)
        usage = UsageAccount(
            state / USAGE_FILE,
            self.config.cost,
            beside=state / EDIT_USAGE_FILE,
            write_soon=disk.write_soon,
        )
        return ledger, usage

    async def _first_desired(self) -> DesiredState:
        """Say what is wanted at the start. Raises `ConfigError` for an image that cannot be had."""
        start = self.config.start
        desired = DesiredState(start.prompt, None, start.seed, start.anchor_interval)
        if start.preset:
            preset = find(self.config.presets, start.preset)
            try:
                desired = desired.changed(await look_of(preset, self._presets_folder))
            except CommandFailed as error:
                raise ConfigError(f"start.preset: {error}") from None
        return desired if desired.image is not None else replace(desired, image=self._image)

    def _build(
        self, sink: Sink, away: Away, desired: DesiredState, ledger: Ledger, usage: UsageAccount
    ) -> Parts:
        """Build and wire every part; none of them runs yet."""
        config = self.config
        media = self._make_media(config, self._changed)
        sending = sending_for(config.reactor)
        engine = Engine(
            config.reactor,
            desired,
            factory=ReactorSessionFactory(config.reactor, sending),
            pipeline=media,
            ledger=ledger,
            usage=usage,
            on_change=self._changed,
            connect_wanted=False,
        )

        def slate() -> Slate:
            return parts.card()

        program = Program(media.buffer, sink.size, slate=slate, bypass=media.bypass)
        parts = Parts(
            config=config,
            media=media,
            engine=engine,
            demand=Demand(
                config.capture.when, config.capture.linger_s, automatic=config.start.connect
            ),
            program=program,
            playout=Playout(
                program,
                sink,
                fps=config.sink.fps,
                on_change=self._changed,
                on_shown=media.latency.shown,
                shedding=media.shedding,
            ),
            transitions=Transitions(
                program, lambda: media.buffer.on_air, sink.size, config.sink.fit
            ),
            sink=sink,
            viewers=watch_sink(sink, self._changed),
            quality=QualityWatch(
                lambda: streaming(engine),
                lambda now: rates(config, media, engine, now),
                engine.report_poor_quality,
                sending=sending,
            ),
            sending=sending,
            voicing=Voicing(config.voice, program, media.latency, self._changed),
            away=away,
            player=Player(
                lambda: engine.desired, read=self._read_playlists, on_change=self._changed
            ),
            rehearsal=Rehearsal(engine, program, self._changed, config.rehearse),
            keeping=Keeping(config.keep, sink, config.sink.fps, self._changed),
            config_error=lambda: self._watcher.error if self._watcher else None,
        )
        parts.set_transition(_transition(config))
        parts.show_away()
        away.on_change = parts.show_away
        return parts

    async def _run_parts(
        self, parts: Parts, stop: asyncio.Event, keeping: Callable[[], Work]
    ) -> None:
        thumbnails = Thumbnails(self._state_dir)
        watcher = self._watcher
        library = PresetLibrary(
            lambda: self.config.presets,
            thumbnails,
            watcher.edit if watcher else None,
            self._presets_folder,
        )
        commands = Commands(
            engine=parts.engine,
            demand=parts.demand,
            program=parts.program,
            sink=parts.sink,
            library=library,
            player=parts.player,
            set_transition=parts.set_transition,
            state=lambda: parts.state(time.monotonic()),
            list_microphones=parts.voicing.list_microphones,
            set_voice=parts.voicing.switch,
            rehearsal=parts.rehearsal,
            keeping=parts.keeping,
            on_change=self._changed,
        )
        bus = PreviewBus(
            parts.program,
            parts.sink,
            self.config.sink.fit,
            camera=parts.media.camera_frames,
            latency_s=parts.media.latency.seconds,
        )
        is_slow = partial(parts.media.shedding.leaves_out, Shed.PREVIEWS)
        previews = PreviewServer(bus.newest, compare=bus.compare, is_slow=is_slow)
        key = self.config.reactor.api_key
        async with _background(
            run_loop(parts.playout.run, name="playout", wake=parts.playout.wake)
        ) as playout:
            self._server = ControlServer(
                self.config.control,
                commands,
                state_dir=self._state_dir,
                runtime_dir=self._runtime_dir,
                previews=previews,
                on_published=self.on_published,
                secrets=() if key is None else (key.get_secret_value(),),
                counters=lambda: counters(parts, previews, self._restarts.restarts),
            )
            parts.voicing.is_watched = self._server.is_watched
            async with self._server, parts.voicing, parts.keeping, asyncio.TaskGroup() as group:
                await run_blocking(self._restarts.begin, name="restarts")
                log.info("camera %s, sink %s", self.config.camera.source, parts.sink.name)
                tasks = [group.create_task(work) for work in self._work(parts, self._server)]
                tasks.append(group.create_task(self._take_stills(parts, thumbnails)))
                tasks.append(group.create_task(keeping()))
                if watcher is not None:
                    tasks.append(group.create_task(watcher.watch()))
                await _first_of(stop, playout, tasks)
                self._notifier.stopping()
                parts.engine.disconnect()
                for task in tasks:
                    task.cancel()

    def _work(self, parts: Parts, server: ControlServer) -> Iterator[Coroutine[Any, Any, None]]:
        """Yield what runs beside the playout, each for a task of its own."""
        media = parts.media
        yield run_loop(media.camera.run, name="camera", wake=media.camera.wake)
        yield run_loop(media.publisher.run, name="publisher", wake=media.camera_frames.close)
        yield run_loop(parts.viewers.run, name="viewers", wake=parts.viewers.wake)
        yield self._run_engine(parts.engine)
        yield follow_demand(parts, self._demand_changed)
        yield parts.rehearsal.run()
        streams = self._streams
        yield supervise_optional("the quality", lambda: parts.quality.run(streams))
        yield supervise_optional(
            "the latency",
            lambda: watch_latency(
                media.latency, lambda: streaming(parts.engine), streams, media.shedding
            ),
        )
        yield supervise_optional("the playlists", parts.player.run)
        yield supervise_optional("the away picture", parts.away.run)
        yield server.supervise()
        yield keep_house(parts, self._notifier, self._tell)

    async def _take_stills(self, parts: Parts, thumbnails: Thumbnails) -> None:
        taker = ThumbnailTaker(
            thumbnails,
            on_air=lambda: on_air(parts),
            on_show=lambda: parts.program.on_show,
            presets=lambda: self.config.presets if self.config.privacy.thumbnails else (),
            on_change=self._presets_changed,
            shedding=parts.media.shedding,
        )
        await supervise_optional("the stills of the presets", lambda: taker.run(self._streams))

    def _presets_changed(self) -> None:
        if self._server is not None:
            self._server.notify_presets()

    async def _run_engine(self, engine: Engine) -> None:
        try:
            await engine.run()
        finally:
            try:
                await asyncio.wait_for(engine.end_leftovers(), LEFTOVERS_TIMEOUT_S)
            except TimeoutError:
                log.warning("a session may still be open; the next start will end it")

    # -- changes, from any thread, to everybody who is told ------------------------------------

    def _changed(self) -> None:
        """Tell everybody soon that the state has changed; from any thread, any number of times."""
        if self._loop is None or self._loop.is_closed() or self._change_pending.is_set():
            return
        self._change_pending.set()
        self._loop.call_soon_threadsafe(self._after_change)

    def _after_change(self) -> None:
        self._change_pending.clear()
        self._demand_changed.set()
        if self.parts is not None:
            state = self.parts.engine.status.state
            self.parts.follow(time.monotonic())
            self.parts.program.patience_s = self._patience_s(state)
            # A camera that is lost is no pace of the model's.
            streams = state is SessionState.STREAMING and self.parts.media.camera_ready()
            self.parts.program.follows_model = streams
            (self._streams.set if state is SessionState.STREAMING else self._streams.clear)()
        self._tell()

    def _patience_s(self, state: SessionState) -> float:
        """Choose for how many seconds the model's last picture stays up when no new one comes."""
        match state:
            case SessionState.STARTING | SessionState.STREAMING | SessionState.RECONNECTING:
                return self.config.playout.slate_after_s
            case SessionState.PAUSED:
                return PAUSED_PATIENCE_S
            case _:
                return 0.0

    def _tell(self) -> None:
        if self._server is not None:
            self._server.notify_state()
        if self.on_state is not None and self.parts is not None:
            self.on_state(self.parts.state(time.monotonic()))


def _transition(config: Config) -> Transition:
    return Transition(config.playout.transition, config.playout.transition_s)


async def _first_of(
    stop: asyncio.Event, playout: asyncio.Task[None], tasks: Sequence[asyncio.Task[None]]
) -> None:
    """Wait until asked to stop, or until any part has ended by itself."""
    asked = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({asked, playout, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        asked.cancel()


@asynccontextmanager
async def _background(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    """Run a coroutine beside the block and past its end; raise what it raised."""
    task: asyncio.Task[None] = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})
    if not task.cancelled():
        task.result()
