"""Taking loads back: rows return to what they were, and the taking back is a load of its own.

Nothing is deleted: what is taken back moves to history, so that figures as known before stay as they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from leadline.errors import UsageError
from leadline.sql.name import literal, quote
from leadline.warehouse.column import data_columns
from leadline.warehouse.delivery import KEY, Load

if TYPE_CHECKING:
    from leadline.warehouse.store import Warehouse

UNDONE = "undone"
"""Mapping of the loads that take others back."""


TAKEN_BACK = f"EXISTS (FROM ledger.load u WHERE u.mapping = {literal(UNDONE)} AND u.content = CAST(l.id AS VARCHAR))"
"""SQL: whether load `l` has been taken back."""


class Undone(Struct, frozen=True):
    """A load taken back: its source and file, and per fact the rows that went and those that came back."""

    load: int
    source: str
    origin: str
    gone: Mapping[str, int]
    restored: Mapping[str, int]


def last_load(warehouse: Warehouse) -> int | None:
    """The newest load that has not been taken back; a lookup's file is taken back by mending the file."""
    row = warehouse.con.execute(
        f"SELECT max(id) FROM ledger.load l WHERE status = 'loaded' AND mapping <> ? AND mapping NOT LIKE 'lookup:%' "
        f"AND NOT {TAKEN_BACK}",
        [UNDONE],
    ).fetchone()
    return int(row[0]) if row and row[0] is not None else None


def loads_of_source(warehouse: Warehouse, source: str) -> list[int]:
    """Loads of a source that have not been taken back, newest first; `UsageError` when there is none."""
    rows = warehouse.con.execute(
        f"SELECT id FROM ledger.load l WHERE source = ? AND status = 'loaded' AND mapping <> ? AND NOT {TAKEN_BACK} "
        "ORDER BY id DESC",
        [source, UNDONE],
    ).fetchall()
    if not rows:
        raise UsageError(
            "nothing-to-undo", f"Source {source!r} has no load to take back.", fix="see `leadline sources`"
        )
    return [int(row[0]) for row in rows]


def describe_load(warehouse: Warehouse, load: int) -> Undone:
    """What taking a load back would do."""
    source, origin = _known(warehouse, load)
    gone, restored = {}, {}
    for fact in _facts(warehouse, load):
        warehouse.recall_source(fact, source)
        gone[fact] = _count(warehouse, f"FROM fact.{quote(fact)} WHERE _load = {load}")
        restored[fact] = _count(warehouse, f"FROM history.{quote(fact)} WHERE _until = {load}")
    return Undone(load, source, origin, gone, restored)


def undo_load(warehouse: Warehouse, load: int) -> Undone:
    """Take a load back in one transaction: its rows go to history, those it replaced return.

    Rows that a later load has replaced since are left as that load made them. The file can be loaded again.
    """
    done = describe_load(warehouse, load)
    with warehouse.load(done.source, f"undo of load {load}", str(load), UNDONE) as undoing:
        for fact in done.gone:
            _take_back(warehouse, undoing, fact, load)
    return done


def _take_back(warehouse: Warehouse, undoing: Load, fact_name: str, load: int) -> None:
    """Bring a fact to what the loads that still count say: of every row the newest version that none of them replaced.

    Versions that earlier undoings restored are copies; the versions they were copied from decide.
    """
    fact, con = warehouse.facts[fact_name], warehouse.con
    warehouse.recall_source(fact_name, undoing.source)
    source = literal(undoing.source)
    columns = ", ".join(quote(name) for name in data_columns(fact))
    live = (
        f"SELECT id FROM ledger.load l WHERE status = 'loaded' AND mapping <> {literal(UNDONE)} AND id <> {load} "
        f"AND NOT {TAKEN_BACK}"
    )
    versions = " UNION ALL ".join(
        f"SELECT {columns}, _line, _key, _load, {until} AS _until FROM {schema}.{quote(fact_name)} "
        f"WHERE _source = {source}"
        for schema, until in (("fact", "NULL"), ("history", "_until"))
    )
    con.execute("DROP TABLE IF EXISTS wanted")
    con.execute(
        f"CREATE TEMP TABLE wanted AS SELECT {columns}, _line, _key FROM ({versions}) "
        f"WHERE _load IN ({live}) AND (_until IS NULL OR _until NOT IN ({live})) "
        f"QUALIFY row_number() OVER (PARTITION BY {KEY} ORDER BY _load DESC) = 1"
    )
    undoing.merge(fact_name, "SELECT * FROM wanted", "snapshot")
    con.execute("DROP TABLE wanted")


def _known(warehouse: Warehouse, load: int) -> tuple[str, str]:
    row = warehouse.con.execute(
        "SELECT source, origin, status, mapping FROM ledger.load WHERE id = ?", [load]
    ).fetchone()
    if row is None or row[2] != "loaded" or row[3] == UNDONE:
        raise UsageError("nothing-to-undo", f"There is no load {load} to take back.", fix="see `leadline sources NAME`")
    again = warehouse.con.execute(
        "SELECT id FROM ledger.load WHERE mapping = ? AND content = ?", [UNDONE, str(load)]
    ).fetchone()
    if again is not None:
        raise UsageError(
            "already-undone",
            f"Load {load} was taken back already, by load {again[0]}.",
            fix="load its file again to bring it back",
        )
    return str(row[0]), str(row[1])


def _facts(warehouse: Warehouse, load: int) -> list[str]:
    rows = warehouse.con.execute("SELECT DISTINCT fact FROM ledger.merge WHERE load = ? ORDER BY 1", [load]).fetchall()
    return [row[0] for row in rows if row[0] in warehouse.facts]


def _count(warehouse: Warehouse, rest: str) -> int:
    row = warehouse.con.execute(f"SELECT count(*) {rest}").fetchone()
    return int(row[0]) if row else 0
