"""Calendars, periods and zones: half-open, and right where clocks and years are awkward."""

from __future__ import annotations

import datetime as dt
import itertools
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadline.errors import UsageError
from leadline.time.calendar import GRAINS, Calendar
from leadline.time.period import parse_period, previous, year_before
from leadline.time.zone import day_start, offset_at, offsets

TODAY = date(2026, 3, 15)
days = st.dates(date(1990, 1, 1), date(2080, 1, 1))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2017", "2017-01-01", "2018-01-01"),
        ("2017-H1", "2017-01-01", "2017-07-01"),
        ("2017-h2", "2017-07-01", "2018-01-01"),
        ("2017-Q3", "2017-07-01", "2017-10-01"),
        ("2017-02", "2017-02-01", "2017-03-01"),
        ("2017-W01", "2017-01-02", "2017-01-09"),
        ("2020-W53", "2020-12-28", "2021-01-04"),
        ("2024-02-29", "2024-02-29", "2024-03-01"),
        ("2017-01..2017-06", "2017-01-01", "2017-07-01"),
        ("2017-01-15..2017-02-03", "2017-01-15", "2017-02-04"),
        ("2017-Q1..2017-05", "2017-01-01", "2017-06-01"),
        ("last-28-days", "2026-02-15", "2026-03-15"),
        ("last-3-months", "2025-12-01", "2026-03-01"),
        ("last-1-week", "2026-03-02", "2026-03-09"),
        ("this-month", "2026-03-01", "2026-04-01"),
        ("last-quarter", "2025-10-01", "2026-01-01"),
        ("mtd", "2026-03-01", "2026-03-16"),
        ("ytd", "2026-01-01", "2026-03-16"),
        ("today", "2026-03-15", "2026-03-16"),
        ("yesterday", "2026-03-14", "2026-03-15"),
        ("2026-03-10..", "2026-03-10", "2026-03-16"),
    ],
)
def test_periods_are_half_open_local_days(text: str, start: str, end: str) -> None:
    period = parse_period(text, TODAY, Calendar())
    assert period is not None
    assert (period.start.isoformat(), period.end.isoformat()) == (start, end)


BAD = ["2017-13", "2017-02-30", "last-0-days", "soon", "2017..2016", "2017-W54", "17", "2017-Q5", "2017-H3"]


@pytest.mark.parametrize("text", BAD)
def test_bad_periods_are_refused_with_examples(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_period(text, TODAY, Calendar())
    assert caught.value.code == "bad-period"
    assert caught.value.fix


def test_all_time_is_no_period() -> None:
    assert parse_period("all", TODAY, Calendar()) is None


@pytest.mark.parametrize(
    ("text", "before", "last_year"),
    [
        ("2026-02", ("2026-01-01", "2026-02-01"), ("2025-02-01", "2025-03-01")),
        ("2026-Q1", ("2025-10-01", "2026-01-01"), ("2025-01-01", "2025-04-01")),
        ("2026-H1", ("2025-07-01", "2026-01-01"), ("2025-01-01", "2025-07-01")),
        ("last-28-days", ("2026-01-18", "2026-02-15"), ("2025-02-15", "2025-03-15")),
        ("2026-W02", ("2025-12-29", "2026-01-05"), ("2025-01-06", "2025-01-13")),
        ("2024-02-29", ("2024-02-28", "2024-02-29"), ("2023-02-28", "2023-03-01")),
    ],
)
def test_like_periods(text: str, before: tuple[str, str], last_year: tuple[str, str]) -> None:
    calendar = Calendar()
    period = parse_period(text, TODAY, calendar)
    assert period is not None
    earlier, year = previous(period, calendar), year_before(period, calendar)
    assert (earlier.start.isoformat(), earlier.end.isoformat()) == before
    assert (year.start.isoformat(), year.end.isoformat()) == last_year


def test_fiscal_years_are_named_by_the_year_they_end_in() -> None:
    april = Calendar(fiscal_start=4)
    year = parse_period("2026", TODAY, april)
    quarter = parse_period("2026-Q1", TODAY, april)
    assert year is not None
    assert quarter is not None
    assert (year.start, year.end) == (date(2025, 4, 1), date(2026, 4, 1))
    assert (quarter.start, quarter.end) == (date(2025, 4, 1), date(2025, 7, 1))
    assert april.floor(date(2026, 3, 31), "year") == date(2025, 4, 1)
    assert Calendar(fiscal_start=2).floor(date(2026, 1, 31), "quarter") == date(2025, 11, 1)


def test_weeks_start_when_the_workspace_says() -> None:
    sunday = date(2026, 3, 15)
    assert Calendar(week_start=0).floor(sunday, "week") == date(2026, 3, 9)
    assert Calendar(week_start=6).floor(sunday, "week") == sunday


@given(days, st.sampled_from(GRAINS), st.integers(0, 6), st.integers(1, 12))
def test_every_day_lies_in_exactly_one_period(day: date, grain: str, week_start: int, fiscal: int) -> None:
    calendar = Calendar(week_start, fiscal)
    start = calendar.floor(day, grain)  # type: ignore[arg-type]
    end = calendar.shift(start, grain, 1)  # type: ignore[arg-type]
    assert start <= day < end
    assert calendar.floor(start, grain) == start  # type: ignore[arg-type]
    assert calendar.floor(end, grain) == end  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("day", "zone", "instant"),
    [
        ("2025-03-30", "Europe/Berlin", "2025-03-29T23:00:00"),
        ("2025-03-31", "Europe/Berlin", "2025-03-30T22:00:00"),
        ("2025-10-27", "Europe/Berlin", "2025-10-26T23:00:00"),
        # The clock jumps from 23:59:59 to 01:00: the day begins at one.
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00"),
        # It goes back from midnight to 23:00: the day begins at the second midnight.
        ("2018-02-18", "America/Sao_Paulo", "2018-02-18T03:00:00"),
        ("2026-01-01", "Asia/Kathmandu", "2025-12-31T18:15:00"),
        ("2026-01-01", "UTC", "2026-01-01T00:00:00"),
    ],
)
def test_days_begin_when_they_begin(day: str, zone: str, instant: str) -> None:
    assert day_start(date.fromisoformat(day), zone).isoformat() == instant


ZONES = ["Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Tehran", "UTC"]


@given(days, st.sampled_from(ZONES))
def test_days_follow_one_another_without_gap(day: date, zone: str) -> None:
    start, end = day_start(day, zone), day_start(day + dt.timedelta(days=1), zone)
    assert dt.timedelta(hours=22) < end - start < dt.timedelta(hours=26)
    local = start + offset_at(start, zone)
    assert local.date() == day
    before = start - dt.timedelta(seconds=1)
    assert (before + offset_at(before, zone)).date() < day


CHANGING = ["Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca"]


@pytest.mark.parametrize("zone", CHANGING)
def test_offset_changes_are_found_to_the_second(zone: str) -> None:
    start, end = dt.datetime(2009, 1, 1), dt.datetime(2027, 1, 1)
    steps = offsets(zone, start, end)
    assert steps[0][0] == start
    for (_, before), (at, after) in itertools.pairwise(steps):
        assert before != after
        assert offset_at(at, zone) == after
        assert offset_at(at - dt.timedelta(seconds=1), zone) == before
    probe = start
    while probe < end:
        expected = next(offset for at, offset in reversed(steps) if at <= probe)
        assert offset_at(probe, zone) == expected
        probe += dt.timedelta(hours=37)


def test_unknown_zones_name_the_closest() -> None:
    with pytest.raises(UsageError) as caught:
        day_start(date(2026, 1, 1), "Europe/Berln")
    assert "Europe/Berlin" in caught.value.fix
