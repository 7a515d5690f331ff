"""Looks of a file that a client has sent: held while it is looked at, and taken when it says so."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sana_vcam.config.preset import Preset
from sana_vcam.control.protocol.replies import Empty, MessageBody
from sana_vcam.control.protocol.sharing import (
    ExportedPresets,
    ExportPresets,
    ForgetPresets,
    ImportedPresets,
    ImportPresets,
    InspectedLook,
    InspectedPresets,
    InspectPresets,
    SharedImage,
)
from sana_vcam.errors import CommandFailed
from sana_vcam.lib.threads import run_blocking
from sana_vcam.presets.library import PresetLibrary
from sana_vcam.presets.looksfile import MOST_FILE_BYTES
from sana_vcam.presets.sharing import LooksOffer, PlacedLook, export_looks, open_offer

SHARING = (ExportPresets, InspectPresets, ImportPresets, ForgetPresets)
"""The commands about it."""


class Sharing:
    """Holds one file at a time, the newest, for the connection that sent it; on the event loop.

    Nothing of it is on a disk before it is taken.
    """

    def __init__(self, library: PresetLibrary) -> None:
        self._library = library
        self._owner: object = None
        self._data = bytearray()
        self._is_whole = False
        """Whether all pieces of the file have come."""
        self._offer: LooksOffer | None = None

    def forget(self, owner: object) -> None:
        """Forget what this connection has sent."""
        if owner is self._owner:
            self._owner, self._data, self._offer = None, bytearray(), None
            self._is_whole = False

    async def run(
        self, command: ExportPresets | InspectPresets | ImportPresets | ForgetPresets, owner: object
    ) -> MessageBody:
        """Run a command for a connection. Raises `CommandFailed`."""
        match command:
            case ExportPresets():
                return await self._export(command)
            case InspectPresets():
                return await self._inspect(command, owner)
            case ImportPresets():
                return await self._take(command, owner)
        self.forget(owner)
        return Empty()

    async def _inspect(self, command: InspectPresets, owner: object) -> InspectedPresets:
        """Take a piece of a file, or list the looks of the whole. Raises `CommandFailed`."""
        if owner is not self._owner or self._is_whole:
            self.forget(self._owner)
            self._owner = owner
        self._is_whole = not command.more
        try:
            self._data += base64.b64decode(command.data, validate=True)
        except (binascii.Error, ValueError) as error:
            self.forget(owner)
            raise CommandFailed("invalid_data", f"data: is no base64 ({error})") from None
        if len(self._data) > MOST_FILE_BYTES:
            self.forget(owner)
            raise CommandFailed(
                "rejected",
                f"the file has more than {MOST_FILE_BYTES / 1e6:.0f} MB, the most that is taken",
            )
        if command.more:
            return InspectedPresets(looks=())
        data = self._data
        read = partial(_open, data, self._presets(), self._library.folder)
        try:
            offer, told = await run_blocking(read, name="inspect-presets")
        except CommandFailed:
            if self._data is data:
                self.forget(owner)
            raise
        # Not if another file has come meanwhile.
        if self._data is data:
            self._data, self._offer = bytearray(), offer
        return told

    async def _take(self, command: ImportPresets, owner: object) -> ImportedPresets:
        """Take looks of the file over. Raises `CommandFailed`; none has been taken then."""
        if self._offer is None or owner is not self._owner:
            raise CommandFailed(
                "rejected", "no file of looks is held for this connection; send it again"
            )
        if not command.ids:
            raise CommandFailed("invalid_data", "ids: name at least one look")
        edit = self._offer.choose(command.ids, replace=command.replace)
        done = await self._library.import_presets(edit)
        self.forget(owner)
        known = {preset.id for preset in done.before}
        return ImportedPresets(
            added=tuple(one.id for one in done.presets if one.id not in known),
            replaced=tuple(one for one in done.before if command.replace and one.id in command.ids),
        )

    async def _export(self, command: ExportPresets) -> ExportedPresets:
        """Write looks as a file. Raises `CommandFailed`."""
        presets = self._presets()

        def write() -> str:
            return export_looks(presets, command.ids, self._library.folder()).decode()

        return ExportedPresets(text=await run_blocking(write, name="export-presets"))

    def _presets(self) -> tuple[Preset, ...]:
        listed = self._library.listed()
        return tuple(Preset(**one.model_dump(exclude={"thumbnail"})) for one in listed)


def _open(
    data: bytearray, presets: tuple[Preset, ...], folder: Callable[[], Path]
) -> tuple[LooksOffer, InspectedPresets]:
    offer = open_offer(bytes(data))
    placed = offer.placed(presets, folder())
    return offer, InspectedPresets(looks=tuple(map(_told, placed)))


def _told(placed: PlacedLook) -> InspectedLook:
    offered = placed.offered
    image = offered.image
    return InspectedLook(
        look=offered.preset,
        picture=None
        if image is None
        else SharedImage(
            width=image.width,
            height=image.height,
            bytes=len(image.data),
            preview=base64.b64encode(image.preview).decode("ascii"),
        ),
        id=placed.preset.id,
        name=placed.preset.name,
        taken_by=placed.taken_by and placed.taken_by.name,
        have=placed.have and placed.have.id,
    )
