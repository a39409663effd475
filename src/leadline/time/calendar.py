"""Calendar periods: weeks that start when the workspace says, fiscal years, retail months of whole weeks."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from msgspec import Struct

from leadline.time.retail import RetailYear

Grain = Literal["day", "week", "month", "quarter", "year"]
GRAINS: tuple[Grain, ...] = ("day", "week", "month", "quarter", "year")
_MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "year": 12}
_DAY = dt.timedelta(days=1)
# 52 weeks: what lies a year before with the same weekdays.
LIKE_YEAR = dt.timedelta(days=364)


class Calendar(Struct, frozen=True):
    """`week_start` counts from Monday = 0; `fiscal_start` is the first month of the fiscal year.

    With `retail`, months, quarters and years are those of a retail calendar.
    """

    week_start: int = 0
    fiscal_start: int = 1
    retail: RetailYear | None = None

    def floor(self, day: dt.date, grain: Grain) -> dt.date:
        """First day of the period of `grain` that `day` lies in."""
        if grain == "day":
            return day
        if grain == "week":
            return day - dt.timedelta(days=(day.weekday() - self.week_start) % 7)
        size = _MONTHS[grain]
        if self.retail is not None:
            number = self.retail.month_of(day)
            return self.retail.month_start(number - number % size)
        index = day.year * 12 + day.month - 1
        offset = (self.fiscal_start - 1) % size
        return _month(index - (index - offset) % size)

    def shift(self, day: dt.date, grain: Grain, count: int) -> dt.date:
        """`day` moved by `count` grains; the last day of a month stands in for days a month lacks."""
        if grain == "day":
            return day + dt.timedelta(days=count)
        if grain == "week":
            return day + dt.timedelta(days=7 * count)
        if self.retail is not None:
            return self._shift_retail(self.retail, day, grain, count)
        first = _month(day.year * 12 + day.month - 1 + count * _MONTHS[grain])
        last = _month(first.year * 12 + first.month) - _DAY
        return first.replace(day=min(day.day, last.day))

    def _shift_retail(self, retail: RetailYear, day: dt.date, grain: Grain, count: int) -> dt.date:
        """The same day of the period `count` further on: the same week and weekday, as far as it has them."""
        size = _MONTHS[grain]
        number = retail.month_of(day)
        number -= number % size
        start, end = (retail.month_start(number + (count + ahead) * size) for ahead in (0, 1))
        return min(start + (day - retail.month_start(number)), end - _DAY)

    def year_before(self, day: dt.date, grain: Grain) -> dt.date:
        """Start of the like period a year before: the same date; of weeks and retail periods 52 weeks earlier."""
        if grain == "week" or self.retail is not None:
            return day - LIKE_YEAR
        return self.shift(day, "year", -1)

    def like_day(self, day: dt.date, start: dt.date, other: dt.date, unit: Grain) -> dt.date:
        """The day that lies in the period from `other` as `day` lies in that from `start`.

        In quarters, years and spans of months the same day of the same month, or its last; else as many days in.
        """
        by_month = self.retail is None and unit in _MONTHS and start.day == other.day == 1
        if not by_month:
            return other + (day - start)
        first = self.shift(other, "month", (day.year - start.year) * 12 + day.month - start.month)
        return min(first + dt.timedelta(days=day.day - 1), self.shift(first, "month", 1) - _DAY)

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
