"""Business hours: when an office is open, and how much open time lies between two moments.

Instants are naive UTC, as the warehouse keeps them; opening hours are local, so a working day across a change of the
clocks is as long as it really was. Public holidays may be named day by day or come from the library `holidays`, an
optional extra; the arithmetic is our own, for the libraries that offer it (businesstime, businesstimedelta, bizdays)
count wall-clock hours or whole days only and have not been kept up.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from msgspec import Struct

from leadline.errors import DefinitionError, UsageError, closest, meant
from leadline.time.retail import WEEKDAYS
from leadline.time.zone import day_start, offset_at, zone

DAY = dt.timedelta(days=1)
Open = tuple[int, int]
"""Minutes after local midnight at which an office opens and closes; 1440 is the end of the day."""
WORKWEEK: tuple[Open | None, ...] = (*[(9 * 60, 18 * 60)] * 5, None, None)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})\Z")
_WITHIN = re.compile(r"(\d+(?:\.\d+)?)\s+(business\s+)?(hour|day)s?\Z")
_LONGEST_CLOSURE = 400


class BusinessHours(Struct, frozen=True):
    """Opening hours by weekday (Monday first; None: closed), in a time zone, with days on which nobody works."""

    timezone: str = "UTC"
    week: tuple[Open | None, ...] = WORKWEEK
    holidays: frozenset[dt.date] = frozenset()

    def is_working(self, day: dt.date) -> bool:
        """Whether the office opens on a local day."""
        return self.week[day.weekday()] is not None and day not in self.holidays

    def working_days(self, start: dt.date, end: dt.date) -> int:
        """How many working days lie in [start, end)."""
        return sum(self.is_working(start + DAY * count) for count in range(max((end - start).days, 0)))

    def opening(self, day: dt.date) -> tuple[dt.datetime, dt.datetime] | None:
        """The instants at which the office opens and closes on a local day; None when it stays closed."""
        hours = self.week[day.weekday()]
        if hours is None or day in self.holidays:
            return None
        return _instant(day, hours[0], self.timezone, fold=0), _instant(day, hours[1], self.timezone, fold=1)

    def local_day(self, instant: dt.datetime) -> dt.date:
        """The local day of an instant."""
        return (instant + offset_at(instant, self.timezone)).date()

    def add_hours(self, instant: dt.datetime, hours: float) -> dt.datetime:
        """The instant by which that much open time has passed since `instant`."""
        left = dt.timedelta(hours=hours)
        for opens, closes in self._openings(self.local_day(instant)):
            begins = max(opens, instant)
            if closes - begins >= left:
                return max(begins + left, instant)
            left -= max(closes - begins, dt.timedelta())
        raise _never_open()

    def add_days(self, instant: dt.datetime, days: int) -> dt.datetime:
        """The close of business on the `days`-th working day after the local day of `instant`."""
        left = days
        for _, closes in self._openings(self.local_day(instant) + DAY):
            left -= 1
            if left <= 0:
                return closes
        raise _never_open()

    def between(self, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
        """The open time between two instants; none when `end` is not after `start`."""
        found = dt.timedelta()
        if end <= start:
            return found
        day, last = self.local_day(start), self.local_day(end)
        while day <= last:
            opening = self.opening(day)
            if opening is not None:
                found += max(min(opening[1], end) - max(opening[0], start), dt.timedelta())
            day += DAY
        return found

    def _openings(self, day: dt.date) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        closed = 0
        while closed < _LONGEST_CLOSURE:
            opening = self.opening(day)
            if opening is None:
                closed += 1
            else:
                closed = 0
                yield opening
            day += DAY


class Within(Struct, frozen=True):
    """A time allowed: `4 business hours`, `24 hours`, `2 business days`, `5 days`.

    Hours pass on the clock, business hours while the office is open. Days end at the same local time, business days at
    the close of business on the last of them; the day a matter comes in does not count.
    """

    amount: float
    unit: str
    business: bool

    def due(self, instant: dt.datetime, hours: BusinessHours) -> dt.datetime:
        """When the time is over that begins at `instant`."""
        if self.business:
            return (
                hours.add_hours(instant, self.amount)
                if self.unit == "hour"
                else hours.add_days(instant, int(self.amount))
            )
        if self.unit == "hour":
            return instant + dt.timedelta(hours=self.amount)
        local = instant + offset_at(instant, hours.timezone) + DAY * int(self.amount)
        return local.replace(tzinfo=zone(hours.timezone)).astimezone(dt.UTC).replace(tzinfo=None)


def parse_within(text: str) -> Within:
    """`4 business hours`, `24 hours`, `2 business days` or `5 days`; `UsageError` otherwise."""
    found = _WITHIN.match(" ".join(text.lower().split()))
    if found is None or not float(found[1]) or (found[3] == "day" and not float(found[1]).is_integer()):
        raise UsageError(
            "bad-duration", f"{text!r} is not a time allowed.", fix="write `4 business hours`, `24 hours` or `5 days`"
        )
    return Within(float(found[1]), found[3], bool(found[2]))


def parse_clock(text: str) -> int:
    """Minutes after midnight of `09:00`; `24:00` is the end of the day. `UsageError` otherwise."""
    found = _CLOCK.match(text.strip())
    minutes = int(found[1]) * 60 + int(found[2]) if found else -1
    if found is None or int(found[2]) > 59 or minutes > 1440:
        raise UsageError("bad-clock", f"{text!r} is not a time of day.", fix="write 09:00, in quotes")
    return minutes


def public_holidays(country: str, subdivision: str, years: range) -> frozenset[dt.date]:
    """The public holidays of a country (ISO 3166, `DE`) and part of it (`BY`), from the library `holidays`.

    `UsageError` names the install command where the library is missing, and the closest names of an unknown part.
    """
    try:
        import holidays
    except ImportError as error:
        raise UsageError(
            "missing-extra",
            f"The public holidays of {country} come from a library that is not installed.",
            why="`country` is set for business hours",
            fix="pip install 'leadline[holidays]', or list the days under `holidays`",
        ) from error
    known = holidays.list_supported_countries()
    if country not in known:
        near = closest(country, known)
        raise UsageError("unknown-country", f"There are no holidays of {country!r}.", fix=f"for example {near or 'DE'}")
    if subdivision and subdivision not in known[country]:
        raise UsageError(
            "unknown-subdivision",
            f"{country} has no part named {subdivision!r} with holidays of its own.",
            fix=f"use one of {', '.join(known[country])}" if known[country] else "leave `subdivision` out",
        )
    found = holidays.country_holidays(country, subdiv=subdivision or None, years=list(years))
    return frozenset(found)


def weekday_number(name: str) -> int:
    """Monday is 0; `UsageError` with the closest names otherwise."""
    if name.lower() not in WEEKDAYS:
        raise UsageError(
            "unknown-weekday",
            f"{name!r} is no weekday.",
            fix=meant(name, WEEKDAYS, f"did you mean {', '.join(WEEKDAYS)}?"),
        )
    return WEEKDAYS.index(name.lower())


def _instant(day: dt.date, minutes: int, name: str, *, fold: int) -> dt.datetime:
    """The UTC instant of a local time; one that the clock skips is where it would have been (later by the gap).

    TRICKY: where the clock strikes an hour twice, an office opens the first time and closes the second.
    """
    if minutes == 1440:
        return day_start(day + DAY, name)
    local = dt.datetime(day.year, day.month, day.day, *divmod(minutes, 60), fold=fold, tzinfo=zone(name))
    if not minutes and not fold:
        return day_start(day, name)
    return local.astimezone(dt.UTC).replace(tzinfo=None)


def _never_open() -> DefinitionError:
    return DefinitionError(
        "never-open",
        "These business hours are never open.",
        why=f"{_LONGEST_CLOSURE} days on end are closed",
        fix="give `days` on which somebody works",
    )
