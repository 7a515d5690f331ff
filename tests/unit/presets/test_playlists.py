"""The file of the playlists: what it may hold, and what is said of what is wrong in it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from sana_vcam.errors import CommandFailed
from sana_vcam.presets.playlists import (
    MOST_ENTRIES,
    MOST_PROBLEMS,
    Entry,
    Playlist,
    find_playlist,
    read_playlists,
)

GOOD = """\
[[playlists]]
name = "warm-up"
loop = true
entries = [
    { look = "noir", seconds = 60 },
    { look = "clay", seconds = "next" },
    { look = "office", at = "18:00" },
]

[[playlists]]
name = "talk"
[[playlists.entries]]
look = "studio-light"
at = 09:30:00
seconds = 2.5
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "playlists.toml"


def problems(file: Path, text: str) -> list[str]:
    file.write_text(text)
    return [one.removeprefix(f"{file}:") for one in read_playlists(file).problems]


def test_what_a_file_gives(file):
    file.write_text(GOOD)
    warm_up, talk = read_playlists(file).playlists
    assert warm_up == Playlist(
        name="warm-up",
        loop=True,
        entries=(
            Entry(look="noir", seconds=60),
            Entry(look="clay"),
            Entry(look="office", at="18:00"),
        ),
    )
    assert talk.entries == (Entry(look="studio-light", at="09:30", seconds=2.5),)
    assert not talk.loop


def test_no_file_is_no_playlist(file):
    assert read_playlists(file).playlists == read_playlists(None).playlists == ()
    assert read_playlists(file).problems == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[playlists]", "1:12: this is not TOML"),
        ("name = 1", "1: there is no key name; the file has [[playlists]] only"),
        ("playlists = 3", "1: write [[playlists]], for each one"),
        ("playlists = [3]", "1: playlist 1: expected a table with name, loop, entries"),
        ('[[playlists]]\nname = "a"\n', "1: playlist 1 (a): entries is missing"),
        ('[[playlists]]\nname = "a"\nentries = []\n', "3: playlist 1 (a): entries = []: expected"),
        (
            '[[playlists]]\nname = "stop"\nentries = [{look = "a"}]',
            '2: playlist 1 (stop): name = "st',
        ),
        (
            '[[playlists]]\nname = "a"\nentries = [{look = "No!"}]',
            '3: playlist 1 (a): look 1: look = "No!": expected the id of a look',
        ),
        (
            '[[playlists]]\nname = "a"\nentries = [{look = "b"}, {look = "b", second = 3}]',
            "3: playlist 1 (a): look 2: there is no key second; the nearest is seconds",
        ),
        (
            '[[playlists]]\nname = "a"\nentries = [{look = "b", seconds = 0}]',
            "3: playlist 1 (a): look 1: seconds = 0: expected a number of seconds from 1 to 86400",
        ),
        (
            '[[playlists]]\nname = "a"\nentries = [{look = "b", at = "24:00"}]',
            '3: playlist 1 (a): look 1: at = "24:00": expected a time of day',
        ),
        (
            '[[playlists]]\nname = "a"\nloops = true\nentries = [{look = "b"}]',
            "3: playlist 1 (a): there is no key loops; the nearest is loop",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(file, text, said):
    assert [one[: len(said)] for one in problems(file, text)] == [said]


def test_what_is_wrong_costs_no_other_list(file):
    wrong = '[[playlists]]\nname = "bad"\nentries = 3\n'
    said = problems(file, wrong + GOOD + '[[playlists]]\nname = "talk"\nentries = [{look="x"}]\n')
    assert len(said) == 2
    assert "another playlist 'talk'" in said[1]
    read = read_playlists(file)
    assert [one.name for one in read.playlists] == ["warm-up", "talk"]
    with pytest.raises(CommandFailed, match=r"playlist 1 \(bad\): entries"):
        find_playlist(read, "bad")
    with pytest.raises(CommandFailed, match="no playlist 'tolk'; have: warm-up, talk; did you"):
        find_playlist(read, "tolk")
    assert find_playlist(read, "talk").entries[0].look == "studio-light"


def test_a_file_that_is_no_file_of_ours_is_one_sentence(file, tmp_path):
    file.write_bytes(b"\xff\xfe")
    assert [one.partition(": ")[2] for one in read_playlists(file).problems] == [
        "is not UTF-8 text (byte 1)"
    ]
    file.write_bytes(b"#" * 2_000_000)
    assert len(read_playlists(file).problems) == 1
    assert len(read_playlists(tmp_path).problems) == 1, "a folder"
    with pytest.raises(CommandFailed, match="cannot be read"):
        find_playlist(read_playlists(tmp_path), "a")
    file.write_text("[[playlists]]\nname=3\n" * 150)
    assert len(read_playlists(file).problems) == MOST_PROBLEMS + 1
    entries = ",".join(['{look="a"}'] * (MOST_ENTRIES + 1))
    assert len(problems(file, f'[[playlists]]\nname="a"\nentries=[{entries}]')) == 1
    file.write_text("playlists = " + "[" * 5000)
    assert len(read_playlists(file).problems) == 1


def test_where_none_can_be(file):
    with pytest.raises(CommandFailed, match="without a configuration file"):
        find_playlist(read_playlists(None), "a")
    with pytest.raises(CommandFailed, match=r"none; they are written in .*playlists\.toml"):
        find_playlist(read_playlists(file), "a")


def test_a_day_of_looks_begins_with_the_one_of_now():
    day = Playlist(
        name="day", entries=tuple(Entry(look="a", at=at) for at in ("09:00", "12:00", "18:00"))
    )
    at = [day.first(datetime(2026, 11, 29, hour, 30)) for hour in (8, 9, 12, 17, 18, 23)]
    assert at == [2, 0, 1, 1, 2, 2]
    mixed = Playlist(name="mixed", entries=(Entry(look="a"), Entry(look="b", at="09:00")))
    assert mixed.first(datetime(2026, 11, 29, 23)) == 0
