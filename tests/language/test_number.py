"""Numbers, money, percents, spans and dates in each language, written by hand from the CLDR (version 47)."""

from datetime import date
from decimal import Decimal

import pytest

from leadline.charts.period import period_label
from leadline.charts.value import format_signed, format_value
from leadline.language.read import read_language
from leadline.report.change import change, format_change

NBSP, LRM, RLM, ALM = "\u00a0", "\u200e", "\u200f", "\u061c"
EUR = Decimal("1234567.50")

NUMBERS = {
    "en": ("1,234,567", "12.3%", "€1,234,567.50", "-€3.10"),
    "vi": ("1.234.567", "12,3%", f"1.234.567,50{NBSP}€", f"-3,10{NBSP}€"),
    "tr": ("1.234.567", "%12,3", "€1.234.567,50", "-€3,10"),
    "ms": ("1,234,567", "12.3%", "€1,234,567.50", "-€3.10"),
    "zh": ("1,234,567", "12.3%", "€1,234,567.50", "-€3.10"),
    "ar": ("1,234,567", f"12.3{LRM}%{LRM}", f"{RLM}1,234,567.50{NBSP}€", f"{RLM}{LRM}-3.10{NBSP}€"),
    "ar-EG": ("١٬٢٣٤٬٥٦٧", "١٢٫٣٪", f"{RLM}١٬٢٣٤٬٥٦٧٫٥٠{NBSP}€", f"{RLM}{LRM}-٣٫١٠{NBSP}€"),
}


@pytest.mark.parametrize("tag", NUMBERS)
def test_grouping_decimal_sign_percent_and_currency(tag: str) -> None:
    locale = read_language(tag).locale
    count, percent, money, less = NUMBERS[tag]
    assert format_value(1234567, locale=locale) == count
    assert format_value(0.123, "percent", locale=locale).replace(LRM, "") == percent.replace(LRM, "")
    assert format_value(EUR, "money", currency="EUR", locale=locale) == money
    assert format_value(Decimal("-3.10"), "money", currency="EUR", locale=locale) == less


@pytest.mark.parametrize(
    ("tag", "currency", "expected"),
    [
        ("vi", "VND", f"1.234.568{NBSP}₫"),
        ("tr", "TRY", "₺1.234.567,50"),
        ("ms", "MYR", f"RM{NBSP}1,234,567.50"),
        ("zh", "CNY", "¥1,234,567.50"),
        ("ar", "SAR", f"{RLM}1,234,567.50{NBSP}ر.س.{RLM}"),
        ("ar-EG", "EGP", f"{RLM}١٬٢٣٤٬٥٦٧٫٥٠{NBSP}ج.م.{RLM}"),
        ("vi", "XTS", f"1.234.567,50{NBSP}XTS"),
    ],
)
def test_each_currency_by_its_own_symbol_and_decimals(tag: str, currency: str, expected: str) -> None:
    assert format_value(EUR, "money", currency=currency, locale=read_language(tag).locale) == expected


@pytest.mark.parametrize(
    ("tag", "month", "day", "quarter"),
    [
        ("en", "Mar 2026", "Mar 9, 2026", "Q1 2026"),
        ("vi", "thg 3 2026", "9 thg 3, 2026", "Q1 2026"),
        ("tr", "Mar 2026", "9 Mar 2026", "2026 Ç1"),
        ("ms", "Mac 2026", "9 Mac 2026", "S1 2026"),
        ("zh", "2026年3月", "2026年3月9日", "2026年第1季度"),
        ("ar", "مارس 2026", "9 مارس 2026", "الربع الأول 2026"),
        ("ar-EG", "مارس ٢٠٢٦", "٩ مارس ٢٠٢٦", "الربع الأول ٢٠٢٦"),
        ("ar-MA", "مارس 2026", "9 مارس 2026", "الربع الأول 2026"),
    ],
)
def test_dates(tag: str, month: str, day: str, quarter: str) -> None:
    locale = read_language(tag).locale
    assert period_label(date(2026, 3, 1), "month", locale) == month
    assert period_label(date(2026, 3, 9), "day", locale) == day
    assert period_label(date(2026, 1, 1), "quarter", locale) == quarter


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("en", ["0 days", "1 day", "2 days", "3 days", "11 days", "100 days"]),
        ("vi", ["0 ngày", "1 ngày", "2 ngày", "3 ngày", "11 ngày", "100 ngày"]),
        ("tr", ["0 gün", "1 gün", "2 gün", "3 gün", "11 gün", "100 gün"]),
        ("ms", ["0 hari", "1 hari", "2 hari", "3 hari", "11 hari", "100 hari"]),
        ("zh", ["0 天", "1 天", "2 天", "3 天", "11 天", "100 天"]),
        ("ar", ["0 يوم", "يوم واحد", "يومان", "3 أيام", "11 يومًا", "100 يوم"]),
        ("ar-EG", ["٠ يوم", "يوم واحد", "يومان", "٣ أيام", "١١ يومًا", "١٠٠ يوم"]),
    ],
)
def test_plurals(tag: str, expected: list[str]) -> None:
    language = read_language(tag)
    assert [language.count("{count} days", number) for number in (0, 1, 2, 3, 11, 100)] == expected


def test_a_sign_stands_before_its_number_in_a_line_from_right_to_left() -> None:
    thousands = format_value(12_345, "money", currency="EUR", locale="ar", compact=True)
    assert thousands == f"12.3{NBSP}ألف{NBSP}€"
    assert format_signed(thousands, -1) == f"{RLM}{LRM}−{thousands}"
    assert format_signed("12.3%", -1) == "−12.3%", "no mark where nothing runs from right to left"
    points = format_change(change(0.4, 0.5, unit="percent"), "percent", locale="ar", points="نقطة")
    assert points == f"{RLM}{LRM}−10.0 نقطة"
