from datetime import date

import pytest

from leadline.charts.period import following, last_day, period_label, spine, tick_label
from leadline.time.calendar import Calendar
from leadline.time.retail import RetailYear


@pytest.mark.parametrize(
    ("grain", "start", "after", "last"),
    [
        ("day", date(2024, 2, 28), date(2024, 2, 29), date(2024, 2, 28)),
        ("week", date(2025, 12, 29), date(2026, 1, 5), date(2026, 1, 4)),
        ("month", date(2025, 12, 1), date(2026, 1, 1), date(2025, 12, 31)),
        ("quarter", date(2025, 11, 1), date(2026, 2, 1), date(2026, 1, 31)),
        ("year", date(2024, 4, 1), date(2025, 4, 1), date(2025, 3, 31)),
    ],
)
def test_periods_follow_each_other(grain: str, start: date, after: date, last: date) -> None:
    assert following(start, grain) == after
    assert following(after, grain, -1) == start
    assert last_day(start, grain) == last


def test_the_spine_keeps_a_place_for_a_missing_period() -> None:
    assert spine([date(2026, 1, 1), date(2026, 4, 1)], "month") == tuple(date(2026, m, 1) for m in (1, 2, 3, 4))
    assert spine([], "month") == ()
    cut_short = [date(2026, 1, 1), date(2026, 1, 5), date(2026, 1, 12)]
    assert set(cut_short) <= set(spine(cut_short, "week"))


def test_retail_periods_keep_their_own_starts_and_the_names_of_the_trade() -> None:
    calendar = Calendar(6, retail=RetailYear())
    for grain in ("month", "quarter", "year"):
        starts = calendar.starts(date(2022, 6, 1), date(2025, 1, 1), grain)  # type: ignore[arg-type]
        assert spine(starts, grain) == tuple(starts)
    months = calendar.starts(date(2023, 1, 29), date(2023, 4, 30), "month")
    assert [period_label(day, "month") for day in months] == ["Feb 2023", "Mar 2023", "Apr 2023"]
    assert tick_label(date(2023, 12, 31), "month") == ("Jan", "2024")
    assert period_label(date(2023, 1, 29), "year").replace("\u2009", " ") == "Feb 2023 – Jan 2024"


@pytest.mark.parametrize(
    ("grain", "locale", "expected"),
    [
        ("day", "en", "Apr 1, 2026"),
        ("month", "en", "Apr 2026"),
        ("month", "zh", "2026年4月"),
        ("quarter", "en", "Q2 2026"),
        ("year", "en", "Apr 2026 – Mar 2027"),
    ],
)
def test_names_of_periods(grain: str, locale: str, expected: str) -> None:
    assert period_label(date(2026, 4, 1), grain, locale).replace("\u2009", " ") == expected


def test_a_fiscal_quarter_is_named_by_its_months() -> None:
    assert "Feb" in period_label(date(2026, 2, 1), "quarter")
    assert tick_label(date(2026, 2, 1), "quarter") == ("Feb", "2026")
    assert tick_label(date(2026, 4, 1), "quarter") == ("Q2", "2026")
    assert tick_label(date(2026, 4, 1), "month", "ar") == ("أبريل", "2026")
