"""How the playlists are printed."""

from __future__ import annotations

from sana_vcam.clients.ctl.playlists import render_playlists
from sana_vcam.control.protocol.playlists import Playlists
from sana_vcam.presets.playlists import Entry, Playlist


def test_a_line_for_each_and_what_is_wrong():
    day = (Entry(look="office", at="09:00"), Entry(look="beach", at="18:00", seconds=2.5))
    listed = Playlists(
        playlists=(
            Playlist(name="warm-up", loop=True, entries=(Entry(look="noir", seconds=60),)),
            Playlist(name="day", entries=(*day, Entry(look="noir"))),
        ),
        problems=("/c/playlists.toml:9: playlist 3: name is missing",),
        file="/c/playlists.toml",
    )
    assert render_playlists(listed.model_dump(mode="json")).splitlines() == [
        "warm-up  noir 60 s → …",
        "day      office at 09:00 → beach at 18:00 2.5 s → noir",
        "/c/playlists.toml:9: playlist 3: name is missing",
    ]


def test_none_says_where_they_are_written():
    none = Playlists(playlists=(), file="/c/playlists.toml")
    said = render_playlists(none.model_dump(mode="json"))
    assert said == "no playlists; they are written in /c/playlists.toml"
