"""Sessions as SQL: a row a session, by the rules of `SessionQuestion`.

Columns: `person`, `number`, `group_value`, `begun`, `ended`, `events`, `views`, `keys`, `actions`.
"""

from __future__ import annotations

from leadline.timeline.question import SessionQuestion
from leadline.timeline.relational.condition import column, meets


def sessions_sql(question: SessionQuestion, relation: str) -> str:
    """Sessions one by one. Window functions only; midnights come with the question."""
    by_day = question.rule != "ga4"
    campaign = column(question.campaign) if by_day and question.campaign else "CAST(NULL AS VARCHAR)"
    group = column(question.by) if question.by else "CAST(NULL AS VARCHAR)"
    counts = {"view": question.views, "key_event": question.keys, "action": question.actions}
    flags = ", ".join(f"CASE WHEN {meets(match)} THEN 1 ELSE 0 END AS {name}" for name, match in counts.items())
    apart = ">=" if question.rule == "matomo" else ">"
    day = _day(question) if by_day else "0"
    ordered = "PARTITION BY person ORDER BY ts, id"
    return (
        "WITH visited AS (SELECT person, ts, id, "
        f"{campaign} AS campaign, {group} AS group_value, {flags}, {day} AS local_day, "
        f"lag(ts) OVER ({ordered}) AS before, row_number() OVER ({ordered}) AS place "
        f"FROM {relation} WHERE {meets(question.of)}),\n"
        "-- silence and midnight divide whatever the campaign\n"
        f"divided AS (SELECT *, CASE WHEN before IS NULL OR ts - before {apart} {question.gap} "
        f"OR local_day <> lag(local_day) OVER ({ordered}) THEN 1 ELSE 0 END AS divides FROM visited),\n"
        "blocks AS (SELECT *, sum(divides) OVER (PARTITION BY person ORDER BY place ROWS UNBOUNDED PRECEDING) AS block "
        "FROM divided),\n"
        "-- within a block so does a campaign other than the last one seen\n"
        "campaigns AS (SELECT person, place, CASE WHEN divides = 0 AND (lag(campaign) OVER block IS NULL "
        "OR lag(campaign) OVER block <> campaign) THEN 1 ELSE 0 END AS changes FROM blocks WHERE campaign IS NOT NULL "
        "WINDOW block AS (PARTITION BY person, block ORDER BY place)),\n"
        "numbered AS (SELECT b.*, sum(b.divides + coalesce(c.changes, 0)) OVER (PARTITION BY b.person ORDER BY b.place "
        "ROWS UNBOUNDED PRECEDING) AS number FROM blocks AS b LEFT JOIN campaigns AS c "
        "ON c.person = b.person AND c.place = b.place),\n"
        "sessions AS (SELECT person, number, min(place) AS first_place, min(ts) AS begun, max(ts) AS ended, "
        "count(*) AS events, sum(view) AS views, sum(key_event) AS keys, sum(action) AS actions "
        "FROM numbered GROUP BY person, number)\n"
        "SELECT s.person, s.number, n.group_value, s.begun, s.ended, s.events, s.views, s.keys, s.actions "
        "FROM sessions AS s JOIN numbered AS n ON n.person = s.person AND n.place = s.first_place "
        f"WHERE s.begun >= {question.since} AND s.begun < {question.until}"
    )


def _day(question: SessionQuestion) -> str:
    """Number of the local day: how many midnights are not after the event."""
    if not question.midnights:
        return "0"
    listed = ", ".join(f"({moment})" for moment in question.midnights)
    return f"(SELECT count(*) FROM (VALUES {listed}) AS midnight(moment) WHERE midnight.moment <= ts)"
