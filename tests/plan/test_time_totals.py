"""Totals are counted from the records again: distinct people, ratios, balances, and what has no total says so."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kit import give, make_workspace
from leadline.cli import cli
from leadline.report.export import to_csv, to_json
from leadline.report.table import render_table
from leadline.workspace import Workspace

METRICS = """
t_revenue: {formula: sum(order.amount), unit: money}
t_orders: count(order)
t_buyers: distinct(order.customer_id)
t_aov: {formula: t_revenue / t_orders, unit: money}
t_top: max(order.amount)
t_share: {formula: t_revenue / total(t_revenue), unit: percent}
t_mrr: {formula: last(subscription.mrr), unit: money}
"""
# Customer a buys in both channels and both months.
ORDERS = [
    ("a", "Email", 10, "2026-01-05"),
    ("a", "Paid", 30, "2026-01-20"),
    ("b", "Email", 20, "2026-02-03"),
    ("a", "Email", 40, "2026-02-10"),
]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workspace]:
    workspace = make_workspace(tmp_path, metrics=METRICS, today="2026-06-15")
    rows: list[dict[str, Any]] = [
        {"order_id": f"{n}", "customer_id": who, "channel": channel, "amount": amount, "currency": "EUR"}
        | {"ordered_at": f"{day} 10:00"}
        for n, (who, channel, amount, day) in enumerate(ORDERS)
    ]
    give(workspace, {"order": rows})
    with workspace:
        yield workspace


def test_the_total_of_a_breakdown_counts_people_once(shop: Workspace) -> None:
    result = shop.query(["t_revenue", "t_buyers", "t_aov", "t_top"], by=["channel"], total=True)
    assert result.rows == [("Email", 70, 2, pytest.approx(70 / 3), 40), ("Paid", 30, 1, 30, 30)]
    assert [total.values for total in result.totals] == [(None, 100, 2, 25, 40)]


def test_each_period_has_its_total_and_all_of_them_one(shop: Workspace) -> None:
    result = shop.query(["t_buyers", "t_orders"], by=["channel"], grain="month", period="2026-01..2026-02", total=True)
    assert [total.values for total in result.totals] == [
        (date(2026, 1, 1), None, 1, 2),
        (date(2026, 2, 1), None, 2, 2),
        (None, None, 2, 4),
    ]
    for name in ("t_orders",):
        at = result.names.index(name)
        assert sum(row[at] for row in result.rows) == result.totals[-1].values[at]  # type: ignore[misc]


def test_a_series_without_a_period_is_totalled_over_what_it_shows(shop: Workspace) -> None:
    result = shop.query(["t_buyers", "t_revenue"], grain="month", compare=["previous"], total=True)
    assert [total.values for total in result.totals] == [(None, 2, None, 100, None)]
    assert result.totals[0].marks[2] == "no-data"


def test_balances_total_to_the_last_one(tmp_path: Path) -> None:
    with make_workspace(tmp_path, metrics=METRICS, today="2026-06-15") as workspace:
        held = [
            {"customer_id": "a", "mrr": 100, "started_at": "2026-01-05", "ended_at": "2026-02-20", "currency": "EUR"},
            {"customer_id": "b", "mrr": 30, "started_at": "2026-02-10", "currency": "EUR"},
        ]
        give(workspace, {"subscription": held})
        result = workspace.query(["t_mrr"], grain="month", period="2026-01..2026-02", total=True)
        assert result.rows == [(date(2026, 1, 1), 100), (date(2026, 2, 1), 30)]
        assert [total.values for total in result.totals] == [(None, 30)]


def test_a_share_of_the_total_is_one_in_the_total(shop: Workspace) -> None:
    result = shop.query(["t_share"], by=["channel"], total=True)
    assert [row[1] for row in result.rows] == [0.7, 0.3]
    assert [total.values for total in result.totals] == [(None, 1)]


def test_amounts_in_two_currencies_have_no_total_and_the_reason_is_told(shop: Workspace) -> None:
    dollars = {"order_id": "9", "customer_id": "z", "channel": "Direct", "amount": 5, "currency": "USD"}
    give(shop, {"order": [dollars | {"ordered_at": "2026-02-11 10:00"}]}, source="us")
    result = shop.query(["t_revenue"], by=["channel"], total=True)
    assert len(result.rows) == 3
    assert result.totals == ()
    assert result.provenance["totals"]["refused"] == ["Amounts in EUR, USD cannot be added."]
    assert "no total: Amounts in EUR, USD cannot be added." in render_table(result)


def test_one_number_has_no_further_total(shop: Workspace) -> None:
    assert shop.query(["t_revenue"], total=True).totals == ()


def test_the_table_sets_totals_apart(shop: Workspace) -> None:
    result = shop.query(["t_buyers"], by=["channel"], grain="month", period="2026-01..2026-02", total=True)
    lines = render_table(result.sorted_by("t_buyers").limited(1)).splitlines()
    assert lines[2].split() == ["Feb", "2026", "Email", "2*"]
    assert set(lines[3]) == {"─", " "}
    assert [line.split() for line in lines[4:7]] == [
        ["Jan", "2026", "Total", "1"],
        ["Feb", "2026", "Total", "2*"],
        ["Total", "2*"],
    ]


def test_csv_flags_totals_and_json_keeps_them_apart(shop: Workspace) -> None:
    result = shop.query(["t_revenue"], by=["channel"], total=True)
    assert list(csv.reader(io.StringIO(to_csv(result)))) == [
        ["channel", "t_revenue", "is_total"],
        ["Email", "70", "false"],
        ["Paid", "30", "false"],
        ["", "100", "true"],
    ]
    assert "is_total" not in to_csv(shop.query(["t_revenue"], by=["channel"]))
    data = json.loads(to_json(result))
    assert data["rows"] == [["Email", 70], ["Paid", 30]]
    assert data["totals"] == [[None, 100]]
    assert "totals" not in json.loads(to_json(shop.query(["t_revenue"])))


def test_the_command_line_adds_totals(shop: Workspace, tmp_path: Path) -> None:
    shop.close()
    run = CliRunner().invoke(cli, ["-w", str(tmp_path), "query", "t_revenue", "--by", "channel", "--total"])
    assert run.exit_code == 0, run.output
    assert "Total" in run.output
    assert "€100.00" in run.output
