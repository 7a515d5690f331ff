"""What the user asks of the model: checked against its record, kept, and sent if a run is on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from sana_vcam.config.preset import OWN_SETTINGS, nearest_first
from sana_vcam.engine.desired import DesiredState
from sana_vcam.engine.session import Session
from sana_vcam.errors import CommandFailed
from sana_vcam.reactor.models import Image, Model, Scalar, Setting


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
        model = self._model()
        if model.prompt is None and prompt.strip():
            instead = ""
            if model.image is not None:
                instead = "; it is shown a picture: sana-vcam ctl set_image FILE"
            raise CommandFailed("rejected", f"{model.title} takes no prompt{instead}")
        fields: dict[str, object] = {"prompt": prompt, "preset": preset}
        if seed is not None:
            fields["seed"] = seed
        self._check_prompt(prompt)
        await self._ask(fields)

    async def set_look(self, fields: dict[str, object]) -> tuple[str, ...]:
        """Want these fields of `DesiredState`, a whole look; gives what the model leaves out.

        Nothing of a look is wanted if one part of it is wrong.
        """
        wanted = self.check_look(fields)
        await self._ask(fields)
        return wanted.left_out_by(self._model())

    def check_look(self, fields: dict[str, object]) -> DesiredState:
        """Say what would be wanted with these fields; raises as `set_look` does."""
        model, wanted = self._model(), self._desired().changed(fields)
        self._check_prompt(wanted.prompt)
        for name, value in wanted.look_settings.items():
            setting = model.setting(name)
            fault = None if setting is None else setting.fault(value)
            if fault is not None:
                raise CommandFailed("invalid_data", fault)
        missing = model.missing(wanted.look)
        if missing is not None:
            raise CommandFailed("rejected", missing)
        return wanted

    async def set_seed(self, seed: int) -> None:
        """Want this seed; the model reads it when a run begins."""
        await self._ask({"seed": seed})

    async def set_anchor_interval(self, chunks: int) -> None:
        """Want this many chunks between anchors."""
        await self._ask({"anchor_interval": chunks})

    async def set_setting(self, name: str, value: Scalar) -> None:
        """Want this value of a setting that the model has."""
        model, desired = self._model(), self._desired()
        setting = model.setting(name)
        if setting is None:
            names = nearest_first(name, [one.name for one in model.settings])
            raise CommandFailed(
                "not_found",
                f"{model.title} has no setting {name!r}; have: {', '.join(names) or 'none'}",
            )
        value = _typed(setting, value)
        fault = setting.fault(value)
        if fault is not None:
            raise CommandFailed("invalid_data", fault)
        if name in OWN_SETTINGS:
            await self._ask({name: value})
            return
        of_the_look = {key: one for key, one in desired.look_settings.items() if key != name}
        await self._ask(
            {"settings": {**desired.settings, name: value}, "look_settings": of_the_look}
        )

    async def set_image(self, image: Image | None) -> None:
        """Want this reference image, or none."""
        model, wanted = self._model(), self._desired().changed({"image": image})
        if model.image is None:
            raise CommandFailed("rejected", f"{model.title} takes no reference image")
        missing = model.missing(wanted.look)
        if missing is not None:
            raise CommandFailed("rejected", missing)
        await self._ask({"image": image, "preset": None})

    async def schedule_prompt(self, prompt: str, chunk: int) -> None:
        """Have the run that is on take a prompt on at a later chunk; no other run knows of it."""
        model, session = self._model(), self._on_air()
        if model.schedule is None:
            raise CommandFailed("rejected", f"{model.title} takes no prompts for later")
        if session is None or not session.running:
            raise CommandFailed("not_ready", "no session is streaming, so there is no run")
        self._check_prompt(prompt)
        await session.schedule(prompt, chunk)

    def _check_prompt(self, prompt: str) -> None:
        model = self._model()
        if model.prompt is not None and len(prompt) > model.prompt.most:
            raise CommandFailed(
                "invalid_data",
                f"{model.title} takes prompts of at most {model.prompt.most} characters; this one "
                f"has {len(prompt)}",
            )


def _typed(setting: Setting, value: Scalar) -> Scalar:
    """Read a value that came as text, as a line of words has it, as the setting's own type."""
    if not isinstance(value, str) or setting.kind == "text":
        return value
    if setting.kind == "boolean":
        return _SWITCHES.get(value.strip().lower(), value)
    try:
        return int(value) if setting.kind == "integer" else float(value)
    except ValueError:
        return value


_SWITCHES: Mapping[str, bool] = {"true": True, "on": True, "false": False, "off": False}
