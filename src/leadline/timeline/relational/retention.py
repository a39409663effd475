"""Retention as SQL: `cohort` (number of the period), `k` (-1: everybody in the cohort), `people`, and their row.

`worth_sql`: `cohort`, `k`, `worth` in millionths, and the row.
"""

from __future__ import annotations

from leadline.timeline.question import RetentionQuestion
from leadline.timeline.relational.condition import column, meets, passed
from leadline.timeline.relational.dialect import DUCKDB, Dialect

BEYOND = 10_000
"""Number of what lies after the last period: more than is ever asked for."""


def retention_sql(question: RetentionQuestion, relation: str, dialect: Dialect = DUCKDB) -> str:
    """Cohort sizes and who came back. Window functions, grouping and joins."""
    question = question.checked()
    counted = (
        "SELECT m.cohort, w.k, count(*) AS people, m.row_value FROM (SELECT person, cohort, row_value, "
        "max(k) AS furthest FROM returns GROUP BY person, cohort, row_value) AS m "
        f"CROSS JOIN {dialect.numbers('w', range(question.upto + 1))} "
        "WHERE w.k <= m.furthest GROUP BY m.cohort, w.k, m.row_value"
        if question.unbounded
        else "SELECT cohort, k, count(DISTINCT person) AS people, row_value FROM returns "
        f"WHERE k <= {question.upto} GROUP BY cohort, k, row_value"
    )
    return dialect.statement(
        f"{_returns(question, relation, dialect)}\n"
        "SELECT cohort, -1 AS k, count(*) AS people, row_value FROM members GROUP BY cohort, row_value\n"
        f"UNION ALL {counted}"
    )


def worth_sql(question: RetentionQuestion, relation: str, dialect: Dialect = DUCKDB) -> str:
    """What came back was worth."""
    return dialect.statement(
        f"{_returns(question.checked(), relation, dialect)}\n"
        f"SELECT cohort, k, sum(value) AS worth, row_value FROM returns WHERE k <= {question.upto} "
        "GROUP BY cohort, k, row_value"
    )


def _returns(question: RetentionQuestion, relation: str, dialect: Dialect) -> str:
    """CTEs of the members of cohorts and of their returns."""
    first, *inner, last = question.periods
    if question.width:
        # Some engines divide whole numbers into fractions; taken off the remainder first, the quotient is whole in all.
        since = "e.ts - m.begun"
        k = f"CAST(({since} - ({since}) % {question.width}) / {question.width} AS {dialect.number_type})"
    else:
        k = f"CASE WHEN e.ts >= {last} THEN {BEYOND} ELSE {passed('e.ts', inner)} END - m.cohort"
    inside = "" if question.width or question.unbounded else f" AND e.ts < {last}"
    row = column(question.by) if question.by else dialect.nothing("text")
    each, within = ("person, cohort", f" AND ts >= {first}") if question.kind == "recurring" else ("person", "")
    return (
        f"WITH starts AS (SELECT person, ts, id, {row} AS row_value, "
        f"CASE WHEN {meets(question.only, dialect)} THEN 1 ELSE 0 END AS wanted, {passed('ts', inner)} AS cohort "
        f"FROM {relation} WHERE {meets(question.start, dialect)} AND ts < {last}{within}),\n"
        f"placed AS (SELECT person, ts AS begun, row_value, wanted, cohort, "
        f"row_number() OVER (PARTITION BY {each} ORDER BY ts, id) AS nth FROM starts),\n"
        "-- each person once a cohort, by the first start in it\n"
        "members AS (SELECT person, cohort, begun, row_value FROM placed "
        f"WHERE nth = 1 AND wanted = 1 AND begun >= {first}),\n"
        f"backs AS (SELECT person, ts, value FROM {relation} WHERE {meets(question.back, dialect)}),\n"
        "returns AS (SELECT m.person AS person, m.cohort AS cohort, m.row_value AS row_value, e.value AS value, "
        f"{k} AS k FROM members AS m JOIN backs AS e ON e.person = m.person WHERE e.ts >= m.begun{inside})"
    )
