"""Amounts in one currency, looked-up dimensions and drills, with the same answers on every engine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from kit import give
from leadline.errors import RefusedError
from leadline.workspace import Workspace

Make = Callable[..., Workspace]

METRICS = """
t_revenue: {formula: sum(order.amount), unit: money}
t_orders: count(order)
t_mrr: {formula: last(subscription.mrr), unit: money}
t_cost: {formula: sum(cost.amount), unit: money}
t_reach: reach(lead, mql, within 30 days)
"""
SETTINGS = """
lookups:
  buyer: {fact: stage_entry, where: stage = 'lead' and is_first, key: person_id, for: {order: customer_id},
          gives: [channel, campaign]}
  campaigns: {file: campaigns.csv, key: campaign, gives: [region, tier]}
"""
CAMPAIGNS = "campaign,region,tier\nspring,EMEA,1\nautumn,APAC,2\n"


def rate(day: str, one: str, other: str, value: float) -> dict[str, Any]:
    return {"date": day, "currency": one, "to_currency": other, "rate": value, "_key": f"{day}{one}{other}"}


def order(number: int, moment: str, amount: float, currency: str, customer: str) -> dict[str, Any]:
    return {"order_id": str(number), "ordered_at": moment, "amount": amount, "currency": currency,
            "customer_id": customer, "email": "a@b.c", "_key": str(number)}  # fmt: skip


# In euros: 100; 200 dollars at 0.9; 300 dollars at 0.8; 60 pounds at 1 / 0.8 dollars each, which are 75 at 0.8: 580.
ROWS: dict[str, list[dict[str, Any]]] = {
    "order": [
        order(1, "2026-01-05 10:00", 100, "EUR", "p"), order(2, "2026-01-05 12:00", 200, "USD", "p"),
        order(3, "2026-01-05 23:30", 300, "USD", "q"), order(4, "2026-01-08 12:00", 60, "GBP", "x"),
    ],
    "fx_rate": [
        rate("2026-01-05", "USD", "EUR", 0.9), rate("2026-01-06", "USD", "EUR", 0.8),
        rate("2026-01-06", "USD", "GBP", 0.8),
    ],
    "stage_entry": [
        {"person_id": "p", "stage": "lead", "channel": "Email", "campaign": "spring", "entered_at": "2026-01-01"},
        {"person_id": "q", "stage": "lead", "channel": "Paid", "campaign": "autumn", "entered_at": "2026-01-02"},
        {"person_id": "q", "stage": "mql", "channel": "Organic", "campaign": "x", "entered_at": "2026-01-03"},
    ],
    "subscription": [
        {"subscription_id": "1", "customer_id": "p", "mrr": 50, "currency": "USD", "started_at": "2026-01-05 12:00"},
    ],
    "cost": [{"date": "2026-01-05", "amount": 5, "currency": "EUR", "campaign": "spring"}],
}  # fmt: skip


@pytest.fixture
def shop(make: Make) -> Workspace:
    workspace = make(metrics=METRICS, settings=SETTINGS, timezone="Europe/Berlin")
    (workspace.path / "campaigns.csv").write_text(CAMPAIGNS, encoding="utf-8")
    give(workspace, ROWS)
    return workspace


def test_amounts_convert_by_the_rate_of_their_local_day(shop: Workspace) -> None:
    result = shop.query(["t_revenue"], grain="day", currency="EUR", period="2026-01-05..2026-01-08")
    assert [(row[0], round(float(row[1] or 0), 4)) for row in result.rows] == [
        (date(2026, 1, 5), 280), (date(2026, 1, 6), 240), (date(2026, 1, 7), 0), (date(2026, 1, 8), 60),
    ]  # fmt: skip
    assert [(one["from"], one["through"], one["days"]) for one in result.provenance["rates"]] == [
        ("GBP", "USD", 1), ("USD", None, 2),
    ]  # fmt: skip
    assert round(float(shop.query(["t_mrr"], period="2026-01", currency="EUR").rows[0][0]), 4) == 45  # type: ignore[arg-type]


def test_a_missing_rate_is_named(shop: Workspace) -> None:
    give(shop, {"order": [order(5, "2026-01-20 10:00", 1, "GBP", "x")]}, source="late")
    with pytest.raises(RefusedError) as caught:
        shop.query(["t_revenue"], currency="EUR")
    assert "GBP to EUR for 2026-01-20" in caught.value.what


def test_looked_up_dimensions_add_up(shop: Workspace) -> None:
    assert shop.query(["t_orders"], by=["channel"]).rows == [("Email", 2), ("Paid", 1), (None, 1)]
    assert shop.query(["t_orders", "t_cost"], by=["region"]).rows == [
        ("APAC", 1, 0), ("EMEA", 2, 5), (None, 1, 0),
    ]  # fmt: skip
    assert shop.query(["t_reach"], by=["tier"]).rows == [("1", 0), ("2", 1)]


def test_cells_lead_to_their_records(shop: Workspace) -> None:
    result = shop.query(["t_revenue", "t_orders"], by=["region"], currency="EUR", period="2026-01")
    for number, row in enumerate(result.rows):
        [summed] = shop.records_of(result, number, "t_revenue")
        assert round(float(sum(summed.column("amount"))), 4) == round(float(row[1] or 0), 4)  # type: ignore[arg-type]
        assert shop.records_of(result, number, "t_orders", limit=1)[0].count == row[2]
        assert set(summed.column("email")) <= {"•••"}
    reach = shop.query(["t_reach"], by=["tier"])
    assert [str(at)[:10] for at in shop.records_of(reach, 1, "t_reach")[0].column("_reached_at")] == ["2026-01-03"]
