"""Reading the ledger: what was delivered, what was found, what was rejected."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

Rows = list[dict[str, Any]]


def _rows(con: Connection, sql: str, values: list[Any]) -> Rows:
    cursor = con.execute(sql, values)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def coverage(con: Connection) -> Rows:
    """Each source and fact: rows, its last load and what needs a look; the days it speaks for are left to be filled."""
    return _rows(
        con,
        """
        SELECT s.source, s.fact, s.row_count AS rows,
            NULL AS "from", NULL AS through,
            (SELECT strftime(max(ended_at), '%Y-%m-%d %H:%M') FROM ledger.load l
             WHERE l.source = s.source AND status = 'loaded') AS last_load,
            (SELECT count(*) FROM ledger.quarantine q JOIN ledger.load l ON l.id = q.load
             WHERE l.source = s.source AND (q.fact = s.fact OR q.fact IS NULL)) AS quarantined
        FROM ledger.state s WHERE s.row_count > 0 ORDER BY s.source, s.fact
        """,
        [],
    )


def loads_of(con: Connection, source: str, limit: int) -> Rows:
    """The loads of a source, newest first."""
    return _rows(
        con,
        """
        SELECT l.id, strftime(l.ended_at, '%Y-%m-%d %H:%M:%S') AS at, l.status, l.origin AS file,
            coalesce(sum(m.inserted), 0)::BIGINT AS inserted, coalesce(sum(m.updated), 0)::BIGINT AS updated,
            coalesce(sum(m.unchanged), 0)::BIGINT AS unchanged, coalesce(sum(m.removed), 0)::BIGINT AS removed,
            (SELECT count(*) FROM ledger.quarantine q WHERE q.load = l.id) AS quarantined,
            (SELECT count(*) FROM ledger.finding f WHERE f.load = l.id AND f.severity <> 'note') AS findings
        FROM ledger.load l LEFT JOIN ledger.merge m ON m.load = l.id
        WHERE l.source = ? GROUP BY ALL ORDER BY l.id DESC LIMIT ?
        """,
        [source, limit],
    )


def findings_of(con: Connection, source: str | None, limit: int) -> Rows:
    """Findings of the newest loads, errors and warnings before notes within a load."""
    return _rows(
        con,
        """
        SELECT f.severity, f.rule, f.file, f.line, f.count, f.what, f.fix
        FROM ledger.finding f JOIN ledger.load l ON l.id = f.load
        WHERE ? IS NULL OR l.source = ?
        ORDER BY f.load DESC, list_position(['error', 'warning', 'note'], f.severity), f.line LIMIT ?
        """,
        [source, source, limit],
    )


def quarantined(con: Connection, source: str | None, limit: int) -> Rows:
    """Rejected rows, newest load first, as delivered."""
    return _rows(
        con,
        """
        SELECT l.origin AS file, q.line, q.rule, q.what, q.raw
        FROM ledger.quarantine q JOIN ledger.load l ON l.id = q.load
        WHERE ? IS NULL OR l.source = ? ORDER BY q.load DESC, q.line LIMIT ?
        """,
        [source, source, limit],
    )


def replaced_rows(con: Connection, start: dt.datetime, end: dt.datetime) -> Rows:
    """Rows that loads of [start, end) (naive UTC) changed or took away, by source and fact, most first."""
    return _rows(
        con,
        """
        SELECT l.source, m.fact, sum(m.updated)::BIGINT AS updated, sum(m.removed)::BIGINT AS removed
        FROM ledger.load l JOIN ledger.merge m ON m.load = l.id
        WHERE l.ended_at >= ? AND l.ended_at < ? AND l.status = 'loaded' AND m.updated + m.removed > 0
        GROUP BY l.source, m.fact ORDER BY sum(m.updated) + sum(m.removed) DESC, l.source, m.fact
        """,
        [start, end],
    )


def problems_by_source(con: Connection, start: dt.datetime, end: dt.datetime) -> Rows:
    """Errors and warnings of the loads of [start, end) (naive UTC), and rows put aside, by source."""
    return _rows(
        con,
        """
        WITH told AS (
            SELECT l.source,
                (SELECT count(*) FROM ledger.finding f WHERE f.load = l.id AND f.severity <> 'note') AS problems,
                (SELECT count(*) FROM ledger.quarantine q WHERE q.load = l.id) AS quarantined
            FROM ledger.load l WHERE l.ended_at >= ? AND l.ended_at < ?
        )
        SELECT source, sum(problems)::BIGINT AS problems, sum(quarantined)::BIGINT AS quarantined
        FROM told GROUP BY source HAVING sum(problems) + sum(quarantined) > 0 ORDER BY source
        """,
        [start, end],
    )
