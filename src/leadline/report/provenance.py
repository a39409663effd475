"""What a result's provenance says to its readers: how fresh it is, and by which SQL it was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

Provenance = Mapping[str, Any]

# A source silent for longer than this behind the freshest one of its fact has ended rather than fallen behind.
_ENDED_AFTER = timedelta(days=45)


def watermark(provenance: Provenance, facts: Sequence[str] = ()) -> date | None:
    """The last day up to which `facts` (all of the result when empty) are there: that of the slowest living source."""
    known: Mapping[str, Any] = provenance.get("facts") or {}
    days = [day for name in facts or known if name in known for day in _living(known[name])]
    return min(days) if days else None


def statements(provenance: Provenance) -> tuple[str, ...]:
    """The SQL that was run, statement by statement."""
    sql = provenance.get("sql", ())
    return (sql,) if isinstance(sql, str) else tuple(str(text) for text in sql)


def _living(fact: Mapping[str, Any]) -> list[date]:
    through = [
        datetime.fromisoformat(source["through"]).date()
        for source in (fact.get("sources") or {}).values()
        if source.get("through")
    ]
    return [day for day in through if day >= max(through) - _ENDED_AFTER]
