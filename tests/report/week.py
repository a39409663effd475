"""A firm of thirteen weeks of orders whose digest is worked out by hand."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from kit import give, make_workspace
from leadline.workspace import Workspace

FIRST = dt.date(2026, 4, 6)
LAST = dt.date(2026, 6, 29)
SCRIPT = "<script>alert(1)</script>"
COMMAND = "=cmd()|' /C calc'!A0"
TURNED = "a\u202egnp.exe*<!channel>_~`"
METRICS = """
placed: {formula: count(order), name: Orders placed, doc: All orders.}
gmv: {formula: sum(order.amount), name: Goods sold, doc: All orders., unit: money}
"""
# Ten and twelve orders by turns; then twenty.
USUAL = ({SCRIPT: 6, COMMAND: 4}, {SCRIPT: 6, COMMAND: 6})
NEWS = {SCRIPT: 13, COMMAND: 5, TURNED: 2}


def orders(start: dt.date, counts: dict[str, int], amount: int = 100) -> list[dict[str, Any]]:
    """Orders of a week, one after another through its days."""
    labels = [label for label, count in counts.items() for _ in range(count)]
    return [
        {
            "ordered_at": f"{start + dt.timedelta(days=at % 7)}T10:00:00", "channel": label, "amount": amount,
            "currency": "EUR", "is_sale": True, "order_id": f"{start}{at}", "_key": f"{start}{at}",
        }
        for at, label in enumerate(labels)
    ]  # fmt: skip


def weeks(last: dict[str, int] = NEWS) -> list[dict[str, Any]]:
    """All orders, the last week's as given."""
    found = [orders(FIRST + dt.timedelta(weeks=at), USUAL[at % 2]) for at in range(12)]
    return [row for week in [*found, orders(LAST, last)] for row in week]


def make_firm(folder: Path, kpis: str = "placed, gmv", metrics: str = METRICS, settings: str = "") -> Workspace:
    """The firm on the Monday after its last week; nothing is loaded yet."""
    space = make_workspace(folder / "firm", metrics=metrics, today="2026-07-06", settings=settings)
    (space.path / "dashboards").mkdir()
    (space.path / "dashboards" / "scorecard.yaml").write_text(f"kpis: [{kpis}]\n", encoding="utf-8")
    return reopened(space)


def reopened(space: Workspace) -> Workspace:
    """The workspace with what its files say now."""
    from leadline.workspace import open_workspace

    space.close()
    return open_workspace(space.path)


def loaded_firm(folder: Path) -> Workspace:
    """The firm with its orders."""
    space = make_firm(folder)
    give(space, {"order": weeks()}, source="shop")
    return space
