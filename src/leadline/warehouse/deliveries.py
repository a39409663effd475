"""The fact `delivery`: the ledger of loads told as rows of a fact, so that metrics can ask about the data itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadline.plan.query import SourceState
from leadline.sql.name import quote

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from leadline.engines.duckdb import Connection

DELIVERY = "delivery"
COLUMNS = ("loaded_at", "through", "source", "filled", "inserted", "updated", "unchanged", "_source", "_load", "_line",
           "_key")  # fmt: skip


def delivery_rows(prefix: str, until: int | None = None) -> str:
    """SQL for a row a load and fact, from ledger tables named with `prefix` (`ledger.`); loads after `until` left out.

    What was taken back is no delivery; neither is a file that was refused.
    """
    known = f" AND delivered.id <= {until}" if until is not None else ""
    return (
        "SELECT delivered.ended_at AS loaded_at, span.last AS through, delivered.source AS source, "
        "merged.fact AS filled, merged.inserted AS inserted, merged.updated AS updated, merged.unchanged AS unchanged, "
        "delivered.source AS _source, delivered.id AS _load, delivered.id AS _line, merged.fact AS _key "
        f"FROM {prefix}load AS delivered JOIN {prefix}merge AS merged ON merged.load = delivered.id "
        f"LEFT JOIN (SELECT load, fact, max(last) AS last FROM {prefix}coverage GROUP BY load, fact) AS span "
        "ON span.load = merged.load AND span.fact = merged.fact "
        f"WHERE delivered.status = 'loaded' AND delivered.mapping <> 'undone'{known}"
    )


def with_deliveries(given: str, rows: str) -> str:
    """SQL for the fact's own rows (`given`, which only tests fill) and those of the ledger."""
    columns = ", ".join(map(quote, COLUMNS))
    return f"(SELECT {columns} FROM {given} AS given UNION ALL SELECT {columns} FROM ({rows}) AS told)"


def delivery_state(con: Connection, through: Mapping[tuple[int, str], dt.datetime]) -> SourceState | None:
    """What is known of the fact: how many loads there were, since when and until when.

    `through` is the last moment that a load covers of a fact.
    """
    rows = con.execute(
        "SELECT delivered.ended_at, merged.load, merged.fact FROM ledger.load AS delivered "
        "JOIN ledger.merge AS merged ON merged.load = delivered.id "
        "WHERE delivered.status = 'loaded' AND delivered.mapping <> 'undone'"
    ).fetchall()
    if not rows:
        return None
    count, first, last = len(rows), min(row[0] for row in rows), max(row[0] for row in rows)
    reached = [through[load, fact] for _, load, fact in rows if (load, fact) in through]
    early, late = min(reached, default=None), max(reached, default=None)
    bounds: dict[str, tuple[dt.datetime | None, dt.datetime | None]] = {
        "loaded_at": (first, last),
        "through": (early, late),
    }
    return SourceState("leadline", count, (), bounds, first, last)
