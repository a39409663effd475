"""Read one delivery: find out what it is, unpack it, and hand it to the reader of its kind."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from leadline.engines.duckdb import sql_errors
from leadline.errors import DataError, UsageError
from leadline.ingest.read.kind import probe
from leadline.ingest.read.table import ReadOptions, Table, release

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

_FORMATS = {
    "csv": "delimited",
    "tsv": "delimited",
    "text": "delimited",
    "delimited": "delimited",
    "json": "json",
    "ndjson": "json",
    "jsonl": "json",
    "parquet": "parquet",
    "excel": "excel",
    "xlsx": "excel",
    "sqlite": "sqlite",
    "duckdb": "duckdb",
    "gzip": "gzip",
    "zip": "zip",
    "sql": "sql",
}


def read(
    con: Connection, path: Path | None, options: ReadOptions | None = None, *, name: str = "", later: int = 0
) -> list[Table]:
    """Stage the tables of the file at `path`, or of `options.url`, as temporary relations of `con`.

    `name` is shown in findings and errors instead of the file's own. A plain text file of `later` lines or more is only
    sampled (`Table.sample`): whoever reads it then, once, has to count its rows. Raises DataError, and then nothing
    stays staged. `release` drops the tables when they are no longer needed. Not to be called within a transaction: an
    attempt that DuckDB gives up on is followed by another, which an aborted transaction would forbid.
    """
    options = options or ReadOptions()
    if path is None or options.url:
        from leadline.ingest.read.database import read_url

        return read_url(con, name, options)
    with tempfile.TemporaryDirectory(prefix="leadline-") as folder:
        return _read_file(con, path, name or path.name, options, Path(folder), 0, later)


def _read_file(
    con: Connection, path: Path, name: str, options: ReadOptions, folder: Path, depth: int, later: int = 0
) -> list[Table]:
    kind = _kind(path, name, options, depth)
    if kind in ("gzip", "zip"):
        return _read_packed(con, path, name, options, folder, depth, kind)
    if kind == "delimited":
        from leadline.ingest.read.text import read_text

        return read_text(con, path, name, options, folder, later)
    if kind == "json":
        from leadline.ingest.read.document import read_json

        return read_json(con, path, name, options, folder)
    if kind == "parquet":
        from leadline.ingest.read.parquet import read_parquet

        return read_parquet(con, path, name, folder, keep=depth == 0)
    if kind == "excel":
        from leadline.ingest.read.workbook import read_workbook

        return read_workbook(con, path, name, options, folder)
    from leadline.ingest.read.database import read_duckdb, read_sqlite

    if kind == "sqlite":
        return read_sqlite(con, path, name, options, folder)
    return read_duckdb(con, path, name, options)


def _kind(path: Path, name: str, options: ReadOptions, depth: int) -> str:
    found = probe(path, name)
    if not options.format or found in ("gzip", "zip") or depth:
        return found
    wanted = _FORMATS.get(options.format.lower())
    if wanted is None:
        raise UsageError(
            "unknown-format",
            f"There is no format {options.format!r}.",
            fix=f"use one of {', '.join(sorted(_FORMATS))}, or leave it out: the content tells",
        )
    if wanted != found and not {wanted, found} <= {"delimited", "json"}:
        raise DataError(
            "wrong-format",
            f"{name} is said to be {wanted}, but it is {found}.",
            why="its first bytes tell",
            fix="leave `format` out, or choose the right file",
        )
    return wanted


def _read_packed(
    con: Connection, path: Path, name: str, options: ReadOptions, folder: Path, depth: int, kind: str
) -> list[Table]:
    """Read what an archive holds, one member after the other."""
    from leadline.ingest.read.pack import gunzip, members

    if depth >= 2:
        raise DataError("nested-archive", f"{name}: an archive within an archive.", fix="unpack the outer one first")
    if kind == "gzip":
        inner = gunzip(path, name, options.limits, folder)
        return _read_file(con, inner, name, options, folder, depth + 1)
    tables: list[Table] = []
    try:
        for inner, label, stem in members(path, name, options.limits, folder):
            for table in _read_file(con, inner, label, options, folder, depth + 1):
                tables.append(table if table.name else _named(table, stem))
            inner.unlink(missing_ok=True)
    except (DataError, sql_errors()):
        release(con, tables)
        raise
    return tables


def _named(table: Table, name: str) -> Table:
    import msgspec

    return msgspec.structs.replace(table, name=name)
