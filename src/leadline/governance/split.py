"""A goal over the days of its period: by the season of past years, by working days, or evenly; exact to the last unit.

A curve gives each day its share of the whole. The seasonal one knows two levels: the share of each month is that of the
like months in past years (each year weighs the same, so that growth does not), and within a month (or week) a day has
the share of the day 52 weeks before, which keeps weekdays in place. `dates` takes the same dates instead, for what
happens on a day of the month, such as billing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from msgspec import Struct

from leadline.charts.scale import Number
from leadline.model.goal import Split
from leadline.time.business import DAY, BusinessHours
from leadline.time.calendar import Calendar

MOST_YEARS = 3
YEAR = dt.timedelta(days=364)
_LONG = 35
"""Days: a longer period is split into months first."""

Curve = dict[dt.date, Fraction]
"""The share of each day; they add up to one."""


class Splitting(Struct, frozen=True):
    """How a goal was laid over its period: the rule, how many past years it rests on, and whether on those of all
    segments together, for want of enough of its own."""

    rule: Split
    years: int = 0
    of_all: bool = False

    @property
    def words(self) -> str:
        """The rule as a reader sees it."""
        past = f" of {self.years} past year{'s' if self.years > 1 else ''}{', all together' if self.of_all else ''}"
        return {
            "seasonal": f"season{past}",
            "dates": f"same dates{past}",
            "working_days": "working days",
            "even": "every day the same",
        }.get(self.rule, self.rule)


def days_of(start: dt.date, end: dt.date) -> list[dt.date]:
    """The days of [start, end)."""
    return [start + DAY * count for count in range((end - start).days)]


def even_curve(start: dt.date, end: dt.date) -> Curve:
    """Every day the same share."""
    days = days_of(start, end)
    return {day: Fraction(1, len(days)) for day in days}


def working_curve(start: dt.date, end: dt.date, hours: BusinessHours) -> Curve | None:
    """Every working day the same share, others none; None when there is no working day."""
    days = days_of(start, end)
    count = hours.working_days(start, end)
    return {day: Fraction(int(hours.is_working(day)), count) for day in days} if count else None


def past_spans(
    start: dt.date, end: dt.date, calendar: Calendar, first: dt.date, last: dt.date
) -> list[tuple[dt.date, dt.date]]:
    """The like periods of past years, newest first, as far as data from `first` to `last` holds all of them."""
    found: list[tuple[dt.date, dt.date]] = []
    for back in range(1, MOST_YEARS + 1):
        span = (_years_before(start, back, calendar), _years_before(end, back, calendar))
        if min(span[0], start - YEAR * back) < first or span[1] - DAY > last:
            break
        found.append(span)
    return found


def seasonal_curve(
    start: dt.date,
    end: dt.date,
    history: Mapping[dt.date, Number],
    calendar: Calendar,
    years: int,
    last: dt.date,
    *,
    same_dates: bool = False,
) -> Curve | None:
    """The shares that the days of [start, end) had in the `years` past years of `history` (value by day).

    None when a past year, or a month of it, holds nothing or less than nothing: then it tells no shares.
    """
    months = [(start, end)]
    if (end - start).days > _LONG:
        cuts = [max(day, start) for day in calendar.starts(start, end, "month")]
        months = list(zip(cuts, [*cuts[1:], end], strict=True))
    shares: list[Fraction] = [Fraction(0)] * len(months)
    for back in range(1, years + 1):
        likes = [tuple(_years_before(day, back, calendar) for day in month) for month in months]
        sums = [_total(history, first, until) for first, until in likes]
        if min(sums) < 0 or not sum(sums):
            return None
        shares = [share + Fraction(part) / sum(sums) / years for share, part in zip(shares, sums, strict=True)]
    curve: Curve = {}
    for (first, until), share in zip(months, shares, strict=True):
        days = days_of(first, until)
        within = _within(days, history, years, _like_day(calendar, last, same_dates=same_dates))
        curve |= {day: share * part for day, part in zip(days, within, strict=True)}
    return curve


def _within(
    days: Sequence[dt.date],
    history: Mapping[dt.date, Number],
    years: int,
    like: Callable[[dt.date, int], dt.date],
) -> list[Fraction]:
    """The shares of days within their month, each past year weighing the same; even where no year tells them."""
    found, told = [Fraction(0)] * len(days), 0
    for back in range(1, years + 1):
        values = [_exact(history.get(like(day, back), 0)) for day in days]
        if min(values) < 0 or not sum(values):
            continue
        told += 1
        found = [share + value / sum(values) for share, value in zip(found, values, strict=True)]
    return [share / told for share in found] if told else [Fraction(1, len(days))] * len(days)


def _like_day(calendar: Calendar, last: dt.date, *, same_dates: bool) -> Callable[[dt.date, int], dt.date]:
    def like(day: dt.date, back: int) -> dt.date:
        found = calendar.shift(day, "year", -back) if same_dates else day - YEAR * back
        # The end of the year reaches a day or two into what is not known yet: the week before stands in.
        return found if found <= last else found - DAY * 7

    return like


def cumulative(curve: Curve, through: dt.date) -> Fraction:
    """The share of the whole that belongs to the days until `through`, included."""
    return sum((share for day, share in curve.items() if day <= through), Fraction(0))


def parts(target: Decimal, shares: Sequence[Fraction], quantum: Decimal) -> list[Decimal]:
    """`target` in parts that are multiples of `quantum` and add up to it exactly.

    Running totals are rounded and parts are their differences, so that no running total is more than half a unit off.
    """
    found, before, whole = [], Decimal(0), Fraction(0)
    for number, share in enumerate(shares, start=1):
        whole += share
        total = target if number == len(shares) else rounded(Fraction(target) * whole, quantum)
        found.append(total - before)
        before = total
    return found


def rounded(value: Fraction, quantum: Decimal) -> Decimal:
    """A fraction as a multiple of `quantum`, halves away from zero."""
    scaled = value / Fraction(quantum)
    whole = (Decimal(scaled.numerator) / Decimal(scaled.denominator)).quantize(Decimal(1), ROUND_HALF_UP)
    return whole * quantum


def _years_before(day: dt.date, back: int, calendar: Calendar) -> dt.date:
    return day - YEAR * back if calendar.retail is not None else calendar.shift(day, "year", -back)


def _total(history: Mapping[dt.date, Number], start: dt.date, end: dt.date) -> Fraction:
    return sum((_exact(history.get(day, 0)) for day in days_of(start, end)), Fraction(0))


def _exact(value: Number) -> Fraction:
    return Fraction(value)
