"""Paths as SQL: `way` (a list of values), `reached`, `unreached`, `value` (millionths), a row a different way."""

from __future__ import annotations

from leadline.timeline.question import PathQuestion
from leadline.timeline.relational.condition import column, meets
from leadline.timeline.relational.dialect import DUCKDB, Dialect


def paths_sql(question: PathQuestion, relation: str, dialect: Dialect = DUCKDB) -> str:
    """All ways with their counts."""
    question = question.checked()
    to = question.to is not None
    turn = meets(question.to or question.start or question.nodes, dialect)
    frame = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING" if to else "ROWS UNBOUNDED PRECEDING"
    in_stretch = "(PARTITION BY person, stretch ORDER BY ts, id)"
    if to:
        near = f"turned IS NULL OR turned - ts <= {question.window}"
        # Counted from the end, so that the last places stay.
        kept = "PARTITION BY person, stretch ORDER BY nth DESC"
        counts = "count(turned) AS reached, count(*) - count(turned) AS unreached, coalesce(sum(value), 0) AS value"
        moment = "coalesce(t.ts, s.last_node)"
    else:
        near = f"ts - turned <= {question.window}"
        kept = "PARTITION BY person, stretch ORDER BY nth"
        counts = "count(*) AS reached, 0 AS unreached, sum(value) AS value"
        # What lies before the first start is in no way.
        moment = "t.ts"
    same = "seen = place OR (seen IS NULL AND place IS NULL)"
    new = f"nth = 1 OR NOT coalesce({same}, 1 = 0)" if question.collapse else "1 = 1"
    way = dialect.gathered.format(value="place", place="nth")
    return dialect.statement(
        f"WITH marked AS (SELECT person, ts, id, value, {column(question.by)} AS place, "
        f"CASE WHEN {turn} THEN 1 ELSE 0 END AS is_turn FROM {relation} "
        f"WHERE ({turn}) OR ({meets(question.nodes, dialect)})),\n"
        "-- stretches between turning points\n"
        "stretched AS (SELECT person, ts, id, value, place, is_turn, coalesce(sum(is_turn) OVER "
        f"(PARTITION BY person ORDER BY ts, id {frame}), 0) AS stretch FROM marked),\n"
        "turned AS (SELECT *, max(CASE WHEN is_turn = 1 THEN ts END) OVER (PARTITION BY person, stretch) AS turned "
        "FROM stretched),\n"
        "turns AS (SELECT person, stretch, ts, value FROM turned WHERE is_turn = 1),\n"
        f"inside AS (SELECT person, stretch, place, row_number() OVER {in_stretch} AS nth, "
        f"lag(place) OVER {in_stretch} AS seen, max(ts) OVER (PARTITION BY person, stretch) AS last_node "
        f"FROM turned WHERE is_turn = 0 AND ({near})),\n"
        f"changes AS (SELECT person, stretch, place, nth, last_node, row_number() OVER ({kept}) AS kept "
        f"FROM inside WHERE {new}),\n"
        f"ways AS (SELECT person, stretch, max(last_node) AS last_node, {way} AS way "
        f"FROM changes WHERE kept <= {question.length} GROUP BY person, stretch),\n"
        f"counted AS (SELECT coalesce(s.way, {dialect.no_places}) AS way, {moment} AS moment, t.ts AS turned, "
        f"t.value AS value FROM ways AS s FULL JOIN turns AS t ON t.person = s.person AND t.stretch = s.stretch)\n"
        f"SELECT way, {counts} FROM counted "
        f"WHERE moment >= {question.since} AND moment < {question.until} GROUP BY way"
    )
