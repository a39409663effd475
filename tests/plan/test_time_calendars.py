"""Days, weeks, fiscal and retail periods in queries: zones, leap days, week 53, and sums in any calendar."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit import give, make_workspace
from leadline.plan.result import Result
from leadline.report.table import render_table
from leadline.workspace import Workspace

METRICS = """
t_orders: count(order)
t_revenue: {formula: sum(order.amount), unit: money}
t_yoy: t_orders / prior(t_orders, 1 year) - 1
t_spend: {formula: sum(ad.spend), unit: money}
t_back: reach(order where order_id like 'first%', order where order_id like 'next%', in month 1)
t_mrr: {formula: last(subscription.mrr), unit: money}
"""
NRF = "retail_calendar: 4-5-4\n"
number = itertools.count()


def at(*moments: str) -> list[dict[str, Any]]:
    """An order of 1 at each moment, in UTC."""
    return [
        {"order_id": f"{n}", "_key": f"{n}-{moment}", "amount": 1, "currency": "EUR", "ordered_at": moment}
        for n, moment in enumerate(moments)
    ]


def daily(first: str, last: str) -> list[dict[str, Any]]:
    days = (date.fromisoformat(last) - date.fromisoformat(first)).days + 1
    return at(*(f"{date.fromisoformat(first) + timedelta(days=n)} 12:00" for n in range(days)))


def space(folder: Path, rows: list[dict[str, Any]], **given: Any) -> Workspace:
    workspace = make_workspace(folder / str(next(number)), metrics=METRICS, **({"today": "2027-06-30"} | given))
    give(workspace, {"order": rows})
    return workspace


def series(result: Result, name: str = "t_orders") -> dict[str, Any]:
    return {str(row[0]): row[result.names.index(name)] for row in result.rows}


# Zones


@pytest.mark.parametrize(
    ("zone", "moments", "days"),
    [
        # Spring in Berlin: 23 hours; both ends of the day and the first moments outside.
        (
            "Europe/Berlin",
            ["2025-03-29 22:59:59", "2025-03-29 23:00", "2025-03-30 21:59:59", "2025-03-30 22:00"],
            {"2025-03-29": 1, "2025-03-30": 2, "2025-03-31": 1},
        ),
        # Autumn in Berlin: 25 hours.
        (
            "Europe/Berlin",
            ["2025-10-25 21:59:59", "2025-10-25 22:00", "2025-10-26 22:59:59", "2025-10-26 23:00"],
            {"2025-10-25": 1, "2025-10-26": 2, "2025-10-27": 1},
        ),
        # Sao Paulo, November 4, 2018: there is no midnight; the day begins at one o'clock, 03:00 in UTC.
        (
            "America/Sao_Paulo",
            ["2018-11-04 02:59:59", "2018-11-04 03:00", "2018-11-05 01:59:59", "2018-11-05 02:00"],
            {"2018-11-03": 1, "2018-11-04": 2, "2018-11-05": 1},
        ),
        # Lord Howe moves its clock by half an hour: the day of October 5, 2025 has 23 hours and a half.
        (
            "Australia/Lord_Howe",
            ["2025-10-04 13:29:59", "2025-10-04 13:30", "2025-10-05 12:59:59", "2025-10-05 13:00"],
            {"2025-10-04": 1, "2025-10-05": 2, "2025-10-06": 1},
        ),
        # Samoa skipped December 30, 2011 altogether.
        (
            "Pacific/Apia",
            ["2011-12-30 09:59:59", "2011-12-30 10:00"],
            {"2011-12-29": 1, "2011-12-30": 0, "2011-12-31": 1},
        ),
        # Beirut: the clock goes from midnight to one on March 31, 2024.
        (
            "Asia/Beirut",
            ["2024-03-30 21:59:59", "2024-03-30 22:00", "2024-03-31 20:59:59", "2024-03-31 21:00"],
            {"2024-03-30": 1, "2024-03-31": 2, "2024-04-01": 1},
        ),
    ],
)
def test_days_are_those_of_the_zone_in_bucket_and_filter(
    tmp_path: Path, zone: str, moments: list[str], days: dict[str, int]
) -> None:
    with space(tmp_path, at(*moments), timezone=zone) as workspace:
        found = series(workspace.query(["t_orders"], grain="day"))
        assert {day: found.get(day, 0) for day in days} == days
        for day, count in days.items():
            assert workspace.query(["t_orders"], period=day).rows[0][0] == count


# Leap days, weeks and fiscal years


def test_the_leap_day_is_a_day_of_february(tmp_path: Path) -> None:
    with space(tmp_path, daily("2024-02-01", "2024-03-31")) as workspace:
        assert series(workspace.query(["t_orders"], grain="month")) == {"2024-02-01": 29, "2024-03-01": 31}
        assert workspace.query(["t_orders"], period="2024-02-29").rows == [(1,)]


def test_week_53_exists_in_2020_and_belongs_to_the_iso_year(tmp_path: Path) -> None:
    with space(tmp_path, daily("2020-12-21", "2021-01-10")) as workspace:
        assert series(workspace.query(["t_orders"], grain="week")) == {
            "2020-12-21": 7, "2020-12-28": 7, "2021-01-04": 7,
        }  # fmt: skip
        assert workspace.query(["t_orders"], period="2020-W53").rows == [(7,)]
        last_year = workspace.query(["t_orders"], grain="week", period="2021-W01", compare=["year"])
        assert last_year.rows == [(date(2021, 1, 4), 7, None)]


def test_us_weeks_begin_on_sunday(tmp_path: Path) -> None:
    with space(tmp_path, daily("2026-01-01", "2026-01-17"), settings="week_start: sunday\n") as workspace:
        assert series(workspace.query(["t_orders"], grain="week")) == {
            "2025-12-28": 3, "2026-01-04": 7, "2026-01-11": 7,
        }  # fmt: skip


@pytest.mark.parametrize(
    ("month", "first", "second_quarter"), [(4, "2025-04-01", 92), (7, "2025-07-01", 92), (10, "2025-10-01", 90)]
)
def test_fiscal_years(tmp_path: Path, month: int, first: str, second_quarter: int) -> None:
    rows = daily("2024-01-01", "2026-12-31")
    with space(tmp_path, rows, settings=f"fiscal_year_start: {month}\n") as workspace:
        years = series(workspace.query(["t_orders"], grain="year", period="2026"))
        assert years == {first: 365}
        assert workspace.query(["t_orders"], period="2026-Q2").rows == [(second_quarter,)]
        quarters = series(workspace.query(["t_orders"], grain="quarter", period="2026"))
        assert (len(quarters), sum(quarters.values())) == (4, 365)


# Retail calendars


def test_the_retail_year_of_53_weeks_by_month_quarter_and_year(tmp_path: Path) -> None:
    """NRF 2023: January 29, 2023 to February 3, 2024, its last month of five weeks."""
    with space(tmp_path, daily("2023-01-01", "2024-12-31"), settings=NRF) as workspace:
        months = series(workspace.query(["t_orders"], grain="month", period="2023"))
        assert list(months.values()) == [7 * weeks for weeks in (4, 5, 4, 4, 5, 4, 4, 5, 4, 4, 5, 5)]
        assert list(months)[:2] == ["2023-01-29", "2023-02-26"]
        assert list(series(workspace.query(["t_orders"], grain="quarter", period="2023")).values()) == [91, 91, 91, 98]
        assert series(workspace.query(["t_orders"], grain="year", period="2023")) == {"2023-01-29": 371}
        assert workspace.query(["t_orders"], period="2024-01").rows == [(35,)]
        weeks = series(workspace.query(["t_orders"], grain="week", period="2023"))
        assert (len(weeks), set(weeks.values())) == (53, {7})


def test_retail_periods_are_those_of_the_zone(tmp_path: Path) -> None:
    """The retail March of 2023 begins at midnight of February 26 in New York, five in the morning in UTC."""
    moments = ["2023-02-26 04:59:59", "2023-02-26 05:00", "2023-04-02 03:59:59", "2023-04-02 04:00"]
    with space(tmp_path, at(*moments), timezone="America/New_York", settings=NRF) as workspace:
        assert series(workspace.query(["t_orders"], grain="month")) == {
            "2023-01-29": 1, "2023-02-26": 2, "2023-04-02": 1,
        }  # fmt: skip
        assert workspace.query(["t_orders"], period="2023-03").rows == [(2,)]


def test_a_retail_year_before_is_the_same_weeks(tmp_path: Path) -> None:
    """2024 is held against 2023 restated: its February against the 28 days from February 5 to March 4, 2023."""
    rows = daily("2022-01-30", "2023-01-28") + daily("2023-01-29", "2025-02-01")
    with space(tmp_path, [row | {"_key": f"k{n}"} for n, row in enumerate(rows)], settings=NRF) as workspace:
        result = workspace.query(["t_orders", "t_yoy"], grain="month", period="2024", compare=["year"])
        assert result.column("t_orders") == result.column("t_orders_year")
        assert result.column("t_yoy") == [0] * 12
        entry = result.provenance["compared"][0]
        assert entry["with"] == {"from": "2023-02-05", "until": "2023-03-05"}
        year = workspace.query(["t_orders"], period="2023", compare=["year", "previous"])
        assert year.rows == [(371, 371, 364)]
        # A year whose neighbours have 52 weeks needs no other weeks than those of its name.
        plain = workspace.query(["t_orders"], grain="month", period="2023-02..2023-12", compare=["year"])
        assert plain.column("t_orders") == plain.column("t_orders_year")
        assert plain.provenance["compared"] == []


def test_an_unfinished_retail_month_compares_the_same_days(tmp_path: Path) -> None:
    """On Tuesday of the second week of the retail March 2023 ten days have gone."""
    with space(tmp_path, daily("2022-01-30", "2023-03-07"), settings=NRF, today="2023-03-07") as workspace:
        result = workspace.query(["t_orders"], period="this-month", compare=["previous", "year"])
        assert result.rows == [(10, 10, 10)]
        told = {tuple(entry["columns"]): entry["with"] for entry in result.provenance["compared"]}
        assert told["t_orders_previous",] == {"from": "2023-01-29", "until": "2023-02-08"}
        assert told["t_orders_year",] == {"from": "2022-02-27", "until": "2022-03-09"}


def test_cohorts_return_in_the_next_retail_month(tmp_path: Path) -> None:
    """March 2023 is February 26 to April 1: orders of both its first and its last day are returns in month 1."""
    rows = [
        {"order_id": f"{name}-{n}", "_key": f"{name}-{n}", "customer_id": customer, "amount": 1, "currency": "EUR"}
        | {"ordered_at": moment}
        for n, (name, customer, moment) in enumerate(
            [
                ("first", "a", "2023-02-25 12:00"),
                ("next", "a", "2023-02-26 12:00"),
                ("first", "b", "2023-02-25 12:00"),
                ("next", "b", "2023-04-02 12:00"),
                ("first", "c", "2023-02-01 12:00"),
                ("next", "c", "2023-04-01 12:00"),
            ]
        )
    ]
    with space(tmp_path, rows, settings=NRF) as workspace:
        result = workspace.query(["t_back"], grain="month", period="2023-02")
        assert result.rows == [(date(2023, 1, 29), pytest.approx(2 / 3))]


def test_balances_stand_at_the_end_of_retail_months(tmp_path: Path) -> None:
    given_rows = [
        {"customer_id": "a", "mrr": 100, "started_at": "2023-01-02", "ended_at": "2023-02-27", "currency": "EUR"},
        {"customer_id": "b", "mrr": 50, "started_at": "2023-02-26", "ended_at": "2023-06-01", "currency": "EUR"},
    ]
    with space(tmp_path, daily("2023-01-01", "2023-05-01"), settings=NRF) as workspace:
        give(workspace, {"subscription": given_rows}, source="billing")
        assert series(workspace.query(["t_mrr"], grain="month", period="2023-02..2023-03"), "t_mrr") == {
            "2023-01-29": 100, "2023-02-26": 50,
        }  # fmt: skip


# Laws

CALENDARS = [
    "",
    "week_start: sunday\n",
    "fiscal_year_start: 4\n",
    "fiscal_year_start: 10\nweek_start: saturday\n",
    "retail_calendar: 4-4-5\n",
    "retail_calendar: 4-5-4\nretail_year_ends: last friday of june\n",
    "retail_calendar: 5-4-4\nretail_year_ends: nearest sunday to the end of december\n",
]
ZONES = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"]
START = datetime(2023, 1, 1)
minutes = st.lists(st.integers(0, 1000 * 1440), min_size=1, max_size=25)
law = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.slow
@law
@given(minutes, st.sampled_from(CALENDARS), st.sampled_from(ZONES))
def test_parts_of_any_calendar_add_up_to_the_whole(tmp_path: Path, drawn: list[int], chosen: str, zone: str) -> None:
    """Weeks, months, quarters and years each hold every order once, in the period whose days it lies in."""
    moments = [START + timedelta(minutes=minute) for minute in drawn]
    with space(tmp_path, at(*map(str, moments)), timezone=zone, settings=chosen) as workspace:
        calendar = workspace.settings.calendar
        tz = ZoneInfo(zone)
        local = [moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(tz).date() for moment in moments]
        for grain in ("day", "week", "month", "quarter", "year"):
            found = series(workspace.query(["t_orders"], grain=grain))
            counted: dict[str, int] = {}
            for day in local:
                start = str(calendar.floor(day, grain))
                counted[start] = counted.get(start, 0) + 1
            assert {day: count for day, count in found.items() if count} == counted
        for grain in ("month", "quarter", "year"):
            period = f"{min(local)}..{max(local)}"
            parts = series(workspace.query(["t_orders"], grain=grain, period=period))
            assert sum(parts.values()) == len(drawn) == workspace.query(["t_orders"], period=period).rows[0][0]


@pytest.mark.slow
@law
@given(minutes, st.sampled_from(CALENDARS))
def test_a_shift_of_zone_moves_nothing_across_the_world(tmp_path: Path, drawn: list[int], chosen: str) -> None:
    rows = at(*(str(START + timedelta(minutes=minute)) for minute in drawn))
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        with space(tmp_path, rows, timezone=zone, settings=chosen) as workspace:
            assert sum(series(workspace.query(["t_orders"], grain="month")).values()) == len(drawn)


def test_a_period_that_the_question_cuts_says_so(tmp_path: Path) -> None:
    """One order a day of June 2026; June 3 is a Wednesday and June 17 one too."""
    days = [{"order_id": str(day), "amount": 1, "ordered_at": f"2026-06-{day:02d} 12:00"} for day in range(1, 31)]
    with make_workspace(tmp_path / "w", metrics="t_sum: sum(order.amount)", today="2026-07-06") as workspace:
        give(workspace, {"order": days})
        cut = workspace.query(["t_sum"], grain="week", period="2026-06-03..2026-06-17", total=True)
        assert [row[1] for row in cut.rows] == [5, 7, 3]
        assert cut.marks == {(0, 0): "cut", (2, 0): "cut"}
        assert not cut.totals[0].marks
        table = render_table(cut).replace("\u2009", " ")
        assert "Jun 1 – 7, 2026¦" in table
        assert "¦ only a part of this period was asked for" in table
        whole = workspace.query(["t_sum"], grain="week", period="2026-06-01..2026-06-21")
        assert ([row[1] for row in whole.rows], whole.marks) == ([7, 7, 7], {})
        by_month = workspace.query(["t_sum"], by=["channel"], grain="month", period="2026-06-03..2026-06-30")
        assert (by_month.rows[0][2], by_month.marks) == (28, {(0, 0): "cut"})
