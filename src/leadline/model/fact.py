"""What a fact is: a typed table whose every column is documented once, here, with unit and meaning."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from msgspec import Struct

from leadline.errors import UsageError, unknown

ColumnType = Literal["text", "integer", "decimal", "date", "timestamp", "boolean"]
Role = Literal["dimension", "measure", "time", "id", "attribute"]

SYSTEM_COLUMNS = ("_source", "_load", "_line", "_key")


class Column(Struct, frozen=True, forbid_unknown_fields=True):
    """One column of a fact.

    `unit` is what one of it is (`people`, `clicks`, `money`, `seconds`); money columns are in the row's `currency`.
    `personal` marks personal data, masked unless a role allows. `additive` is false for a measure that must not be
    summed (a platform's own reach). `derived` is an SQL expression that the warehouse computes itself.
    """

    name: str
    type: ColumnType
    doc: str
    role: Role = "attribute"
    unit: str = ""
    personal: bool = False
    additive: bool = True


class Fact(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """One typed table in the field's own words.

    `time` places a row in a period unless a formula says `at COLUMN`. `entity` is the column whose distinct values
    journeys follow (a person, a customer, a deal). Rows with `starts` and `ends` hold from the one until before the
    other, open when that is null; rows with `balance_of` are readings of a balance, one item each. `is_first` is
    derived per `first_by` among the rows that meet `first_where`. `fed_by` tells which source brings its rows.
    """

    name: str
    doc: str
    time: str
    columns: tuple[Column, ...]
    entity: str = ""
    starts: str = ""
    ends: str = ""
    balance_of: tuple[str, ...] = ()
    first_by: tuple[str, ...] = ()
    first_where: str = ""
    fed_by: str = ""

    def column(self, name: str) -> Column:
        """The column named `name`; `UsageError` with the closest names otherwise."""
        found = self._by_name.get(name)
        if found is None:
            raise unknown("column", name, self.column_names, why=f"fact {self.name} has no such column")
        return found

    def has(self, name: str) -> bool:
        """Whether the fact has a column of that name."""
        return name in self._by_name

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    @cached_property
    def breakdowns(self) -> tuple[str, ...]:
        """Columns a number may be broken down by: dimensions, ids and plain attributes, never personal data."""
        return (
            *(c.name for c in self.columns if c.role in {"dimension", "id", "attribute"} and not c.personal),
            "_source",
        )

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @cached_property
    def dimensions(self) -> tuple[str, ...]:
        """Names of the columns a number may be broken down by."""
        return tuple(column.name for column in self.columns if column.role == "dimension")

    @cached_property
    def times(self) -> tuple[str, ...]:
        """Names of the columns that can place a row in a period."""
        return tuple(column.name for column in self.columns if column.role == "time")

    @property
    def has_currency(self) -> bool:
        return any(column.name == "currency" for column in self.columns)

    def extended(self, columns: tuple[Column, ...]) -> Fact:
        """The fact with a workspace's own columns added; a clash with a built-in name is an error."""
        import msgspec

        for column in columns:
            if self.has(column.name):
                raise UsageError(
                    "column-exists",
                    f"Fact {self.name} already has a column {column.name!r}.",
                    fix="choose another name, or map to the built-in column",
                )
        return msgspec.structs.replace(self, columns=self.columns + columns)
