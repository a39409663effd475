"""What a result's provenance says to its readers: how fresh it is, and by which SQL it was made.

Keys read here, all optional: `watermark` (an ISO date or moment up to which data is whole, or a mapping of metric id to
one) and `sql` (a text or several).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from leadline.charts.period import as_date

Provenance = Mapping[str, Any]


def watermark(provenance: Provenance, metric: str = "") -> date | None:
    """The last day that is whole for `metric`; of all when it has none of its own, the earliest."""
    stated = provenance.get("watermark")
    if isinstance(stated, Mapping):
        if metric in stated:
            return _day(stated[metric])
        days = [day for day in map(_day, stated.values()) if day]
        return min(days) if days else None
    return _day(stated)


def statements(provenance: Provenance) -> tuple[str, ...]:
    """The SQL that was run, statement by statement."""
    sql = provenance.get("sql", ())
    return (sql,) if isinstance(sql, str) else tuple(str(text) for text in sql)


def _day(stated: object) -> date | None:
    if isinstance(stated, date):
        return as_date(stated)
    if isinstance(stated, str) and stated:
        return datetime.fromisoformat(stated).date()
    return None
