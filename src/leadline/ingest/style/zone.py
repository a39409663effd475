"""Local times to UTC in SQL: the zone's offset changes are written into the query as a balanced CASE.

A time-zone function called for each row costs three times what parsing the row costs; a zone changes its offset some
fifty times in 25 years, so six comparisons find the right one. A local time that does not exist (spring) counts
with the offset before the change, one that exists twice (autumn) is the earlier of the two: as Python's `fold=0`.
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from leadline.errors import UsageError

YEARS = (2008, 2033)
EVER = (1902, 2099)

_WEEK = dt.timedelta(days=7)


def zone_sql(expression: str, zone: str, years: tuple[int, int] = YEARS) -> str:
    """SQL for the UTC TIMESTAMP of a naive local TIMESTAMP in `zone`.

    Right in all years, cheap in those from the first to the last of `years`; the fewer, the shorter the SQL.
    """
    if zone.upper() in ("UTC", "ETC/UTC", "GMT", "Z"):
        return f"({expression})"
    changes = offset_changes(zone, years)
    # TRICKY: the expression stands in every comparison, but DuckDB computes common subexpressions once
    tree = _tree(f"({expression})", list(changes))
    start, end = changes[0][0], dt.datetime(years[1] + 1, 1, 1)
    return (
        f"case when ({expression}) >= timestamp '{start}' and ({expression}) < timestamp '{end}' "
        f"then ({expression}) - {tree} else ({expression}) - {_search(f'({expression})', zone)} end"
    )


def _search(name: str, zone: str) -> str:
    """The offset of any year's local time, looked up in a list: dear for a row, but few rows are so old or so far."""
    changes = offset_changes(zone, EVER)
    starts = ", ".join(str(int((moment - dt.datetime(1970, 1, 1)).total_seconds())) for moment, _ in changes)
    offsets = ", ".join(str(int(offset.total_seconds())) for _, offset in changes)
    before = f"len(list_filter([{starts}], lambda start: start <= epoch({name})))"
    return f"to_seconds([{offsets}][greatest(1, {before})])"


@cache
def offset_changes(zone: str, years: tuple[int, int] = YEARS) -> tuple[tuple[dt.datetime, dt.timedelta], ...]:
    """The zone's UTC offsets in these years, each with the first local time it holds for."""
    try:
        info = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(
            "unknown-time-zone", f"There is no time zone {zone!r}.", fix="use a name such as Europe/Berlin or UTC"
        ) from None
    moment = dt.datetime(years[0], 1, 1)
    end = dt.datetime(years[1] + 1, 1, 1)
    changes = [(moment, _offset(moment, info))]
    while moment < end:
        after = moment + _WEEK
        if _offset(after, info) != changes[-1][1]:
            changes.append((_boundary(moment, after, info), _offset(after, info)))
        moment = after
    return tuple(changes)


def _offset(moment: dt.datetime, info: ZoneInfo) -> dt.timedelta:
    return moment.replace(tzinfo=info).utcoffset() or dt.timedelta(0)


def _boundary(before: dt.datetime, after: dt.datetime, info: ZoneInfo) -> dt.datetime:
    """The first second between two local times at which the later one's offset holds."""
    low, high = 0, int((after - before).total_seconds())
    wanted = _offset(after, info)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(before + dt.timedelta(seconds=middle), info) == wanted:
            high = middle
        else:
            low = middle
    return before + dt.timedelta(seconds=high)


def _tree(name: str, changes: list[tuple[dt.datetime, dt.timedelta]]) -> str:
    if len(changes) == 1:
        return f"interval '{int(changes[0][1].total_seconds())} seconds'"
    middle = len(changes) // 2
    left, right = _tree(name, changes[:middle]), _tree(name, changes[middle:])
    return f"case when {name} < timestamp '{changes[middle][0]}' then {left} else {right} end"
