"""Like with like: unfinished periods are held against the same part of the earlier one, worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from kit import give, make_workspace
from leadline.errors import DefinitionError
from leadline.plan.result import Result
from leadline.workspace import Workspace

METRICS = """
t_revenue: {formula: sum(order.amount), unit: money}
t_orders: count(order)
t_buyers: distinct(order.customer_id)
t_growth: t_orders / prior(t_orders) - 1
t_growth_yoy: t_orders / prior(t_orders, 1 year) - 1
t_mrr: {formula: last(subscription.mrr), unit: money}
t_active: distinct(order.customer_id over 7 days)
t_ytd: sum(order.amount over year to date)
t_spend: {formula: sum(ad.spend), unit: money}
t_cpo: {formula: t_spend / t_orders, unit: money}
t_new: movement(subscription.mrr, new)
"""


def daily(first: str, last: str, per_day: int = 1, **also: Any) -> list[dict[str, Any]]:
    """Orders of 10 each noon, `per_day` a day, both days included."""
    found = []
    day = date.fromisoformat(first)
    while day <= date.fromisoformat(last):
        for number in range(per_day):
            key = f"{also.get('channel', '')}{day}-{number}"
            found.append(
                {"order_id": key, "_key": key, "amount": 10, "currency": "EUR", "ordered_at": f"{day} 12:00"}
                | {"customer_id": f"c{day.day}"}
                | also
            )
        day += timedelta(days=1)
    return found


def shop(folder: Path, rows: list[dict[str, Any]], today: str, **settings: Any) -> Workspace:
    workspace = make_workspace(folder, metrics=METRICS, today=today, **settings)
    give(workspace, {"order": rows}, source="shop")
    return workspace


def compared(result: Result) -> list[tuple[str, str, str]]:
    """What was held against: the period's name, and the days of the earlier one."""
    return [
        (entry["period"], entry["with"]["from"], entry["with"]["until"])
        for entry in result.provenance["compared"]
        if "with" in entry
    ]


@pytest.mark.parametrize("period", ["this-month", "mtd", "2026-03", "2026-03-01..2026-03-31"])
def test_twelve_days_are_held_against_twelve_days(tmp_path: Path, period: str) -> None:
    """On March 12 the month has twelve orders; the first twelve days of February had twelve, all of it 28."""
    with shop(tmp_path, daily("2025-12-01", "2026-03-12"), "2026-03-12") as workspace:
        result = workspace.query(["t_orders", "t_growth"], period=period, compare=["previous"])
        assert result.rows[0][:3] == (12, 12, 0)
        assert result.marks[0, 1] == "like"
        start = "2026-02-01" if period != "2026-03-01..2026-03-31" else "2026-01-29"
        assert ("all", start, (date.fromisoformat(start) + timedelta(days=12)).isoformat()) in compared(result)


def test_the_last_row_of_a_series_is_compared_in_part_and_the_others_whole(tmp_path: Path) -> None:
    with shop(tmp_path, daily("2025-12-01", "2026-03-12"), "2026-03-12") as workspace:
        result = workspace.query(["t_orders", "t_growth"], grain="month", period="2026", compare=["previous"])
        assert result.rows[:3] == [
            (date(2026, 1, 1), 31, 31, 0, None),
            (date(2026, 2, 1), 28, 31, pytest.approx(28 / 31 - 1), 0),
            (date(2026, 3, 1), 12, 12, 0, 0),
        ]
        assert result.marks[2, 1] == "unfinished"
        assert result.marks[2, 2] == "like"
        assert (1, 2) not in result.marks


def test_the_watermark_ends_the_part_when_it_is_earlier_than_today(tmp_path: Path) -> None:
    with shop(tmp_path, daily("2026-01-01", "2026-03-09"), "2026-03-12") as workspace:
        for period in ("this-month", "mtd"):
            result = workspace.query(["t_orders"], period=period, compare=["previous"])
            assert result.rows == [(9, 9)]
            assert compared(result) == [("all", "2026-02-01", "2026-02-10")]


def test_rows_dated_after_today_do_not_finish_a_period(tmp_path: Path) -> None:
    """An order announced for March 31 must not make March a whole month on the twelfth."""
    rows = [*daily("2026-01-01", "2026-03-12"), *daily("2026-03-31", "2026-03-31")]
    with shop(tmp_path, rows, "2026-03-12") as workspace:
        result = workspace.query(["t_orders"], period="this-month", compare=["previous"])
        assert result.rows == [(13, 12)]
        assert result.marks == {(0, 0): "unfinished", (0, 1): "like"}


def test_what_was_known_then_is_compared_as_far_as_it_reached_then(tmp_path: Path) -> None:
    """Asked today about what was known on March 5, the first five days of March answer to five of February."""
    with shop(tmp_path, daily("2026-01-01", "2026-03-12"), "2026-03-12") as workspace:
        asked = workspace.ask(["t_orders"], period="2026-03", compare=["previous"], as_known_at="2026-03-05")
        assert asked.today == date(2026, 3, 5)
        plan = workspace.compile(replace(asked, as_of_load=None))
        assert [part.span for part in plan.parts.values()] == [(date(2026, 2, 1), date(2026, 2, 6))]


@pytest.mark.parametrize(
    ("period", "today", "before", "days"),
    [
        # The part of a longer month cannot be longer than the shorter one.
        ("mtd", "2026-03-30", ("2026-02-01", "2026-03-01"), 28),
        ("mtd", "2024-03-30", ("2024-02-01", "2024-03-01"), 29),
        ("mtd", "2024-02-28", ("2024-01-01", "2024-01-29"), 28),
        ("qtd", "2026-05-15", ("2026-01-01", "2026-02-16"), 46),
        ("wtd", "2026-03-12", ("2026-03-02", "2026-03-06"), 4),
        ("ytd", "2026-03-10", ("2025-01-01", "2025-03-11"), 69),
        ("2026-01..2026-06", "2026-03-10", ("2025-07-01", "2025-09-11"), 72),
    ],
)
def test_parts_of_months_quarters_and_weeks(
    tmp_path: Path, period: str, today: str, before: tuple[str, str], days: int
) -> None:
    with shop(tmp_path, daily("2023-01-01", today), today) as workspace:
        result = workspace.query(["t_orders"], period=period, compare=["previous"])
        assert compared(result) == [("all", *before)]
        assert result.rows[0][1] == days


@pytest.mark.parametrize(
    ("period", "today", "before", "days"),
    [
        # February 29 answers to February 28, and March 10 to March 10, whatever lies between.
        ("ytd", "2024-02-29", ("2023-01-01", "2023-03-01"), 59),
        ("ytd", "2024-03-10", ("2023-01-01", "2023-03-11"), 69),
        ("mtd", "2025-02-28", None, 29),
        ("mtd", "2025-02-27", ("2024-02-01", "2024-02-28"), 27),
        ("wtd", "2026-03-12", ("2025-03-10", "2025-03-14"), 4),
    ],
)
def test_parts_of_last_year(tmp_path: Path, period: str, today: str, before: tuple[str, str] | None, days: int) -> None:
    with shop(tmp_path, daily("2023-01-01", today), today) as workspace:
        result = workspace.query(["t_orders"], period=period, compare=["year"])
        assert compared(result) == ([("all", *before)] if before else [])
        assert result.rows[0][1] == days


def test_growth_inside_a_formula_follows_the_same_rule(tmp_path: Path) -> None:
    """Twice as many orders a day in March as in February and a year before: growth is 100 %, not a fall."""
    rows = [*daily("2025-02-01", "2026-02-28"), *daily("2026-03-01", "2026-03-12", per_day=2)]
    with shop(tmp_path, rows, "2026-03-12") as workspace:
        for asked in ({"period": "mtd"}, {"period": "2026-03", "grain": "month"}):
            result = workspace.query(["t_growth", "t_growth_yoy"], **asked)  # type: ignore[arg-type]
            assert result.rows[0][-2:] == (1, 1)


def test_a_breakdown_compares_in_part_in_every_row_and_adds_up(tmp_path: Path) -> None:
    rows = [
        *daily("2026-01-01", "2026-03-12", channel="Email"),
        *daily("2026-01-01", "2026-03-12", per_day=3, channel="Paid"),
    ]
    with shop(tmp_path, rows, "2026-03-12") as workspace:
        result = workspace.query(["t_orders"], by=["channel"], grain="month", period="2026-03", compare=["previous"])
        assert result.rows == [(date(2026, 3, 1), "Email", 12, 12), (date(2026, 3, 1), "Paid", 36, 36)]


def test_balances_compare_at_the_like_day(tmp_path: Path) -> None:
    """120 on March 12; on February 12 it was 100, though February ended with 150."""
    given = [
        {"customer_id": "a", "mrr": 100, "started_at": "2026-01-05", "ended_at": "2026-03-02"},
        {"customer_id": "b", "mrr": 50, "started_at": "2026-02-20", "ended_at": "2026-03-05"},
        {"customer_id": "c", "mrr": 120, "started_at": "2026-03-04", "ended_at": "2026-03-20"},
    ]
    with make_workspace(tmp_path, metrics=METRICS, today="2026-03-12") as workspace:
        give(workspace, {"subscription": [row | {"currency": "EUR"} for row in given]}, source="billing")
        result = workspace.query(["t_mrr"], period="this-month", compare=["previous"])
        # What is known to end on March 20 still holds on March 12.
        assert result.rows == [(120, 100)]
        monthly = workspace.query(["t_mrr"], grain="month", period="2026-02..2026-03", compare=["previous"])
        assert monthly.rows == [(date(2026, 2, 1), 150, 100), (date(2026, 3, 1), 120, 100)]
        moved = workspace.query(["t_new"], period="mtd", compare=["previous"])
        assert moved.rows == [(120, 0)]


def test_trailing_windows_end_where_the_period_has_come_to(tmp_path: Path) -> None:
    """Seven days up to March 12 hold seven buyers; up to the end of March they would hold none."""
    with shop(tmp_path, daily("2026-01-01", "2026-03-12"), "2026-03-12") as workspace:
        result = workspace.query(["t_active"], grain="month", period="2026-02..2026-03", compare=["previous"])
        assert result.rows == [(date(2026, 2, 1), 7, 7), (date(2026, 3, 1), 7, 7)]


def test_to_date_compares_from_the_start_of_its_year_to_the_like_day(tmp_path: Path) -> None:
    with shop(tmp_path, daily("2025-01-01", "2026-03-12"), "2026-03-12") as workspace:
        result = workspace.query(["t_ytd"], period="this-month", compare=["previous", "year"])
        assert result.rows == [(710, 430, 710)]


def test_each_source_is_compared_as_far_as_it_has_come(tmp_path: Path) -> None:
    """The shop reaches March 12, the market stops on March 10: ten of its days are held against ten."""
    with shop(tmp_path, daily("2026-01-01", "2026-03-12", channel="Shop"), "2026-03-12") as workspace:
        give(workspace, {"order": daily("2026-01-01", "2026-03-10", channel="Market")}, source="market")
        result = workspace.query(["t_orders"], by=["channel"], period="this-month", compare=["previous"])
        assert result.rows == [("Market", 10, 10), ("Shop", 12, 12)]
        [entry] = result.provenance["compared"]
        assert entry["until"] == {"market": "2026-02-11"}


def test_facts_that_reach_differently_are_each_held_against_their_own_part(tmp_path: Path) -> None:
    """Spend is known to March 10, orders to March 12: 100 over 12 is held against 100 over 12."""
    ads = [
        {"date": str(date(2026, 1, 1) + timedelta(days=n)), "spend": 10, "currency": "EUR", "_key": f"{n}"}
        for n in range(69)
    ]
    with shop(tmp_path, daily("2026-01-01", "2026-03-12"), "2026-03-12") as workspace:
        give(workspace, {"ad": ads}, source="ads")
        result = workspace.query(["t_cpo"], grain="month", period="2026-03", compare=["previous"])
        assert result.rows == [(date(2026, 3, 1), pytest.approx(100 / 12), pytest.approx(100 / 12))]


def test_local_days_decide_where_a_part_ends(tmp_path: Path) -> None:
    """23:30 on March 12 in New York is March 13 in UTC, and still within the first twelve days."""
    rows = [
        row | {"ordered_at": row["ordered_at"].replace("12:00", "23:30")} for row in daily("2026-01-01", "2026-02-28")
    ]
    utc = [row | {"ordered_at": f"{date.fromisoformat(row['_key'][:10]) + timedelta(days=1)} 04:30"} for row in rows]
    now = [{"order_id": "n", "_key": "n", "amount": 1, "currency": "EUR", "ordered_at": "2026-03-13 03:30"}]
    with shop(tmp_path, [*utc, *now], "2026-03-12", timezone="America/New_York") as workspace:
        result = workspace.query(["t_orders"], period="mtd", compare=["previous"])
        assert result.rows == [(1, 12)]


# What would mislead


def test_nothing_is_compared_with_a_time_a_source_did_not_speak_for(tmp_path: Path) -> None:
    """The market was connected on February 20: March cannot be held against a February without most of it."""
    with shop(tmp_path, daily("2026-01-01", "2026-03-31"), "2026-04-15") as workspace:
        give(workspace, {"order": daily("2026-02-20", "2026-03-31", channel="Market")}, source="market")
        result = workspace.query(["t_orders", "t_growth"], period="2026-03", compare=["previous"])
        assert result.rows == [(62, None, None, None)]
        assert result.marks == {(0, 1): "unlike", (0, 2): "unlike", (0, 3): "unlike"}
        assert "market begins on 2026-02-20" in result.provenance["compared"][0]["why"]
        series = workspace.query(["t_orders"], grain="month", period="2026-01..2026-04", compare=["previous"])
        assert series.column("t_orders_previous")[:3] == [None, None, None]
        # Without the new source the others are compared as ever.
        rest = workspace.query(["t_orders"], period="2026-03", compare=["previous"], where="_source <> 'market'")
        assert rest.rows == [(31, 28)]


def test_a_source_that_says_it_begins_earlier_had_nothing_to_tell(tmp_path: Path) -> None:
    settings = "sources:\n  market: {begins: 2026-01-01}\n"
    with shop(tmp_path, daily("2026-01-01", "2026-03-31"), "2026-04-15", settings=settings) as workspace:
        give(workspace, {"order": daily("2026-02-20", "2026-03-31", channel="Market")}, source="market")
        result = workspace.query(["t_orders"], period="2026-03", compare=["previous"])
        assert result.rows == [(62, 28 + 9)]


def test_a_source_that_took_over_from_another_is_compared(tmp_path: Path) -> None:
    """The old shop ended when the new one began: together they speak for both periods."""
    with shop(tmp_path, daily("2025-01-01", "2025-12-31"), "2026-06-30") as workspace:
        give(workspace, {"order": daily("2026-01-01", "2026-06-30", channel="New")}, source="new shop")
        result = workspace.query(["t_orders"], period="2026-05", compare=["year"])
        assert result.rows == [(31, 31)]


def test_a_period_before_all_data_is_empty(tmp_path: Path) -> None:
    with shop(tmp_path, daily("2026-02-01", "2026-03-12"), "2026-03-12") as workspace:
        result = workspace.query(["t_orders", "t_growth_yoy"], period="this-month", compare=["year"])
        assert result.rows == [(12, None, None, None)]
        assert result.marks == {
            (0, 0): "unfinished", (0, 1): "no-data", (0, 2): "no-data", (0, 3): "no-data",
        }  # fmt: skip


def test_a_period_in_which_nothing_has_come_is_not_compared(tmp_path: Path) -> None:
    with shop(tmp_path, daily("2026-01-01", "2026-02-28"), "2026-03-12") as workspace:
        result = workspace.query(["t_orders"], period="this-month", compare=["previous"])
        assert result.rows[0][1] is None
        assert result.marks[0, 1] == "unlike"
        assert "nothing has come" in result.provenance["compared"][0]["why"]


def test_usual_silence_is_no_lateness(tmp_path: Path) -> None:
    """A deal every five days, the last on March 10: on March 12 twelve days have come, not ten."""
    rows = [
        {"order_id": f"o{n}", "_key": f"o{n}", "amount": 1, "currency": "EUR"}
        | {"ordered_at": f"{date(2026, 1, 4) + timedelta(days=5 * n)} 12:00"}
        for n in range(14)
    ]
    with shop(tmp_path, rows, "2026-03-12") as workspace:
        result = workspace.query(["t_orders"], period="this-month", compare=["previous"])
        assert compared(result) == [("all", "2026-02-01", "2026-02-13")]


def test_a_range_that_cuts_its_first_period_compares_that_part(tmp_path: Path) -> None:
    with shop(tmp_path, daily("2025-11-01", "2026-03-31"), "2026-04-30") as workspace:
        result = workspace.query(["t_orders"], grain="month", period="2026-01-20..2026-02-28", compare=["previous"])
        assert result.rows == [(date(2026, 1, 1), 12, 12), (date(2026, 2, 1), 28, 31)]


def test_whole_periods_need_no_further_statement(tmp_path: Path) -> None:
    with shop(tmp_path, daily("2025-01-01", "2026-03-31"), "2026-04-15") as workspace:
        result = workspace.query(
            ["t_orders", "t_growth"], grain="month", period="2026-01..2026-03", compare=["previous"]
        )
        assert len(result.provenance["sql"]) == 1
        assert result.marks == {}
        assert result.provenance["compared"] == []


def customers(first: str, count: int, name: str, **ends: str) -> list[dict[str, Any]]:
    """Subscriptions of 10 a month from a day on; `ends` has those that end, by number."""
    return [
        {
            "subscription_id": f"{name}{at}", "customer_id": f"{name}{at}", "started_at": f"{first} 00:00", "mrr": 10,
            "currency": "EUR", "_key": f"{name}{at}", "ended_at": ends.get(f"n{at}"), "is_churned": f"n{at}" in ends,
        }
        for at in range(count)
    ]  # fmt: skip


@pytest.fixture
def club(tmp_path: Path) -> Iterator[Workspace]:
    """Ten from January 15, of whom one leaves on February 5; ten more from February 20, one leaves on March 9."""
    with make_workspace(tmp_path / "club", today="2026-03-10") as workspace:
        rows = customers("2026-01-15", 10, "a", n0="2026-02-05 12:00")
        rows += customers("2026-02-20", 10, "b", n3="2026-03-09 12:00")
        give(workspace, {"subscription": rows}, source="billing")
        yield workspace


@pytest.mark.parametrize("period", ["this-month", "mtd", "2026-03"])
def test_what_a_balance_began_with_is_that_of_the_start_however_far_the_period_has_come(
    club: Workspace, period: str
) -> None:
    """003-18: of 19 customers at the end of February one has left; the tenth of February knew nine."""
    found = club.query(["churn_rate", "grr", "nrr", "churn_rate_average"], period=period, compare=["previous"]).rows[0]
    assert found[0::2] == (
        pytest.approx(1 / 19),
        pytest.approx(18 / 19),
        pytest.approx(18 / 19),
        pytest.approx(1 / 18.5),
    )
    # The same part of February: one of the ten of January's end.
    assert found[1::2] == (pytest.approx(1 / 10), pytest.approx(9 / 10), pytest.approx(9 / 10), pytest.approx(1 / 9.5))


def test_opening_by_month_and_in_a_range_that_begins_within_one(club: Workspace) -> None:
    rows = club.query(["churn_rate"], grain="month", period="2026-02..2026-03").rows
    assert [row[1] for row in rows] == [pytest.approx(1 / 10), pytest.approx(1 / 19)]
    rows = club.query(["churn_rate", "customers"], grain="month", period="2026-02-10..2026-03-09").rows
    assert [row[1:] for row in rows] == [(0, 19), (pytest.approx(1 / 19), 18)]
    assert club.query(["churn_rate"], period="2026-03-03..2026-03-09").rows == [(pytest.approx(1 / 19),)]
    assert club.query(["nrr"], grain="week", period="2026-03-09..2026-03-15").rows[0][1] == pytest.approx(18 / 19)


def test_only_a_balance_has_an_opening(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="stands at a moment"):
        make_workspace(tmp_path / "wrong", metrics="t_wrong: opening(sum(ad.spend))\n").meaning("t_wrong")
