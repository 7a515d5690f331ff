"""Caps and money: what the billed seconds come to, and what may still be spent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sana_vcam.config.schema import CostConfig

type Period = Literal["session", "day", "month"]

NEARLY = 0.8
"""From this part of a cap on, the user is told."""

_WHOSE: dict[Period, str] = {"session": "this session", "day": "today", "month": "this month"}
_GO_ON: dict[Period, str] = {
    "session": "`sana-vcam ctl connect` opens another session",
    "day": "raise it and reload the configuration, or wait until tomorrow",
    "month": "raise it and reload the configuration, or wait until next month",
}


@dataclass(frozen=True)
class Seconds:
    """Billed seconds. `session` is what the user takes for one, `total` all that was ever noted."""

    session: float
    day: float
    month: float
    total: float


@dataclass(frozen=True)
class PeriodBudget:
    """What one period has used; `cap_s` is None without a cap, `cost` None without a price."""

    period: Period
    seconds: float
    cap_s: float | None
    cost: float | None

    @property
    def is_used_up(self) -> bool:
        """Whether nothing more may be spent in this period."""
        return self.cap_s is not None and self.seconds >= self.cap_s

    @property
    def is_nearly_used(self) -> bool:
        """Whether the user is to be told."""
        return self.cap_s is not None and self.seconds >= NEARLY * self.cap_s

    @property
    def sentence(self) -> str:
        """What a cap means now, and how to go on."""
        cap = f"[cost] {self.period}_cap_min = {(self.cap_s or 0.0) / 60:g}"
        whose = _WHOSE[self.period]
        if self.is_used_up:
            return f"the cap for {whose} is reached ({cap}): {_GO_ON[self.period]}"
        return f"{self.seconds / 60:.0f} min are used of the cap for {whose} ({cap})"

    @property
    def words(self) -> str:
        """A reached cap for viewers."""
        return f"The time limit for {_WHOSE[self.period]} is reached"


@dataclass(frozen=True)
class Budget:
    """The caps and the price, against what is used."""

    cost: CostConfig
    seconds: Seconds

    @property
    def periods(self) -> tuple[PeriodBudget, PeriodBudget, PeriodBudget]:
        """Session, day and month."""
        cost, seconds = self.cost, self.seconds
        return (
            self._period("session", seconds.session, cost.session_cap_min),
            self._period("day", seconds.day, cost.day_cap_min),
            self._period("month", seconds.month, cost.month_cap_min),
        )

    @property
    def used_up(self) -> PeriodBudget | None:
        """The longest period whose cap is reached."""
        return next((each for each in reversed(self.periods) if each.is_used_up), None)

    @property
    def sentence(self) -> str | None:
        """What to tell the user: a cap that is reached, or the one that is nearest."""
        told = [each for each in reversed(self.periods) if each.is_nearly_used]
        told.sort(key=lambda each: not each.is_used_up)
        return told[0].sentence if told else None

    def money(self, seconds: float) -> float | None:
        """Say what so many seconds cost; None without a price."""
        price = self.cost.price_per_min
        return round(seconds / 60 * price, 4) if price else None

    def _period(self, period: Period, seconds: float, cap_min: float) -> PeriodBudget:
        return PeriodBudget(period, seconds, cap_min * 60 or None, self.money(seconds))
