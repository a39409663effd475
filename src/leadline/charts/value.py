"""Values in words: a number of a given unit as people of a locale write it.

Digits are those of the locale's default numbering system in the CLDR: 0123 for `ar` and most others, ٠١٢٣ for `ar-EG`
and `ar-SA`.

Units are those of a `ResultColumn`: `money`, `money per day`, `percent` (0.123 is 12.3 %), `ratio` (2.4×), the
durations `seconds` to `months`, and anything else as a plain number. Rounding is for the eye only; exports keep the
exact value.
"""

from __future__ import annotations

import functools
import math
import re
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import TYPE_CHECKING
from unicodedata import bidirectional

from leadline.charts.english import english_value, small_digits
from leadline.charts.scale import Number

if TYPE_CHECKING:
    from babel import Locale

NOTHING = "–"
DURATIONS = {
    "seconds": "duration-second",
    "minutes": "duration-minute",
    "hours": "duration-hour",
    "days": "duration-day",
    "weeks": "duration-week",
    "months": "duration-month",
    "years": "duration-year",
}
MINUS = "\u2212"
_COMPACT_FROM = 10_000
_ALMOST = 0.00005
"""Half of the last digit of four, as a share: what a compact number does not show."""
_LTR, _RTL = "\u200e", "\u200f"
# Babel knows the separators of a numbering system, and leaves its digits and its percent sign to the caller.
_DIGITS = {"arab": str.maketrans("0123456789%", "٠١٢٣٤٥٦٧٨٩٪")}


def format_value(
    value: Number | None,
    unit: str = "count",
    *,
    currency: str = "",
    locale: str = "en",
    compact: bool = False,
    digits: int | None = None,
) -> str:
    """`value` of `unit` in the manner of `locale`; None, NaN and infinities are an en dash.

    `compact` shortens 1,234,567 to 1.2M and drops cents where they no longer matter; `digits` fixes the number of
    decimals (of the percentage for `percent`). Amounts under ten cents have two digits that count.
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    if locale == "en" and not compact:
        told = english_value(value, unit, currency, digits)
        if told is not None:
            return told
    place = _locale(locale)
    # Halves round up, as in spreadsheets and SQL, and forty digits of a DECIMAL fit.
    with localcontext(rounding=ROUND_HALF_UP, prec=60):
        text = _in_unit(value, unit, currency, place, compact=compact, digits=digits)
    # In a line from right to left a bare minus would go to the wrong end of its number.
    return local_digits(text.replace("-", f"{_LTR}-") if text_direction(locale) == "rtl" else text, locale)


def local_digits(text: str, locale: str) -> str:
    """`text` with its digits in the numbering system that is usual in `locale`."""
    table = _digits(locale)
    return text.translate(table) if table else text


@functools.cache
def _digits(locale: str) -> dict[int, int]:
    return _DIGITS.get(_locale(locale).default_numbering_system, {})


def _in_unit(value: Number, unit: str, currency: str, place: Locale, *, compact: bool, digits: int | None) -> str:
    if unit == "percent":
        return _percent(value, place, _percent_digits(value) if digits is None else digits)
    if unit == "ratio":
        return _decimal(value, place, 2 if digits is None else digits, least=digits or 0) + "×"
    if unit == "money":
        return _money(value, currency, place, compact=compact, digits=digits)
    if unit == "money per day":
        return _per_day(_money(value, currency, place, compact=compact, digits=digits), place)
    if unit in DURATIONS:
        return _duration(value, unit, place, 1 if digits is None else digits)
    return _plain(value, place, compact=compact, digits=digits)


def format_signed(text: str, value: Number) -> str:
    """`text` of a non-negative amount under the sign of `value`: +, a true minus, or ± for nothing."""
    sign = "+" if value > 0 else MINUS if value < 0 else "±"
    if any(bidirectional(character) in ("R", "AL", "AN") for character in text):
        # The text runs from right to left, its number from left to right with the sign before it.
        return f"{_RTL}{_LTR}{sign}{text.removeprefix(_RTL)}"
    return f"{sign}{text}"


@functools.cache
def text_direction(locale: str) -> str:
    """`rtl` for locales written from right to left, else `ltr`."""
    return "ltr" if locale == "en" else str(_locale(locale).text_direction)


@functools.cache
def _locale(locale: str) -> Locale:
    from babel import Locale, UnknownLocaleError

    from leadline.errors import UsageError

    try:
        return Locale.parse(locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError) as error:
        raise UsageError(
            "unknown-locale", f"There is no locale named {locale!r}.", fix="use a tag such as en, de, vi, zh or ar"
        ) from error


def _plain(value: Number, place: Locale, *, compact: bool, digits: int | None) -> str:
    if compact and digits is None and _size(value) >= _COMPACT_FROM:
        return _compact(value, place)
    if digits is not None:
        return _decimal(value, place, digits, least=digits)
    return _decimal(value, place, 0 if value == int(value) or _size(value) >= 1000 else 2)


def _compact(value: Number, place: Locale) -> str:
    from babel.numbers import format_compact_decimal

    carried = _carried(value)
    text = str(
        format_compact_decimal(
            carried, format_type="short", locale=place, fraction_digits=1, numbering_system="default"
        )
    )
    # Where a language has no short form (German thousands) the pattern is bare digits: group them instead.
    return _decimal(value, place, 0) if text.lstrip("-").isdigit() else text


def _carried(value: Number) -> Number:
    """A value that rounds to a power of ten as that power: 999,950 is 1M, and not 1000K."""
    size = _size(value)
    power = 10 ** math.ceil(math.log10(size))
    return value if power - size > _ALMOST * power else power if value > 0 else -power


def _decimal(value: Number, place: Locale, most: int, *, least: int = 0) -> str:
    from babel.numbers import format_decimal

    pattern = f"#,##0.{'0' * least}{'#' * (most - least)}"
    return str(format_decimal(_rounded(value, most), format=pattern, locale=place, numbering_system="default"))


def _percent(value: Number, place: Locale, digits: int) -> str:
    from babel.numbers import parse_pattern

    # parse_pattern gives a fresh object, so that the locale's own shared pattern stays as it is.
    pattern = parse_pattern(place.percent_formats[None].pattern)
    pattern.frac_prec = (digits, digits)
    # Rounded first: what rounds to nothing has no sign.
    return str(pattern.apply(_rounded(value, digits + 2), place, numbering_system="default"))


def _percent_digits(value: Number) -> int:
    size = _size(value) * 100
    if size == 0 or size >= 100:
        return 0
    return 1 if size >= 0.1 else min(6, 1 - math.floor(math.log10(size)))


def _money(value: Number, currency: str, place: Locale, *, compact: bool, digits: int | None) -> str:
    text = _bare_money(value, currency, place, compact=compact, digits=digits)
    if not currency:
        return text
    from babel.numbers import get_currency_symbol

    # The CLDR's currency spacing, which Babel leaves out: letters do not touch digits.
    symbol = str(get_currency_symbol(currency, place))
    return re.sub(rf"(?<={re.escape(symbol)})(?=\d)", "\u00a0", text) if symbol[-1:].isalpha() else text


def _bare_money(value: Number, currency: str, place: Locale, *, compact: bool, digits: int | None) -> str:
    from babel.numbers import format_compact_currency, format_currency, get_currency_precision, parse_pattern

    if not currency:
        return _plain(value, place, compact=compact, digits=2 if digits is None and not compact else digits)
    if compact and digits is None and _size(value) >= _COMPACT_FROM:
        text = str(
            format_compact_currency(
                _carried(value), currency, locale=place, fraction_digits=1, numbering_system="default"
            )
        )
        if any(character.isalpha() and character not in currency for character in text):
            return text
    if compact and digits is None and (value == 0 or _size(value) >= 1000):
        digits = 0
    usual = get_currency_precision(currency)
    least, most = (usual, small_digits(value, usual)) if digits is None else (digits, digits)
    value = _rounded(value, most)
    if most == usual and digits is None:
        return str(format_currency(value, currency, locale=place, numbering_system="default"))
    pattern = parse_pattern(place.currency_formats["standard"].pattern)
    pattern.frac_prec = (least, most)
    return str(pattern.apply(value, place, currency=currency, currency_digits=False, numbering_system="default"))


def _per_day(money: str, place: Locale) -> str:
    from babel.units import format_compound_unit, format_unit

    text = str(format_compound_unit(money, denominator_unit="duration-day", locale=place))
    # Languages without a ready form get the unit's id from babel instead of its name: "1 ngày" tells the name.
    return text.replace("duration-day", str(format_unit(1, "duration-day", "short", locale=place)).strip("1 \u00a0"))


def _duration(value: Number, unit: str, place: Locale, digits: int) -> str:
    from babel.units import format_unit

    rounded = _rounded(value, digits)
    # TRICKY: plural rules see the decimals: Decimal("1.0") is "1.0 days" to them, and 1 is "1 day".
    number: int | Decimal = int(rounded) if rounded == int(rounded) else rounded
    return str(format_unit(number, DURATIONS[unit], length="short", locale=place, numbering_system="default"))


def _size(value: Number) -> float:
    return abs(float(value))


def _rounded(value: Number, digits: int) -> Decimal:
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    return exact.quantize(Decimal(1).scaleb(-digits)) + 0
