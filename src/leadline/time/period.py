"""Periods as users write them: `2017`, `2017-Q3`, `2017-01..2017-06`, `last-28-days`, `this-month`, `all`."""

from __future__ import annotations

import datetime as dt
import re
from typing import cast

from msgspec import Struct

from leadline.errors import UsageError
from leadline.time.calendar import GRAINS, Calendar, Grain

_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})\Z")
_WEEK = re.compile(r"(\d{4})-?[Ww](\d{1,2})\Z")
_MONTH = re.compile(r"(\d{4})-(\d{1,2})\Z")
_HALF = re.compile(r"(\d{4})-?[Hh]([12])\Z")
_QUARTER = re.compile(r"(\d{4})-?[Qq]([1-4])\Z")
_NTH = re.compile(r"(\d{4})-?[Pp](\d{1,2})\Z")
_YEAR = re.compile(r"(\d{4})\Z")
_TRAILING = re.compile(r"last-(\d+)-(day|week|month|quarter|year)s?\Z")
_NAMED = re.compile(r"(this|last)-(day|week|month|quarter|year)\Z")
_TO_DATE: dict[str, Grain] = {"wtd": "week", "mtd": "month", "qtd": "quarter", "ytd": "year"}
_EXAMPLES = "2026, 2026-H1, 2026-Q3, 2026-09, 2026-W37, 2026-09-15, 2026-01..2026-06, last-28-days, mtd, all"


class Period(Struct, frozen=True):
    """A half-open range of local days; `unit` and `count` say how long it is in calendar terms.

    Comparison with the previous like period steps back by `count` times `unit`. A period to date (`mtd`) is cut: it
    ends before its calendar period does.
    """

    start: dt.date
    end: dt.date
    unit: Grain
    count: int
    label: str

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def written(self) -> str:
        """The same days as one would ask for them."""
        return f"{self.start}..{self.end - dt.timedelta(days=1)}"

    def whole_end(self, calendar: Calendar) -> dt.date:
        """Where the calendar period ends that this one is, or is the beginning of."""
        return max(self.end, calendar.shift(self.start, self.unit, self.count))


def parse_period(text: str, today: dt.date, calendar: Calendar) -> Period | None:
    """The period `text` names as of `today`; None for `all`.

    Raises `UsageError` with examples.
    """
    word = text.strip()
    if not word or word.lower() == "all":
        return None
    if ".." in word:
        return _range(word, today, calendar)
    return _single(word, today, calendar)


def _range(word: str, today: dt.date, calendar: Calendar) -> Period:
    left, _, right = word.partition("..")
    first = _single(left.strip(), today, calendar)
    last = _single(right.strip(), today, calendar) if right.strip() else _day_period(today)
    if last.end <= first.start:
        raise UsageError("bad-period", f"The period {word!r} ends before it begins.", fix=f"write {right}..{left}")
    if first.unit == last.unit:
        count = len(calendar.starts(first.start, last.end, first.unit))
        return Period(first.start, last.end, first.unit, count, word)
    return Period(first.start, last.end, "day", (last.end - first.start).days, word)


def _single(word: str, today: dt.date, calendar: Calendar) -> Period:
    try:
        found = _dated(word, calendar) or _relative(word.lower(), today, calendar)
    except ValueError as error:
        raise UsageError(
            "bad-period", f"There is no period {word!r}.", why=str(error), fix=f"for example {_EXAMPLES}"
        ) from error
    if found is None:
        raise UsageError("bad-period", f"The period {word!r} cannot be read.", fix=f"write for example {_EXAMPLES}")
    return found


def _dated(word: str, calendar: Calendar) -> Period | None:
    if match := _DAY.match(word):
        return _day_period(dt.date(*map(int, match.groups())), word)
    if match := _WEEK.match(word):
        monday = dt.date.fromisocalendar(int(match[1]), int(match[2]), 1)
        start = calendar.floor(monday + dt.timedelta(days=3), "week")
        return Period(start, start + dt.timedelta(days=7), "week", 1, word)
    if match := _HALF.match(word):
        start = calendar.shift(fiscal_year_start(int(match[1]), calendar), "quarter", 2 * (int(match[2]) - 1))
        return Period(start, calendar.shift(start, "quarter", 2), "quarter", 2, word)
    if match := _QUARTER.match(word):
        start = calendar.shift(fiscal_year_start(int(match[1]), calendar), "quarter", int(match[2]) - 1)
        return _calendar_period(start, "quarter", calendar, word)
    if match := _MONTH.match(word):
        first = dt.date(int(match[1]), int(match[2]), 1)
        if calendar.retail is not None:
            first = calendar.retail.month_start(calendar.retail.named_month(first.year, first.month))
        return _calendar_period(first, "month", calendar, word)
    if match := _NTH.match(word):
        if not 1 <= int(match[2]) <= 12:
            raise ValueError("a year has twelve months")
        start = calendar.shift(fiscal_year_start(int(match[1]), calendar), "month", int(match[2]) - 1)
        return _calendar_period(start, "month", calendar, word)
    if match := _YEAR.match(word):
        return _calendar_period(fiscal_year_start(int(match[1]), calendar), "year", calendar, word)
    return None


def fiscal_year_start(year: int, calendar: Calendar) -> dt.date:
    """First day of the fiscal year named `year`: the year it ends in, the calendar year when it starts in January.

    A retail year is named by the calendar year that holds most of it.
    """
    if calendar.retail is not None:
        return calendar.retail.month_start(year * 12)
    return dt.date(year if calendar.fiscal_start == 1 else year - 1, calendar.fiscal_start, 1)


def _relative(word: str, today: dt.date, calendar: Calendar) -> Period | None:
    if word == "today":
        return _day_period(today, word)
    if word == "yesterday":
        return _day_period(today - dt.timedelta(days=1), word)
    if word in _TO_DATE:
        grain = _TO_DATE[word]
        start = calendar.floor(today, grain)
        return Period(start, today + dt.timedelta(days=1), grain, 1, word)
    if match := _NAMED.match(word):
        grain = cast("Grain", match[2])
        start = calendar.floor(today, grain)
        if match[1] == "last":
            start = calendar.shift(start, grain, -1)
        return _calendar_period(start, grain, calendar, word)
    if match := _TRAILING.match(word):
        count, grain = int(match[1]), cast("Grain", match[2])
        if count < 1:
            raise ValueError("it is empty")
        # Complete periods only: the current one has not ended.
        end = calendar.floor(today, grain)
        return Period(calendar.shift(end, grain, -count), end, grain, count, word)
    return None


def _day_period(day: dt.date, label: str = "") -> Period:
    return Period(day, day + dt.timedelta(days=1), "day", 1, label or day.isoformat())


def _calendar_period(start: dt.date, grain: Grain, calendar: Calendar, label: str) -> Period:
    return Period(start, calendar.shift(start, grain, 1), grain, 1, label)


def previous(period: Period, calendar: Calendar) -> Period:
    """The like period just before: the quarter before a quarter, the 28 days before 28 days, of `mtd` the same part."""
    start = calendar.shift(period.start, period.unit, -period.count)
    end = like_end(period.start, period.end, period.whole_end(calendar), (start, period.start), period.unit, calendar)
    return Period(start, end, period.unit, period.count, f"before {period.label}")


def year_before(period: Period, calendar: Calendar) -> Period:
    """The same period a year earlier; weeks and retail periods keep their weekdays (52 weeks)."""
    whole = period.whole_end(calendar)
    start, end = (calendar.year_before(day, period.unit) for day in (period.start, whole))
    end = like_end(period.start, period.end, whole, (start, end), period.unit, calendar)
    return Period(start, end, period.unit, period.count, f"a year before {period.label}")


def like_end(
    start: dt.date, end: dt.date, whole: dt.date, other: tuple[dt.date, dt.date], unit: Grain, calendar: Calendar
) -> dt.date:
    """Where the same part of a like period ends.

    The part is [start, end) of a period that ends at `whole`; `other` is the like period. All of the one answers to all
    of the other; a part never to more than the other has.
    """
    if end >= whole:
        return other[1]
    if end <= start:
        return other[0]
    last = calendar.like_day(end - dt.timedelta(days=1), start, other[0], unit)
    return min(last + dt.timedelta(days=1), other[1])


def check_grain(text: str) -> Grain | None:
    """The grain named `text`; None for `none`."""
    if text in GRAINS:
        return text
    if text in {"none", ""}:
        return None
    raise UsageError("unknown-grain", f"There is no grain {text!r}.", fix=f"use {', '.join(GRAINS)} or none")
