"""The one module that touches the DuckDB driver: opening, settings, and what its errors mean to a user."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from leadline.errors import DataError

if TYPE_CHECKING:
    import duckdb

    Connection = duckdb.DuckDBPyConnection


def connect(path: Path | None = None, *, read_only: bool = False) -> Connection:
    """Open `path` (or an in-memory database) in UTC.

    Raises `DataError` when another process holds the file for writing, or when it is not a DuckDB file.
    """
    import duckdb

    # The zone is fixed so that no result depends on the machine; names resolve without touching the network.
    config: dict[str, str | bool | int | float | list[str]] = {
        "TimeZone": "UTC",
        "autoinstall_known_extensions": "false",
    }
    try:
        return duckdb.connect(":memory:" if path is None else str(path), read_only=read_only, config=config)
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise DataError(
                "warehouse-locked",
                f"The warehouse {path} is in use by another process.",
                why="one process at a time may write to it",
                fix="wait for the other command to end, or ask the running server instead",
            ) from error
        raise DataError(
            "warehouse-unreadable",
            f"The warehouse {path} cannot be opened.",
            why=str(error).splitlines()[0],
            fix="restore it from a backup, or delete it and load the sources again",
        ) from error


def sql_errors() -> type[Exception]:
    """The driver's base error, for callers that turn SQL a user wrote into a message."""
    import duckdb

    return duckdb.Error
