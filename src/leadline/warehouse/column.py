"""Columns of the warehouse: their SQL types, which of them deliveries fill, and how `is_first` is derived."""

from __future__ import annotations

from collections.abc import Sequence

from leadline.model.fact import SYSTEM_COLUMNS, Fact
from leadline.sql.name import quote

COLUMN_TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "decimal": "DECIMAL(18, 6)",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN",
}
SYSTEM_TYPES = {"_source": "VARCHAR", "_load": "BIGINT", "_line": "BIGINT", "_key": "VARCHAR"}


def column_type(fact: Fact, name: str) -> str:
    """SQL type of a column of `fact.X`."""
    return SYSTEM_TYPES[name] if name in SYSTEM_TYPES else COLUMN_TYPES[fact.column(name).type]


def first_expression(fact: Fact, among: Sequence[str] = ("_source", "_key", "_line")) -> str:
    """SQL that is true for the rows of a fact that are the first of their group.

    Stage entries have exactly one first row a person and stage, the first by `among` of those at the same moment; order
    lines share the first order's moment.
    """
    group = ", ".join(quote(name) for name in fact.first_by)
    known = " AND ".join(f"{quote(name)} IS NOT NULL" for name in fact.first_by)
    time = quote(fact.time)
    if fact.first_where:
        condition = f"coalesce({fact.first_where}, false)"
        return (
            f"({known} AND {condition} AND {time} = min({time}) FILTER (WHERE {condition}) OVER (PARTITION BY {group}))"
        )
    return f"({known} AND row_number() OVER (PARTITION BY {group} ORDER BY {', '.join([time, *among])}) = 1)"


def data_columns(fact: Fact) -> list[str]:
    """Names of the columns a delivery fills: all but the derived `is_first`."""
    return [column.name for column in fact.columns if not (fact.first_by and column.name == "is_first")]


def stored_columns(fact: Fact) -> list[str]:
    """Names of all columns of `fact.X`, in order."""
    return [*fact.column_names, *SYSTEM_COLUMNS]
