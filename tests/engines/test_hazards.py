"""What goes wrong between formulas and engines, one test a trap, on every engine; answers are worked out by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engines.conftest import Company
from engines.rows import ORDERS
from kit import give
from leadline.errors import RefusedError
from leadline.plan.result import Result


def values(result: Result, name: str) -> dict[Any, Any]:
    """One metric by the first column, or by the first several."""
    heads = [column.name for column in result.columns if column.kind != "metric"]
    at = result.names.index(name)
    return {row[0] if len(heads) == 1 else row[: len(heads)]: row[at] for row in result.rows}


# The table of hazards


def test_fan_out_a_second_fact_changes_no_number_of_the_first(company: Company) -> None:
    result = company.workspace().query(["t_revenue", "t_spend", "t_roas"], by=["channel"])
    assert values(result, "t_revenue") == {"Email": 42, "Paid": 66, "Social": 0, None: 7}
    assert values(result, "t_spend") == {"Email": 0, "Paid": 11, "Social": 4, None: 14}
    assert values(result, "t_roas") == {"Email": None, "Paid": 6.0, "Social": 0.0, None: 0.5}


def test_unmatched_rows_stay_visible_and_add_up(company: Company) -> None:
    space = company.workspace()
    by_channel = values(space.query(["t_revenue"], by=["channel"]), "t_revenue")
    assert by_channel == {"Email": 42, "Paid": 66, None: 7}
    assert sum(by_channel.values()) == 115 == space.query(["t_revenue"]).rows[0][0]
    assert values(space.query(["t_buyers"], by=["country"]), "t_buyers") == {"DE": 2, "FR": 2, None: 0}


def test_a_ratio_is_that_of_the_sums(company: Company) -> None:
    assert company.workspace().query(["t_ctr"], where="page = 'many'").rows == [(0.01,)]


def test_integers_divide_as_numbers(company: Company) -> None:
    assert company.workspace().query(["t_ctr"], where="page = 'third'").rows == [(pytest.approx(1 / 3, abs=1e-15),)]


def test_zero_divides_to_nothing(company: Company) -> None:
    space = company.workspace()
    assert space.query(["t_ctr"], where="page = 'none'").rows == [(None,)]
    # 5 / 4, and 7 / 0 that adds nothing.
    assert space.query(["t_rate"], by=["team"], where="currency <> 'GBP'", period="2026-01").column("t_rate") == [
        1.25, None,
    ]  # fmt: skip


def test_null_groups_of_two_facts_meet(company: Company) -> None:
    by_channel = values(company.workspace().query(["t_roas"], by=["channel"], period="2026-02"), "t_roas")
    assert by_channel[None] == 0.5


def test_what_has_no_partner_is_null_and_counts_once(company: Company) -> None:
    """One order in one of four weeks is reported in that week; a lead without an mql is not reached in 1970."""
    space = company.workspace()
    result = space.query(
        ["t_revenue", "t_posts"], grain="week", period="2026-01-12..2026-02-08", where="channel is null"
    )
    assert [row[1] for row in result.rows] == [0, 0, 0, 7]
    assert values(space.query(["t_reached30"], grain="month", period="2026-03"), "t_reached30") == {date(2026, 3, 1): 0}


def test_growth_over_a_missing_week_is_null(company: Company) -> None:
    growth = values(company.workspace().query(["t_growth"], grain="week", period="2026-01-05..2026-02-08"), "t_growth")
    assert list(growth.values()) == [None, pytest.approx(23 / 35 - 1), -1, None, pytest.approx(27 / 30 - 1)]


def test_growth_in_the_first_week_of_the_filter_sees_the_week_before(company: Company) -> None:
    result = company.workspace().query(["t_growth"], grain="week", period="2026-01-12..2026-01-18")
    assert result.rows == [(date(2026, 1, 12), pytest.approx(23 / 35 - 1))]


def test_the_last_day_of_a_range_is_whole(company: Company) -> None:
    assert company.workspace().query(["t_revenue"], period="2026-01-27..2026-01-28").rows == [(12,)]


def test_missing_dates_are_there(company: Company) -> None:
    by_day = company.workspace().query(["t_orders"], grain="day", period="2026-01-28..2026-02-03")
    assert [row[0].day for row in by_day.rows] == [28, 29, 30, 31, 1, 2, 3]
    assert by_day.column("t_orders") == [1, 1, 0, 0, 0, 1, 1]


def test_the_local_day_of_the_spring_change_decides_in_bucket_and_filter(company: Company) -> None:
    """March 30 in Berlin has 23 hours: from 23:00 UTC of the day before until 22:00."""
    space = company.workspace(timezone="Europe/Berlin")
    by_day = values(space.query(["t_quantity"], grain="day", period="2025-03-29..2025-03-31"), "t_quantity")
    assert by_day == {date(2025, 3, 29): 1, date(2025, 3, 30): 2 + 4 + 8 + 16, date(2025, 3, 31): 32}
    assert space.query(["t_quantity"], period="2025-03-30").rows == [(30,)]


def test_both_hours_of_the_autumn_change_belong_to_the_day(company: Company) -> None:
    space = company.workspace(timezone="Europe/Berlin")
    by_day = values(space.query(["t_quantity"], grain="day", period="2025-10-25..2025-10-27"), "t_quantity")
    assert by_day == {date(2025, 10, 25): 0, date(2025, 10, 26): 64 + 128 + 256 + 512, date(2025, 10, 27): 1024}


def test_distinct_counts_are_recounted_for_every_grain(company: Company) -> None:
    space = company.workspace()
    by_week = values(space.query(["t_buyers"], grain="week", period="2026-01-05..2026-02-08"), "t_buyers")
    assert list(by_week.values()) == [2, 2, 0, 2, 1]
    by_month = values(space.query(["t_buyers"], grain="month", period="2026-01..2026-02"), "t_buyers")
    assert by_month == {date(2026, 1, 1): 4, date(2026, 2, 1): 1}
    assert space.query(["t_buyers"]).rows == [(4,)]


def test_a_period_the_data_stops_in_is_marked(company: Company) -> None:
    result = company.workspace(today="2026-02-04").query(["t_orders"], grain="month", period="2026-01..2026-02")
    assert result.marks == {(1, 1): "unfinished"}


def test_currencies_are_never_added(company: Company) -> None:
    space = company.workspace()
    with pytest.raises(RefusedError) as caught:
        space.query(["t_cost"])
    assert caught.value.code == "mixed-currencies"
    by_currency = values(space.query(["t_cost"], by=["currency"]), "t_cost")
    assert by_currency == {"EUR": Decimal("1000005.5"), "USD": 7}
    assert space.query(["t_costs"]).rows == [(3,)]
    by_team = space.query(["t_cost"], by=["team"])
    assert ("two", "USD", Decimal(7)) in by_team.rows


def test_a_measure_may_be_named_like_a_column(company: Company) -> None:
    result = company.workspace().query(["amount", "channel"], by=["channel"])
    assert {row[0]: row[1:] for row in result.rows} == {"Email": (42, 3), "Paid": (0, 5)}


def test_a_dimension_may_be_named_like_an_inner_alias(make: Any) -> None:
    settings = "facts: {order: {held: {doc: one}, period: {doc: two}, newest: {doc: three}}}\n"
    space = make(metrics="t_revenue: {formula: sum(order.amount), unit: money}\n", settings=settings)
    give(space, {"order": [
        {"amount": 3, "held": "x", "period": "p", "newest": "n", "ordered_at": "2026-01-05", "currency": "EUR"},
        {"amount": 4, "held": "y", "period": "p", "newest": "n", "ordered_at": "2026-01-12", "currency": "EUR"},
    ]})  # fmt: skip
    assert values(space.query(["t_revenue"], by=["held"]), "t_revenue") == {"x": 3, "y": 4}
    weekly = space.query(["t_revenue"], by=["held"], grain="week", where="newest = 'n' and period = 'p'")
    assert [value for value in weekly.column("t_revenue") if value] == [3, 4]


# Aggregates and row expressions


def test_aggregates_of_decimals(company: Company) -> None:
    space = company.workspace()
    [row] = space.query(["t_mean", "t_least", "t_most", "t_median", "t_p90"]).rows
    # In order: 5 7 8 10 12 15 18 20 20; the 0.9 percentile lies at place 7.2 of 0 to 8.
    assert [float(value) for value in row] == pytest.approx([115 / 9, 5, 20, 12, 20])
    [row] = space.query(["t_mean", "t_median", "t_p90"], where="channel = 'Paid'").rows
    # 5 8 15 18 20: place 3.6.
    assert [float(value) for value in row] == pytest.approx([66 / 5, 15, 18 + 0.6 * 2])


def test_filters_apply_to_one_aggregate_and_leave_the_other_whole(company: Company) -> None:
    space = company.workspace()
    assert space.query(["t_german", "t_share"]).rows == [(70, pytest.approx(70 / 115))]
    assert values(space.query(["t_german", "t_revenue"], by=["channel"]), "t_german")[None] == 0


def test_null_is_neither_equal_nor_unequal(company: Company) -> None:
    assert company.workspace().query(["t_no_country", "t_not_german", "t_orders"]).rows == [(1, 3, 9)]


def test_moments_are_compared_with_texts(company: Company) -> None:
    assert company.workspace().query(["t_early", "t_between"]).rows == [(3, 3)]


def test_decimals_stay_exact(company: Company) -> None:
    space = company.workspace()
    assert space.query(["t_watch"], period="2026-01").rows == [(Decimal("0.3"),)]
    assert space.query(["t_watch"]).rows == [(Decimal("12345678901.423456"),)]
    assert space.query(["t_line"], by=["team"], where="team = 'three'").rows == [("three", Decimal("2000001000000"))]
    assert space.query(["t_discounted"], where="team = 'three'").rows == [(Decimal("250001.125"),)]


@pytest.mark.parametrize(
    ("metric", "period", "right"), [("t_great", None, 2**63), ("t_events_each", "2026-01-01", 2**64)]
)
def test_integers_never_wrap(company: Company, metric: str, period: str | None, right: int) -> None:
    """Two days of 2^62 page views, and four times as many events: the sum, or an error, but nothing else."""
    space = company.workspace()
    try:
        found: Any = space.query([metric], period=period).rows
    except Exception as error:  # noqa: BLE001  # each engine has its own
        found = str(error).lower()
    assert found == [(right,)] or "overflow" in found or "out of range" in found


def test_texts_keep_quotes_backslashes_and_letters_of_all_kinds(company: Company) -> None:
    space = company.workspace()
    assert space.query(["t_literal", "t_quoted", "t_long", "t_upper"]).rows == [(1, 1, 1, 1)]
    names = [row[0] for row in space.query(["t_scores"], by=["survey"]).rows]
    assert names == ["", "O'Neil", "aXb", "a\\b", "a_b", "äö", None]


def test_patterns_have_no_escape_character(company: Company) -> None:
    assert company.workspace().query(["t_named"]).rows == [(0,)]


def test_first_orders_are_told_over_all_loads(company: Company) -> None:
    by_channel = values(company.workspace().query(["t_new"], by=["channel"]), "t_new")
    assert by_channel == {"Email": 1, "Paid": 3}


# Balances, windows, journeys


def test_balances_take_the_last_value_and_are_never_summed_over_time(company: Company) -> None:
    space = company.workspace()
    monthly = values(space.query(["t_mrr", "t_payers"], grain="month", period="2026-01..2026-03"), "t_mrr")
    assert monthly == {date(2026, 1, 1): 100, date(2026, 2, 1): 150, date(2026, 3, 1): 120}
    assert space.query(["t_mrr"], period="2026-Q1").rows == [(120,)]
    assert space.query(["t_mrr", "t_payers"], period="2026-02").rows == [(150, 1)]
    assert space.query(["t_mrr"]).rows == [(120,)]


def test_open_deals_are_a_balance_of_their_own_times(company: Company) -> None:
    monthly = values(company.workspace().query(["t_open"], grain="month", period="2026-01..2026-02"), "t_open")
    assert monthly == {date(2026, 1, 1): 50, date(2026, 2, 1): 70}


def test_readings_take_the_last_of_each_item(company: Company) -> None:
    monthly = values(
        company.workspace().query(["t_followers"], grain="month", period="2026-01..2026-02"), "t_followers"
    )
    assert monthly == {date(2026, 1, 1): 114, date(2026, 2, 1): 20}


def test_trailing_windows_end_with_the_period_whatever_its_length(company: Company) -> None:
    space = company.workspace()
    by_week = values(space.query(["t_active"], grain="week", period="2026-01-05..2026-02-08"), "t_active")
    assert list(by_week.values()) == [2, 3, 2, 2, 3]
    assert space.query(["t_active"], period="2026-01-14").rows == [(3,)]
    assert space.query(["t_active"]).rows == [(3,)]


def test_cohorts_count_whom_reached_in_time_and_mark_open_windows(company: Company) -> None:
    result = company.workspace().query(["t_reach30", "t_reached30"], grain="month", period="2026-01..2026-03")
    assert values(result, "t_reach30") == {date(2026, 1, 1): 0.6, date(2026, 2, 1): None, date(2026, 3, 1): 0}
    assert values(result, "t_reached30") == {date(2026, 1, 1): 3, date(2026, 2, 1): 0, date(2026, 3, 1): 0}
    assert result.marks[2, 1] == "immature"


def test_returning_buyers_by_calendar_month(company: Company) -> None:
    result = company.workspace().query(["t_return"], grain="month", period="2026-01")
    assert result.rows == [(date(2026, 1, 1), 0.25)]


def test_durations_belong_to_the_period_they_end_in(company: Company) -> None:
    """31 days, and ten and a half."""
    space = company.workspace()
    assert space.query(["t_cycle"], grain="month", period="2026-02").rows == [
        (date(2026, 2, 1), pytest.approx((31 + 10.5) / 2))
    ]
    assert space.query(["t_hours"]).rows == [(pytest.approx((31 + 10.5) / 2 * 24),)]


def test_the_time_to_the_next_step_keeps_those_under_way(company: Company) -> None:
    """Days 0, 15, 30 and 30 (and a second); one under way since 52 days, one since none.

    Of six one arrives at once and one leaves, of four one at 15, of three one at 30: 5/6 * 3/4 * 2/3 < 1/2.
    """
    assert company.workspace().query(["t_elapsed"]).rows == [(pytest.approx(30),)]


def test_gaps_between_orders(company: Company) -> None:
    """1 and 27 days, 6 days, 14 days and 13.5 hours."""
    assert company.workspace().query(["t_gap"]).rows == [(pytest.approx((6 + 14.5625) / 2),)]


def test_means_over_days_and_sums_to_date(company: Company) -> None:
    space = company.workspace()
    assert space.query(["t_daily"], period="2026-01-05..2026-01-14").rows == [(0.5,)]
    by_day = space.query(["t_to_date"], grain="day", period="2026-01-05..2026-01-08")
    assert by_day.column("t_to_date") == [10, 30, 35, 35]


def test_shares_of_a_total(company: Company) -> None:
    by_channel = values(company.workspace().query(["t_part"], by=["channel"]), "t_part")
    assert by_channel == {
        "Email": pytest.approx(42 / 115),
        "Paid": pytest.approx(66 / 115),
        None: pytest.approx(7 / 115),
    }


def test_movements_of_a_balance(company: Company) -> None:
    result = company.workspace().query(
        ["t_mrr_new", "t_mrr_lost", "t_mrr_less"], grain="month", period="2026-01..2026-03"
    )
    assert [row[1:] for row in result.rows] == [(100, 0, 0), (150, 100, 0), (0, 0, 30)]


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("t_first", {"Organic": 50, "Paid": 20, None: 45}),
        ("t_last", {"Email": 50, "Paid": 5, "Direct": 15, None: 45}),
        ("t_known", {"Email": 50, "Paid": 20, None: 45}),
        ("t_linear", {"Organic": 25, "Email": 25, "Paid": 12.5, "Direct": 7.5, None: 45}),
    ],
)
def test_conversions_are_credited_to_touches(company: Company, metric: str, expected: dict[str | None, float]) -> None:
    found = values(company.workspace().query([metric], by=["channel"]), metric)
    assert {name: float(value) for name, value in found.items() if value} == pytest.approx(expected)


def test_credit_that_decays_adds_up(company: Company) -> None:
    """Order 3 of b: all to Paid. Order 4, a day and ten hours after Direct, seven and ten after Paid."""
    found = values(company.workspace().query(["t_decay"], by=["channel"]), "t_decay")
    weights = [0.5 ** ((days + 10 / 24) / 7) for days in (7, 1)]
    assert float(found["Paid"]) == pytest.approx(5 + 15 * weights[0] / sum(weights), abs=1e-4)
    assert sum(float(value) for value in found.values()) == pytest.approx(115)


def test_amounts_are_converted_at_the_rate_of_the_day(company: Company) -> None:
    result = company.workspace().query(["t_cost"], period="2026-01", currency="EUR")
    assert result.rows == [(Decimal("8.5"),)]
    by_team = values(company.workspace().query(["t_cost"], by=["team"], period="2026-01", currency="EUR"), "t_cost")
    assert by_team == {"one": 5, "two": Decimal("3.5")}


def test_dimensions_come_from_lookups(make: Any) -> None:
    """A file gives customers a tier; who is not in it stays, unattributed."""
    settings = "lookups: {tiers: {file: tiers.csv, key: customer_id, gives: [tier], for: [order]}}\n"
    space = make(metrics="t_revenue: {formula: sum(order.amount), unit: money}\n", settings=settings)
    (space.path / "tiers.csv").write_text("customer_id,tier\na,gold\nb,silver\nc,gold\n", encoding="utf-8")
    give(space, {"order": ORDERS})
    assert values(space.query(["t_revenue"], by=["tier"]), "t_revenue") == {"gold": 70, "silver": 20, None: 25}


# Calendars and zones


@pytest.mark.parametrize(
    ("settings", "grain", "period", "expected"),
    [
        ("week_start: sunday\n", "week", "2026-01-04..2026-01-17", {date(2026, 1, 4): 35, date(2026, 1, 11): 23}),
        ("week_start: wednesday\n", "week", "2026-01-07..2026-01-20", {date(2026, 1, 7): 20, date(2026, 1, 14): 8}),
        ("fiscal_year_start: 2\n", "quarter", "2025-11-01..2026-04-30", {date(2025, 11, 1): 88, date(2026, 2, 1): 27}),
        ("fiscal_year_start: 2\n", "year", "2025-02-01..2027-01-31", {date(2025, 2, 1): 88, date(2026, 2, 1): 27}),
        ("", "quarter", "2026-Q1", {date(2026, 1, 1): 115}),
        ("", "year", "2026", {date(2026, 1, 1): 115}),
    ],
)
def test_calendars(company: Company, settings: str, grain: str, period: str, expected: dict[date, int]) -> None:
    space = company.workspace(settings=settings, today="2027-06-15")
    assert values(space.query(["t_revenue"], grain=grain, period=period), "t_revenue") == expected


def test_dates_are_never_shifted_by_a_zone(company: Company) -> None:
    space = company.workspace(timezone="Pacific/Auckland")
    assert values(space.query(["t_costs"], grain="month", period="2026-01..2026-02"), "t_costs") == {
        date(2026, 1, 1): 2, date(2026, 2, 1): 1,
    }  # fmt: skip


def test_a_zone_of_half_an_hour(company: Company) -> None:
    """18:30 UTC is midnight in Kolkata: the moments of March 29 from then on are of the 30th."""
    space = company.workspace(timezone="Asia/Kolkata")
    by_day = values(space.query(["t_quantity"], grain="day", period="2025-03-30..2025-03-31"), "t_quantity")
    assert by_day == {date(2025, 3, 30): 1 + 2 + 4 + 8, date(2025, 3, 31): 16 + 32}


# Records


def test_records_lead_back_to_their_load_and_line(company: Company) -> None:
    space = company.workspace()
    [(fact, names, rows)] = space.records(space.ask(["t_revenue"], period="2026-02"))
    assert fact == "order"
    found = [dict(zip(names, row, strict=True)) for row in rows]
    assert [(row["order_id"], row["amount"], row["_line"], row["_file"]) for row in found] == [
        ("9", 7, 9, "rows"), ("8", 20, 8, "rows"),
    ]  # fmt: skip
