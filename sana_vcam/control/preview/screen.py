"""The seam to the live preview: what the control server asks of it, and knows of it."""

from __future__ import annotations

import asyncio
from typing import Protocol

from sana_vcam.errors import CommandFailed


class Preview(Protocol):
    """One open preview."""

    async def close(self) -> None:
        """End it; returns when nothing of it is left. Idempotent."""
        ...


class Previews(Protocol):
    """Opens previews. Everything runs on the event loop."""

    async def open(self, offer: str, replaces: Preview | None) -> tuple[Preview, str]:
        """Answer a browser's WebRTC offer (SDP) and show what viewers see.

        `replaces` is closed as soon as the offer has been understood.

        Raises:
            CommandFailed: `invalid_data` if the offer is none, `not_ready` if there is no room.
        """
        ...


MAX_ASKED = 8
"""How often a connection may ask for a preview while one is being opened or closed."""


class Screen:
    """Where one connection has its preview: one at most, which ends with the connection.

    What is asked of it is done in order, one after the other.
    """

    def __init__(self, previews: Previews | None) -> None:
        self._previews = previews
        self._preview: Preview | None = None
        self._turn = asyncio.Lock()
        self._asked = 0

    async def show(self, offer: str) -> str:
        """Open a preview in place of the one before, and return the answer (SDP).

        Raises:
            CommandFailed: as `Previews.open` does; `not_ready` if there are no previews at all.
        """
        if self._previews is None:
            raise CommandFailed("not_ready", "there is no live preview here; take snapshots")
        if self._asked >= MAX_ASKED:
            raise CommandFailed("not_ready", "a preview is being opened; wait for it")
        self._asked += 1
        try:
            async with self._turn:
                self._preview, answer = await self._previews.open(offer, self._preview)
        finally:
            self._asked -= 1
        return answer

    async def stop(self) -> None:
        """Close the preview, if there is one."""
        async with self._turn:
            preview, self._preview = self._preview, None
            if preview is not None:
                await preview.close()
