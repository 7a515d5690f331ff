"""What the user wants of the model, kept apart from what a session happens to give."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from sana_vcam.lib.idle import until_tick

# How often whoever waits for a wish looks at everything else as well.
LOOK_EVERY_S = 0.25
# The same while nothing is wanted.
IDLE_LOOK_S = 1.0


@dataclass(frozen=True)
class Wants:
    """Sent to every session anew; replaced as a whole, on the event loop."""

    prompt: str
    preset: str | None
    seed: int
    anchor_interval: int
    paused: bool = False

    def changed(self, fields: dict[str, object]) -> Wants:
        """These wants with other `fields`."""
        return replace(self, **fields)  # type: ignore[arg-type]


class Wishes:
    """The wants of now, shared by the engine and every session that is open; on the event loop."""

    def __init__(self, wants: Wants, on_change: Callable[[], None]) -> None:
        """`on_change` is called at each change of the wants."""
        self.wants = wants
        self._on_change = on_change
        self._asked = asyncio.Event()
        # Who asked last for each want: a refusal takes back only what nobody asked for since.
        self._askers: dict[str, object] = {}

    def ask(self, fields: dict[str, object]) -> object:
        """Want `fields`; returns who asked, for `take_back_for`."""
        asker = object()
        self._askers.update(dict.fromkeys(fields, asker))
        self._want(fields)
        self.wake()
        return asker

    def take_back(self, names: Iterable[str], given: Wants) -> None:
        """Want what the model has, as it has refused what was wanted."""
        self._want({name: getattr(given, name) for name in names})

    def take_back_for(self, asker: object, names: Iterable[str], given: Wants) -> None:
        """Take back what `asker` was the last to ask for."""
        self.take_back([name for name in names if self._askers[name] is asker], given)

    def wake(self) -> None:
        """End the waits in `moment`."""
        self._asked.set()

    async def moment(self, *others: asyncio.Future[None], look_s: float = LOOK_EVERY_S) -> None:
        """Sleep until something was asked, one of `others` is done, or `look_s` have passed.

        Whoever waits here looks at what is wanted before, so that a wish is never missed.
        """
        self._asked.clear()
        asked: asyncio.Future[Any] = asyncio.ensure_future(self._asked.wait())
        try:
            await asyncio.wait(
                {asked, *others}, timeout=until_tick(look_s), return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            asked.cancel()

    def _want(self, fields: dict[str, object]) -> None:
        self.wants = self.wants.changed(fields)
        self._on_change()
