"""One delivery of a source: checks, rows and ledger entry in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct

from leadline.errors import DataError
from leadline.model.fact import Fact
from leadline.sql.name import literal, quote
from leadline.warehouse.column import column_type, data_columns, first_expression, stored_columns
from leadline.warehouse.shelf import Shelf, draw_view, new_shelf, settle, shelf_of, shelves, widen

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection


KEY = "coalesce(CAST(_key AS VARCHAR), CAST(_line AS VARCHAR))"


class MergeCounts(Struct, frozen=True):
    """What a merge did to a fact, in rows."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0


class FindingLike(Protocol):
    """What the ledger keeps of a finding."""

    @property
    def severity(self) -> str: ...
    @property
    def rule(self) -> str: ...
    @property
    def file(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def fix(self) -> str: ...
    @property
    def line(self) -> int | None: ...
    @property
    def column(self) -> str: ...
    @property
    def value(self) -> str: ...
    @property
    def count(self) -> int: ...
    @property
    def fact(self) -> str: ...


def utc_now() -> dt.datetime:
    """Now, as the naive UTC timestamp the ledger stores."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


class Load:
    """A delivery under way. Use as a context manager: leaving normally commits, an exception undoes everything."""

    def __init__(
        self, con: Connection, facts: Mapping[str, Fact], source: str, origin: str, content: str, mapping: str
    ) -> None:
        self.con = con
        self.facts = facts
        self.source = source
        self.origin = origin
        self.content = content
        self.mapping = mapping
        self.detail = "{}"
        self.started_at = utc_now()
        self.id = 0
        self.status = "loaded"
        self._touched: set[str] = set()

    def __enter__(self) -> Load:
        self.con.execute("BEGIN TRANSACTION")
        row = self.con.execute("SELECT coalesce(max(id), 0) + 1 FROM ledger.load").fetchone()
        self.id = int(row[0]) if row else 1
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is not None:
            self.con.execute("ROLLBACK")
            return
        try:
            for fact in sorted(self._touched):
                refresh_state(self.con, self.facts[fact], self.source)
            self._enter_ledger()
            self.con.execute("COMMIT")
        except BaseException:
            self.con.execute("ROLLBACK")
            raise

    def _enter_ledger(self) -> None:
        self.con.execute(
            "INSERT INTO ledger.load VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                self.id,
                self.source,
                self.origin,
                self.content,
                self.mapping,
                self.status,
                self.started_at,
                utc_now(),
                self.detail,
            ],
        )

    def merge(self, fact_name: str, select: str, mode: Literal["upsert", "snapshot"] = "upsert") -> MergeCounts:
        """Bring the rows of `select` into a fact.

        `select` yields fact columns (those missing become null), `_line` and a `_key` unique within the delivery (null:
        the line is the key). A row whose key is there with the same values is left alone; with other values the old
        version moves to history.
        Under `snapshot` rows of this source that the delivery lacks move to history too.
        """
        fact = self.facts[fact_name]
        self._touched.add(fact_name)
        shelf = shelf_of(self.con, fact_name, self.source)
        if shelf is None or not self._any(f"{shelf.table} WHERE {shelf.whose()} = {literal(self.source)}"):
            return self._insert_first(fact, select)
        return self._merge_changed(fact, shelf, select, mode)

    def fill(self, fact_name: str, select: str, fixed: Mapping[str, str], first_line: int | None = None) -> MergeCounts:
        """Bring the first rows of a source into a fact that has room for them (`shelf.has_room`), as `merge` would.

        `fixed` are columns with one value, as text, for all rows. `select` may lack `_key` where the line is the key,
        and `_line` where its rows are the consecutive lines from `first_line`.
        """
        fact = self.facts[fact_name]
        self._touched.add(fact_name)
        given = self._given_columns(select)
        values = self._values(fact, given) | {name: name for name in ("_line", "_key") if name in given}
        table = new_shelf(self.con, fact, self.source, {**fixed, "_load": str(self.id)}, first_line)
        counted = self._count(f"CREATE OR REPLACE TABLE {table} AS {_listing(values, select)}")
        if fact.first_by:
            # A column added now takes half of what changing one that has been written does.
            self.con.execute(f"ALTER TABLE {table} ADD COLUMN is_first BOOLEAN DEFAULT false")
            self._mark_first(fact, table, given)
        draw_view(self.con, fact)
        return self._counted(fact.name, MergeCounts(inserted=counted))

    def _insert_first(self, fact: Fact, select: str) -> MergeCounts:
        """Rows of a source the fact has not seen: no comparison is needed."""
        others = self._any(f"fact.{quote(fact.name)}")
        given = self._given_columns(select)
        values = self._values(fact, given)
        if fact.first_by:
            values["is_first"] = self._null(fact, "is_first") if others else self._first_within(fact, given)
        values |= {"_load": f"CAST({self.id} AS BIGINT)", "_line": "_line", "_key": "CAST(_key AS VARCHAR)"}
        shelf = shelf_of(self.con, fact.name, self.source)
        if shelf is None or shelf.source:
            table = new_shelf(self.con, fact, self.source)
            count = self._count(f"CREATE OR REPLACE TABLE {table} AS {_listing(values, select)}")
            draw_view(self.con, fact)
        else:
            values["_source"] = literal(self.source)
            count = self._count(f"INSERT INTO {shelf.table} BY NAME {_listing(values, select)}")
        if others and fact.first_by:
            new = f"SELECT {self._group(fact)} FROM fact.{quote(fact.name)} WHERE _load = {self.id}"
            self._refresh_first(fact, new)
        return self._counted(fact.name, MergeCounts(inserted=count))

    def _values(self, fact: Fact, given: set[str]) -> dict[str, str]:
        """Values of the columns that a delivery fills, and what `is_first` is told by."""
        needed = {*fact.first_by, fact.time, fact.first_where} if fact.first_by else {fact.time}
        return {
            name: self._cast(fact, name) if name in given else self._null(fact, name)
            for name in data_columns(fact)
            if name in given or name in needed
        }

    def _first_within(self, fact: Fact, given: set[str]) -> str:
        needed = {*fact.first_by, fact.time}
        if not needed <= given or (fact.first_where and fact.first_where not in given):
            return "false"
        return first_expression(fact, ("_key", "_line"))

    def _mark_first(self, fact: Fact, table: str, given: set[str]) -> None:
        """Set `is_first` of the rows of a new shelf, the only one of its fact."""
        if not fact.first_where:
            first = first_expression(fact, [name if name in given else "rowid" for name in ("_key", "_line")])
            self.con.execute(
                f"UPDATE {table} SET is_first = true WHERE rowid IN (SELECT rowid FROM {table} QUALIFY {first})"
            )
            return
        # The same as the window, without carrying every column through it.
        group, time, condition = self._group(fact), quote(fact.time), quote(fact.first_where)
        same = " AND ".join(f"c.{quote(name)} = f.{quote(name)}" for name in fact.first_by)
        firsts = f"SELECT {group}, min({time}) AS at FROM {table} WHERE {condition} GROUP BY {group}"
        self.con.execute(
            f"UPDATE {table} AS c SET is_first = true FROM ({firsts}) AS f "
            f"WHERE {same} AND c.{time} = f.at AND c.{condition}"
        )

    def _merge_changed(self, fact: Fact, shelf: Shelf, select: str, mode: str) -> MergeCounts:
        given, shelf = self._given_columns(select), settle(self.con, fact, shelf)
        names = [name for name in data_columns(fact) if name in given or name in shelf.columns]
        values = ", ".join(
            f"{self._cast(fact, name) if name in given else self._null(fact, name)} AS {quote(name)}" for name in names
        )
        self.con.execute("DROP TABLE IF EXISTS delivery")
        self.con.execute(
            f"CREATE TEMP TABLE delivery AS SELECT {values}, _line, CAST(_key AS VARCHAR) AS _key, "
            f"{KEY} AS known_as FROM ({select})"
        )
        shelf = self._widened(fact, shelf)
        names = [name for name in names if name in shelf.columns]
        table, past = shelf.table, f"history.{quote(fact.name)}"
        mine = f"{shelf.whose('c')} = {literal(self.source)}"
        same = " AND ".join(f"c.{quote(name)} IS NOT DISTINCT FROM d.{quote(name)}" for name in names)
        match = f"{mine} AND {shelf.key('c')} = d.known_as"
        unchanged = self._count(f"DELETE FROM delivery d USING {table} c WHERE {match} AND {same}")
        self.con.execute("DROP TABLE IF EXISTS replaced")
        if mode == "snapshot":
            # The keys that stay are gone from `delivery` when unchanged, so the whole delivery is asked again.
            gone = f"{shelf.key('c')} NOT IN (SELECT {KEY} FROM ({select}))"
            removed_rule = f"{mine} AND ({gone})"
        else:
            removed_rule = "false"
        self.con.execute(
            f"CREATE TEMP TABLE replaced AS SELECT {shelf.key('c')} AS known_as, "
            f"EXISTS (FROM delivery d WHERE d.known_as = {shelf.key('c')}) AS has_new "
            f"FROM {table} c WHERE {mine} "
            f"AND ({shelf.key('c')} IN (SELECT known_as FROM delivery) OR ({removed_rule}))"
        )
        stored = [name for name in stored_columns(fact) if name in shelf.columns or name == "_source"]
        listed = ", ".join(map(quote, stored))
        kept = ", ".join(shelf.whose() if name == "_source" else quote(name) for name in stored)
        chosen = f"{shelf.whose()} = {literal(self.source)} AND {shelf.key()} IN (SELECT known_as FROM replaced)"
        affected = self._affected(fact, table, chosen)
        self.con.execute(f"INSERT INTO {past} ({listed}, _until) SELECT {kept}, {self.id} FROM {table} WHERE {chosen}")
        self.con.execute(f"DELETE FROM {table} WHERE {chosen}")
        columns = ", ".join(quote(name) for name in (*names, "_line", *(["_key"] if "_key" in shelf.columns else [])))
        source = "" if shelf.source else f"{literal(self.source)} AS _source, "
        arrived = self._count(f"INSERT INTO {table} BY NAME SELECT {columns}, {source}{self.id} AS _load FROM delivery")
        updated = self._count("SELECT count(*) FROM replaced WHERE has_new")
        removed = self._count("SELECT count(*) FROM replaced WHERE NOT has_new")
        if affected:
            self._refresh_first(fact, affected)
        self.con.execute("DROP TABLE delivery")
        self.con.execute("DROP TABLE replaced")
        self.con.execute("DROP TABLE IF EXISTS regroup")
        return self._counted(fact.name, MergeCounts(arrived - updated, updated, unchanged, removed))

    def _widened(self, fact: Fact, shelf: Shelf) -> Shelf:
        """The shelf with room for what `delivery` brings; columns without any value take none."""
        new = [name for name in (*data_columns(fact), "_key") if name not in shelf.columns]
        filled = {row[0] for row in self.con.execute("DESCRIBE delivery").fetchall()}
        new = [name for name in new if name in filled]
        counts = self.con.execute(
            f"SELECT {', '.join(f'count({quote(name)})' for name in new)} FROM delivery" if new else "SELECT 0"
        ).fetchone()
        return widen(self.con, fact, shelf, [name for name, count in zip(new, counts or (), strict=False) if count])

    def _affected(self, fact: Fact, table: str, chosen: str) -> str:
        """Groups whose first row may change: those of rows leaving and of rows arriving."""
        if not fact.first_by:
            return ""
        group = self._group(fact)
        self.con.execute("DROP TABLE IF EXISTS regroup")
        self.con.execute(
            f"CREATE TEMP TABLE regroup AS SELECT {group} FROM {table} WHERE {chosen} "
            f"UNION SELECT {group} FROM delivery"
        )
        return "SELECT * FROM regroup"

    @staticmethod
    def _group(fact: Fact) -> str:
        return ", ".join(quote(name) for name in fact.first_by)

    def _refresh_first(self, fact: Fact, groups: str) -> None:
        rows = f"fact.{quote(fact.name)} WHERE ({self._group(fact)}) IN ({groups})"
        firsts = f"SELECT _source, {KEY} AS known_as, {first_expression(fact)} AS is_first FROM {rows}"
        self.con.execute("DROP TABLE IF EXISTS firsts")
        self.con.execute(f"CREATE TEMP TABLE firsts AS {firsts}")
        for shelf in [settle(self.con, fact, shelf) for shelf in shelves(self.con, fact.name)]:
            self.con.execute(
                f"UPDATE {shelf.table} AS c SET is_first = f.is_first FROM firsts AS f WHERE {shelf.whose('c')} = "
                f"f._source AND {shelf.key('c')} = f.known_as AND c.is_first IS DISTINCT FROM f.is_first"
            )
            self.con.execute(f"UPDATE {shelf.table} SET is_first = false WHERE is_first IS NULL")
        self.con.execute("DROP TABLE firsts")

    def _given_columns(self, select: str) -> set[str]:
        return {row[0] for row in self.con.execute(f"DESCRIBE {select}").fetchall()}

    def _any(self, rows: str) -> bool:
        return self.con.execute(f"SELECT 1 FROM {rows} LIMIT 1").fetchone() is not None

    @staticmethod
    def _cast(fact: Fact, name: str) -> str:
        return f"CAST({quote(name)} AS {column_type(fact, name)})"

    @staticmethod
    def _null(fact: Fact, name: str) -> str:
        return f"CAST(NULL AS {column_type(fact, name)})"

    def _count(self, sql: str) -> int:
        row = self.con.execute(sql).fetchone()
        return int(row[0]) if row else 0

    def _counted(self, fact_name: str, counts: MergeCounts) -> MergeCounts:
        self.con.execute(
            "INSERT INTO ledger.merge VALUES (?, ?, ?, ?, ?, ?)",
            [self.id, fact_name, counts.inserted, counts.updated, counts.unchanged, counts.removed],
        )
        return counts

    def quarantine(self, select: str) -> int:
        """Keep rejected rows: `select` yields fact, line, rule, what and raw (the source row as JSON text)."""
        return self._count(
            f"INSERT INTO ledger.quarantine SELECT {self.id}, fact, line, rule, what, raw FROM ({select})"
        )

    def note(self, findings: Sequence[FindingLike]) -> None:
        """Keep findings with the load."""
        write_findings(self.con, self.id, findings)

    def cover(self, fact_name: str, first: dt.date | dt.datetime, last: dt.date | dt.datetime) -> None:
        """Say for which time the delivery speaks: from `first` to `last`, both included."""
        if fact_name not in self.facts:
            raise DataError("unknown-fact", f"There is no fact named {fact_name!r}.")
        self.con.execute(
            "INSERT INTO ledger.coverage VALUES (?, ?, ?, ?, ?)", [self.id, self.source, fact_name, first, last]
        )


def _listing(values: Mapping[str, str], select: str) -> str:
    return f"SELECT {', '.join(f'{value} AS {quote(name)}' for name, value in values.items())} FROM ({select})"


def write_findings(con: Connection, load: int, findings: Sequence[FindingLike]) -> None:
    """Append findings to the ledger."""
    if findings:
        con.executemany(
            "INSERT INTO ledger.finding VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                [load, f.severity, f.rule, f.file, f.line, f.column, f.value, f.what, f.fix, f.count, f.fact]
                for f in findings
            ],
        )


def refresh_state(con: Connection, fact: Fact, source: str) -> None:
    """Renew what planning needs to know of a source's rows in a fact: how many, which currencies, from when to when."""
    table, own = f"fact.{quote(fact.name)}", f"_source = {literal(source)}"
    times = ", ".join(
        f"{literal(name)}: [CAST(min({quote(name)}) AS VARCHAR), CAST(max({quote(name)}) AS VARCHAR)]"
        for name in fact.times
    )
    # A list of different values costs ten times what the grouping does.
    known = f"SELECT DISTINCT currency FROM {table} WHERE {own} AND currency IS NOT NULL"
    told = f"(SELECT list(currency ORDER BY currency) FROM ({known}))"
    currencies = told if fact.has_currency else "NULL"
    # DuckDB 1 knows no empty structure.
    bounds = f"CAST(to_json({{{times}}}) AS VARCHAR)" if times else "'{}'"
    con.execute("DELETE FROM ledger.state WHERE fact = ? AND source = ?", [fact.name, source])
    con.execute(
        f"INSERT INTO ledger.state SELECT {literal(fact.name)}, {literal(source)}, count(*), "
        f"coalesce({currencies}, []), {bounds} FROM {table} WHERE {own}"
    )
