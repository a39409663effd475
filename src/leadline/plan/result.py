"""The answer: columns, rows, and where every number comes from."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from leadline.errors import unknown
from leadline.plan.query import Query

Value = int | float | Decimal | str | bool | dt.date | None
Mark = Literal["cut", "unfinished", "settling", "redefined", "like", "immature", "unlike", "no-data"]


def _sort_key(value: Value) -> tuple[int, Any]:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return (1, str(value))
    if isinstance(value, dt.date):
        return (0, value.toordinal())
    return (0, value)


class ResultColumn(Struct, frozen=True):
    """One column of a result.

    `kind` time values are the first day of the period; dimension values may be None (Unattributed); metric values are
    numbers in `unit` (percent as a share: 0.123 is 12.3 %) or None where there is no value. `currency` is set for
    money when the whole column is in one.
    """

    name: str
    kind: Literal["time", "dimension", "metric"]
    label: str
    unit: str = ""
    metric: str = ""
    compare: Literal["", "previous", "year"] = ""
    better: Literal["", "higher", "lower", "target"] = ""
    currency: str = ""


class Total(Struct, frozen=True):
    """A row over all of the breakdown: of one period, or over all periods when it has none; dimensions are None.

    `marks` are by column.
    """

    values: tuple[Value, ...]
    marks: dict[int, Mark] = field(default_factory=dict)


class Result(Struct, frozen=True):
    """A table of numbers with its provenance.

    `marks` says of cells (row, column) that the period is unfinished, a cohort's window still open, or that no data
    reaches it. `query` is what was asked, for the way back to the records. `totals`, where they were asked for, are
    counted anew from the records over all rows, shown or not, in the order of the periods, the one over all last.
    """

    columns: tuple[ResultColumn, ...]
    rows: list[tuple[Value, ...]]
    provenance: dict[str, Any]
    marks: dict[tuple[int, int], Mark] = field(default_factory=dict)
    query: Query | None = None
    totals: tuple[Total, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> list[Value]:
        """The values of one column."""
        index = self.names.index(name)
        return [row[index] for row in self.rows]

    def breaks_of(self, column: str) -> list[dt.date]:
        """The days on which another definition of a column begins."""
        found = self.provenance.get("breaks") or []
        return [dt.date.fromisoformat(one["from"]) for one in found if column in one["columns"]]

    def sorted_by(self, word: str) -> Result:
        """The rows ordered by a column, largest first (`-name`: smallest first), those without a value last."""
        name, down = word.removeprefix("-"), not word.startswith("-")
        if name not in self.names:
            raise unknown("column", name, self.names)
        at = self.names.index(name)
        order: list[int] = sorted(
            range(len(self.rows)), key=lambda index: _sort_key(self.rows[index][at]), reverse=down
        )
        order.sort(key=lambda index: self.rows[index][at] is None)
        return self._picked(order)

    def limited(self, count: int) -> Result:
        """The first `count` rows."""
        return self._picked(list(range(min(count, len(self.rows)))))

    def only(self, number: int) -> Result:
        """One row."""
        return self._picked([number])

    def _picked(self, order: list[int]) -> Result:
        place = {old: new for new, old in enumerate(order)}
        marks = {(place[row], column): mark for (row, column), mark in self.marks.items() if row in place}
        return replace(self, rows=[self.rows[index] for index in order], marks=marks)

    def to_dicts(self) -> list[dict[str, Value]]:
        """Rows as mappings from column name to value."""
        return [dict(zip(self.names, row, strict=True)) for row in self.rows]

    def to_pandas(self) -> Any:
        """The rows as a pandas frame; pandas must be installed."""
        import pandas as pd  # type: ignore[import-untyped,unused-ignore]

        return pd.DataFrame(self.rows, columns=list(self.names))

    def to_polars(self) -> Any:
        """The rows as a polars frame; polars must be installed."""
        import polars as pl  # type: ignore[import-not-found,unused-ignore]

        return pl.DataFrame(self.rows, schema=list(self.names), orient="row")

    def to_arrow(self) -> Any:
        """The rows as a pyarrow table; pyarrow must be installed."""
        import pyarrow as pa  # type: ignore[import-not-found,unused-ignore]

        return pa.table({name: self.column(name) for name in self.names})

    def _repr_html_(self) -> str:
        from leadline.plan.drawing import result_page

        return result_page(self)

    def __repr__(self) -> str:
        head = "\n".join("  ".join(str(value) for value in row) for row in self.rows[:10])
        more = f"\n… {len(self.rows) - 10} more rows" if len(self.rows) > 10 else ""
        return f"{'  '.join(self.names)}\n{head}{more}"
