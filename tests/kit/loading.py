"""Loading in tests: a definition and files given as text, loaded through the real engine into memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from leadline.ingest.definition import decode_source
from leadline.ingest.load import LoadReport, Settings, load_paths
from leadline.model.facts import FACTS
from leadline.warehouse import Warehouse

TODAY = dt.date(2026, 6, 15)


class Loader:
    """A warehouse in memory with sources given as YAML text; files are written into `folder` and loaded."""

    def __init__(self, folder: Path, *sources: str, currency: str = "EUR", timezone: str = "UTC") -> None:
        self.folder = folder
        self.warehouse = Warehouse.open(None)
        definitions = [
            decode_source(text, f"sources/s{number}.yaml", facts=FACTS) for number, text in enumerate(sources)
        ]
        self.settings = Settings(
            self.warehouse, definitions, timezone=timezone, currency=currency, folder=folder, today=TODAY
        )

    def load(self, text: str | bytes, name: str = "data.csv", **options: Any) -> LoadReport:
        """Load one file of this text; its only report."""
        [report] = load_paths(self.settings, [self.write(text, name)], **options)
        return report

    def write(self, text: str | bytes, name: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def rows(self, fact: str, columns: str = "*", order: str = "_line") -> list[tuple[Any, ...]]:
        """Rows of a fact."""
        found = self.warehouse.con.execute(f'SELECT {columns} FROM fact."{fact}" ORDER BY {order}').fetchall()
        return list(found)

    def ledger(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        """Rows of a table of the ledger."""
        return list(self.warehouse.con.execute(f"SELECT {columns} FROM ledger.{table} ORDER BY load").fetchall())


def table(header: str, *rows: str) -> str:
    """A CSV file's text."""
    return "\n".join([header, *rows]) + "\n"


def rules(report: LoadReport) -> dict[str, int | None]:
    """What a report found: rule and first line, notes left out."""
    return {finding.rule: finding.line for finding in report.findings if finding.severity != "note"}


def orders(count: int, **changed: Mapping[int, str]) -> str:
    """A file of `count` orders; `changed` replaces a column's cell in some rows (1-based)."""
    lines = ["order_id,ordered_at,customer,amount"]
    for number in range(1, count + 1):
        cells = {
            "order_id": f"o{number}",
            "ordered_at": f"2026-01-{(number - 1) % 28 + 1:02d} 10:00:00",
            "customer": f"c{number % 7}",
            "amount": f"{10 + number}.50",
        }
        cells |= {name: cell[number] for name, cell in changed.items() if number in cell}
        lines.append(",".join(cells.values()))
    return "\n".join(lines) + "\n"


ORDERS = """
title: Orders
currency: EUR
columns: {order_id: text, customer: text, ordered_at: datetime, amount: money}
facts:
  - fact: order
    key: order_id
    columns: {order_id: order_id, ordered_at: ordered_at, customer_id: customer, amount: amount, is_sale: amount > 0}
"""
