"""Sessions as SQL: a row a session, by the rules of `SessionQuestion`.

Columns: `person`, `number`, `group_value`, `begun`, `ended`, `events`, `views`, `keys`, `actions`, `timed`,
`on_pages`.
"""

from __future__ import annotations

from leadline.timeline.question import SessionQuestion
from leadline.timeline.relational.condition import column, meets, passed
from leadline.timeline.relational.dialect import DUCKDB, Dialect


def sessions_sql(question: SessionQuestion, relation: str, dialect: Dialect = DUCKDB) -> str:
    """Sessions one by one. Window functions only; midnights come with the question."""
    by_day = question.rule != "ga4"
    nothing = dialect.nothing("text")
    campaign = column(question.campaign) if by_day and question.campaign else nothing
    group = column(question.by) if question.by else nothing
    counts = {"view": question.views, "key_event": question.keys, "action": question.actions, "stay": question.stays}
    flags = ", ".join(
        f"CASE WHEN {meets(match, dialect)} THEN 1 ELSE 0 END AS {name}" for name, match in counts.items()
    )
    apart = ">=" if question.rule == "matomo" else ">"
    day = passed("ts", question.midnights) if by_day else "0"
    ordered = "(PARTITION BY person ORDER BY place)"
    in_block = "(PARTITION BY person, block ORDER BY place)"
    running = "PARTITION BY {of}person ORDER BY {of}place ROWS UNBOUNDED PRECEDING"
    return dialect.statement(
        f"WITH visited AS (SELECT person, ts, {campaign} AS campaign, {group} AS group_value, {flags}, "
        f"{day} AS local_day, row_number() OVER (PARTITION BY person ORDER BY ts, id) AS place "
        f"FROM {relation} WHERE {meets(question.of, dialect)}),\n"
        f"beside AS (SELECT *, lag(ts) OVER {ordered} AS seen, lag(local_day) OVER {ordered} AS seen_day "
        "FROM visited),\n"
        "-- silence and midnight divide whatever the campaign\n"
        f"divided AS (SELECT *, CASE WHEN place = 1 OR ts - seen {apart} {question.gap} OR local_day <> seen_day "
        "THEN 1 ELSE 0 END AS divides FROM beside),\n"
        f"blocks AS (SELECT *, sum(divides) OVER ({running.format(of='')}) AS block FROM divided),\n"
        "-- within a block so does a campaign other than the last one seen\n"
        "tagged AS (SELECT person, place, divides, campaign, "
        f"row_number() OVER {in_block} AS nth, lag(campaign) OVER {in_block} AS last_campaign "
        "FROM blocks WHERE campaign IS NOT NULL),\n"
        "campaigns AS (SELECT person, place, CASE WHEN divides = 0 AND (nth = 1 OR last_campaign <> campaign) "
        "THEN 1 ELSE 0 END AS changes FROM tagged),\n"
        "numbered AS (SELECT b.person AS person, b.place AS place, b.ts AS ts, b.group_value AS group_value, "
        "b.view AS view, b.key_event AS key_event, b.action AS action, b.stay AS stay, "
        f"sum(b.divides + coalesce(c.changes, 0)) OVER ({running.format(of='b.')}) AS number "
        "FROM blocks AS b LEFT JOIN campaigns AS c ON c.person = b.person AND c.place = b.place),\n"
        "sessions AS (SELECT person, number, min(place) AS first_place, min(ts) AS begun, max(ts) AS ended, "
        "count(*) AS events, sum(view) AS views, sum(key_event) AS keys, sum(action) AS actions, "
        f"coalesce(min({_at('view', 'ts')}), 0) AS first_view, coalesce(max({_at('view', 'ts')}), 0) AS last_view, "
        f"coalesce(max({_at('stay', 'ts')}), 0) AS last_stay, coalesce(max({_at('view', 'place')}), 0) AS view_place, "
        f"coalesce(max({_at('stay', 'place')}), 0) AS stay_place FROM numbered GROUP BY person, number),\n"
        "-- a stay counts for the last page where it comes after its view\n"
        "stayed AS (SELECT *, CASE WHEN views > 0 AND stay_place > view_place THEN 1 ELSE 0 END AS stays "
        "FROM sessions)\n"
        "SELECT s.person AS person, s.number AS number, n.group_value AS group_value, s.begun AS begun, "
        "s.ended AS ended, s.events AS events, s.views AS views, s.keys AS keys, s.actions AS actions, "
        "CASE WHEN s.views > 0 THEN s.views - 1 + s.stays ELSE 0 END AS timed, "
        "CASE WHEN s.stays = 1 THEN s.last_stay ELSE s.last_view END - s.first_view AS on_pages "
        "FROM stayed AS s JOIN numbered AS n ON n.person = s.person AND n.place = s.first_place "
        f"WHERE s.begun >= {question.since} AND s.begun < {question.until}"
    )


def _at(flag: str, column: str) -> str:
    """A column of the events that have a flag."""
    return f"CASE WHEN {flag} = 1 THEN {column} END"
