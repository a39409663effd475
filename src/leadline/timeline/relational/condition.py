"""Conditions on events as SQL."""

from __future__ import annotations

from collections.abc import Sequence

from leadline.sql.name import quote
from leadline.timeline.question import NOTHING, Match, Where
from leadline.timeline.relational.dialect import DUCKDB, Dialect


def meets(match: Match, dialect: Dialect = DUCKDB) -> str:
    """SQL that is true for the events meant and false, never null, for others."""
    if match == NOTHING:
        return "1 = 0"
    parts = [f"event IN ({', '.join(map(dialect.text, match.events))})"] if match.events else []
    parts += [_where(where, dialect) for where in match.where]
    return " AND ".join(parts) or "1 = 1"


def _where(where: Where, dialect: Dialect) -> str:
    name = quote(where.property)
    texts = [dialect.text(value) for value in where.values if value is not None]
    listed = f"{name} IS NOT NULL AND {name} IN ({', '.join(texts)})" if texts else "1 = 0"
    return f"({name} IS NULL OR ({listed}))" if None in where.values else f"({listed})"


def column(name: str) -> str:
    """A property, or the event's name where `name` is empty."""
    return quote(name) if name else "event"


def passed(moment: str, bounds: Sequence[int], before: int = 0) -> str:
    """How many of the ascending bounds are not after a moment: by halving, so that many cost little.

    Joins and lists say this differently on every engine, CASE does not.
    """
    if not bounds:
        return str(before)
    middle = len(bounds) // 2
    earlier, later = passed(moment, bounds[:middle], before), passed(moment, bounds[middle + 1 :], before + middle + 1)
    return f"CASE WHEN {moment} < {bounds[middle]} THEN {earlier} ELSE {later} END"
