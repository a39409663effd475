"""Goals over days: parts add up to the whole, by curves worked out by hand (001-06, 004-15)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.governance.split import (
    Splitting,
    cumulative,
    even_curve,
    parts,
    past_spans,
    rounded,
    seasonal_curve,
    working_curve,
)
from leadline.time.business import BusinessHours
from leadline.time.calendar import Calendar
from leadline.time.retail import RetailYear

PLAIN = Calendar()
RETAIL = Calendar(week_start=6, retail=RetailYear("4-5-4"))


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def test_february_of_a_leap_year_has_29_equal_days() -> None:
    curve = even_curve(day("2028-02-01"), day("2028-03-01"))
    assert Fraction(290) * cumulative(curve, day("2028-02-14")) == 140
    assert sum(curve.values()) == 1


def test_a_retail_quarter_has_thirteen_weeks() -> None:
    """Fiscal 2026 of the 4-5-4 calendar: its first quarter is 1 February to 2 May 2026."""
    start, end = RETAIL.floor(day("2026-03-15"), "quarter"), RETAIL.shift(day("2026-02-01"), "quarter", 1)
    weeks = RETAIL.starts(start, end, "week")
    assert (start, end, len(weeks)) == (day("2026-02-01"), day("2026-05-03"), 13)
    curve = even_curve(start, end)
    assert cumulative(curve, weeks[5] - dt.timedelta(days=1)) == Fraction(5, 13)
    # 100 over 13 weeks: running totals 7.69, 15.38, 23.08, … rounded, and their differences.
    told = [int(part) for part in parts(Decimal(100), [Fraction(1, 13)] * 13, Decimal(1))]
    assert told == [8, 7, 8, 8, 7, 8, 8, 8, 7, 8, 8, 7, 8]


def test_working_days_leave_out_weekends_and_holidays() -> None:
    """May 2026 without 1, 14 and 25 May has 18 working days; four of them are over by Friday 8 May: 4 to 8 are five."""
    hours = BusinessHours(holidays=frozenset({day("2026-05-01"), day("2026-05-14"), day("2026-05-25")}))
    curve = working_curve(day("2026-05-01"), day("2026-06-01"), hours)
    assert curve is not None
    assert cumulative(curve, day("2026-05-03")) == 0
    assert cumulative(curve, day("2026-05-08")) == Fraction(5, 18)
    assert working_curve(day("2026-05-02"), day("2026-05-04"), hours) is None


def test_season_takes_months_from_past_years_and_weekdays_within_them() -> None:
    """Two past years of a quarter: shares 1/4, 1/4, 1/2 and 1/2, 1/4, 1/4; each year weighs the same."""
    history = {
        day("2025-07-01"): 10, day("2025-08-05"): 10, day("2025-09-02"): 20,
        day("2024-07-02"): 200, day("2024-08-06"): 100, day("2024-09-03"): 100,
    }  # fmt: skip
    curve = seasonal_curve(day("2026-07-01"), day("2026-10-01"), history, PLAIN, 2, day("2026-06-30"))
    assert curve is not None
    months = [sum(s for d, s in curve.items() if d.month == m) for m in (7, 8, 9)]
    assert months == [Fraction(3, 8), Fraction(1, 4), Fraction(3, 8)]
    assert sum(curve.values()) == 1
    # Tuesday 1 July 2025 was 52 weeks before Tuesday 30 June 2026, which is outside: July follows 2024 alone,
    # where Tuesday 2 July lies 104 weeks before Tuesday 30 June 2026 too; so nothing tells its days, and all are alike.
    assert curve[day("2026-07-15")] == Fraction(3, 8) / 31
    # Tuesday 5 August 2025 and Tuesday 6 August 2024 both stand for Tuesday 4 August 2026.
    assert curve[day("2026-08-04")] == Fraction(1, 4)


def test_same_dates_keep_the_day_of_the_month() -> None:
    history = {day("2025-07-01"): 75, day("2025-07-31"): 25}
    curve = seasonal_curve(day("2026-07-01"), day("2026-08-01"), history, PLAIN, 1, day("2026-06-30"), same_dates=True)
    assert curve is not None
    assert (curve[day("2026-07-01")], curve[day("2026-07-31")]) == (Fraction(3, 4), Fraction(1, 4))


def test_a_year_with_nothing_or_less_tells_no_season() -> None:
    for value in (0, -5):
        history = {day("2025-07-08"): value}
        assert seasonal_curve(day("2026-07-01"), day("2026-10-01"), history, PLAIN, 1, day("2026-06-30")) is None


def test_only_years_that_are_known_whole_count() -> None:
    spans = past_spans(day("2026-07-01"), day("2026-08-01"), PLAIN, day("2024-07-01"), day("2026-07-05"))
    assert spans == [(day("2025-07-01"), day("2025-08-01")), (day("2024-07-01"), day("2024-08-01"))][: len(spans)]
    assert len(spans) == 2
    assert past_spans(day("2026-07-01"), day("2026-08-01"), PLAIN, day("2025-07-02"), day("2026-07-05")) == []


@given(
    st.decimals(0, 10**6, places=2),
    st.lists(st.integers(0, 50), min_size=1, max_size=60).filter(any),
    st.sampled_from(["1", "0.01"]),
)
def test_parts_always_add_up_and_no_running_total_is_far_off(target: Decimal, weights: list[int], unit: str) -> None:
    shares = [Fraction(weight, sum(weights)) for weight in weights]
    quantum = Decimal(unit)
    found = parts(target, shares, quantum)
    assert sum(found) == target
    running, due = Decimal(0), Fraction(0)
    for part, share in zip(found[:-1], shares[:-1], strict=True):
        running, due = running + part, due + share
        assert abs(Fraction(running) - Fraction(target) * due) <= Fraction(quantum) / 2


def test_halves_round_away_from_zero() -> None:
    assert rounded(Fraction(5, 2), Decimal(1)) == 3
    assert rounded(Fraction(1, 8), Decimal("0.01")) == Decimal("0.13")


def test_rules_say_themselves() -> None:
    assert Splitting("seasonal", 2, of_all=True).words == "season of 2 past years, all together"
    assert Splitting("even").words == "every day the same"


@pytest.mark.parametrize("calendar", [PLAIN, RETAIL])
def test_last_days_of_a_year_that_reach_into_the_unknown_take_the_week_before(calendar: Calendar) -> None:
    """31 December 2026 lies 52 weeks after 1 January 2026, which nobody knows on New Year's Eve."""
    history = {day("2025-12-25"): 7, day("2025-12-10"): 7}
    curve = seasonal_curve(day("2026-12-01"), day("2027-01-01"), history, calendar, 1, day("2025-12-31"))
    assert curve is not None
    assert curve[day("2026-12-31")] == curve[day("2026-12-24")] == curve[day("2026-12-09")] == Fraction(1, 3)
