"""One delivery of a source: checks, rows and ledger entry in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct

from leadline.errors import DataError
from leadline.model.fact import Fact
from leadline.sql.name import literal, quote
from leadline.warehouse.schema import COLUMN_TYPES, data_columns, first_expression, stored_columns

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection


KEY = "coalesce(_key, CAST(_line AS VARCHAR))"


def key_of(alias: str) -> str:
    """What a row of `alias` is known by within its source: its key, else its line."""
    return f"coalesce({alias}._key, CAST({alias}._line AS VARCHAR))"


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
        if not self._has_rows(fact_name):
            return self._insert_first(fact, select)
        return self._merge_changed(fact, select, mode)

    def _has_rows(self, fact_name: str) -> bool:
        row = self.con.execute(
            f"SELECT 1 FROM fact.{quote(fact_name)} WHERE _source = ? LIMIT 1", [self.source]
        ).fetchone()
        return row is not None

    def _insert_first(self, fact: Fact, select: str) -> MergeCounts:
        """Rows of a source the fact has not seen: no comparison is needed."""
        given = self._given_columns(select)
        others = self._any_rows(fact.name)
        values = {name: self._cast(fact, name) for name in data_columns(fact) if name in given}
        if fact.first_by:
            values["is_first"] = self._null(fact, "is_first") if others else self._first_within(fact, given)
        values |= {
            "_source": literal(self.source),
            "_load": f"CAST({self.id} AS BIGINT)",
            "_line": "_line",
            "_key": "_key",
        }
        rows = f"SELECT {', '.join(f'{value} AS {quote(name)}' for name, value in values.items())} FROM ({select})"
        table = f"fact.{quote(fact.name)}"
        count = self._count(f"INSERT INTO {table} BY NAME {rows}")
        if others and fact.first_by:
            self._refresh_first(fact, f"SELECT {self._group(fact)} FROM {table} WHERE _load = {self.id}")
        return self._counted(fact.name, MergeCounts(inserted=count))

    def _first_within(self, fact: Fact, given: set[str]) -> str:
        needed = {*fact.first_by, fact.time}
        if not needed <= given or (fact.first_where and fact.first_where not in given):
            return "false"
        return first_expression(fact).replace("_source, ", "")

    def _merge_changed(self, fact: Fact, select: str, mode: str) -> MergeCounts:
        given = self._given_columns(select)
        names = data_columns(fact)
        table, past = f"fact.{quote(fact.name)}", f"history.{quote(fact.name)}"
        values = ", ".join(
            f"{self._cast(fact, name) if name in given else self._null(fact, name)} AS {quote(name)}" for name in names
        )
        self.con.execute("DROP TABLE IF EXISTS delivery")
        self.con.execute(
            f"CREATE TEMP TABLE delivery AS SELECT {values}, _line, _key, {KEY} AS known_as FROM ({select})"
        )
        same = " AND ".join(f"c.{quote(name)} IS NOT DISTINCT FROM d.{quote(name)}" for name in names)
        match = f"c._source = {literal(self.source)} AND {key_of('c')} = d.known_as"
        unchanged = self._count(f"DELETE FROM delivery d USING {table} c WHERE {match} AND {same}")
        self.con.execute("DROP TABLE IF EXISTS replaced")
        if mode == "snapshot":
            # The keys that stay are gone from `delivery` when unchanged, so the whole delivery is asked again.
            gone = f"{key_of('c')} NOT IN (SELECT {KEY} FROM ({select}))"
            removed_rule = f"c._source = {literal(self.source)} AND ({gone})"
        else:
            removed_rule = "false"
        self.con.execute(
            f"CREATE TEMP TABLE replaced AS SELECT {key_of('c')} AS known_as, "
            f"EXISTS (FROM delivery d WHERE d.known_as = {key_of('c')}) AS has_new "
            f"FROM {table} c WHERE c._source = {literal(self.source)} "
            f"AND ({key_of('c')} IN (SELECT known_as FROM delivery) OR ({removed_rule}))"
        )
        stored = ", ".join(map(quote, stored_columns(fact)))
        chosen = f"_source = {literal(self.source)} AND {KEY} IN (SELECT known_as FROM replaced)"
        affected = self._affected(fact, table, chosen)
        self.con.execute(
            f"INSERT INTO {past} ({stored}, _until) SELECT {stored}, {self.id} FROM {table} WHERE {chosen}"
        )
        self.con.execute(f"DELETE FROM {table} WHERE {chosen}")
        columns = ", ".join(map(quote, names))
        arrived = self._count(
            f"INSERT INTO {table} ({columns}, _source, _load, _line, _key) "
            f"SELECT {columns}, {literal(self.source)}, {self.id}, _line, _key FROM delivery"
        )
        updated = self._count("SELECT count(*) FROM replaced WHERE has_new")
        removed = self._count("SELECT count(*) FROM replaced WHERE NOT has_new")
        if affected:
            self._refresh_first(fact, affected)
        self.con.execute("DROP TABLE delivery")
        self.con.execute("DROP TABLE replaced")
        self.con.execute("DROP TABLE IF EXISTS regroup")
        return self._counted(fact.name, MergeCounts(arrived - updated, updated, unchanged, removed))

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
        table = f"fact.{quote(fact.name)}"
        rows = f"{table} WHERE ({self._group(fact)}) IN ({groups})"
        firsts = f"SELECT _source, {KEY} AS known_as, {first_expression(fact)} AS is_first FROM {rows}"
        self.con.execute(
            f"UPDATE {table} AS c SET is_first = f.is_first FROM ({firsts}) AS f "
            f"WHERE c._source = f._source AND {key_of('c')} = f.known_as AND c.is_first IS DISTINCT FROM f.is_first"
        )
        self.con.execute(f"UPDATE {table} SET is_first = false WHERE is_first IS NULL")

    def _given_columns(self, select: str) -> set[str]:
        return {row[0] for row in self.con.execute(f"DESCRIBE {select}").fetchall()}

    def _any_rows(self, fact_name: str) -> bool:
        return self.con.execute(f"SELECT 1 FROM fact.{quote(fact_name)} LIMIT 1").fetchone() is not None

    @staticmethod
    def _cast(fact: Fact, name: str) -> str:
        return f"CAST({quote(name)} AS {COLUMN_TYPES[fact.column(name).type]})"

    @staticmethod
    def _null(fact: Fact, name: str) -> str:
        return f"CAST(NULL AS {COLUMN_TYPES[fact.column(name).type]})"

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
    table = f"fact.{quote(fact.name)}"
    times = ", ".join(
        f"{literal(name)}: [CAST(min({quote(name)}) AS VARCHAR), CAST(max({quote(name)}) AS VARCHAR)]"
        for name in fact.times
    )
    currencies = "list(DISTINCT currency) FILTER (WHERE currency IS NOT NULL)" if fact.has_currency else "NULL"
    con.execute("DELETE FROM ledger.state WHERE fact = ? AND source = ?", [fact.name, source])
    con.execute(
        f"INSERT INTO ledger.state SELECT {literal(fact.name)}, {literal(source)}, count(*), "
        f"coalesce(list_sort({currencies}), []), CAST(to_json({{{times}}}) AS VARCHAR) "
        f"FROM {table} WHERE _source = {literal(source)}"
    )
