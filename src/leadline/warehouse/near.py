"""The near copy of a warehouse on another engine: a DuckDB file for questions of order and time (docs/adr/0012).

It is the same warehouse, row for row and load for load, so that the same code gives the same answers from it. Rows of
an engine are only ever added, each with the load that brought it and the one that replaced it: what came since the last
time is brought, and nothing else. All of that happens in one transaction, and whatever does not fit (other columns,
another address, loads that are not there any more, a damaged file) has the copy made anew. It may be deleted.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from leadline.engines.duckdb import connect, sql_errors
from leadline.engines.engine import Engine, Kind, listed
from leadline.errors import DataError
from leadline.model.fact import Fact
from leadline.sql.name import quote
from leadline.warehouse.column import first_expression
from leadline.warehouse.remote import AT_ONCE, copy_ledger
from leadline.warehouse.remote_load import ROWS_A_LOAD
from leadline.warehouse.remote_schema import current_rows, history_rows, version_columns
from leadline.warehouse.schema import ensure_tables
from leadline.warehouse.store import Warehouse

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

FILE = "near.duckdb"
VERSION = 1
"""Of the copy's form; one of another version is made anew."""

BATCH = 1_000_000
"""Rows brought at once: an engine may give them as one block of memory."""

LONG = 200_000
"""Rows from which on bringing them is announced; so many take some seconds."""

KNOWN_AS = "coalesce({0}_key, CAST({0}_line AS VARCHAR))"
Tell = Callable[[str], None]


class NearCopy(Warehouse):
    """A copy in a folder of its own; what else lies there was worked out from it, and goes when it is made anew."""

    keeps_rollups = False

    def __init__(self, con: Connection, facts: Mapping[str, Fact], folder: Path, made_from: str) -> None:
        super().__init__(con, facts, None)
        self.folder = folder
        self.made_from = made_from

    @classmethod
    def at(cls, folder: Path, facts: Mapping[str, Fact], address: str) -> NearCopy:
        """The copy in `folder` of the warehouse at `address`, empty when there is none that fits."""
        tables = {name: version_columns(fact) | {"first by": str(fact.first_by)} for name, fact in facts.items()}
        made_from = hashlib.sha256(repr((VERSION, address, sorted(tables.items()))).encode()).hexdigest()
        folder.mkdir(parents=True, exist_ok=True)
        try:
            con = connect(folder / FILE)
        except DataError as error:
            if error.code != "warehouse-unreadable":
                raise
            con = _fresh(folder)
        copy = cls(con, facts, folder, made_from)
        if not copy._fits():
            copy.empty()
        return copy

    def catch_up(self, engine: Engine, tell: Tell | None = None) -> bool:
        """Bring what loads changed since the last time; whether there were any."""
        newest = engine.rows("SELECT id, source, content, ended_at FROM ledger_load ORDER BY id DESC LIMIT 1")[1]
        known = "SELECT id, source, content, ended_at FROM ledger.load ORDER BY id DESC LIMIT 1"
        if newest == self.con.execute(known).fetchall():
            return False
        self.con.execute("BEGIN TRANSACTION")
        try:
            since = self._last()
            follows = self._copy_ledger(engine)
            if follows:
                self._bring_all(engine, since, tell)
        except BaseException:
            self.con.execute("ROLLBACK")
            raise
        if follows:
            self.con.execute("COMMIT")
            return True
        self.con.execute("ROLLBACK")
        self.empty()
        return self.catch_up(engine, tell)

    def empty(self) -> None:
        """Begin anew, with nothing of what was worked out from it."""
        self.con.close()
        self.con = _fresh(self.folder)
        self.con.execute("BEGIN TRANSACTION")
        ensure_tables(self.con, self.facts)
        self.con.execute("CREATE TABLE ledger.copied AS SELECT CAST(? AS VARCHAR) AS made_from", [self.made_from])
        self.con.execute("COMMIT")

    def _fits(self) -> bool:
        try:
            return self.con.execute("SELECT made_from FROM ledger.copied").fetchall() == [(self.made_from,)]
        except sql_errors():
            # None yet, one whose making was cut short, or no near copy at all.
            return False

    def _last(self) -> int:
        row = self.con.execute("SELECT coalesce(max(id), 0) FROM ledger.load").fetchone()
        return int(row[0]) if row else 0

    def _copy_ledger(self, engine: Engine) -> bool:
        """Copy the ledger; whether all loads known so far are in it as they were."""
        self.con.execute("CREATE OR REPLACE TEMP TABLE known_loads AS FROM ledger.load")
        copy_ledger(engine, self.con, AT_ONCE)
        lost = self.con.execute("SELECT 1 FROM (FROM known_loads EXCEPT FROM ledger.load) LIMIT 1").fetchone()
        self.con.execute("DROP TABLE known_loads")
        return lost is None

    def _bring_all(self, engine: Engine, since: int, tell: Tell | None) -> None:
        changed: dict[str, list[tuple[int, int]]] = {}
        for fact, load, rows in self.con.execute(
            "SELECT fact, load, CAST(sum(inserted + updated) AS BIGINT) FROM ledger.merge WHERE load > ? "
            "AND inserted + updated + removed > 0 GROUP BY fact, load ORDER BY fact, load",
            [since],
        ).fetchall():
            if fact in self.facts:
                changed.setdefault(fact, []).append((load, rows))
        count = sum(rows for loads in changed.values() for _, rows in loads)
        if tell is not None and count >= LONG:
            tell(f"Copying {count:,} rows from {engine.name} for questions of order and time.")
        last = self._last()
        for name, loads in changed.items():
            self._bring(engine, self.facts[name], loads, since, last)

    def _bring(self, engine: Engine, fact: Fact, loads: Sequence[tuple[int, int]], since: int, last: int) -> None:
        """Rows that loads after `since` up to `last` replaced go to history, those they wrote come."""
        con, table, past = self.con, f"fact.{quote(fact.name)}", f"history.{quote(fact.name)}"
        columns = version_columns(fact)
        with_end: dict[str, Kind] = {**columns, "_until": "number"}
        replaced = (
            f"SELECT {listed(with_end)} FROM ({history_rows(engine, fact)}) AS past "
            f"WHERE _until > {since} AND _until <= {last}"
        )
        engine.fetch(con, replaced, "incoming", with_end)
        con.execute(f"INSERT INTO {past} BY NAME SELECT * EXCLUDE (_row) FROM incoming")
        if since:
            con.execute(
                f"DELETE FROM {table} AS old USING incoming AS gone WHERE old._source = gone._source "
                f"AND old._load = gone._load AND {KNOWN_AS.format('old.')} = {KNOWN_AS.format('gone.')}"
            )
        rows = f"SELECT {listed(columns)} FROM ({current_rows(engine, fact, until=last)}) AS here"
        for first, end in stretches(loads):
            engine.fetch(con, f"{rows} WHERE _row >= {first} AND _row < {end}", "incoming", columns)
            con.execute(f"INSERT INTO {table} BY NAME SELECT * EXCLUDE (_row) FROM incoming")
        con.execute("DROP TABLE incoming")
        if fact.first_by:
            first_rows = f"SELECT rowid AS place, coalesce({first_expression(fact)}, false) AS is_first FROM {table}"
            con.execute(
                f"UPDATE {table} AS old SET is_first = told.is_first FROM ({first_rows}) AS told "
                "WHERE told.place = old.rowid AND told.is_first IS DISTINCT FROM old.is_first"
            )


def stretches(loads: Sequence[tuple[int, int]], batch: int = BATCH) -> Iterator[tuple[int, int]]:
    """Stretches of row numbers, half-open, that hold all rows of these loads (number, rows), some `batch` rows each."""
    begins, held = None, 0
    for load, rows in loads:
        number = load * ROWS_A_LOAD
        if begins is not None and held + rows > batch:
            yield begins, number
            begins, held = None, 0
        # A load that alone is too much comes in pieces.
        for piece in range(batch, rows, batch):
            yield number + piece - batch, number + piece
            begins, held = number + piece, -piece
        begins = number if begins is None else begins
        held += rows
    if begins is not None:
        yield begins, (loads[-1][0] + 1) * ROWS_A_LOAD


def _fresh(folder: Path) -> Connection:
    """A new file in an emptied folder."""
    shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return connect(folder / FILE)
