"""What tests share: workspaces made of a few rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from leadline.model.fact import Fact
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
    warehouse = workspace.warehouse(write=True)
    with warehouse.load(source, "rows", str(dt.datetime.now(dt.UTC)), "test") as load:
        for fact, given in rows.items():
            load.merge(fact, select_of(workspace.facts[fact], given), mode)  # type: ignore[arg-type]
    workspace.close()


def select_of(fact: Fact, rows: Sequence[Mapping[str, Any]]) -> str:
    """SQL that yields the rows, typed as the fact's columns."""
    names = list(dict.fromkeys(name for row in rows for name in row if name != "_key"))
    selects = []
    for number, row in enumerate(rows, start=1):
        values = [f'CAST({literal(row.get(name))} AS {TYPES[fact.column(name).type]}) AS "{name}"' for name in names]
        key = str(row.get("_key", number))
        selects.append(f"SELECT {', '.join([*values, f'{number} AS _line', f'{literal(key)} AS _key'])}")
    return " UNION ALL ".join(selects)


def literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float | Decimal):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


__all__ = ["give", "literal", "make_workspace", "select_of"]
