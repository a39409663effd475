"""Engines: what a warehouse beside the embedded one has to be able to do.

An engine runs statements that a renderer of its own has written, takes rows from a staging DuckDB and gives rows back
to it. Its tables are only ever added to; `leadline.warehouse.remote` says which there are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from leadline.errors import UsageError
from leadline.sql.name import quote

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection
    from leadline.sql.render import Renderer

Kind = Literal["text", "integer", "decimal", "date", "timestamp", "boolean", "number"]
"""Column types of facts; a `number` is an integer that is never null."""
Row = tuple[Any, ...]

STAGED: Mapping[str, str] = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "BIGINT",
    "decimal": "DECIMAL(18, 6)",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN",
}
"""The kinds as the staging DuckDB has them."""


class Engine(ABC):
    """A connection to an engine."""

    name: ClassVar[str]
    types: ClassVar[Mapping[str, str]]
    """The kinds as the engine has them."""
    transactions: ClassVar[bool] = False
    """Whether several tables change together between `begin` and `commit`."""
    renderer: type[Renderer]

    @abstractmethod
    def rows(self, sql: str) -> tuple[list[str], list[Row]]:
        """Column names and rows of a query, in plain Python values."""

    @abstractmethod
    def execute(self, sql: str) -> None:
        """Run a statement that gives nothing back."""

    @abstractmethod
    def columns(self) -> dict[str, set[str]]:
        """Names of the columns of each table and view there is."""

    @abstractmethod
    def send(self, con: Connection, select: str, table: str, columns: Mapping[str, Kind]) -> int:
        """Append the rows of a `select` of the staging DuckDB to a table; how many there were."""

    @abstractmethod
    def fetch(self, con: Connection, sql: str, into: str, columns: Mapping[str, Kind]) -> None:
        """Make a temporary table `into` of the staging DuckDB from the rows of a query here."""

    @abstractmethod
    def create(self, table: str, columns: Mapping[str, Kind], order: tuple[str, ...]) -> None:
        """Create a table; `order` is what most questions restrict."""

    @abstractmethod
    def close(self) -> None:
        """Close the connection; safe to call twice."""

    def widen(self, table: str, column: str, kind: Kind) -> None:
        """Add a column to a table."""
        self.execute(f"ALTER TABLE {table} ADD COLUMN {quote(column)} {self.types[kind]}")

    def view(self, name: str, select: str) -> None:
        """Create or replace a view."""
        self.execute(f"CREATE OR REPLACE VIEW {name} AS {select}")

    def text(self, value: str) -> str:
        """`value` as a text of its SQL."""
        return self.renderer({}, str).text(value)

    def outside(self, row: str, chosen: str) -> str:
        """Condition that a row id is not among those that a query gives in a column `_row`."""
        return f"NOT EXISTS (SELECT 1 FROM ({chosen}) AS away WHERE away._row = {row})"

    def begin(self) -> None:
        """Start changing several tables, alone."""
        return

    def commit(self) -> None:
        """Make what was changed since `begin` seen by all."""
        return

    def rollback(self) -> None:
        """Forget what was changed since `begin`, where there are transactions."""
        return


def declared(columns: Mapping[str, Kind], types: Mapping[str, str]) -> str:
    """Columns with their types, as CREATE TABLE wants them."""
    return ", ".join(f"{quote(name)} {types[kind]}" for name, kind in columns.items())


def listed(columns: Mapping[str, Kind]) -> str:
    """Names of columns, with commas."""
    return ", ".join(map(quote, columns))


def missing_driver(engine: str, extra: str) -> UsageError:
    """The error for an engine whose driver is not installed."""
    return UsageError(
        "missing-driver", f"The driver for {engine} is not installed.", fix=f"pip install 'leadline[{extra}]'"
    )
