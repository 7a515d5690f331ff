"""The live preview of one connection."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sana_vcam.errors import CommandFailed

if TYPE_CHECKING:
    from sana_vcam.control.preview.previews import PreviewServer, Subscription


MAX_ASKED = 8
"""How often a connection may ask for a preview while one is being opened or closed."""


class Screen:
    """Keeps one connection's preview: one at most, which ends with the connection.

    Requests are carried out one after the other, in their order.
    """

    def __init__(self, previews: PreviewServer | None) -> None:
        self._previews = previews
        self._preview: Subscription | None = None
        self._turn = asyncio.Lock()
        self._asked = 0

    async def show(self, offer: str) -> str:
        """Open a preview in place of the one before, and give the answer (SDP) to the offer.

        Raises:
            CommandFailed: as `PreviewServer.open` does; `not_ready` if there is no such server.
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

    def compare(self, *, on: bool) -> None:
        """Show before and after in this connection's preview alone, or no more.

        Raises `CommandFailed`: `not_ready` without a preview.
        """
        if self._previews is not None and self._preview is not None:
            self._previews.compare(self._preview, on=on)
        elif on:
            raise CommandFailed(
                "not_ready", "before and after are shown in the live preview: open that first"
            )

    async def stop(self) -> None:
        """Close the preview, if there is one."""
        async with self._turn:
            preview, self._preview = self._preview, None
            if preview is not None:
                await preview.close()
