"""The short cut for English writes what the locale library writes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from leadline.charts.english import SYMBOLS, english_period, english_value
from leadline.charts.period import period_label
from leadline.charts.value import format_value

NUMBERS = st.one_of(
    st.integers(-(10**15), 10**15),
    st.floats(-1e12, 1e12, allow_nan=False),
    st.decimals(-(10**20), 10**20, places=4, allow_nan=False),
    st.floats(-0.2, 0.2, allow_nan=False),
    st.decimals(-1, 1, places=7, allow_nan=False),
)
# A locale of English that the short cut does not answer for: the United States, whose forms are those of `en`.
OTHER = "en_US"


@given(NUMBERS, st.sampled_from(["count", "people", "percent", "money"]), st.sampled_from([*SYMBOLS, "SEK", ""]),
       st.sampled_from([None, 0, 1, 2, 4]))  # fmt: skip
def test_numbers_are_those_of_the_library(
    value: int | float | Decimal, unit: str, currency: str, digits: int | None
) -> None:
    told = english_value(value, unit, currency, digits)
    library = format_value(value, unit, currency=currency, locale=OTHER, digits=digits)
    assert told is None or told == library
    assert format_value(value, unit, currency=currency, digits=digits) == library


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.sampled_from(["day", "week", "month", "quarter", "year"]))
def test_periods_are_those_of_the_library(day: date, grain: str) -> None:
    assert period_label(day, grain) == period_label(day, grain, OTHER)


def test_it_answers_for_what_a_command_prints() -> None:
    assert english_value(Decimal("-1234.565"), "money", "EUR", None) == "-€1,234.57"
    assert english_value(0.12345, "percent", "", 1) == "12.3%"
    assert english_value(12.5, "count", "", None) == "12.5"
    assert english_period(date(2026, 10, 1), "quarter") == "Q4 2026"
    assert english_value(1, "money", "SEK", None) is None
    assert english_period(date(2026, 5, 4), "week") is None
