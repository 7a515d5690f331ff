"""One session from its connect to its end: what is sent to it, and how it is joined again.

    connect ──▶ publish, mode, seed, anchor, prompt, start ──▶ streaming ──▶ close
                   ▲                                               │
                   └────────────── reconnect (20 s) ◀──────────────┘

The engine opens it, looks at it, and closes it. The desired state is what the user asked for,
`_applied` what this session's model has accepted in its present run; what differs is sent again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from sana_vcam.engine.desired import Desired, DesiredState
from sana_vcam.engine.states import SessionState as S
from sana_vcam.engine.states import check
from sana_vcam.errors import CommandFailed
from sana_vcam.reactor import (
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

if TYPE_CHECKING:
    from sana_vcam.media.pipeline import Feed

log = logging.getLogger(__name__)

RECONNECT_WINDOW_S = 20.0
"""So long a dropped session is joined again: the platform keeps it for 30 s, and the SDK notices a
drop after 5 to 8 s."""
RECONNECT_PAUSE_S = 1.0
SILENT_RUN_S = 20.0
"""A run that gives no frame for this long is no good: another session is to take over, and after
as long again this one is given up."""
OWN_PAUSE_S = 2.0
"""A model that pauses without having been asked is told to go on after this long, once."""


class Session:
    """One billed session, used once; on the event loop."""

    def __init__(
        self,
        client: SanaClient,
        feed: Feed,
        desired: Desired,
        *,
        on_change: Callable[[Session], None],
        clock: Callable[[], float],
    ) -> None:
        """Prepare; `start` does the work. `on_change` is called on the loop at every change."""
        self.client = client
        self.feed = feed
        self.state = S.IDLE
        self.since = clock()
        self.error: str | None = None
        self.opened_at: float | None = None
        self.model_state: StateMessage | None = None
        self.degraded: str | None = None
        """Why another session should take over from this one."""
        self.running = False
        """Whether the run is as desired: commands go to the model at once."""
        self._desired = desired
        self._on_change = on_change
        self._clock = clock
        self._work: asyncio.Future[None] | None = None
        self._wire = asyncio.Lock()
        self._restart = False
        self._started = False
        """Whether the model has a run, as far as it has said."""
        self._run_began_at = 0.0
        self._pause_wanted_at = 0.0
        """When a pause was desired last."""
        self._own_pause_at: float | None = None
        self._told_to_go_on = False
        self._applied = desired.state
        client.on_session(self._session_opened)
        client.on_phase(self._phase_changed)
        client.on(StateMessage, self._model_state_changed)
        client.on_frame(feed.model_frame)

    # -- for the engine ------------------------------------------------------------------------

    @property
    def work(self) -> asyncio.Future[None]:
        """Done when the session has failed; only `close` remains then."""
        if self._work is None:
            raise RuntimeError("the session was not started")
        return self._work

    @property
    def has_picture(self) -> bool:
        """Whether the present run has given a frame."""
        return (self.client.last_frame_at or 0.0) > self._run_began_at

    @property
    def was_empty(self) -> bool:
        """Whether it was billed and never gave a frame."""
        return self.client.ready_at is not None and self.client.last_frame_at is None

    @property
    def failure(self) -> SessionError:
        """Why it has failed, or is to be given up; raises a defect."""
        if not self.work.done():
            return Unavailable(self.degraded or "the session is no good")
        try:
            self.work.result()
        except SessionError as error:
            return error
        raise RuntimeError("the work on a session ended without an error")

    def start(self) -> None:
        """Connect, and keep the run going until it fails."""
        self._to(S.CONNECTING)
        self._work = asyncio.ensure_future(self._live())

    def restart(self) -> None:
        """Begin the run anew, with everything that is wanted."""
        self.running = False
        self._restart = True
        self._desired.wake()

    async def deliver(
        self,
        send: Callable[[SanaClient], Awaitable[object]],
        fields: dict[str, object],
        asker: object,
    ) -> None:
        """Send what `asker` desires if the run is on; what does not arrive is sent again.

        Raises `CommandFailed` if the model rejects it, which takes it back.
        """
        if self.running:
            async with self._wire:
                await self._deliver(send, fields, asker)
            self._follow_model()

    def stop(self) -> None:
        """End the work; what comes next is `close`."""
        self.running = False
        self.feed.detach()
        self.work.cancel()
        self._to(S.CLOSING)

    async def close(self) -> bool:
        """End the session, after `stop`; returns whether it is surely over. Not to be cancelled."""
        await asyncio.wait({self.work})
        if not self.work.cancelled():
            log.debug("the work on the session ended with %r", self.work.exception())
        try:
            return await self.client.close()
        finally:
            self.feed.close()

    # -- the work ------------------------------------------------------------------------------

    async def _deliver(
        self,
        send: Callable[[SanaClient], Awaitable[object]],
        fields: dict[str, object],
        asker: object,
    ) -> None:
        # The wire is held by another command for up to 10 s: the run may be over by now.
        if not self.running:
            return
        try:
            await send(self.client)
        except CommandRejected as error:
            # A session that is being closed refuses everything; that says nothing of this command.
            if self.state is not S.CLOSING:
                self._desired.take_back_for(asker, fields, self._applied)
                raise CommandFailed("rejected", str(error)) from None
        except SessionLost:
            log.info("the connection dropped; what was asked for is kept for the next one")
        except Unavailable as error:
            raise CommandFailed("not_ready", f"{error}; it is kept and sent again") from None
        else:
            self._applied = self._applied.changed(fields)

    async def _live(self) -> None:
        """Connect, and keep the run going until it fails; the session is closed elsewhere."""
        client = self.client
        deadline: float | None = None
        await client.connect()
        while True:
            self._to(S.STARTING)
            try:
                await self._begin_run()
                await self._watch()
            except SessionLost as error:
                # A connection that drops again before a picture was shown has no new window.
                again = deadline is not None and self.state is S.STARTING
                if deadline is None or not again:
                    deadline = self._clock() + RECONNECT_WINDOW_S
                log.warning("%s", error)
                self.running = False
                self.feed.detach()
                self._to(S.RECONNECTING, error=str(error))
                await self._reconnect(deadline, RECONNECT_PAUSE_S if again else 0.0)

    async def _begin_run(self) -> None:
        """Publish and bring the model to what is wanted, whatever state it is in."""
        client = self.client
        self.running = False
        async with self._wire:
            if self._restart:
                await client.reset()
                self._restart = self._started = False
            if not client.published:
                await client.publish()
            self._run_began_at = self._clock()
            self.feed.run_began()
            self.feed.attach(client.push)
            await self._converge(None)
            self.running = True

    async def _converge(self, sent: DesiredState | None) -> None:
        """Send what differs from `sent` until nothing changed meanwhile, and start the run."""
        client, desired = self.client, self._desired
        if not self._started:
            await client.set_mode("live")
        while sent != desired.state or not self._started:
            wanted = desired.state
            if sent is None or wanted.seed != sent.seed:
                await _tolerant(client.set_seed(wanted.seed))
            if sent is None or wanted.anchor_interval != sent.anchor_interval:
                await _tolerant(client.set_anchor_interval(wanted.anchor_interval))
            if sent is None or wanted.prompt != sent.prompt:
                await self._send_prompt(wanted.prompt)
            if not self._started and wanted is desired.state:
                await client.start()
                self._started = True
            if self._started and wanted.paused != _is_paused(client):
                await _tolerant(client.pause() if wanted.paused else client.resume())
            sent = wanted
        self._applied = desired.state

    async def _send_prompt(self, prompt: str) -> None:
        """Send `prompt`; if it is refused, a run that is on keeps the prompt that it has.

        Without a run, and unless another was asked for meanwhile, the end is `Refused`: starting
        without a prompt would show the camera nearly as it is.
        """
        try:
            await self.client.set_prompt(prompt)
        except CommandRejected as error:
            log.warning("%s", error)
            if self._desired.state.prompt != prompt:
                return
            if not self._started:
                raise Refused(
                    f"{error}. Choose another: sana-vcam ctl prompt ...",
                    words="The model refused the prompt",
                ) from None
            self._desired.take_back(("prompt", "preset"), self._applied)

    async def _watch(self) -> None:
        """Keep the run as desired until it is to begin anew. Raises `SessionLost` when it drops."""
        lost = asyncio.ensure_future(self.client.wait_lost())
        try:
            while self._started and not self._restart:
                await self._desired.wait(lost)
                if lost.done():
                    raise SessionLost("the connection to the model dropped")
                await self._deliver_again()
                await self._mind_own_pause()
                self._follow_model()
                self._mind_silence()
        finally:
            lost.cancel()
        if not self._restart:
            if not self.has_picture:
                raise Unavailable("the model ended the run before its first picture")
            log.warning("the model ended the run; starting it again")

    async def _deliver_again(self) -> None:
        """Send what did not arrive, unless something is being sent right now."""
        if self.running and self._applied != self._desired.state and not self._wire.locked():
            async with self._wire:
                await self._converge(self._applied)

    async def _mind_own_pause(self) -> None:
        """Tell a model that has paused by itself to go on, once; it is billed all the same."""
        if self._desired.state.paused or not self.running or not _is_paused(self.client):
            self._own_pause_at = None
            return
        now = self._clock()
        if self._own_pause_at is None:
            self._own_pause_at = now
        if now - self._own_pause_at < OWN_PAUSE_S or self._wire.locked():
            return
        if self._told_to_go_on:
            self.degraded = "the model pauses by itself"
            return
        log.warning("the model has paused by itself; telling it to go on")
        self._told_to_go_on = True
        self._own_pause_at = None
        async with self._wire:
            await _tolerant(self.client.resume())

    def _follow_model(self) -> None:
        """Be streaming or paused, as the model's own state and picture say."""
        if not self.running:
            return
        if _is_paused(self.client):
            self._to(S.PAUSED, error=None)
        elif self.has_picture:
            self._to(S.STREAMING, error=None)

    def _mind_silence(self) -> None:
        """Ask for another session when a run shows nothing; end this one when it still does not."""
        if self._desired.state.paused:
            self._pause_wanted_at = self._clock()
            return
        last_frame_at = self.client.last_frame_at or 0.0
        since = max(self.since, self._run_began_at, self._pause_wanted_at, last_frame_at)
        silent_s = self._clock() - since
        if silent_s <= SILENT_RUN_S:
            return
        why = f"the model gave no picture for {SILENT_RUN_S:.0f} s"
        if not self.has_picture or silent_s > 2 * SILENT_RUN_S:
            raise Unavailable(why)
        self.degraded = why

    async def _reconnect(self, deadline: float, pause_s: float) -> None:
        """Get the same session back until `deadline`, first after `pause_s`. Raises when late."""
        while True:
            await asyncio.sleep(min(pause_s, max(0.0, deadline - self._clock())))
            pause_s = RECONNECT_PAUSE_S
            left_s = deadline - self._clock()
            if left_s <= 0:
                raise Unavailable("the session could not be joined again in time")
            try:
                await asyncio.wait_for(self.client.reconnect(), left_s)
            except TimeoutError:
                log.debug("not joined again: no answer")
            except Unavailable as error:
                log.debug("not joined again: %r", error)
                pause_s = max(pause_s, error.retry_after_s or 0.0)
            else:
                return

    # -- what the client tells -----------------------------------------------------------------

    def _session_opened(self, _: OpenSession) -> None:
        if self.opened_at is None:
            self.opened_at = self._clock()

    def _phase_changed(self, phase: Phase) -> None:
        if phase is Phase.WAITING and self.state is S.CONNECTING:
            self._to(S.WAITING)
        self._on_change(self)

    def _model_state_changed(self, state: StateMessage) -> None:
        # Only a change says that a run has ended: the state before `start` may come after it.
        if self.model_state is not None and self.model_state.started and not state.started:
            self._started = False
            self._desired.wake()
        self.model_state = state
        self._on_change(self)

    def _to(self, state: S, **changes: str | None) -> None:
        """Change this session's state: the one place that does."""
        self.error = changes.get("error", self.error)
        if state is not self.state:
            check(self.state, state)
            log.debug("session %s: %s -> %s", self.client.session_id, self.state, state)
            self.state = state
            self.since = self._clock()
        self._on_change(self)


async def _tolerant(command: Awaitable[bool]) -> None:
    """Send a command whose rejection is no reason to show nothing."""
    try:
        await command
    except CommandRejected as error:
        log.warning("%s", error)


def _is_paused(client: SanaClient) -> bool:
    return client.state is not None and client.state.paused
