"""Segments as SQL: who meets a line of a rule, or stands in a file; and what that makes of a row's person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from leadline.errors import UsageError
from leadline.model.fact import Fact
from leadline.model.having import Having
from leadline.model.lookup import Lookup

if TYPE_CHECKING:
    from leadline.sql.render import Renderer

_DAY = dt.timedelta(days=1)


def people_sql(
    renderer: Renderer,
    base: Callable[[str], str],
    tables: Mapping[str, Fact],
    having: Having,
    today: dt.date | None,
    timezone: str,
) -> str:
    """`known_as`: the people who have enough rows, each once; whether they must be absent is not asked here."""
    fact, quote = tables[having.fact], renderer.quote
    person, time = quote(having.person), quote(having.time)
    conditions = [f"{person} IS NOT NULL"]
    if having.where is not None:
        conditions.append(renderer.row(having.where, fact, 3))
    if having.days:
        if today is None:
            raise UsageError(
                "no-today",
                "A segment of recent days needs a day to count from.",
                fix="leave `within` out, or ask again",
            )
        since, until = today + _DAY - dt.timedelta(days=having.days), today + _DAY
        conditions.append(f"{time} >= {renderer.moment(fact, having.time, since, timezone)}")
        conditions.append(f"{time} < {renderer.moment(fact, having.time, until, timezone)}")
    enough = f"\n    HAVING count(*) >= {having.at_least}" if having.at_least > 1 else ""
    return (
        f"(\n    SELECT {person} AS known_as\n    FROM {base(having.fact)} AS {quote('had')}\n"
        f"    WHERE {' AND '.join(conditions)}\n    GROUP BY {person}{enough}\n  )"
    )


def listed_sql(renderer: Renderer, base: Callable[[str], str], segment: Lookup) -> str:
    """`known_as`: the people of a segment's file, each once."""
    key = renderer.quote(segment.key)
    return (
        f"(\n    SELECT {key} AS known_as\n    FROM {base(segment.table)}\n"
        f"    WHERE {key} IS NOT NULL\n    GROUP BY {key}\n  )"
    )


def segment_joins(
    renderer: Renderer,
    base: Callable[[str], str],
    tables: Mapping[str, Fact],
    segment: Lookup,
    person: str,
    today: dt.date | None,
    timezone: str,
) -> tuple[list[str], str]:
    """Joins, none of which multiplies a row, and whether the `person` of a row is in the segment.

    True or false; null where the row names nobody.
    """
    joins: list[str] = []
    lines: list[str] = []

    def found(rows: str) -> str:
        name = renderer.quote(f"{segment.name}_{len(joins)}")
        joins.append(f"LEFT JOIN {rows} AS {name} ON {name}.known_as = {person}")
        return f"{name}.known_as IS NOT NULL"

    if segment.file:
        lines.append(found(listed_sql(renderer, base, segment)))
    for line in segment.rule:
        tests = []
        for having in line:
            test = found(people_sql(renderer, base, tables, having, today, timezone))
            tests.append(f"NOT ({test})" if having.absent else test)
        lines.append(f"({' OR '.join(tests)})" if len(tests) > 1 else tests[0])
    return joins, f"CASE WHEN {person} IS NULL THEN NULL ELSE {' AND '.join(lines)} END"
