"""The engine: keeps a session on air for as long as one is wanted.

    wanted ──▶ sweep what a crash left ──▶ on air ──────────────────────────▶ unwanted: close
      ▲                                     │  ▲                                 ▲
      └── backoff ◀── lost, nobody next ────┘  └── next: warmed up, cut, old closed ──┘

At most one session is on air, and at most one more is brought up to take over from it: before the
platform ends the old one, when the user asks for it, or when the old one is no good. Every session
is a `Session`, which works by itself; the engine looks at them and decides. Where the account
has no second session, the old one is ended first, at the last moment, and viewers get a card.

Everything here runs on the event loop. A session object is used once and closed on every way out;
its id stays in the ledger until the platform has confirmed its end.
"""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from sana_vcam.config.schema import CostConfig, ReactorConfig
from sana_vcam.engine.desired import IDLE_TICK_S, TICK_S, Desired, DesiredState
from sana_vcam.engine.factory import SessionFactory
from sana_vcam.engine.ledger import Ledger
from sana_vcam.engine.quota import SESSIONS_AN_HOUR, TOKENS_AN_HOUR, HourlyQuota
from sana_vcam.engine.session import Feed, Session
from sana_vcam.engine.states import EngineStatus, check, check_takeover
from sana_vcam.engine.states import SessionState as S
from sana_vcam.engine.usage import Usage
from sana_vcam.errors import CommandFailed
from sana_vcam.lib.backoff import backoff
from sana_vcam.lib.threads import wait_out
from sana_vcam.reactor import (
    OpenSession,
    Refused,
    SanaClient,
    SessionError,
    StateMessage,
    Unavailable,
)

log = logging.getLogger(__name__)

# A session that streams is on air after this long at the latest, its rhythm known or not: both are
# billed meanwhile.
WARM_UP_S = 8.0
# Without a second session, the old one is ended this long before the platform would end it.
LAST_MOMENT_S = 10.0
# A session without a camera costs money for nothing.
CAMERA_GRACE_S = 20.0
# A session that streamed this long was a success: the next failure starts the backoff anew.
STABLE_S = 60.0
# While no session is wanted, one that could not be ended is tried again this often.
SWEEP_PAUSE_S = 30.0
# So many sessions in a row that were billed, or requests that the platform calls wrong, and never
# a picture: trying again only burns money.
MOST_FRUITLESS = 3
# An earlier session that is in the way ends by itself: it is looked for again this often at least.
IN_THE_WAY_PAUSE_S = 2.0
# A session that is no good is left after this long at the earliest: another may be no better.
DEGRADED_PAUSE_S = 300.0

_FRUITLESS_WORDS = "The service gives no picture"


class Media(Protocol):
    """What the engine connects sessions to: the camera's frames in, the model's frames out."""

    def camera_ready(self) -> bool:
        """Whether the camera delivers frames now."""
        ...

    def open_feed(self) -> Feed:
        """A place for one more session; off air."""
        ...


class Engine:
    """Decides about sessions, and carries the user's commands to the one that is on air."""

    def __init__(
        self,
        config: ReactorConfig,
        desired: DesiredState,
        *,
        factory: SessionFactory,
        pipeline: Media,
        ledger: Ledger,
        usage: Usage,
        on_change: Callable[[], None],
        connect_wanted: bool,
        rng: random.Random | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; `run` does the work. `on_change` is called on the loop at every change."""
        self.usage = usage
        self.status = EngineStatus(since=clock(), wanted=connect_wanted, paused=desired.paused)
        self._config = config
        self._factory = factory
        self._pipeline = pipeline
        self._ledger = ledger
        self._on_change = on_change
        self._rng = rng or random.Random()
        self._clock = clock
        self._desired = Desired(desired, self._desired_changed)
        self._paused_at = clock()
        self._waits = backoff(self._rng)
        self._tokens = HourlyQuota(TOKENS_AN_HOUR)
        self._opened = HourlyQuota(SESSIONS_AN_HOUR)
        self._sweep_at = 0.0
        self._logged = ""
        self._fruitless = 0
        # The latest session that has given a picture.
        self._proven: Session | None = None
        # Only the user, or more budget, ends a refusal of ours; a new prompt does not.
        self._held_back = False
        self._is_new_session = True
        self._on_air: Session | None = None
        self._next: Session | None = None
        self._leaving: set[asyncio.Future[None]] = set()
        # Ids of the sessions that a run of ours holds or is ending.
        self._held: set[str] = set()
        # A renewal that the user asked for: since the last try at one began, and before it.
        self._asked = self._asked_before = False
        # Why the picture is poor, reported since the last try at another session.
        self._poor: str | None = None
        self._for_quality = False
        self._next_waits = backoff(self._rng)
        self._next_at = 0.0
        self._degraded_at = -math.inf
        # A runtime on this machine serves one session; an account is asked once.
        self._one_at_a_time = config.local
        # The old session was ended for the sake of another, which has no picture yet.
        self._breaks = False

    @property
    def desired(self) -> DesiredState:
        """What the user wants."""
        return self._desired.state

    @property
    def client(self) -> SanaClient | None:
        """The session on air, for statistics; None while there is none."""
        return self._on_air.client if self._on_air is not None else None

    @property
    def model_state(self) -> StateMessage | None:
        """What the model on air has said of itself last."""
        return self._on_air.model_state if self._on_air is not None else None

    @property
    def chunk(self) -> int | None:
        """Index of the last chunk that the model completed in this run."""
        return self._on_air.client.last_chunk if self._on_air is not None else None

    def ends_in_s(self, now: float) -> float | None:
        """Seconds until the session on air is renewed; None before it is ready."""
        run = self._on_air
        if run is None or run.client.ready_at is None:
            return None
        return max(0.0, self._renewal_age_s - self._age_s(run, now))

    # -- the user's wishes ---------------------------------------------------------------------

    def connect(self) -> None:
        """Want a session; after a refusal, or a cap of one session, try again."""
        if self.status.state is S.REFUSED or not self.status.wanted:
            self._is_new_session = True
        self._fruitless = 0
        self._held_back = False
        self._try_again()
        self._set(wanted=True)
        self._desired.wake()

    def disconnect(self) -> None:
        """Want none."""
        self._held_back = self._breaks = False
        self._forget_renewals()
        self._try_again()
        self._set(wanted=False, error=None)
        self._desired.wake()

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

    def name_preset(self, preset: str | None) -> None:
        """Say which preset the wanted prompt is now; the model is asked for nothing."""
        self._desired.ask({"preset": preset})

    async def set_seed(self, seed: int) -> None:
        """Want this seed; the model reads it when a run begins."""
        await self._wish(lambda client: client.set_seed(seed), {"seed": seed})

    async def set_anchor_interval(self, chunks: int) -> None:
        """Want this many chunks between anchors."""
        await self._wish(
            lambda client: client.set_anchor_interval(chunks), {"anchor_interval": chunks}
        )

    async def pause(self) -> None:
        """Want the run paused; a pause that lasts ends the session."""
        await self._wish(lambda client: client.pause(), {"paused": True})
        self._follow_model()

    async def resume(self) -> None:
        """Want the run to go on, in another session if the pause has ended the last one."""
        await self._wish(lambda client: client.resume(), {"paused": False})
        self._follow_model()

    async def reset(self) -> None:
        """Begin the run anew, with everything that is wanted."""
        if self._on_air is None or not self._on_air.running:
            raise CommandFailed("not_ready", "no session is streaming, so there is no run to reset")
        for run in (self._on_air, self._next):
            if run is not None and run.running:
                run.restart()

    def renew(self) -> None:
        """Have another session take over. Raises `CommandFailed` while there is none to renew."""
        if self.status.state is not S.STREAMING:
            raise CommandFailed("not_ready", "no session is streaming, so there is none to renew")
        wait_s = self._wait_s()
        if wait_s > 0:
            raise CommandFailed(
                "rejected", f"too many sessions in the last hour; wait for {wait_s:.0f} s"
            )
        if self._fruitless >= MOST_FRUITLESS:
            raise CommandFailed("rejected", self._fruitless_sentence())
        self._asked = True
        self._next_at = 0.0
        self._desired.wake()

    def report_poor_quality(self, why: str) -> None:
        """The session on air is no good: have another one take over, but not all the time.

        For whoever judges the quality of the connection or the picture, to be said as long as it
        is poor; `why` is for the log. Nothing is done where it would take a break: a poor picture
        is better than none.
        """
        if self._one_at_a_time or self.status.state is not S.STREAMING:
            return
        if self._next is None and self._is_worth_leaving():
            self._poor = why
            self._desired.wake()

    def follow(self, cost: CostConfig) -> None:
        """Take on other caps, another price and another bound of a pause."""
        self.usage.follow(cost)
        self._desired.wake()

    async def _wish(
        self, send: Callable[[SanaClient], Awaitable[object]], fields: dict[str, object]
    ) -> None:
        """Want `fields`; send them if a run is on, and leave them to the next one if not."""
        asker = self._desired.ask(fields)
        if self._on_air is not None:
            await self._on_air.deliver(send, fields, asker)

    # -- the work ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the wish fulfilled until cancelled; closes the sessions on the way out."""
        try:
            while True:
                await self._until(lambda: self._may_open() or self._may_sweep())
                try:
                    await self._sweep()
                    if self._may_open():
                        await self._run_sessions()
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

    async def _run_sessions(self) -> None:
        """From the first connect until no session is to go on; all are closed however it goes."""
        if self._is_new_session:
            self.usage.new_session()
            self._is_new_session = False
        self._forget_renewals()
        self._check_budget()
        self._check_fruits()
        self._on_air = self._open()
        self._on_air.feed.go_on_air()
        self._on_air.start()
        try:
            await self._supervise()
        except SessionError as error:
            self._count_fruitless(error, self._on_air)
            self._check_fruits(error)
            raise
        finally:
            # All at once, and before anything else runs that a session of ours still says.
            coming, self._next = self._next, None
            self._leave(coming, self._on_air)
            # Also a second cancellation waits until the sessions are ended.
            await wait_out(asyncio.ensure_future(self._all_left()))

    async def _supervise(self) -> None:
        """Return when no session is to go on, whatever each is doing; raise what ended the last."""
        camera_seen = self._clock()
        while True:
            now = self._clock()
            camera_seen = now if self._pipeline.camera_ready() else camera_seen
            if now - camera_seen > CAMERA_GRACE_S:
                log.warning("the camera has stopped, so the session is closed")
                self._set(error="the camera has stopped, so the session was closed")
                return
            self._look_at_next(now)
            self._look_at_leaving()
            on_air = self._on_air
            if not self.status.wanted or on_air is None or self._is_to_end(on_air, now):
                return
            self._check_budget()
            if on_air.work.done():
                if self._next is None:
                    on_air.work.result()
                    return
                log.warning("%s; the next session takes over at once", _failure_of(on_air))
                self._cut(on_air, self._next)
                continue
            await self._tick(*(run.work for run in (on_air, self._next) if run is not None))

    def _is_to_end(self, on_air: Session, now: float) -> bool:
        """Whether the session on air is to be closed although nothing is wrong with the wish."""
        if self.desired.paused:
            ends_after_s = self.usage.cost.pause_ends_after_s
            if ends_after_s and now - self._paused_at > ends_after_s:
                log.info("the pause has lasted for %.0f s; resuming opens another", ends_after_s)
                return True
            return self._is_worn_out(on_air, now)
        if self._next is not None:
            return False
        breaks = self._one_at_a_time and self._why_renew(on_air, now) is not None
        if breaks or self._is_worn_out(on_air, now):
            log.info("ending the session for another one, with a break")
            self._breaks = True
            if on_air.degraded is not None:
                self._degraded_at = now
            return True
        return False

    # -- the next session ----------------------------------------------------------------------

    def _look_at_next(self, now: float) -> None:
        """Open the session that is to take over, have it take over, or give it up."""
        on_air, coming = self._on_air, self._next
        if on_air is None:
            return
        if coming is None:
            if not self._one_at_a_time and self._may_open_next(on_air, now):
                self._open_next(on_air, now)
        elif coming.work.done() or coming.degraded is not None:
            self._give_up(coming)
        elif self._may_take_over(on_air, coming, now):
            self._cut(on_air, coming)

    def _may_open_next(self, on_air: Session, now: float) -> bool:
        """Whether a session is to be opened beside the one on air now."""
        if self._why_renew(on_air, now) is None or on_air.work.done():
            return False
        return (
            self.status.wanted
            and not self.desired.paused
            and not self._leaving
            and not self._leftovers()
            and now >= self._next_at
            and self._fruitless < MOST_FRUITLESS
            and self._wait_s() <= 0
        )

    def _why_renew(self, on_air: Session, now: float) -> str | None:
        """Why another session is to take over from the one on air; None while it is good."""
        if self.desired.paused or on_air.client.ready_at is None:
            return None
        if self._age_s(on_air, now) > self._renewal_age_s and not self._one_at_a_time:
            return "the platform ends it soon"
        if on_air.degraded is not None and self._is_worth_leaving():
            return on_air.degraded
        return "asked for" if self._asked else self._poor

    def _open_next(self, on_air: Session, now: float) -> None:
        why = self._why_renew(on_air, now)
        log.info("bringing up another session to take over: %s", why)
        self._for_quality = on_air.degraded is not None or self._poor is not None
        self._asked_before, self._asked, self._poor = self._asked, False, None
        self._next = self._open()
        self._next.start()
        self._set()

    def _may_take_over(self, on_air: Session, coming: Session, now: float) -> bool:
        """Whether viewers lose nothing by the cut, or more without it."""
        if self._age_s(on_air, now) > self._config.max_session_s:
            return True
        if coming.state is S.PAUSED:
            return self.desired.paused
        if coming.state is not S.STREAMING:
            return False
        has_nothing = on_air.state is not S.STREAMING or on_air.degraded is not None
        is_late = now - coming.since > WARM_UP_S or self._is_worn_out(on_air, now)
        return coming.feed.plays_on() or has_nothing or is_late

    def _cut(self, on_air: Session, coming: Session) -> None:
        """Take over at the next tick; the old session is ended beside it."""
        log.info("session %s goes on air", coming.client.session_id)
        coming.feed.go_on_air()
        on_air.feed.detach()
        self._on_air, self._next = coming, None
        self._note_quality()
        self._forget_renewals()
        self._next_waits = backoff(self._rng)
        self._leave(on_air)
        check_takeover(self.status.state, coming.state)
        self._tell(coming)

    def _give_up(self, coming: Session) -> None:
        """The next session has failed: say so, and try again later or never."""
        self._next = None
        self._leave(coming)
        self._set()
        error = _failure_of(coming)
        self._count_fruitless(error, coming)
        was_opened = coming.client.ready_at is not None
        is_final = isinstance(error, Refused) or _has_no_room(error)
        # What was asked for since the try began has had no answer yet.
        self._asked = self._asked or (self._asked_before and not is_final)
        if was_opened:
            self._note_quality()
        elif is_final:
            self._one_at_a_time = True
            log.warning("%s; from now on a session is renewed with a short break", error)
            return
        wait_s = max(next(self._next_waits), _hint_s(error))
        self._next_at = self._clock() + wait_s
        log.warning("the session could not be renewed: %s; again in %.0f s", error, wait_s)

    def _note_quality(self) -> None:
        """Hold off the next change for want of quality, if this one was paid for."""
        if self._for_quality:
            self._degraded_at = self._clock()

    def _forget_renewals(self) -> None:
        self._asked = self._asked_before = self._for_quality = False
        self._poor = None

    # -- opening and closing -------------------------------------------------------------------

    def _open(self) -> Session:
        """A session that is not started yet. Raises `Unavailable` while the hour's are used up."""
        wait_s = self._wait_s()
        if wait_s > 0:
            raise Unavailable(
                f"too many sessions were asked for in the last hour; the next in {wait_s:.0f} s",
                retry_after_s=wait_s,
            )
        self._tokens.note(self._clock())
        client = self._factory.new_client()
        client.on_session(self._session_opened)
        return Session(
            client,
            self._pipeline.open_feed(),
            self._desired,
            on_change=self._session_changed,
            clock=self._clock,
        )

    def _wait_s(self) -> float:
        """How long to wait for the hour's limits; a runtime on this machine has none."""
        if self._config.local:
            return 0.0
        now = self._clock()
        return max(self._tokens.wait_s(now), self._opened.wait_s(now))

    def _session_opened(self, session: OpenSession) -> None:
        self._held.add(session.session_id)
        self._opened.note(self._clock())
        self._ledger.opened(session)

    def _leave(self, *runs: Session | None) -> None:
        """End sessions beside the one on air, or that one as well."""
        for run in runs:
            if run is not None:
                run.stop()
                self._leaving.add(asyncio.ensure_future(self._close(run)))

    def _look_at_leaving(self) -> None:
        for task in [task for task in self._leaving if task.done()]:
            self._leaving.discard(task)
            task.result()
        if not self._leaving and self._may_sweep():
            self._leaving.add(asyncio.ensure_future(self._sweep_beside()))

    async def _all_left(self) -> None:
        """Wait for the end of every session; the one on air is the last to be forgotten."""
        await asyncio.wait(self._leaving)
        ended, self._leaving = self._leaving, set()
        self._on_air = None
        self._to(S.IDLE, ready_at=None)
        for task in ended:
            task.result()

    async def _close(self, run: Session) -> None:
        """End the session, and note whether it is surely over."""
        client = run.client
        is_over = False
        try:
            is_over = await run.close()
        finally:
            self._bill(run)
            if client.session_id is not None:
                self._held.discard(client.session_id)
                if is_over:
                    self._ledger.ended(client.session_id)
                    self.usage.ended(client.session_id)
                else:
                    self.usage.dropped(client.session_id)
            if (client.last_frame_at or 0.0) - (client.ready_at or 0.0) > STABLE_S:
                self._waits = backoff(self._rng)

    # -- failures ------------------------------------------------------------------------------

    async def _failed(self, error: SessionError) -> None:
        """After a session, or the attempt at one: wait and try again, or wait to be asked."""
        first = logging.ERROR if isinstance(error, Refused) else logging.WARNING
        log.log(logging.DEBUG if str(error) == self._logged else first, "%s", error)
        self._logged = str(error)
        self._breaks = False
        if not self.status.wanted:
            return
        if isinstance(error, Refused):
            self._to(S.REFUSED, error=str(error), words=error.words)
            return
        pause_s = next(self._waits)
        if isinstance(error, Unavailable) and error.in_the_way:
            pause_s = min(pause_s, IN_THE_WAY_PAUSE_S)
        deadline = self._clock() + max(pause_s, _hint_s(error))
        self._to(S.BACKOFF, error=str(error), words=error.words)
        await self._until(lambda: not self.status.wanted or self._clock() >= deadline)
        self._to(S.IDLE)

    def _count_fruitless(self, error: SessionError, run: Session | None) -> None:
        """Count what was billed for nothing, and requests that are wrong by themselves.

        A refusal is final by itself.
        """
        if run is None or isinstance(error, Refused):
            return
        is_wrong = isinstance(error, Unavailable) and not error.recoverable
        if run.was_empty or is_wrong:
            self._fruitless += 1

    def _check_fruits(self, error: SessionError | None = None) -> None:
        """Raise `Refused` when trying again would burn money for nothing once more."""
        if self._fruitless >= MOST_FRUITLESS:
            self._held_back = True
            raise Refused(self._fruitless_sentence(error), words=_FRUITLESS_WORDS) from error

    def _fruitless_sentence(self, error: SessionError | None = None) -> str:
        last = f" ({error})" if error else ""
        return (
            f"{self._fruitless} sessions in a row gave no picture{last}, so no more are "
            "opened. Look at the log and at your account; then: sana-vcam ctl connect"
        )

    def _check_budget(self) -> None:
        """Raise `Refused` while a cap is reached."""
        used_up = self.usage.budget.used_up
        if used_up is not None:
            self._held_back = True
            raise Refused(used_up.sentence, words=used_up.words)

    def _is_back_in_budget(self) -> bool:
        """Whether a refusal for a cap has outlived the cap, or the day."""
        return (
            self.status.state is S.REFUSED
            and self._held_back
            and self._fruitless < MOST_FRUITLESS
            and self.usage.budget.used_up is None
        )

    async def _sweep(self) -> None:
        """End every session that an earlier run, or a failed close, has left open.

        One that cannot be ended holds up new ones on the same platform only: that error is raised
        after all have been tried.
        """
        self._sweep_at = self._clock() + SWEEP_PAUSE_S
        held_up: SessionError | None = None
        for session in self._leftovers(everywhere=True):
            log.info("ending session %s, which was left open", session.session_id)
            try:
                await self._factory.end(session)
            except SessionError as error:
                if self._is_ours(session):
                    held_up = error
                else:
                    log.warning("session %s cannot be ended now: %s", session.session_id, error)
            else:
                self._ledger.ended(session.session_id)
                self.usage.ended(session.session_id)
        if held_up is not None:
            raise held_up

    async def _sweep_beside(self) -> None:
        """Sweep while a session is on air; what cannot be ended is tried again."""
        try:
            await self._sweep()
        except SessionError as error:
            log.warning("%s", error)

    # -- small things --------------------------------------------------------------------------

    def _may_open(self) -> bool:
        if self._is_back_in_budget():
            self._held_back = False
            self._try_again()
        return (
            self.status.wanted
            and self.status.state is S.IDLE
            and not self.desired.paused
            and self._pipeline.camera_ready()
        )

    def _may_sweep(self) -> bool:
        is_quiet = self.status.state is S.IDLE or self._on_air is not None
        return is_quiet and self._clock() >= self._sweep_at and bool(self._leftovers())

    def _leftovers(self, *, everywhere: bool = False) -> list[OpenSession]:
        """Sessions that are open as far as anybody knows, and that no run of ours holds."""
        return [
            session
            for session in self._ledger.pending
            if session.session_id not in self._held and (everywhere or self._is_ours(session))
        ]

    def _is_ours(self, session: OpenSession) -> bool:
        return session.api_url == self._config.api_url

    @property
    def _renewal_age_s(self) -> float:
        """From this age on another session is to take over."""
        longest_s = self._config.max_session_s
        if self._one_at_a_time:
            return longest_s - LAST_MOMENT_S
        return longest_s - min(self._config.renew_margin_s, longest_s / 4)

    def _age_s(self, run: Session, now: float) -> float:
        """The session's age as the platform may see it.

        From its beginning, if that is what the platform counts: but a long wait for a GPU is not
        to use all of it up.
        """
        ready_at = run.client.ready_at
        if ready_at is None:
            return 0.0
        waited_s = ready_at - (run.opened_at if run.opened_at is not None else ready_at)
        return now - ready_at + min(waited_s, self._config.max_session_s / 4)

    def _is_worn_out(self, run: Session, now: float) -> bool:
        return self._age_s(run, now) > self._config.max_session_s - LAST_MOMENT_S

    def _is_worth_leaving(self) -> bool:
        """Whether the last change for want of quality is long enough ago."""
        return self._clock() - self._degraded_at > DEGRADED_PAUSE_S

    async def _until(self, condition: Callable[[], bool]) -> None:
        """Wait for `condition`, looking when something was asked and every moment anyway."""
        while not condition():
            await self._tick()

    async def _tick(self, *others: asyncio.Future[None]) -> None:
        tick_s = TICK_S if self.status.wanted else IDLE_TICK_S
        await self._desired.wait(*others, *self._leaving, tick_s=tick_s)
        self.usage.count()

    def _follow_model(self) -> None:
        if self._on_air is not None:
            self._on_air.follow_model()

    def _session_changed(self, run: Session) -> None:
        """One of the sessions has changed; that on air is what is told."""
        self._bill(run)
        if run.state is S.STREAMING and run is not self._proven:
            self._proven = run
            self._fruitless = 0
        if run is self._on_air:
            if run.state is not self.status.state:
                check(self.status.state, run.state)
            self._tell(run)
            self._on_change()

    def _tell(self, run: Session) -> None:
        """Tell of the session on air."""
        changes: dict[str, object] = {"ready_at": run.client.ready_at}
        if run.state is not S.CLOSING:
            changes["error"] = run.error
        if run.state is S.STREAMING:
            self._logged = ""
            self._breaks = False
        self._change_to(run.state, **changes)

    def _bill(self, run: Session) -> None:
        """Count a session from the moment it is ready; a runtime on this machine costs nothing."""
        client = run.client
        if client.ready_at is not None and client.session_id is not None and not self._config.local:
            self.usage.ready(client.session_id, client.ready_at)

    def _try_again(self) -> None:
        """A refusal is final until the user asks for something."""
        if self.status.state is S.REFUSED and not self._held_back:
            self._to(S.IDLE, error=None)

    def _desired_changed(self) -> None:
        if self.desired.paused and not self.status.paused:
            self._paused_at = self._clock()
        self._set(paused=self.desired.paused)
        self._on_change()

    def _to(self, state: S, **changes: object) -> None:
        """Go where the table of one session allows."""
        if state is not self.status.state:
            check(self.status.state, state)
        self._change_to(state, **changes)

    def _change_to(self, state: S, **changes: object) -> None:
        """The one place where the state changes."""
        if state is not self.status.state:
            log.info("session: %s -> %s", self.status.state, state)
            changes["since"] = self._clock()
        self._set(state=state, **changes)

    def _set(self, **changes: object) -> None:
        changes["renewing"] = self._next is not None or self._breaks
        status = replace(self.status, **changes)  # type: ignore[arg-type]
        if status != self.status:
            self.status = status
            self._on_change()


def _failure_of(run: Session) -> SessionError:
    """Why a session has failed or is given up. Raises what is a defect."""
    if not run.work.done():
        return Unavailable(run.degraded or "the session is no good")
    try:
        run.work.result()
    except SessionError as error:
        return error
    raise RuntimeError("the work on a session ended without an error")


def _has_no_room(error: SessionError) -> bool:
    return isinstance(error, Unavailable) and error.no_room


def _hint_s(error: SessionError) -> float:
    """What the platform asks to wait, in seconds."""
    return (error.retry_after_s or 0.0) if isinstance(error, Unavailable) else 0.0
