"""Roll-ups in the warehouse: made after a load, and trusted only while no later load has touched their fact."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from leadline.engines.duckdb import statement_errors
from leadline.model.fact import Fact
from leadline.plan.query import FactState
from leadline.sql.rollup import Rollup, relation_of, rollup_sql

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection
    from leadline.warehouse.store import Warehouse

_TABLES = """
CREATE SCHEMA IF NOT EXISTS rollup;
CREATE TABLE IF NOT EXISTS ledger.rollup (fact VARCHAR PRIMARY KEY, definition VARCHAR, load BIGINT, row_count BIGINT)
"""


class Kept(Struct, frozen=True):
    """A declared roll-up: the rows of its fact and its own (None: not made), and whether it holds the last load."""

    rollup: Rollup
    rows: int
    kept: int | None
    fresh: bool


def kept_rollups(con: Connection, declared: Iterable[Rollup], states: Mapping[str, FactState]) -> list[Kept]:
    """How each declared roll-up stands."""
    made = _made(con)
    found = []
    for rollup in declared:
        definition, load, count = made.get(rollup.fact, ("", -1, None))
        same = definition == _definition(rollup)
        fresh = same and load == _newest_load(con, rollup.fact)
        rows = states.get(rollup.fact, FactState()).rows
        found.append(Kept(rollup, rows, count if same else None, fresh))
    return found


def renew_rollups(
    warehouse: Warehouse,
    declared: Iterable[Rollup],
    facts: Mapping[str, Fact],
    states: Mapping[str, FactState],
    *,
    progress: Callable[[str], None] | None = None,
) -> int:
    """Make those that are missing or behind, each in one transaction, and drop those no longer declared; how many."""
    con = warehouse.con
    wanted = {rollup.fact: rollup for rollup in declared}
    gone = [fact for fact in _made(con) if fact not in wanted]
    behind = [one.rollup for one in kept_rollups(con, wanted.values(), states) if not one.fresh]
    if not gone and not behind:
        return 0
    con.execute(_TABLES)
    for fact in gone:
        con.execute("BEGIN TRANSACTION")
        con.execute(f"DROP TABLE IF EXISTS {relation_of(fact)}")
        con.execute("DELETE FROM ledger.rollup WHERE fact = ?", [fact])
        con.execute("COMMIT")
    renderer = warehouse.renderer(facts, warehouse.relation)
    for rollup in behind:
        if progress is not None:
            progress(rollup.fact)
        state = states.get(rollup.fact, FactState())
        con.execute("BEGIN TRANSACTION")
        con.execute(
            f"CREATE OR REPLACE TABLE {rollup.relation} AS {rollup_sql(renderer, rollup, facts[rollup.fact], state)}"
        )
        con.execute(
            f"INSERT OR REPLACE INTO ledger.rollup SELECT ?, ?, ?, count(*) FROM {rollup.relation}",
            [rollup.fact, _definition(rollup), _newest_load(con, rollup.fact)],
        )
        con.execute("COMMIT")
    return len(behind)


def _made(con: Connection) -> dict[str, tuple[str, int, int]]:
    try:
        # Asking DuckDB whether there is such a table takes longer than reading it.
        rows = con.execute("SELECT fact, definition, load, row_count FROM ledger.rollup").fetchall()
    except statement_errors():
        return {}
    return {fact: (definition, load, count) for fact, definition, load, count in rows}


def _definition(rollup: Rollup) -> str:
    return msgspec.json.encode(rollup).decode()


def _newest_load(con: Connection, fact: str) -> int:
    """The last load that wrote to a fact; taking one back is a load too."""
    row = con.execute("SELECT coalesce(max(load), 0) FROM ledger.merge WHERE fact = ?", [fact]).fetchone()
    return int(row[0]) if row else 0
