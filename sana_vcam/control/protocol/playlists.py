"""The words about playlists: which there are, and what plays."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sana_vcam.control.protocol.command import Command
from sana_vcam.control.protocol.replies import MessageBody
from sana_vcam.presets.playlists import Playlist


class PlaylistState(MessageBody):
    """The playlist that plays."""

    name: str
    """Its name."""
    entry: int
    """Which of its looks is on, from 1 on."""
    entries: int
    """How many it has."""
    look: str
    """The id of the look that is on."""
    seconds_left: float | None
    """Seconds until the next; null: until `play next`."""
    note: str = ""
    """What was left out last, and why; empty if nothing was."""


class Playlists(MessageBody):
    """The playlists that there are."""

    playlists: tuple[Playlist, ...]
    """Those that can be played, in the order of the file."""
    problems: tuple[str, ...] = ()
    """What is wrong in the file, one sentence each."""
    file: str | None = None
    """The file that they are written in, whether it is there or not; null: there can be none."""


class Playing(MessageBody):
    """What plays now."""

    playlist: PlaylistState | None
    """The playlist; null while none plays."""
    note: str
    """The same in words."""


class ListPlaylists(Command):
    """List the playlists, as their file has them now."""

    wire_name = "list_playlists"
    reply = Playlists


class Play(Command):
    """Play a playlist; `next` goes on to its next look, `stop` ends it and leaves the look."""

    wire_name = "play"
    reply = Playing
    name: Annotated[str, Field(max_length=64, examples=["warm-up", "next", "stop"])]
    """The playlist's name, or next, or stop."""
