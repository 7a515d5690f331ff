"""Seconds that are billed: per session, day and month, kept over restarts and kills.

The rule:
- A session is billed from the moment it is ready until the platform has confirmed its end. Two
  that overlap are both billed.
- One that nobody holds any more (the daemon was killed, or its end could not be confirmed) is
  counted on until its end is confirmed, but at most for `DROPPED_S`: the platform keeps a dropped
  session for 30 s, and takes up to 10 s to notice the drop.
- How long is measured on the monotonic clock, so that a step of the wall clock adds and takes
  nothing; which day it belongs to is the wall clock's, in local time.

"Session" here is what the user takes for one: it begins when one is wanted, and goes on over
renewals, reconnects and pauses.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from sana_vcam.config.schema import CostConfig
from sana_vcam.engine.budget import Budget, Seconds
from sana_vcam.lib import statefile
from sana_vcam.lib.atomicfile import remove_drafts, replace_file
from sana_vcam.lib.diskwriter import WriteSoon, write_at_once

log = logging.getLogger(__name__)

USAGE_FILE = "usage.json"
DROPPED_S = 40.0
"""So long at most a session is billed that nobody holds."""
WRITE_EVERY_S = 15.0
"""A kill loses no more than this; the session that it left is counted by its rule."""
KEPT_DAYS = 400


VERSION = 1
"""Of the file's form; a file of a later one is left as it is."""
_DAYS_S = 100 * 86400.0
"""More than a day's sessions can come to, side by side."""

type _Seconds = Annotated[float, Field(strict=True, ge=0.0, le=1e11, allow_inf_nan=False)]
type _DaySeconds = Annotated[float, Field(strict=True, ge=0.0, le=_DAYS_S, allow_inf_nan=False)]
_SECONDS, _DAY_SECONDS = TypeAdapter[float](_Seconds), TypeAdapter[float](_DaySeconds)
_DATE = TypeAdapter[date](Annotated[date, Field(ge=date(2000, 1, 1), le=date(9998, 12, 31))])


class _Open(BaseModel):
    """A session that was billed when the file was written, up to `counted_at` (since 1970).

    If nobody goes on with it, it is counted for `left_s` more at most.
    """

    model_config = ConfigDict(extra="ignore")

    session_id: Annotated[str, Field(strict=True, min_length=1, max_length=256)]
    counted_at: _Seconds
    left_s: Annotated[float, Field(strict=True, ge=0.0, le=DROPPED_S)] = DROPPED_S


_OPEN = TypeAdapter(_Open)


class _File(BaseModel):
    """`days` holds the seconds of each local day, `total_s` those of all days ever."""

    version: int = VERSION
    total_s: float = 0.0
    days: dict[date, float] = {}
    open: list[_Open] = []


@dataclass
class _Billed:
    """A session that is being counted: up to `counted_at` (monotonic), `left_s` more at most.

    `is_old`: it is of an earlier run of the daemon, and so of no session of the user's now.
    """

    counted_at: float
    left_s: float = math.inf
    is_old: bool = False


class UsageAccount:
    """The account of what is billed; on the event loop."""

    def __init__(
        self,
        path: Path,
        cost: CostConfig,
        *,
        beside: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        write_soon: WriteSoon = write_at_once,
    ) -> None:
        """Read `path`, which blocks; what cannot be read is kept aside, and the rest counts.

        `beside` is the file of another process, which is read now and then: what it has billed
        counts for day, month and total, and is never written here.
        `write_soon` writes the file; at once, unless the daemon's disk writer does.
        """
        self._path = path
        self._write_soon = write_soon
        self._beside = beside
        self._others = _File() if beside is None else _stored(beside)
        self.cost = cost
        self._clock = clock
        self._wall = wall
        self._session_s = 0.0
        self._billed: dict[str, _Billed] = {}
        self._over: set[str] = set()
        self._warned: set[tuple[str, object]] = set()
        self._written_at = -math.inf
        self._cannot_write = False
        remove_drafts(path)
        self._looked_at = clock()
        stored, is_newer, is_kept_aside = read(path, keep_aside=True)
        if is_newer:
            self._path = statefile.beside_newer(path, VERSION)
            log.warning(
                "%s is of a newer sana-vcam and stays as it is; what is billed is noted in %s",
                path,
                self._path,
            )
            ours = read(self._path, keep_aside=True)[0]
            stored = ours if ours.days else stored
        self._total_s, self._days = stored.total_s, dict(stored.days)
        for left in stored.open:
            self._take_up(left)
        if stored.open or is_kept_aside:
            # Or another start would charge them again, and keep another copy.
            self._write()

    # -- what is counted -----------------------------------------------------------------------

    def new_session(self) -> None:
        """Begin another session of the user's with what is billed from now on."""
        self.count()
        self._session_s = 0.0
        self._warned = {warned for warned in self._warned if warned[0] != "session"}

    def ready(self, session_id: str, since: float) -> None:
        """Bill the session from `since` (monotonic) on, unless it is billed or over already."""
        if session_id in self._billed or session_id in self._over:
            return
        self.count()
        self._billed[session_id] = _Billed(since)
        self._write()

    def dropped(self, session_id: str) -> None:
        """Take note that nobody holds the session, whose end is not confirmed."""
        self.count()
        if session_id in self._billed:
            self._billed[session_id].left_s = DROPPED_S

    def ended(self, session_id: str) -> None:
        """Take note that the platform has confirmed the session's end."""
        self.count()
        self._over.add(session_id)
        if self._billed.pop(session_id, None) is not None:
            self._write()

    def count(self) -> None:
        """Count up to now; to be called often. Writes the file now and then."""
        self._look_beside()
        if not self._billed:
            return
        now = self._clock()
        for session_id, billed in list(self._billed.items()):
            seconds = min(max(0.0, now - billed.counted_at), billed.left_s)
            billed.counted_at = now
            billed.left_s -= seconds
            self._attribute(seconds)
            self._session_s += 0.0 if billed.is_old else seconds
            if billed.left_s <= 0:
                del self._billed[session_id]
                self._over.add(session_id)
        if now - self._written_at >= WRITE_EVERY_S:
            self._write()
        self._warn()

    # -- what it comes to ----------------------------------------------------------------------

    @property
    def seconds(self) -> Seconds:
        """The session's, the day's, the month's and all seconds, as counted last."""
        return _seconds(self._session_s, self._wall(), (self._total_s, self._days), self._others)

    @property
    def budget(self) -> Budget:
        """The caps and the price, against the seconds of now."""
        return Budget(self.cost, self.seconds)

    def follow(self, cost: CostConfig) -> None:
        """Take on other caps, another price and another bound of a pause."""
        self.cost = cost
        self._warned.clear()

    # -- inside --------------------------------------------------------------------------------

    def _look_beside(self) -> None:
        now = self._clock()
        beside = self._beside
        if beside is not None and now - self._looked_at >= WRITE_EVERY_S:
            self._looked_at = now
            self._write_soon(beside, lambda: self._read_beside(beside))

    def _read_beside(self, path: Path) -> None:
        self._others = _stored(path)

    def _attribute(self, seconds: float) -> None:
        self._total_s += seconds
        for day, part in spread(self._wall(), seconds):
            self._days[day] = self._days.get(day, 0.0) + part

    def _take_up(self, left: _Open) -> None:
        """Go on counting a session that an earlier run of the daemon has left."""
        away_s = self._wall() - left.counted_at
        # A clock that was set back says nothing of how long it was.
        seconds = min(away_s, left.left_s) if away_s >= 0 else left.left_s
        self._attribute(seconds)
        if seconds < left.left_s:
            rest_s = left.left_s - seconds
            self._billed[left.session_id] = _Billed(self._clock(), rest_s, is_old=True)

    def _warn(self) -> None:
        """Log once for each period that is nearly used up."""
        today = _day(self._wall())
        periods = {"session": 0, "day": today, "month": (today.year, today.month)}
        for each in self.budget.periods:
            key = (each.period, periods[each.period])
            if each.is_nearly_used and key not in self._warned:
                self._warned.add(key)
                log.warning("%s", each.sentence)

    def _write(self) -> None:
        """Replace the file; a full disk costs the account of it, not the picture."""
        self._written_at = self._clock()
        for day in sorted(self._days)[:-KEPT_DAYS]:
            del self._days[day]
        now = self._wall()
        file = _File(
            total_s=self._total_s,
            days=self._days,
            open=[
                _Open(session_id=each, counted_at=now, left_s=min(billed.left_s, DROPPED_S))
                for each, billed in self._billed.items()
            ],
        )
        text = file.model_dump_json()

        def write() -> None:
            try:
                statefile.make_private_folder(self._path.parent)
                replace_file(self._path, text.encode())
            except OSError as error:
                level = logging.DEBUG if self._cannot_write else logging.WARNING
                log.log(level, "%s: what is billed cannot be noted: %s", self._path, error)
                self._cannot_write = True
            else:
                self._cannot_write = False

        self._write_soon(self._path, write)


def stored_seconds(path: Path, wall: float, *, beside: Path | None = None) -> Seconds:
    """Read what the files say at `wall` (seconds since 1970), by themselves; changes nothing."""
    stored = _stored(path)
    others = _File() if beside is None else _stored(beside)
    return _seconds(0.0, wall, (stored.total_s, stored.days), others)


def _stored(path: Path) -> _File:
    stored, is_newer, _ = read(path, keep_aside=False)
    if is_newer and (ours := read(statefile.beside_newer(path, VERSION), keep_aside=False)[0]).days:
        return ours
    return stored


def read(path: Path, *, keep_aside: bool) -> tuple[_File, bool, bool]:
    """Read every entry of the file that can be read, and warn of the others.

    Also whether it is of a newer program, and whether a copy of it was kept because of what
    cannot be read, if it is to be kept.
    """
    data = b""
    try:
        data = statefile.read_bounded(path)
        found = statefile.parse_object(data)
    except FileNotFoundError:
        return _File(), False, False
    except (OSError, ValueError) as error:
        file, found = _File(), {}
        damaged = error.strerror if isinstance(error, OSError) else str(error)
    else:
        file, count = _judged(found)
        damaged = f"{count} of its entries" if count else ""
    is_newer = statefile.is_newer(found, VERSION)
    aside = None
    if damaged and keep_aside and not is_newer:
        aside = statefile.copy_aside(path, data) if data else statefile.set_aside(path)
    if damaged:
        kept = statefile.kept_as(aside)
        what = "what was billed before is unknown" if not file.days else "the others count"
        log.warning("%s cannot be read (%s)%s; %s", path, damaged, kept, what)
    return file, is_newer, aside is not None


def _judged(found: dict[str, Any]) -> tuple[_File, int]:
    """Take what is right of a file, and count what is not."""
    days, bad_days = _right(
        _table(found, "days"),
        lambda d, s: (_DATE.validate_python(d), _DAY_SECONDS.validate_python(s)),
    )
    sessions = found.get("open", [])
    numbered = dict(enumerate(sessions if isinstance(sessions, list) else [None]))
    left, bad_left = _right(numbered, lambda n, one: (n, _OPEN.validate_python(one)))
    least_s = math.fsum(days.values())
    total, bad_total = _right(
        {"total_s": found.get("total_s", least_s)}, lambda k, s: (k, _SECONDS.validate_python(s))
    )
    file = _File(total_s=total.get("total_s", least_s), days=days, open=list(left.values()))
    return file, bad_days + bad_left + bad_total


def _table(found: dict[str, Any], key: str) -> dict[str, Any]:
    """Read a table; what is none is one entry that cannot be read."""
    table = found.get(key, {})
    return table if isinstance(table, dict) else {key: table}


def _right[K, V, L, W](
    entries: Mapping[K, V], judge: Callable[[K, V], tuple[L, W]]
) -> tuple[dict[L, W], int]:
    """Judge each entry by itself: those that are right, and how many are not."""
    right: dict[L, W] = {}
    wrong = 0
    for key, value in entries.items():
        try:
            judged = judge(key, value)
        except ValidationError:
            wrong += 1
        else:
            right[judged[0]] = judged[1]
    return right, wrong


def spread(wall: float, seconds: float) -> Iterator[tuple[date, float]]:
    """Share the seconds that end at `wall` (since 1970) out to the local days that they fall in."""
    end, start = wall, wall - seconds
    while end > start:
        # The day of the last instant before `end`, which may itself be a midnight.
        day = _day(end - 0.001)
        midnight = datetime.combine(day, datetime.min.time()).timestamp()
        begin = max(start, midnight) if midnight < end else start
        yield day, end - begin
        end = begin


def _day(wall: float) -> date:
    return datetime.fromtimestamp(wall).date()


def _seconds(
    session_s: float, wall: float, own: tuple[float, dict[date, float]], others: _File
) -> Seconds:
    today = _day(wall)
    day, month = _day_and_month(own[1], today)
    other_day, other_month = _day_and_month(others.days, today)
    return Seconds(session_s, day + other_day, month + other_month, own[0] + others.total_s)


def _day_and_month(days: dict[date, float], today: date) -> tuple[float, float]:
    of_month = [
        seconds
        for day, seconds in days.items()
        if (day.year, day.month) == (today.year, today.month)
    ]
    return days.get(today, 0.0), math.fsum(of_month)
