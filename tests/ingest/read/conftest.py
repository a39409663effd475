from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from leadline.engines.duckdb import connect
from leadline.errors import DataError
from leadline.ingest.read import ReadOptions, Table, read


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = connect()
    yield connection
    connection.close()


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def _write(content: bytes | str, name: str = "report.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return _write


@pytest.fixture
def tables(con: duckdb.DuckDBPyConnection, write: Callable[..., Path]) -> Callable[..., list[Table]]:
    def _tables(content: bytes | str, stored: str = "utf-8", **options: Any) -> list[Table]:
        return read(con, write(content, encoding=stored), ReadOptions(**options))

    return _tables


@pytest.fixture
def rows(con: duckdb.DuckDBPyConnection) -> Callable[[Table], list[tuple[Any, ...]]]:
    def _rows(table: Table) -> list[tuple[Any, ...]]:
        return con.execute(f"select * from {table.relation} order by _line").fetchall()

    return _rows


@pytest.fixture
def refusal(tables: Callable[..., list[Table]], con: duckdb.DuckDBPyConnection) -> Callable[..., DataError]:
    """The error with which a content is refused; nothing may stay staged."""

    def _refusal(content: bytes | str, stored: str = "utf-8", **options: Any) -> DataError:
        with pytest.raises(DataError) as caught:
            tables(content, stored, **options)
        left = con.execute("select count(*) from duckdb_tables() where table_name like '_read%'").fetchone()
        assert left == (0,)
        assert caught.value.fix
        return caught.value

    return _refusal
