"""ClickHouse, in this process (chdb) or over HTTP (clickhouse-connect): rows travel as Parquet, answers as JSON.

Both carry the same statements and bytes, so that only `Embedded` and `Server` below know which it is.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol
from urllib.parse import unquote, urlsplit

import msgspec

from leadline.engines.engine import STAGED, Engine, Kind, Row, declared, listed, missing_driver
from leadline.errors import DataError
from leadline.sql.clickhouse import ClickHouseRenderer
from leadline.sql.name import literal, quote

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

ANSWER = "JSONCompactEachRowWithNamesAndTypes"
SETTINGS: Mapping[str, Any] = {
    "session_timezone": "UTC",
    "output_format_json_quote_decimals": 1,
    "output_format_json_quote_64bit_integers": 0,
    "output_format_parquet_string_as_string": 1,
}
"""What the transport needs; what answers need is in each statement (`leadline.sql.clickhouse`)."""


class Transport(Protocol):
    """A way to ClickHouse."""

    def ask(self, sql: str, form: str) -> bytes: ...
    def insert(self, table: str, columns: str, file: Path) -> None: ...
    def close(self) -> None: ...


class ClickHouse(Engine):
    """A ClickHouse database. It has no transactions over tables: a load counts once its ledger row is there."""

    name = "ClickHouse"
    types: ClassVar[Mapping[str, str]] = {
        "text": "Nullable(String)",
        "integer": "Nullable(Int64)",
        "number": "Int64",
        "decimal": "Nullable(Decimal(18, 6))",
        "date": "Nullable(Date32)",
        "timestamp": "Nullable(DateTime64(6, 'UTC'))",
        "boolean": "Nullable(Bool)",
    }
    renderer = ClickHouseRenderer

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def rows(self, sql: str) -> tuple[list[str], list[Row]]:
        lines = self.transport.ask(sql, ANSWER).splitlines()
        if len(lines) < 2:
            return [], []
        names: list[str] = msgspec.json.decode(lines[0])
        readers = [_reader(kind) for kind in msgspec.json.decode(lines[1])]
        return names, [
            tuple(
                value if value is None or read is None else read(value)
                for read, value in zip(readers, msgspec.json.decode(line), strict=True)
            )
            for line in lines[2:]
        ]

    def execute(self, sql: str) -> None:
        self.transport.ask(sql, "TabSeparated")

    def columns(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for table, column in self.rows("SELECT table, name FROM system.columns WHERE database = currentDatabase()")[1]:
            found.setdefault(table, set()).add(column)
        return found

    def send(self, con: Connection, select: str, table: str, columns: Mapping[str, Kind]) -> int:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "rows.parquet"
            row = con.execute(
                f"COPY (SELECT {listed(columns)} FROM ({select})) TO {literal(str(file))} (FORMAT parquet)"
            ).fetchone()
            count = int(row[0]) if row else 0
            if count:
                self.transport.insert(table, listed(columns), file)
            return count

    def fetch(self, con: Connection, sql: str, into: str, columns: Mapping[str, Kind]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "rows.parquet"
            file.write_bytes(self.transport.ask(f"SELECT {listed(columns)} FROM ({sql})", "Parquet"))
            if not file.stat().st_size:
                con.execute(f"CREATE OR REPLACE TEMP TABLE {into} ({declared(columns, STAGED)})")
                return
            values = ", ".join(
                f"CAST({quote(name)} AS {STAGED[kind]}) AS {quote(name)}" for name, kind in columns.items()
            )
            con.execute(
                f"CREATE OR REPLACE TEMP TABLE {into} AS SELECT {values} FROM read_parquet({literal(str(file))})"
            )

    def create(self, table: str, columns: Mapping[str, Kind], order: tuple[str, ...]) -> None:
        self.execute(
            f"CREATE TABLE IF NOT EXISTS {table} ({declared(columns, self.types)}) ENGINE = MergeTree "
            f"ORDER BY ({', '.join(map(quote, order)) or 'tuple()'}) SETTINGS allow_nullable_key = 1"
        )

    def outside(self, row: str, chosen: str) -> str:
        return f"{row} NOT IN ({chosen})"

    def close(self) -> None:
        self.transport.close()


class Embedded:
    """ClickHouse in this process, its tables in a folder. A process has one such folder open at a time."""

    def __init__(self, folder: Path, database: str) -> None:
        try:
            import chdb
        except ImportError as error:
            raise missing_driver("embedded ClickHouse", "clickhouse") from error
        self.errors: tuple[type[Exception], ...] = (chdb.ChdbError, RuntimeError)
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.con: Any = chdb.connect(str(folder))
        except (*self.errors, OSError) as error:
            raise _unreachable(
                error, "close the other workspace first: a process opens one folder at a time"
            ) from error
        for name, value in SETTINGS.items():
            self.con.query(f"SET {name} = {value!r}")
        self.ask(f"CREATE DATABASE IF NOT EXISTS {quote(database)}", "TabSeparated")
        self.ask(f"USE {quote(database)}", "TabSeparated")

    def ask(self, sql: str, form: str) -> bytes:
        try:
            answer: bytes = self.con.query(sql, form).bytes()
        except self.errors as error:
            raise _failed(error) from error
        return answer

    def insert(self, table: str, columns: str, file: Path) -> None:
        self.ask(
            f"INSERT INTO {table} ({columns}) SELECT {columns} FROM file({literal(str(file))}, Parquet)", "TabSeparated"
        )

    def close(self) -> None:
        if self.con is not None:
            self.con.close()
            self.con = None


class Server:
    """A ClickHouse server over its HTTP protocol."""

    def __init__(self, url: str) -> None:
        try:
            import clickhouse_connect
            from clickhouse_connect.driver.exceptions import ClickHouseError
        except ImportError as error:
            raise missing_driver("ClickHouse", "clickhouse") from error
        parts = urlsplit(url)
        secure = parts.scheme in {"https", "clickhouses"}
        self.errors: type[Exception] = ClickHouseError
        try:
            self.client: Any = clickhouse_connect.get_client(
                host=parts.hostname or "localhost",
                port=parts.port or (8443 if secure else 8123),
                username=unquote(parts.username) if parts.username else "default",
                password=unquote(parts.password or ""),
                database=parts.path.strip("/") or "default",
                secure=secure,
                settings=dict(SETTINGS),
            )
        except ClickHouseError as error:
            raise _unreachable(
                error, "check `warehouse:` in leadline.yaml, and that the server runs and lets you in"
            ) from error

    def ask(self, sql: str, form: str) -> bytes:
        try:
            if form == "TabSeparated":
                self.client.command(sql)
                return b""
            answer: bytes = self.client.raw_query(sql, fmt=form)
        except self.errors as error:
            raise _failed(error) from error
        return answer

    def insert(self, table: str, columns: str, file: Path) -> None:
        names = [name.strip().strip('"') for name in columns.split(",")]
        with file.open("rb") as stream:
            self.client.raw_insert(table, column_names=names, insert_block=stream, fmt="Parquet")

    def close(self) -> None:
        self.client.close()


def open_embedded(folder: Path, database: str) -> ClickHouse:
    """ClickHouse in this process, its tables in a database of `folder`."""
    return ClickHouse(Embedded(folder, database))


def open_server(url: str) -> ClickHouse:
    """The ClickHouse server at `clickhouse://USER:PASSWORD@HOST:PORT/DATABASE` or `http(s)://…`."""
    return ClickHouse(Server(url))


def _reader(kind: str) -> Callable[[Any], Any] | None:
    """How a value of a type of ClickHouse becomes Python's; None: it is so already."""
    for wrapper in ("LowCardinality(", "Nullable("):
        if kind.startswith(wrapper):
            kind = kind.removeprefix(wrapper)[:-1]
    if kind.startswith("Decimal"):
        return _decimal
    if kind.startswith(("Int", "UInt")):
        return int
    if kind.startswith("DateTime"):
        return dt.datetime.fromisoformat
    if kind.startswith("Date"):
        return dt.date.fromisoformat
    return None


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value))


def _unreachable(error: Exception, fix: str) -> DataError:
    return DataError("warehouse-unreachable", "The warehouse cannot be opened.", why=_first_line(error), fix=fix)


def _failed(error: Exception) -> DataError:
    return DataError(
        "engine-failed", "ClickHouse refused a statement.", why=_first_line(error), fix="report it with the statement"
    )


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
