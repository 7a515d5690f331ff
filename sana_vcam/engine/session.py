"""One session from its connect to its end: what is sent to it, and how it is joined again.

    connect ──▶ publish, what the adapter lists, start ──▶ streaming ──▶ close
                   ▲                                           │
                   └──────────── reconnect (20 s) ◀────────────┘

The engine opens it, looks at it, and closes it. The desired state is what the user asked for,
`applied` what this session's model has accepted in its present run; what differs is sent again.
Which commands that takes is the adapter's (`sana_vcam.reactor.models`): here is no model's word.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from sana_vcam.engine.anchor import AnchorPull, CleanChange
from sana_vcam.engine.desired import Desired, DesiredState
from sana_vcam.engine.runcontrol import RunControl
from sana_vcam.engine.states import SessionState as S
from sana_vcam.engine.states import check
from sana_vcam.errors import CommandFailed
from sana_vcam.reactor import (
    CommandRejected,
    OpenSession,
    Phase,
    ReactorClient,
    Refused,
    SessionError,
    SessionGone,
    SessionLost,
    Unavailable,
)
from sana_vcam.reactor.faults import NO_PICTURE, NOT_JOINED, ended_because
from sana_vcam.reactor.models import ModelReading, Step

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
SHORT_RUN_S = 10.0
MOST_SHORT_RUNS = 3
"""As many runs in a row may end within `SHORT_RUN_S`; a session whose runs do so is no good."""
OWN_PAUSE_S = 2.0
"""A model that pauses without having been asked is told to go on after this long, once."""


class Session:
    """One billed session, used once; on the event loop."""

    def __init__(
        self,
        client: ReactorClient,
        feed: Feed,
        desired: Desired,
        *,
        clean_change: CleanChange = "off",
        on_change: Callable[[Session], None],
        clock: Callable[[], float],
    ) -> None:
        """Prepare; `start` does the work. `on_change` is called on the loop at every change."""
        self.client = client
        self.feed = feed
        self.state = S.IDLE
        self.since = clock()
        self.trouble: SessionError | None = None
        """What it is recovering from; None while it is well."""
        self.opened_at: float | None = None
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
        self._no_camera_at = 0.0
        """When there was no camera last."""
        self._own_pause_at: float | None = None
        self._told_to_go_on = False
        self._short_runs = 0
        """Runs in a row that ended by themselves soon after they had begun."""
        self._ended = ""
        """Why the last run has ended by itself."""
        self._control = RunControl(client, feed, desired)
        self.applied = desired.state
        """What its model has accepted in the present run, while that is `running`."""
        self._anchor = AnchorPull(client, clean_change)
        client.on_session(self._session_opened)
        client.on_phase(self._phase_changed)
        client.on_reading(self._reading_changed)
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
            return Unavailable(self.degraded or "the session is no good", fault=NO_PICTURE)
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

    async def deliver(self, fields: dict[str, object], asker: object) -> None:
        """Send what `asker` desires if the run is on; what does not arrive is sent again.

        Raises `CommandFailed` if the model rejects it, which takes it back.
        """
        if self.running:
            async with self._wire:
                await self._deliver(fields, asker)
            self._follow_model()

    async def schedule(self, prompt: str, chunk: int) -> None:
        """Have this run take a prompt on at a later chunk.

        Raises `CommandFailed` if the model refuses it or does not answer.
        """
        schedule = self.client.model.schedule
        if schedule is None:
            raise CommandFailed("rejected", "this model takes no prompts for later")
        data = {schedule.prompt: prompt, schedule.chunk: chunk}
        async with self._wire:
            try:
                await self._control.send([Step(schedule.command, data, answers=schedule.answers)])
            except CommandRejected as error:
                raise CommandFailed("rejected", str(error)) from None
            except (SessionLost, Unavailable) as error:
                raise CommandFailed("not_ready", str(error)) from None

    def note_no_camera(self) -> None:
        """Take note that the camera gives nothing now: a model that is silent is not to blame."""
        self._no_camera_at = self._clock()

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

    async def _deliver(self, fields: dict[str, object], asker: object) -> None:
        # The wire is held by another command for up to 10 s: the run may be over by now.
        if not self.running:
            return
        given, wanted = self.applied, self.applied.changed(fields)
        if self._takes_another_run(given, wanted):
            return
        try:
            steps = self.client.link.adapter.change(given.look, wanted.look)
            await self._control.change(steps, given)
            if "paused" in fields:
                await self._control.pause(on=wanted.paused)
            await self._anchor.pull(given, wanted)
        except CommandRejected as error:
            # A session that is being closed refuses everything; that says nothing of this command.
            if self.state is not S.CLOSING:
                self._desired.take_back_for(asker, fields, self.applied)
                raise CommandFailed("rejected", str(error)) from None
        except SessionLost:
            log.info("the connection dropped; what was asked for is kept for the next one")
        except Unavailable as error:
            raise CommandFailed("not_ready", f"{error}; it is kept and sent again") from None
        else:
            self.applied = self.applied.changed(fields)

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
                if not client.model.keeps_run:
                    # Whether there is a run is not known; one that has not ended refuses another.
                    self._started, self._restart = False, True
                    client.begin_run()
                self.feed.detach()
                self._to(S.RECONNECTING, trouble=error)
                await self._reconnect(deadline, RECONNECT_PAUSE_S if again else 0.0)

    async def _begin_run(self) -> None:
        """Publish and bring the model to what is wanted, whatever state it is in."""
        client = self.client
        self.running = False
        async with self._wire:
            if self._restart:
                await self._control.end()
                self._restart = self._started = False
            self._anchor.forget()
            if client.model.input_track is not None:
                if not client.published:
                    await client.publish()
                self.feed.attach(client.push)
            self._control.is_held = False
            self._run_began_at = self._clock()
            self.feed.run_began()
            if self._started:
                await self._control.ask_state()
            await self._converge(None)
            self.running = True

    async def _converge(self, sent: DesiredState | None) -> None:
        """Send what differs from `sent` until nothing changed meanwhile, and start the run.

        A run that ends meanwhile is for `_watch` to see.
        """
        desired, adapter = self._desired, self.client.link.adapter
        has_run = self._started
        if not has_run:
            self._control.say_unused(desired.state)
            self.client.begin_run()
        while sent != desired.state or not has_run:
            wanted = desired.state
            if sent is None:
                steps = adapter.prepare(wanted.look, given=self.applied.look, is_running=has_run)
            elif has_run and self._takes_another_run(sent, wanted):
                return
            else:
                steps = adapter.change(sent.look, wanted.look)
            await self._control.bring(steps, self.applied, has_run=has_run)
            if has_run and not self._started:
                # It has ended meanwhile, or before, and only now says so.
                self.client.begin_run()
                sent, has_run = None, False
                continue
            if sent is not None:
                await self._anchor.pull(sent, wanted)
            if not has_run and wanted is desired.state:
                await self._control.start()
                self._run_began_at = self._clock()
                has_run = self._started = True
                # It may be over: an armed model tells so as soon as it is told enough.
                self._reading_changed(self.client.reading)
            if has_run and wanted.paused != self._control.is_paused:
                await self._control.pause(on=wanted.paused, tolerant=True)
            sent = wanted
        self.applied = desired.state

    def _takes_another_run(self, given: DesiredState, wanted: DesiredState) -> bool:
        """Begin the run anew, or ask for another session, if that is what the change takes."""
        adapter = self.client.link.adapter
        if adapter.needs_new_session(given.look, wanted.look):
            self.degraded = "the model keeps its reference image until the session ends"
        if not (
            adapter.needs_new_run(given.look, wanted.look)
            or self._anchor.wants_restart(given, wanted)
        ):
            return False
        self.restart()
        return True

    async def _watch(self) -> None:
        """Keep the run as desired until it is to begin anew. Raises `SessionLost` when it drops."""
        lost = asyncio.ensure_future(self.client.wait_lost())
        try:
            while not self._restart and (self._started or self._control.is_held):
                await self._desired.wait(lost)
                if self.client.ended is not None:
                    why = self.client.ended
                    raise SessionGone(
                        f"the platform ended the session: {why}", fault=ended_because(why)
                    )
                if lost.done():
                    raise SessionLost("the connection to the model dropped")
                await self._deliver_again()
                await self._anchor.let_go(self._desired.state)
                await self._mind_own_pause()
                self._follow_model()
                self._mind_silence()
        finally:
            lost.cancel()
        if not self._restart:
            why = f" ({self._ended})" if self._ended else ""
            if self._ended in self.client.model.state.final:
                raise Refused(
                    f"the model ended the run{why}. Choose another look: sana-vcam ctl prompt ...",
                    words="The service does not take this look",
                )
            if not self.has_picture:
                raise Unavailable(
                    f"the model ended the run before its first picture{why}", fault=NO_PICTURE
                )
            self._short_runs += 1
            if self._clock() - self._run_began_at > SHORT_RUN_S:
                self._short_runs = 0
            if self._short_runs > MOST_SHORT_RUNS:
                raise Unavailable(f"the model ends each run after a moment{why}", fault=NO_PICTURE)
            log.warning("the model ended the run%s; starting it again", why)

    async def _deliver_again(self) -> None:
        """Send what did not arrive, unless something is being sent right now."""
        if self.running and self.applied != self._desired.state and not self._wire.locked():
            async with self._wire:
                await self._converge(self.applied)

    async def _mind_own_pause(self) -> None:
        """Tell a model that has paused by itself to go on, once; it is billed all the same."""
        if self._desired.state.paused or not self.running or not self.client.reading.paused:
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
            await self._control.pause(on=False, tolerant=True)

    def _follow_model(self) -> None:
        """Be streaming or paused, as the model's own state and picture say."""
        if not self.running:
            return
        if self._control.is_paused:
            self._to(S.PAUSED, trouble=None)
        elif self.has_picture:
            self._to(S.STREAMING, trouble=None)

    def _mind_silence(self) -> None:
        """Ask for another session when a run shows nothing; end this one when it still does not."""
        if self._desired.state.paused:
            self._pause_wanted_at = self._clock()
            return
        last_frame_at = self.client.last_frame_at or 0.0
        excused_at = max(self._pause_wanted_at, self._no_camera_at)
        since = max(self.since, self._run_began_at, excused_at, last_frame_at)
        silent_s = self._clock() - since
        if silent_s <= SILENT_RUN_S:
            return
        why = f"the model gave no picture for {SILENT_RUN_S:.0f} s"
        if not self.has_picture or silent_s > 2 * SILENT_RUN_S:
            raise Unavailable(why, fault=NO_PICTURE)
        self.degraded = why

    async def _reconnect(self, deadline: float, pause_s: float) -> None:
        """Get the same session back until `deadline`, first after `pause_s`. Raises when late."""
        while True:
            await asyncio.sleep(min(pause_s, max(0.0, deadline - self._clock())))
            pause_s = RECONNECT_PAUSE_S
            left_s = deadline - self._clock()
            if left_s <= 0:
                raise Unavailable("the session could not be joined again in time", fault=NOT_JOINED)
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

    def _reading_changed(self, reading: ModelReading) -> None:
        # Only a change says that a run has ended: a state of before may come after its start.
        if reading.ended is not None and self._started:
            self._ended = reading.ended
            self._started = False
            self._desired.wake()
        self._on_change(self)

    def _to(self, state: S, **changes: SessionError | None) -> None:
        """Change this session's state: the one place that does."""
        self.trouble = changes.get("trouble", self.trouble)
        if state is not self.state:
            check(self.state, state)
            log.debug("session %s: %s -> %s", self.client.session_id, self.state, state)
            self.state = state
            self.since = self._clock()
        self._on_change(self)
