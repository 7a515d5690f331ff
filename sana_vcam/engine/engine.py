"""The engine: keeps one session streaming for as long as one is wanted.

    wanted ──▶ sweep what a crash left ──▶ connect ──▶ publish, mode, seed, anchor, prompt, start
      ▲                                                        │
      └── backoff ◀── lost for good ◀── reconnect (30 s) ◀── streaming ──▶ unwanted: close

Everything here runs on the event loop. A session object is used once and closed on every way out;
its id stays in the ledger until the platform has confirmed its end.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

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
    Phase,
    Refused,
    SanaClient,
    SessionError,
    SessionLost,
    StateMessage,
    Unavailable,
)
from sana_vcam.status import SessionState as S

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


class Media(Protocol):
    """What the engine connects a session to: the camera's frames in, the model's frames out."""

    def camera_ready(self) -> bool:
        """Whether the camera delivers frames now."""
        ...

    def attach(self, push: Callable[[bytes], bool]) -> None:
        """Send the camera's frames to `push` from now on."""
        ...

    def detach(self) -> None:
        """Send the camera's frames nowhere, and show none of the model's."""
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
    ) -> None:
        """Prepare; `run` does the work. `on_change` is called on the loop at every change."""
        self.wants = wants
        self.model_state: StateMessage | None = None
        self.status = EngineStatus(since=time.monotonic(), wanted=connect_wanted)
        self._config = config
        self._sessions = sessions
        self._media = media
        self._ledger = ledger
        self._on_change = on_change
        self._rng = rng or random.Random()
        self._client: SanaClient | None = None
        self._asked = asyncio.Event()
        self._wire = asyncio.Lock()
        self._restart = False
        # A run is on: commands go to the model at once.
        self._running = False
        self._run_began_at = 0.0

    @property
    def chunk(self) -> int | None:
        """Index of the last chunk that the model completed in this run."""
        return self._client.last_chunk if self._client is not None else None

    # -- the user's wishes ---------------------------------------------------------------------

    def connect(self) -> None:
        """Want a session; after a refusal, try again."""
        self._try_again()
        self._set(wanted=True, error=None)
        self._asked.set()

    def disconnect(self) -> None:
        """Want none."""
        self._set(wanted=False)
        self._asked.set()

    async def set_prompt(self, prompt: str, *, preset: str | None, seed: int | None) -> None:
        """Want this prompt (and seed). Raises `CommandFailed` and keeps the old one if refused."""
        self._try_again()
        before = self.wants
        wanted_seed = before.seed if seed is None else seed
        self._want(replace(before, prompt=prompt, preset=preset, seed=wanted_seed))

        async def send(client: SanaClient) -> None:
            if wanted_seed != before.seed:
                await client.set_seed(wanted_seed)
            await client.set_prompt(prompt)

        await self._wish(before, send)

    async def set_seed(self, seed: int) -> None:
        """Want this seed; the model reads it when a run begins."""
        before = self.wants
        self._want(replace(before, seed=seed))
        await self._wish(before, lambda client: client.set_seed(seed))

    async def set_anchor_interval(self, chunks: int) -> None:
        """Want this many chunks between anchors."""
        before = self.wants
        self._want(replace(before, anchor_interval=chunks))
        await self._wish(before, lambda client: client.set_anchor_interval(chunks))

    async def pause(self) -> None:
        """Want the run paused."""
        before = self.wants
        self._want(replace(before, paused=True))
        await self._wish(before, lambda client: client.pause())
        self._follow_model()

    async def resume(self) -> None:
        """Want the run to go on."""
        before = self.wants
        self._want(replace(before, paused=False))
        self._asked.set()
        await self._wish(before, lambda client: client.resume())
        self._follow_model()

    async def reset(self) -> None:
        """Begin the run anew, with everything that is wanted."""
        if not self._running:
            raise CommandFailed("not_ready", "no session is streaming, so there is no run to reset")
        self._restart = True
        self._asked.set()

    # -- the work ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the wish fulfilled until cancelled; closes the session on the way out."""
        waits = backoff(self._rng)
        while True:
            await self._until(self._may_open)
            began = time.monotonic()
            try:
                await self._sweep()
                await self._one_session()
            except Refused as error:
                log.error("%s", error)
                self._to(S.REFUSED, error=str(error))
                continue
            except SessionError as error:
                if time.monotonic() - began > STABLE_S:
                    waits = backoff(self._rng)
                await self._back_off(error, next(waits))
                continue
            waits = backoff(self._rng)

    async def end_leftovers(self) -> None:
        """End what is still in the ledger; for the way out. Logs what it cannot end."""
        try:
            await self._sweep()
        except SessionError as error:
            log.warning("%s; the next start will try again", error)

    async def _one_session(self) -> None:
        """From connect to the end of one session; closed however it goes."""
        client = self._new_client()
        self._client = client
        try:
            self._to(S.CONNECTING, error=None)
            await client.connect()
            await self._stream(client)
        finally:
            self._running = False
            self._media.detach()
            await self._close(client)

    async def _stream(self, client: SanaClient) -> None:
        """Run until the session is unwanted, worn out, or lost for good."""
        while True:
            self._to(S.STARTING, ready_at=client.ready_at)
            try:
                await self._begin_run(client)
                await self._watch(client)
            except SessionLost as error:
                log.warning("%s", error)
                self._running = False
                self._to(S.RECONNECTING, error=str(error))
                await self._reconnect(client)
            if not self._may_stay(client):
                return

    async def _begin_run(self, client: SanaClient) -> None:
        """Publish and bring the model to what is wanted, whatever state it is in."""
        async with self._wire:
            if self._restart:
                self._restart = False
                await client.reset()
            self._run_began_at = time.monotonic()
            self._media.run_began()
            if not client.published:
                await client.publish()
            self._media.attach(client.push)
            await self._converge(client)
            self._running = True

    async def _converge(self, client: SanaClient) -> None:
        """Send what is wanted until nothing changed meanwhile, and start the run.

        A refused prompt ends in `Refused`: starting without one would show the camera nearly as
        it is.
        """
        sent: Wants | None = None
        running = client.state is not None and client.state.started
        if not running:
            await client.set_mode("live")
        while sent != self.wants:
            sent = self.wants
            if not running:
                await _tolerant(client.set_seed(sent.seed))
            await _tolerant(client.set_anchor_interval(sent.anchor_interval))
            try:
                await client.set_prompt(sent.prompt)
            except CommandRejected as error:
                raise Refused(f"{error}. Choose another: sana-vcam ctl prompt ...") from None
            if not running:
                await client.start()
                running = True
            if sent.paused and not _is_paused(client):
                await _tolerant(client.pause())

    async def _watch(self, client: SanaClient) -> None:
        """Return when the run needs a decision; raise `SessionLost` when the connection drops."""
        began = time.monotonic()
        camera_seen = began
        while True:
            self._asked.clear()
            if not self._may_stay(client) or self._restart:
                return
            await self._pause_or_loss(client)
            now = time.monotonic()
            self._follow_model()
            camera_seen = now if self._media.camera_ready() else camera_seen
            if now - camera_seen > CAMERA_GRACE_S:
                raise Unavailable("the camera has stopped, so the session was closed")
            if client.state is not None and not client.state.started:
                log.warning("the model ended the run; starting it again")
                return
            quiet_since = max(self.status.since, client.last_frame_at or began)
            if self.status.state is not S.PAUSED and now - quiet_since > SILENT_RUN_S:
                raise Unavailable(f"the model gave no picture for {SILENT_RUN_S:.0f} s")

    async def _pause_or_loss(self, client: SanaClient) -> None:
        """Sleep until something was asked or a moment passed; raise if the connection is gone."""
        lost = asyncio.ensure_future(client.wait_lost())
        asked = asyncio.ensure_future(self._asked.wait())
        try:
            await asyncio.wait(
                {lost, asked}, timeout=WATCH_INTERVAL_S, return_when=asyncio.FIRST_COMPLETED
            )
            if lost.done():
                raise SessionLost("the connection to the model dropped")
        finally:
            lost.cancel()
            asked.cancel()

    async def _reconnect(self, client: SanaClient) -> None:
        """Get the same session back within the platform's window. Raises when that is over."""
        deadline = time.monotonic() + RECONNECT_WINDOW_S
        self._media.detach()
        while True:
            try:
                await asyncio.wait_for(client.reconnect(), deadline - time.monotonic())
            except TimeoutError:
                raise Unavailable("the session could not be joined again in time") from None
            except Unavailable:
                if time.monotonic() + RECONNECT_PAUSE_S > deadline:
                    raise
                await asyncio.sleep(RECONNECT_PAUSE_S)
            else:
                return

    async def _back_off(self, error: SessionError, wait_s: float) -> None:
        hint = error.retry_after_s if isinstance(error, Unavailable) else None
        wait_s = max(wait_s, hint or 0.0)
        repeated = self.status.error == str(error)
        log.log(logging.DEBUG if repeated else logging.WARNING, "%s", error)
        self._to(S.BACKOFF, error=str(error))
        deadline = time.monotonic() + wait_s
        await self._until(lambda: not self.status.wanted or time.monotonic() >= deadline)
        self._to(S.IDLE)

    async def _sweep(self) -> None:
        """End every session that an earlier run, or a failed close, has left open.

        One that cannot be ended holds up new ones on the same platform only.
        """
        for session in self._ledger.pending:
            log.warning("ending session %s, which was left open", session.session_id)
            try:
                await self._sessions.end(session)
            except SessionError:
                if session.api_url == self._config.api_url:
                    raise
                log.warning("session %s cannot be ended now", session.session_id)
            else:
                self._ledger.ended(session.session_id)

    async def _close(self, client: SanaClient) -> None:
        """Close for sure: a cancellation waits until the session is ended."""
        self._to(S.CLOSING)
        closing = asyncio.ensure_future(client.close())
        try:
            await asyncio.shield(closing)
        finally:
            if await closing and client.session_id is not None:
                self._ledger.ended(client.session_id)
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

    def _may_stay(self, client: SanaClient) -> bool:
        age = time.monotonic() - (client.ready_at or time.monotonic())
        return self.status.wanted and age < self._config.max_session_s - RENEW_MARGIN_S

    async def _until(self, condition: Callable[[], bool]) -> None:
        """Wait for `condition`, looking when something was asked and every moment anyway."""
        while not condition():
            self._asked.clear()
            try:
                await asyncio.wait_for(self._asked.wait(), WATCH_INTERVAL_S)
            except TimeoutError:
                continue

    async def _wish(self, before: Wants, send: Callable[[SanaClient], Awaitable[object]]) -> None:
        """Send a wish if a run is on; keep it for the next one if not, or if the line drops."""
        client = self._client
        if client is None or not self._running:
            return
        wanted = self.wants
        try:
            async with self._wire:
                await send(client)
        except CommandRejected as error:
            if self.wants is wanted:
                self._want(before)
            raise CommandFailed("rejected", str(error)) from None
        except SessionLost:
            log.info("the connection dropped; the wish is kept for the next one")
        except Unavailable as error:
            raise CommandFailed("not_ready", f"{error}; it is kept and sent again later") from None

    def _follow_model(self) -> None:
        """Streaming or paused, as the model's own state and picture say."""
        client = self._client
        if client is None or not self._running:
            return
        if _is_paused(client):
            self._to(S.PAUSED, error=None)
        elif (client.last_frame_at or 0.0) > self._run_began_at:
            self._to(S.STREAMING, error=None)

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
        self.model_state = state
        self._on_change()

    def _try_again(self) -> None:
        """A refusal is final until the user asks for something."""
        if self.status.state is S.REFUSED:
            self._to(S.IDLE, error=None)

    def _want(self, wants: Wants) -> None:
        self.wants = wants
        self._on_change()

    def _to(self, state: S, **changes: object) -> None:
        """The one place where the state changes."""
        if state is not self.status.state:
            check(self.status.state, state)
            log.info("session: %s -> %s", self.status.state, state)
            changes["since"] = time.monotonic()
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
