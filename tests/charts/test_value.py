import math
from decimal import Decimal

import pytest

from leadline.charts.value import format_signed, format_value, text_direction
from leadline.errors import UsageError

NBSP = "\u00a0"

CASES = [
    (1234567, "count", "en", False, "1,234,567"),
    (1234567, "people", "en", True, "1.2M"),
    (1000000, "count", "en", True, "1M"),
    (999_950, "count", "en", True, "1M"),
    (-999_950, "money", "en", True, "-€1M"),
    (999_949, "count", "en", True, "999.9K"),
    (99_999_600, "count", "zh", True, "1亿"),
    (Decimal("0.0042"), "money", "en", False, "€0.0042"),
    (Decimal("0.0467"), "money", "de", True, f"0,047{NBSP}€"),
    (Decimal("-0.04"), "money", "en", False, "-€0.04"),
    (Decimal("0.0999"), "money", "en", False, "€0.10"),
    (Decimal("0.00000004"), "money", "en", False, "€0.00"),
    (1234567, "count", "de", False, "1.234.567"),
    (12345, "count", "de", True, "12.345"),
    (1234567, "count", "zh", True, "123.5万"),
    (12.5, "count", "en", False, "12.5"),
    (0, "count", "en", False, "0"),
    (Decimal("1234567.50"), "money", "en", False, "€1,234,567.50"),
    (Decimal("1234567.50"), "money", "en", True, "€1.2M"),
    (Decimal("1234.56"), "money", "en", True, "€1,235"),
    (Decimal("12.50"), "money", "en", True, "€12.50"),
    (0, "money", "en", True, "€0"),
    (Decimal("-3.10"), "money", "de", False, f"-3,10{NBSP}€"),
    (12345.6, "money", "de", True, f"12.346{NBSP}€"),
    (0.123, "percent", "en", False, "12.3%"),
    (0.123, "percent", "de", False, f"12,3{NBSP}%"),
    (0.123, "percent", "tr", False, "%12,3"),
    (0.00012, "percent", "en", False, "0.012%"),
    (0.0, "percent", "en", False, "0%"),
    (1.5, "percent", "en", False, "150%"),
    (2.4, "ratio", "en", False, "2.4×"),
    (12.34, "days", "en", False, "12.3 days"),
    (1, "days", "en", False, "1 day"),
    (1.04, "days", "en", False, "1 day"),
    (2, "days", "vi", False, "2 ngày"),
    (1234, "money per day", "en", False, "€1,234.00 per day"),
    (3, "money per day", "tr", False, "€3,00/gün"),
    (3, "money per day", "zh", False, "每天€3.00"),
    (Decimal("0.125"), "money", "en", False, "€0.13"),
    (Decimal("-0.125"), "money", "en", False, "-€0.13"),
    (0.1235, "percent", "en", False, "12.4%"),
    (2.345, "ratio", "en", False, "2.35×"),
    (7.25, "points", "en", False, "7.25"),
    (None, "money", "en", False, "–"),
    (math.nan, "percent", "en", False, "–"),
    (math.inf, "count", "en", False, "–"),
]


@pytest.mark.parametrize(("value", "unit", "locale", "compact", "expected"), CASES)
def test_a_value_reads_as_its_locale_writes_it(
    value: float | Decimal | None, unit: str, locale: str, compact: bool, expected: str
) -> None:
    assert format_value(value, unit, currency="EUR", locale=locale, compact=compact) == expected


@pytest.mark.parametrize(
    ("currency", "expected"), [("JPY", "¥1,235"), ("USD", "$1,234.50"), ("KWD", "KWD\u00a01,234.500"), ("", "1,234.50")]
)
def test_money_has_the_decimals_of_its_currency(currency: str, expected: str) -> None:
    assert format_value(Decimal("1234.50"), "money", currency=currency) == expected


def test_many_digits_are_kept() -> None:
    assert format_value(Decimal("12345678901234567890.12"), "money", currency="EUR") == "€12,345,678,901,234,567,890.12"


@pytest.mark.parametrize("locale", ["en", "vi", "tr", "ms", "zh", "ar", "zh-Hant", "pt_BR"])
@pytest.mark.parametrize("unit", ["money", "money per day", "percent", "ratio", "days", "months", "count"])
def test_every_unit_is_written_in_every_language(locale: str, unit: str) -> None:
    text = format_value(12345.678, unit, currency="EUR", locale=locale)
    assert any(character.isdigit() for character in text)
    assert "duration" not in text


def test_an_unknown_locale_names_the_cure() -> None:
    with pytest.raises(UsageError) as caught:
        format_value(1, locale="klingon")
    assert caught.value.code == "unknown-locale"


@pytest.mark.parametrize(("value", "sign"), [(1, "+"), (-1, "−"), (0, "±")])
def test_signs(value: int, sign: str) -> None:
    assert format_signed("5", value) == f"{sign}5"


def test_direction() -> None:
    assert (text_direction("ar"), text_direction("en"), text_direction("zh-CN")) == ("rtl", "ltr", "ltr")
