"""One delivery to a warehouse that is not embedded: worked out in the staging DuckDB, then added to the engine.

The ledger's row of the load is written last. What a load that died left behind has no such row and never counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import msgspec

from leadline.engines.engine import Kind
from leadline.model.fact import Fact
from leadline.sql.name import literal, quote
from leadline.warehouse.delivery import Load, MergeCounts, refresh_state
from leadline.warehouse.remote_schema import LEDGER, REPLACED, changed_meanwhile, current_rows, version_columns

if TYPE_CHECKING:
    from leadline.warehouse.remote import RemoteWarehouse

ROWS_A_LOAD = 1 << 32
"""Row numbers of a load begin at its own number times this."""


class RemoteLoad(Load):
    """A delivery under way: the embedded kind of load, run in the staging DuckDB, and what it changed passed on."""

    def __init__(self, warehouse: RemoteWarehouse, source: str, origin: str, content: str, mapping: str) -> None:
        super().__init__(warehouse.con, warehouse.facts, source, origin, content, mapping)
        self.warehouse = warehouse

    def __enter__(self) -> RemoteLoad:
        self.warehouse.forget()
        self.id = self.warehouse.claim()
        self.con.execute("BEGIN TRANSACTION")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is not None:
            self._give_up()
            return
        try:
            self._enter_ledger()
            self._pass_on()
            self.con.execute("COMMIT")
        except BaseException:
            self.warehouse.engine.rollback()
            self._give_up()
            raise
        self.warehouse.forget()

    def _give_up(self) -> None:
        self.con.execute("ROLLBACK")
        self.warehouse.forget()

    def merge(self, fact_name: str, select: str, mode: Literal["upsert", "snapshot"] = "upsert") -> MergeCounts:
        """Bring rows into a fact, compared with those of their keys that are there (`Load.merge`)."""
        if mode == "snapshot":
            self.warehouse.recall_source(fact_name, self.source)
        else:
            self.warehouse.recall_keys(fact_name, self.source, select)
        return super().merge(fact_name, select, mode)

    def _pass_on(self) -> None:
        engine = self.warehouse.engine
        known = self.con.execute("SELECT coalesce(max(id), 0) FROM ledger.load WHERE id <> ?", [self.id]).fetchone()
        engine.begin()
        if known != (self.warehouse.newest()[0],):
            raise changed_meanwhile()
        for name in sorted(self._touched):
            self._pass_rows(self.facts[name])
            self._renew_state(self.facts[name])
        if self._touched:
            self._pass_states()
        for name, columns in LEDGER.items():
            if name in {"load", "state"}:
                continue
            self._pass(f"SELECT * FROM ledger.{name} WHERE load = {self.id}", f"ledger_{name}", columns)
        self._pass(f"SELECT * FROM ledger.load WHERE id = {self.id}", "ledger_load", LEDGER["load"])
        engine.commit()

    def _pass_rows(self, fact: Fact) -> None:
        columns = version_columns(fact)
        number = f"{self.id * ROWS_A_LOAD} + row_number() OVER ()"
        self._pass(
            f"SELECT *, CAST({number} AS BIGINT) AS _row FROM fact.{quote(fact.name)} WHERE _load = {self.id}",
            f"version_{fact.name}",
            columns,
        )
        self._pass(
            f"SELECT r._row, {self.id} AS _until FROM history.{quote(fact.name)} h JOIN recalled r "
            f"ON r.fact = {literal(fact.name)} AND r.source = h._source "
            "AND r.known_as = coalesce(h._key, CAST(h._line AS VARCHAR)) "
            f"WHERE h._until = {self.id} AND h._load < {self.id}",
            f"replaced_{fact.name}",
            REPLACED,
        )

    def _renew_state(self, fact: Fact) -> None:
        """`refresh_state`, or where not all rows of the source are at hand, what it asks, asked of the engine."""
        if self.warehouse.has_all(fact.name, self.source):
            refresh_state(self.con, fact, self.source)
            return
        engine = self.warehouse.engine
        bounds = "".join(
            f", min({quote(name)}) AS first_{number}, max({quote(name)}) AS last_{number}"
            for number, name in enumerate(fact.times)
        )
        currency = "currency" if fact.has_currency else "NULL"
        rows = engine.rows(
            f"SELECT {currency} AS currency_, count(*) AS counted{bounds} "
            f"FROM ({current_rows(engine, fact, under_way=self.id)}) AS here "
            f"WHERE _source = {engine.text(self.source)}{' GROUP BY currency' if fact.has_currency else ''}"
        )[1]
        currencies = sorted(row[0] for row in rows if row[0] is not None)
        times = {}
        for number, name in enumerate(fact.times):
            ends = [at for row in rows for at in row[2 + 2 * number : 4 + 2 * number] if at is not None]
            times[name] = [str(min(ends)), str(max(ends))] if ends else [None, None]
        self.con.execute("DELETE FROM ledger.state WHERE fact = ? AND source = ?", [fact.name, self.source])
        self.con.execute(
            "INSERT INTO ledger.state VALUES (?, ?, ?, ?, ?)",
            [fact.name, self.source, sum(row[1] for row in rows), currencies, msgspec.json.encode(times).decode()],
        )

    def _pass_states(self) -> None:
        facts = ", ".join(map(literal, sorted(self._touched)))
        self._pass(
            f"SELECT {self.id} AS load, fact, source, row_count, array_to_string(currencies, ',') AS currencies, times "
            f"FROM ledger.state WHERE fact IN ({facts}) AND source = {literal(self.source)}",
            "ledger_state",
            LEDGER["state"],
        )

    def _pass(self, select: str, table: str, columns: Mapping[str, Kind]) -> None:
        self.warehouse.engine.send(self.con, select, table, columns)
