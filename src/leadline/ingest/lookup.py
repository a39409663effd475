"""Lookup files: a file of the workspace that says what a key leads to, delivered like any other when it changes.

Each version of the file is a load of its own, as a snapshot, so that a figure as known at a date uses the file as it
was then; before its first version a lookup knows nothing. A key with two values is refused: a row that meets it would
have to be in two groups at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from leadline.errors import DataError, meant
from leadline.ingest.mapping import define_macros
from leadline.ingest.read import Table, read, release
from leadline.model.lookup import Lookup
from leadline.sql.name import literal, quote
from leadline.warehouse.proof import lookup_fan_out
from leadline.warehouse.store import digest_file

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection
    from leadline.warehouse import Warehouse

SHOWN_LINES = 5


def stale_lookups(con: Connection, folder: Path, lookups: Sequence[Lookup]) -> list[tuple[Lookup, str]]:
    """Lookups whose file differs from its newest version in the ledger, with the hash of the file's content."""
    found = []
    for lookup in lookups:
        path = folder / lookup.file
        if not path.is_file():
            raise DataError(
                "lookup-unreadable",
                f"Lookup {lookup.name!r} has no file {lookup.file}.",
                why=lookup.origin,
                fix="put the file there (the path starts at the workspace folder), or mend `file`",
            )
        content = digest_file(path)
        newest = con.execute(
            "SELECT content, mapping FROM ledger.load WHERE source = ? AND status = 'loaded' ORDER BY id DESC LIMIT 1",
            [lookup.table],
        ).fetchone()
        if newest != (content, mapping_of(lookup)):
            found.append((lookup, content))
    return found


def mapping_of(lookup: Lookup) -> str:
    """What a version of the file was read as."""
    return f"lookup:{lookup.key}:{','.join(lookup.gives)}"


def load_lookup(warehouse: Warehouse, folder: Path, lookup: Lookup, content: str) -> None:
    """Deliver a lookup's file. Raises `DataError`, and then the last version stays."""
    con, path = warehouse.con, folder / lookup.file
    tables = read(con, path, name=lookup.file)
    try:
        table = _only(tables, lookup)
        columns = (lookup.key,) if lookup.segment else (lookup.key, *lookup.gives)
        _check_columns(table, lookup, columns)
        values = {name: f"nullif(trim(CAST({quote(name)} AS VARCHAR)), '')" for name in columns}
        if lookup.segment:
            # People are known by one id in every fact, whichever way a source names them.
            define_macros(con)
            values[lookup.key] = f"person({values[lookup.key]}, {values[lookup.key]})"
        else:
            _check_keys(con, table, lookup, values)
        key = values[lookup.key]
        given = "".join(f", max({values[name]}) AS {quote(name)}" for name in columns[1:])
        select = (
            f"SELECT {key} AS {quote(lookup.key)}{given}, min(_line) AS _line, {key} AS _key "
            f"FROM {table.relation} WHERE {key} IS NOT NULL GROUP BY {key}"
        )
        warehouse.land(path, content)
        with warehouse.load(lookup.table, lookup.file, content, mapping_of(lookup)) as load:
            load.merge(lookup.table, select, "snapshot")
    finally:
        release(con, tables)


def _only(tables: list[Table], lookup: Lookup) -> Table:
    if len(tables) != 1:
        raise DataError(
            "lookup-unreadable",
            f"{lookup.file} holds {len(tables)} tables, and a lookup is one.",
            why=lookup.origin,
            fix="save the one with the keys as a file of its own",
        )
    broken = [note for note in tables[0].notes if note.severity == "error"]
    if broken:
        raise DataError(
            "lookup-unreadable",
            f"{lookup.file} cannot be read whole.",
            why=f"line {broken[0].line}: {broken[0].what}",
            fix=broken[0].fix or "mend that line",
        )
    return tables[0]


def _check_columns(table: Table, lookup: Lookup, columns: Sequence[str]) -> None:
    for name in columns:
        if name not in table.columns:
            raise DataError(
                "lookup-column",
                f"{lookup.file} has no column {name!r}, which lookup {lookup.name!r} needs.",
                why=f"{lookup.origin}; its columns are {', '.join(table.columns)}",
                fix=meant(name, table.columns, "name the columns as the file has them"),
            )


def _check_keys(con: Connection, table: Table, lookup: Lookup, values: dict[str, str]) -> None:
    key = values[lookup.key]
    differ = " OR ".join(f"min({values[name]}) <> max({values[name]})" for name in lookup.gives)
    ends = ", ".join(f"min({values[name]}), max({values[name]})" for name in lookup.gives)
    clash = con.execute(
        f"SELECT {key}, {ends} FROM {table.relation} WHERE {key} IS NOT NULL GROUP BY {key} HAVING {differ} "
        "ORDER BY min(_line) LIMIT 1"
    ).fetchone()
    if clash is None:
        return
    lines = con.execute(
        f"SELECT _line FROM {table.relation} WHERE {key} = {literal(clash[0])} ORDER BY _line LIMIT {SHOWN_LINES}"
    ).fetchall()
    places = f"{lookup.file} lines {', '.join(str(line) for (line,) in lines)}"
    pairs = zip(lookup.gives, clash[1::2], clash[2::2], strict=True)
    column, one, other = next((name, low, high) for name, low, high in pairs if low != high)
    raise lookup_fan_out(lookup, clash[0], column, (one, other), places, "keep one line a key")
