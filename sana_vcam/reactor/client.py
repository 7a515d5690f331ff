"""`ReactorClient`: one session of the Reactor SDK, whatever model is behind it.

A client is used for one session: connect once, reconnect as often as the platform's window
allows, close. Everything but `push` and the frame handler belongs to one event loop. What it knows
of the model is a record (`sana_vcam.reactor.models`); `SanaClient` adds types for one of them.

Facts about the SDK that shape this module were measured against reactor-sdk 1.13 and
reactor-runtime 3.10: HTTP calls have no timeout, life-cycle calls must not overlap, a publish
does not survive a reconnect, the `state` sent on connect is usually lost, a disconnect succeeds
although the platform refused to end the session (so sessions are ended by their id), and a client
that is closed while it creates a session never learns its id.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from enum import StrEnum
from functools import partial
from types import TracebackType
from typing import Any, Self

from reactor_sdk import Reactor, ReactorError

from sana_vcam.lib.threads import run_blocking
from sana_vcam.media.frames import ModelFrame
from sana_vcam.reactor.bounds import short
from sana_vcam.reactor.errors import (
    Refused,
    SessionError,
    SessionGone,
    SessionLost,
    Unavailable,
    describe,
    from_command,
    from_opening,
    from_reconnect,
)
from sana_vcam.reactor.lifecycle import LifeCycle, NoProgress
from sana_vcam.reactor.link import ModelLink
from sana_vcam.reactor.messages import UnknownMessage, read_wire
from sana_vcam.reactor.models import Model, ModelReading
from sana_vcam.reactor.naming import open_by_name
from sana_vcam.reactor.once import Once
from sana_vcam.reactor.platform import TOKEN_TIMEOUT_S, OpenSession, Platform
from sana_vcam.reactor.stats import ConnectionStats
from sana_vcam.reactor.tracks import CameraTrack, VideoTrack, start_high

log = logging.getLogger(__name__)

END_TIMEOUT_S = 4.0
ID_PATIENCE_S = 8.0
"""How long `close` waits for the answer to a create request in flight: only that answer has the id
by which the session can be ended."""
LATE_ID_PATIENCE_S = 3600.0
"""How long it is waited for after that; what is opened later is left to its longest duration."""
START_BPS = 2_500_000
"""WebRTC's own ceiling above 960x540. Left alone, the bitrate begins at what the first packets seem
to prove, on a busy machine often a third of that, and is slow to rise. There is no floor: over a
poor link a floor fills the queues for as long as it lasts."""


class Phase(StrEnum):
    """The connection's phase, in the SDK's own words."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    WAITING = "waiting"
    READY = "ready"


class ReactorClient:
    """One session with a model of the platform, which a record describes."""

    def __init__(
        self,
        api_key: str | None = None,
        *,
        record: Model,
        api_url: str = "https://api.reactor.inc",
        local: bool = False,
        model: str | None = None,
        max_session_s: int | None = None,
        send_size: tuple[int, int] = (1280, 704),
        connect_timeout_s: float = 20.0,
        waiting_timeout_s: float = 180.0,
        start_bps: int | Callable[[], int] = START_BPS,
    ) -> None:
        """Prepare a client; no I/O.

        Args:
            api_key: The Reactor API key; not needed with `local`.
            record: What is known of the model.
            api_url: Where the platform, or with `local` a runtime, answers.
            local: A runtime on this machine, without authentication.
            model: The name under which the platform has the model; one without an owner is tried
                with it, too, if it is refused. None: the record's.
            max_session_s: The platform ends the session after this many seconds.
            send_size: (width, height) of every pushed frame; another is refused, as a change in a
                run crashes a model such as `sana-streaming`. What comes back has a size of its own.
            connect_timeout_s: How long one step of connecting may stay without progress.
            waiting_timeout_s: How long to wait for a GPU.
            start_bps: Where the camera's bitrate begins on every connection, or what says so
                when one is made; 0 leaves it to WebRTC.
        """
        self.platform = Platform(api_url, local, model or record.name, api_key, max_session_s)
        self.ended: str | None = None
        """Why the platform has ended the session, if it has said so."""
        self.send_size = send_size
        self.session_id: str | None = None
        self.phase = Phase.DISCONNECTED
        self.ready_at: float | None = None
        self.late: asyncio.Task[bool] | None = None
        """Ends what is opened after `close` has returned; its result is that of `close`."""
        self._connect_timeout_s = connect_timeout_s
        self._start_bps = start_bps if callable(start_bps) else lambda: start_bps
        self._reactor: Reactor | None = None
        self._freed: asyncio.Future[None] | None = None
        self._token: str | None = None
        self._closed = False
        self._ended = False
        self._once = Once(log)
        self._camera = CameraTrack(
            record.input_track, send_size, require=self._require, ready=self._if_ready
        )
        self._video = VideoTrack()
        self.link = ModelLink(record, self._require, self._video)
        self.on_reading = self.link.on_reading
        self.on_message = self.link.channel.on_message
        self.on_late_refusal = self.link.channel.on_late_refusal
        self.send = self.link.send
        self.send_command = self.link.channel.send
        self.upload = self.link.upload
        self.begin_run = self.link.begin_run
        self._life_cycle = LifeCycle(
            connect_timeout_s, waiting_timeout_s, lambda: self.phase is Phase.WAITING
        )
        self._closing = asyncio.Lock()
        self._starting_high: asyncio.Future[None] | None = None
        self._lost = asyncio.Event()
        self._phase_handlers: list[Callable[[Phase], None]] = []
        self._session_handlers: list[Callable[[OpenSession], None]] = []
        self.unpublish = self._camera.unpublish
        self.push = self._camera.push
        """Send one frame; the track's own method, so that a frame makes no detour."""
        self.run_began, self.run_ended = self._video.run_began, self._video.run_ended
        """Take frames for pictures from now on, as those of a run; and no more."""

    # -- who is told what ----------------------------------------------------------------------

    def on_phase(self, handler: Callable[[Phase], None]) -> None:
        """Call `handler` on the loop when the connection's phase changes."""
        self._phase_handlers.append(handler)

    def on_session(self, handler: Callable[[OpenSession], None]) -> None:
        """Call `handler` on the loop as soon as the platform has created the session."""
        self._session_handlers.append(handler)

    def on_frame(self, handler: Callable[[ModelFrame], None]) -> None:
        """Call `handler` on the SDK's media thread for every edited frame of a run, in its size.

        A handler that takes long makes the SDK keep only the newest frame.
        """
        self._video.handler = handler

    # -- the session's life --------------------------------------------------------------------

    async def connect(self) -> None:
        """Open a session and wait until it is ready.

        Raises `Refused`, `Unavailable`, `SessionLost` or `SessionGone`. After any of them, and
        after a cancellation, call `close`.
        """
        async with self._life_cycle.lock:
            if self._reactor is not None or self._closed:
                raise RuntimeError("a client is used for one session; make a new one")
            await open_by_name(self.platform.model, self._open)
            await self.link.learn()
            self._follow_tracks()

    async def _open(self, name: str) -> None:
        self.platform = replace(self.platform, model=name)
        if self._reactor is not None:
            self._reactor.close()
        limit_s = min(self._connect_timeout_s, TOKEN_TIMEOUT_S)
        token = await self.platform.mint(timeout_s=limit_s)
        if self._closed:
            raise SessionLost("the client was closed while it was connecting")
        self._token = token
        self._reactor = reactor = self._make_reactor(token)
        try:
            await self._bounded(reactor.connect, self._from_opening, too_late=Unavailable)
        except Refused as error:
            # With a session open, another name would open a second one.
            error.is_about_the_model &= self.session_id is None
            raise

    def _follow_tracks(self) -> None:
        """Use the tracks that the session declares, if they are not those of the record."""
        model = self.link.model
        self._camera.name = model.input_track
        if model.output_track != self._track and self._reactor is not None:
            self._listen(self._reactor, model.output_track)

    async def reconnect(self) -> None:
        """Join the same session again after a loss; its run goes on at the model.

        The camera has to be published again. Raises `Unavailable`, which may be tried again
        within the platform's window of 30 s, or `SessionGone`, also if no answer came: the SDK's
        call is then still under way, and this client can only be closed.
        """
        async with self._life_cycle.lock:
            reactor = self._require()
            # Without it a publish after a reconnect is refused.
            self._camera.unpublish()
            self._lost.clear()
            self._video.connection_began()
            try:
                await self._bounded(reactor.reconnect, from_reconnect, too_late=SessionGone)
            except BaseException:
                self._mark_lost()
                raise

    async def publish(self) -> None:
        """Activate the camera track, so that pushed frames reach the model.

        Repeated while the platform still holds the track for a dead connection. Raises
        `SessionLost` or `Unavailable`.
        """
        await self._camera.publish()

    @property
    def model(self) -> Model:
        """What is known of the model."""
        return self.link.model

    @property
    def reading(self) -> ModelReading:
        """What the model has said of itself."""
        return self.link.reading

    @property
    def published(self) -> bool:
        """Whether pushed frames reach the model."""
        return self._camera.published

    @property
    def frames_received(self) -> int:
        """The edited frames so far."""
        return self._video.frames_received

    @property
    def last_frame_at(self) -> float | None:
        """When the last edited frame came, of `time.monotonic`; None before the first."""
        return self._video.last_frame_at

    @property
    def received_size(self) -> tuple[int, int] | None:
        """The (width, height) of the run's edited frames; None before they are known."""
        return self._video.size

    async def wait_lost(self) -> None:
        """Wait until the connection has dropped without having been closed here."""
        await self._lost.wait()

    async def close(self) -> bool:
        """End the session and free everything. Returns whether the session is surely over.

        Safe at every point of the life cycle, also beside a connect that goes on or was
        cancelled, and to be repeated. Takes at most about 15 s against a platform that does not
        answer. A create request that is not answered within 8 s is waited for in the background:
        `late`. A cancelled close can be called again, and must be.
        """
        self._closed = True
        self._lost.clear()
        self._camera.stop()
        async with self._closing:
            if self.late is not None:
                await asyncio.wait({self.late}, timeout=ID_PATIENCE_S)
                self._ended = self.late.done() and not self.late.cancelled() and self.late.result()
            elif not self._ended:
                self._ended = await self._end()
            return self._ended

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def stats(self) -> ConnectionStats:
        """Read the connection's statistics now. Raises `SessionLost` or `Unavailable`."""
        try:
            return ConnectionStats.of(await self._require().get_stats())
        except ReactorError as error:
            raise from_command(error, "get_stats") from None

    # -- inside --------------------------------------------------------------------------------

    def _make_reactor(self, token: str | None) -> Reactor:
        platform = self.platform
        reactor = Reactor(platform.model, jwt=token, api_url=platform.api_url, local=platform.local)
        reactor.on("status_changed", self._status_changed)
        reactor.on("session_id_changed", self._session_changed)
        reactor.on("message", self.link.channel.message_arrived)
        reactor.on("capabilities_received", self._life_cycle.gpu_given)
        reactor.on("error", lambda error: log.debug("sdk error event: %s", describe(error)))
        reactor.on("runtime_message", self._runtime_message)
        self._listen(reactor, self.link.model.output_track)
        return reactor

    def _listen(self, reactor: Reactor, track: str) -> None:
        self._track = track
        reactor.track(track).on_raw_frame(self._video.frame_arrived)

    def _if_ready(self) -> Reactor | None:
        return self._reactor if self.phase is Phase.READY else None

    def _require(self) -> Reactor:
        if self._closed:
            raise SessionLost("the client was closed")
        if self._reactor is None:
            raise SessionLost("no session is open; call connect() first")
        return self._reactor

    def _from_opening(self, error: Exception, *, model: str, api_url: str) -> SessionError:
        is_open = self.session_id is not None
        return from_opening(error, is_open=is_open, model=model, api_url=api_url)

    async def _bounded(
        self,
        call: Callable[[], Awaitable[None]],
        translate: Callable[..., SessionError],
        *,
        too_late: type[SessionError],
    ) -> None:
        """Run one life-cycle call of the SDK, giving up when it makes no progress."""
        model, url = self.platform.model, self.platform.api_url
        try:
            await self._life_cycle.run(call)
        except SessionError:
            raise
        except NoProgress as error:
            raise too_late(f"{url} {error}", fault=error.fault) from None
        except Exception as error:
            raise translate(error, model=model, api_url=url) from None
        if self._require().status.value != Phase.READY.value:
            raise SessionLost("the connection dropped as soon as it was there")
        self._set_phase(Phase.READY)

    async def _end(self) -> bool:
        """Leave the session, or have that done as soon as it is known which."""
        if await self._life_cycle.answered(ID_PATIENCE_S):
            return await self._leave()
        url = self.platform.api_url
        log.warning("%s has not said whether it opened a session; it is ended if so", url)
        self.late = asyncio.ensure_future(self._end_late())
        self.late.add_done_callback(lambda _: self._free())
        return False

    async def _end_late(self) -> bool:
        answered = await self._life_cycle.answered(LATE_ID_PATIENCE_S)
        if self.session_id is not None:
            log.info("session %s was opened late; it is ended", self.session_id)
        return await self._leave() and answered

    async def _leave(self) -> bool:
        """See to it that the session is over, and free the native client.

        In that order, and without the SDK's own disconnect, which hides whether the end was
        granted: the native half may abort the process while it lets go of a connection (libwebrtc's
        "platform_thread.cc … pthread_join", seen once in some thousand ends), and then it is late.
        """
        over = await self._end_in(END_TIMEOUT_S)
        self._set_phase(Phase.DISCONNECTED)
        self._free()
        if self._freed is not None:
            await asyncio.shield(self._freed)
        in_flight = {*filter(None, (self._life_cycle.in_flight, self._starting_high))}
        if in_flight:
            await asyncio.wait(in_flight, timeout=END_TIMEOUT_S)
        if self._starting_high is not None:
            self._starting_high.cancel()
        return over or await self.platform.is_idle() or await self._end_in(None)

    def _free(self) -> None:
        """Free the native client in a thread: it waits for its own threads, up to 0.3 s."""
        reactor, self._reactor = self._reactor, None
        if reactor is not None:
            free = partial(_free, reactor, self._camera.pushing)
            self._freed = asyncio.ensure_future(run_blocking(free, name="free-client"))

    async def _end_in(self, limit_s: float | None) -> bool:
        """Ask for the session's end, for so many seconds at most; whether it is surely over.

        Without a limit it is asked for the last time.
        """
        if self.session_id is None:
            return True
        ending = self.platform.end(self._open_session(self.session_id), token=self._token)
        try:
            await asyncio.wait_for(ending, limit_s)
        except TimeoutError:
            return False
        except SessionError as error:
            level = logging.DEBUG if limit_s is not None else logging.WARNING
            log.log(level, "session %s may still be open: %s", self.session_id, error)
            return False
        return True

    def _open_session(self, session_id: str) -> OpenSession:
        platform = self.platform
        return OpenSession(session_id, platform.api_url, platform.local, platform.model)

    def _status_changed(self, status: str) -> None:
        phase = Phase(str(getattr(status, "value", status)))
        if phase is Phase.CONNECTING and self._reactor is not None and (bps := self._start_bps()):
            # Only now: before, the SDK has nothing to tell it to; once ready, it is too late.
            self._starting_high = asyncio.ensure_future(start_high(self._reactor, bps))
        self._set_phase(phase)

    def _set_phase(self, phase: Phase) -> None:
        self._life_cycle.progress()
        if phase is self.phase:
            return
        was, self.phase = self.phase, phase
        if phase is Phase.READY and self.ready_at is None:
            self.ready_at = time.monotonic()
        if (
            phase is Phase.DISCONNECTED
            and was is Phase.READY
            and self._life_cycle.in_flight is None
        ):
            self._camera.stop()
            self._mark_lost()
        for handler in self._phase_handlers:
            handler(phase)

    def _mark_lost(self) -> None:
        if not self._closed:
            self._lost.set()

    def _session_changed(self, session_id: str | None) -> None:
        if session_id is None or session_id == self.session_id:
            return
        self.session_id = session_id
        self._life_cycle.session_known.set()
        for handler in self._session_handlers:
            handler(self._open_session(session_id))

    def _runtime_message(self, raw: Any) -> None:
        """Take what the platform itself says, beside the model."""
        try:
            message = read_wire(raw)
        except UnknownMessage:
            return
        if message.type == "sessionEnded":
            self.ended = short(message.data.get("reason")) or "no reason was given"
            log.warning("the platform has ended the session: %s", self.ended)
            self._camera.stop()
            self._mark_lost()
        elif message.type == "moderation":
            self.link.channel.moderated(message)
        else:
            self._once.say(f"the platform says {message.type!r}")


def _free(reactor: Reactor, pushing: threading.Lock) -> None:
    with pushing:
        reactor.close()
