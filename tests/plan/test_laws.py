"""Laws that hold for any data: segments add up, order never matters, a zone moves days but makes and loses nothing."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit import give, make_workspace
from leadline.workspace import Workspace

pytestmark = pytest.mark.slow

METRICS = """
t_revenue: {formula: sum(order.amount), unit: money}
t_orders: count(order)
t_sales: sum(order.amount where is_sale)
t_buyers: distinct(order.customer_id)
t_aov: t_revenue / t_orders
"""
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo"]
START = datetime(2025, 1, 1)

orders = st.lists(
    st.fixed_dictionaries(
        {
            "minutes": st.integers(0, 400 * 1440),
            "amount": st.decimals(-1000, 1000, places=2),
            "channel": st.sampled_from([None, "Email", "Paid", "Direct"]),
            "country": st.sampled_from([None, "DE", "FR"]),
            "customer_id": st.sampled_from([None, "a", "b", "c", "d"]),
            "is_sale": st.sampled_from([None, True, False]),
        }
    ),
    min_size=1,
    max_size=30,
)
law = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
number = iter(range(10**9))


def rows(drawn: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in row.items() if key != "minutes"}
        | {
            "ordered_at": (START + timedelta(minutes=row["minutes"])).isoformat(sep=" "),
            "currency": "EUR",
            "_key": str(at),
        }
        for at, row in enumerate(drawn)
    ]


def workspace_of(base: Path, given_rows: list[dict[str, Any]], zone: str = "UTC") -> Workspace:
    workspace = make_workspace(base / str(next(number)), metrics=METRICS, timezone=zone, today="2027-01-01")
    give(workspace, {"order": given_rows})
    return workspace


@law
@given(orders, st.sampled_from(ZONES), st.sampled_from(["day", "week", "month", "quarter", "year"]))
def test_segments_and_periods_add_up(tmp_path: Path, drawn: list[dict[str, Any]], zone: str, grain: str) -> None:
    with workspace_of(tmp_path, rows(drawn), zone) as workspace:
        total = sum((row["amount"] for row in drawn), Decimal(0))
        assert workspace.query(["t_revenue", "t_orders"]).rows == [(total, len(drawn))]
        for by in (["channel"], ["channel", "country"], ["is_sale"]):
            for asked in ({}, {"grain": grain}):
                result = workspace.query(["t_revenue", "t_orders"], by=by, **asked)  # type: ignore[arg-type]
                assert sum(value or 0 for value in result.column("t_revenue")) == total  # type: ignore[misc]
                assert sum(value or 0 for value in result.column("t_orders")) == len(drawn)  # type: ignore[misc]


@law
@given(orders, st.sampled_from(ZONES), st.sampled_from(ZONES))
def test_a_shift_of_zone_moves_days_and_loses_nothing(
    tmp_path: Path, drawn: list[dict[str, Any]], one: str, other: str
) -> None:
    """Moving every moment with the zone gives the same days; moving only the zone keeps the total."""
    with workspace_of(tmp_path, rows(drawn), one) as first, workspace_of(tmp_path, rows(drawn), other) as second:
        left, right = (space.query(["t_orders"], grain="day") for space in (first, second))
        assert sum(left.column("t_orders")) == sum(right.column("t_orders")) == len(drawn)  # type: ignore[arg-type]
        for row in (left.rows[0], left.rows[-1]):
            assert row[1]


@law
@given(orders)
def test_filters_commute_and_split_the_total(tmp_path: Path, drawn: list[dict[str, Any]]) -> None:
    with workspace_of(tmp_path, rows(drawn)) as workspace:

        def orders_where(condition: str) -> Any:
            result = workspace.query(["t_orders"], where=condition).rows
            return result[0][0] if result else 0

        assert orders_where("channel = 'Email' and country = 'DE'") == orders_where(
            "country = 'DE' and channel = 'Email'"
        )
        parts = [orders_where(text) for text in ("is_sale", "not is_sale", "is_sale is null")]
        assert sum(part or 0 for part in parts) == len(drawn)
        filtered = workspace.query(["t_revenue"], where="is_sale").rows[0][0]
        assert filtered == workspace.query(["t_sales"]).rows[0][0]


@law
@given(orders, st.integers(1, 4), st.randoms(use_true_random=False))
def test_the_order_of_loads_is_irrelevant(
    tmp_path: Path, drawn: list[dict[str, Any]], pieces: int, chance: random.Random
) -> None:
    given_rows = rows(drawn)
    parts = [given_rows[at::pieces] for at in range(pieces)]
    answers = []
    for _ in range(2):
        chance.shuffle(parts)
        workspace = make_workspace(tmp_path / str(next(number)), metrics=METRICS, today="2027-01-01")
        for part in parts:
            if part:
                give(workspace, {"order": part})
        with workspace:
            names = ["t_revenue", "t_orders", "t_buyers", "t_sales", "t_aov", "new_customers"]
            answers.append(workspace.query(names, grain="month", period="2025-01..2026-03").rows)
            warehouse = workspace.warehouse()
            shown = "_source, _key, ordered_at, amount, channel, country, customer_id, currency, is_sale, is_first"
            answers.append(warehouse.rows(f"SELECT {shown} FROM {warehouse.relation('order')} ORDER BY _key")[1])
    assert answers[0] == answers[2]
    assert answers[1] == answers[3]


@law
@given(orders)
def test_a_ratio_is_that_of_its_sums_in_every_segment(tmp_path: Path, drawn: list[dict[str, Any]]) -> None:
    with workspace_of(tmp_path, rows(drawn)) as workspace:
        for row in workspace.query(["t_revenue", "t_orders", "t_aov"], by=["channel"]).to_dicts():
            assert row["t_aov"] == float(Decimal(str(row["t_revenue"])) / Decimal(str(row["t_orders"])))
