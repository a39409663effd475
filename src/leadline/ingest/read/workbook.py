"""Workbooks (xlsx, xls, xlsb, ods): python-calamine reads the cells, each sheet's tables are found as in text."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from leadline.errors import DataError
from leadline.ingest.read.block import Aside, Item, Row, Start, blocks
from leadline.ingest.read.cell import formula_cells, mojibake_cells
from leadline.ingest.read.look import extent
from leadline.ingest.read.pack import check_ratio
from leadline.ingest.read.record import Record
from leadline.ingest.read.stage import stage_items
from leadline.ingest.read.table import Limits, ReadOptions, Table
from leadline.ingest.source import Finding

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection


def read_workbook(con: Connection, path: Path, name: str, options: ReadOptions, folder: Path) -> list[Table]:
    """Stage the tables of each visible sheet, or of `options.sheet`; `_line` is the sheet's row."""
    try:
        import python_calamine as calamine
    except ImportError:
        raise DataError(
            "missing-extra",
            f"{name} is a workbook, and its reader is not installed.",
            fix="pip install 'leadline[excel]'",
        ) from None
    _check_container(path, name, options.limits)
    try:
        # calamine goes by the suffix; the content has been looked at already
        with path.open("rb") as file:
            book = calamine.CalamineWorkbook.from_filelike(file)
        chosen, hidden = _sheets(book, name, options.sheet, calamine)
        tables: list[Table] = []
        for sheet in chosen:
            label = f"{name}/{sheet}"
            rows = _rows(book.get_sheet_by_name(sheet))
            tables += _sheet(con, rows, label, sheet, options, folder)
    except calamine.PasswordError:
        raise DataError(
            "encrypted-workbook", f"{name} is encrypted.", fix="save it without a password, then load it"
        ) from None
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise DataError(
            "damaged-workbook", f"{name} is a damaged or cut off workbook.", why=str(error)[:200], fix="save it again"
        ) from None
    if not tables:
        raise DataError("empty-file", f"{name} has no filled sheet.", fix="export it again")
    if hidden:
        note = Finding("note", "hidden-sheets", name, f"Hidden sheets were left out: {', '.join(hidden)}.")
        tables[0] = msgspec.structs.replace(tables[0], notes=(*tables[0].notes, note))
    return tables


def _check_container(path: Path, name: str, limits: Limits) -> None:
    """Refuse a workbook whose ZIP container is cut, damaged or a bomb, before anything unpacks it."""
    with path.open("rb") as file:
        if file.read(2) != b"PK":
            return
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except zipfile.BadZipFile as error:
        raise DataError(
            "truncated-workbook",
            f"{name} is a workbook that is cut off or damaged.",
            why=str(error),
            fix="download or save it again",
        ) from None
    check_ratio(name, sum(i.file_size for i in infos), sum(i.compress_size for i in infos), limits)


def _sheets(book: Any, name: str, wanted: str, calamine: Any) -> tuple[list[str], list[str]]:
    """The sheets to read, and the hidden ones that are not."""
    metas = [meta for meta in book.sheets_metadata if meta.typ == calamine.SheetTypeEnum.WorkSheet]
    if wanted:
        if wanted not in [meta.name for meta in metas]:
            known = ", ".join(meta.name for meta in metas)
            raise DataError("unknown-sheet", f"{name} has no sheet {wanted!r}.", why=f"sheets: {known}", fix="name one")
        return [wanted], []
    visible = [meta.name for meta in metas if meta.visible == calamine.SheetVisibleEnum.Visible]
    return visible, [meta.name for meta in metas if meta.name not in visible]


def _rows(sheet: Any) -> Iterator[Record]:
    """A sheet's rows as records; calamine hands out the empty rows above the first filled one too."""
    for number, cells in enumerate(sheet.iter_rows(), 1):
        yield Record(number, list(cells))


def _headless(names: list[str], rows: list[Record]) -> Iterator[Item]:
    yield Start(Record(0, list(names)), (), "")
    for row in rows:
        if found := extent(row):
            yield Row(row) if found <= len(names) else Aside(row, "wide")


def _sheet(
    con: Connection, rows: Iterator[Record], label: str, sheet: str, options: ReadOptions, folder: Path
) -> list[Table]:
    held = [row for row in rows if row.line > options.skip]
    if not any(extent(row) for row in held):
        return []
    narrow = max(extent(row) for row in held) < 2
    if options.header:
        relaxed = not any(isinstance(item, Start) for item in blocks(held, narrow=narrow))
        items = blocks(held, narrow=narrow, relaxed=relaxed)
    else:
        width = max(extent(row) for row in held)
        names = list(options.names) or [f"column_{position}" for position in range(1, width + 1)]
        items = _headless(names, held)
    finished: list[Table] = []
    staged = stage_items(con, items, label, folder, native=True, unit="row")
    for table in staged:
        notes = [*table.notes, *formula_cells(con, table), *mojibake_cells(con, table)]
        finished.append(
            msgspec.structs.replace(table, name=table.name or sheet, kind="excel", decimal=".", notes=tuple(notes))
        )
    return finished
