"""Parquet: DuckDB reads it, a row's line is its ordinal in the file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from leadline.engines.duckdb import sql_errors
from leadline.errors import DataError
from leadline.ingest.read.pack import plain_path
from leadline.ingest.read.table import LINE, Table, fresh, ident, literal, unique
from leadline.ingest.source import Finding

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection


def read_parquet(con: Connection, path: Path, name: str, folder: Path, *, keep: bool) -> list[Table]:
    """Stage a Parquet file: a view over it when the file will stay (`keep`), a temporary table when it will not."""
    readable = plain_path(path, folder)
    source = f"read_parquet({literal(str(readable))}, file_row_number=true)"
    try:
        described = con.execute(f"describe from {source}").fetchall()
        given = [row[0] for row in described if row[0] != "file_row_number"]
        columns, changes = unique(given)
        named = ", ".join(f"{ident(raw)} as {ident(column)}" for raw, column in zip(given, columns, strict=True))
        select = f"select file_row_number + 1 as {LINE}, {named} from {source}"
        kind = "view" if keep and readable == path else "table"
        relation = fresh(kind)
        con.execute(f"create temp {kind} {ident(relation)} as {select}")
        counted = con.execute(f"select count(*) from {ident(relation)}").fetchone()
    except sql_errors() as error:
        text = str(error).splitlines()[0]
        cut = "magic bytes" in text or "footer" in text.lower() or "too small" in text.lower()
        raise DataError(
            "truncated-parquet" if cut else "damaged-parquet",
            f"{name} is {'cut off: the end of the Parquet file is missing' if cut else 'a damaged Parquet file'}.",
            why=text[:200],
            fix="write or download it again",
        ) from None
    notes = [Finding("note", "renamed-column", name, f"{change}.") for change in changes]
    rows = counted[0] if counted else 0
    if not rows:
        notes.append(Finding("note", "no-rows", name, "The file has columns and no rows."))
    table = Table(
        file=name,
        name="",
        relation=ident(relation),
        columns=tuple(columns),
        text=False,
        rows=rows,
        notes=tuple(notes),
        kind="parquet",
        parts=(relation,),
    )
    return [table]
