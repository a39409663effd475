"""Cohorts of subscriptions: who began to pay when, and what they still paid at the end of each period after.

A customer belongs to the period of their first paid subscription. They are kept at a moment when a paid subscription
of theirs runs then. Net revenue retention is the recurring revenue of the cohort's customers at that moment over that
of their start; for the gross one no customer counts for more than at the start, so growth cannot hide who left.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from leadline.model import tree
from leadline.model.tree import Row
from leadline.plan.leg import Named, Scan
from leadline.timeline.relational.dialect import dialect_of

if TYPE_CHECKING:
    from leadline.journey.cohort import CohortQuestion
    from leadline.sql.render import Renderer
    from leadline.time.calendar import Calendar

FACT = "subscription"
MRR = tree.Sum(FACT, tree.Column("mrr"))


def subscription_leg(by: str, where: Row | None, calendar: Calendar, timezone: str) -> Scan:
    """What is read, as a leg: so that dimensions are looked up and amounts converted as in every other query."""
    return Scan(
        fact=FACT,
        by=(by,) if by else (),
        where=(where,) if where is not None else (),
        spans=(),
        grain=None,
        window=0,
        calendar=calendar,
        timezone=timezone,
        time="started_at",
        measures=(Named("mrr", MRR),),
    )


def members_sql(renderer: Renderer, leg: Scan, question: CohortQuestion) -> str:
    """`row_value`, `cohort`, `people`, `mrr` at their start."""
    return renderer.statement(
        f"{_members(renderer, leg, question)}\n"
        "SELECT row_value, cohort, count(*) AS people, sum(mrr) AS mrr FROM members GROUP BY row_value, cohort"
    )


def kept_sql(renderer: Renderer, leg: Scan, question: CohortQuestion) -> str:
    """`row_value`, `cohort`, `k`, `people`, `mrr` and `capped` at the end of the k-th period after the cohort's."""
    moments = question.moments
    listed = [
        (str(cohort), str(k), renderer.timestamp(moments[cohort + k + 1]))
        for cohort in range(question.count)
        for k in range(question.complete(cohort))
    ]
    # Nothing is over: a line that no cohort has.
    wanted = renderer.table(
        "wanted", ("cohort", "k", "moment"), listed or [("-1", "0", renderer.timestamp(moments[0]))]
    )
    return renderer.statement(
        f"{_members(renderer, leg, question)},\n"
        "kept AS (SELECT m.person AS person, m.row_value AS row_value, m.cohort AS cohort, wanted.k AS k, "
        "m.mrr AS base, sum(p.mrr) AS mrr\n"
        f"  FROM members AS m JOIN {wanted} ON wanted.cohort = m.cohort JOIN paid AS p ON p.person = m.person\n"
        "  WHERE p.began < wanted.moment AND (p.ended IS NULL OR p.ended >= wanted.moment)\n"
        "  GROUP BY m.person, m.row_value, m.cohort, wanted.k, m.mrr)\n"
        "SELECT row_value, cohort, k, count(*) AS people, sum(mrr) AS mrr, "
        "sum(CASE WHEN mrr < base THEN mrr ELSE base END) AS capped FROM kept GROUP BY row_value, cohort, k"
    )


def _members(renderer: Renderer, leg: Scan, question: CohortQuestion) -> str:
    """CTEs: paid stretches, and each customer with the first of them in its cohort."""
    fact = renderer.facts[FACT]
    turned = renderer.for_leg(leg)
    text = dialect_of(type(renderer)).text_type
    row = f"CAST({renderer.quote(question.by)} AS {text})" if question.by else f"CAST(NULL AS {text})"
    wanted = " AND ".join(turned.row(item, fact, 3) for item in leg.where)
    cohort = _place(renderer, question.moments[: question.count + 1])
    return (
        "WITH paid AS (\n  SELECT customer_id AS person, started_at AS began, ended_at AS ended, mrr,\n"
        f"    {row} AS row_value, {f'CASE WHEN {wanted} THEN 1 ELSE 0 END' if wanted else '1'} AS wanted, _key, _line\n"
        f"  FROM {turned.relation(FACT)}\n"
        "  WHERE customer_id IS NOT NULL AND started_at IS NOT NULL AND NOT coalesce(is_trial, 1 = 0)\n"
        "    AND (ended_at IS NULL OR ended_at > started_at)\n),\n"
        "numbered AS (SELECT person, began, row_value, wanted, "
        "row_number() OVER (PARTITION BY person ORDER BY began, _key, _line) AS nth FROM paid),\n"
        f"placed AS (SELECT person, began, row_value, {cohort} AS cohort FROM numbered WHERE nth = 1 AND wanted = 1),\n"
        "-- all that ran when the first one began is what they began with\n"
        "members AS (\n  SELECT f.person AS person, f.row_value AS row_value, f.cohort AS cohort, sum(p.mrr) AS mrr\n"
        "  FROM placed AS f JOIN paid AS p ON p.person = f.person\n"
        f"  WHERE f.cohort >= 0 AND f.cohort < {question.count} AND p.began <= f.began "
        "AND (p.ended IS NULL OR p.ended > f.began)\n"
        "  GROUP BY f.person, f.row_value, f.cohort\n)"
    )


def _place(renderer: Renderer, moments: tuple[dt.datetime, ...]) -> str:
    """The number of the period a start lies in; -1 before the first, their number after the last."""
    branches = " ".join(f"WHEN began < {renderer.timestamp(bound)} THEN {n - 1}" for n, bound in enumerate(moments))
    return f"CASE {branches} ELSE {len(moments) - 1} END"
