"""The engine: keeps a session on air for as long as one is wanted.

    wanted ──▶ sweep what a crash left ──▶ on air ──────────────────────────▶ unwanted: close
      ▲                                     │  ▲                                 ▲
      └── backoff ◀── lost, nobody next ────┘  └── next: warmed up, cut, old closed ──┘

At most one session is on air, and at most one more is beside it: brought up to take over, or to
rehearse a look in. Every one is a `Session`, which works by itself; the engine looks at them and
decides:

    Takeover       when another session takes over
    NextSession    the one that does
    SecondSession  the one in which a look is rehearsed
    Breaker        what stops new attempts
    LiveSessions   opens and closes sessions
    Leftovers      ends those that were left open

Everything here runs on the event loop. A session object is used once and closed on every way out;
its id stays in the ledger until the platform has confirmed its end.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sana_vcam.config.schema import CostConfig, ReactorConfig
from sana_vcam.engine.beside import Beside, NextSession
from sana_vcam.engine.breaker import Breaker, BreakerOpen
from sana_vcam.engine.desired import IDLE_TICK_S, TICK_S, Desired, DesiredState
from sana_vcam.engine.factory import SessionFactory
from sana_vcam.engine.ledger import Ledger
from sana_vcam.engine.leftovers import Leftovers
from sana_vcam.engine.live import LiveSessions
from sana_vcam.engine.second import SecondSession
from sana_vcam.engine.session import Session
from sana_vcam.engine.states import EngineStatus, check, check_takeover, told
from sana_vcam.engine.states import SessionState as S
from sana_vcam.engine.takeover import Takeover
from sana_vcam.engine.usage import UsageAccount
from sana_vcam.engine.wishes import Wishes
from sana_vcam.errors import CommandFailed
from sana_vcam.lib.threads import wait_out
from sana_vcam.reactor import ReactorClient, Refused, SessionError
from sana_vcam.reactor.models import Model, ModelReading, record_of

if TYPE_CHECKING:
    from sana_vcam.media.pipeline import Pipeline

log = logging.getLogger(__name__)

CAMERA_GRACE_S = 20.0
"""A session without a camera costs money for nothing, and is closed after this long."""


class Engine:
    """The decisions about sessions, and the way of the user's commands to the one on air."""

    def __init__(
        self,
        config: ReactorConfig,
        desired: DesiredState,
        *,
        factory: SessionFactory,
        pipeline: Pipeline,
        ledger: Ledger,
        usage: UsageAccount,
        on_change: Callable[[], None],
        connect_wanted: bool,
        rng: random.Random | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; `run` does the work. `on_change` is called on the loop at every change."""
        self.usage = usage
        self.wishes = Wishes(
            self._ask, lambda: self.desired, lambda: self.model, lambda: self._asked[1]
        )
        self.set_prompt = self.wishes.set_prompt
        self.set_seed = self.wishes.set_seed
        self.set_anchor_interval = self.wishes.set_anchor_interval
        self._name, self._record = config.model, record_of(config.model)
        self.status = EngineStatus(since=clock(), wanted=connect_wanted, paused=desired.paused)
        self._pipeline = pipeline
        self._on_change = on_change
        rng = rng or random.Random()
        self._clock = clock
        self._desired = Desired(desired, self._desired_changed)
        self._takeover = Takeover(config, rng)
        self._breaker = Breaker(usage, rng, local=config.local)
        self._leftovers = Leftovers(ledger, usage, factory, api_url=config.api_url, clock=clock)
        self._live = LiveSessions(
            factory,
            pipeline,
            breaker=self._breaker,
            leftovers=self._leftovers,
            usage=None if config.local else usage,
            clean_change=config.clean_change,
            clock=clock,
        )
        self.second = SecondSession(
            self._live, self._open, self._desired_changed, self._second_changed
        )
        """The session in which a look is rehearsed, beside the one on air."""
        self._beside = Beside(
            NextSession(self._live, self._takeover, self._breaker, self._open, self._set),
            self.second,
            self._takeover,
            self._breaker,
            on_air=lambda: self._desired if self.status.state is S.STREAMING else None,
            is_local=config.local,
            clock=clock,
        )
        self.renew = self._beside.renew
        self.rehearse = self._beside.rehearse
        self.report_poor_quality = self._beside.report_poor_quality
        self._paused_at = clock()
        self._logged = ""
        """What failed last: what fails again and again is logged once."""
        self._refusal: Refused | None = None
        """What the state is "refused" for: which commands end it depends on that."""
        self._is_new_session = True
        """Whether what is billed next begins another session of the user's."""
        self._on_air: Session | None = None
        self._breaks = False
        """Whether the old session was ended for the sake of another, without a picture yet."""

    @property
    def desired(self) -> DesiredState:
        """What the user wants; in a rehearsal, what is rehearsed."""
        return self._asked[0].state

    @property
    def desired_on_air(self) -> DesiredState:
        """What the user wants of the session on air."""
        return self._desired.state

    @property
    def client(self) -> ReactorClient | None:
        """The session on air, for statistics; None while there is none."""
        return self._on_air.client if self._on_air is not None else None

    @property
    def model(self) -> Model:
        """What is known of the model: of the session on air, or as configured."""
        return self._record if self._on_air is None else self._on_air.client.model

    @property
    def takes_camera(self) -> bool:
        """Whether the model takes the camera's picture; else the camera stays off."""
        return self.model.input_track is not None

    @property
    def model_name(self) -> str:
        """The name under which the platform has the model, as far as it is known."""
        return self._on_air.client.platform.model if self._on_air is not None else self._name

    @property
    def reading(self) -> ModelReading | None:
        """What the model that is asked has said of itself last; None while there is none."""
        session = self._asked[1]
        return session.client.reading if session is not None else None

    def ends_in_s(self, now: float) -> float | None:
        """Count the seconds until the session on air is renewed; None before it is ready."""
        return self._takeover.renewal_in_s(self._on_air, now) if self._on_air else None

    # -- the user's commands -------------------------------------------------------------------

    def connect(self) -> None:
        """Want a session, at once; after a refusal, or a cap of one session, try again."""
        if self.status.state is S.REFUSED or not self.status.wanted:
            self._is_new_session = True
        self._breaker.reset()
        self._end_refusal()
        self._set(wanted=True, next_try_at=None)
        self._desired.wake()

    def disconnect(self) -> None:
        """Want none."""
        self._breaks = False
        self._takeover.forget()
        self._end_refusal()
        self._set(wanted=False, next_try_at=None, **told(None))
        self._desired.wake()

    def name_presets(self, name: Callable[[str | None], str | None]) -> None:
        """Say which preset each is now that is wanted; the model is asked for nothing."""
        for desired in (self._desired, self._asked[0]):
            preset = desired.state.preset
            if name(preset) != preset:
                desired.ask({"preset": name(preset)})

    async def pause(self) -> None:
        """Want the run paused; a pause that lasts ends the session."""
        self._end_second("the model is paused. To try again: sana-vcam ctl resume")
        await self._ask({"paused": True})

    async def resume(self) -> None:
        """Want the run to go on, in another session if the pause ended the last."""
        await self._ask({"paused": False})

    async def reset(self) -> None:
        """Begin the run anew, with everything that is wanted."""
        if self._on_air is None or not self._on_air.running:
            raise CommandFailed("not_ready", "no session is streaming, so there is no run to reset")
        for session in self.sessions if not self.second.is_on else [self.second.session]:
            if session is not None and session.running:
                session.restart()

    def follow(self, cost: CostConfig) -> None:
        """Take on other caps, another price and another bound of a pause."""
        self.usage.follow(cost)
        self._desired.wake()

    async def _ask(self, fields: dict[str, object]) -> None:
        """Want `fields`; send them if a run is on, and leave them to the next one if not."""
        if fields.keys() & {"prompt", "image"} and not isinstance(self._refusal, BreakerOpen):
            # A refusal of the service is final until the user asks for something; ours is not.
            self._end_refusal()
        desired, session = self._asked
        asker = desired.ask(fields)
        if session is not None:
            await session.deliver(fields, asker)

    @property
    def _asked(self) -> tuple[Desired, Session | None]:
        """What commands about the look change, and the session that they are sent to."""
        if self.second.desired is not None:
            return self.second.desired, self.second.session
        return self._desired, self._on_air

    # -- the work ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Open sessions while one is wanted, until cancelled; closes them on the way out."""
        try:
            while True:
                await self._until(lambda: self._may_open() or self._may_sweep())
                try:
                    await self._leftovers.sweep()
                    if self._may_open():
                        await self._run_sessions()
                except SessionError as error:
                    await self._wait_after(error)
        finally:
            self._to(S.IDLE)

    async def end_leftovers(self) -> None:
        """End what is still in the ledger, on the way out; logs what it cannot end."""
        await self._live.late_ended()
        await self._leftovers.sweep_or_log("the next start will try again")

    async def _run_sessions(self) -> None:
        """Run one session after the other until none is to go on; closes all, however it goes."""
        if self._is_new_session:
            self.usage.new_session()
            self._is_new_session = False
        self._takeover.forget()
        self._breaker.check()
        missing = self._record.missing(self._desired.state.look)
        if missing is not None:
            raise Refused(missing, words="The look needs a picture")
        self._on_air = self._open(self._desired)
        self._on_air.feed.go_on_air()
        self._on_air.start()
        try:
            await self._supervise()
        except SessionError as error:
            self._breaker.count_failure(self._on_air, error)
            self._breaker.check(error)
            raise
        finally:
            # All at once, and before anything else runs that a session of ours still says.
            self._end_second("the session on air is over")
            ending, self._beside.next.session = self.sessions, None
            self._live.close(*ending)
            # Also a second cancellation waits until the sessions are ended.
            await wait_out(asyncio.ensure_future(self._all_closed()))

    async def _supervise(self) -> None:
        """Look at the sessions until none is to go on; raise what ended the last."""
        camera_seen = self._clock()
        while self._on_air is not None:
            now = self._clock()
            camera_seen = _seen(self._has_source(), self.sessions, now, camera_seen)
            if now - camera_seen > CAMERA_GRACE_S:
                log.warning("the camera has stopped, so the session is closed")
                self._set(**told(SessionError("the camera has stopped, so the session was closed")))
                return
            wanted = self.status.wanted
            coming = self._beside.look(self._on_air, self._desired, now, wanted=wanted)
            if coming is not None:
                self._cut(self._on_air, coming)
            self._live.look_at_closing()
            if not self.status.wanted or self._is_to_end(self._on_air, now):
                return
            self._breaker.check_budget()
            if not self._on_air.work.done():
                await self._tick(*(session.work for session in self.sessions))
            elif self._beside.next.session is None:
                raise self._on_air.failure
            else:
                log.warning("%s; the next session takes over at once", self._on_air.failure)
                self._cut(self._on_air, self._beside.next.session)

    def _is_to_end(self, on_air: Session, now: float) -> bool:
        """Whether the session on air is to be closed although one is wanted and it works."""
        if self._desired.state.paused:
            ends_after_s = self.usage.cost.pause_ends_after_s
            if ends_after_s and now - self._paused_at > ends_after_s:
                log.info("the pause has lasted for %.0f s; resuming opens another", ends_after_s)
                return True
            return self._takeover.is_worn_out(on_air, now)
        if self._beside.next.session is not None or not self._takeover.may_break(on_air, now):
            return False
        log.info("ending the session for another one, with a break")
        self._breaks = True
        self._takeover.end_first(on_air, now)
        return True

    # -- the session beside it -----------------------------------------------------------------

    def _open(self, desired: Desired) -> Session:
        return self._live.open(desired, self._session_changed)

    def _end_second(self, why: str) -> None:
        """End the rehearsal in it; what was taken is wanted of the session on air."""
        taken = self.second.taken
        self.second.end(why)
        if taken is not None:
            self._desired.ask(taken.all_but_pause)

    def _second_changed(self) -> None:
        self._desired.wake()
        self._on_change()

    def _cut(self, on_air: Session, coming: Session) -> None:
        """Take over at the next tick; the old session is ended beside it."""
        log.info("session %s goes on air", coming.client.session_id)
        coming.feed.go_on_air()
        on_air.feed.detach()
        if coming is self.second.session:
            self._desired = self.second.hand_over() or self._desired
        self._on_air, self._beside.next.session = coming, None
        self._takeover.succeed(self._clock())
        self._live.close(on_air)
        self._tell(coming, check_takeover)

    @property
    def sessions(self) -> list[Session]:
        """The session beside the one on air, and that."""
        both = (self._beside.session, self._on_air)
        return [session for session in both if session is not None]

    async def _all_closed(self) -> None:
        """Wait for the end of every session; the one on air is the last to be forgotten."""
        closed = await self._live.all_closed()
        self._on_air = None
        self._to(S.IDLE, ready_at=None)
        for task in closed:
            task.result()

    # -- waiting -------------------------------------------------------------------------------

    async def _wait_after(self, error: SessionError) -> None:
        """Wait after a session, or the attempt at one: to try again, or to be asked."""
        first = logging.ERROR if isinstance(error, Refused) else logging.WARNING
        log.log(logging.DEBUG if str(error) == self._logged else first, "%s", error)
        self._logged = str(error)
        self._breaks = False
        if not self.status.wanted:
            return
        if isinstance(error, Refused):
            self._refusal = error
            self._to(S.REFUSED, **told(error))
            return
        self._to(S.BACKOFF, **told(error), next_try_at=self._clock() + self._breaker.pause_s(error))
        await self._until(lambda: self._clock() >= (self.status.next_try_at or 0.0))
        self._to(S.IDLE)

    def _end_refusal(self) -> None:
        self._refusal = None
        if self.status.state is S.REFUSED:
            self._to(S.IDLE, **told(None))

    def _may_open(self) -> bool:
        if isinstance(self._refusal, BreakerOpen) and not self._breaker.is_open:
            self._end_refusal()
        return (
            self.status.wanted
            and self.status.state is S.IDLE
            and not self._desired.state.paused
            and self._has_source()
        )

    def _has_source(self) -> bool:
        return not self.takes_camera or self._pipeline.camera_ready()

    def _may_sweep(self) -> bool:
        return self.status.state is S.IDLE and self._leftovers.is_due

    async def _until(self, condition: Callable[[], bool]) -> None:
        """Wait for `condition`, looking when something was asked and at every tick anyway."""
        while not condition():
            await self._tick()

    async def _tick(self, *others: asyncio.Future[None]) -> None:
        tick_s = TICK_S if self.status.wanted else IDLE_TICK_S
        await self._desired.wait(*others, *self._live.closing, tick_s=tick_s)
        self.usage.count()

    # -- what is told --------------------------------------------------------------------------

    def _session_changed(self, session: Session) -> None:
        """Follow a session that has changed; the one on air is what is told."""
        self._live.bill(session)
        if session.state is S.STREAMING:
            self._breaker.count_picture(session)
        if session is self._on_air:
            self._tell(session)
            self._on_change()

    def _tell(self, session: Session, check: Callable[[S, S], None] = check) -> None:
        """Tell of the session on air; the last failure holds until it reaches the service."""
        changes: dict[str, object] = {"ready_at": session.client.ready_at}
        if session.state not in {S.CONNECTING, S.CLOSING}:
            changes |= told(session.trouble)
        if session.state is S.STREAMING:
            self._logged = ""
            self._breaks = False
        self._to(session.state, check, **changes)

    def _desired_changed(self) -> None:
        paused = self._desired.state.paused
        if paused and not self.status.paused:
            self._paused_at = self._clock()
        self._set(paused=paused)
        self._on_change()

    def _to(self, state: S, check: Callable[[S, S], None] = check, **changes: object) -> None:
        """Change the state: the one place that does. `check` raises if that is a defect."""
        if state is not self.status.state:
            check(self.status.state, state)
            log.info("session: %s -> %s", self.status.state, state)
            changes = {"since": self._clock(), "next_try_at": None, **changes}
        self._set(state=state, **changes)

    def _set(self, **changes: object) -> None:
        changes["renewing"] = self._beside.next.session is not None or self._breaks
        status = replace(self.status, **changes)  # type: ignore[arg-type]
        if status != self.status:
            self.status = status
            self._on_change()


def _seen(has_source: bool, sessions: Sequence[Session], now: float, before: float) -> float:
    """Tell when the camera was there last; without it, a model that is silent is not to blame."""
    if has_source:
        return now
    for session in sessions:
        session.note_no_camera()
    return before
