"""What the user wants of the model, kept apart from what a session has applied of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sana_vcam.config.preset import OWN_SETTINGS
from sana_vcam.lib.idle import until_tick
from sana_vcam.reactor.models import Image, Look, Model, Scalar

TICK_S = 0.25
"""How often whoever waits for a change of what is desired looks at everything else as well."""
IDLE_TICK_S = 5.0
"""The same while no session is wanted."""


@dataclass(frozen=True)
class DesiredState:
    """What every session is brought to; replaced as a whole, on the event loop."""

    prompt: str
    preset: str | None
    seed: int
    anchor_interval: int
    paused: bool = False
    image: Image | None = None
    settings: Mapping[str, Scalar] = field(default_factory=dict)
    """Values of the model's other settings that the user has set by hand, by their names. They
    hold for every look, until they are set anew."""
    look_settings: Mapping[str, Scalar] = field(default_factory=dict)
    """Those that came with the preset; they go before, and go with it."""
    clean: int = 0
    """Rises with each change that is to leave nothing of the look before in the picture."""

    @property
    def look(self) -> Look:
        """What a model is asked for."""
        own = {"seed": self.seed, "anchor_interval": self.anchor_interval}
        return Look(self.prompt, self.image, {**own, **self.settings, **self.look_settings})

    def left_out_by(self, model: Model) -> tuple[str, ...]:
        """List the parts of the look that a model does not take.

        Seed and anchor interval always have a value, so they say nothing.
        """
        return tuple(part for part in model.unused(self.look) if part not in OWN_SETTINGS)

    @property
    def all_but_pause(self) -> dict[str, object]:
        """Every field but the pause."""
        return {name: value for name, value in vars(self).items() if name != "paused"}

    def changed(self, fields: dict[str, object]) -> DesiredState:
        """Make a copy with other `fields`."""
        return replace(self, **fields)  # type: ignore[arg-type]


class Desired:
    """The desired state, shared by the engine and every open session; on the event loop."""

    def __init__(self, state: DesiredState, on_change: Callable[[], None]) -> None:
        """Begin with `state`; `on_change` is called at each change of it."""
        self.state = state
        self._on_change = on_change
        self._woken = asyncio.Event()
        # Who asked last for each field: a rejection takes back only what nobody asked for since.
        self._askers: dict[str, object] = {}

    def ask(self, fields: dict[str, object]) -> object:
        """Desire `fields`; returns who asked, for `take_back_for`."""
        asker = object()
        self._askers.update(dict.fromkeys(fields, asker))
        self._change(fields)
        self.wake()
        return asker

    def take_back(self, names: Iterable[str], applied: DesiredState) -> None:
        """Desire what the model has `applied`, as it has rejected what was asked for."""
        self._change({name: getattr(applied, name) for name in names})

    def take_back_for(self, asker: object, names: Iterable[str], applied: DesiredState) -> None:
        """Take back what `asker` was the last to ask for."""
        self.take_back([name for name in names if self._askers[name] is asker], applied)

    def wake(self) -> None:
        """End the waits in `wait`."""
        self._woken.set()

    async def wait(self, *others: asyncio.Future[None], tick_s: float = TICK_S) -> None:
        """Sleep until `wake`, until one of `others` is done, or to the next tick.

        Whoever waits here looks at the desired state before, so that no change is missed.
        """
        self._woken.clear()
        woken: asyncio.Future[Any] = asyncio.ensure_future(self._woken.wait())
        try:
            await asyncio.wait(
                {woken, *others}, timeout=until_tick(tick_s), return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            woken.cancel()

    def _change(self, fields: dict[str, object]) -> None:
        self.state = self.state.changed(fields)
        self._on_change()
