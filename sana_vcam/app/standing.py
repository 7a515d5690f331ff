"""The configuration of a daemon that runs: edited, followed when its file changes, and judged."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from sana_vcam.config.source import ConfigSource
from sana_vcam.lib.threads import run_blocking
from sana_vcam.presets.edits import Edit
from sana_vcam.presets.file import edit_presets

LOOK_EVERY_S = 0.5

log = logging.getLogger(__name__)


class Rereads(Protocol):
    """What reads the configuration anew and takes it on; one that is wrong changes nothing."""

    @property
    def error(self) -> str | None:
        """What is wrong with the file as it stands now; None while it is in force."""
        ...

    def reread(self) -> None:
        """Read and judge; says nothing if nothing is new."""
        ...


class StandingConfig:
    """The file behind the running daemon; everything on the event loop but the file's writing."""

    def __init__(
        self, source: ConfigSource, rereads: Rereads, *, look_every_s: float = LOOK_EVERY_S
    ) -> None:
        """`rereads` takes the file on."""
        self._source = source
        self._rereads = rereads
        self._look_every_s = look_every_s
        self._one_at_a_time = asyncio.Lock()

    @property
    def error(self) -> str | None:
        """What is wrong with the file, in a sentence; None while what it says is in force."""
        return self._rereads.error

    async def edit(self, edit: Edit) -> None:
        """Change the presets in the file and take them on. Raises `CommandFailed`."""
        async with self._one_at_a_time:
            path, _ = await run_blocking(
                lambda: edit_presets(self._source, edit), name="edit-presets"
            )
            log.info("wrote the presets: %s", path)
            self._rereads.reread()

    async def follow(self) -> None:
        """Take the file on whenever it has changed and is left alone, until cancelled.

        It is read one look later than it is seen to change: an editor may still be writing, and
        half a file can be a valid one.
        """
        read = seen = self._source.signature()
        while True:
            await asyncio.sleep(self._look_every_s)
            now = self._source.signature()
            if now == seen != read:
                self._rereads.reread()
                read = now
            seen = now
