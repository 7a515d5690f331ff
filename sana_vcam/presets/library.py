"""The presets as clients know them: listed with their stills, edited, and continued."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from urllib.parse import urlencode

from sana_vcam.config.preset import Preset
from sana_vcam.errors import CommandFailed
from sana_vcam.lib.threads import run_blocking
from sana_vcam.presets.catalog import ListedPreset, find
from sana_vcam.presets.edits import Edit, Import, Move, Remove, RestoreBuiltins, Save
from sana_vcam.presets.file import Edited
from sana_vcam.presets.suggestions import Suggestion, suggestions
from sana_vcam.presets.thumbnails import Thumbnails

THUMBNAIL_PATH = "/v1/thumbnail.jpg"


class PresetLibrary:
    """Everything about presets that clients may ask for; on the event loop."""

    def __init__(
        self,
        presets: Callable[[], Sequence[Preset]],
        thumbnails: Thumbnails,
        edit: Callable[[Edit], Awaitable[Edited]] | None,
        folder: Callable[[], Path] = Path.cwd,
    ) -> None:
        """`presets` gives those in force; `edit` changes them for good, None where nothing can.

        `folder` finds where their images are named from; it looks at the disk, in a thread.
        """
        self.folder = folder
        self._presets = presets
        self._thumbnails = thumbnails
        self._edit = edit

    def listed(self) -> tuple[ListedPreset, ...]:
        """List the presets in their order, each with where its still is."""
        return tuple(
            ListedPreset(**dict(preset), thumbnail=self._address(preset))
            for preset in self._presets()
        )

    def find(self, preset_id: str) -> Preset:
        """Find the preset with this id. Raises `not_found`."""
        return find(self._presets(), preset_id)

    async def save(self, preset: Preset, replaces: str | None) -> None:
        """Create a preset, or put it in the place of the one that it replaces."""
        await self._carry_out(Save(preset, replaces))

    async def remove(self, preset_id: str) -> Preset:
        """Take a preset out; returns what it was."""
        preset = self.find(preset_id)
        await self._carry_out(Remove(preset_id))
        return preset

    async def move(self, preset_id: str, place: int) -> tuple[ListedPreset, ...]:
        """Put a preset at another place; returns all in their new order."""
        await self._carry_out(Move(preset_id, place))
        return self.listed()

    async def import_presets(self, edit: Import) -> Edited:
        """Take presets of another list over; all of them or none."""
        return await self._carry_out(edit)

    async def reset(self) -> tuple[ListedPreset, ...]:
        """Go back to the built-in presets; returns them."""
        await self._carry_out(RestoreBuiltins())
        return self.listed()

    def suggest(self, prompt: str, active: str | None) -> tuple[Suggestion, ...]:
        """Suggest how a prompt may go on."""
        return suggestions(prompt, self._presets(), active)

    async def thumbnail(self, preset_id: str) -> bytes:
        """Read the still of a preset, a JPEG. Raises `not_found` while there is none."""
        preset = self.find(preset_id)
        jpeg = await run_blocking(lambda: self._thumbnails.read(preset), name="thumbnail")
        if jpeg is None:
            raise CommandFailed(
                "not_found",
                f"there is no still of {preset_id!r} yet; it is taken when the look has been live "
                "for some seconds, unless [privacy] thumbnails = false",
            )
        return jpeg

    def _address(self, preset: Preset) -> str | None:
        version = self._thumbnails.version(preset)
        if version is None:
            return None
        return f"{THUMBNAIL_PATH}?{urlencode({'id': preset.id, 'v': version})}"

    async def _carry_out(self, edit: Edit) -> Edited:
        if self._edit is None:
            raise CommandFailed(
                "rejected", "this daemon was started without a configuration file to edit"
            )
        return await self._edit(edit)
