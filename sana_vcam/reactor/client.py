"""`SanaClient`: one Reactor session with the `sana-streaming` model, typed.

A client is used for one session: connect once, reconnect as often as the platform's window
allows, close. Everything but `push` and the frame handler belongs to one event loop.

Facts about the SDK that shape this module were measured against reactor-sdk 1.13 and
reactor-runtime 3.10: HTTP calls have no timeout, life-cycle calls must not overlap, a publish
does not survive a reconnect, the `state` sent on connect is usually lost, a disconnect succeeds
although the platform refused to end the session, and a client that is closed while it creates a
session never learns its id.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from reactor_sdk import (
    AbortedError,
    DisconnectedError,
    FileRef,
    InvalidStateError,
    Reactor,
    ReactorError,
    Track,
)

from sana_vcam.lib.threads import run_blocking
from sana_vcam.media.frames import ModelFrame
from sana_vcam.media.pixels import bgra_bytes_to_i420
from sana_vcam.reactor.errors import (
    CommandRejected,
    SessionError,
    SessionGone,
    SessionLost,
    Unavailable,
    UploadFailed,
    describe,
    from_command,
    from_join,
    from_opening,
    from_reconnect,
)
from sana_vcam.reactor.messages import (
    ChunkComplete,
    CommandErrorMessage,
    GenerationReset,
    GenerationStarted,
    Message,
    PromptAccepted,
    StateMessage,
    UnknownMessage,
    VideoAccepted,
    parse_message,
)
from sana_vcam.reactor.platform import TOKEN_TIMEOUT_S, OpenSession, Platform
from sana_vcam.reactor.stats import ConnectionStats

log = logging.getLogger(__name__)

CAMERA_TRACK = "camera"
VIDEO_TRACK = "main_video"

# A broadcast answer follows its bodyless ack within a few milliseconds; a model that sends none
# must not hold the caller up.
ANSWER_GRACE_S = 0.5
# `publish` is refused until the platform has noticed that the former connection is dead (≤ 8 s).
PUBLISH_PATIENCE_S = 15.0
PUBLISH_RETRY_S = 1.0
SCHEMA_TIMEOUT_S = 5.0
DISCONNECT_TIMEOUT_S = 4.0
# How long `close` waits for the answer to a create request in flight: only it has the id by which
# the session can be ended.
ID_PATIENCE_S = 8.0
UPLOAD_TIMEOUT_S = 300.0
# WebRTC's own ceiling at 1280x704. Left alone, the bitrate begins at what the first packets seem to
# prove, on a busy machine often a third of that, and is slow to rise. No floor: over a poor link a
# floor fills the queues for as long as it lasts.
START_BPS = 2_500_000
# "decode failed" is sometimes a false alarm on a valid clip; the API page says to repeat it.
SET_VIDEO_TRIES = 3


class Phase(StrEnum):
    """The connection's phase, in the SDK's own words."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    WAITING = "waiting"
    READY = "ready"


class SanaClient:
    """A typed client for one session."""

    def __init__(
        self,
        api_key: str | None = None,
        *,
        api_url: str = "https://api.reactor.inc",
        local: bool = False,
        model: str = "sana-streaming",
        max_session_s: int | None = None,
        track_size: tuple[int, int] = (1280, 704),
        connect_timeout_s: float = 20.0,
        waiting_timeout_s: float = 180.0,
        start_bps: int = START_BPS,
    ) -> None:
        """Prepare a client; no I/O.

        Args:
            api_key: The Reactor API key; not needed with `local`.
            api_url: Where the platform, or with `local` a runtime, answers.
            local: A runtime on this machine, without authentication.
            model: The model's name.
            max_session_s: The platform ends the session after this many seconds.
            track_size: (width, height) of every pushed frame. The model crashes when the size
                changes in a run, so a frame of another size is refused here.
            connect_timeout_s: How long one step of connecting may stay without progress.
            waiting_timeout_s: How long to wait for a GPU.
            start_bps: Where the camera's bitrate begins on every connection; 0 leaves it to WebRTC.
        """
        self.platform = Platform(api_url, local, model, api_key, max_session_s)
        self.track_size = track_size
        self.session_id: str | None = None
        self.phase = Phase.DISCONNECTED
        self.state: StateMessage | None = None
        self.last_chunk: int | None = None
        # Written by the SDK's media thread, as is `frames_received`.
        self.last_frame_at: float | None = None
        self.frames_received = 0
        self.ready_at: float | None = None
        self._connect_timeout_s = connect_timeout_s
        self._waiting_timeout_s = waiting_timeout_s
        self._start_bps = start_bps
        self._phase_since = time.monotonic()
        self._reactor: Reactor | None = None
        self._camera: Track | None = None
        self._token: str | None = None
        self._adopted = False
        self._has_gpu = False
        self._closed = False
        self._ended = False
        self._commands: frozenset[str] | None = None
        self._said: set[str] = set()
        self._life_cycle = asyncio.Lock()
        self._closing = asyncio.Lock()
        self._commanding = asyncio.Lock()
        # Held during a push, so that the native client is not freed under it.
        self._pushing = threading.Lock()
        self._operation: asyncio.Task[None] | None = None
        self._starting_high: asyncio.Future[None] | None = None
        self._lost = asyncio.Event()
        self._session_known = asyncio.Event()
        self._waiters: list[_Waiter] = []
        self._message_handlers: list[tuple[type[Message], Callable[[Any], None]]] = []
        self._phase_handlers: list[Callable[[Phase], None]] = []
        self._session_handlers: list[Callable[[OpenSession], None]] = []
        self._frame_handler: Callable[[ModelFrame], None] | None = None

    # -- who is told what ----------------------------------------------------------------------

    def on[M: Message](self, kind: type[M], handler: Callable[[M], None]) -> None:
        """Call `handler` on the loop for every message of `kind` (`Message`: for all)."""
        self._message_handlers.append((kind, handler))

    def on_phase(self, handler: Callable[[Phase], None]) -> None:
        """Call `handler` on the loop when the connection's phase changes."""
        self._phase_handlers.append(handler)

    def on_session(self, handler: Callable[[OpenSession], None]) -> None:
        """Call `handler` on the loop as soon as the platform has created or joined a session."""
        self._session_handlers.append(handler)

    def on_frame(self, handler: Callable[[ModelFrame], None]) -> None:
        """Call `handler` on the SDK's media thread for every edited frame of the track's size.

        A handler that takes long makes the SDK keep only the newest frame.
        """
        self._frame_handler = handler

    # -- the session's life --------------------------------------------------------------------

    async def connect(self, *, session_id: str | None = None) -> None:
        """Open a session, or join the open one `session_id`, and wait until it is ready.

        Raises `Refused`, `Unavailable` or `SessionLost`, and `SessionGone` if there is no such
        session to join. After any of them, and after a cancellation, call `close`.
        """
        async with self._life_cycle:
            if self._reactor is not None or self._closed:
                raise RuntimeError("a SanaClient is used for one session; make a new one")
            limit_s = min(self._connect_timeout_s, TOKEN_TIMEOUT_S)
            token = await self.platform.mint(session_id=session_id, timeout_s=limit_s)
            if self._closed:
                raise SessionLost("the client was closed while it was connecting")
            self._token = token
            self._adopted = session_id is not None
            self._reactor = reactor = self._make_reactor(token)
            await self._bounded(
                lambda: reactor.connect(session_id=session_id),
                self._from_opening if session_id is None else from_join,
                too_late=Unavailable,
            )
            self._commands = await self._declared_commands()

    async def reconnect(self) -> None:
        """Join the same session again after a loss; its run goes on at the model.

        The camera has to be published again. Raises `Unavailable`, which may be tried again
        within the platform's window of 30 s, or `SessionGone`, also if no answer came: the SDK's
        call is then still under way, and this client can only be closed.
        """
        async with self._life_cycle:
            reactor = self._require()
            self._camera = None
            if self.phase is Phase.READY:
                # Without it a publish after a reconnect is refused.
                reactor.unpublish_track(CAMERA_TRACK)
            self._lost.clear()
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
        track = self._require().track(CAMERA_TRACK)
        deadline = time.monotonic() + PUBLISH_PATIENCE_S
        while True:
            try:
                await track.publish()
            except ReactorError as error:
                if error.code != "publish_refused":
                    raise from_command(error, "publish") from None
                if time.monotonic() > deadline:
                    raise Unavailable("the platform keeps the camera's track to itself") from None
                log.debug("publish refused, trying again: %s", error.message)
                # Also our own publish may be in the way: a reconnect that the platform answered
                # with an error before it worked leaves the track published.
                self.unpublish()
                await asyncio.sleep(PUBLISH_RETRY_S)
            else:
                self._require()
                self._camera = track
                return

    def unpublish(self) -> None:
        """Stop sending the camera."""
        self._camera = None
        if self._reactor is not None and self.phase is Phase.READY:
            self._reactor.unpublish_track(CAMERA_TRACK)

    def push(self, bgra: bytes) -> bool:
        """Send one frame of `track_size` as BGRA bytes; from any thread, not the event loop.

        Takes 1.3 ms of CPU at 1280x704. Never blocks on the network. Returns False, and sends
        nothing, while the camera is not published. Raises ValueError for another size. No tag and
        no capture time are sent: either stops decoding on AV1 sessions after one frame.
        """
        width, height = self.track_size
        if len(bgra) != width * height * 4:
            raise ValueError(f"push takes {width}x{height} BGRA, {width * height * 4} bytes")
        with self._pushing:
            track = self._camera
            if track is None or not track.published:
                return False
            try:
                track.push_frame(bgra, width=width, height=height)
            except ReactorError as error:
                # The connection can drop between the check and the push.
                log.debug("a frame was not sent: %s", error.code)
                return False
        return True

    @property
    def published(self) -> bool:
        """Whether pushed frames reach the model."""
        return self._camera is not None and self._camera.published

    async def wait_lost(self) -> None:
        """Return when the connection has dropped without having been closed here."""
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
        self._camera = None
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
        """The connection's statistics now. Raises `SessionLost` or `Unavailable`."""
        try:
            return ConnectionStats.of(await self._require().get_stats())
        except ReactorError as error:
            raise from_command(error, "get_stats") from None

    # -- the model's commands ------------------------------------------------------------------
    # Each returns True when the model accepted it and False when this session's model does not
    # have the command, in which case nothing was sent. Each raises CommandRejected, SessionLost
    # or Unavailable.

    async def set_mode(self, mode: Literal["live", "file"]) -> bool:
        """Choose the source of the next run; before `start`."""
        return await self._command("set_mode", {"mode": mode}, _sends(StateMessage))

    async def set_video(self, video: FileRef | Path | bytes, *, name: str = "clip.mp4") -> bool:
        """Set the clip for file mode, uploading it first unless it is an uploaded `FileRef`.

        The clip needs at least 33 frames. Also raises `UploadFailed`.
        """
        reference = video if isinstance(video, FileRef) else await self.upload(video, name=name)
        for attempt in range(1, SET_VIDEO_TRIES + 1):
            try:
                return await self._command("set_video", {"video": reference}, _sends(VideoAccepted))
            except CommandRejected as error:
                if "decode" not in error.reason.lower() or attempt == SET_VIDEO_TRIES:
                    raise
        raise AssertionError("unreachable")

    async def set_prompt(self, prompt: str) -> bool:
        """Set the edit; while streaming it lands at the next chunk."""
        return await self._command("set_prompt", {"prompt": prompt}, _sends(PromptAccepted))

    async def set_seed(self, seed: int) -> bool:
        """Set the noise seed; the model reads it when a run starts."""
        return await self._command("set_seed", {"seed": seed}, _shows(seed=seed))

    async def set_anchor_interval(self, chunks: int) -> bool:
        """Re-ground on the source every `chunks` chunks; 0 is never."""
        return await self._command(
            "set_anchor_interval", {"chunks": chunks}, _shows(anchor_interval=chunks)
        )

    async def start(self) -> bool:
        """Begin the run. Without effect while one is going on."""
        return await self._command("start", {}, _shows(started=True))

    async def pause(self) -> bool:
        """Pause after the current chunk."""
        return await self._command("pause", {}, _shows(paused=True))

    async def resume(self) -> bool:
        """Go on after a pause."""
        return await self._command("resume", {}, _shows(paused=False))

    async def reset(self) -> bool:
        """End the run and clear prompt and clip."""
        return await self._command("reset", {}, _shows(started=False))

    async def upload(self, video: Path | bytes, *, name: str = "clip.mp4") -> FileRef:
        """Upload a clip for `set_video`. Raises `UploadFailed` or `SessionLost`."""
        reactor = self._require()
        try:
            if isinstance(video, Path):
                video = await run_blocking(video.read_bytes, name="read-clip")
            if not video:
                raise UploadFailed("the clip is empty")
            sending = reactor.upload_file(video, name=name, mime_type="video/mp4")
            return await asyncio.wait_for(sending, UPLOAD_TIMEOUT_S)
        except (AbortedError, DisconnectedError, InvalidStateError):
            raise SessionLost("the connection dropped during the upload") from None
        except ReactorError as error:
            raise UploadFailed(f"the clip could not be uploaded: {describe(error)}") from None
        except OSError as error:
            reason = error.strerror or "no answer"
            raise UploadFailed(f"the clip could not be uploaded: {reason}") from None

    @property
    def declared(self) -> frozenset[str] | None:
        """The commands that the session declares; None if it would not say."""
        return self._commands

    # -- inside --------------------------------------------------------------------------------

    def _make_reactor(self, token: str | None) -> Reactor:
        platform = self.platform
        reactor = Reactor(platform.model, jwt=token, api_url=platform.api_url, local=platform.local)
        reactor.on("status_changed", self._status_changed)
        reactor.on("session_id_changed", self._session_changed)
        reactor.on("message", self._message_arrived)
        reactor.on("capabilities_received", self._gpu_given)
        reactor.on("error", lambda error: log.debug("sdk error event: %s", describe(error)))
        reactor.on("runtime_message", self._runtime_message)
        reactor.track(VIDEO_TRACK).on_raw_frame(self._frame_arrived)
        return reactor

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
            with self._pushing:
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

        The SDK's disconnect says nothing about the answer to that, and an adopter's asks for
        none. During a life-cycle call in flight there is no order to keep.
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
        return connected and not self._adopted

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

    async def _declared_commands(self) -> frozenset[str] | None:
        """The session's commands, from its schema; None if it does not say."""
        try:
            schema = await asyncio.wait_for(self._require().request_schema(), SCHEMA_TIMEOUT_S)
        except (ReactorError, TimeoutError) as error:
            self._require()
            log.warning("the session does not say which commands it has: %s", type(error).__name__)
            return None
        return _read_schema(schema)

    async def _command(
        self, name: str, data: dict[str, Any], accepted: Callable[[Message], bool]
    ) -> bool:
        """Send one command and learn whether it was accepted, whatever shape the answer has."""
        if self._commands is not None and name not in self._commands:
            self._say_once(f"this model has no {name}; it is left out")
            return False
        async with self._commanding:
            reactor = self._require()
            waiter = _Waiter(name, accepted)
            self._waiters.append(waiter)
            try:
                reply = await reactor.send_command(name, data)
                self._take_reply(waiter, reply)
                await waiter.answered(ANSWER_GRACE_S)
            except ReactorError as error:
                raise from_command(error, name) from None
            finally:
                self._waiters.remove(waiter)
        if waiter.rejection is not None:
            raise CommandRejected(name, waiter.rejection)
        return True

    def _take_reply(self, waiter: _Waiter, reply: Any) -> None:
        """A typed reply is the whole answer; it also comes as a message event, but maybe later."""
        if reply is None:
            return
        try:
            waiter.settle(parse_message(reply))
        except UnknownMessage as error:
            self._say_once(f"ignored {error}")

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
            self._camera = None
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

    def _message_arrived(self, raw: Any) -> None:
        try:
            message = parse_message(raw)
        except UnknownMessage as error:
            self._say_once(f"ignored {error}")
            return
        self._note(message)
        for waiter in self._waiters:
            waiter.offer(message)
        for kind, handler in self._message_handlers:
            if isinstance(message, kind):
                handler(message)

    def _note(self, message: Message) -> None:
        match message:
            case StateMessage():
                self.state = message
            case ChunkComplete(chunk_index=index):
                self.last_chunk = index
            case GenerationStarted() | GenerationReset():
                # `state.current_chunk` keeps the former run's value until the first chunk.
                self.last_chunk = None
            case _:
                return

    def _runtime_message(self, raw: Any) -> None:
        kind = raw.get("type") if isinstance(raw, dict) else None
        self._say_once(f"the platform says {kind!r}")

    def _frame_arrived(self, bgra: bytes, width: int, height: int, *_: object) -> None:
        if (width, height) != self.track_size:
            # The pacer may send one black frame of its own default size before the model's first.
            self._say_once(f"ignored frames of {width}x{height}")
            return
        now = time.monotonic()
        self.frames_received += 1
        self.last_frame_at = now
        if self._frame_handler is not None:
            i420 = bgra_bytes_to_i420(bgra, width, height)
            self._frame_handler(ModelFrame(i420, self.frames_received, now))

    def _say_once(self, text: str) -> None:
        if text not in self._said and len(self._said) < 100:
            self._said.add(text)
            log.info("%s", text)


class _Waiter:
    """What one command in flight has heard so far."""

    def __init__(self, command: str, accepted: Callable[[Message], bool]) -> None:
        self.command = command
        self.rejection: str | None = None
        self._accepted = accepted
        self._heard = asyncio.Event()

    def offer(self, message: Message) -> None:
        """Take a message that may be the answer; most are about something else."""
        if isinstance(message, CommandErrorMessage):
            if message.command == self.command:
                self.settle(message)
        elif self._accepted(message):
            self._heard.set()

    def settle(self, reply: Message) -> None:
        """Take the message that surely is the answer."""
        if isinstance(reply, CommandErrorMessage):
            self.rejection = reply.reason
        self._heard.set()

    async def answered(self, grace_s: float) -> None:
        """Wait for the broadcast answer; a model that sends none has acknowledged already."""
        try:
            await asyncio.wait_for(self._heard.wait(), grace_s)
        except TimeoutError:
            log.debug("%s was acknowledged without a message", self.command)


def _sends(kind: type[Message]) -> Callable[[Message], bool]:
    """The answer is a message of `kind`."""
    return lambda message: isinstance(message, kind)


def _shows(**fields: object) -> Callable[[Message], bool]:
    """The answer is a `state` with these fields, so that `SanaClient.state` shows them as well.

    Any other `state` proves nothing: one is sent after every chunk.
    """

    def matches(message: Message) -> bool:
        return isinstance(message, StateMessage) and all(
            getattr(message, name) == value for name, value in fields.items()
        )

    return matches


def _read_schema(schema: Any) -> frozenset[str] | None:
    """The commands in the model's OpenAPI document, its paths `/events/<command>`."""
    paths = schema.get("paths") if isinstance(schema, dict) else None
    if not isinstance(paths, dict):
        return None
    return frozenset(p.removeprefix("/events/") for p in paths if p.startswith("/events/")) or None
