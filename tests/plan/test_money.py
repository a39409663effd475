"""Money in one currency: the rate of the day, worked out by hand, or a refusal that names the day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from kit import give, make_workspace
from leadline.errors import DefinitionError, RefusedError, UsageError
from leadline.workspace import Workspace

METRICS = """
t_revenue: {formula: sum(order.amount), unit: money}
t_biggest: {formula: max(order.amount), unit: money}
t_orders: count(order)
t_spend: {formula: sum(ad.spend), unit: money}
t_roas: t_revenue / t_spend
t_mrr: {formula: last(subscription.mrr), unit: money}
t_new: {formula: "movement(subscription.mrr, new)", unit: money}
t_week: {formula: sum(order.amount over 7 days), unit: money}
t_won: {formula: sum(deal.amount where status = 'won' at won_at), unit: money}
t_german: {formula: sum(order.amount where country = 'DE'), unit: money}
"""


def rate(day: str, one: str, other: str, value: float) -> dict[str, Any]:
    return {"date": day, "currency": one, "to_currency": other, "rate": value, "_key": f"{day}{one}{other}"}


def order(number: int, moment: str, amount: float | None, currency: str | None, **more: Any) -> dict[str, Any]:
    return {"order_id": str(number), "ordered_at": moment, "amount": amount, "currency": currency, "_key": str(number),
            **more}  # fmt: skip


# 100 EUR, 200 USD at 0.9 (180 EUR) and 300 USD at 0.8 (240 EUR): 520 EUR.
ORDERS = [
    order(1, "2026-01-05 10:00", 100, "EUR", channel="Email", country="DE"),
    order(2, "2026-01-05 12:00", 200, "USD", channel="Email", country="DE"),
    order(3, "2026-01-06 12:00", 300, "USD", channel="Paid", country="US"),
]
RATES = [rate("2026-01-05", "USD", "EUR", 0.9), rate("2026-01-06", "USD", "EUR", 0.8)]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workspace]:
    workspace = make_workspace(tmp_path, metrics=METRICS)
    give(workspace, {"order": ORDERS, "fx_rate": RATES})
    with workspace:
        yield workspace


def refused(workspace: Workspace, *metrics: str, **asked: Any) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        workspace.query(list(metrics), **asked)
    return caught.value


def test_amounts_convert_by_the_rate_of_their_day(shop: Workspace) -> None:
    result = shop.query(["t_revenue", "t_biggest", "t_orders"], currency="EUR")
    assert result.rows == [(Decimal(520), Decimal(240), 3)]
    assert result.columns[0].currency == "EUR"
    by_day = shop.query(["t_revenue"], grain="day", currency="EUR")
    assert by_day.rows == [(date(2026, 1, 5), 280), (date(2026, 1, 6), 240)]
    assert shop.query(["t_revenue"], by=["channel"], currency="EUR").rows == [("Email", 280), ("Paid", 240)]


def test_the_other_direction_turns_the_published_rate_round(shop: Workspace) -> None:
    """100 EUR at 1 / 0.9 and 500 USD as they are."""
    assert shop.query(["t_revenue"], currency="USD").rows == [(Decimal("611.111111"),)]


def test_nothing_is_converted_unless_asked_for(shop: Workspace) -> None:
    error = refused(shop, "t_revenue")
    assert error.code == "mixed-currencies"
    assert "--currency EUR" in error.fix
    assert shop.query(["t_revenue"], by=["currency"]).rows == [("EUR", 100), ("USD", 500)]


def test_the_own_currency_stays_a_dimension(shop: Workspace) -> None:
    result = shop.query(["t_revenue"], by=["currency"], currency="EUR")
    assert result.rows == [("EUR", 100), ("USD", 420)]
    assert shop.query(["t_revenue"], where="currency = 'USD'", currency="EUR").rows == [(420,)]


def test_provenance_names_the_rates(shop: Workspace) -> None:
    provenance = shop.query(["t_revenue"], currency="EUR").provenance
    assert provenance["currency"] == "EUR"
    assert provenance["rates"] == [
        {"from": "USD", "to": "EUR", "through": None, "source": "test", "rows": 2, "days": 2,
         "first": "2026-01-05", "last": "2026-01-06"},
    ]  # fmt: skip


def test_rows_in_the_wanted_currency_need_no_rate(tmp_path: Path) -> None:
    with make_workspace(tmp_path, metrics=METRICS) as workspace:
        give(workspace, {"order": [ORDERS[0]]})
        result = workspace.query(["t_revenue"], currency="EUR")
        assert result.rows == [(100,)]
        assert result.provenance["rates"] == []
        assert "fx_rate" not in result.provenance["sql"][0]


def test_a_plain_query_reads_the_plain_table(shop: Workspace) -> None:
    [sql] = shop.query(["t_orders"], currency="EUR").provenance["sql"]
    assert "JOIN" not in sql


def test_the_last_rate_holds_for_seven_days(tmp_path: Path) -> None:
    with make_workspace(tmp_path, metrics=METRICS) as workspace:
        give(workspace, {"order": [order(1, "2026-01-12 10:00", 10, "USD")], "fx_rate": [RATES[0]]})
        assert workspace.query(["t_revenue"], currency="EUR").rows == [(9,)]
        give(workspace, {"order": [order(2, "2026-01-13 10:00", 10, "USD")]})
        error = refused(workspace, "t_revenue", currency="EUR")
        assert error.code == "no-rate"
        assert "from USD to EUR for 2026-01-13" in error.what
        assert "2026-01-05" in error.why
        assert "fx_rate" in error.fix


def test_a_rate_of_tomorrow_does_not_hold_today(shop: Workspace) -> None:
    give(shop, {"order": [order(4, "2026-01-04 23:59", 1, "USD")]})
    assert "2026-01-04" in refused(shop, "t_revenue", currency="EUR").what
    # Only what the question counts needs a rate.
    assert shop.query(["t_revenue"], period="2026-01-05..2026-01-06", currency="EUR").rows == [(520,)]


def test_a_missing_rate_of_several_days_names_the_first_and_counts_the_rest(tmp_path: Path) -> None:
    with make_workspace(tmp_path, metrics=METRICS) as workspace:
        give(workspace, {"order": [order(day, f"2026-01-{day:02d} 10:00", 1, "USD") for day in (7, 8, 9)]})
        error = refused(workspace, "t_revenue", currency="EUR")
        assert "2026-01-07" in error.what
        assert "2 other days" in error.why


def test_the_local_day_decides(tmp_path: Path) -> None:
    """23:30 UTC on the fifth is the sixth in Berlin, so the rate of the sixth holds."""
    with make_workspace(tmp_path, metrics=METRICS, timezone="Europe/Berlin") as workspace:
        give(workspace, {"order": [order(1, "2026-01-05 23:30", 100, "USD")], "fx_rate": RATES})
        assert workspace.query(["t_revenue"], currency="EUR").rows == [(80,)]


def test_the_local_day_over_a_change_of_clocks(tmp_path: Path) -> None:
    """22:30 UTC is still the same day in Berlin in winter, and the next one in summer."""
    with make_workspace(tmp_path, metrics=METRICS, timezone="Europe/Berlin") as workspace:
        rates = [rate(day, "USD", "EUR", value) for day, value in
                 (("2026-03-28", 0.5), ("2026-03-29", 0.6), ("2026-03-30", 0.7))]  # fmt: skip
        rows = [order(1, "2026-03-28 22:30", 10, "USD"), order(2, "2026-03-29 22:30", 10, "USD")]
        give(workspace, {"order": rows, "fx_rate": rates})
        assert workspace.query(["t_revenue"], currency="EUR").rows == [(5 + 7,)]


def test_a_cross_rate_goes_through_the_common_base(tmp_path: Path) -> None:
    """100 GBP at 1 / 0.8 EUR each are 125 EUR, at 1.2 USD each 150 USD."""
    with make_workspace(tmp_path, metrics=METRICS) as workspace:
        rates = [rate("2026-01-05", "EUR", "USD", 1.2), rate("2026-01-05", "EUR", "GBP", 0.8)]
        give(workspace, {"order": [order(1, "2026-01-05", 100, "GBP")], "fx_rate": rates})
        result = workspace.query(["t_revenue"], currency="USD")
        assert result.rows == [(150,)]
        assert result.provenance["rates"][0]["through"] == "EUR"


def test_the_direct_rate_goes_before_the_cross_rate(tmp_path: Path) -> None:
    with make_workspace(tmp_path, metrics=METRICS) as workspace:
        rates = [rate("2026-01-05", "EUR", "USD", 1.2), rate("2026-01-05", "EUR", "GBP", 0.8),
                 rate("2026-01-04", "GBP", "USD", 1.4)]  # fmt: skip
        give(workspace, {"order": [order(1, "2026-01-05", 100, "GBP")], "fx_rate": rates})
        assert workspace.query(["t_revenue"], currency="USD").rows == [(140,)]


def test_two_facts_in_two_currencies_make_a_ratio(shop: Workspace) -> None:
    """520 EUR of revenue on 100 USD at 0.8."""
    give(shop, {"ad": [{"date": "2026-01-06", "spend": 100, "currency": "USD"}]}, source="ads")
    assert shop.query(["t_roas"], currency="EUR").rows == [(6.5,)]
    # The ratio of sums has no unit, so it is the same in any currency only where the rates are: here they differ.
    assert shop.query(["t_spend"], currency="EUR").rows == [(80,)]


def test_balances_movements_and_windows_convert(tmp_path: Path) -> None:
    """A stretch is worth what it was when it began: 100 USD at 0.9 and 50 EUR; no movement comes from rates."""
    with make_workspace(tmp_path, metrics=METRICS) as workspace:
        rows = [
            {"subscription_id": "1", "customer_id": "a", "mrr": 100, "currency": "USD", "started_at": "2026-01-05"},
            {"subscription_id": "2", "customer_id": "b", "mrr": 50, "currency": "EUR", "started_at": "2026-01-20"},
        ]
        give(workspace, {"subscription": rows, "order": ORDERS, "fx_rate": RATES})
        asked = workspace.query(["t_mrr", "t_new"], grain="month", period="2026-01..2026-02", currency="EUR")
        assert asked.rows == [(date(2026, 1, 1), 140, 140), (date(2026, 2, 1), 140, 0)]
        assert workspace.query(["t_week"], period="2026-01-06", currency="EUR").rows == [(520,)]


def test_the_time_a_metric_names_chooses_the_rate(tmp_path: Path) -> None:
    with make_workspace(tmp_path, metrics=METRICS) as workspace:
        deal = {"deal_id": "1", "status": "won", "amount": 100, "currency": "USD", "created_at": "2026-01-05",
                "won_at": "2026-01-06", "closed_at": "2026-01-06"}  # fmt: skip
        give(workspace, {"deal": [deal], "fx_rate": RATES})
        assert workspace.query(["t_won"], currency="EUR").rows == [(80,)]


def test_amounts_without_a_currency_are_refused(shop: Workspace) -> None:
    give(shop, {"order": [order(4, "2026-01-05", 1, None)]})
    error = refused(shop, "t_revenue", currency="EUR")
    assert error.code == "no-currency"
    assert "1 row of order" in error.what
    assert shop.query(["t_german"], currency="EUR").rows == [(280,)]


def test_nothing_and_no_amount_need_no_rate(shop: Workspace) -> None:
    give(shop, {"order": [order(4, "2025-01-05", 0, "USD"), order(5, "2025-01-05", None, "USD")]})
    assert shop.query(["t_revenue"], currency="EUR").rows == [(520,)]


def test_a_rate_with_too_few_digits_is_refused(tmp_path: Path) -> None:
    with make_workspace(tmp_path, metrics=METRICS) as workspace:
        rows = [order(1, "2026-01-05", 1_000_000, "VND")]
        give(workspace, {"order": rows, "fx_rate": [rate("2026-01-05", "VND", "EUR", 0.000037)]})
        error = refused(workspace, "t_revenue", currency="EUR")
        assert error.code == "rate-too-coarse"
        give(workspace, {"fx_rate": [rate("2026-01-05", "EUR", "VND", 27_000)]}, mode="snapshot")
        assert workspace.query(["t_revenue"], currency="EUR").rows == [(Decimal("37.037037"),)]


def test_rates_as_they_were_known(shop: Workspace) -> None:
    before = shop.load_at("2100-01-01")
    give(shop, {"fx_rate": [rate("2026-01-05", "USD", "EUR", 0.5)]})
    assert shop.query(["t_revenue"], currency="EUR").rows == [(100 + 100 + 240,)]
    asked = replace(shop.ask(["t_revenue"], currency="EUR"), as_of_load=before)
    assert shop.run(shop.compile(asked)).rows == [(520,)]


def test_a_workspace_may_report_in_one_currency(tmp_path: Path) -> None:
    with make_workspace(tmp_path, metrics=METRICS, settings="reporting_currency: EUR\n") as workspace:
        give(workspace, {"order": ORDERS, "fx_rate": RATES})
        assert workspace.query(["t_revenue"]).rows == [(520,)]
        assert workspace.query(["t_revenue"], currency="original", where="currency = 'USD'").rows == [(500,)]
        assert workspace.query(["t_revenue"], currency="usd").columns[0].currency == "USD"


def test_currencies_have_three_letters(tmp_path: Path, shop: Workspace) -> None:
    with pytest.raises(UsageError) as caught:
        shop.query(["t_revenue"], currency="Euro")
    assert caught.value.code == "unknown-currency"
    with pytest.raises(DefinitionError) as wrong:
        make_workspace(tmp_path / "other", settings="reporting_currency: euro\n")
    assert "leadline.yaml:5" in wrong.value.why


def test_a_total_of_converted_amounts_was_booked_in_no_one_currency(shop: Workspace) -> None:
    """100 euros came in as euros; the total of 520 is no row of theirs."""
    found = shop.query(["t_revenue"], by=["currency"], period="2026-01", currency="EUR", total=True)
    assert found.rows == [("EUR", 100), ("USD", 420)]
    assert [total.values for total in found.totals] == [(None, 520)]
