"""What the control server may ask of the daemon: the seam between the API and the engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sana_vcam.config.preset import Preset
from sana_vcam.control.protocol.state import State
from sana_vcam.engine.budget import Budget
from sana_vcam.presets.catalog import ListedPreset
from sana_vcam.presets.suggestions import Suggestion


class Controls(Protocol):
    """The daemon as its clients see it. Everything runs on the event loop.

    A refused command raises `CommandFailed`, whose code and message become the error reply.
    Commands that change what the user wants succeed while no session is open: the wish is kept
    and sent when one is.
    """

    def state(self) -> State:
        """The full state now."""
        ...

    def presets(self) -> Sequence[ListedPreset]:
        """The presets in their order."""
        ...

    async def set_prompt(self, prompt: str) -> None:
        """Ask for `prompt`; clears the active preset. Raises `rejected` if the model refuses."""
        ...

    async def apply_preset(self, preset_id: str) -> Preset:
        """Ask for a preset's prompt (and seed, if it has one). Raises `not_found`."""
        ...

    async def step_preset(self, by: int) -> Preset:
        """Apply the preset `by` places further, wrapping around."""
        ...

    async def set_seed(self, seed: int) -> None:
        """Set the seed; the model reads it when a run begins (see `reset`)."""
        ...

    async def set_anchor_interval(self, chunks: int) -> None:
        """Re-ground the edit every `chunks` chunks; 0 is never."""
        ...

    async def pause(self) -> None:
        """Pause the model after the current chunk."""
        ...

    async def resume(self) -> None:
        """Go on after a pause."""
        ...

    async def reset(self) -> None:
        """Begin the run anew with everything the user wants; the seed takes effect."""
        ...

    def blank(self, on: bool | None) -> bool:
        """Black for viewers from the next tick; None toggles. Returns the new value."""
        ...

    def freeze(self, on: bool | None) -> bool:
        """A still picture for viewers from the next tick; None toggles. Returns the new value."""
        ...

    def bypass(self, on: bool | None) -> bool:
        """The raw camera for viewers; None toggles. Raises `rejected` unless it is allowed."""
        ...

    async def connect(self) -> None:
        """Want a (paid) session; also tries again after a refusal."""
        ...

    async def disconnect(self) -> None:
        """Want none; the open session is closed."""
        ...

    def renew(self) -> None:
        """Have a fresh session take over. Raises `not_ready` while none is streaming."""
        ...

    def usage(self) -> Budget:
        """What is billed, with caps and price."""
        ...

    async def snapshot(self) -> bytes:
        """What viewers see now, as JPEG bytes."""
        ...

    async def save_preset(self, preset: Preset, replaces: str | None) -> Preset:
        """Create or change a preset in the configuration file.

        `replaces` is the id of the one that is edited, if that changes. Raises `not_found` for
        it, and `rejected`, with nothing changed, if the file is wrong or cannot be written.
        """
        ...

    async def remove_preset(self, preset_id: str) -> Preset:
        """Take a preset out of the configuration file; raises as `save_preset` does."""
        ...

    async def move_preset(self, preset_id: str, place: int) -> Sequence[ListedPreset]:
        """Put a preset at another place (0 is the first); raises as `save_preset` does."""
        ...

    async def reset_presets(self) -> Sequence[ListedPreset]:
        """Go back to the built-in presets; raises as `save_preset` does."""
        ...

    def suggest(self, prompt: str | None) -> Sequence[Suggestion]:
        """How a prompt may go on; None is the one in force."""
        ...

    async def thumbnail(self, preset_id: str) -> bytes:
        """The still of a preset as JPEG bytes. Raises `not_found` while there is none."""
        ...
