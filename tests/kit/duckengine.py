"""A stand-in for an engine elsewhere that needs no driver: a DuckDB file behind the surface of `Engine`."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from leadline.engines.duckdb import connect
from leadline.engines.engine import STAGED, Engine, Kind, declared, listed
from leadline.sql.name import literal, quote
from leadline.sql.render import Renderer

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

SCHEME = "standin://"


class StandIn(Engine):
    """Tables of the engine's own in a file; rows travel as Parquet. `asked` has its queries, in order."""

    name = "the stand-in"
    types: ClassVar[Mapping[str, str]] = STAGED
    renderer = Renderer

    def __init__(self, path: Path) -> None:
        self.con = connect(path)
        self.asked: list[str] = []

    def rows(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        self.asked.append(sql)
        cursor = self.con.execute(sql)
        return [column[0] for column in cursor.description or ()], cursor.fetchall()

    def execute(self, sql: str) -> None:
        self.con.execute(sql)

    def columns(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for table, column in self.con.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
        ).fetchall():
            found.setdefault(table, set()).add(column)
        return found

    def send(self, con: Connection, select: str, table: str, columns: Mapping[str, Kind]) -> int:
        with tempfile.TemporaryDirectory() as folder:
            file = literal(f"{folder}/rows.parquet")
            con.execute(f"COPY (SELECT {listed(columns)} FROM ({select})) TO {file} (FORMAT parquet)")
            done = self.con.execute(f"INSERT INTO {table} BY NAME FROM read_parquet({file})").fetchone()
        return int(done[0]) if done else 0

    def fetch(self, con: Connection, sql: str, into: str, columns: Mapping[str, Kind]) -> None:
        self.asked.append(sql)
        values = ", ".join(f"CAST({quote(name)} AS {STAGED[kind]}) AS {quote(name)}" for name, kind in columns.items())
        with tempfile.TemporaryDirectory() as folder:
            file = literal(f"{folder}/rows.parquet")
            self.con.execute(f"COPY (SELECT {listed(columns)} FROM ({sql})) TO {file} (FORMAT parquet)")
            con.execute(f"CREATE OR REPLACE TEMP TABLE {into} AS SELECT {values} FROM read_parquet({file})")

    def create(self, table: str, columns: Mapping[str, Kind], order: tuple[str, ...]) -> None:
        self.con.execute(f"CREATE TABLE IF NOT EXISTS {table} ({declared(columns, self.types)})")

    def close(self) -> None:
        self.con.close()


def open_stand_in(url: str, folder: Path) -> StandIn:
    """In place of `leadline.engines.opening.open_engine`, for addresses that begin with `SCHEME`."""
    return StandIn(Path(url.removeprefix(SCHEME)))
