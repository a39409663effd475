"""The plain file: DuckDB reads it as delivered, in parallel, and its physical lines are worked out afterwards.

Measured on a CSV of 542 K rows and 47 MB: a temporary table costs what DuckDB's bare `read_csv` into a table costs, and
a view over `read_csv` half of that but again at each scan; a load scans more than twice. The line comes from the
table's own `rowid`: it costs nothing and is exact when the file has as many lines as records and header, which is
checked. Line breaks within quotes are counted only in files that have them.

A large file that is likely to be clean need not be staged at all: `sample_plain` takes a few thousand of its lines to
learn how its cells are written, and leaves a view for the one statement that loads it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from leadline.engines.duckdb import sql_errors
from leadline.ingest.read.block import Start
from leadline.ingest.read.record import Dialect
from leadline.ingest.read.survey import Survey
from leadline.ingest.read.table import LINE, Table, fresh, ident, literal, unique
from leadline.ingest.source import Finding

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

HEAD, SPREAD, SLICE = 1 << 18, 48, 1 << 14
"""An excerpt: bytes of the head, how many places further down, and bytes at each."""


def stage_plain(con: Connection, path: Path, name: str, start: Start, dialect: Dialect, seen: Survey) -> Table | None:
    """Stage a file whose head is plain; None when the rest is not, and it must be parsed record by record."""
    header, above = [str(cell) for cell in start.header.cells], start.header.line
    if seen.lone_returns:
        return None
    columns, changes = unique(header)
    staged = fresh("table")
    try:
        con.execute(f"create temp table {ident(staged)} as from {_reader(path, columns, dialect, seen, above - 1)}")
    except sql_errors():
        # a short row, a stray quote: the parser of records says what and where
        con.execute(f"drop table if exists {ident(staged)}")
        return None
    relation = _with_lines(con, staged, columns, header, seen, above)
    if relation is None:
        con.execute(f"drop table {ident(staged)}")
        return None
    view, parts, rows = relation
    notes = [Finding("note", "renamed-column", name, f"{change}.", line=above) for change in changes]
    if not rows:
        notes.append(Finding("note", "no-rows", name, "The file has a header and no rows.", line=above))
    return _table(name, start, dialect, columns, view, rows, notes, parts, seen)


def sample_plain(
    con: Connection, path: Path, name: str, start: Start, dialect: Dialect, seen: Survey, folder: Path
) -> Table | None:
    """A view over a file whose head is plain, with some of its rows staged; None when these are not plain.

    The view gives fewer rows than `Table.rows` when the file turns out not to be plain, or fails.
    """
    header, above = [str(cell) for cell in start.header.cells], start.header.line
    if seen.lone_returns or seen.lines <= above:
        return None
    columns, changes = unique(header)
    excerpt = folder / f"{fresh('excerpt')}.txt"
    sampled = _excerpt(path, excerpt, above)
    staged, shown, view = fresh("table"), fresh("view"), fresh("view")
    try:
        con.execute(f"create temp table {ident(staged)} as from {_reader(excerpt, columns, dialect, seen, 0)}")
    except sql_errors():
        con.execute(f"drop table if exists {ident(staged)}")
        return None
    count = con.execute(f"select count(*) from {ident(staged)}").fetchone()
    if count != (sampled,):
        con.execute(f"drop table {ident(staged)}")
        return None
    line = f"case when rowid = {sampled - 1} then {seen.lines} else rowid + {above + 1} end"
    con.execute(f"create temp view {ident(shown)} as select {line} as {LINE}, * from {ident(staged)}")
    lone, again = _odd_rows(columns, header)
    con.execute(
        f"create temp view {ident(view)} as select row_number() over () + {above} as {LINE}, * "
        f"from {_reader(path, columns, dialect, seen, above - 1)} "
        f"where not coalesce({lone}, false) and not coalesce({again}, false)"
    )
    notes = [Finding("note", "renamed-column", name, f"{change}.", line=above) for change in changes]
    parts = (view, shown, staged)
    table = _table(name, start, dialect, columns, view, seen.lines - above, notes, parts, seen)
    return msgspec.structs.replace(table, sample=ident(shown), sampled=sampled)


def _excerpt(path: Path, target: Path, above: int) -> int:
    """Copy the header, the lines below it, some lines from all over the file and its last one; how many but the header.

    The file is small enough to be copied whole, or cut at line ends: a cell with a line break may be torn, which shows.
    """
    lines: list[bytes] = []
    with path.open("rb") as file:
        for _ in range(above - 1):
            file.readline()
        lines += file.readlines(HEAD)
        begun, size = file.tell(), file.seek(0, 2)
        for part in range(SPREAD if size > begun else 0):
            file.seek(begun + (size - begun) * part // SPREAD)
            lines += file.readlines(SLICE)[1:-1]
        if size > begun:
            file.seek(max(begun, size - 4 * SLICE))
            lines += [line for line in file.readlines() if line.strip()][-1:]
    while lines and not lines[-1].strip():
        lines.pop()
    target.write_bytes(b"".join(lines))
    return len(lines) - 1


def _table(
    name: str, start: Start, dialect: Dialect, columns: list[str], view: str, rows: int, notes: list[Finding],
    parts: tuple[str, ...], seen: Survey,
) -> Table:  # fmt: skip
    return Table(
        file=name,
        name=start.name,
        relation=ident(view),
        columns=tuple(columns),
        text=True,
        preamble=start.preamble,
        header_line=start.header.line,
        encoding="utf-8",
        delimiter=dialect.delimiter,
        rows=rows,
        notes=tuple(notes),
        kind="delimited",
        parts=parts,
        wide=seen.wide_spaces,
    )


def _odd_rows(columns: list[str], header: list[str]) -> tuple[str, str]:
    """SQL for a row with nothing but its first cell, and for one that repeats the header."""
    first, *others = (ident(column) for column in columns)
    lone = " and ".join([f"{first} is not null", *(f"{other} is null" for other in others)])
    again = " and ".join(f"{ident(c)} = {literal(h)}" for c, h in list(zip(columns, header, strict=True))[:2])
    return lone, again


def _reader(path: Path, columns: list[str], dialect: Dialect, seen: Survey, skip: int) -> str:
    quote = literal(dialect.quote)
    pairs = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
    room = f", max_line_size={seen.longest * 2}, buffer_size={seen.longest * 4}" if seen.longest > 1 << 20 else ""
    # TRICKY: DuckDB goes by the first line end it meets, be it in quotes; but told of CRLF it finds no rows at all
    ends = "" if seen.crlf else ", new_line='\\n'"
    return (
        f"read_csv({literal(str(path))}, auto_detect=false, header=true, skip={skip}, "
        f"delim={literal(dialect.delimiter)}, quote={quote}, escape={quote}, strict_mode=true{ends}{room}, "
        f"null_padding=false, columns={{{pairs}}})"
    )


def _with_lines(
    con: Connection, staged: str, columns: list[str], header: list[str], seen: Survey, above: int
) -> tuple[str, tuple[str, ...], int] | None:
    """A relation with `_line` over the staged rows; None when lines and records do not add up or a row looks odd."""
    table = ident(staged)
    lone, again = _odd_rows(columns, header)
    found = con.execute(
        f"select count(*), count(*) filter (where {lone}), count(*) filter (where {again}) from {table}"
    ).fetchone()
    rows, lones, repeats = found or (0, 0, 0)
    if lones or repeats:
        return None
    view = fresh("view")
    if rows + above == seen.lines:
        con.execute(f"create temp view {ident(view)} as select rowid + {above + 1} as {LINE}, * from {table}")
        return view, (view, staged), rows
    breaks = " + ".join(f"coalesce(length({c}) - length(replace({c}, chr(10), '')), 0)" for c in map(ident, columns))
    inner = con.execute(f"select coalesce(sum({breaks}), 0)::bigint from {table}").fetchone()
    if inner is None or rows + above + inner[0] != seen.lines:
        return None  # blank lines: they may part tables, and do shift the lines
    lined = fresh("table")
    con.execute(
        f"create temp table {ident(lined)} as select (rowid + {above + 1} + coalesce(sum({breaks}) over "
        f"(order by rowid rows between unbounded preceding and 1 preceding), 0))::bigint as {LINE}, * from {table} "
        "order by rowid"
    )
    con.execute(f"drop table {table}")
    return lined, (lined,), rows
