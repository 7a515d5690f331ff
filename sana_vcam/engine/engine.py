"""The engine: keeps one session streaming for as long as one is wanted.

    wanted ──▶ sweep what a crash left ──▶ connect ──▶ publish, mode, seed, anchor, prompt, start
      ▲                                                        │
      └── backoff ◀── lost for good ◀── reconnect (30 s) ◀── streaming ──▶ unwanted: close

Everything here runs on the event loop. A session object is used once and closed on every way out;
its id stays in the ledger until the platform has confirmed its end.

One task works on the session (connect, begin, watch, reconnect) while `_supervise` decides whether
it may go on, so that no slow step holds up a disconnect. `wants` is what the user asked for,
`_given` what the model has accepted in this run; whatever differs is sent again.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any, Protocol

from sana_vcam.config import ReactorConfig
from sana_vcam.engine.backoff import backoff
from sana_vcam.engine.ledger import Ledger
from sana_vcam.engine.lifecycle import EngineStatus, check
from sana_vcam.engine.sessions import Sessions
from sana_vcam.engine.wants import Wants
from sana_vcam.errors import CommandFailed
from sana_vcam.frames import ModelFrame
from sana_vcam.sana import (
    CommandRejected,
    OpenSession,
    Phase,
    Refused,
    SanaClient,
    SessionError,
    SessionLost,
    StateMessage,
    Unavailable,
)
from sana_vcam.status import SessionState as S
from sana_vcam.threads import wait_out

log = logging.getLogger(__name__)

# The platform keeps a dropped session for 30 s; the SDK notices a drop after 5 to 8 s.
RECONNECT_WINDOW_S = 20.0
RECONNECT_PAUSE_S = 1.0
# Ended and reopened this long before the platform would end it.
RENEW_MARGIN_S = 15.0
# A run that is connected but gives no frame for this long is begun anew.
SILENT_RUN_S = 20.0
# A session without a camera costs money for nothing.
CAMERA_GRACE_S = 20.0
WATCH_INTERVAL_S = 0.25
# A session that streamed this long was a success: the next failure starts the backoff anew.
STABLE_S = 60.0
# While no session is wanted, one that could not be ended is tried again this often.
SWEEP_PAUSE_S = 30.0


class Media(Protocol):
    """What the engine connects a session to: the camera's frames in, the model's frames out."""

    def camera_ready(self) -> bool:
        """Whether the camera delivers frames now."""
        ...

    def attach(self, push: Callable[[bytes], bool]) -> None:
        """Send the camera's frames to `push` from now on."""
        ...

    def detach(self) -> None:
        """Send the camera's frames nowhere."""
        ...

    def model_frame(self, frame: ModelFrame) -> None:
        """Take an edited frame; on an SDK thread."""
        ...

    def run_began(self) -> None:
        """Forget the frames of the former run."""
        ...


class Engine:
    """Decides about sessions, and carries the user's commands to the one that is open."""

    def __init__(
        self,
        config: ReactorConfig,
        wants: Wants,
        *,
        sessions: Sessions,
        media: Media,
        ledger: Ledger,
        on_change: Callable[[], None],
        connect_wanted: bool,
        rng: random.Random | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; `run` does the work. `on_change` is called on the loop at every change."""
        self.wants = wants
        self.model_state: StateMessage | None = None
        self.status = EngineStatus(since=clock(), wanted=connect_wanted, paused=wants.paused)
        self._config = config
        self._sessions = sessions
        self._media = media
        self._ledger = ledger
        self._on_change = on_change
        self._rng = rng or random.Random()
        self._clock = clock
        self._waits = backoff(self._rng)
        self._sweep_at = 0.0
        self._logged = ""
        self._client: SanaClient | None = None
        self._asked = asyncio.Event()
        self._wire = asyncio.Lock()
        self._restart = False
        # The model has a run, as far as it has said.
        self._started = False
        # The run is as wanted: commands go to the model at once.
        self._running = False
        self._run_began_at = 0.0
        self._given = wants
        # Who asked last for each want: a refusal takes back only what nobody asked for since.
        self._askers: dict[str, object] = {}

    @property
    def chunk(self) -> int | None:
        """Index of the last chunk that the model completed in this run."""
        return self._client.last_chunk if self._client is not None else None

    # -- the user's wishes ---------------------------------------------------------------------

    def connect(self) -> None:
        """Want a session; after a refusal, try again."""
        self._try_again()
        self._set(wanted=True)
        self._asked.set()

    def disconnect(self) -> None:
        """Want none."""
        self._try_again()
        self._set(wanted=False, error=None)
        self._asked.set()

    async def set_prompt(self, prompt: str, *, preset: str | None, seed: int | None) -> None:
        """Want this prompt (and seed). Raises `CommandFailed` and keeps the old one if refused."""
        self._try_again()
        fields: dict[str, object] = {"prompt": prompt, "preset": preset}
        if seed is not None:
            fields["seed"] = seed

        async def send(client: SanaClient) -> None:
            if seed is not None:
                await client.set_seed(seed)
            await client.set_prompt(prompt)

        await self._wish(send, fields)

    async def set_seed(self, seed: int) -> None:
        """Want this seed; the model reads it when a run begins."""
        await self._wish(lambda client: client.set_seed(seed), {"seed": seed})

    async def set_anchor_interval(self, chunks: int) -> None:
        """Want this many chunks between anchors."""
        await self._wish(
            lambda client: client.set_anchor_interval(chunks), {"anchor_interval": chunks}
        )

    async def pause(self) -> None:
        """Want the run paused."""
        await self._wish(lambda client: client.pause(), {"paused": True})
        self._follow_model()

    async def resume(self) -> None:
        """Want the run to go on."""
        await self._wish(lambda client: client.resume(), {"paused": False})
        self._follow_model()

    async def reset(self) -> None:
        """Begin the run anew, with everything that is wanted."""
        if not self._running:
            raise CommandFailed("not_ready", "no session is streaming, so there is no run to reset")
        self._running = False
        self._restart = True
        self._asked.set()

    async def _wish(
        self, send: Callable[[SanaClient], Awaitable[object]], fields: dict[str, object]
    ) -> None:
        """Want `fields`; send them if a run is on, and leave them to the next one if not."""
        asker = object()
        self._askers.update(dict.fromkeys(fields, asker))
        self._want(**fields)
        self._asked.set()
        client = self._client
        if client is None or not self._running:
            return
        async with self._wire:
            # Held by another command for up to 10 s: the run may be over by now.
            if self._running:
                await self._deliver(client, send, fields, asker)

    async def _deliver(
        self,
        client: SanaClient,
        send: Callable[[SanaClient], Awaitable[object]],
        fields: dict[str, object],
        asker: object,
    ) -> None:
        """Send a wish to the run that is on. What did not arrive is sent again by `_watch`."""
        try:
            await send(client)
        except CommandRejected as error:
            # A session that is being closed refuses everything; that says nothing of the wish.
            if self._client is client and self.status.state is not S.CLOSING:
                self._take_back(name for name in fields if self._askers[name] is asker)
                raise CommandFailed("rejected", str(error)) from None
        except SessionLost:
            log.info("the connection dropped; the wish is kept for the next one")
        except Unavailable as error:
            raise CommandFailed("not_ready", f"{error}; it is kept and sent again") from None
        else:
            self._given = _changed(self._given, fields)

    # -- the work ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the wish fulfilled until cancelled; closes the session on the way out."""
        try:
            while True:
                await self._until(lambda: self._may_open() or self._may_sweep())
                try:
                    await self._sweep()
                    if self._may_open():
                        await self._one_session()
                except SessionError as error:
                    await self._failed(error)
        finally:
            self._to(S.IDLE)

    async def end_leftovers(self) -> None:
        """End what is still in the ledger; for the way out. Logs what it cannot end."""
        try:
            await self._sweep()
        except SessionError as error:
            log.warning("%s; the next start will try again", error)

    async def _one_session(self) -> None:
        """From connect to the end of one session; closed however it goes."""
        client = self._client = self._new_client()
        self._restart = self._started = False
        self._to(S.CONNECTING, error=None)
        work = asyncio.ensure_future(self._work(client))
        try:
            await self._supervise(client, work)
        finally:
            self._running = False
            self._media.detach()
            self._to(S.CLOSING)
            # Also a second cancellation waits until the session is ended.
            await wait_out(asyncio.ensure_future(self._close(client, work)))

    async def _supervise(self, client: SanaClient, work: asyncio.Future[None]) -> None:
        """Return when the session is not to go on, whatever `work` is doing; raise its error."""
        camera_seen = self._clock()
        while not work.done():
            now = self._clock()
            camera_seen = now if self._media.camera_ready() else camera_seen
            if not self.status.wanted:
                return
            if self._worn_out(client):
                log.info("renewing the session before the platform ends it")
                return
            if now - camera_seen > CAMERA_GRACE_S:
                log.warning("the camera has stopped, so the session is closed")
                self._set(error="the camera has stopped, so the session was closed")
                return
            await self._moment(work)
        work.result()

    async def _work(self, client: SanaClient) -> None:
        """Connect, and keep the run going until it fails; the session is closed elsewhere."""
        deadline: float | None = None
        await client.connect()
        while True:
            self._to(S.STARTING, ready_at=client.ready_at)
            try:
                await self._begin_run(client)
                await self._watch(client)
            except SessionLost as error:
                # A connection that drops again before a picture was shown has no new window.
                again = deadline is not None and self.status.state is S.STARTING
                if deadline is None or not again:
                    deadline = self._clock() + RECONNECT_WINDOW_S
                log.warning("%s", error)
                self._running = False
                self._media.detach()
                self._to(S.RECONNECTING, error=str(error))
                await self._reconnect(client, deadline, RECONNECT_PAUSE_S if again else 0.0)

    async def _begin_run(self, client: SanaClient) -> None:
        """Publish and bring the model to what is wanted, whatever state it is in."""
        self._running = False
        async with self._wire:
            if self._restart:
                await client.reset()
                self._restart = self._started = False
            if not client.published:
                await client.publish()
            self._run_began_at = self._clock()
            self._media.run_began()
            self._media.attach(client.push)
            await self._converge(client, None)
            self._running = True

    async def _converge(self, client: SanaClient, sent: Wants | None) -> None:
        """Send what differs from `sent` until nothing changed meanwhile, and start the run."""
        if not self._started:
            await client.set_mode("live")
        while sent != self.wants or not self._started:
            wants = self.wants
            if sent is None or wants.seed != sent.seed:
                await _tolerant(client.set_seed(wants.seed))
            if sent is None or wants.anchor_interval != sent.anchor_interval:
                await _tolerant(client.set_anchor_interval(wants.anchor_interval))
            if sent is None or wants.prompt != sent.prompt:
                await self._send_prompt(client, wants.prompt)
            if not self._started and wants is self.wants:
                await client.start()
                self._started = True
            if self._started and wants.paused != _is_paused(client):
                await _tolerant(client.pause() if wants.paused else client.resume())
            sent = wants
        self._given = self.wants

    async def _send_prompt(self, client: SanaClient, prompt: str) -> None:
        """Send `prompt`; if it is refused, a run that is on keeps the prompt that it has.

        Without a run, and unless another was asked for meanwhile, the end is `Refused`: starting
        without a prompt would show the camera nearly as it is.
        """
        try:
            await client.set_prompt(prompt)
        except CommandRejected as error:
            log.warning("%s", error)
            if self.wants.prompt != prompt:
                return
            if not self._started:
                raise Refused(
                    f"{error}. Choose another: sana-vcam ctl prompt ...",
                    words="The model refused the prompt",
                ) from None
            self._take_back(("prompt", "preset"))

    async def _watch(self, client: SanaClient) -> None:
        """Return when the run is to begin anew; raise `SessionLost` when the connection drops."""
        lost = asyncio.ensure_future(client.wait_lost())
        try:
            while self._started and not self._restart:
                await self._moment(lost)
                if lost.done():
                    raise SessionLost("the connection to the model dropped")
                await self._deliver_again(client)
                self._follow_model()
                self._check_silence(client)
        finally:
            lost.cancel()
        if not self._restart:
            if not self._has_picture(client):
                raise Unavailable("the model ended the run before its first picture")
            log.warning("the model ended the run; starting it again")

    async def _deliver_again(self, client: SanaClient) -> None:
        """Send the wishes that did not arrive, unless one is being sent right now."""
        if self._running and self._given != self.wants and not self._wire.locked():
            async with self._wire:
                await self._converge(client, self._given)

    async def _reconnect(self, client: SanaClient, deadline: float, pause_s: float) -> None:
        """Get the same session back until `deadline`, first after `pause_s`. Raises when late."""
        while True:
            await asyncio.sleep(pause_s)
            pause_s = RECONNECT_PAUSE_S
            left_s = deadline - self._clock()
            if left_s <= 0:
                raise Unavailable("the session could not be joined again in time")
            try:
                await asyncio.wait_for(client.reconnect(), left_s)
            except (TimeoutError, Unavailable) as error:
                log.debug("not joined again: %r", error)
            else:
                return

    async def _failed(self, error: SessionError) -> None:
        """After a session, or the attempt at one: wait and try again, or wait to be asked."""
        first = logging.ERROR if isinstance(error, Refused) else logging.WARNING
        log.log(logging.DEBUG if str(error) == self._logged else first, "%s", error)
        self._logged = str(error)
        if not self.status.wanted:
            return
        if isinstance(error, Refused):
            self._to(S.REFUSED, error=str(error), words=error.words)
            return
        hint = error.retry_after_s if isinstance(error, Unavailable) else None
        deadline = self._clock() + max(next(self._waits), hint or 0.0)
        self._to(S.BACKOFF, error=str(error), words=error.words)
        await self._until(lambda: not self.status.wanted or self._clock() >= deadline)
        self._to(S.IDLE)

    async def _sweep(self) -> None:
        """End every session that an earlier run, or a failed close, has left open.

        One that cannot be ended holds up new ones on the same platform only: that error is raised
        after all have been tried.
        """
        self._sweep_at = self._clock() + SWEEP_PAUSE_S
        held_up: SessionError | None = None
        for session in self._ledger.pending:
            log.info("ending session %s, which was left open", session.session_id)
            try:
                await self._sessions.end(session)
            except SessionError as error:
                if self._is_ours(session):
                    held_up = error
                else:
                    log.warning("session %s cannot be ended now: %s", session.session_id, error)
            else:
                self._ledger.ended(session.session_id)
        if held_up is not None:
            raise held_up

    async def _close(self, client: SanaClient, work: asyncio.Future[None]) -> None:
        """End the work, then the session."""
        work.cancel()
        await asyncio.wait({work})
        if not work.cancelled():
            log.debug("the work on the session ended with %r", work.exception())
        try:
            if await client.close() and client.session_id is not None:
                self._ledger.ended(client.session_id)
        finally:
            if (client.last_frame_at or 0.0) - (client.ready_at or 0.0) > STABLE_S:
                self._waits = backoff(self._rng)
            self._client = None
            self.model_state = None
            self._to(S.IDLE, ready_at=None)

    # -- small things --------------------------------------------------------------------------

    def _may_open(self) -> bool:
        return (
            self.status.wanted
            and self.status.state is S.IDLE
            and not self.wants.paused
            and self._media.camera_ready()
        )

    def _may_sweep(self) -> bool:
        return (
            self.status.state is S.IDLE
            and self._clock() >= self._sweep_at
            and any(self._is_ours(session) for session in self._ledger.pending)
        )

    def _is_ours(self, session: OpenSession) -> bool:
        return session.api_url == self._config.api_url

    def _worn_out(self, client: SanaClient) -> bool:
        """Whether the platform would end the session soon."""
        return (
            client.ready_at is not None
            and self._clock() - client.ready_at > self._config.max_session_s - RENEW_MARGIN_S
        )

    async def _until(self, condition: Callable[[], bool]) -> None:
        """Wait for `condition`, looking when something was asked and every moment anyway."""
        while not condition():
            await self._moment()

    async def _moment(self, *others: asyncio.Future[None]) -> None:
        """Sleep until something was asked, one of `others` is done, or a moment has passed.

        Whoever waits here looks at what is wanted before, so that a wish is never missed.
        """
        self._asked.clear()
        asked: asyncio.Future[Any] = asyncio.ensure_future(self._asked.wait())
        try:
            await asyncio.wait(
                {asked, *others}, timeout=WATCH_INTERVAL_S, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            asked.cancel()

    def _has_picture(self, client: SanaClient) -> bool:
        return (client.last_frame_at or 0.0) > self._run_began_at

    def _follow_model(self) -> None:
        """Streaming or paused, as the model's own state and picture say."""
        client = self._client
        if client is None or not self._running:
            return
        if _is_paused(client):
            self._to(S.PAUSED, error=None)
        elif self._has_picture(client):
            self._logged = ""
            self._to(S.STREAMING, error=None)

    def _check_silence(self, client: SanaClient) -> None:
        """Raise `Unavailable` if a run that is not paused has shown nothing for too long."""
        if self.status.state is S.PAUSED or self.wants.paused:
            return
        quiet_since = max(self.status.since, self._run_began_at, client.last_frame_at or 0.0)
        if self._clock() - quiet_since > SILENT_RUN_S:
            raise Unavailable(f"the model gave no picture for {SILENT_RUN_S:.0f} s")

    def _new_client(self) -> SanaClient:
        client = self._sessions.new_client()
        client.on_session(self._ledger.opened)
        client.on_phase(self._phase_changed)
        client.on(StateMessage, self._model_state_changed)
        client.on_frame(self._media.model_frame)
        return client

    def _phase_changed(self, phase: Phase) -> None:
        if phase is Phase.WAITING and self.status.state is S.CONNECTING:
            self._to(S.WAITING)

    def _model_state_changed(self, state: StateMessage) -> None:
        # Only a change says that a run has ended: the state before `start` may come after it.
        if self.model_state is not None and self.model_state.started and not state.started:
            self._started = False
            self._asked.set()
        self.model_state = state
        self._on_change()

    def _try_again(self) -> None:
        """A refusal is final until the user asks for something."""
        if self.status.state is S.REFUSED:
            self._to(S.IDLE, error=None)

    def _take_back(self, names: Iterable[str]) -> None:
        """Want what the model has, as it has refused what was wanted."""
        self._want(**{name: getattr(self._given, name) for name in names})

    def _want(self, **fields: object) -> None:
        self.wants = _changed(self.wants, fields)
        self.status = replace(self.status, paused=self.wants.paused)
        self._on_change()

    def _to(self, state: S, **changes: object) -> None:
        """The one place where the state changes."""
        if state is not self.status.state:
            check(self.status.state, state)
            log.info("session: %s -> %s", self.status.state, state)
            changes["since"] = self._clock()
        self._set(state=state, **changes)

    def _set(self, **changes: object) -> None:
        status = replace(self.status, **changes)  # type: ignore[arg-type]
        if status != self.status:
            self.status = status
            self._on_change()


async def _tolerant(command: Awaitable[bool]) -> None:
    """A refused seed or anchor interval is no reason to show nothing."""
    try:
        await command
    except CommandRejected as error:
        log.warning("%s", error)


def _is_paused(client: SanaClient) -> bool:
    return client.state is not None and client.state.paused


def _changed(wants: Wants, fields: dict[str, object]) -> Wants:
    return replace(wants, **fields)  # type: ignore[arg-type]
