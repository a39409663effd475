"""Each kind of measure with an answer worked out by hand: to date, mean by day, movements, elapsed, gaps, credit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kit import give, make_workspace
from leadline.errors import DefinitionError, RefusedError
from leadline.workspace import Workspace

METRICS = """
k_revenue: {formula: sum(order.amount), unit: money}
k_ytd: {formula: sum(order.amount over year to date), unit: money}
k_buyers_qtd: distinct(order.customer_id over quarter to date)
k_share: {formula: sum(order.amount) / total(sum(order.amount)), unit: percent}
k_daily_buyers: mean(distinct(order.customer_id) by day)
k_weekly_revenue: {formula: mean(sum(order.amount) by week), unit: money}
k_gap: median(gap(order))
k_gap_hours: percentile(gap(order where is_sale, hours), 1)
k_mrr: {formula: last(subscription.mrr), unit: money}
k_new: {formula: 'movement(subscription.mrr, new)', unit: money}
k_expansion: {formula: 'movement(subscription.mrr, expansion)', unit: money}
k_contraction: {formula: 'movement(subscription.mrr, contraction)', unit: money}
k_churned: {formula: 'movement(subscription.mrr, churned)', unit: money}
k_back: {formula: 'movement(subscription.mrr, reactivation)', unit: money}
k_net: k_new + k_expansion + k_back - k_contraction - k_churned
k_lead_mql: median(elapsed(lead, mql))
k_lead_mql_90: percentile(elapsed(lead, mql), 0.9)
k_cycle: median(elapsed(deal at created_at, deal at won_at))
k_credit: {formula: credited(k_revenue), unit: money}
k_first: {formula: 'credited(k_revenue, first)', unit: money}
k_last: {formula: 'credited(k_revenue, last)', unit: money}
k_linear: {formula: 'credited(k_revenue, linear)', unit: money}
k_position: {formula: 'credited(k_revenue, position)', unit: money}
k_decay: {formula: 'credited(k_revenue, time_decay)', unit: money}
k_week: {formula: 'credited(k_revenue, first, within 7 days)', unit: money}
k_event: {formula: "credited(k_revenue, linear, where kind = 'event')", unit: money}
k_any: {formula: "credited(k_revenue, any, where channel <> 'Direct')", unit: money}
k_roas: credited(k_revenue) / sum(ad.spend)
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    with make_workspace(tmp_path, metrics=METRICS, today="2026-12-31") as made:
        yield made


def order(customer: str, at: str, amount: float, **more: Any) -> dict[str, Any]:
    return {"customer_id": customer, "ordered_at": at, "amount": amount, "currency": "EUR", **more}


def test_to_date_starts_anew_each_year_and_counts_people_once(workspace: Workspace) -> None:
    """requirement: to-date, ENGINE rule 5."""
    give(
        workspace,
        {
            "order": [
                order("a", "2025-12-30 10:00", 100),
                order("a", "2026-01-10 10:00", 10),
                order("b", "2026-02-10 10:00", 20),
                order("a", "2026-04-10 10:00", 40),
            ],
        },
    )
    result = workspace.query(["k_ytd", "k_buyers_qtd"], grain="month", period="2025-12..2026-04")
    assert result.column("k_ytd") == [100, 10, 30, 30, 70]
    assert result.column("k_buyers_qtd") == [1, 1, 2, 2, 1]
    with pytest.raises(RefusedError, match="period-needed"):
        workspace.query(["k_ytd"])
    with pytest.raises(RefusedError, match="grain-too-coarse"):
        workspace.query(["k_buyers_qtd"], grain="year", period="2026")


def test_total_is_over_all_values_under_the_same_filter(workspace: Workspace) -> None:
    give(
        workspace,
        {
            "order": [
                order("a", "2026-01-10 10:00", 10, channel="Email", country="DE"),
                order("b", "2026-01-11 10:00", 30, channel="Ads", country="DE"),
                order("c", "2026-01-11 10:00", 60, channel="Ads", country="FR"),
                order("d", "2026-02-11 10:00", 5, country="FR"),
            ],
        },
    )
    result = workspace.query(["k_share"], by=["channel"], grain="month", period="2026-01..2026-02")
    assert result.rows == [
        (date(2026, 1, 1), "Ads", 0.9),
        (date(2026, 1, 1), "Email", 0.1),
        (date(2026, 1, 1), None, 0.0),
        (date(2026, 2, 1), "Ads", 0.0),
        (date(2026, 2, 1), "Email", 0.0),
        (date(2026, 2, 1), None, 1.0),
    ]
    filtered = workspace.query(["k_share"], by=["channel"], where="country = 'DE'")
    assert filtered.rows == [("Ads", 0.75), ("Email", 0.25)]
    assert workspace.query(["k_share"]).rows == [(1.0,)]


def test_the_mean_by_day_counts_days_without_rows(workspace: Workspace) -> None:
    """January 2026: two buyers on the 1st, one on the 31st: 3 buyer days over 31 days."""
    give(
        workspace,
        {
            "order": [
                order("a", "2026-01-01 10:00", 7),
                order("b", "2026-01-01 11:00", 7),
                order("a", "2026-01-01 12:00", 7),
                order("a", "2026-01-31 10:00", 10),
            ],
        },
    )
    result = workspace.query(["k_daily_buyers", "k_weekly_revenue"], period="2026-01", grain="month")
    assert result.column("k_daily_buyers") == [pytest.approx(3 / 31)]
    # The weeks of 29 December, and of 5, 12, 19 and 26 January.
    assert result.column("k_weekly_revenue") == [pytest.approx(31 / 5)]
    assert workspace.query(["k_daily_buyers"], period="2026-01").rows == [(pytest.approx(3 / 31),)]
    with pytest.raises(RefusedError, match="grain-too-fine"):
        workspace.query(["k_weekly_revenue"], grain="day", period="2026-01")


def test_gaps_are_between_moments_of_one_buyer(workspace: Workspace) -> None:
    """Two lines of one order are one moment; gaps of a: 10 and 20 days, of b: 2 days."""
    give(
        workspace,
        {
            "order": [
                order("a", "2026-01-01 10:00", 1, is_sale=True),
                order("a", "2026-01-01 10:00", 1, is_sale=True),
                order("a", "2026-01-11 10:00", 1, is_sale=True),
                order("a", "2026-01-31 10:00", 1, is_sale=False),
                order("b", "2026-01-30 10:00", 1, is_sale=True),
                order("b", "2026-02-01 10:00", 1, is_sale=True),
            ],
        },
    )
    assert workspace.query(["k_gap"]).rows == [(10.0,)]
    by_month = workspace.query(["k_gap", "k_gap_hours"], grain="month", period="2026-01..2026-02")
    assert by_month.column("k_gap") == [15.0, 2.0]
    assert by_month.column("k_gap_hours") == [240.0, 48.0]


SUBSCRIPTIONS = [
    # In March a goes from 10 to 25, b from 30 to 20, c leaves, d comes, and e, who left in January, is back.
    {"subscription_id": "a1", "customer_id": "a", "started_at": "2026-01-01", "ended_at": "2026-03-10", "mrr": 10},
    {"subscription_id": "a2", "customer_id": "a", "started_at": "2026-03-10", "mrr": 25},
    {"subscription_id": "b1", "customer_id": "b", "started_at": "2026-01-01", "ended_at": "2026-03-10", "mrr": 30},
    {"subscription_id": "b2", "customer_id": "b", "started_at": "2026-03-10", "mrr": 20},
    {"subscription_id": "c1", "customer_id": "c", "started_at": "2026-02-01", "ended_at": "2026-03-20", "mrr": 7},
    {"subscription_id": "d1", "customer_id": "d", "started_at": "2026-03-05", "mrr": 3},
    {"subscription_id": "e1", "customer_id": "e", "started_at": "2026-01-01", "ended_at": "2026-01-20", "mrr": 50},
    {"subscription_id": "e2", "customer_id": "e", "started_at": "2026-03-25", "mrr": 40},
    {"subscription_id": "f1", "customer_id": "f", "started_at": "2026-03-02", "ended_at": "2026-03-20", "mrr": 99},
]


def test_movements_add_up_to_the_change_of_the_balance(workspace: Workspace) -> None:
    """requirement: net new MRR = new + expansion + reactivation - contraction - churned."""
    give(workspace, {"subscription": [{**row, "currency": "EUR", "plan": "P"} for row in SUBSCRIPTIONS]})
    march = workspace.query(
        ["k_new", "k_expansion", "k_back", "k_contraction", "k_churned", "k_net", "k_mrr"], period="2026-03"
    )
    # 47 at the end of February (10 + 30 + 7), 88 at the end of March (25 + 20 + 3 + 40).
    assert march.rows == [(3, 15, 40, 10, 7, 41, 88)]
    months = workspace.query(["k_new", "k_churned", "k_net", "k_mrr"], grain="month", period="2026-01..2026-03")
    assert months.column("k_new") == [40, 7, 3]
    assert months.column("k_churned") == [0, 0, 7]
    assert months.column("k_mrr") == [40, 47, 88]
    assert months.column("k_net") == [40, 7, 41]
    assert workspace.query(["k_new"], by=["plan"], period="2026-03").rows == [("P", 3)]
    with pytest.raises(RefusedError, match="period-needed"):
        workspace.query(["k_new"])


def entry(person: str, stage: str, at: str, **more: Any) -> dict[str, Any]:
    return {"person_id": person, "stage": stage, "entered_at": at, **more}


def test_elapsed_censors_those_under_way(workspace: Workspace) -> None:
    """Kaplan-Meier by hand: arrivals after 2, 4 and 10 days, one person still under way after 5 days, one after 12.

    After 2 days 4/5 are left, after 4 days 4/5 * 3/4 = 3/5, after 10 days 3/5 * 1/2 = 3/10: the median is 10 days. To
    drop the two who are under way would say 4.
    """
    give(
        workspace,
        {
            "stage_entry": [
                entry("a", "lead", "2026-01-01"),
                entry("a", "mql", "2026-01-03"),
                entry("b", "lead", "2026-01-01"),
                entry("b", "mql", "2026-01-05"),
                entry("c", "lead", "2026-01-03"),
                entry("c", "mql", "2026-01-13"),
                entry("d", "lead", "2026-01-08"),
                entry("e", "lead", "2026-01-01"),
            ],
        },
    )
    result = workspace.query(["k_lead_mql", "k_lead_mql_90"], period="2026-01")
    assert result.rows == [(10.0, None)]
    # Who is under way for five days may still arrive before the tenth.
    assert result.marks == {(0, 0): "immature", (0, 1): "immature"}


def test_elapsed_without_censoring_is_the_plain_median(workspace: Workspace) -> None:
    give(
        workspace,
        {
            "deal": [
                {"deal_id": str(days), "created_at": "2026-01-01", "won_at": f"2026-01-{1 + days:02}", "amount": 1}
                for days in (1, 2, 5, 9)
            ],
        },
    )
    result = workspace.query(["k_cycle"], grain="month", period="2026-01")
    assert result.rows == [(date(2026, 1, 1), 3.5)]
    assert "immature" not in result.marks.values()


def touch(person: str, at: str, channel: str | None, **more: Any) -> dict[str, Any]:
    return {"person_id": person, "touched_at": at, "channel": channel, **more}


@pytest.fixture
def credited(workspace: Workspace) -> Workspace:
    """One buyer with four touches before an order of 100, one too old, one too late; one buyer without any."""
    give(
        workspace,
        {
            "order": [
                order("a", "2026-06-30 12:00", 100, category="X"),
                order("b", "2026-06-30 12:00", 7, category="Y"),
            ],
            "touch": [
                touch("a", "2026-01-01 12:00", "Display"),
                touch("a", "2026-06-09 12:00", "Ads", kind="click"),
                touch("a", "2026-06-16 12:00", "Event", kind="event"),
                touch("a", "2026-06-23 12:00", "Email", kind="click"),
                touch("a", "2026-06-30 12:00", "Direct", kind="visit"),
                touch("a", "2026-07-01 12:00", "Display"),
            ],
        },
    )
    return workspace


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("k_first", {"Ads": 100, None: 7}),
        ("k_last", {"Direct": 100, None: 7}),
        ("k_credit", {"Email": 100, None: 7}),
        ("k_linear", {"Ads": 25, "Event": 25, "Email": 25, "Direct": 25, None: 7}),
        ("k_position", {"Ads": 40, "Event": 10, "Email": 10, "Direct": 40, None: 7}),
        # A half per week before the order: 1/8, 1/4, 1/2 and 1 of 15/8.
        ("k_decay", {"Ads": 100 / 15, "Event": 200 / 15, "Email": 400 / 15, "Direct": 800 / 15, None: 7}),
        ("k_week", {"Email": 100, None: 7}),
        ("k_event", {"Event": 25}),
    ],
)
def test_credit_of_each_model(credited: Workspace, metric: str, expected: dict[str | None, float]) -> None:
    result = credited.query([metric], by=["channel"])
    found = {row[0]: row[1] for row in result.rows if row[1]}
    assert {name: float(value) for name, value in found.items()} == pytest.approx(expected)
    if metric != "k_event":
        assert sum(map(Decimal, map(str, found.values()))) == pytest.approx(107)


def test_credit_obeys_grain_filter_and_the_querys_model(credited: Workspace) -> None:
    by_month = credited.query(["k_linear"], by=["channel"], grain="month", period="2026-06..2026-07")
    assert {row[:2]: float(row[2] or 0) for row in by_month.rows if row[2]} == {
        (date(2026, 6, 1), name): value
        for name, value in {"Ads": 25, "Event": 25, "Email": 25, "Direct": 25, None: 7}.items()
    }
    assert credited.query(["k_linear"], where="channel = 'Email'").rows == [(25,)]
    assert credited.query(["k_linear"], where="category = 'Y'").rows == [(7,)]
    assert credited.query(["k_linear"], by=["category"]).rows == [("X", 100), ("Y", 7)]
    assert credited.query(["k_credit"], by=["channel"], attribution="first").column("k_credit")[0] == 100


def test_any_touch_counts_a_conversion_once_in_each_breakdown(credited: Workspace) -> None:
    """requirement 000-09: what marketing influenced; three touches that are not direct influence one order of 100."""
    assert credited.query(["k_any"]).rows == [(100,)]
    assert {row[0]: row[1] for row in credited.query(["k_any"], by=["channel"]).rows if row[1]} == {
        "Ads": 100,
        "Event": 100,
        "Email": 100,
    }
    assert credited.query(["k_any"], by=["category"]).rows == [("X", 100)]


def test_only_sums_and_counts_can_be_credited(tmp_path: Path) -> None:
    with (
        pytest.raises(DefinitionError, match="not-creditable"),
        make_workspace(tmp_path, metrics="bad: credited(avg(order.amount))") as made,
    ):
        made.query(["bad"])
