"""What one session's model is told, step by step, and what becomes of a step that it refuses."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sana_vcam.engine.desired import Desired, DesiredState
from sana_vcam.reactor import CommandRejected, ReactorClient, Refused
from sana_vcam.reactor.models import Step
from sana_vcam.reactor.models.record import IMAGE, PROMPT

if TYPE_CHECKING:
    from sana_vcam.media.pipeline import Feed

log = logging.getLogger(__name__)

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

    @property
    def is_paused(self) -> bool:
        """Whether the run is paused, as the model says or as is done here."""
        return self._client.reading.paused or self.is_held

    async def send(self, steps: Iterable[Step]) -> None:
        """Send steps in their order."""
        for step in steps:
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
                refused = [name for part in step.parts for name in _FIELDS.get(part, ())]
                now = self._desired.state
                if any(getattr(now, name) != getattr(wanted, name) for name in refused):
                    continue
                if refused and not has_run:
                    raise Refused(
                        f"{error}. Choose another: sana-vcam ctl prompt ...",
                        words="The model refused the prompt",
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
        """End the run; a refusal is none where the model says that there is no run."""
        try:
            await self.send(self._client.link.adapter.end())
        except CommandRejected as error:
            if self._client.reading.running:
                raise
            log.info("%s", error)

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
