"""Touches before conversions as SQL: a row a conversion and touch, conversions without a touch too.

Columns: `person`, `converted` and `conversion_id`, `value`, `touched` and `touch_id` (null: no touch), and the
properties of the touch.
"""

from __future__ import annotations

from collections.abc import Sequence

from leadline.sql.name import quote
from leadline.timeline.question import TouchQuestion
from leadline.timeline.relational.condition import meets
from leadline.timeline.relational.dialect import DUCKDB, Dialect


def touches_sql(
    question: TouchQuestion, relation: str, properties: Sequence[str] = (), dialect: Dialect = DUCKDB
) -> str:
    """Pairs of conversions and touches, by one join on person and time."""
    listed = "".join(f", {quote(name)}" for name in properties)
    shown = "".join(f", t.{quote(name)} AS {quote(name)}" for name in properties)
    return dialect.statement(
        f"WITH conversions AS (SELECT person, ts, id, value FROM {relation} WHERE "
        f"{meets(question.conversions, dialect)} AND ts >= {question.since} AND ts < {question.until}),\n"
        f"touches AS (SELECT person, ts, id{listed} FROM {relation} WHERE {meets(question.touches, dialect)})\n"
        "SELECT c.person AS person, c.ts AS converted, c.id AS conversion_id, c.value AS value, "
        f"t.ts AS touched, t.id AS touch_id{shown} "
        "FROM conversions AS c LEFT JOIN touches AS t ON t.person = c.person AND t.ts <= c.ts "
        f"AND c.ts - t.ts <= {question.lookback} AND t.id <> c.id"
    )
