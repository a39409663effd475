"""Retail calendars against the National Retail Federation's published 4-5-4 calendars, and laws of whole weeks."""

from __future__ import annotations

import datetime as dt
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.errors import UsageError
from leadline.time.calendar import GRAINS, Calendar
from leadline.time.period import parse_period, previous, year_before
from leadline.time.retail import PATTERNS, RetailYear, parse_year_end

NRF = Calendar(week_start=6, retail=RetailYear())
days = st.dates(date(1995, 1, 1), date(2060, 1, 1))
retail_years = st.builds(
    RetailYear, st.sampled_from(PATTERNS), st.sampled_from(["last", "nearest"]), st.integers(0, 6), st.integers(1, 12)
)


def spans(*periods: str, today: str = "2026-03-15", calendar: Calendar = NRF) -> list[tuple[str, str]]:
    found = [parse_period(text, date.fromisoformat(today), calendar) for text in periods]
    return [(period.start.isoformat(), period.end.isoformat()) for period in found if period is not None]


def test_the_years_of_53_weeks_are_those_published() -> None:
    retail = RetailYear()
    assert [year for year in range(1998, 2028) if retail.weeks(year) == 53] == [2000, 2006, 2012, 2017, 2023]
    assert spans("2022", "2023", "2024", "2025") == [
        ("2022-01-30", "2023-01-29"),
        ("2023-01-29", "2024-02-04"),
        ("2024-02-04", "2025-02-02"),
        ("2025-02-02", "2026-02-01"),
    ]


def test_months_are_called_by_the_calendar_and_quarters_count_within_the_retail_year() -> None:
    assert spans("2023-02", "2023-03", "2023-04", "2023-09", "2024-01") == [
        ("2023-01-29", "2023-02-26"),
        ("2023-02-26", "2023-04-02"),
        ("2023-04-02", "2023-04-30"),
        ("2023-08-27", "2023-10-01"),
        # The 53rd week belongs to January, which has five.
        ("2023-12-31", "2024-02-04"),
    ]
    assert spans("2023-Q1", "2023-Q4", "2023-P12") == [
        ("2023-01-29", "2023-04-30"),
        ("2023-10-29", "2024-02-04"),
        ("2023-12-31", "2024-02-04"),
    ]


def test_period_words_follow_the_retail_calendar() -> None:
    assert spans("this-month", "last-month", "last-3-months", "ytd", "this-year", "wtd", today="2024-02-06") == [
        ("2024-02-04", "2024-03-03"),
        ("2023-12-31", "2024-02-04"),
        ("2023-10-29", "2024-02-04"),
        ("2024-02-04", "2024-02-07"),
        ("2024-02-04", "2025-02-02"),
        ("2024-02-04", "2024-02-07"),
    ]


@pytest.mark.parametrize(
    ("pattern", "starts"),
    [
        ("4-4-5", ["2023-01-29", "2023-02-26", "2023-03-26", "2023-04-30"]),
        ("4-5-4", ["2023-01-29", "2023-02-26", "2023-04-02", "2023-04-30"]),
        ("5-4-4", ["2023-01-29", "2023-03-05", "2023-04-02", "2023-04-30"]),
    ],
)
def test_the_three_patterns(pattern: str, starts: list[str]) -> None:
    calendar = Calendar(6, retail=RetailYear(pattern))  # type: ignore[arg-type]
    found = calendar.starts(date(2023, 1, 29), date(2023, 5, 1), "month")
    assert [day.isoformat() for day in found] == starts


def test_last_and_nearest_differ() -> None:
    """August 31, 2024 is a Saturday; in 2022 it is a Wednesday, whose last Saturday is the 27th, the nearest Sep 3."""
    last, nearest = (RetailYear("4-4-5", rule, 5, 8) for rule in ("last", "nearest"))
    assert [year.month_start(2023 * 12).isoformat() for year in (last, nearest)] == ["2022-08-28", "2022-09-04"]
    assert [year.month_start(2025 * 12).isoformat() for year in (last, nearest)] == ["2024-09-01", "2024-09-01"]


def test_years_are_called_by_the_calendar_year_that_holds_most_of_them() -> None:
    june = RetailYear("4-4-5", "last", 4, 6)
    assert june.year_of(date(2023, 7, 1)) == 2024
    assert june.year_of(date(2024, 6, 28)) == 2024
    assert june.month_start(june.named_month(2023, 7)) == date(2023, 7, 1)
    december = RetailYear("4-4-5", "last", 5, 12)
    assert december.year_of(date(2024, 12, 28)) == 2024
    assert december.year_of(date(2024, 12, 29)) == 2025
    assert december.month_start(december.named_month(2025, 1)) == date(2024, 12, 29)


def test_a_year_before_is_always_the_same_weeks() -> None:
    """After the year of 53 weeks, 2024 is held against 2023 restated: its weeks 2 to 53, as the trade does."""
    after, during, plain = (parse_period(text, date(2026, 1, 1), NRF) for text in ("2024", "2023", "2026-09"))
    assert after is not None
    assert during is not None
    assert plain is not None
    restated = year_before(after, NRF)
    assert (restated.start, restated.end) == (date(2023, 2, 5), date(2024, 2, 4))
    long = year_before(during, NRF)
    assert (long.start, long.end, long.days) == (date(2022, 1, 30), date(2023, 2, 5), 53 * 7)
    assert (year_before(plain, NRF).start, year_before(plain, NRF).end) == (date(2025, 8, 31), date(2025, 10, 5))
    assert previous(during, NRF).days == 52 * 7


@given(days, st.sampled_from(GRAINS), retail_years)
def test_every_day_lies_in_one_period_of_whole_weeks(day: date, grain: str, retail: RetailYear) -> None:
    calendar = Calendar(retail.week_start, retail=retail)
    start = calendar.floor(day, grain)  # type: ignore[arg-type]
    end = calendar.shift(start, grain, 1)  # type: ignore[arg-type]
    assert start <= day < end
    assert calendar.floor(start, grain) == start  # type: ignore[arg-type]
    assert calendar.floor(end - dt.timedelta(days=1), grain) == start  # type: ignore[arg-type]
    if grain != "day":
        assert (end - start).days % 7 == 0
        assert calendar.floor(start, "week") == start


@given(days, retail_years)
def test_months_make_quarters_and_quarters_make_years(day: date, retail: RetailYear) -> None:
    calendar = Calendar(retail.week_start, retail=retail)
    start = calendar.floor(day, "year")
    end = calendar.shift(start, "year", 1)
    assert (end - start).days in {364, 371}
    months, quarters = (calendar.starts(start, end, grain) for grain in ("month", "quarter"))
    assert months[::3] == quarters
    assert (len(months), len(quarters)) == (12, 4)
    assert retail.year_of(start) == retail.year_of(end - dt.timedelta(days=1)) == retail.year_of(end) - 1


@given(st.integers(1996, 2058), st.integers(1, 12), retail_years)
def test_a_month_is_called_by_the_calendar_month_of_its_middle(year: int, month: int, retail: RetailYear) -> None:
    start = retail.month_start(retail.named_month(year, month))
    middle = start + dt.timedelta(days=14)
    assert (middle.year, middle.month) == (year, month)


@pytest.mark.parametrize(
    "text", ["saturday", "last saturday to the end of june", "nearest friday of june", "last x of june"]
)
def test_year_ends_that_say_nothing_are_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_year_end(text)
    assert caught.value.code == "bad-year-end"
