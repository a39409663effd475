"""Conditions on events as SQL."""

from __future__ import annotations

from leadline.sql.name import literal, quote
from leadline.timeline.question import NOTHING, Match, Where


def meets(match: Match) -> str:
    """SQL that is true for the events meant and false, never null, for others."""
    if match == NOTHING:
        return "false"
    parts = [f"event IN ({', '.join(map(literal, match.events))})"] if match.events else []
    parts += [_where(where) for where in match.where]
    return " AND ".join(parts) or "true"


def _where(where: Where) -> str:
    name = quote(where.property)
    texts = [literal(value) for value in where.values if value is not None]
    listed = f"{name} IS NOT NULL AND {name} IN ({', '.join(texts)})" if texts else "false"
    return f"({name} IS NULL OR ({listed}))" if None in where.values else f"({listed})"


def column(name: str) -> str:
    """A property, or the event's name where `name` is empty."""
    return quote(name) if name else "event"
