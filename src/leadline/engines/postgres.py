"""PostgreSQL through psycopg: rows travel as CSV by COPY, both ways."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from leadline.engines.engine import STAGED, Engine, Kind, Row, declared, listed, missing_driver
from leadline.errors import DataError
from leadline.sql.name import literal, quote
from leadline.sql.postgres import PostgresRenderer

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

SCHEMA = "leadline"
NOTHING = "\ufdd0"
"""Stands for U+0000, which PostgreSQL's texts cannot hold; Unicode keeps it free for such use."""
LOCK = 0x1EAD_11_E
CHUNK = 1 << 20


class Postgres(Engine):
    """A PostgreSQL database; all tables are in the schema `leadline`."""

    name = "PostgreSQL"
    types: ClassVar[Mapping[str, str]] = {
        # Names sort by code point, as in the other engines, whatever the database's own language.
        "text": 'TEXT COLLATE "C"',
        "integer": "BIGINT",
        "number": "BIGINT NOT NULL",
        "decimal": "NUMERIC(18, 6)",
        "date": "DATE",
        "timestamp": "TIMESTAMP",
        "boolean": "BOOLEAN",
    }
    transactions = True
    renderer = PostgresRenderer

    def __init__(self, url: str) -> None:
        try:
            import psycopg
        except ImportError as error:
            raise missing_driver("PostgreSQL", "postgres") from error
        try:
            self.con = psycopg.connect(url, autocommit=True)
        except psycopg.Error as error:
            raise DataError(
                "warehouse-unreachable",
                "The warehouse cannot be reached.",
                why=str(error).strip().splitlines()[-1],
                fix="check `warehouse:` in leadline.yaml, and that the server runs and lets you in",
            ) from error
        self.con.execute("SET timezone = 'UTC'")
        if self.con.execute("SELECT to_regnamespace(%s)", (SCHEMA,)).fetchone() == (None,):
            self.con.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        self.con.execute(f"SET search_path = {SCHEMA}")

    def rows(self, sql: str) -> tuple[list[str], list[Row]]:
        cursor = self.con.execute(_plain(sql))
        names = [column.name for column in cursor.description or ()]
        return names, [tuple(map(_value, row)) for row in cursor.fetchall()]

    def execute(self, sql: str) -> None:
        self.con.execute(_plain(sql))

    def columns(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for table, column in self.con.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = %s", (SCHEMA,)
        ).fetchall():
            found.setdefault(table, set()).add(column)
        return found

    def send(self, con: Connection, select: str, table: str, columns: Mapping[str, Kind]) -> int:
        values = ", ".join(
            f"replace({quote(name)}, chr(0), {literal(NOTHING)})" if kind == "text" else quote(name)
            for name, kind in columns.items()
        )
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "rows.csv"
            con.execute(f"COPY (SELECT {values} FROM ({select})) TO {literal(str(file))} (FORMAT csv, HEADER false)")
            with (
                file.open("rb") as stream,
                self.con.cursor() as cursor,
                cursor.copy(_plain(f"COPY {table} ({listed(columns)}) FROM STDIN (FORMAT csv)")) as copy,
            ):
                while chunk := stream.read(CHUNK):
                    copy.write(chunk)
            return int(max(cursor.rowcount, 0))

    def fetch(self, con: Connection, sql: str, into: str, columns: Mapping[str, Kind]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "rows.csv"
            with (
                file.open("wb") as stream,
                self.con.cursor() as cursor,
                cursor.copy(_plain(f"COPY ({sql}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)")) as copy,
            ):
                for chunk in copy:
                    stream.write(chunk)
            types = ", ".join(f"{literal(name)}: {literal(STAGED[kind])}" for name, kind in columns.items())
            values = ", ".join(
                f"replace({quote(name)}, {literal(NOTHING)}, chr(0)) AS {quote(name)}"
                if kind == "text"
                else quote(name)
                for name, kind in columns.items()
            )
            con.execute(
                f"CREATE OR REPLACE TEMP TABLE {into} AS SELECT {values} FROM read_csv({literal(str(file))}, "
                f"header = false, columns = {{{types}}}, delim = ',', quote = '\"', escape = '\"', "
                "allow_quoted_nulls = false, nullstr = '', auto_detect = false, max_line_size = 1000000000)"
            )

    def text(self, value: str) -> str:
        return super().text(value.replace("\0", NOTHING))

    def create(self, table: str, columns: Mapping[str, Kind], order: tuple[str, ...]) -> None:
        self.con.execute(_plain(f"CREATE TABLE IF NOT EXISTS {table} ({declared(columns, self.types)})"))
        if order:
            self.con.execute(
                _plain(f"CREATE INDEX IF NOT EXISTS {table}_by ON {table} ({', '.join(map(quote, order))})")
            )

    def view(self, name: str, select: str) -> None:
        # A view cannot be replaced by one with columns in another order.
        with self.con.transaction():
            self.execute(f"DROP VIEW IF EXISTS {name}")
            self.execute(f"CREATE VIEW {name} AS {select}")

    def begin(self) -> None:
        self.con.execute("BEGIN")
        self.con.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))

    def commit(self) -> None:
        self.con.execute("COMMIT")

    def rollback(self) -> None:
        if not self.con.closed:
            self.con.rollback()

    def close(self) -> None:
        self.con.close()


def _plain(sql: str) -> Any:
    """A statement as psycopg takes one that is not a literal; without values, per cent signs are plain."""
    return sql.encode()


def _value(value: Any) -> Any:
    """A value as it was sent; sums of integers come as decimals without a point."""
    if isinstance(value, Decimal) and value.as_tuple().exponent == 0:
        return int(value)
    if isinstance(value, str) and NOTHING in value:
        return value.replace(NOTHING, "\0")
    return value
