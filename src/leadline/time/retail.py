"""Retail calendars: years of 52 or 53 whole weeks, quarters of thirteen in months of 4-4-5, 4-5-4 or 5-4-4 weeks.

The year ends on one weekday: the last of its kind in a month, or the one nearest the end of the month. The National
Retail Federation's calendar is 4-5-4, ending on the Saturday nearest the end of January. The week that a long year has
too many belongs to its last month.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import Literal, cast

from msgspec import Struct

from leadline.errors import UsageError

Pattern = Literal["4-4-5", "4-5-4", "5-4-4"]
PATTERNS: tuple[Pattern, ...] = ("4-4-5", "4-5-4", "5-4-4")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_YEAR_END = re.compile(rf"(last|nearest) ({'|'.join(WEEKDAYS)}) (of|to the end of) ({'|'.join(MONTHS)})\Z")
_WEEK = dt.timedelta(days=7)
_NAMED_BEFORE = 6


class RetailYear(Struct, frozen=True):
    """How the weeks of a year fall into months, and on which day it ends.

    `weekday` counts from Monday = 0; `month` is the calendar month at whose end the year ends.
    """

    pattern: Pattern = "4-5-4"
    rule: Literal["last", "nearest"] = "nearest"
    weekday: int = 5
    month: int = 1

    @property
    def week_start(self) -> int:
        """The weekday on which weeks begin: the one after that on which years end."""
        return (self.weekday + 1) % 7

    @property
    def first_month(self) -> int:
        """The calendar month by which the first month of the year is called."""
        return self.month % 12 + 1

    def year_of(self, day: dt.date) -> int:
        """The retail year that `day` lies in."""
        year = self._name(day.year)
        while day < _months(self, year)[0]:
            year -= 1
        while day >= _months(self, year + 1)[0]:
            year += 1
        return year

    def month_of(self, day: dt.date) -> int:
        """The running number of the retail month that `day` lies in: twelve times the year, plus 0 to 11."""
        year = self.year_of(day)
        starts = _months(self, year)
        return year * 12 + next(at for at in reversed(range(12)) if starts[at] <= day)

    def month_start(self, number: int) -> dt.date:
        """The first day of the retail month with that running number."""
        return _months(self, number // 12)[number % 12]

    def named_month(self, year: int, month: int) -> int:
        """The running number of the retail month that is called by a calendar month and its year."""
        place = (month - self.first_month) % 12
        # The months after the turn of the calendar year belong to the retail year that began before it.
        named_year = self._name(year + 1) if month >= self.first_month and self.month < 12 else self._name(year)
        return named_year * 12 + place

    def weeks(self, year: int) -> int:
        """52 or 53."""
        return (_months(self, year + 1)[0] - _months(self, year)[0]) // _WEEK

    def _name(self, ends: int) -> int:
        """The name of the retail year that ends at the month's end in calendar year `ends`.

        A year is called by the calendar year that holds most of it: one that ends in January 2024 is 2023.
        """
        return ends - 1 if self.month < _NAMED_BEFORE else ends

    def _end(self, year: int) -> dt.date:
        """The last day of the retail year named `year`."""
        ends = year + 1 if self.month < _NAMED_BEFORE else year
        last = dt.date(ends + self.month // 12, self.month % 12 + 1, 1) - dt.timedelta(days=1)
        back = (last.weekday() - self.weekday) % 7
        if self.rule == "nearest" and back > 3:
            back -= 7
        return last - dt.timedelta(days=back)


@lru_cache(maxsize=512)
def _months(calendar: RetailYear, year: int) -> tuple[dt.date, ...]:
    """The first days of the twelve months of a retail year."""
    day = calendar._end(year - 1) + dt.timedelta(days=1)
    starts = []
    for weeks in [int(part) for part in calendar.pattern.split("-")] * 4:
        starts.append(day)
        day += weeks * _WEEK
    return tuple(starts)


def parse_year_end(text: str) -> tuple[Literal["last", "nearest"], int, int]:
    """`nearest saturday to the end of january` or `last friday of june`: rule, weekday (Monday = 0) and month."""
    found = _YEAR_END.match(" ".join(text.lower().split()))
    if found is None or (found[1] == "last") != (found[3] == "of"):
        raise UsageError(
            "bad-year-end",
            f"{text!r} does not say when a retail year ends.",
            fix="write `nearest saturday to the end of january` or `last friday of june`",
        )
    rule = cast("Literal['last', 'nearest']", found[1])
    return rule, WEEKDAYS.index(found[2]), MONTHS.index(found[4]) + 1
