"""What clients may ask of the daemon: `Controls`, carried out on the parts."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from sana_vcam.app.parts import Parts
from sana_vcam.config.preset import Preset
from sana_vcam.control.protocol.state import State
from sana_vcam.engine.budget import Budget
from sana_vcam.engine.demand import Hold
from sana_vcam.errors import CommandFailed
from sana_vcam.lib.threads import run_blocking
from sana_vcam.media.pixels import to_jpeg
from sana_vcam.presets.catalog import ListedPreset, step
from sana_vcam.presets.library import PresetLibrary
from sana_vcam.presets.suggestions import Suggestion

JPEG_QUALITY = 85


class Commands:
    """Carries out commands; everything on the event loop, nothing waits for pixels."""

    def __init__(
        self,
        parts: Parts,
        library: PresetLibrary,
        on_change: Callable[[], None],
    ) -> None:
        """`on_change` is called after what viewers are to see has changed."""
        self.presets = library.listed
        self._library = library
        self._parts = parts
        self._on_change = on_change

    def state(self) -> State:
        """The full state now."""
        return self._parts.state(time.monotonic())

    async def set_prompt(self, prompt: str) -> None:
        """Ask for a prompt of the user's own."""
        await self._parts.engine.set_prompt(prompt, preset=None, seed=None)

    async def apply_preset(self, preset_id: str) -> Preset:
        """Ask for a preset."""
        preset = self._library.find(preset_id)
        await self._parts.engine.set_prompt(preset.prompt, preset=preset.id, seed=preset.seed)
        return preset

    async def step_preset(self, by: int) -> Preset:
        """Ask for the preset `by` places further."""
        preset = step(self.presets(), self._parts.engine.desired.preset, by)
        return await self.apply_preset(preset.id)

    async def set_seed(self, seed: int) -> None:
        """Set the seed of the next run."""
        await self._parts.engine.set_seed(seed)

    async def set_anchor_interval(self, chunks: int) -> None:
        """Set the chunks between anchors."""
        await self._parts.engine.set_anchor_interval(chunks)

    async def pause(self) -> None:
        """Pause the model."""
        await self._parts.engine.pause()

    async def resume(self) -> None:
        """Go on."""
        await self._parts.engine.resume()

    async def reset(self) -> None:
        """Begin the run anew."""
        await self._parts.engine.reset()

    def blank(self, on: bool | None) -> bool:
        """Black for viewers."""
        return self._switch("blank", on)

    def freeze(self, on: bool | None) -> bool:
        """A still picture for viewers."""
        return self._switch("freeze", on)

    def bypass(self, on: bool | None) -> bool:
        """The raw camera for viewers, if the configuration allows it."""
        program = self._parts.program
        wanted = not program.switches.bypass if on is None else on
        if wanted and not program.bypass_allowed:
            raise CommandFailed(
                "rejected",
                "bypass would show the raw camera, and the configuration does not allow it: set "
                "allow_bypass = true under [privacy] and restart",
            )
        return self._switch("bypass", wanted)

    async def connect(self) -> None:
        """Hold a session open, watched or not; also tries again after a refusal."""
        self._parts.demand.hold = Hold.ON
        self._parts.engine.connect()
        self._on_change()

    async def disconnect(self) -> None:
        """Want none, until those who watch now have left, or until `connect`."""
        self._parts.demand.hold = Hold.OFF
        self._parts.engine.disconnect()
        self._on_change()

    def renew(self) -> None:
        """Have a fresh session take over."""
        self._parts.engine.renew()

    def usage(self) -> Budget:
        """What is billed."""
        return self._parts.engine.usage.budget

    async def snapshot(self) -> bytes:
        """What viewers see now, as JPEG."""
        sink = self._parts.sink

        def encode() -> bytes | None:
            pixels = sink.latest_pixels()
            return None if pixels is None else to_jpeg(pixels, JPEG_QUALITY)

        jpeg = await run_blocking(encode, name="snapshot")
        if jpeg is None:
            raise CommandFailed("not_ready", "no frame has been shown yet")
        return jpeg

    async def save_preset(self, preset: Preset, replaces: str | None) -> Preset:
        """Create or change a preset in the configuration file."""
        active = self._parts.engine.desired.preset
        await self._library.save(preset, replaces)
        if replaces is not None and replaces == active:
            self._parts.engine.name_preset(preset.id)
        return preset

    async def remove_preset(self, preset_id: str) -> Preset:
        """Take a preset out of the configuration file."""
        return await self._library.remove(preset_id)

    async def move_preset(self, preset_id: str, place: int) -> Sequence[ListedPreset]:
        """Put a preset at another place in the configuration file."""
        return await self._library.move(preset_id, place)

    async def reset_presets(self) -> Sequence[ListedPreset]:
        """Go back to the built-in presets."""
        return await self._library.reset()

    def suggest(self, prompt: str | None) -> Sequence[Suggestion]:
        """How a prompt may go on; None is the one in force."""
        desired = self._parts.engine.desired
        if prompt is None or prompt == desired.prompt:
            return self._library.suggest(desired.prompt, desired.preset)
        return self._library.suggest(prompt, None)

    async def thumbnail(self, preset_id: str) -> bytes:
        """The still of a preset, as JPEG."""
        return await self._library.thumbnail(preset_id)

    def _switch(self, name: str, on: bool | None) -> bool:
        program = self._parts.program
        value = not getattr(program.switches, name) if on is None else on
        program.switches = replace(program.switches, **{name: value})
        self._on_change()
        return value
