"""Staging: the rows of each table found in a delivery go through a spool of their own into DuckDB."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, field

from leadline.errors import DataError
from leadline.ingest.read.block import Aside, Item, Row, Start
from leadline.ingest.read.look import extent, filled, shown
from leadline.ingest.read.record import Record
from leadline.ingest.read.spool import Spool
from leadline.ingest.read.table import Table, ident, unique
from leadline.ingest.source import Finding

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

SHOWN = 20


class _Part(Struct):
    """One table while its rows arrive."""

    start: Start
    spool: Spool
    asides: list[Aside] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    last: Record | None = None


def stage_items(
    con: Connection,
    items: Iterable[Item],
    name: str,
    folder: Path,
    *,
    delimiter: str = "",
    whole: bool = True,
    native: bool = False,
    unit: str = "line",
) -> list[Table]:
    """Stage every table among the items; `whole` says that the text ends with a line end, `native` that cells are
    Python values, `unit` what a record's number counts."""
    tables: list[Table] = []
    part: _Part | None = None
    above: list[Aside] = []
    try:
        for item in items:
            if isinstance(item, Start):
                if part is not None:
                    tables.append(_finish(con, part, name, delimiter, True, native))
                part = _Part(item, Spool(folder, len(item.header.cells)))
            elif part is None:
                above += [item] if isinstance(item, Aside) and not above else []
            elif isinstance(item, Row):
                record = item.record
                (part.spool.values if native else part.spool.text)(record.line, record.cells)
                part.last = record
            else:
                kind = _aside_kind(item)
                part.counts[kind] += 1
                if part.counts[kind] <= SHOWN:
                    part.asides.append(item)
        if part is not None:
            tables.append(_finish(con, part, name, delimiter, whole, native))
            part = None
    finally:
        if part is not None:
            part.spool.drop()
    if not tables:
        seen = (
            f"{unit} {above[0].record.line} reads {above[0].record.raw[:80]!r}" if above else "there is no row at all"
        )
        raise DataError(
            "no-header",
            f"{name}: nothing in it names columns.",
            why=seen,
            fix="say `header: false` and name the columns, or how many lines to `skip`",
        )
    return tables


def _finish(con: Connection, part: _Part, name: str, delimiter: str, whole: bool, native: bool) -> Table:
    header, spool = part.start.header, part.spool
    given = [shown(cell) for cell in header.cells]
    columns, changes = unique(given)
    types = [spool.column_type(position) for position in range(spool.width)] if native else []
    staged = spool.stage(con, columns, types)
    kept = _drop_unnamed(con, staged, given, columns)
    notes = [
        Finding("note", "renamed-column", name, f"{change}.", line=header.line)
        for change in changes
        if any(change.endswith(f" reads as {column}") for column in kept)
    ]
    notes += _row_notes(part, name, whole, native)
    return Table(
        file=name,
        name=part.start.name,
        relation=ident(staged),
        columns=tuple(kept),
        text=not native,
        preamble=part.start.preamble,
        header_line=header.line,
        delimiter=delimiter,
        rows=spool.rows,
        notes=tuple(notes),
        kind="delimited",
        parts=(staged,),
    )


def _drop_unnamed(con: Connection, staged: str, given: list[str], columns: list[str]) -> list[str]:
    """Drop columns that have neither a name nor a value: vendors pad every line to the widest."""
    blank = [column for raw, column in zip(given, columns, strict=True) if not raw]
    if not blank:
        return columns
    counts = con.execute(f"select {', '.join(f'count({ident(column)})' for column in blank)} from {ident(staged)}")
    empty = {column for column, count in zip(blank, counts.fetchone() or (), strict=True) if not count}
    for column in empty:
        con.execute(f"alter table {ident(staged)} drop column {ident(column)}")
    return [column for column in columns if column not in empty]


def _row_notes(part: _Part, name: str, whole: bool, native: bool) -> list[Finding]:
    spool, last = part.spool, part.last
    notes: list[Finding] = []
    if not spool.rows:
        line = part.start.header.line
        notes.append(Finding("note", "no-rows", name, "The table has a header and no rows.", line=line))
    cut = last is not None and not whole and len(last.cells) < spool.width and spool.short == 1 and not native
    if cut and last is not None and "total" not in shown(last.cells[0]).lower():
        notes.append(
            Finding(
                "error",
                "cut-off",
                name,
                f"The last line has {len(last.cells)} of {spool.width} cells and no line end: the file was cut off.",
                fix="export or download it again",
                line=last.line,
                value=last.raw[:500],
            )
        )
    elif spool.short:
        notes.append(
            Finding(
                "note",
                "short-rows",
                name,
                "Lines with fewer cells than the header; the cells missing at their end count as empty.",
                line=spool.first_short,
                count=spool.short,
            )
        )
    return notes + _aside_notes(part, name)


def _aside_kind(aside: Aside) -> str:
    """What a record outside the rows is: a remark is one cell, several below a table may be a row that was lost."""
    return "lost" if aside.kind == "footer" and filled(aside.record) > 2 else aside.kind


def _aside_notes(part: _Part, name: str) -> list[Finding]:
    """Findings for records that are no rows: those too wide or below the table are errors, the rest is told.

    Of each kind the first are told one by one, the last of them with the count of the others.
    """
    notes: list[Finding] = []
    told: Counter[str] = Counter()
    for aside in sorted(part.asides, key=lambda aside: aside.kind != "wide"):
        record, kind = aside.record, _aside_kind(aside)
        told[kind] += 1
        count = part.counts[kind] - SHOWN + 1 if told[kind] == SHOWN else 1
        line, raw = record.line, record.raw[:500]
        if kind == "wide":
            wide = Finding(
                "error",
                "too-many-cells",
                name,
                f"The line has {extent(record)} cells, the header {part.spool.width}: values are in wrong columns.",
                "put quotes around the cell that holds the delimiter, or export it again",
            )
            notes.append(msgspec.structs.replace(wide, line=line, value=raw, count=count))
        elif kind == "lost":
            lost = Finding("error", "row-outside-table", name, "The line belongs to no table.", line=line, value=raw)
            notes.append(msgspec.structs.replace(lost, count=count))
        elif kind == "repeat":
            what = "The line repeats the header: files were joined. It was left out."
            notes.append(Finding("warning", "repeated-header", name, what, line=line, count=count))
        else:
            what = "The line is a remark, not a row."
            notes.append(Finding("note", kind, name, what, line=line, value=raw, count=count))
    return notes
