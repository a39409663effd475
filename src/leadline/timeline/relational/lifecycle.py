"""The lifecycle as SQL: `period` (number, the first shown is 1), `state` and `people`."""

from __future__ import annotations

from leadline.timeline.question import LifecycleQuestion
from leadline.timeline.relational.condition import meets, passed
from leadline.timeline.relational.dialect import DUCKDB, Dialect


def lifecycle_sql(question: LifecycleQuestion, relation: str, dialect: Dialect = DUCKDB) -> str:
    """People by period and state. Grouping and joins only."""
    question = question.checked()
    first, *inner, last = question.periods
    starts = " ".join(f"WHEN {c} THEN {since}" for c, since in enumerate(question.periods[:-1]))
    return dialect.statement(
        f"WITH activity AS (SELECT person, ts FROM {relation} WHERE {meets(question.of, dialect)}),\n"
        "seen AS (SELECT person, min(ts) AS first_seen FROM activity GROUP BY person),\n"
        f"active AS (SELECT DISTINCT person, {passed('ts', inner)} AS number FROM activity "
        f"WHERE ts >= {first} AND ts < {last}),\n"
        "-- whoever is active in a period, with the one before\n"
        "present AS (SELECT a.number AS period, "
        f"CASE WHEN s.first_seen >= CASE a.number {starts} END THEN 'new' "
        "WHEN b.person IS NOT NULL THEN 'returning' ELSE 'resurrecting' END AS state FROM active AS a "
        "JOIN seen AS s ON s.person = a.person "
        "LEFT JOIN active AS b ON b.person = a.person AND b.number = a.number - 1),\n"
        "-- and whoever was active in the one before only\n"
        "gone AS (SELECT a.number + 1 AS period, 'dormant' AS state FROM active AS a "
        "LEFT JOIN active AS b ON b.person = a.person AND b.number = a.number + 1 WHERE b.person IS NULL)\n"
        "SELECT period, state, count(*) AS people FROM (SELECT period, state FROM present UNION ALL "
        f"SELECT period, state FROM gone) AS states WHERE period BETWEEN 1 AND {len(inner)} GROUP BY period, state"
    )
