"""The picture of one's own that stands for the card: read off the loop, once for each file."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from sana_vcam.config.kinds import AWAY_CARD, Fit, Size
from sana_vcam.lib.threads import run_blocking
from sana_vcam.media.away import NotShown, read_away
from sana_vcam.media.frames import Picture

log = logging.getLogger(__name__)


class Away:
    """Follows `[privacy] away`; on the event loop."""

    def __init__(self, size: Size, fit: Fit) -> None:
        """Make pictures of this (width, height)."""
        self.picture: Picture | None = None
        """What viewers see in place of the card; None: the card."""
        self.name = ""
        """What it is: black, or the file's name; empty while it is the card."""
        self.error: str | None = None
        """Why the card is shown although something else is wanted; None if it is not."""
        self.on_change: Callable[[], None] = lambda: None
        """Called after `picture` has changed."""
        self._size = size
        self._fit: Fit = fit
        self._wanted = AWAY_CARD
        self._asked = asyncio.Event()

    def follow(self, away: str) -> None:
        """Have `run` read what stands for the card now, if that is something else."""
        if away != self._wanted:
            self._wanted = away
            self._asked.set()

    async def read(self, away: str) -> None:
        """Read what stands for the card; what cannot be shown is said, and the card stays."""
        self._wanted = away
        try:
            picture = await run_blocking(
                lambda: read_away(away, self._size, self._fit), name="away-picture"
            )
            self.error = None
        except NotShown as error:
            picture = None
            self.error = (
                f"privacy.away: {error}; viewers see the card. Name a picture, or card or black"
            )
            log.warning("%s", self.error)
        self.picture = picture
        self.name = "" if picture is None else away.rpartition("/")[2]
        self.on_change()

    async def run(self) -> None:
        """Read what is asked for, until cancelled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            await self.read(self._wanted)
