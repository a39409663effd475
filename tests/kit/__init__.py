"""What tests share: workspaces made of a few rows."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from leadline.model.fact import Fact
from leadline.model.facts import FACTS
from leadline.project import Settings
from leadline.warehouse import Warehouse
from leadline.workspace import Workspace, open_workspace

TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "decimal": "DECIMAL(18, 6)",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN",
}

place: Callable[[], str] | None = None
"""Gives the warehouse of each new workspace, where `engines.everywhere` puts them on another engine."""


def make_workspace(
    folder: Path, *, metrics: str = "", timezone: str = "UTC", today: str = "2026-06-15", settings: str = ""
) -> Workspace:
    """A workspace in `folder` with own metrics given as YAML text."""
    folder.mkdir(parents=True, exist_ok=True)
    if place is not None and "warehouse:" not in settings:
        settings += f"warehouse: '{place()}'\n"
    (folder / "leadline.yaml").write_text(
        f"name: Test\ntimezone: {timezone}\ncurrency: EUR\ntoday: {today}\n{settings}", encoding="utf-8"
    )
    if metrics:
        (folder / "metrics").mkdir(exist_ok=True)
        (folder / "metrics" / "own.yaml").write_text(metrics, encoding="utf-8")
    return open_workspace(folder)


def give(
    workspace: Workspace,
    rows: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    source: str = "test",
    mode: str = "upsert",
) -> None:
    """Load rows straight into facts; every row's key is its `_key` or its place."""
    _lay_tables(workspace)
    warehouse = workspace.warehouse(write=True)
    with warehouse.load(source, "rows", str(dt.datetime.now(dt.UTC)), "test") as load:
        for fact, given in rows.items():
            load.merge(fact, select_of(workspace.facts[fact], given), mode)  # type: ignore[arg-type]
    workspace.close()


def _lay_tables(workspace: Workspace) -> None:
    """Give a new workspace of the built-in facts a copy of a warehouse just made, which making one costs ten times."""
    path = workspace.path / Settings().warehouse
    if workspace.settings.warehouse == path.name and not path.exists() and workspace.project.tables == FACTS:
        path.write_bytes(_new_warehouse())


@cache
def _new_warehouse() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "new.duckdb"
        Warehouse.open(path).close()
        return path.read_bytes()


def select_of(fact: Fact, rows: Sequence[Mapping[str, Any]]) -> str:
    """SQL that yields the rows, typed as the fact's columns."""
    names = list(dict.fromkeys(name for row in rows for name in row if name != "_key"))
    # As one list of texts, cast as a whole: hundreds of SELECTs, and casts of each cell, take long to plan.
    cells = []
    for number, row in enumerate(rows, start=1):
        values = [_text(row.get(name)) for name in names]
        cells.append(f"({', '.join([*values, str(number), literal(str(row.get('_key', number)))])})")
    typed = [f'CAST("{name}" AS {TYPES[fact.column(name).type]}) AS "{name}"' for name in names]
    columns = ", ".join(f'"{name}"' for name in (*names, "_line", "_key"))
    return f"SELECT {', '.join([*typed, '_line', '_key'])} FROM (VALUES {', '.join(cells)}) AS given({columns})"


def _text(value: Any) -> str:
    return "NULL" if value is None else literal(str(value))


def literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float | Decimal):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


__all__ = ["give", "literal", "make_workspace", "select_of"]
