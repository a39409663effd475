"""The one module that touches the DuckDB driver: opening, settings, and what its errors mean to a user."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadline.errors import DataError

if TYPE_CHECKING:
    import duckdb

    Connection = duckdb.DuckDBPyConnection


HAS_CALENDAR = "SELECT 1 FROM duckdb_extensions() WHERE extension_name = 'icu' AND loaded"


def _driver() -> Any:
    """The driver's extension module.

    The `duckdb` package around it costs twice the rest of a short command to import (its dataframe and type helpers,
    unused here); `import duckdb` gives the same classes, so both can be used side by side.
    """
    import importlib

    try:
        return importlib.import_module("_duckdb")
    except ImportError:
        return importlib.import_module("duckdb")


def connect(path: Path | None = None, *, read_only: bool = False) -> Connection:
    """Open `path` (or an in-memory database) in UTC.

    Raises `DataError` when another process holds the file for writing, or when it is not a DuckDB file.
    """
    driver = _driver()
    # No extension is fetched behind our back: what is linked in is all that is used.
    config: dict[str, str | bool | int | float | list[str]] = {"autoinstall_known_extensions": "false"}
    modern = int(driver.__version__.split(".")[0]) >= 2
    if modern:
        # No result may depend on the machine's zone, which the calendar extension would bring in.
        config["TimeZone"] = "UTC"
    try:
        name = ":memory:" if path is None else str(path)
        connection: Connection = driver.connect(name, read_only=read_only, config=config)
        if not modern and connection.execute(HAS_CALENDAR).fetchone():
            connection.execute("SET TimeZone = 'UTC'")
        return connection
    except driver.IOException as error:
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
    error: type[Exception] = _driver().Error
    return error


def statement_errors() -> tuple[type[Exception], ...]:
    """The driver's errors for a statement that does not fit the tables it is about."""
    driver = _driver()
    return driver.BinderException, driver.ParserException, driver.CatalogException


def value_errors() -> tuple[type[Exception], ...]:
    """The driver's errors for a value that a statement cannot be applied to."""
    driver = _driver()
    return driver.ConversionException, driver.OutOfRangeException, driver.InvalidInputException
