"""Delimited text becomes tables: the plain file goes to DuckDB as it is, anything else by way of a spool.

A file is plain when nothing but full rows follows its header; DuckDB then reads it as it is, in parallel, which is what
loading costs at best (UTF-16 from a copy in UTF-8). Several tables in one file, short rows, blank lines and footers are
parsed here, record by record, and staged from a spool that remembers the physical lines.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from leadline.errors import DataError
from leadline.ingest.read import encoding as enc
from leadline.ingest.read.block import Aside, Item, Row, Start, blocks
from leadline.ingest.read.cell import formula_cells, mojibake_cells
from leadline.ingest.read.dialect import dialect_of, head_records
from leadline.ingest.read.kind import read_head
from leadline.ingest.read.look import extent, is_typed, shown
from leadline.ingest.read.plain import sample_plain, stage_plain
from leadline.ingest.read.record import SPACE, Dialect, Record, records
from leadline.ingest.read.stage import stage_items
from leadline.ingest.read.survey import BadByteError, Survey, broken_byte, survey, transcode
from leadline.ingest.read.table import ReadOptions, Table, fresh
from leadline.ingest.source import Finding

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

HEAD_LINES = 400
HEAD_SIZE = 1 << 18


def read_text(
    con: Connection, path: Path, name: str, options: ReadOptions, folder: Path, later: int = 0
) -> list[Table]:
    """Stage the tables of a delimited text file; `folder` takes temporary copies, `later` is as for `read`."""
    source, encoding, seen, notes = _as_utf8(path, name, options, folder)
    ends = "\n" if seen.newlines else ""
    head = _head_lines(source, options.skip, ends)
    dialect = dialect_of(head, options.delimiter, options.quote)
    narrow = all(len(record.cells) < 2 for record in head_records(head, dialect))
    shape = _Shape(dialect, narrow, ends)
    plain = _plain_start(head, shape, options)
    if plain is not None and source == path and 0 < later <= seen.lines and not (seen.formula or seen.mojibake):
        sampled = sample_plain(con, source, name, plain, dialect, seen, folder)
        if sampled is not None:
            return [msgspec.structs.replace(sampled, encoding=encoding, notes=(*notes, *sampled.notes))]
    staged = None if plain is None else stage_plain(con, source, name, plain, dialect, seen)
    if staged is not None:
        tables = [staged]
    else:
        if options.header:
            relaxed = not any(isinstance(item, Start) for item in blocks(head_records(head, dialect), narrow=narrow))
            items = _with_header(source, name, options, shape, relaxed)
        else:
            items = _headless(source, name, options, shape, head)
        tables = stage_items(con, items, name, folder, delimiter=dialect.delimiter, whole=seen.final_newline)
    finished = []
    for table in tables:
        found = notes + list(table.notes)
        if seen.formula:
            found += formula_cells(con, table)
        if seen.mojibake:
            found += mojibake_cells(con, table)
        finished.append(msgspec.structs.replace(table, encoding=encoding, notes=tuple(found)))
        notes = []
    return finished


class _Shape(msgspec.Struct, frozen=True):
    dialect: Dialect
    narrow: bool
    ends: str


def _as_utf8(path: Path, name: str, options: ReadOptions, folder: Path) -> tuple[Path, str, Survey, list[Finding]]:
    """The file itself, or a copy of it, in UTF-8; the encoding it had; the survey; and a note when that was a guess."""
    encoding = (
        enc.known_encoding(options.encoding) if options.encoding else enc.encoding_of(read_head(path, name), name)
    )
    limit = options.limits.line
    notes: list[Finding] = []
    if encoding in ("utf-8", "utf-8-sig", "ascii"):
        try:
            return path, "utf-8", survey(path, name, limit), notes
        except BadByteError as bad:
            if options.encoding:
                raise broken_byte(name, encoding, bad) from None
            encoding = enc.legacy_encoding(path, name, bad)
            notes.append(
                Finding(
                    "warning",
                    "encoding-guessed",
                    name,
                    f"The file is not UTF-8; it was read as {encoding}, which is a guess.",
                    fix=f"look at a name with accents; say `encoding: {encoding}` if it is right, or the right one",
                    line=bad.line,
                )
            )
    copy = folder / f"{fresh('utf8')}.txt"
    try:
        transcode(path, copy, name, encoding, limit)
    except BadByteError as bad:
        raise broken_byte(name, encoding, bad) from None
    return copy, encoding, survey(copy, name, limit), notes


def _head_lines(path: Path, skip: int, ends: str) -> list[str]:
    """The first physical lines, after those to be skipped."""
    lines: list[str] = []
    size = 0
    with path.open(encoding="utf-8-sig", newline=ends) as file:
        for number, line in enumerate(file):
            if number < skip:
                continue
            lines.append(line)
            size += len(line)
            if size > HEAD_SIZE or len(lines) >= HEAD_LINES:
                break
    return lines


def _plain_start(head: list[str], shape: _Shape, options: ReadOptions) -> Start | None:
    """The one header of a file that is plain as far as its head shows, else None."""
    dialect = shape.dialect
    if not options.header or options.skip or shape.narrow or dialect.delimiter == SPACE or not dialect.quote:
        return None
    items = blocks(head_records(head, dialect), narrow=False)
    start = next(items, None)
    if not isinstance(start, Start) or not all(shown(cell) and "\n" not in cell for cell in start.header.cells):
        return None
    width = len(start.header.cells)
    plain = all(isinstance(item, Row) and len(item.record.cells) == width for item in items)
    return start if plain else None


def _headless(path: Path, name: str, options: ReadOptions, shape: _Shape, head: list[str]) -> Iterator[Item]:
    """The rows of a file that has no header line, below a header made of the given names."""
    width = len(options.names) or max((len(record.cells) for record in head_records(head, shape.dialect)), default=1)
    header = list(options.names) or [f"column_{position}" for position in range(1, width + 1)]
    yield Start(Record(0, list(header)), (), "")
    for record in records(path, name, shape.dialect, options.limits.line, options.skip, shape.ends):
        if found := extent(record):
            yield Row(record) if found <= width else Aside(record, "wide")


def _with_header(path: Path, name: str, options: ReadOptions, shape: _Shape, relaxed: bool) -> Iterator[Item]:
    """The tables of a file by their headers."""
    stream = records(path, name, shape.dialect, options.limits.line, options.skip, shape.ends)
    if relaxed:
        stream = _unless_values(stream, name)
    return blocks(stream, narrow=shape.narrow, relaxed=relaxed)


def _unless_values(stream: Iterator[Record], name: str) -> Iterator[Record]:
    """The same records; raises DataError when the first that is filled shows that there is no header at all."""
    first = next((record for record in stream if extent(record)), None)
    if first is None:
        raise DataError("empty-file", f"{name} holds nothing but blanks.", fix="export it again")
    if all(is_typed(cell) for cell in first.cells if shown(cell)):
        raise DataError(
            "no-header",
            f"{name}, line {first.line}: the first line looks like data, not like column names.",
            why=f"it reads {first.raw[:80]!r}",
            fix="say `header: false` and name the columns, or export with headers",
        )
    return itertools.chain([first], stream)
