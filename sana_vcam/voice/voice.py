"""The voice: a delay line kept as late as the picture, and silent while viewers see black."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from sana_vcam.errors import VoiceError
from sana_vcam.voice.following import (
    Follower,
    Heard,
    Mute,
    OnProgram,
    PictureDelay,
    Prepare,
    Shift,
    Unmute,
    VoiceOrder,
)
from sana_vcam.voice.levels import VoiceLevels
from sana_vcam.voice.line import DelayLine, LineState, LineStatus

log = logging.getLogger(__name__)

EVERY_S = 0.1
"""How often it is looked whether there is something to be done, while there may be."""
SETTLED_EVERY_S = 0.5
"""How often while nobody listens, or the voice is as late as it is meant to be."""
AGAIN_S = 5.0
"""Between two attempts to open a microphone that is not there."""


@dataclass(frozen=True, slots=True)
class VoiceStatus:
    """The voice at one moment: its line, how late it is meant to be, and how loud one speaks."""

    line: LineStatus
    target_ms: float | None
    level_dbfs: float | None


class Voice:
    """One microphone, as late as the picture. All of it is used on one event loop's thread.

    `program` tells what viewers are to see, `picture` how late they see it; both only read.
    `is_watched` tells whether anybody looks at how loud one speaks. `on_change` is called when
    something changed that a state shows.
    """

    def __init__(
        self,
        line: DelayLine,
        follower: Follower,
        microphone: str,
        *,
        program: Callable[[], OnProgram],
        picture: Callable[[], PictureDelay | None],
        is_watched: Callable[[], bool] = lambda: True,
        on_change: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.follower = follower
        self._line = line
        self._microphone = microphone
        self._program = program
        self._picture = picture
        self._is_watched = is_watched
        self._on_change = on_change
        self._clock = clock
        self._levels = VoiceLevels()
        self._told: tuple[object, ...] = ()
        self._is_open = False
        self._error: str | None = None

    @property
    def status(self) -> VoiceStatus:
        """Tell how the voice is now."""
        # Not in `step` alone, which is at one fade for a second.
        self._levels.add(self._line.take_levels())
        line = self._line.status()
        if self._error is not None:
            line = LineStatus(LineState.FAILED, False, line.delay_ms, self._microphone, self._error)
        return VoiceStatus(line, self.follower.target_ms, self._levels.loudest(self._clock()))

    def program_switched(self) -> None:
        """Be silent at once if viewers are to see black; in the step in which that is decided."""
        if self._must_be_silent():
            self._carry_out_mute(self.follower.silence())

    async def open(self) -> None:
        """Open the line, silent. Raises `VoiceError`."""
        await self._line.open(self._microphone)
        self._is_open = True

    async def run(self) -> None:
        """Keep the line as late as the picture until cancelled, and close it then."""
        try:
            await self._opened()
            while True:
                await self.step()
                await asyncio.sleep(self._pause_s())
        finally:
            await self.close()

    async def step(self) -> None:
        """Look once, and do what is to be done."""
        self._levels.add(self._line.take_levels())
        status = self._line.status()
        line = Heard(status.delay_ms, status.listeners)
        now = self._clock()
        orders = self.follower.take(now, self._program(), self._picture(), line, self._levels)
        for order in orders:
            # While an order was carried out, black may have come.
            if self._must_be_silent() and not isinstance(order, Mute):
                break
            await self._carry_out(order)
        self._line.measure(self.follower.needs_levels(now) or self._is_watched())
        self._tell()

    def _pause_s(self) -> float:
        """Tell how long nothing needs to be looked at."""
        is_busy = self._line.status().listeners and self.follower.needs_levels(self._clock())
        return EVERY_S if is_busy else SETTLED_EVERY_S

    async def close(self) -> None:
        """Be silent, and take the line away; its source stays."""
        self._is_open = False
        self._carry_out_mute(self.follower.silence())
        self._levels.clear()
        await self._line.close()

    async def _opened(self) -> None:
        """Open the line, again and again until its microphone is there."""
        while not self._is_open:
            try:
                await self.open()
            except VoiceError as error:
                level = logging.DEBUG if self._error else logging.WARNING
                log.log(level, "no voice: %s", error)
                self._error = str(error)
                self._tell()
                await asyncio.sleep(AGAIN_S)
        self._error = None
        self._tell()

    async def _carry_out(self, order: VoiceOrder) -> None:
        match order:
            case Mute():
                self._carry_out_mute(order)
            case Prepare():
                ready_s = await self._line.prepare(order.delay_ms)
                self.follower.prepared(order.delay_ms, self._clock() + ready_s)
            case Shift():
                log.debug("the voice is %.0f ms late from now on", order.delay_ms)
                await self._line.shift(order.delay_ms, order.fade_s)
            case Unmute():
                await self._line.unmute(order.after_s)
                # Black that came meanwhile is the stronger one.
                self.program_switched()

    def _carry_out_mute(self, _order: Mute) -> None:
        self._line.mute()

    def _must_be_silent(self) -> bool:
        return self.follower.on_blank_mute and self._program() is OnProgram.BLANK

    def _tell(self) -> None:
        """Tell whoever shows the state, if something in it changed."""
        status = self.status
        line = status.line
        shown = (line.state, line.listeners, line.error, round(line.delay_ms), status.target_ms)
        if shown != self._told:
            self._told = shown
            self._on_change()
