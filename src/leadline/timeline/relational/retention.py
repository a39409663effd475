"""Retention as SQL: `cohort` (number of the period), `k` (-1: everybody in the cohort) and `people`."""

from __future__ import annotations

from leadline.timeline.question import RetentionQuestion
from leadline.timeline.relational.condition import meets


def retention_sql(question: RetentionQuestion, relation: str) -> str:
    """Cohort sizes and who came back. Grouping and joins only."""
    question = question.checked()
    count = len(question.periods) - 1
    bounds = ", ".join(f"({c}, {question.periods[c]}, {question.periods[c + 1]})" for c in range(count))
    wanted = ", ".join(f"({k})" for k in range(question.upto + 1))
    ever = "min(s.ts)" if question.kind == "first" else "s.ts"
    grouped = " GROUP BY s.person" if question.kind == "first" else ""
    if question.width:
        # Some engines divide whole numbers into fractions; taken off the remainder first, the quotient is whole in all.
        k = f"CAST((e.ts - m.begun - (e.ts - m.begun) % {question.width}) / {question.width} AS BIGINT)"
        period = ""
    else:
        k = "coalesce(p.number, 10000) - m.cohort"
        period = " LEFT JOIN periods AS p ON e.ts >= p.since AND e.ts < p.until"
    inside = "" if question.width or question.unbounded else f" AND e.ts < {question.periods[-1]}"
    counted = (
        "SELECT m.cohort, w.k, count(*) AS people FROM (SELECT person, cohort, max(k) AS furthest FROM returns "
        "GROUP BY person, cohort) AS m JOIN wanted AS w ON w.k <= m.furthest GROUP BY m.cohort, w.k"
        if question.unbounded
        else "SELECT r.cohort, r.k, count(DISTINCT r.person) AS people FROM returns AS r "
        f"WHERE r.k <= {question.upto} GROUP BY r.cohort, r.k"
    )
    return (
        f"WITH periods AS (SELECT * FROM (VALUES {bounds}) AS p(number, since, until)),\n"
        f"wanted AS (SELECT * FROM (VALUES {wanted}) AS w(k)),\n"
        f"starts AS (SELECT s.person, {ever} AS ts FROM {relation} AS s "
        f"WHERE {meets(question.start)}{grouped}),\n"
        "-- each person once a cohort, from the first start in it\n"
        "members AS (SELECT s.person, p.number AS cohort, min(s.ts) AS begun FROM starts AS s "
        "JOIN periods AS p ON s.ts >= p.since AND s.ts < p.until GROUP BY s.person, p.number),\n"
        f"backs AS (SELECT person, ts FROM {relation} WHERE {meets(question.back)}),\n"
        f"returns AS (SELECT m.person, m.cohort, {k} AS k FROM members AS m "
        f"JOIN backs AS e ON e.person = m.person AND e.ts >= m.begun{inside}{period})\n"
        "SELECT cohort, -1 AS k, count(*) AS people FROM members GROUP BY cohort\n"
        f"UNION ALL {counted}"
    )
