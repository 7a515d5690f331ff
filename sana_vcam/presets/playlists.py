"""Playlists: looks that follow each other, read from playlists.toml, which the user writes.

The file is only read. A list in it that is wrong is named with its line, and the others are there.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from sana_vcam.config.lines import line_numbers, position, syntax_problem
from sana_vcam.config.preset import ID_PATTERN, Expected
from sana_vcam.config.words import nearest, wrong
from sana_vcam.errors import CommandFailed
from sana_vcam.lib.nearest import did_you_mean
from sana_vcam.lib.statefile import read_bounded

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MOST_PLAYLISTS = 100
MOST_ENTRIES = 200
MOST_PROBLEMS = 10
"""Of more than these the first are named."""
LONGEST_S = 86_400
NEXT, STOP = "next", "stop"
"""The words that stand where a playlist's name does, so that none may be called so."""
DAY = timedelta(days=1)


def _no_command(name: str) -> str:
    if name in {NEXT, STOP}:
        raise ValueError("a word of the command")
    return name


def _until_next(value: object) -> object:
    return None if value == NEXT else value


def _clock_text(value: object) -> object:
    return value.strftime("%H:%M") if isinstance(value, time) else value


class Entry(BaseModel):
    """One look of a playlist."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    look: Annotated[
        str,
        Field(pattern=ID_PATTERN),
        Expected("the id of a look, such as noir: sana-vcam ctl presets"),
    ]
    """The id of the preset."""
    seconds: Annotated[
        Annotated[float, Field(ge=1, le=LONGEST_S)] | None,
        BeforeValidator(_until_next),
        Expected(f'a number of seconds from 1 to {LONGEST_S}, or "next"'),
    ] = None
    """How long it stays; null: until `play next`, or until the time at which the next begins."""
    at: Annotated[
        Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] | None,
        BeforeValidator(_clock_text),
        Expected('a time of day such as "18:00"'),
    ] = None
    """The time of day, by the local clock, at which it begins; until then the one before stays."""

    def next_at(self, now: datetime) -> datetime | None:
        """Tell when its time of day comes next after `now`; None if it has none."""
        if self.at is None:
            return None
        hour, minute = map(int, self.at.split(":"))
        found = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
        return found if found > now else found + DAY


class Playlist(BaseModel):
    """Looks that follow each other."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: Annotated[
        str,
        Field(pattern=ID_PATTERN),
        AfterValidator(_no_command),
        Expected("a short name of lower-case letters, digits, - and _, but not next or stop"),
    ]
    """The short name that commands use."""
    loop: bool = False
    """Whether it begins anew after its last look; else that one stays."""
    entries: Annotated[
        tuple[Entry, ...],
        Field(min_length=1, max_length=MOST_ENTRIES),
        Expected(
            f'a list of 1 to {MOST_ENTRIES} looks, such as [{{ look = "noir", seconds = 60 }}]'
        ),
    ]
    """Its looks in their order."""

    def first(self, now: datetime) -> int:
        """Choose the place to begin at: where all begin at a time of day, the one of `now`."""
        times = [entry.next_at(now) for entry in self.entries]
        known = [(one, place) for place, one in enumerate(times) if one is not None]
        # The one whose time was the last to come is the one whose time comes last from now on.
        return max(known)[1] if len(known) == len(times) else 0

    def after(self, place: int) -> int | None:
        """Find the place after this one; None after the last of a list that does not loop."""
        if place + 1 < len(self.entries):
            return place + 1
        return 0 if self.loop else None


@dataclass(frozen=True)
class PlaylistsFile:
    """What a file gives: its playlists, and what is wrong in it, one sentence each."""

    path: Path | None
    playlists: tuple[Playlist, ...] = ()
    problems: tuple[str, ...] = ()


def read_playlists(path: Path | None) -> PlaylistsFile:
    """Read the file, which need not be there; blocks, and raises nothing for what is in it."""
    if path is None:
        return PlaylistsFile(None)
    try:
        text = read_bounded(path).decode("utf-8-sig")
        table = tomllib.loads(text)
    except (FileNotFoundError, NotADirectoryError):
        return PlaylistsFile(path)
    except OSError as error:
        return PlaylistsFile(path, (), (f"{path}: cannot be read: {error.strerror}",))
    except UnicodeDecodeError as error:
        return PlaylistsFile(path, (), (f"{path}: is not UTF-8 text (byte {error.start + 1})",))
    except tomllib.TOMLDecodeError as error:
        return PlaylistsFile(path, (), (syntax_problem(path, text, error),))
    except (RecursionError, ValueError):
        why = f"{path}: holds a list that is nested too deeply, or too long a number"
        return PlaylistsFile(path, (), (why,))
    return _judged(path, table, line_numbers(text))


def _judged(path: Path, table: Mapping[str, Any], lines: Mapping[str, int]) -> PlaylistsFile:
    problems = [
        f"{position(path, lines, name)}: there is no key {name}; the file has [[playlists]] only"
        for name in table
        if name != "playlists"
    ]
    found: dict[str, Playlist] = {}
    given = table.get("playlists", [])
    if not isinstance(given, list):
        problems.append(f"{position(path, lines, 'playlists')}: write [[playlists]], for each one")
        given = []
    if len(given) > MOST_PLAYLISTS:
        at = position(path, lines, f"playlists.{MOST_PLAYLISTS}")
        problems.append(f"{at}: of {len(given)} playlists the first {MOST_PLAYLISTS} are taken")
    for index, one in enumerate(given[:MOST_PLAYLISTS]):
        try:
            playlist = Playlist.model_validate(one)
        except ValidationError as error:
            problems += _problems(path, lines, index, one, error.errors(include_url=False))
            continue
        if playlist.name in found:
            at = position(path, lines, f"playlists.{index}.name")
            problems.append(f"{at}: there is another playlist {playlist.name!r} before this one")
        found.setdefault(playlist.name, playlist)
    more = len(problems) - MOST_PROBLEMS
    if more > 0:
        problems[MOST_PROBLEMS:] = [f"{path}: and {more} more"]
    return PlaylistsFile(path, tuple(found.values()), tuple(problems))


def _problems(
    path: Path,
    lines: Mapping[str, int],
    index: int,
    given: object,
    errors: Sequence[ErrorDetails],
) -> Iterator[str]:
    """Say what is wrong with one playlist, which is not taken then."""
    name = given.get("name", "") if isinstance(given, Mapping) else ""
    which = f"playlist {index + 1} ({name})" if name else f"playlist {index + 1}"
    within = any(len(error["loc"]) > 1 for error in errors)
    for error in errors:
        if within and error["type"] == "too_short":
            # An entry that is wrong is not counted; it is named by itself.
            continue
        loc = [part for part in error["loc"] if not str(part).startswith("function")]
        at = position(path, lines, ".".join(map(str, ("playlists", index, *loc))))
        yield f"{at}: {which}: {_wrong(loc, error)}"


def _wrong(loc: Sequence[int | str], error: ErrorDetails) -> str:
    fields, place = Playlist.model_fields, ""
    if len(loc) > 1 and isinstance(loc[1], int):
        fields, place, loc = Entry.model_fields, f"look {loc[1] + 1}: ", loc[2:]
    if not loc:
        return f"{place}expected a table with {', '.join(fields)}"
    key = str(loc[0])
    if key not in fields:
        return f"{place}there is no key {key}; the nearest is {nearest(key, fields)}"
    if error["type"] == "missing":
        return f"{place}{key} is missing"
    return place + wrong(key, fields[key], error["input"])


def find_playlist(file: PlaylistsFile, name: str) -> Playlist:
    """Find a playlist by its name. Raises `not_found`, which says why there is none."""
    names = {playlist.name: playlist for playlist in file.playlists}
    if name in names:
        return names[name]
    wrong_here = [one for one in file.problems if f"({name})" in one]
    if file.path is None:
        why = "this daemon was started without a configuration file, so there are no playlists"
    elif wrong_here or (file.problems and not names):
        why = (wrong_here or list(file.problems))[0]
    else:
        have = ", ".join(names) or f"none; they are written in {file.path}"
        why = f"no playlist {name!r}; have: {have}{did_you_mean(name, names)}"
    raise CommandFailed("not_found", why)
