"""The warehouse of a workspace: open it, deliver into it, and read any fact as known at a moment."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadline.engines.duckdb import connect
from leadline.errors import UsageError
from leadline.model.fact import Fact
from leadline.sql.name import quote
from leadline.warehouse.column import first_expression, stored_columns
from leadline.warehouse.deliveries import DELIVERY, delivery_rows, with_deliveries
from leadline.warehouse.schema import ensure_tables, is_current

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection
    from leadline.sql.render import Renderer
    from leadline.warehouse.delivery import FindingLike, Load


class Warehouse:
    """An embedded warehouse: fact, history and ledger tables in one DuckDB file, delivered files beside it."""

    def __init__(self, con: Connection, facts: Mapping[str, Fact], landing: Path | None) -> None:
        self.con = con
        self.facts = facts
        self.landing = landing

    @classmethod
    def open(
        cls,
        path: Path | None,
        facts: Mapping[str, Fact] | None = None,
        *,
        read_only: bool = False,
        landing: Path | None = None,
    ) -> Warehouse:
        """Open or create the warehouse at `path` (None: in memory), with the built-in facts unless others are given.

        `landing` is the folder that keeps the delivered files.
        """
        if facts is None:
            from leadline.model.facts import FACTS

            facts = FACTS
        if read_only and path is not None and path.exists():
            con = connect(path, read_only=True)
            return cls(con, facts, landing)
        made = path is None or not path.exists()
        con = connect(path)
        if made or not is_current(con, facts):
            con.execute("BEGIN TRANSACTION")
            ensure_tables(con, facts, narrow=True)
            con.execute("COMMIT")
        return cls(con, facts, landing)

    def has(self, facts: Mapping[str, Fact]) -> bool:
        """Whether there is a table with every column for each of these facts."""
        return not facts or is_current(self.con, facts)

    @property
    def renderer(self) -> type[Renderer]:
        """What writes statements for this warehouse."""
        from leadline.sql.render import Renderer

        return Renderer

    keeps_rollups = True
    """Whether roll-ups are made here; engines of other makers have ways of their own."""

    def rows(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Column names and rows of a query over facts."""
        cursor = self.con.execute(sql)
        return [column[0] for column in cursor.description or ()], cursor.fetchall()

    def ledger(self) -> Connection:
        """Where all tables of the ledger can be read; `con` may lack findings and rejected rows."""
        return self.con

    def recall(self, fact_name: str, first: dt.date, last: dt.date) -> None:
        """Make sure that `con` has the rows of a fact by date, both days included: here it has all."""
        return

    def recall_source(self, fact_name: str, source: str) -> None:
        """Make sure that `con` has all rows of a source in a fact, and their history: here it has all."""
        return

    def close(self) -> None:
        """Close the database; safe to call twice."""
        self.con.close()

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def load(self, source: str, origin: str, content: str, mapping: str) -> Load:
        """A transaction that delivers `content` (its hash) of `source`, read by `mapping` (its hash)."""
        from leadline.warehouse.delivery import Load

        return Load(self.con, self.facts, source, origin, content, mapping)

    def loaded(self, source: str, content: str, mapping: str) -> int | None:
        """The load that delivered exactly this, if any and if it is still the newest word of it.

        A delivery that was later corrected by another one counts as loaded too: sending it again changes nothing. One
        that was taken back does not.
        """
        row = self.con.execute(
            "SELECT max(id) FROM ledger.load l WHERE source = ? AND content = ? AND mapping = ? AND status = 'loaded' "
            "AND NOT EXISTS (FROM ledger.load u WHERE u.mapping = 'undone' AND u.content = CAST(l.id AS VARCHAR))",
            [source, content, mapping],
        ).fetchone()
        return int(row[0]) if row and row[0] is not None else None

    def refuse(self, source: str, origin: str, content: str, mapping: str, findings: Sequence[FindingLike]) -> int:
        """Record that a delivery was refused, with its findings; no fact changes. Returns the load id."""
        load = self.load(source, origin, content, mapping)
        with load:
            load.status = "refused"
            load.note(findings)
        return load.id

    def land(self, path: Path, content: str | None = None) -> str:
        """Keep a delivered file verbatim under its content hash, once; returns the hash (SHA-256, hex).

        The copy is complete and on disk before it gets its name, so that a crash leaves no half file.
        """
        digest = content or digest_file(path)
        if self.landing is None:
            return digest
        target = self.landing / digest[:2] / f"{digest}{path.suffix.lower()}"
        if target.exists():
            return digest
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.{os.getpid()}")
        shutil.copyfile(path, partial)
        with partial.open("rb") as stream:
            os.fsync(stream.fileno())
        partial.replace(target)
        return digest

    def landed(self, content: str) -> Path | None:
        """The kept file of a content hash, if it is there."""
        if self.landing is None:
            return None
        return next(iter(sorted((self.landing / content[:2]).glob(f"{content}*"))), None)

    def load_at(self, moment: dt.datetime) -> int:
        """Id of the last load that had been committed at `moment` (naive UTC); 0 when there was none."""
        row = self.con.execute(
            "SELECT coalesce(max(id), 0) FROM ledger.load WHERE ended_at <= ? AND status = 'loaded'", [moment]
        ).fetchone()
        return int(row[0]) if row else 0

    def relation(self, fact_name: str, as_of_load: int | None = None) -> str:
        """SQL for a fact's rows: the table itself, or its rows as they were after load `as_of_load`."""
        fact = self.facts.get(fact_name)
        if fact is None:
            raise UsageError("unknown-fact", f"There is no fact named {fact_name!r}.")
        if fact_name == DELIVERY:
            return with_deliveries(f"fact.{quote(fact_name)}", delivery_rows("ledger.", as_of_load))
        if as_of_load is None:
            return f"fact.{quote(fact_name)}"
        columns = ", ".join(map(quote, stored_columns(fact)))
        rows = (
            f"SELECT {columns} FROM fact.{quote(fact_name)} WHERE _load <= {as_of_load} UNION ALL "
            f"SELECT {columns} FROM history.{quote(fact_name)} WHERE _load <= {as_of_load} AND _until > {as_of_load}"
        )
        if fact.first_by:
            return f"(SELECT * REPLACE ({first_expression(fact)} AS is_first) FROM ({rows}))"
        return f"({rows})"


def digest_file(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
