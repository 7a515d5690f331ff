"""`ReactorClient`: one session of the Reactor SDK, whatever model is behind it.

A client is used for one session: connect once, reconnect as often as the platform's window
allows, close. Everything but `push` and the frame handler belongs to one event loop. A model is
a subclass, as `SanaClient` is.

Facts about the SDK that shape this module were measured against reactor-sdk 1.13 and
reactor-runtime 3.10: HTTP calls have no timeout, life-cycle calls must not overlap, a publish
does not survive a reconnect, the `state` sent on connect is usually lost, a disconnect succeeds
although the platform refused to end the session, and a client that is closed while it creates a
session never learns its id.
"""

from __future__ import annotations

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from types import TracebackType
from typing import Any, ClassVar, Self

from reactor_sdk import Reactor, ReactorError

from sana_vcam.media.frames import ModelFrame
from sana_vcam.reactor.channel import Channel
from sana_vcam.reactor.errors import (
    SessionError,
    SessionGone,
    SessionLost,
    Unavailable,
    describe,
    from_command,
    from_opening,
    from_reconnect,
)
from sana_vcam.reactor.messages import Message
from sana_vcam.reactor.once import Once
from sana_vcam.reactor.platform import TOKEN_TIMEOUT_S, OpenSession, Platform
from sana_vcam.reactor.stats import ConnectionStats
from sana_vcam.reactor.tracks import CameraTrack, VideoTrack

log = logging.getLogger(__name__)

DISCONNECT_TIMEOUT_S = 4.0
ID_PATIENCE_S = 8.0
"""How long `close` waits for the answer to a create request in flight: only that answer has the id
by which the session can be ended."""
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


class ReactorClient(ABC):
    """One session with a model of the platform; a subclass knows the model.

    Apart from what is declared here, a subclass has the model's commands, each in terms of
    `send_command`.
    """

    model: ClassVar[str]
    """The model's name on the platform, unless the client is given another one."""
    messages: ClassVar[Mapping[str, type[Message]]]
    """The model's messages, by their type on the wire."""
    camera_track: ClassVar[str]
    video_track: ClassVar[str]

    def __init__(
        self,
        api_key: str | None = None,
        *,
        api_url: str = "https://api.reactor.inc",
        local: bool = False,
        model: str | None = None,
        max_session_s: int | None = None,
        send_size: tuple[int, int] = (1280, 704),
        connect_timeout_s: float = 20.0,
        waiting_timeout_s: float = 180.0,
        start_bps: int = START_BPS,
    ) -> None:
        """Prepare a client; no I/O.

        Args:
            api_key: The Reactor API key; not needed with `local`.
            api_url: Where the platform, or with `local` a runtime, answers.
            local: A runtime on this machine, without authentication.
            model: The name under which the platform has the model, if it is not `self.model`.
            max_session_s: The platform ends the session after this many seconds.
            send_size: (width, height) of every pushed frame; another is refused, as a change in a
                run crashes a model such as `sana-streaming`. What comes back has a size of its own.
            connect_timeout_s: How long one step of connecting may stay without progress.
            waiting_timeout_s: How long to wait for a GPU.
            start_bps: Where the camera's bitrate begins on every connection; 0 leaves it to WebRTC.
        """
        self.platform = Platform(api_url, local, model or self.model, api_key, max_session_s)
        self.send_size = send_size
        self.session_id: str | None = None
        self.phase = Phase.DISCONNECTED
        self.ready_at: float | None = None
        self._connect_timeout_s = connect_timeout_s
        self._waiting_timeout_s = waiting_timeout_s
        self._start_bps = start_bps
        self._phase_since = time.monotonic()
        self._reactor: Reactor | None = None
        self._token: str | None = None
        self._has_gpu = self._closed = self._ended = False
        self._once = Once(log)
        self._camera = CameraTrack(
            self.camera_track, send_size, require=self._require, ready=self._if_ready
        )
        self._video = VideoTrack()
        self._channel = Channel(self.messages, self._require)
        self._channel.on(Message, self._note)
        self._life_cycle = asyncio.Lock()
        self._closing = asyncio.Lock()
        self._operation: asyncio.Task[None] | None = None
        self._starting_high: asyncio.Future[None] | None = None
        self._lost = asyncio.Event()
        self._session_known = asyncio.Event()
        self._phase_handlers: list[Callable[[Phase], None]] = []
        self._session_handlers: list[Callable[[OpenSession], None]] = []
        self.push = self._camera.push
        """Send one frame; the track's own method, so that a frame makes no detour."""
        self.run_began, self.run_ended = self._video.run_began, self._video.run_ended
        """Take frames for pictures since the model said that a run began, until one has ended."""

    # -- who is told what ----------------------------------------------------------------------

    def on[M: Message](self, kind: type[M], handler: Callable[[M], None]) -> None:
        """Call `handler` on the loop for every message of `kind` (`Message`: for all)."""
        self._channel.on(kind, handler)

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
        async with self._life_cycle:
            if self._reactor is not None or self._closed:
                raise RuntimeError("a client is used for one session; make a new one")
            limit_s = min(self._connect_timeout_s, TOKEN_TIMEOUT_S)
            token = await self.platform.mint(timeout_s=limit_s)
            if self._closed:
                raise SessionLost("the client was closed while it was connecting")
            self._token = token
            self._reactor = reactor = self._make_reactor(token)
            await self._bounded(reactor.connect, self._from_opening, too_late=Unavailable)
            await self._channel.learn_declared()

    async def reconnect(self) -> None:
        """Join the same session again after a loss; its run goes on at the model.

        The camera has to be published again. Raises `Unavailable`, which may be tried again
        within the platform's window of 30 s, or `SessionGone`, also if no answer came: the SDK's
        call is then still under way, and this client can only be closed.
        """
        async with self._life_cycle:
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

    def unpublish(self) -> None:
        """Stop sending the camera."""
        self._camera.unpublish()

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
        answer, 8 s more if that leaves a create request unanswered. A cancelled close can be
        called again, and must be.
        """
        self._closed = True
        self._lost.clear()
        self._camera.stop()
        async with self._closing:
            if not self._ended:
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

    async def send_command(
        self, name: str, data: dict[str, Any], accepted: Callable[[Message], bool]
    ) -> bool:
        """Send a command of the model; `accepted` tells the message that says it was taken on.

        False if this session's model does not have the command: then nothing was sent. Raises
        `CommandRejected`, `SessionLost` or `Unavailable`.
        """
        return await self._channel.send(name, data, accepted)

    @abstractmethod
    def _note(self, message: Message) -> None:
        """Keep what a message tells about the run, before anybody else hears of it."""

    # -- inside --------------------------------------------------------------------------------

    def _make_reactor(self, token: str | None) -> Reactor:
        platform = self.platform
        reactor = Reactor(platform.model, jwt=token, api_url=platform.api_url, local=platform.local)
        reactor.on("status_changed", self._status_changed)
        reactor.on("session_id_changed", self._session_changed)
        reactor.on("message", self._channel.message_arrived)
        reactor.on("capabilities_received", self._gpu_given)
        reactor.on("error", lambda error: log.debug("sdk error event: %s", describe(error)))
        reactor.on("runtime_message", self._runtime_message)
        reactor.track(self.video_track).on_raw_frame(self._video.frame_arrived)
        return reactor

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
        """Run one life-cycle call of the SDK, giving up when a phase makes no progress.

        A call that is given up, or whose await is cancelled, goes on at the SDK until `close`: it
        may yet bring the id of a session that has to be ended.
        """
        if self._operation is not None:
            raise SessionGone("an earlier call has not come back; the client can only be closed")
        self._phase_since = time.monotonic()
        operation = self._operation = asyncio.ensure_future(call())
        operation.add_done_callback(self._operation_done)
        while not operation.done():
            await asyncio.wait({operation}, timeout=0.2)
            waiting = self.phase is Phase.WAITING and not self._has_gpu
            limit = self._waiting_timeout_s if waiting else self._connect_timeout_s
            if not operation.done() and time.monotonic() - self._phase_since > limit:
                what = "gave no GPU" if waiting else "did not answer"
                raise too_late(f"{self.platform.api_url} {what} within {limit:.0f} s")
        error = operation.exception()
        if isinstance(error, Exception):
            model, url = self.platform.model, self.platform.api_url
            raise translate(error, model=model, api_url=url) from None
        if error is not None:
            raise error
        if self._require().status.value != Phase.READY.value:
            raise SessionLost("the connection dropped as soon as it was there")
        self._set_phase(Phase.READY)

    def _operation_done(self, operation: asyncio.Future[None]) -> None:
        self._operation = None
        if not operation.cancelled():
            # Marks it as seen: nobody else looks at it once its caller was cancelled.
            operation.exception()

    async def _end(self) -> bool:
        """Leave the session, free the native client, and see to it that the session is over."""
        left = False
        if self._reactor is not None:
            left = await self._disconnect(self._reactor)
            with self._camera.pushing:
                self._reactor.close()
            self._reactor = None
        answered = self._operation is None
        in_flight = {one for one in (self._operation, self._starting_high) if one is not None}
        if in_flight:
            await asyncio.wait(in_flight, timeout=DISCONNECT_TIMEOUT_S)
        if self._starting_high is not None:
            self._starting_high.cancel()
        self._set_phase(Phase.DISCONNECTED)
        if self.session_id is not None:
            return (left and self.platform.local) or await self._end_by_id(self.session_id)
        if not answered:
            log.warning(
                "%s has not said whether it opened a session; one that it did ends by itself "
                "at its longest duration",
                self.platform.api_url,
            )
        return answered

    async def _disconnect(self, reactor: Reactor) -> bool:
        """Leave the session in good order; True if the SDK has asked for its end as well.

        The SDK's disconnect says nothing about the answer to that. During a life-cycle call in
        flight there is no order to keep.
        """
        await self._session_id_known()
        if self._operation is not None:
            return False
        connected = self.phase is Phase.READY
        try:
            await asyncio.wait_for(reactor.disconnect(), DISCONNECT_TIMEOUT_S)
        except (ReactorError, TimeoutError) as error:
            log.debug("disconnect failed: %s", type(error).__name__)
            return False
        return connected

    async def _session_id_known(self) -> None:
        """Let a create request in flight come back, so that what it opened can be ended."""
        if self._operation is None or self.session_id is not None:
            return
        known = asyncio.ensure_future(self._session_known.wait())
        try:
            await asyncio.wait(
                {self._operation, known},
                timeout=ID_PATIENCE_S,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            known.cancel()

    async def _end_by_id(self, session_id: str) -> bool:
        try:
            await self.platform.end(self._open_session(session_id), token=self._token)
        except SessionError as error:
            log.warning("session %s may still be open: %s", session_id, error)
            return False
        return True

    def _open_session(self, session_id: str) -> OpenSession:
        platform = self.platform
        return OpenSession(session_id, platform.api_url, platform.local, platform.model)

    def _status_changed(self, status: str) -> None:
        phase = Phase(str(getattr(status, "value", status)))
        if phase is Phase.CONNECTING and self._reactor is not None and self._start_bps:
            # Only now: before, the SDK has nothing to tell it to; once ready, it is too late.
            self._starting_high = asyncio.ensure_future(self._start_high(self._reactor))
        self._set_phase(phase)

    async def _start_high(self, reactor: Reactor) -> None:
        """Have the connection that is being made begin at `start_bps`, or without if need be."""
        try:
            await reactor.set_bitrate(start_bps=self._start_bps)
        except (ReactorError, RuntimeError) as error:
            # The second is the SDK's for a client that was closed meanwhile.
            log.debug("the bitrate begins where WebRTC has it: %s", error)

    def _set_phase(self, phase: Phase) -> None:
        self._phase_since = time.monotonic()
        if phase is self.phase:
            return
        was, self.phase = self.phase, phase
        if phase is Phase.READY and self.ready_at is None:
            self.ready_at = time.monotonic()
        if phase is Phase.DISCONNECTED and was is Phase.READY and self._operation is None:
            self._camera.stop()
            self._mark_lost()
        for handler in self._phase_handlers:
            handler(phase)

    def _mark_lost(self) -> None:
        if not self._closed:
            self._lost.set()

    def _gpu_given(self, _capabilities: Any) -> None:
        self._has_gpu = True
        self._phase_since = time.monotonic()

    def _session_changed(self, session_id: str | None) -> None:
        if session_id is None or session_id == self.session_id:
            return
        self.session_id = session_id
        self._session_known.set()
        for handler in self._session_handlers:
            handler(self._open_session(session_id))

    def _runtime_message(self, raw: Any) -> None:
        kind = raw.get("type") if isinstance(raw, dict) else None
        self._once.say(f"the platform says {kind!r}")
