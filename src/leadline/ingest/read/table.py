"""A table: one rectangular piece of a delivered file, staged in DuckDB, and the options that steer its reading."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from msgspec import Struct, field

from leadline.ingest.source import Finding

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

LINE = "_line"

_numbers = itertools.count(1)


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """What a delivery may cost before it is refused; sizes in bytes, `ratio` is unpacked to packed."""

    line: int = 8 << 20
    unpacked: int = 8 << 30
    ratio: int = 200
    ratio_from: int = 64 << 20
    members: int = 1000
    json: int = 256 << 20


class ReadOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """How to read a delivery; everything left empty is found from the content.

    `format` is a kind of `probe` or `sql`; `delimiter` one character, `tab` or `space`; `quote` the quoting character,
    or empty for none; `header=False` says the first line is data, and `names` then names the columns; `skip` leaves
    out that many lines first; `sheet`, `table` and `query` choose within a workbook or a database; `url` is an
    SQLAlchemy address.
    """

    format: str = ""
    encoding: str = ""
    delimiter: str = ""
    quote: str = '"'
    header: bool = True
    names: tuple[str, ...] = ()
    skip: int = 0
    sheet: str = ""
    table: str = ""
    query: str = ""
    url: str = ""
    limits: Limits = field(default_factory=Limits)


class UnsureError(Exception):
    """A delivery that was to be loaded without being staged has to be staged after all."""


class Table(Struct, frozen=True):
    """One rectangular piece of a delivered file, staged in DuckDB.

    `file` is its display name (`gsc.zip/Queries.csv`, `book.xlsx/Sheet1`), `name` the section, sheet, member or table.
    `relation` is a temporary table or view, to be written into SQL as it stands: `_line BIGINT` first (the physical
    line on which the record starts, 1-based; the row of a sheet; the ordinal of the record where a format has no
    lines), then `columns` (trimmed, unique). With `text` every column is VARCHAR exactly as delivered, an empty cell
    being null (`wide` if there may be white space beyond ASCII in it); otherwise columns have native types.

    `decimal` is the decimal mark where the format fixes it. `notes` are findings about the file's form; one of severity
    `error` names a record that is not in the relation or a cell that must not be trusted, so a load has to stop or to
    quarantine it. `parts` are the DuckDB objects behind it. Where `sample` is set nothing has been read yet: `relation`
    reads the file whenever it is asked, `rows` is what there should be, and `sample` holds `sampled` of the rows, the
    last one among them.
    """

    file: str
    name: str
    relation: str
    columns: tuple[str, ...]
    text: bool
    preamble: tuple[str, ...] = ()
    header_line: int = 0
    encoding: str = ""
    delimiter: str = ""
    rows: int = 0
    notes: tuple[Finding, ...] = ()
    decimal: str = ""
    kind: str = ""
    parts: tuple[str, ...] = ()
    sample: str = ""
    sampled: int = 0
    wide: bool = True

    @property
    def shown(self) -> tuple[str, int]:
        """Where to look at cells, and how many rows are there."""
        return (self.sample, self.sampled) if self.sample else (self.relation, self.rows)


def fresh(purpose: str) -> str:
    """A name no other relation of this process has."""
    return f"_read_{purpose}_{next(_numbers)}"


def ident(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def unique(names: list[str]) -> tuple[list[str], list[str]]:
    """Names trimmed, filled in and made unique without regard to case, and what was changed, in words."""
    seen: set[str] = {LINE}
    result: list[str] = []
    changes: list[str] = []
    for position, raw in enumerate(names, 1):
        trimmed = " ".join(raw.replace("\ufeff", "").split())
        name = trimmed or f"column_{position}"
        base, number = name, 1
        while name.lower() in seen:
            number += 1
            name = f"{base}_{number}"
        if name != trimmed:
            changes.append(f"column {position} ({trimmed or 'no name'}) reads as {name}")
        seen.add(name.lower())
        result.append(name)
    return result, changes


def release(con: Connection, tables: list[Table]) -> None:
    """Drop what reading staged; harmless when done twice."""
    for table in tables:
        for part in table.parts:
            kind = "view" if part.startswith("_read_view") else "table"
            con.execute(f"drop {kind} if exists {ident(part)}")
