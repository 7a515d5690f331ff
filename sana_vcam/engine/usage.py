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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, ValidationError

from sana_vcam.config.schema import CostConfig
from sana_vcam.engine.budget import Budget, Seconds
from sana_vcam.lib.atomicfile import remove_drafts, replace_file

log = logging.getLogger(__name__)

USAGE_FILE = "usage.json"
DROPPED_S = 40.0
"""So long at most a session is billed that nobody holds."""
WRITE_EVERY_S = 15.0
"""A kill loses no more than this; the session that it left is counted by its rule."""
KEPT_DAYS = 400


class _Stored(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Open(_Stored):
    """A session that was billed when the file was written, up to `counted_at` (since 1970).

    If nobody goes on with it, it is counted for `left_s` more at most.
    """

    session_id: str
    counted_at: float
    left_s: NonNegativeFloat = DROPPED_S


class _File(_Stored):
    """`days` holds the seconds of each local day, `total_s` those of all days ever."""

    version: int = 1
    total_s: NonNegativeFloat = 0.0
    days: dict[date, NonNegativeFloat] = {}
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
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Read `path`; one that cannot be read is kept aside, and the count starts anew."""
        self._path = path
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
        stored = read(path, keep_aside=True)
        self._total_s, self._days = stored.total_s, dict(stored.days)
        for left in stored.open:
            self._take_up(left)
        if stored.open:
            # Or another start would charge them again.
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
        today = _day(self._wall())
        return Seconds(self._session_s, *_day_and_month(self._days, today), self._total_s)

    @property
    def budget(self) -> Budget:
        """The caps and the price, against the seconds of now."""
        return Budget(self.cost, self.seconds)

    def follow(self, cost: CostConfig) -> None:
        """Take on other caps, another price and another bound of a pause."""
        self.cost = cost
        self._warned.clear()

    # -- inside --------------------------------------------------------------------------------

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
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(self._path, file.model_dump_json().encode())
        except OSError as error:
            level = logging.DEBUG if self._cannot_write else logging.WARNING
            log.log(level, "%s: what is billed cannot be noted: %s", self._path, error)
            self._cannot_write = True
        else:
            self._cannot_write = False


def stored_seconds(path: Path, wall: float) -> Seconds:
    """Read what a file says at `wall` (seconds since 1970), without a daemon; changes nothing."""
    stored = read(path, keep_aside=False)
    return Seconds(0.0, *_day_and_month(stored.days, _day(wall)), stored.total_s)


def read(path: Path, *, keep_aside: bool) -> _File:
    """Read the file, or warn and begin an empty one; a broken file can be kept beside it."""
    try:
        return _File.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return _File()
    except (OSError, ValidationError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no account of this program's"
        aside = _set_aside(path) if keep_aside else None
        kept = f"; it is kept as {aside}" if aside else ""
        log.warning("%s cannot be read (%s)%s; what was billed before is unknown", path, why, kept)
        return _File()


def _set_aside(path: Path) -> Path | None:
    aside = path.with_name(f"{path.stem}.broken-{time.time_ns()}{path.suffix}")
    try:
        path.rename(aside)
    except OSError:
        return None
    return aside


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


def _day_and_month(days: dict[date, float], today: date) -> tuple[float, float]:
    of_month = [
        seconds
        for day, seconds in days.items()
        if (day.year, day.month) == (today.year, today.month)
    ]
    return days.get(today, 0.0), math.fsum(of_month)
