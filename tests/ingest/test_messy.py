"""Messy files: what people and their tools write is read right, or told; no row and no value is lost in silence."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from kit.loading import ORDERS, Loader, orders, rules


@pytest.mark.parametrize("kind", ["money", "integer"])
@pytest.mark.parametrize("cell", ["12.5 %", "500%", "%12"])
def test_a_share_is_no_amount(tmp_path: Path, kind: str, cell: str) -> None:
    source = ORDERS.replace("amount: money", f"amount: {kind}")
    report = Loader(tmp_path, source).load(orders(40, amount={n: "7" for n in range(1, 41)} | {3: cell}))
    assert (rules(report), report.quarantined, report.facts[0].inserted) == ({"not-a-number": 4}, 1, 39)
