"""Origins: the files behind paths and patterns, the files a lookup names, and how a source wants them read."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from leadline.errors import DataError, UsageError, unknown
from leadline.ingest.definition import Definition, vendor_definitions
from leadline.ingest.recognise import names_file
from leadline.sql.name import quote

if TYPE_CHECKING:
    from leadline.ingest.delivery import LoadContext, Settings
    from leadline.ingest.read.table import ReadOptions, Table


def find_files(paths: Sequence[Path | str]) -> tuple[list[tuple[Path, bool]], list[Path]]:
    """The files behind paths, folders and patterns, each once, with whether it was named itself; and the folders."""
    found: dict[Path, bool] = {}
    folders: list[Path] = []
    for given in paths:
        path = Path(given)
        if path.is_dir():
            folders.append(path)
            for file in sorted(path.rglob("*")):
                if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts):
                    found.setdefault(file, False)
        elif path.exists():
            found[path] = True
            folders.append(path.parent)
        else:
            matches = sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
            files = [match for match in matches if match.is_file()]
            if not files:
                raise UsageError("no-such-file", f"There is no file {given}.", fix="check the path or the pattern")
            for file in files:
                found.setdefault(file, False)
            folders += list(dict.fromkeys(file.parent for file in files))
    return list(found.items()), list(dict.fromkeys(folders))


def find_definition(settings: Settings, name: str) -> Definition:
    for definition in (*settings.sources, *vendor_definitions()):
        if definition.source.name == name:
            return definition
    names = [definition.source.name for definition in (*settings.sources, *vendor_definitions())]
    raise unknown("source", name, names)


def reading_definition(context: LoadContext) -> Definition | None:
    """The source whose reading options hold: the one asked for, else an own one that names this file."""
    if context.wanted:
        return find_definition(context.settings, context.wanted)
    for definition in context.settings.sources:
        source = definition.source
        special = (
            source.format,
            source.encoding,
            source.delimiter,
            source.names,
            source.skip,
            source.table,
            source.query,
        )
        if any(special) and source.files and names_file(source, str(context.path)):
            return definition
    return None


def read_options(definition: Definition) -> ReadOptions:
    """How a source says its files are to be read."""
    from leadline.ingest.read import ReadOptions

    source = definition.source
    return ReadOptions(
        format=source.format, encoding=source.encoding, delimiter=source.delimiter, sheet=source.sheet,
        table=source.table, query=source.query, url=source.url, names=source.names, header=not source.names,
        skip=source.skip,
    )  # fmt: skip


def read_lookup(context: LoadContext, file: str, table: str) -> Table:
    from leadline.ingest.read import ReadOptions, read

    path = find_beside(context, file)
    tables = read(context.settings.warehouse.con, path, ReadOptions(table=table), name=path.name)
    context.tables += tables
    for found in tables:
        if not table or found.name == table:
            return found
    return tables[0]


def find_beside(context: LoadContext, file: str) -> Path:
    """A lookup's file: beside the delivered file, in a folder given to the load, or in the workspace."""
    places = [context.path.parent, *context.folders, *([context.settings.folder] if context.settings.folder else [])]
    for place in places:
        found = sorted(path for path in place.glob(file) if path.is_file())
        if found:
            return found[-1]
    raise DataError(
        "lookup-missing", f"{context.name} needs {file}, which is not there.",
        why=f"sought in {', '.join(str(place) for place in dict.fromkeys(places))}",
        fix="put it beside the file, or give its folder to the load too",
    )  # fmt: skip


def digest_rows(context: LoadContext) -> str:
    """Content of a delivery without a file (a database): a hash over its rows, whatever their order."""
    con = context.settings.warehouse.con
    digest = hashlib.sha256()
    for table in context.tables:
        columns = ", ".join(quote(name) for name in table.columns)
        row = con.execute(
            f"SELECT count(*), sum(CAST(hash({columns}) AS HUGEINT)), bit_xor(hash({columns})) FROM {table.relation}"
        ).fetchone()
        digest.update(repr((table.columns, row)).encode())
    return digest.hexdigest()
