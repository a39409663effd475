"""The warehouse of a workspace on PostgreSQL, ClickHouse or Spark, behind the surface of the embedded one.

Files are read, typed, checked and compared in a DuckDB in memory (`con`), which holds a copy of the ledger and of the
rows that a delivery is compared with. What a load changed there is then added to the engine's own tables, where
questions are answered.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadline.engines.duckdb import connect
from leadline.engines.engine import Engine, Kind, listed
from leadline.engines.opening import open_engine
from leadline.errors import UsageError
from leadline.model.fact import Fact
from leadline.sql.name import literal, quote
from leadline.warehouse.deliveries import DELIVERY, delivery_rows, with_deliveries
from leadline.warehouse.remote_schema import (
    CLAIM,
    LEDGER,
    changed_meanwhile,
    current_rows,
    ensure_remote,
    history_rows,
    version_columns,
)
from leadline.warehouse.schema import ensure_tables
from leadline.warehouse.store import Warehouse

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection
    from leadline.sql.render import Renderer
    from leadline.warehouse.delivery import Load

AT_ONCE = ("load", "merge", "coverage", "state")
"""Tables of the ledger that are copied on opening; findings and rejected rows only when they are asked for."""
KEYS_BY_NAME = 2_000
"""Up to so many rows, a delivery is compared with the rows of its keys; a larger one with all of its source."""


class RemoteWarehouse(Warehouse):
    """An engine that holds the data, a DuckDB in memory that stages deliveries, and delivered files beside."""

    keeps_rollups = False

    def __init__(self, con: Connection, engine: Engine, facts: Mapping[str, Fact], landing: Path | None) -> None:
        super().__init__(con, facts, landing)
        self.engine = engine
        self._whole_ledger = False
        self._complete: set[tuple[str, str]] = set()

    @classmethod
    def at(cls, url: str, folder: Path, facts: Mapping[str, Fact], *, landing: Path | None = None) -> RemoteWarehouse:
        """The warehouse at an address (`leadline.engines.opening.open_engine`), its tables created when missing."""
        engine = open_engine(url, folder)
        try:
            ensure_remote(engine, facts)
            con = connect(None)
            ensure_tables(con, facts)
            con.execute("CREATE TEMP TABLE recalled (fact VARCHAR, source VARCHAR, known_as VARCHAR, _row BIGINT)")
            warehouse = cls(con, engine, facts, landing)
            warehouse.copy_ledger(AT_ONCE)
        except BaseException:
            engine.close()
            raise
        return warehouse

    # What questions need

    @property
    def renderer(self) -> type[Renderer]:
        return self.engine.renderer

    def rows(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        return self.engine.rows(sql)

    def relation(self, fact_name: str, as_of_load: int | None = None) -> str:
        fact = self.facts.get(fact_name)
        if fact is None:
            raise UsageError("unknown-fact", f"There is no fact named {fact_name!r}.")
        if fact_name == DELIVERY:
            return with_deliveries(f"fact_{fact_name}", delivery_rows("ledger_", as_of_load))
        if as_of_load is None:
            return f"fact_{fact_name}"
        return f"({current_rows(self.engine, fact, until=as_of_load)})"

    def has(self, facts: Mapping[str, Fact]) -> bool:
        return True

    def close(self) -> None:
        self.engine.close()
        super().close()

    # The copy of the ledger

    def ledger(self) -> Connection:
        if not self._whole_ledger:
            self.copy_ledger([name for name in LEDGER if name not in AT_ONCE])
            self._whole_ledger = True
        return self.con

    def copy_ledger(self, names: Sequence[str]) -> None:
        """Copy tables of the ledger anew, without what loads left behind that never ended."""
        copy_ledger(self.engine, self.con, names)

    # What loading needs

    def load(self, source: str, origin: str, content: str, mapping: str) -> Load:
        from leadline.warehouse.remote_load import RemoteLoad

        return RemoteLoad(self, source, origin, content, mapping)

    def claim(self) -> int:
        """Take the next load number; `DataError` when another writer took it at the same moment."""
        newest, claimed = self.newest()
        known = self.con.execute("SELECT coalesce(max(id), 0) FROM ledger.load").fetchone()
        if known != (newest,):
            self.copy_ledger(AT_ONCE)
        number = max(newest, claimed) + 1
        token = uuid.uuid4().hex
        self.engine.send(self.con, f"SELECT {number} AS id, {literal(token)} AS token", "ledger_claim", CLAIM)
        taken = self.engine.rows(f"SELECT token FROM ledger_claim WHERE id = {number} ORDER BY token")[1]
        if taken[0][0] != token:
            raise changed_meanwhile()
        return number

    def newest(self) -> tuple[int, int]:
        """The newest load that counts and the newest number taken, asked of the engine; 0 for none."""
        found = self.engine.rows(
            "SELECT what, max(id) AS newest FROM (SELECT 'load' AS what, id FROM ledger_load "
            "UNION ALL SELECT 'claim' AS what, id FROM ledger_claim) AS numbers GROUP BY what"
        )[1]
        numbers = {what: int(number) for what, number in found}
        return numbers.get("load", 0), numbers.get("claim", 0)

    def recall(self, fact_name: str, first: dt.date, last: dt.date) -> None:
        self.forget(fact_name)
        fact = self.facts[fact_name]
        writer, time = self.engine.renderer(self.facts, str), quote(fact.time)
        self._bring(fact, f"{time} >= {writer.date(first)} AND {time} <= {writer.date(last)}")

    def recall_source(self, fact_name: str, source: str) -> None:
        fact = self.facts[fact_name]
        if (fact_name, source) in self._complete:
            return
        own = f"_source = {self._text(source)}"
        self._bring(fact, own)
        columns: dict[str, Kind] = {**version_columns(fact), "_until": "number"}
        past = f"SELECT * FROM ({history_rows(self.engine, fact)}) AS past WHERE {own}"
        self.engine.fetch(self.con, past, "incoming", columns)
        self.con.execute(f"INSERT INTO history.{quote(fact_name)} BY NAME SELECT * EXCLUDE (_row) FROM incoming")
        self.con.execute("DROP TABLE incoming")
        self._complete.add((fact_name, source))

    def recall_keys(self, fact_name: str, source: str, select: str) -> None:
        """Bring the rows that an upsert of `select` may replace."""
        if (fact_name, source) in self._complete:
            return
        known = self.con.execute(
            "SELECT 1 FROM ledger.state WHERE fact = ? AND source = ? AND row_count > 0", [fact_name, source]
        ).fetchone()
        if known is None:
            self._complete.add((fact_name, source))
            return
        condition = f"_source = {self._text(source)}"
        keys = self.con.execute(
            f"SELECT DISTINCT _key, CASE WHEN _key IS NULL THEN _line END FROM ({select}) LIMIT {KEYS_BY_NAME + 1}"
        ).fetchall()
        if len(keys) <= KEYS_BY_NAME:
            names = ", ".join(self._text(key) for key, _ in keys if key is not None)
            lines = ", ".join(str(line) for key, line in keys if key is None)
            either = [
                *([f"_key IN ({names})"] if names else []),
                *([f"(_key IS NULL AND _line IN ({lines}))"] if lines else []),
            ]
            condition += f" AND ({' OR '.join(either)})" if either else " AND 1 = 0"
        self._bring(self.facts[fact_name], condition)

    def _bring(self, fact: Fact, condition: str) -> None:
        columns = version_columns(fact)
        where = f" WHERE {condition}" if condition else ""
        sql = f"SELECT {listed(columns)} FROM ({current_rows(self.engine, fact)}) AS here{where}"
        self.engine.fetch(self.con, sql, "incoming", columns)
        self.con.execute("DELETE FROM incoming WHERE _row IN (SELECT _row FROM recalled WHERE fact = ?)", [fact.name])
        self.con.execute(f"INSERT INTO fact.{quote(fact.name)} BY NAME SELECT * EXCLUDE (_row) FROM incoming")
        self.con.execute(
            f"INSERT INTO recalled SELECT {literal(fact.name)}, _source, coalesce(_key, CAST(_line AS VARCHAR)), _row "
            "FROM incoming"
        )
        self.con.execute("DROP TABLE incoming")

    def has_all(self, fact_name: str, source: str) -> bool:
        """Whether `con` has all rows of a source in a fact."""
        return (fact_name, source) in self._complete

    def forget(self, *fact_names: str) -> None:
        """Drop the copies of rows of these facts, or of all."""
        for name in fact_names or self.facts:
            self.con.execute(f"DELETE FROM fact.{quote(name)}")
            self.con.execute(f"DELETE FROM history.{quote(name)}")
            self.con.execute("DELETE FROM recalled WHERE fact = ?", [name])
        self._complete = {pair for pair in self._complete if fact_names and pair[0] not in fact_names}

    def _text(self, value: str) -> str:
        return self.engine.text(value)


def copy_ledger(engine: Engine, con: Connection, names: Sequence[str]) -> None:
    """Copy tables of an engine's ledger anew, `load` before others, leaving out what loads that never ended wrote."""
    for name in names:
        columns = LEDGER[name]
        engine.fetch(con, f"SELECT {listed(columns)} FROM ledger_{name}", "incoming", columns)
        con.execute(f"DELETE FROM ledger.{name}")
        if name == "load":
            con.execute("INSERT INTO ledger.load BY NAME SELECT * FROM incoming")
        elif name == "state":
            con.execute(
                "INSERT INTO ledger.state SELECT fact, source, row_count, "
                "CASE WHEN currencies = '' THEN [] ELSE string_split(currencies, ',') END, times FROM incoming "
                "WHERE load IN (SELECT id FROM ledger.load) "
                "QUALIFY row_number() OVER (PARTITION BY fact, source ORDER BY load DESC) = 1"
            )
        else:
            con.execute(
                f"INSERT INTO ledger.{name} BY NAME SELECT * FROM incoming WHERE load IN (SELECT id FROM ledger.load)"
            )
    con.execute("DROP TABLE IF EXISTS incoming")
