"""What one session's model is told, step by step, and what becomes of a step that it refuses."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sana_vcam.engine.desired import Desired, DesiredState
from sana_vcam.reactor import CommandRejected, ReactorClient, Refused
from sana_vcam.reactor.models import Step
from sana_vcam.reactor.models.record import IMAGE, PROMPT

if TYPE_CHECKING:
    from sana_vcam.media.pipeline import Feed

log = logging.getLogger(__name__)

LATE_S = 10.0
"""A refusal that comes so much later is still about the look that was sent last: Vidu S2-Editing
accepts a new image at once, and refuses it some 4 s later."""
END_S = 5.0
"""How long the end of a run is waited for, as the model tells it."""

_FIELDS = {PROMPT: ("prompt", "preset"), IMAGE: ("image",)}
"""The fields of the desired state that a part of a look is taken back with."""


class RunControl:
    """Sends an adapter's steps to the model of one session. On the event loop.

    What is sent raises `CommandRejected`, `SessionLost` or `Unavailable`, as `ReactorClient.send`.
    """

    def __init__(self, client: ReactorClient, feed: Feed, desired: Desired) -> None:
        self.is_held = False
        """Whether the camera is held back from a model that cannot be paused."""
        self._client = client
        self._feed = feed
        self._desired = desired
        self._last: tuple[str, list[str], DesiredState, float] | None = None
        """The last step that changed the look: command, fields, what was applied before, when."""
        self._told = asyncio.Event()
        client.on_reading(lambda _: self._told.set())
        client.on_late_refusal(self._refused_late)

    @property
    def is_paused(self) -> bool:
        """Whether the run is paused, as the model says or as is done here."""
        return self._client.reading.paused or self.is_held

    async def send(self, steps: Iterable[Step]) -> None:
        """Send steps in their order."""
        for step in steps:
            await self._client.send(step)

    async def change(self, steps: Iterable[Step], applied: DesiredState) -> None:
        """Send what changes the look of a run from `applied`."""
        for step in steps:
            fields = _fields(step)
            if fields:
                self._last = step.command, fields, applied, time.monotonic()
            await self._client.send(step)

    async def bring(self, steps: Iterable[Step], applied: DesiredState, *, has_run: bool) -> None:
        """Send steps; what is refused is left out, and a look that is refused is taken back.

        Without a run, and unless another was asked for meanwhile, a refused look is `Refused`:
        starting without it would show the camera nearly as it is.
        """
        wanted = self._desired.state
        for step in steps:
            try:
                await self._client.send(step)
            except CommandRejected as error:
                if not step.parts:
                    raise
                log.warning("%s", error)
                refused = _fields(step)
                now = self._desired.state
                if any(getattr(now, name) != getattr(wanted, name) for name in refused):
                    continue
                if refused and not has_run:
                    raise Refused(
                        f"{error}. Choose another: sana-vcam ctl prompt ...",
                        words=f"The model refused the {refused[0]}",
                    ) from None
                self._desired.take_back(refused, applied)

    async def start(self) -> None:
        """Begin a run that was prepared. Raises `Refused` if the session has no such command."""
        adapter = self._client.link.adapter
        for step in adapter.start():
            if not await self._client.send(step):
                raise Refused(
                    f"{self._client.model.title} has no command {step.command!r}, so no run can "
                    "begin. Choose another model: [reactor] model",
                    words="The model does not fit this software",
                )
        if not adapter.begins_by_itself or self._client.model.guessed:
            # Also where no message says so.
            self._client.run_began()

    async def end(self) -> None:
        """End the run, and wait until the model says that it is over.

        A refusal is none where the model says that there is no run.
        """
        try:
            await self.send(self._client.link.adapter.end())
        except CommandRejected as error:
            if self._client.reading.running:
                raise
            log.info("%s", error)
        try:
            async with asyncio.timeout(END_S):
                while self._client.reading.running:
                    self._told.clear()
                    await self._told.wait()
        except TimeoutError:
            log.debug("the model has not said that the run is over")

    async def ask_state(self) -> None:
        """Have the model say what it does, where it can be asked; its answer is a message."""
        try:
            await self.send(self._client.link.adapter.ask_state())
        except CommandRejected as error:
            log.info("%s", error)

    async def pause(self, *, on: bool, tolerant: bool = False) -> None:
        """Have the run pause or go on, or hold the camera back from a model that cannot."""
        adapter = self._client.link.adapter
        if adapter.can_pause:
            try:
                await self.send(adapter.pause(on=on))
            except CommandRejected as error:
                if not tolerant:
                    raise
                log.warning("%s", error)
            return
        self.is_held = on
        if on:
            self._feed.detach()
        elif self._client.model.input_track is not None:
            self._feed.attach(self._client.push)

    def say_unused(self, wanted: DesiredState) -> None:
        """Log which parts of the look this model does not take."""
        model = self._client.model
        unused = wanted.left_out_by(model)
        if unused:
            log.info("%s does not take %s; left out", model.title, ", ".join(unused))

    def _refused_late(self, command: str, _reason: str) -> None:
        """Take a look back that the model kept only for a moment; it shows the former one still."""
        if self._last is None or self._last[0] != command:
            return
        _, fields, before, sent_at = self._last
        self._last = None
        if time.monotonic() - sent_at <= LATE_S:
            self._desired.take_back(fields, before)


def _fields(step: Step) -> list[str]:
    """List the fields of the desired state that a refused step is taken back with."""
    return [name for part in step.parts for name in _FIELDS.get(part, ())]
