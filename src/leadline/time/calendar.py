"""Calendar periods: weeks that start when the workspace says, fiscal quarters and years."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from msgspec import Struct

Grain = Literal["day", "week", "month", "quarter", "year"]
GRAINS: tuple[Grain, ...] = ("day", "week", "month", "quarter", "year")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "year": 12}


class Calendar(Struct, frozen=True):
    """`week_start` counts from Monday = 0; `fiscal_start` is the first month of the fiscal year."""

    week_start: int = 0
    fiscal_start: int = 1

    def floor(self, day: dt.date, grain: Grain) -> dt.date:
        """First day of the period of `grain` that `day` lies in."""
        if grain == "day":
            return day
        if grain == "week":
            return day - dt.timedelta(days=(day.weekday() - self.week_start) % 7)
        size = _MONTHS[grain]
        index = day.year * 12 + day.month - 1
        offset = (self.fiscal_start - 1) % size
        return _month(index - (index - offset) % size)

    def shift(self, day: dt.date, grain: Grain, count: int) -> dt.date:
        """`day` moved by `count` grains; the last day of a month stands in for days a month lacks."""
        if grain == "day":
            return day + dt.timedelta(days=count)
        if grain == "week":
            return day + dt.timedelta(days=7 * count)
        first = _month(day.year * 12 + day.month - 1 + count * _MONTHS[grain])
        last = _month(first.year * 12 + first.month) - dt.timedelta(days=1)
        return first.replace(day=min(day.day, last.day))

    def year_before(self, day: dt.date, grain: Grain) -> dt.date:
        """Start of the like period a year before: the same date, or for weeks 52 weeks earlier."""
        return day - dt.timedelta(days=364) if grain == "week" else self.shift(day, "year", -1)

    def starts(self, first: dt.date, end: dt.date, grain: Grain) -> list[dt.date]:
        """Starts of the periods that touch the half-open range [first, end), in order."""
        found = []
        day = self.floor(first, grain)
        while day < end:
            found.append(day)
            day = self.shift(day, grain, 1)
        return found


def _month(index: int) -> dt.date:
    return dt.date(index // 12, index % 12 + 1, 1)
