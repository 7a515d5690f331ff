"""The player of playlists: asks for one look after the other, as a person would.

It is beside the engine, and knows of no session: what it asks for is kept, as any wish is, and is
shown when a session runs. The list is the one that was read when it began to play, so that another
configuration changes nothing about it. Whoever picks another look by hand stops it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sana_vcam.control.protocol.playlists import Playing, Playlists, PlaylistState
from sana_vcam.engine.desired import DesiredState
from sana_vcam.errors import CommandFailed
from sana_vcam.presets.playlists import (
    NEXT,
    STOP,
    Playlist,
    PlaylistsFile,
    find_playlist,
)

log = logging.getLogger(__name__)

LOOK_AT_CLOCK_S = 1.0
"""How often a time of day is compared with the clock, which somebody may set."""

type ApplyLook = Callable[[str], Awaitable[object]]


@dataclass(frozen=True)
class _Place:
    """Where in a playlist it is, and what makes it go on."""

    playlist: Playlist
    index: int
    ends_at: float | None = None
    """When the next look is due, on the player's clock."""
    next_at: datetime | None = None
    """The time of day at which the next look begins."""
    prompt: str | None = None
    """The prompt of its look, which says whether another one is wanted by now."""
    note: str = ""

    @property
    def look(self) -> str:
        return self.playlist.entries[self.index].look


class Player:
    """Plays one playlist at a time; on the event loop."""

    def __init__(
        self,
        wanted: Callable[[], DesiredState],
        *,
        read: Callable[[], Awaitable[PlaylistsFile]],
        on_change: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
        local: Callable[[], datetime] = datetime.now,
    ) -> None:
        """`wanted` is what is wanted now, and `read` reads the file of the playlists.

        `clock` counts seconds, and `local` tells the time of day.
        """
        self._wanted = wanted
        self._read = read
        self._on_change = on_change
        self._clock = clock
        self._local = local
        self._place: _Place | None = None
        self._apply: ApplyLook | None = None
        self._stops = 0
        """How often it was stopped: a look that is being asked for meanwhile is the last."""
        self._applying = asyncio.Lock()
        self._changed = asyncio.Event()

    @property
    def state(self) -> PlaylistState | None:
        """What plays; None while nothing does."""
        place = self._place
        if place is None:
            return None
        left_s = self._left_s(place)
        return PlaylistState(
            name=place.playlist.name,
            entry=place.index + 1,
            entries=len(place.playlist.entries),
            look=place.look,
            seconds_left=None if left_s is None else round(max(0.0, left_s), 1),
            note=place.note,
        )

    async def listed(self) -> Playlists:
        """Read which playlists there are."""
        file = await self._read()
        path = None if file.path is None else str(file.path)
        return Playlists(playlists=file.playlists, problems=file.problems, file=path)

    async def play(self, word: str, apply: ApplyLook) -> Playing:
        """Play the playlist of this name, or do what `next` or `stop` says.

        `apply` asks for a look. Raises `not_found` for a name that is not there, `not_ready` where
        nothing plays, and `rejected` if no look of it can be shown. What plays goes on then.
        """
        if word == STOP:
            note = "nothing plays" if self._place is None else f"{self._name} is stopped"
            self._stop()
            return Playing(playlist=None, note=note)
        if word == NEXT:
            async with self._applying:
                if self._place is None:
                    raise CommandFailed("not_ready", "nothing plays: sana-vcam ctl playlists")
                await self._go(self._place.playlist, self._place.playlist.after(self._place.index))
            return self._playing()
        playlist = find_playlist(await self._read(), word)
        async with self._applying:
            self._apply = apply
            await self._go(playlist, playlist.first(self._local()))
        return self._playing()

    def follow(self) -> None:
        """Stop if another look was picked by hand; to be called at every change."""
        if self._place is not None and not self._applying.locked() and self._is_left(self._place):
            log.info("playlist %s stopped: another look was asked for", self._name)
            self._stop()

    async def run(self) -> None:
        """Go on when it is time, until cancelled."""
        while True:
            self._changed.clear()
            left_s = None if self._place is None else self._left_s(self._place)
            if left_s is not None and self._place and self._place.next_at:
                left_s = min(left_s, LOOK_AT_CLOCK_S)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left_s)
            async with self._applying:
                place = self._place
                if place is not None and self._is_due(place):
                    try:
                        await self._go(place.playlist, place.playlist.after(place.index))
                    except CommandFailed as error:
                        log.warning("playlist %s stopped: %s", place.playlist.name, error)

    @property
    def _name(self) -> str:
        return "" if self._place is None else self._place.playlist.name

    def _left_s(self, place: _Place) -> float | None:
        """Count the seconds until the next look; None: until somebody says so."""
        if place.next_at is not None:
            return (place.next_at - self._local()).total_seconds()
        return None if place.ends_at is None else place.ends_at - self._clock()

    def _is_due(self, place: _Place) -> bool:
        left_s = self._left_s(place)
        return left_s is not None and left_s <= 0

    def _is_left(self, place: _Place) -> bool:
        """Whether another look is wanted than that of the playlist.

        A preset that was taken out of the list leaves its look on the screen, without an id.
        """
        wanted = self._wanted()
        gone = wanted.preset is None and wanted.prompt == place.prompt
        return wanted.preset != place.look and not gone

    async def _go(self, playlist: Playlist, index: int | None) -> None:
        """Ask for the look at a place, or for the next that can be had; with the lock held."""
        apply, stops, trouble = self._apply, self._stops, ""
        if apply is None:
            raise RuntimeError("a playlist plays that was never begun")
        for _ in playlist.entries:
            if index is None:
                break
            place = self._at(playlist, index)
            try:
                await apply(place.look)
            except CommandFailed as error:
                # What only has not arrived is kept, and sent again.
                if error.code != "not_ready":
                    trouble = f"look {index + 1} of {playlist.name} is left out: {error}"
                    log.warning("%s", trouble)
                    index = playlist.after(index)
                    continue
            if self._stops == stops:
                wanted = self._wanted()
                prompt = wanted.prompt if wanted.preset == place.look else None
                self._set(replace(place, prompt=prompt, note=trouble))
            return
        plays = self._place is not None and self._place.playlist is playlist
        if trouble and (index is not None or not plays):
            if plays:
                self._stop()
            raise CommandFailed("rejected", f"no look of {playlist.name} can be shown: {trouble}")
        log.info("playlist %s is over; its last look stays", playlist.name)
        self._set(None)

    def _at(self, playlist: Playlist, index: int) -> _Place:
        after, now = playlist.after(index), self._clock()
        next_at = None if after is None else playlist.entries[after].next_at(self._local())
        seconds = playlist.entries[index].seconds
        return _Place(playlist, index, None if seconds is None else now + seconds, next_at)

    def _playing(self) -> Playing:
        state = self.state
        if state is None:
            return Playing(playlist=None, note="the playlist is over; its last look stays")
        left = state.seconds_left
        until = "until `play next`" if left is None else f"for {left:.0f} s"
        note = f"{state.name} {state.entry}/{state.entries}: {state.look}, {until}"
        return Playing(playlist=state, note="; ".join(filter(None, (note, state.note))))

    def _stop(self) -> None:
        self._stops += 1
        self._set(None)

    def _set(self, place: _Place | None) -> None:
        self._place = place
        self._changed.set()
        self._on_change()
