"""A look that is rehearsed: the preview shows it, while viewers keep a still from before.

With [rehearse] second_session it has a session of its own (`engine.second`), and viewers stay live
on the one on air: then there is nothing to wait for on the way back, and commands about the look
change what is rehearsed. In the session that runs:

    rehearse ──▶ coming ──▶ ready ──┬── take ──▶ taking ──▶ on air, from a frame of that look on
                   ▲                └── back ──▶ back ────▶ the old look on air, in the same way
                   └── another one rehearsed, or the model refused what was to go on air

Viewers are kept from the model before it is asked for anything, and see it again from the first
frame that surely shows what is to be on air (`engine.arrival`). What is not known to be that stays
off air.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from sana_vcam.config.schema import RehearseConfig
from sana_vcam.control.protocol.rehearsal import RehearsalStage as Stage
from sana_vcam.control.trial import Trial
from sana_vcam.engine.arrival import LookArrival
from sana_vcam.engine.desired import TICK_S, DesiredState
from sana_vcam.engine.engine import Engine
from sana_vcam.engine.states import SessionState
from sana_vcam.errors import CommandFailed
from sana_vcam.lib.idle import aligned_sleep
from sana_vcam.media.playout.program import OffAir, Program
from sana_vcam.reactor.models import Look

log = logging.getLogger(__name__)

OPENED_WITHIN_S = 15.0
"""A second session that the platform refuses is refused within this time, as a rule; it is the
answer to the command then."""


class Rehearsal:
    """The one rehearsal that there is at a time; on the event loop.

    It belongs to a connection, and ends with it, unless it is to stay.
    """

    def __init__(
        self,
        engine: Engine,
        program: Program,
        on_change: Callable[[], None],
        config: RehearseConfig | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`on_change` is called when `stage` changes; `clock` is that of the model's frames."""
        self.stage: Stage | None = None
        """How far it is; None while nothing is rehearsed."""
        self._engine = engine
        self._program = program
        self._on_change = on_change
        self._clock = clock
        self._is_second = config is not None and config.second_session
        """Whether the next one takes a second session."""
        self._second_owner: object = None
        self._arrival = LookArrival()
        self._is_on = asyncio.Event()
        self._trial: Trial | None = None
        """None also where another look was asked for by hand."""
        self._airs: Look | None = None
        """What is to go on air; None while that is not decided."""
        self._asking = 0
        """Commands about the look that are under way."""

    @property
    def takes_second(self) -> bool:
        """Whether the one that is on, or else the next one, has a session of its own."""
        return self._is_second if self.stage is None else self._engine.second.is_on

    @property
    def look_on_air(self) -> DesiredState | None:
        """What viewers have while another look is rehearsed; None while none is."""
        if self._engine.second.is_on:
            return self._engine.desired_on_air
        return None if self._trial is None else self._trial.before

    def follow_config(self, config: RehearseConfig) -> None:
        """Take on whether the next one has a session of its own; one that is on ends with No."""
        self._is_second = config.second_session
        second = self._engine.second
        if not self._is_second and second.is_on and not second.is_taken:
            second.end("[rehearse] second_session was switched off")
            self.follow()

    async def run(self) -> None:
        """Follow the sessions while something is rehearsed, until cancelled."""
        while True:
            await aligned_sleep(self._is_on, TICK_S)
            self.follow()

    async def begin(self, owner: object, fields: Mapping[str, object], last: Trial | None) -> None:
        """Rehearse these fields of `DesiredState`; `last` is a trial on air that this replaces.

        Raises `CommandFailed`: `not_ready` while no session streams, and as `Wishes.set_look`.
        """
        engine, now = self._engine, self._engine.desired
        if engine.status.state is not SessionState.STREAMING:
            raise CommandFailed(
                "not_ready",
                "a look is rehearsed with the model, and no session is streaming: "
                "sana-vcam ctl connect --wait",
            )
        engine.wishes.check_look(dict(fields))
        if self._engine.second.is_on or (self._is_second and self._program.off_air is None):
            await self._begin_second(owner, fields, last)
            return
        # One that is being taken or put back is none any more.
        before = self._trial if self._airs is None else None
        trial = Trial.of(owner, fields, now, before or last)
        # Before the model is asked: see `OffAir`.
        self._program.off_air = OffAir()
        self._trial, self._airs = trial, None
        self._set(Stage.COMING)
        try:
            await self._want(fields)
        except CommandFailed:
            if self._trial is trial:
                self._trial = before
                if before is None:
                    # Part of it may have reached the model.
                    self._air(engine.desired.look, Stage.BACK)
            raise

    async def _begin_second(
        self, owner: object, fields: Mapping[str, object], last: Trial | None
    ) -> None:
        """Rehearse in the second session, or bring another look to it."""
        engine, second = self._engine, self._engine.second
        if second.is_taken:
            raise CommandFailed(
                "not_ready", "the look that you took is about to go on air: rehearse the next then"
            )
        if second.is_on:
            self._second_owner = owner
            await self._want(fields)
            return
        if last is not None:
            await self._want(last.back(engine.desired))
        engine.rehearse(dict(fields))
        self._second_owner = owner
        self.follow()
        await second.opened(OPENED_WITHIN_S)

    def take(self) -> bool:
        """Put on air what is rehearsed, and say whether it is by the next picture.

        Raises `CommandFailed` if nothing is rehearsed.
        """
        if self._engine.second.is_on:
            on_air = self._engine.second.take()
            self.follow()
            return on_air
        self._require()
        if self.stage is Stage.BACK:
            raise CommandFailed(
                "rejected", "it was put back: rehearse it again: sana-vcam ctl rehearse ..."
            )
        self._air(self._engine.desired.look, Stage.TAKING)
        return not self._is_held

    async def back(self) -> bool:
        """Put the look from before on air, and say whether it is by the next picture.

        Raises `CommandFailed` if nothing is rehearsed, and as `Wishes.set_look`: then viewers keep
        the still. A second session is closed, and viewers never left the look from before.
        """
        if self._engine.second.is_on:
            self._engine.second.end()
            self.follow()
            return True
        self._require()
        now = self._engine.desired
        fields = {} if self._trial is None else _old_look(self._trial, now)
        # Nothing is on air before the model has taken it on, and nothing if it refuses.
        self._airs = now.changed(fields).look
        self._set(Stage.BACK)
        if fields:
            await self._want(fields)
        self.follow()
        return not self._is_held

    async def end(self, owner: object) -> None:
        """Go back if it belongs to this connection, which ends, and is not being taken."""
        second = self._engine.second
        if second.is_on and self._second_owner is owner and not second.is_taken:
            await self.back()
        is_its = self._trial is not None and self._trial.owner is owner
        if is_its and self._airs is None and self._is_held:
            await self.back()

    @contextmanager
    def asking(self, *, another: bool) -> Iterator[None]:
        """Take note that a command asks for a part of the look, or for `another` to go on air."""
        self._asking += 1
        try:
            yield
        finally:
            self._asking -= 1
        now, trial = self._engine.desired, self._trial
        is_tried = trial is not None and bool(trial.back(now))
        if not self._is_held or (is_tried and self.stage is not Stage.TAKING):
            return
        if another:
            self._trial = None
            self._air(now.look, Stage.TAKING)
        elif self._airs is not None:
            self._airs = now.look

    def follow(self) -> None:
        """Look how far the model is, and let viewers see it once they may."""
        second = self._engine.second
        if second.is_on:
            arrived = Stage.READY if second.has_arrived else Stage.COMING
            self._set(Stage.TAKING if second.is_taken else arrived)
            return
        if self._program.off_air is None and self.stage is not None:
            # It was taken, or has ended by itself.
            self._second_owner = None
            self._set(None)
        off_air, now = self._program.off_air, self._clock()
        if off_air is None:
            return
        if off_air is self._program.ended_off_air:
            self._program.off_air = self._trial = self._airs = None
            self._set(None)
            return
        wanted = self._engine.desired
        at = self._arrival.at(self._engine.sessions, wanted, now)
        if off_air.until is not None or self._asking:
            return
        if self._airs is not None and self._airs != wanted.look:
            log.warning("the model has refused the look; viewers keep the still until take or back")
            self._airs = None
        if self._airs is None:
            streams = self._engine.status.state is SessionState.STREAMING
            self._set(Stage.READY if at is not None and streams else Stage.COMING)
        elif at is not None:
            self._program.off_air = OffAir(at)

    @property
    def _is_held(self) -> bool:
        """Whether viewers are kept from the model, and are to be for now."""
        off_air = self._program.off_air
        return off_air is not None and off_air.until is None

    def _require(self) -> None:
        if not self._is_held:
            raise CommandFailed(
                "not_ready", "no look is rehearsed: begin with sana-vcam ctl rehearse PRESET"
            )

    def _air(self, look: Look, stage: Stage) -> None:
        self._airs = look
        self._set(stage)
        self.follow()

    async def _want(self, fields: Mapping[str, object]) -> None:
        """Want fields, with nothing left of the look before; what does not arrive is sent again."""
        clean = self._engine.desired.clean + 1
        try:
            await self._engine.wishes.set_look({**fields, "clean": clean})
        except CommandFailed as error:
            if error.code != "not_ready":
                raise
            log.info("%s", error)

    def _set(self, stage: Stage | None) -> None:
        (self._is_on.clear if stage is None else self._is_on.set)()
        if stage is not self.stage:
            log.info("rehearsal: %s -> %s", self.stage, stage)
            self.stage = stage
            self._on_change()


def _old_look(trial: Trial, now: DesiredState) -> dict[str, object]:
    """List the fields that bring back what was on before."""
    if now.prompt == trial.tried["prompt"] and now.preset != trial.tried["preset"]:
        # It has got another name meanwhile, and is the trial all the same.
        return {name: getattr(trial.before, name) for name in trial.tried}
    return trial.back(now)
