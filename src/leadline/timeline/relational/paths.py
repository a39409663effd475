"""Paths as SQL: `way` (a list of values), `reached`, `unreached`, `value` (millionths), a row a different way.

DuckDB's ordered `list` stands for `array_agg(… ORDER BY …)`, `groupArray` or `collect_list` elsewhere.
"""

from __future__ import annotations

from leadline.timeline.question import PathQuestion
from leadline.timeline.relational.condition import column, meets


def paths_sql(question: PathQuestion, relation: str) -> str:
    """All ways with their counts."""
    question = question.checked()
    to = question.to is not None
    turn = meets(question.to or question.start or question.nodes)
    frame = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING" if to else "ROWS UNBOUNDED PRECEDING"
    changed = "lag(place) OVER run IS DISTINCT FROM place OR lag(ts) OVER run IS NULL" if question.collapse else "true"
    if to:
        near = f"turned IS NULL OR turned - ts <= {question.window}"
        cut = f"[-{question.length}:]"
        counts = (
            "count(t.ts) AS reached, count(*) - count(t.ts) AS unreached, "
            "coalesce(sum(CASE WHEN t.ts IS NOT NULL THEN t.value END), 0) AS value"
        )
        moment = "coalesce(t.ts, s.last_node)"
    else:
        near = f"ts - turned <= {question.window}"
        cut = f"[:{question.length}]"
        counts = "count(*) AS reached, 0 AS unreached, sum(t.value) AS value"
        moment = "t.ts"
    join = "FULL" if to else "RIGHT"
    return (
        f"WITH marked AS (SELECT person, ts, id, value, {column(question.by)} AS place, {turn} AS is_turn, "
        f"{meets(question.nodes)} AS is_node FROM {relation}),\n"
        "-- stretches between turning points\n"
        "stretched AS (SELECT *, coalesce(sum(CASE WHEN is_turn THEN 1 ELSE 0 END) OVER "
        f"(PARTITION BY person ORDER BY ts, id {frame}), 0) AS stretch FROM marked WHERE is_turn OR is_node),\n"
        "turns AS (SELECT person, stretch, ts, value FROM stretched WHERE is_turn),\n"
        "nodes AS (SELECT s.*, t.ts AS turned FROM stretched AS s LEFT JOIN turns AS t "
        "ON t.person = s.person AND t.stretch = s.stretch WHERE NOT s.is_turn),\n"
        f"inside AS (SELECT * FROM nodes WHERE {near}),\n"
        f"changes AS (SELECT *, {changed} AS is_new FROM inside "
        "WINDOW run AS (PARTITION BY person, stretch ORDER BY ts, id)),\n"
        "ways AS (SELECT person, stretch, max(ts) AS last_node, "
        f"list(place ORDER BY ts, id) FILTER (is_new){cut} AS way FROM changes GROUP BY person, stretch)\n"
        f"SELECT coalesce(s.way, []) AS way, {counts} FROM ways AS s {join} JOIN turns AS t "
        "ON t.person = s.person AND t.stretch = s.stretch "
        f"WHERE {moment} >= {question.since} AND {moment} < {question.until} GROUP BY coalesce(s.way, [])"
    )
