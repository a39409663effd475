"""Shelves: the tables behind `fact.X`, one for each source, with only the columns that the source ever delivered.

A null costs as much to write as a value, and most sources deliver a third of a fact's columns. So the rows of a source
lie in `shelf.X_N`, `ledger.shelf` says whose it is, and the view `fact.X` gives all of them with all columns. A
warehouse made before, and one that only stages deliveries, has one wide table `fact.X` instead, which is then the shelf
of every source.

As long as a shelf holds nothing but one delivery that came straight from a file, it is plain: what is the same in each
of its rows stands in `ledger.shelf`, and so does the first line, for the rows lie in the order of the file. `settle`
writes all that into the rows before any of them is changed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from leadline.model.fact import Fact
from leadline.sql.name import literal, quote
from leadline.warehouse.column import column_type, stored_columns

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection


class Shelf(Struct, frozen=True):
    """Where rows of a fact lie: `table` as SQL, its columns, and whose it is (empty: every source's).

    `fixed` are columns that are not in the table with the text of their value in every row; `first_line` is the line of
    the first row where the table does not say lines.
    """

    table: str
    source: str
    columns: frozenset[str]
    fixed: Mapping[str, str] = {}
    first_line: int | None = None

    def whose(self, alias: str = "") -> str:
        """SQL for the source of a row of the shelf."""
        return literal(self.source) if self.source else f"{alias}{'.' if alias else ''}_source"

    def key(self, alias: str = "") -> str:
        """SQL for what a row of a settled shelf is known by within its source: its key, else its line."""
        dot = f"{alias}." if alias else ""
        line = f"CAST({dot}_line AS VARCHAR)"
        return f"coalesce({dot}_key, {line})" if "_key" in self.columns else line


def is_narrow(con: Connection, fact_name: str) -> bool:
    """Whether the rows of a fact lie on shelves of their own, rather than in one wide table."""
    found = con.execute(
        "SELECT 1 FROM duckdb_views() WHERE schema_name = 'fact' AND view_name = ?", [fact_name]
    ).fetchone()
    return found is not None


def shelves(con: Connection, fact_name: str) -> list[Shelf]:
    """All shelves of a fact."""
    if not is_narrow(con, fact_name):
        table = f"fact.{quote(fact_name)}"
        return [Shelf(table, "", _columns(con, table))]
    return listed(con, fact_name)


def shelf_of(con: Connection, fact_name: str, source: str) -> Shelf | None:
    """The shelf that has, or may take, the rows of a source; None when it has to be made first."""
    return next((shelf for shelf in shelves(con, fact_name) if shelf.source in ("", source)), None)


def has_room(con: Connection, fact: Fact, source: str) -> bool:
    """Whether the first rows of a source may be written before anything is compared: it has none there yet.

    Where first rows are told apart no other source may have any either.
    """
    shelf = shelf_of(con, fact.name, source)
    if shelf is not None and not shelf.source:
        return False
    rows = f"fact.{quote(fact.name)}" if fact.first_by else shelf.table if shelf else ""
    return not rows or con.execute(f"SELECT 1 FROM {rows} LIMIT 1").fetchone() is None


def new_shelf(
    con: Connection, fact: Fact, source: str, fixed: Mapping[str, str] | None = None, first_line: int | None = None
) -> str:
    """Name the shelf of a source, as SQL; the caller creates the table anew and then draws the view."""
    found = con.execute("SELECT name FROM ledger.shelf WHERE fact = ? AND source = ?", [fact.name, source]).fetchone()
    if found is None:
        row = con.execute("SELECT count(*) + 1 FROM ledger.shelf WHERE fact = ?", [fact.name]).fetchone()
        found = (f"{fact.name}_{row[0] if row else 1}",)
    con.execute("DELETE FROM ledger.shelf WHERE fact = ? AND source = ?", [fact.name, source])
    told = json.dumps(dict(fixed or {}))
    con.execute("INSERT INTO ledger.shelf VALUES (?, ?, ?, ?, ?)", [fact.name, source, found[0], told, first_line])
    return f"shelf.{quote(found[0])}"


def settle(con: Connection, fact: Fact, shelf: Shelf) -> Shelf:
    """The shelf with everything that is known of its rows written into them."""
    if not shelf.fixed and shelf.first_line is None:
        return shelf
    for name, value in shelf.fixed.items():
        _add(con, shelf.table, name, column_type(fact, name), literal(value))
    if shelf.first_line is not None:
        con.execute(f"CREATE SEQUENCE shelf.lines START {shelf.first_line}")
        _add(con, shelf.table, "_line", "BIGINT", "nextval('shelf.lines')")
        con.execute("DROP SEQUENCE shelf.lines")
    con.execute(
        "UPDATE ledger.shelf SET fixed = '{}', first_line = NULL WHERE fact = ? AND source = ?",
        [fact.name, shelf.source],
    )
    draw_view(con, fact)
    return Shelf(shelf.table, shelf.source, shelf.columns | {*shelf.fixed, "_line"})


def widen(con: Connection, fact: Fact, shelf: Shelf, columns: Collection[str]) -> Shelf:
    """The shelf with room for these columns as well."""
    missing = [name for name in stored_columns(fact) if name in columns and name not in shelf.columns]
    if not shelf.source or not missing:
        return shelf
    for name in missing:
        _add(con, shelf.table, name, column_type(fact, name))
    draw_view(con, fact)
    return Shelf(shelf.table, shelf.source, shelf.columns | set(missing))


def _add(con: Connection, table: str, name: str, kind: str, value: str = "") -> None:
    """Add a column, with a value for the rows that are there."""
    default = f" DEFAULT {value}" if value else ""
    con.execute(f"ALTER TABLE {table} ADD COLUMN {quote(name)} {kind}{default}")
    if value:
        con.execute(f"ALTER TABLE {table} ALTER COLUMN {quote(name)} DROP DEFAULT")


def draw_view(con: Connection, fact: Fact) -> None:
    """Make `fact.X` give all columns of the rows on all shelves."""
    con.execute(view_of(fact, listed(con, fact.name)))


def view_of(fact: Fact, over: Sequence[Shelf]) -> str:
    """The statement that makes `fact.X` give all columns of the rows on these shelves."""
    names = stored_columns(fact)
    selects = [f"SELECT {', '.join(_given(fact, shelf, name) for name in names)} FROM {shelf.table}" for shelf in over]
    if not selects:
        # History has the same columns, and naming them costs less than making them up.
        selects = [f"SELECT {', '.join(map(quote, names))} FROM history.{quote(fact.name)} WHERE false"]
    return f"CREATE OR REPLACE VIEW fact.{quote(fact.name)} AS {' UNION ALL '.join(selects)}"


def listed(con: Connection, fact_name: str) -> list[Shelf]:
    """The shelves of a fact that has some of its own."""
    rows = con.execute(
        "SELECT source, name, fixed, first_line FROM ledger.shelf WHERE fact = ? ORDER BY name", [fact_name]
    ).fetchall()
    return [
        Shelf(f"shelf.{quote(name)}", source, _columns(con, f"shelf.{quote(name)}"), json.loads(fixed), first_line)
        for source, name, fixed, first_line in rows
    ]


def _given(fact: Fact, shelf: Shelf, name: str) -> str:
    """SQL for a column of `fact.X` over a shelf."""
    kind = column_type(fact, name)
    if name in shelf.columns:
        return quote(name)
    if name == "_source":
        return f"{literal(shelf.source)} AS _source"
    if name == "_line" and shelf.first_line is not None:
        return f"rowid + {shelf.first_line} AS _line"
    value = f"CAST({literal(shelf.fixed[name])} AS {kind})" if name in shelf.fixed else f"CAST(NULL AS {kind})"
    return f"{value} AS {quote(name)}"


def _columns(con: Connection, table: str) -> frozenset[str]:
    return frozenset(row[0] for row in con.execute(f"DESCRIBE {table}").fetchall())
