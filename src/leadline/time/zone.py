"""Time zones: local days to UTC instants, and the offset changes within a range.

Instants are naive UTC datetimes, as the warehouse stores them.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import TYPE_CHECKING

from leadline.errors import UsageError, meant

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_DAY = dt.timedelta(days=1)
_UTC = dt.UTC


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The IANA zone of that name; `UsageError` with the closest names otherwise."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        from zoneinfo import available_timezones

        raise UsageError(
            "unknown-zone",
            f"There is no time zone named {name!r}.",
            fix=meant(name, available_timezones(), "use an IANA name such as Europe/Berlin"),
        ) from error


def day_start(day: dt.date, name: str) -> dt.datetime:
    """The first instant of a local day, as naive UTC."""
    if name == "UTC":
        return dt.datetime(day.year, day.month, day.day)
    tz = zone(name)
    midnight = dt.datetime(day.year, day.month, day.day, tzinfo=tz)
    instant = midnight.astimezone(_UTC)
    if instant.astimezone(tz).date() < day:
        # The clock goes back over midnight: the day begins when it strikes twelve the second time.
        instant = midnight.replace(fold=1).astimezone(_UTC)
    return instant.replace(tzinfo=None)


def offset_at(instant: dt.datetime, name: str) -> dt.timedelta:
    """Local time minus UTC at an instant (naive UTC)."""
    if name == "UTC":
        return dt.timedelta()
    offset = instant.replace(tzinfo=_UTC).astimezone(zone(name)).utcoffset()
    return offset if offset is not None else dt.timedelta()


@lru_cache(maxsize=256)
def offsets(name: str, start: dt.datetime, end: dt.datetime) -> tuple[tuple[dt.datetime, dt.timedelta], ...]:
    """The zone's offsets within [start, end): pairs of the instant from which one holds and the offset.

    The first pair begins at `start`. Exact to the second.
    """
    found = [(start, offset_at(start, name))]
    if name == "UTC":
        return tuple(found)
    at = start
    while at < end:
        step = min(at + _DAY * 7, end)
        before, after = offset_at(at, name), offset_at(step, name)
        if before != after:
            low, high = at, step
            while high - low > dt.timedelta(seconds=1):
                middle = low + (high - low) / 2
                middle = middle.replace(microsecond=0)
                if middle in {low, high}:
                    break
                if offset_at(middle, name) == before:
                    low = middle
                else:
                    high = middle
            found.append((high, offset_at(high, name)))
            at = high
        else:
            at = step
    return tuple(found)
