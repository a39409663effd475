"""The hazards of metric engines, one test a trap, with answers worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kit import give, make_workspace
from leadline.errors import RefusedError, UsageError
from leadline.plan.result import Result
from leadline.workspace import Workspace

METRICS = """
t_revenue: {formula: sum(order.amount), unit: money}
t_orders: count(order)
t_buyers: distinct(order.customer_id)
t_aov: t_revenue / t_orders
t_german: sum(order.amount where country = 'DE')
t_share: t_german / t_revenue
t_spend: sum(ad.spend)
t_roas: t_revenue / t_spend
t_ctr: {formula: sum(ad.clicks) / sum(ad.impressions), unit: percent}
t_growth: t_revenue / prior(t_revenue, 1 week) - 1
t_yoy: t_revenue / prior(t_revenue, 1 year) - 1
t_mrr: {formula: last(subscription.mrr), unit: money}
t_payers: last(distinct(subscription.customer_id))
t_open: last(sum(deal.amount))
t_followers: last(post.followers)
t_reach30: reach(lead, mql, within 30 days)
t_reached30: reached(lead, mql, within 30 days)
t_return: reach(order where is_first, order where is_sale, in month 1)
t_cycle: median(duration(deal.created_at, deal.won_at))
t_p90: percentile(deal.amount, 0.9)
t_active: distinct(order.customer_id over 14 days)
t_none: sum(ad.conversion_value)
t_cost_de: sum(cost.amount where country = 'DE')
"""

# Nine orders of four customers, one of them an orphan worth 7 without customer or channel: 115 in all.
ORDERS: list[dict[str, Any]] = [
    {
        "order_id": "1",
        "customer_id": "a",
        "amount": 10,
        "channel": "Email",
        "country": "DE",
        "ordered_at": "2026-01-05 10:00",
    },
    {
        "order_id": "2",
        "customer_id": "a",
        "amount": 20,
        "channel": "Email",
        "country": "DE",
        "ordered_at": "2026-01-06 10:00",
    },
    {
        "order_id": "3",
        "customer_id": "b",
        "amount": 5,
        "channel": "Paid",
        "country": "FR",
        "ordered_at": "2026-01-07 10:00",
    },
    {
        "order_id": "4",
        "customer_id": "b",
        "amount": 15,
        "channel": "Paid",
        "country": "FR",
        "ordered_at": "2026-01-13 10:00",
    },
    {
        "order_id": "5",
        "customer_id": "c",
        "amount": 8,
        "channel": "Paid",
        "country": "DE",
        "ordered_at": "2026-01-14 10:00",
    },
    {
        "order_id": "6",
        "customer_id": "c",
        "amount": 12,
        "channel": "Email",
        "country": "DE",
        "ordered_at": "2026-01-28 23:30",
    },
    {
        "order_id": "7",
        "customer_id": "d",
        "amount": 18,
        "channel": "Paid",
        "country": "FR",
        "ordered_at": "2026-01-29 10:00",
    },
    {
        "order_id": "8",
        "customer_id": "a",
        "amount": 20,
        "channel": "Paid",
        "country": "DE",
        "ordered_at": "2026-02-02 10:00",
    },
    {
        "order_id": "9",
        "customer_id": None,
        "amount": 7,
        "channel": None,
        "country": None,
        "ordered_at": "2026-02-03 10:00",
    },
]
for order in ORDERS:
    order |= {"currency": "EUR", "is_sale": True}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workspace]:
    workspace = make_workspace(tmp_path, metrics=METRICS)
    give(workspace, {"order": ORDERS})
    with workspace:
        yield workspace


def values(result: Result, name: str) -> dict[Any, Any]:
    """One metric by the first column, or by the first two."""
    heads = [column.name for column in result.columns if column.kind != "metric"]
    at = result.names.index(name)
    return {row[0] if len(heads) == 1 else row[: len(heads)]: row[at] for row in result.rows}


def test_unmatched_rows_stay_visible_and_add_up(shop: Workspace) -> None:
    by_channel = values(shop.query(["t_revenue"], by=["channel"]), "t_revenue")
    assert by_channel == {"Email": 42, "Paid": 66, None: 7}
    assert sum(by_channel.values()) == 115 == shop.query(["t_revenue"]).rows[0][0]


def test_a_second_fact_changes_no_number_of_the_first(shop: Workspace) -> None:
    give(
        shop,
        {
            "ad": [
                {"date": "2026-01-05", "channel": "Paid", "spend": 11, "currency": "EUR"},
                {"date": "2026-01-05", "channel": "Social", "spend": 4, "currency": "EUR"},
            ]
        },
        source="ads",
    )
    result = shop.query(["t_revenue", "t_spend", "t_roas"], by=["channel"])
    assert values(result, "t_revenue") == {"Email": 42, "Paid": 66, "Social": 0, None: 7}
    assert values(result, "t_spend") == {"Email": 0, "Paid": 11, "Social": 4, None: 0}
    assert values(result, "t_roas") == {"Email": None, "Paid": 6.0, "Social": 0.0, None: None}


def test_null_groups_of_two_facts_meet(shop: Workspace) -> None:
    give(shop, {"ad": [{"date": "2026-02-03", "spend": 14, "currency": "EUR"}]}, source="ads")
    assert values(shop.query(["t_roas"], by=["channel"]), "t_roas")[None] == 0.5


def test_ratio_of_sums_never_mean_of_ratios(tmp_path: Path) -> None:
    with make_workspace(tmp_path, metrics=METRICS) as workspace:
        give(workspace, {"ad": [{"date": "2026-01-01", "clicks": 10, "impressions": 100},
                                {"date": "2026-01-02", "clicks": 1, "impressions": 1000}]})  # fmt: skip
        assert workspace.query(["t_ctr"]).rows == [(0.01,)]


def test_integers_divide_as_numbers_and_zero_gives_nothing(shop: Workspace) -> None:
    give(shop, {"ad": [{"date": "2026-01-01", "clicks": 1, "impressions": 3},
                       {"date": "2026-01-02", "clicks": 1, "impressions": 0}]}, source="ads")  # fmt: skip
    assert values(shop.query(["t_ctr"], grain="day"), "t_ctr") == {
        date(2026, 1, 1): pytest.approx(1 / 3),
        date(2026, 1, 2): None,
    }


def test_distinct_counts_are_recounted_for_every_grain(shop: Workspace) -> None:
    by_week = values(shop.query(["t_buyers"], grain="week"), "t_buyers")
    assert list(by_week.values()) == [2, 2, 0, 2, 1]
    assert values(shop.query(["t_buyers"], grain="month"), "t_buyers") == {date(2026, 1, 1): 4, date(2026, 2, 1): 1}
    assert shop.query(["t_buyers"]).rows == [(4,)]


def test_missing_periods_are_filled_and_growth_over_them_is_null(shop: Workspace) -> None:
    result = shop.query(["t_revenue", "t_growth"], grain="week")
    assert values(result, "t_revenue") == {
        date(2026, 1, 5): 35, date(2026, 1, 12): 23, date(2026, 1, 19): 0, date(2026, 1, 26): 30, date(2026, 2, 2): 27,
    }  # fmt: skip
    growth = values(result, "t_growth")
    assert growth[date(2026, 1, 12)] == pytest.approx(23 / 35 - 1)
    assert growth[date(2026, 1, 19)] == -1
    assert growth[date(2026, 1, 26)] is None


def test_a_period_that_starts_at_the_filter_still_sees_the_week_before(shop: Workspace) -> None:
    result = shop.query(["t_growth"], grain="week", period="2026-01-12..2026-01-18")
    assert result.rows == [(date(2026, 1, 12), pytest.approx(23 / 35 - 1))]


def test_the_last_day_of_a_range_is_whole(shop: Workspace) -> None:
    assert shop.query(["t_revenue"], period="2026-01-27..2026-01-28").rows == [(12,)]


def test_filters_apply_to_one_aggregate_and_leave_the_other_whole(shop: Workspace) -> None:
    assert shop.query(["t_german", "t_share"]).rows == [(70, pytest.approx(70 / 115))]


def test_a_filtered_sum_of_no_rows_is_zero_and_of_unknown_values_is_null(shop: Workspace) -> None:
    by_channel = values(shop.query(["t_german", "t_revenue"], by=["channel"]), "t_german")
    assert by_channel[None] == 0
    give(shop, {"ad": [{"date": "2026-01-05", "spend": 1, "currency": "EUR"}]}, source="ads")
    assert shop.query(["t_none"]).rows == [(None,)]


def test_a_breakdown_one_part_cannot_have_is_refused_and_named(shop: Workspace) -> None:
    with pytest.raises(RefusedError) as caught:
        shop.query(["t_roas"], by=["owner"])
    assert "ad" in caught.value.why
    assert "channel" in caught.value.fix
    with pytest.raises(UsageError) as other:
        shop.query(["t_revenue"], by=["chanel"])
    assert "channel" in other.value.fix
    with pytest.raises(RefusedError):
        shop.query(["t_roas"], where="owner = 'x'")


@pytest.mark.parametrize("name", ["email", "ordered_at"])
def test_personal_data_and_times_are_no_breakdown(shop: Workspace, name: str) -> None:
    with pytest.raises((UsageError, RefusedError)):
        shop.query(["t_revenue"], by=[name])


def test_the_local_day_decides_in_bucket_and_filter_alike(tmp_path: Path) -> None:
    """Two orders on the Berlin day of the spring change, one of them on the day before in UTC."""
    with make_workspace(tmp_path, metrics=METRICS, timezone="Europe/Berlin") as workspace:
        give(workspace, {"order": [
            {"order_id": "1", "amount": 1, "currency": "EUR", "ordered_at": "2025-03-29 23:30"},
            {"order_id": "2", "amount": 2, "currency": "EUR", "ordered_at": "2025-03-30 21:59:59"},
            {"order_id": "3", "amount": 4, "currency": "EUR", "ordered_at": "2025-03-30 22:00"},
        ]})  # fmt: skip
        by_day = values(workspace.query(["t_revenue"], grain="day"), "t_revenue")
        assert by_day == {date(2025, 3, 30): 3, date(2025, 3, 31): 4}
        assert workspace.query(["t_revenue"], period="2025-03-30").rows == [(3,)]


def test_both_hours_of_the_autumn_change_belong_to_the_day(tmp_path: Path) -> None:
    with make_workspace(tmp_path, metrics=METRICS, timezone="Europe/Berlin") as workspace:
        hours = [
            {
                "order_id": str(hour),
                "amount": 1,
                "currency": "EUR",
                "_key": str(hour),
                "ordered_at": f"2025-10-{25 + hour // 24:02d} {hour % 24:02d}:30",
            }
            for hour in range(22, 22 + 25)
        ]
        give(workspace, {"order": hours})
        assert values(workspace.query(["t_orders"], grain="day"), "t_orders") == {date(2025, 10, 26): 25}


def test_dates_are_never_shifted_by_a_zone(tmp_path: Path) -> None:
    with make_workspace(tmp_path, metrics=METRICS, timezone="Pacific/Auckland") as workspace:
        give(workspace, {"ad": [{"date": "2026-01-31", "spend": 5, "currency": "EUR"}]})
        assert values(workspace.query(["t_spend"], grain="month"), "t_spend") == {date(2026, 1, 1): 5}


def test_currencies_are_never_added(shop: Workspace) -> None:
    give(shop, {"order": [{"order_id": "10", "amount": 100, "currency": "USD", "channel": "Email",
                           "ordered_at": "2026-02-03 10:00"}]}, source="us")  # fmt: skip
    with pytest.raises(RefusedError) as caught:
        shop.query(["t_revenue"])
    assert "EUR, USD" in caught.value.what
    assert "currency" in caught.value.fix
    assert values(shop.query(["t_revenue"], by=["currency"]), "t_revenue") == {"EUR": 115, "USD": 100}
    assert shop.query(["t_revenue"], where="currency = 'EUR'").rows == [(115,)]
    assert shop.query(["t_orders", "t_buyers"]).rows == [(10, 4)]
    with pytest.raises(RefusedError) as by_channel:
        shop.query(["t_revenue"], by=["channel"])
    assert "Email" in by_channel.value.why


def test_rows_in_different_currencies_each_say_theirs(shop: Workspace) -> None:
    give(shop, {"order": [{"order_id": "10", "amount": 100, "currency": "USD", "channel": "Affiliates",
                           "ordered_at": "2026-02-03 10:00"}]}, source="us")  # fmt: skip
    result = shop.query(["t_revenue"], by=["channel"])
    assert result.names == ("channel", "currency", "t_revenue")
    assert ("Affiliates", "USD", Decimal(100)) in result.rows
    assert ("Paid", "EUR", Decimal(66)) in result.rows


def test_two_facts_in_two_currencies_make_no_ratio(shop: Workspace) -> None:
    give(shop, {"ad": [{"date": "2026-01-05", "spend": 11, "currency": "USD"}]}, source="ads")
    with pytest.raises(RefusedError) as caught:
        shop.query(["t_roas"])
    assert caught.value.code == "mixed-currencies"


SUBSCRIPTIONS = [
    {"subscription_id": "1", "customer_id": "x", "mrr": 100, "started_at": "2026-01-10", "ended_at": "2026-02-15"},
    {"subscription_id": "2", "customer_id": "y", "mrr": 120, "started_at": "2026-02-01", "ended_at": None},
    {"subscription_id": "3", "customer_id": "y", "mrr": 30, "started_at": "2026-02-01", "ended_at": "2026-03-01"},
]
for subscription in SUBSCRIPTIONS:
    subscription["currency"] = "EUR"


def test_balances_take_the_last_value_and_are_never_summed_over_time(tmp_path: Path) -> None:
    with make_workspace(tmp_path, metrics=METRICS) as workspace:
        give(workspace, {"subscription": SUBSCRIPTIONS})
        monthly = values(workspace.query(["t_mrr", "t_payers"], grain="month", period="2026-01..2026-03"), "t_mrr")
        # What ends with the first moment of March still held at the end of February.
        assert monthly == {date(2026, 1, 1): 100, date(2026, 2, 1): 150, date(2026, 3, 1): 120}
        assert workspace.query(["t_mrr"], period="2026-Q1").rows == [(120,)]
        assert workspace.query(["t_mrr", "t_payers"], period="2026-02").rows == [(150, 1)]
        assert workspace.query(["t_mrr"]).rows == [(120,)]


def test_mrr_of_golden_arithmetic(tmp_path: Path) -> None:
    """GOLDEN: a balance of 100 on January 31 and 120 on February 28 is never 220 for the quarter."""
    with make_workspace(tmp_path, metrics=METRICS) as workspace:
        give(workspace, {"subscription": [
            {"customer_id": "a", "mrr": 100, "started_at": "2026-01-31", "ended_at": "2026-02-28", "currency": "EUR"},
            {"customer_id": "a", "mrr": 120, "started_at": "2026-02-28", "ended_at": None, "currency": "EUR"},
        ]})  # fmt: skip
        assert workspace.query(["t_mrr"], period="2026-Q1").rows == [(120,)]


def test_trailing_windows_end_with_the_period_whatever_its_length(shop: Workspace) -> None:
    by_week = values(shop.query(["t_active"], grain="week", period="2026-01-05..2026-02-08"), "t_active")
    assert list(by_week.values()) == [2, 3, 2, 2, 3]
    assert shop.query(["t_active"], period="2026-01").rows == [(2,)]
    assert shop.query(["t_active"], period="2026-01-14").rows == [(3,)]


def test_groups_that_no_measure_counts_are_not_shown(shop: Workspace) -> None:
    """Two filtered measures over one fact: rows of neither make no group of zeros."""
    give(shop, {"stage_entry": [
        {"person_id": "p", "stage": "lead", "channel": "Email", "entered_at": "2026-01-05", "_key": "1"},
        {"person_id": "p", "stage": "mql", "channel": "Email", "entered_at": "2026-01-06", "_key": "2"},
        {"person_id": "q", "stage": "customer", "channel": "Paid", "entered_at": "2026-01-06", "_key": "3"},
    ]}, source="crm")  # fmt: skip
    assert shop.query(["leads", "mql"], by=["channel"]).rows == [("Email", 1, 1)]


def test_open_deals_are_a_balance_of_their_own_times(tmp_path: Path) -> None:
    with make_workspace(tmp_path, metrics=METRICS) as workspace:
        give(
            workspace,
            {
                "deal": [
                    {
                        "deal_id": "1",
                        "amount": 50,
                        "created_at": "2026-01-10",
                        "closed_at": "2026-02-10",
                        "won_at": "2026-02-10",
                    },
                    {"deal_id": "2", "amount": 70, "created_at": "2026-02-20"},
                ]
            },
        )
        assert values(workspace.query(["t_open"], grain="month", period="2026-01..2026-02"), "t_open") == {
            date(2026, 1, 1): 50, date(2026, 2, 1): 70,
        }  # fmt: skip


def test_readings_take_the_last_of_each_item(tmp_path: Path) -> None:
    with make_workspace(tmp_path, metrics=METRICS) as workspace:
        give(workspace, {"post": [
            {"date": "2026-01-01", "platform": "x", "profile": "p", "followers": 10},
            {"date": "2026-01-20", "platform": "x", "profile": "p", "followers": 14},
            {"date": "2026-01-05", "platform": "y", "profile": "p", "followers": 100},
            {"date": "2026-02-05", "platform": "x", "profile": "p", "followers": 20},
        ]})  # fmt: skip
        assert values(workspace.query(["t_followers"], grain="month"), "t_followers") == {
            date(2026, 1, 1): 114, date(2026, 2, 1): 20,
        }  # fmt: skip


ENTRIES = [
    ("p1", "lead", "2026-01-05"), ("p1", "mql", "2026-01-20"),
    ("p2", "lead", "2026-01-06"), ("p2", "mql", "2026-02-05"),  # exactly thirty days: in time
    ("p3", "lead", "2026-01-07"), ("p3", "mql", "2026-02-06 00:00:01"),  # a second late
    ("p4", "lead", "2026-01-08"), ("p4", "mql", "2026-01-02"),  # before the lead: does not count
    ("p5", "lead", "2026-01-09"), ("p5", "mql", "2026-01-09"),  # the same moment: in time
    ("p6", "lead", "2026-03-01"),
]  # fmt: skip


def test_cohorts_count_whom_reached_in_time_and_mark_open_windows(tmp_path: Path) -> None:
    with make_workspace(tmp_path, metrics=METRICS) as workspace:
        rows = [{"person_id": p, "stage": s, "entered_at": t, "_key": p + s} for p, s, t in ENTRIES]
        give(workspace, {"stage_entry": rows})
        result = workspace.query(["t_reach30", "t_reached30"], grain="month")
        assert values(result, "t_reach30") == {date(2026, 1, 1): 0.6, date(2026, 2, 1): None, date(2026, 3, 1): 0}
        assert values(result, "t_reached30") == {date(2026, 1, 1): 3, date(2026, 2, 1): 0, date(2026, 3, 1): 0}
        assert result.marks[2, 1] == "immature"
        assert (0, 1) not in result.marks


def test_a_second_entry_starts_no_second_cohort(tmp_path: Path) -> None:
    with make_workspace(tmp_path, metrics=METRICS) as workspace:
        rows = [
            {"person_id": "p", "stage": "lead", "entered_at": f"2026-0{month}-01", "_key": str(month)}
            for month in (1, 2)
        ]
        give(workspace, {"stage_entry": rows})
        assert values(workspace.query(["t_reached30", "leads"], grain="month"), "leads") == {
            date(2026, 1, 1): 1,
            date(2026, 2, 1): 0,
        }


def test_returning_buyers_by_calendar_month(shop: Workspace) -> None:
    assert values(shop.query(["t_return"], grain="month"), "t_return")[date(2026, 1, 1)] == 0.25


def test_durations_belong_to_the_period_they_end_in(tmp_path: Path) -> None:
    with make_workspace(tmp_path, metrics=METRICS) as workspace:
        give(workspace, {"deal": [
            {"deal_id": "1", "created_at": "2026-01-01", "won_at": "2026-02-10"},
            {"deal_id": "2", "created_at": "2026-02-01", "won_at": "2026-02-11 12:00"},
            {"deal_id": "3", "created_at": "2026-02-01"},
        ]})  # fmt: skip
        assert values(workspace.query(["t_cycle"], grain="month"), "t_cycle") == {
            date(2026, 2, 1): pytest.approx((40 + 10.5) / 2)
        }


def test_comparison_with_last_year_keeps_the_leap_day_out(tmp_path: Path) -> None:
    with make_workspace(tmp_path, metrics=METRICS, today="2026-06-15") as workspace:
        days = ["2024-02-28", "2024-02-29", "2025-02-28"]
        rows = [{"order_id": day, "amount": 10, "currency": "EUR", "ordered_at": day, "_key": day} for day in days]
        give(workspace, {"order": rows})
        result = workspace.query(["t_revenue"], grain="day", period="2025-02-28", compare=["year"])
        assert result.rows == [(date(2025, 2, 28), 10, 10)]
        monthly = workspace.query(["t_revenue", "t_yoy"], grain="month", period="2025-02", compare=["year"])
        assert monthly.rows == [(date(2025, 2, 1), 10, 20, -0.5, None)]


def test_comparison_without_grain_steps_back_by_the_period(shop: Workspace) -> None:
    result = shop.query(["t_revenue"], period="2026-02", compare=["previous", "year"])
    # An order every 3.6 days: the eleven days of silence after February 3 are usual, so February has come to the 14th
    # and is held against the first fourteen days of January.
    assert result.rows == [(27, 58, None)]
    assert result.marks[0, 2] == "no-data"


def test_a_prior_without_a_period_is_refused(shop: Workspace) -> None:
    with pytest.raises(RefusedError) as caught:
        shop.query(["t_yoy"])
    assert "--period" in caught.value.fix
    with pytest.raises(RefusedError):
        shop.query(["t_growth"], grain="month", period="2026-01")


def test_unfinished_periods_are_marked_with_the_late_source(shop: Workspace) -> None:
    result = shop.query(["t_revenue"], grain="month")
    assert result.marks == {(1, 1): "unfinished"}
    assert result.provenance["late"] == {"2026-02-01": ["test"]}


def test_a_period_is_whole_when_its_last_local_day_has_come(tmp_path: Path) -> None:
    """Midnight of January 31 in Berlin is January 30 in UTC: January is finished all the same."""
    with make_workspace(tmp_path, metrics=METRICS, timezone="Europe/Berlin") as workspace:
        rows = [{"order_id": "1", "amount": 5, "currency": "EUR", "ordered_at": "2026-01-30 23:00"}]
        give(workspace, {"order": rows})
        result = workspace.query(["t_revenue"], period="2026-01")
        assert result.marks == {}
        assert result.provenance["facts"]["order"]["sources"]["test"]["through"] == "2026-01-31T00:00:00"


def test_periods_no_data_reaches_are_null_not_zero(shop: Workspace) -> None:
    result = shop.query(["t_revenue", "t_orders"], grain="month", period="2025-12..2026-04")
    assert result.column("t_orders") == [None, 7, 2, None, None]
    assert result.marks[0, 1] == "no-data"
    assert result.marks[4, 2] == "no-data"


def test_the_month_before_the_first_data_is_null_too(tmp_path: Path) -> None:
    with make_workspace(tmp_path, metrics=METRICS, timezone="America/New_York") as workspace:
        rows = [{"order_id": "1", "amount": 5, "currency": "EUR", "ordered_at": "2026-01-01 05:00"}]
        give(workspace, {"order": rows, "ad": [{"date": "2026-01-01", "spend": 5, "currency": "EUR"}]})
        result = workspace.query(["t_revenue", "t_spend"], grain="month", period="2025-12..2026-01")
        assert result.rows == [(date(2025, 12, 1), None, None), (date(2026, 1, 1), 5, 5)]


def test_facts_nobody_loaded_give_no_number(shop: Workspace) -> None:
    result = shop.query(["t_spend", "t_revenue"])
    assert result.rows == [(None, 115)]
    assert result.provenance["without_data"] == ["ad"]


def test_one_scan_a_fact_whatever_the_number_of_metrics(shop: Workspace) -> None:
    result = shop.query(
        ["t_revenue", "t_orders", "t_buyers", "t_aov", "t_german", "t_share", "t_yoy"], by=["channel"], grain="month"
    )
    assert len(result.provenance["sql"]) == 1


def test_as_known_at_repeats_the_old_answer(shop: Workspace) -> None:
    before = shop.warehouse().con.execute("SELECT max(id) FROM ledger.load").fetchone()
    give(shop, {"order": [ORDERS[0] | {"amount": 1000, "_key": "1"}]})
    assert shop.query(["t_revenue"]).rows == [(1105,)]
    assert before is not None
    asked = shop.ask(["t_revenue"])
    from msgspec.structs import replace

    assert shop.run(shop.compile(replace(asked, as_of_load=before[0]))).rows == [(115,)]


def test_records_lead_to_the_number(shop: Workspace) -> None:
    asked = shop.ask(["t_german"], period="2026-01")
    [(fact, names, rows)] = shop.records(asked)
    assert fact == "order"
    assert (
        sum(row[names.index("amount")] for row in rows) == shop.query(["t_german"], period="2026-01").rows[0][0] == 50
    )
    assert {row[names.index("_file")] for row in rows} == {"rows"}


def test_the_week_starts_when_the_workspace_says(tmp_path: Path) -> None:
    with make_workspace(tmp_path, metrics=METRICS, settings="week_start: sunday\n") as workspace:
        rows = [
            {"date": day, "spend": 1, "currency": "EUR", "_key": day}
            for day in ("2026-01-03", "2026-01-04", "2026-01-10")
        ]
        give(workspace, {"ad": rows})
        assert values(workspace.query(["t_spend"], grain="week"), "t_spend") == {
            date(2025, 12, 28): 1,
            date(2026, 1, 4): 2,
        }


def test_fiscal_years_and_quarters(tmp_path: Path) -> None:
    with make_workspace(tmp_path, metrics=METRICS, settings="fiscal_year_start: 2\n") as workspace:
        rows = [
            {"date": day, "spend": 1, "currency": "EUR", "_key": day}
            for day in ("2025-01-31", "2025-02-01", "2026-01-31")
        ]
        give(workspace, {"ad": rows})
        assert values(workspace.query(["t_spend"], grain="year"), "t_spend") == {
            date(2024, 2, 1): 1,
            date(2025, 2, 1): 2,
        }
        assert values(workspace.query(["t_spend"], grain="quarter", period="2026"), "t_spend") == {
            date(2025, 2, 1): 1, date(2025, 5, 1): 0, date(2025, 8, 1): 0, date(2025, 11, 1): 1,
        }  # fmt: skip
