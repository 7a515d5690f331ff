"""What the user asks of the model: checked against its record, kept, and sent if a run is on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sana_vcam.engine.desired import DesiredState
from sana_vcam.engine.session import Session
from sana_vcam.errors import CommandFailed
from sana_vcam.reactor.models import Image, Model, Scalar


class Wishes:
    """The user's commands about the look; on the event loop.

    Each is kept for the sessions to come. Each raises `CommandFailed` if the model does not take
    it, and then what was wanted before still is.
    """

    def __init__(
        self,
        ask: Callable[[dict[str, object]], Awaitable[None]],
        desired: Callable[[], DesiredState],
        model: Callable[[], Model],
        on_air: Callable[[], Session | None],
    ) -> None:
        """`ask` wants fields of `DesiredState`; the others give what is there now."""
        self._ask = ask
        self._desired = desired
        self._model = model
        self._on_air = on_air

    async def set_prompt(self, prompt: str, *, preset: str | None, seed: int | None) -> None:
        """Want this prompt, and this seed if there is one."""
        fields: dict[str, object] = {"prompt": prompt, "preset": preset}
        if seed is not None:
            fields["seed"] = seed
        await self._ask(fields)

    async def set_look(self, fields: dict[str, object]) -> None:
        """Want these fields of `DesiredState`."""
        await self._ask(fields)

    async def set_seed(self, seed: int) -> None:
        """Want this seed; the model reads it when a run begins."""
        await self._ask({"seed": seed})

    async def set_anchor_interval(self, chunks: int) -> None:
        """Want this many chunks between anchors."""
        await self._ask({"anchor_interval": chunks})

    async def set_setting(self, name: str, value: Scalar) -> None:
        """Want this value of a setting that the model has."""
        model = self._model()
        setting = model.setting(name)
        if setting is None:
            names = ", ".join(one.name for one in model.settings) or "none"
            raise CommandFailed(
                "not_found", f"{model.title} has no setting {name!r}; have: {names}"
            )
        fault = setting.fault(value)
        if fault is not None:
            raise CommandFailed("invalid_data", fault)
        if name in ("seed", "anchor_interval"):
            await self._ask({name: value})
        else:
            await self._ask({"settings": {**self._desired().settings, name: value}})

    async def set_image(self, image: Image | None) -> None:
        """Want this reference image, or none."""
        model = self._model()
        if model.image is None:
            raise CommandFailed("rejected", f"{model.title} takes no reference image")
        await self._ask({"image": image})

    async def schedule_prompt(self, prompt: str, chunk: int) -> None:
        """Have the run that is on take a prompt on at a later chunk; no other run knows of it."""
        model, session = self._model(), self._on_air()
        if model.schedule is None:
            raise CommandFailed("rejected", f"{model.title} takes no prompts for later")
        if session is None or not session.running:
            raise CommandFailed("not_ready", "no session is streaming, so there is no run")
        await session.schedule(prompt, chunk)
