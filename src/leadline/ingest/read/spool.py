"""A spool: records written one by one into a plain CSV of our own, then staged by DuckDB in one go.

DuckDB reads a CSV it need not guess at far faster than it takes rows from Python, and needs no third library for it.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadline.engines.duckdb import sql_errors
from leadline.errors import DataError
from leadline.ingest.read.table import LINE, fresh, ident, literal

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

_PRECEDENCE = ("BOOLEAN", "BIGINT", "DECIMAL(38,10)", "DOUBLE")


class Spool:
    """Rows of one table on their way into DuckDB; `types` of a column are gathered from the values that pass."""

    def __init__(self, folder: Path, width: int) -> None:
        self.path = folder / f"{fresh('spool')}.csv"
        self.width = width
        self.rows = 0
        self.short = 0
        self.first_short = 0
        self.used = [False] * width
        self.types: list[set[str]] = [set() for _ in range(width)]
        self._longest = 0
        self._file = self.path.open("w", encoding="utf-8", newline="", errors="strict")
        # TRICKY: QUOTE_MINIMAL leaves a lone carriage return bare, and DuckDB gives such a file up
        self._write = csv.writer(self._file, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow

    def text(self, line: int, cells: Sequence[str]) -> None:
        """Add a record of text cells, filled up to the width; extra cells must be empty."""
        given = len(cells)
        if given != self.width:
            if given < self.width:
                if not self.short:
                    self.first_short = line
                self.short += 1
            cells = [*cells[: self.width], *[""] * (self.width - given)]
        self._longest = max(self._longest, self._write((line, *cells)))
        self.rows += 1

    def values(self, line: int, cells: Sequence[Any]) -> None:
        """Add a record of Python values, noting each value's type."""
        row: list[Any] = [line]
        for position in range(self.width):
            value = cells[position] if position < len(cells) else None
            kind, text = _stored(value)
            if kind:
                self.used[position] = True
                self.types[position].add(kind)
            row.append(text)
        self._longest = max(self._longest, self._write(row))
        self.rows += 1

    def column_type(self, position: int) -> str:
        """The DuckDB type that holds every value of a column."""
        kinds = self.types[position]
        if len(kinds) == 1:
            return next(iter(kinds))
        if kinds and kinds <= {"BIGINT", "DECIMAL(38,10)", "DOUBLE"}:
            return max(kinds, key=_PRECEDENCE.index)
        return "TIMESTAMP" if kinds == {"DATE", "TIMESTAMP"} else "VARCHAR"

    def stage(self, con: Connection, columns: Sequence[str], types: Sequence[str] = ()) -> str:
        """Make a temporary table of the rows and return its name; the spool's file is removed."""
        self._file.close()
        name = fresh("table")
        kinds = types or ["VARCHAR"] * self.width
        pairs = [f"{literal(LINE)}: 'BIGINT'"]
        pairs += [f"{literal(column)}: {literal(kind)}" for column, kind in zip(columns, kinds, strict=True)]
        longest = max(2 << 20, self._longest * 4)
        room = f", buffer_size={longest * 2}" if longest > 2 << 20 else ""
        try:
            con.execute(
                f"create temp table {ident(name)} as from read_csv({literal(str(self.path))}, auto_detect=false, "
                f"header=false, delim=',', quote='\"', escape='\"', new_line='\\n', strict_mode=true, "
                f"max_line_size={longest}{room}, columns={{{', '.join(pairs)}}})"
            )
        except sql_errors() as error:
            raise DataError(
                "staging-failed",
                "The rows were read but could not be staged.",
                why=str(error).splitlines()[0],
                fix="check that there is room for temporary files; else this is a fault to report",
            ) from error
        finally:
            self.path.unlink()
        return name

    def drop(self) -> None:
        """Give the rows up."""
        self._file.close()
        self.path.unlink(missing_ok=True)


def _stored(value: Any) -> tuple[str, Any]:
    """The DuckDB type a Python value asks for, and how it is written."""
    match value:
        case None | "":
            return "", ""
        case str():
            return "VARCHAR", value
        case bool():
            return "BOOLEAN", "true" if value else "false"
        case int():
            return ("BIGINT" if -(2**63) <= value < 2**63 else "DOUBLE"), value
        case float():
            if value != value:
                return "", ""
            whole = value.is_integer() and abs(value) < 2**53
            return ("BIGINT", int(value)) if whole else ("DOUBLE", repr(value))
        case Decimal():
            return _stored_decimal(value)
        case dt.datetime():
            if value.tzinfo is not None:
                return "TIMESTAMPTZ", value.astimezone(dt.UTC).isoformat(" ")
            return "TIMESTAMP", value.isoformat(" ")
        case dt.date():
            return "DATE", value.isoformat()
        case dt.time():
            return "TIME", value.isoformat()
        case dt.timedelta():
            return "DOUBLE", repr(value.total_seconds())
        case bytes() | bytearray() | memoryview():
            return "VARCHAR", bytes(value).hex()
        case list() | dict() | tuple():
            return "VARCHAR", json.dumps(value, ensure_ascii=False, default=str)
        case _:
            return "VARCHAR", str(value)


def _stored_decimal(value: Decimal) -> tuple[str, Any]:
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        return "", ""
    if -exponent <= 10 and len(digits) + exponent <= 28:
        return "DECIMAL(38,10)", format(value, "f")
    return "DOUBLE", repr(float(value))
