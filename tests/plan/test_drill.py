"""From any cell to its records: they count and add up to the number, whatever kind of leg made it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from kit import give, make_workspace
from leadline.errors import UsageError
from leadline.plan.cell import Records
from leadline.plan.result import Result
from leadline.workspace import Workspace

METRICS = """
t_revenue: {formula: sum(order.amount), unit: money}
t_orders: count(order)
t_buyers: distinct(order.customer_id)
t_aov: t_revenue / t_orders
t_german: sum(order.amount where country = 'DE')
t_share: t_orders / total(t_orders)
t_growth: t_orders / prior(t_orders) - 1
t_mrr: {formula: last(subscription.mrr), unit: money}
t_new: {formula: "movement(subscription.mrr, new)", unit: money}
t_expansion: {formula: "movement(subscription.mrr, expansion)", unit: money}
t_churned: {formula: "movement(subscription.mrr, churned)", unit: money}
t_followers: last(post.followers)
t_active: count(order over 14 days)
t_ytd: count(order over year to date)
t_daily: mean(count(order) by day)
t_reach: reach(lead, mql, within 30 days)
t_reached: reached(lead, mql, within 30 days)
t_took: median(elapsed(lead, mql))
t_gap: median(gap(order))
t_credit: {formula: "credited(sum(order.amount), linear)", unit: money}
t_spend: {formula: sum(ad.spend), unit: money}
"""


def order(number: int, moment: str, amount: int, customer: str, channel: str | None, country: str) -> dict[str, Any]:
    return {
        "order_id": str(number),
        "ordered_at": moment,
        "amount": amount,
        "currency": "EUR",
        "customer_id": customer,
        "channel": channel,
        "country": country,
        "email": f"{customer}@example.com",
        "_key": str(number),
    }


ORDERS = [
    order(1, "2026-01-05 10:00", 10, "a", "Email", "DE"),
    order(2, "2026-01-06 10:00", 20, "a", "Email", "DE"),
    order(3, "2026-01-07 10:00", 5, "b", "Paid", "FR"),
    order(4, "2026-02-03 10:00", 15, "b", "Paid", "FR"),
    order(5, "2026-02-04 10:00", 8, "c", None, "DE"),
    order(6, "2026-02-20 10:00", 7, "c", None, "DE"),
]
ENTRIES = [
    {"person_id": p, "stage": s, "channel": c, "entered_at": t, "_key": f"{p}{s}{t}"}
    for p, s, c, t in [
        ("p", "lead", "Email", "2026-01-05"), ("p", "mql", "Email", "2026-01-20"),
        ("q", "lead", "Email", "2026-01-06"), ("q", "mql", "Email", "2026-03-05"),
        ("r", "lead", None, "2026-01-07"), ("r", "mql", None, "2026-01-09"),
        ("s", "lead", "Paid", "2026-02-01"),
    ]
]  # fmt: skip
SUBSCRIPTIONS = [
    {"subscription_id": i, "customer_id": c, "mrr": m, "currency": "EUR", "started_at": s, "ended_at": e, "plan": p}
    for i, c, m, s, e, p in [
        ("1", "a", 100, "2026-01-10", "2026-02-10", "basic"), ("2", "a", 130, "2026-02-10", None, "basic"),
        ("3", "b", 50, "2026-01-15", "2026-02-20", "basic"), ("4", "c", 70, "2026-02-05", None, "pro"),
    ]
]  # fmt: skip
POSTS = [
    {"date": "2026-01-01", "platform": "x", "profile": "p", "followers": 10, "campaign": "old"},
    {"date": "2026-01-20", "platform": "x", "profile": "p", "followers": 14, "campaign": "new"},
    {"date": "2026-01-05", "platform": "y", "profile": "p", "followers": 100, "campaign": "old"},
]
TOUCHES = [
    {"person_id": "a", "touched_at": "2026-01-01", "channel": "Email"},
    {"person_id": "a", "touched_at": "2026-01-02", "channel": "Paid"},
    {"person_id": "b", "touched_at": "2026-01-03", "channel": "Paid"},
]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workspace]:
    workspace = make_workspace(tmp_path, metrics=METRICS)
    give(workspace, {"order": ORDERS, "stage_entry": ENTRIES, "subscription": SUBSCRIPTIONS, "post": POSTS,
                     "touch": TOUCHES}, source="crm")  # fmt: skip
    with workspace:
        yield workspace


def cells(result: Result) -> Iterator[tuple[int, Any]]:
    for number, row in enumerate(result.rows):
        yield number, row[-1]


def total(records: Records, column: str) -> Any:
    return sum(value for value in records.column(column) if value is not None)


@pytest.mark.parametrize("grain", ["none", "day", "week", "month", "quarter"])
@pytest.mark.parametrize("by", [(), ("channel",), ("channel", "country")])
def test_records_of_sums_and_counts_add_up_in_every_cell(shop: Workspace, grain: str, by: tuple[str, ...]) -> None:
    for metric, measured in (("t_revenue", "sum"), ("t_german", "sum"), ("t_orders", "count"), ("t_buyers", "set")):
        result = shop.query([metric], by=by, grain=grain)
        assert result.rows
        for number, value in cells(result):
            [records] = shop.records_of(result, number, metric)
            ways = {
                "sum": total(records, "amount"),
                "count": len(records.rows),
                "set": len(set(records.column("customer_id"))),
            }
            assert ways[measured] == (value or 0), (metric, result.rows[number])
            assert records.count == len(records.rows)


def test_a_row_says_where_it_came_from(shop: Workspace) -> None:
    result = shop.query(["t_revenue"], by=["channel"], period="2026-01")
    [records] = shop.records_of(result, 0, "t_revenue")
    assert records.fact == "order"
    assert records.measure == "sum(order.amount)"
    assert records.period == "2026-01-01..2026-01-31"
    assert set(records.column("_file")) == {"rows"}
    assert records.column("_line") == [2, 1]
    assert set(records.column("_source")) == {"crm"}


def test_the_unattributed_have_records_too(shop: Workspace) -> None:
    result = shop.query(["t_revenue"], by=["channel"])
    number = [row[0] for row in result.rows].index(None)
    [records] = shop.records_of(result, number, "t_revenue")
    assert records.column("order_id") == ["6", "5"]


def test_the_filter_of_the_question_holds(shop: Workspace) -> None:
    result = shop.query(["t_orders"], where="country = 'FR'", grain="month")
    assert [len(shop.records_of(result, number, "t_orders")[0].rows) for number in (0, 1)] == [1, 1]


def test_each_measure_of_a_formula_has_its_records(shop: Workspace) -> None:
    result = shop.query(["t_growth"], grain="month")
    now, before = shop.records_of(result, 1, "t_growth")
    assert (now.count, before.count) == (3, 3)
    assert before.period == "2026-01-01..2026-01-31"


def test_a_total_over_the_breakdown_has_all_its_records(shop: Workspace) -> None:
    result = shop.query(["t_share"], by=["channel"])
    part, whole = shop.records_of(result, 0, "t_share")
    assert (part.count, whole.count) == (2, 6)


def test_comparisons_lead_to_the_rows_of_their_own_period(shop: Workspace) -> None:
    result = shop.query(["t_revenue"], period="2026-02", compare=["previous"])
    [records] = shop.records_of(result, 0, "t_revenue_previous")
    assert total(records, "amount") == result.rows[0][1] == 35


def test_a_period_cut_by_the_question_keeps_its_cut(shop: Workspace) -> None:
    result = shop.query(["t_orders"], grain="month", period="2026-01-06..2026-02-03")
    assert result.column("t_orders") == [2, 1]
    assert [shop.records_of(result, number, "t_orders")[0].count for number in (0, 1)] == [2, 1]


@pytest.mark.parametrize("grain", ["none", "month"])
def test_balances_show_what_held_at_the_end(shop: Workspace, grain: str) -> None:
    for by in ((), ("plan",)):
        result = shop.query(["t_mrr"], by=by, grain=grain, period="2026-01..2026-03")
        for number, value in cells(result):
            [records] = shop.records_of(result, number, "t_mrr")
            assert total(records, "mrr") == (value or 0)
    now = shop.query(["t_mrr"])
    assert total(shop.records_of(now, 0, "t_mrr")[0], "mrr") == now.rows[0][0] == 200


def test_readings_show_the_last_of_each_item(shop: Workspace) -> None:
    """The older reading of the same profile belongs to another campaign, and is not the last."""
    result = shop.query(["t_followers"], by=["campaign"])
    assert result.rows == [("new", 14), ("old", 100)]
    for number, value in cells(result):
        [records] = shop.records_of(result, number, "t_followers")
        assert total(records, "followers") == value


@pytest.mark.parametrize(("metric", "kind"), [("t_new", 1), ("t_expansion", 1), ("t_churned", -1)])
def test_movements_show_what_was_held_before_and_after(shop: Workspace, metric: str, kind: int) -> None:
    result = shop.query([metric], grain="month", period="2026-01..2026-03", by=["plan"])
    seen = 0
    for number, value in cells(result):
        [records] = shop.records_of(result, number, metric)
        moved = (total(records, "_at_end") - total(records, "_at_start")) * kind
        assert moved == (value or 0)
        seen += moved
    assert seen


def test_trailing_and_to_date_windows_show_their_rows(shop: Workspace) -> None:
    for metric in ("t_active", "t_ytd"):
        result = shop.query([metric], grain="month", period="2026-01..2026-02", by=["channel"])
        for number, value in cells(result):
            assert shop.records_of(result, number, metric)[0].count == (value or 0)


def test_a_mean_by_day_shows_the_rows_of_the_period(shop: Workspace) -> None:
    result = shop.query(["t_daily"], grain="month")
    assert [shop.records_of(result, number, "t_daily")[0].count for number in (0, 1)] == [3, 3]


def test_cohorts_show_first_steps_and_when_the_next_was_reached(shop: Workspace) -> None:
    result = shop.query(["t_reach", "t_reached"], by=["channel"], grain="month", period="2026-01..2026-02")
    for number, row in enumerate(result.rows):
        [started] = shop.records_of(result, number, "t_reach")
        [reached] = shop.records_of(result, number, "t_reached")
        arrived = [at for at in started.column("_reached_at") if at is not None]
        assert len(arrived) == reached.count == row[3]
        assert row[2] == (len(arrived) / started.count if started.count else None)
    [started] = shop.records_of(result, 0, "t_reach")
    assert result.rows[0][:2] == (date(2026, 1, 1), "Email")
    assert dict(zip(started.column("person_id"), started.column("_reached_at"), strict=True)) == {
        "p": datetime(2026, 1, 20), "q": None,
    }  # fmt: skip


def test_a_second_first_step_in_a_period_belongs_to_the_first_ones_cell(tmp_path: Path) -> None:
    """One person, a lead by Email and again by Paid: counted once, under Email, and so are the records."""
    metrics = "t_all: reach(stage_entry where stage = 'lead', mql)\n"
    with make_workspace(tmp_path, metrics=metrics) as workspace:
        rows = [{"person_id": "p", "stage": "lead", "channel": channel, "entered_at": day, "_key": day}
                for channel, day in (("Email", "2026-01-05"), ("Paid", "2026-01-06"))]  # fmt: skip
        give(workspace, {"stage_entry": rows, "order": ORDERS})
        result = workspace.query(["t_all"], by=["channel"])
        assert [row[0] for row in result.rows] == ["Email"]
        assert workspace.records_of(result, 0, "t_all")[0].count == 1
        # The same question with a filter asks another thing: leads by Paid.
        filtered = workspace.query(["t_all"], where="channel = 'Paid'")
        assert workspace.records_of(filtered, 0, "t_all")[0].count == 1


def test_elapsed_shows_those_under_way_too(shop: Workspace) -> None:
    result = shop.query(["t_took"], period="2026-01")
    [records] = shop.records_of(result, 0, "t_took")
    assert records.count == 3
    assert sorted(str(at)[:10] for at in records.column("_reached_at")) == ["2026-01-09", "2026-01-20", "2026-03-05"]


def test_gaps_show_both_moments(shop: Workspace) -> None:
    result = shop.query(["t_gap"], grain="month")
    [records] = shop.records_of(result, 1, "t_gap")
    assert sorted((at - before).days for at, before in zip(records.column("ordered_at"),
                  records.column("_moment_before"), strict=True)) == [16, 27]  # fmt: skip


def test_credit_shows_conversions_beside_their_touches(shop: Workspace) -> None:
    """35 of a, half of each to Email and half to Paid; 20 of b to Paid; 15 of c to nobody."""
    result = shop.query(["t_credit"], by=["channel"])
    assert result.rows == [("Email", 15), ("Paid", 15 + 20), (None, 15)]
    for number, value in cells(result):
        [records] = shop.records_of(result, number, "t_credit")
        assert total(records, "_credited") == value
    by_country = shop.query(["t_credit"], by=["country"])
    for number, value in cells(by_country):
        assert total(shop.records_of(by_country, number, "t_credit")[0], "_credited") == value


def test_converted_amounts_add_up_and_name_their_rate(shop: Workspace) -> None:
    rates = [{"date": "2026-01-05", "currency": "EUR", "to_currency": "USD", "rate": 1.2}]
    give(shop, {"fx_rate": rates}, source="bank")
    result = shop.query(["t_revenue"], by=["channel"], period="2026-01", currency="USD")
    for number, value in cells(result):
        [records] = shop.records_of(result, number, "t_revenue")
        assert total(records, "amount") == (value or 0)
        assert set(records.column("_rate")) <= {1.2}
        assert set(records.column("currency")) <= {"EUR"}


def test_rows_of_several_currencies_lead_to_their_own(shop: Workspace) -> None:
    dollars = order(7, "2026-02-05 10:00", 99, "d", "Affiliates", "US") | {"currency": "USD"}
    give(shop, {"order": [dollars]}, source="us")
    result = shop.query(["t_revenue"], by=["channel"])
    assert "currency" in result.names
    for number, value in cells(result):
        assert total(shop.records_of(result, number, "t_revenue")[0], "amount") == value


def test_looked_up_dimensions_lead_to_their_records(tmp_path: Path) -> None:
    settings = (
        "lookups:\n  buyer: {fact: stage_entry, where: stage = 'lead' and is_first, key: person_id, "
        "for: {order: customer_id}, gives: [owner]}\n"
    )
    with make_workspace(tmp_path, metrics=METRICS, settings=settings) as workspace:
        leads = [{"person_id": "a", "stage": "lead", "owner": "Kim", "entered_at": "2026-01-01"}]
        give(workspace, {"order": ORDERS, "stage_entry": leads})
        result = workspace.query(["t_orders"], by=["owner"])
        assert result.rows == [("Kim", 2), (None, 4)]
        [kim], [nobody] = (workspace.records_of(result, number, "t_orders") for number in (0, 1))
        assert (kim.count, nobody.count) == (2, 4)
        assert set(kim.column("owner")) == {"Kim"}


def test_personal_data_is_masked_unless_the_role_allows(shop: Workspace) -> None:
    result = shop.query(["t_orders"])
    [masked] = shop.records_of(result, 0, "t_orders")
    assert set(masked.column("email")) == {"•••"}
    [shown] = shop.records_of(result, 0, "t_orders", role="admin")
    assert "a@example.com" in shown.column("email")
    with pytest.raises(UsageError) as caught:
        shop.records_of(result, 0, "t_orders", role="boss")
    assert caught.value.code == "unknown-role"


def test_totals_lead_to_all_their_records(shop: Workspace) -> None:
    result = shop.query(["t_orders"], by=["channel"], grain="month", total=True)
    counts = [shop.records_of(result, one, "t_orders")[0].count for one in result.totals]
    assert counts == [one.values[-1] for one in result.totals]
    assert counts[-1] == 6


def test_the_limit_caps_the_rows_and_not_the_count(shop: Workspace) -> None:
    [records] = shop.records_of(shop.query(["t_orders"]), 0, "t_orders", limit=2)
    assert (len(records.rows), records.count) == (2, 6)
    assert records.column("order_id") == ["6", "5"]


def test_a_cell_must_be_one_of_the_result(shop: Workspace) -> None:
    result = shop.query(["t_orders"], by=["channel"])
    for row, column in ((0, "channel"), (0, 7), (9, "t_orders")):
        with pytest.raises(UsageError):
            shop.records_of(result, row, column)


def test_a_measure_without_data_has_no_records(shop: Workspace) -> None:
    assert shop.records_of(shop.query(["t_spend"]), 0, "t_spend") == []
