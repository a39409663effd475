"""Periods on an axis: which dates follow each other at a grain, and what a period is called."""

from __future__ import annotations

import functools
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import cast

from leadline.charts.english import english_period
from leadline.charts.value import local_digits
from leadline.time.calendar import Calendar, Grain

# Steps from a given start need no week or fiscal start: those only say where a period begins.
_CALENDAR = Calendar()
_SLACK = {"month": timedelta(days=9), "quarter": timedelta(days=9), "year": timedelta(days=9)}
# The middle of a retail month lies in the calendar month it is called by.
_TO_MIDDLE = timedelta(days=14)


def as_date(moment: date) -> date:
    """The calendar day of a date or datetime."""
    return moment.date() if isinstance(moment, datetime) else moment


def following(start: date, grain: str, count: int = 1) -> date:
    """The start of the `count`-th period after the one that starts on `start`; a negative count goes back."""
    return _CALENDAR.shift(start, cast("Grain", grain), count)


def last_day(start: date, grain: str) -> date:
    """The last day of the period that starts on `start`."""
    return following(start, grain) - timedelta(days=1)


def spine(periods: Iterable[date], grain: str) -> tuple[date, ...]:
    """Every period from the first to the last of `periods`, so that one without data keeps its place."""
    known = sorted({as_date(period) for period in periods})
    if not known:
        return ()
    found = [known[0]]
    while found[-1] < known[-1]:
        after = following(found[-1], grain)
        # Retail periods are some days longer or shorter than those of the calendar: the next one known is near.
        slack = _SLACK.get(grain, timedelta())
        at = max(bisect_right(known, found[-1]), bisect_left(known, after - slack))
        found.append(known[at] if at < len(known) and known[at] <= after + slack else after)
    # Dates off the grid (a first week cut short) stay on the axis where they are.
    return tuple(sorted({*found[: -1 if found[-1] > known[-1] else None], *known}))


@functools.lru_cache(4096)
def period_label(start: date, grain: str, locale: str = "en") -> str:
    """The full name of a period: `Mar 2026`, `Q1 2026`, `4 – 10 May 2026`, `2026`."""
    start = _called(start, grain)
    told = english_period(start, grain) if locale == "en" else None
    return told or local_digits(_period_label(start, grain, locale), locale)


def _period_label(start: date, grain: str, locale: str) -> str:
    from babel.dates import format_date, format_interval, format_skeleton

    tag = locale.replace("-", "_")
    if grain == "year" and start.month == 1:
        return str(format_date(start, "y", locale=tag))
    if grain == "year":
        return str(format_interval(start, last_day(start, grain), "yMMM", locale=tag))
    if grain == "quarter" and start.month % 3 == 1:
        return str(format_skeleton("yQQQ", start, locale=tag))
    if grain == "quarter":
        return str(format_interval(start, last_day(start, grain), "yMMM", locale=tag))
    if grain == "month":
        return str(format_skeleton("yMMM", start, locale=tag))
    if grain == "week":
        return str(format_interval(start, last_day(start, grain), "yMMMd", locale=tag))
    return str(format_skeleton("yMMMd", start, locale=tag))


def _called(start: date, grain: str) -> date:
    """The calendar month by which a period is called that starts on no first of a month."""
    if grain in ("month", "quarter", "year") and start.day != 1:
        return (start + _TO_MIDDLE).replace(day=1)
    return start


@functools.lru_cache(4096)
def tick_label(start: date, grain: str, locale: str = "en") -> tuple[str, str]:
    """A short name for the axis and the year to write under its first tick: `("Mar", "2026")`."""
    from babel.dates import format_date, format_skeleton

    tag = locale.replace("-", "_")
    start = _called(start, grain)
    year = local_digits(str(format_skeleton("y", start, locale=tag)), locale)
    if grain == "year":
        return year, ""
    if grain == "quarter" and start.month % 3 == 1:
        name = format_date(start, "QQQ", locale=tag)
    elif grain in ("quarter", "month"):
        name = format_date(start, "MMM", locale=tag)
    else:
        name = format_skeleton("MMMd", start, locale=tag)
    return local_digits(str(name), locale), year
