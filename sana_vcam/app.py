"""The composition root: builds the parts, starts them in order, stops them in the reverse one.

    outer group   playout thread: feeds the virtual camera until everything else has ended
    inner group   camera thread, publisher thread, engine, control server, housekeeping

The inner group ends first, so viewers get a card, and not a dead device, while the billed session
closes. Whatever ends unexpectedly ends the process: systemd starts it again.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from sana_vcam import places
from sana_vcam.camera.capture import Camera
from sana_vcam.cards import card
from sana_vcam.config import Config
from sana_vcam.control.server import ControlServer
from sana_vcam.engine.engine import Engine
from sana_vcam.engine.ledger import Ledger
from sana_vcam.engine.sessions import ReactorSessions
from sana_vcam.engine.wants import Wants
from sana_vcam.errors import CommandFailed
from sana_vcam.frames import BypassGrant, CameraFrame, ModelFrame
from sana_vcam.instance import single_instance
from sana_vcam.mailbox import Mailbox
from sana_vcam.meter import Meter
from sana_vcam.notify import Notifier
from sana_vcam.pixels import to_jpeg
from sana_vcam.playout.buffer import PlayoutBuffer
from sana_vcam.presets import Preset, find, step
from sana_vcam.program import Bypass, Playout, Program, Switches
from sana_vcam.publisher import Publisher
from sana_vcam.sinks.sink import Sink
from sana_vcam.slate import Slate
from sana_vcam.status import CameraState, Output, SessionState, State
from sana_vcam.threads import run_blocking, run_loop

log = logging.getLogger(__name__)

# After a pause the last chunk still plays out; then this much silence puts up the card.
PAUSED_PATIENCE_S = 0.5
HOUSEKEEPING_S = 1.0
LEFTOVERS_TIMEOUT_S = 8.0
JPEG_QUALITY = 85


class Daemon:
    """All parts, wired; also what the control server may ask for (`Controls`)."""

    def __init__(
        self, config: Config, *, state_dir: Path | None = None, runtime_dir: Path | None = None
    ) -> None:
        """Build everything that needs no device. The folders default to the user's."""
        self.config = config
        self._state_dir = state_dir or places.state_dir()
        self._runtime_dir = runtime_dir or places.runtime_dir()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed_pending = threading.Event()
        self._started_at = time.monotonic()
        self._notifier = Notifier()
        self._sink: Sink | None = None
        self._playout: Playout | None = None
        self._server: ControlServer | None = None
        self._model_meter = Meter()
        self.on_state: Callable[[State], None] | None = None

        track = (config.reactor.track_width, config.reactor.track_height)
        self.camera_frames: Mailbox[CameraFrame] = Mailbox()
        self.camera = Camera(config.camera, track, self.camera_frames, self._changed)
        self.publisher = Publisher(self.camera_frames)
        self._buffer = PlayoutBuffer(
            fps=config.sink.fps, max_delay_s=config.playout.max_delay_ms / 1000
        )
        grant = BypassGrant.from_config(config.privacy)
        self.program = Program(
            self._buffer,
            (config.sink.width, config.sink.height),
            slate=self._card,
            bypass=Bypass(grant, self.camera_frames) if grant is not None else None,
        )
        self.engine = Engine(
            config.reactor,
            _first_wants(config),
            sessions=ReactorSessions(config.reactor),
            media=self,
            ledger=Ledger(self._state_dir / "sessions.json"),
            on_change=self._changed,
            connect_wanted=config.start.connect,
        )

    # -- life ----------------------------------------------------------------------------------

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set, then close the session and everything else, in order.

        Raises `StartupError`, `SinkError` or `CameraError` for what the user can mend.
        """
        self._loop = asyncio.get_running_loop()
        with single_instance(self._runtime_dir):
            self._sink = Sink.open(self.config.sink)
            try:
                await self._run_parts(stop)
            finally:
                self._sink.close()

    async def _run_parts(self, stop: asyncio.Event) -> None:
        sink = self._require_sink()
        self._playout = Playout(
            self.program, sink, fps=self.config.sink.fps, on_change=self._changed
        )
        async with _background(run_loop(self._playout.run, name="playout")) as playout:
            key = self.config.reactor.api_key
            self._server = ControlServer(
                self.config.control,
                self,
                state_dir=self._state_dir,
                runtime_dir=self._runtime_dir,
                secrets=() if key is None else (key.get_secret_value(),),
            )
            async with self._server, asyncio.TaskGroup() as group:
                log.info("camera %r, %s", self.config.camera.source, sink.name)
                self.camera.set_wanted(True)
                tasks = [
                    group.create_task(run_loop(self.camera.run, name="camera")),
                    group.create_task(
                        run_loop(
                            self.publisher.run, name="publisher", wake=self.camera_frames.close
                        )
                    ),
                    group.create_task(self._run_engine()),
                    group.create_task(self._server.supervise()),
                    group.create_task(self._housekeeping()),
                ]
                await _first_of(stop, playout, tasks)
                self._notifier.stopping()
                self.engine.disconnect()
                for task in tasks:
                    task.cancel()

    async def _run_engine(self) -> None:
        try:
            await self.engine.run()
        finally:
            try:
                await asyncio.wait_for(self.engine.end_leftovers(), LEFTOVERS_TIMEOUT_S)
            except TimeoutError:
                log.warning("a session may still be open; the next start will end it")

    async def _housekeeping(self) -> None:
        """Readiness, watchdog and status lines for systemd; the watchdog sees real ticks only."""
        ticks = 0
        ready = False
        while True:
            playout = self._require_playout()
            if playout.ticks > ticks:
                if not ready:
                    self._notifier.ready()
                    ready = True
                self._notifier.watchdog()
            ticks = playout.ticks
            self._notifier.status(_status_line(self.state()))
            self._notify()
            await asyncio.sleep(HOUSEKEEPING_S if ready else 0.05)

    @property
    def control_url(self) -> str | None:
        """Where clients connect, without the token; None until the server listens."""
        return self._server.url if self._server is not None and self._server.port else None

    # -- what the engine connects a session to (Media) -------------------------------------------

    def camera_ready(self) -> bool:
        """Whether the camera delivers frames now."""
        return self.camera.status.state is CameraState.CAPTURING

    def attach(self, push: Callable[[bytes], bool]) -> None:
        """Send the camera's frames to `push`."""
        self.publisher.target = push

    def detach(self) -> None:
        """Send the camera's frames nowhere."""
        self.publisher.target = None

    def model_frame(self, frame: ModelFrame) -> None:
        """Take an edited frame; on an SDK thread."""
        self._model_meter.count(frame.received_at)
        self._buffer.put(frame)

    def run_began(self) -> None:
        """Forget the frames of the former run."""
        self._buffer.clear()

    # -- what clients may ask for (Controls) -----------------------------------------------------

    def state(self) -> State:
        """The full state now."""
        now = time.monotonic()
        engine, wants, camera = self.engine.status, self.engine.wants, self.camera.status
        sink, program, playout = self._require_sink(), self.program, self._require_playout()
        switches, model, shown = program.switches, self.engine.model_state, program.card
        live = program.output is Output.LIVE
        return State(
            output=program.output,
            card=shown.headline if shown is not None else None,
            session=engine.state,
            session_wanted=engine.wanted,
            session_s=None if engine.ready_at is None else round(now - engine.ready_at, 1),
            phase_s=round(now - engine.since, 1),
            prompt=wants.prompt,
            preset=wants.preset,
            model_prompt=model.current_prompt if model is not None else None,
            seed=wants.seed,
            anchor_interval=wants.anchor_interval,
            paused=wants.paused,
            blank=switches.blank,
            freeze=switches.freeze,
            bypass=switches.bypass,
            bypass_allowed=program.bypass_allowed,
            chunk=self.engine.chunk,
            camera=camera.state,
            camera_name=camera.name,
            sink=sink.kind,
            sink_name=sink.name,
            width=sink.size[0],
            height=sink.size[1],
            fps_camera=round(self.publisher.meter.rate(now), 1),
            fps_model=round(self._model_meter.rate(now), 1),
            fps_output=round(playout.meter.rate(now), 1),
            delay_ms=round(self._buffer.delay_s * 1000) if live else None,
            dropped=self._buffer.dropped,
            repeated=self._buffer.repeated,
            error=engine.error or camera.error,
        )

    def presets(self) -> Sequence[Preset]:
        """The presets in their order."""
        return self.config.presets

    async def set_prompt(self, prompt: str) -> None:
        """Ask for a prompt of the user's own."""
        await self.engine.set_prompt(prompt, preset=None, seed=None)

    async def apply_preset(self, preset_id: str) -> Preset:
        """Ask for a preset."""
        preset = find(self.config.presets, preset_id)
        await self.engine.set_prompt(preset.prompt, preset=preset.id, seed=preset.seed)
        return preset

    async def step_preset(self, by: int) -> Preset:
        """Ask for the preset `by` places further."""
        preset = step(self.config.presets, self.engine.wants.preset, by)
        return await self.apply_preset(preset.id)

    async def set_seed(self, seed: int) -> None:
        """Set the seed of the next run."""
        await self.engine.set_seed(seed)

    async def set_anchor_interval(self, chunks: int) -> None:
        """Set the chunks between anchors."""
        await self.engine.set_anchor_interval(chunks)

    async def pause(self) -> None:
        """Pause the model."""
        await self.engine.pause()

    async def resume(self) -> None:
        """Go on."""
        await self.engine.resume()

    async def reset(self) -> None:
        """Begin the run anew."""
        await self.engine.reset()

    def blank(self, on: bool | None) -> bool:
        """Black for viewers."""
        now = self.program.switches
        value = not now.blank if on is None else on
        return self._switch(Switches(value, now.freeze, now.bypass)).blank

    def freeze(self, on: bool | None) -> bool:
        """A still picture for viewers."""
        now = self.program.switches
        value = not now.freeze if on is None else on
        return self._switch(Switches(now.blank, value, now.bypass)).freeze

    def bypass(self, on: bool | None) -> bool:
        """The raw camera for viewers, if the configuration allows it."""
        now = self.program.switches
        value = not now.bypass if on is None else on
        if value and not self.program.bypass_allowed:
            raise CommandFailed(
                "rejected",
                "bypass would show the raw camera, and the configuration does not allow it: set "
                "allow_bypass = true under [privacy] and restart",
            )
        return self._switch(Switches(now.blank, now.freeze, value)).bypass

    async def connect(self) -> None:
        """Want a session."""
        self.engine.connect()

    async def disconnect(self) -> None:
        """Want none."""
        self.engine.disconnect()

    async def snapshot(self) -> bytes:
        """What viewers see now, as JPEG."""
        sink = self._require_sink()

        def encode() -> bytes | None:
            pixels = sink.latest_pixels()
            return None if pixels is None else to_jpeg(pixels, JPEG_QUALITY)

        jpeg = await run_blocking(encode, name="snapshot")
        if jpeg is None:
            raise CommandFailed("not_ready", "no frame has been shown yet")
        return jpeg

    # -- inside ----------------------------------------------------------------------------------

    def _switch(self, switches: Switches) -> Switches:
        self.program.switches = switches
        self._changed()
        return switches

    def _card(self) -> Slate:
        """The card for this moment; on the playout thread, from immutable snapshots."""
        camera = self.camera.status
        return card(self.engine.status, camera.state, time.monotonic(), camera_error=camera.error)

    def _changed(self) -> None:
        """Something that the state shows has changed; from any thread, as often as it likes."""
        if self._loop is None or self._loop.is_closed() or self._changed_pending.is_set():
            return
        self._changed_pending.set()
        self._loop.call_soon_threadsafe(self._after_change)

    def _after_change(self) -> None:
        self._changed_pending.clear()
        self.program.patience_s = self._patience_s()
        self._notify()

    def _patience_s(self) -> float:
        """How long the model's last picture stays up when no new one comes."""
        match self.engine.status.state:
            case SessionState.STARTING | SessionState.STREAMING | SessionState.RECONNECTING:
                return self.config.playout.slate_after_s
            case SessionState.PAUSED:
                return PAUSED_PATIENCE_S
            case _:
                return 0.0

    def _notify(self) -> None:
        if self._server is not None:
            self._server.notify_state()
        if self.on_state is not None and self._playout is not None:
            self.on_state(self.state())

    def _require_sink(self) -> Sink:
        if self._sink is None:
            raise CommandFailed("not_ready", "the daemon is still starting")
        return self._sink

    def _require_playout(self) -> Playout:
        if self._playout is None:
            raise CommandFailed("not_ready", "the daemon is still starting")
        return self._playout


def _first_wants(config: Config) -> Wants:
    start = config.start
    if start.preset:
        preset = find(config.presets, start.preset)
        seed = start.seed if preset.seed is None else preset.seed
        return Wants(preset.prompt, preset.id, seed, start.anchor_interval)
    return Wants(start.prompt, None, start.seed, start.anchor_interval)


def _status_line(state: State) -> str:
    """For `systemctl status`: no prompt, since others may read it."""
    return (
        f"{state.output} to {state.sink_name}; session {state.session}; "
        f"{state.fps_model:.0f} fps from the model, {state.fps_output:.0f} fps out"
    )


async def _first_of(
    stop: asyncio.Event, playout: asyncio.Task[None], tasks: Sequence[asyncio.Task[None]]
) -> None:
    """Return when asked to stop, or as soon as any part has ended by itself."""
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


@contextmanager
def stop_on_signals(stop: asyncio.Event) -> Iterator[None]:
    """Set `stop` on SIGTERM, SIGINT and SIGHUP, as long as the block runs."""
    loop = asyncio.get_running_loop()
    names = [name for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name)]
    installed = []
    for name in names:
        try:
            loop.add_signal_handler(getattr(signal, name), stop.set)
            installed.append(name)
        except NotImplementedError:
            # Windows: Ctrl-C arrives as KeyboardInterrupt instead.
            log.debug("%s cannot be handled by this event loop", name)
    try:
        yield
    finally:
        for name in installed:
            loop.remove_signal_handler(getattr(signal, name))
