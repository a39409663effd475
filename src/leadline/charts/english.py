"""Numbers and periods in plain English, without the locale library: what a cold command prints most.

Loading the CLDR's data costs as much CPU as a small query. So the commonest forms of the locale `en` are written here;
whatever is not (other locales, compact numbers, other currencies, weeks) is left to Babel. A test holds both equal.
"""

from __future__ import annotations

import math
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext

from leadline.charts.scale import Number

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WHOLE_FROM = 1000


def english_value(value: Number, unit: str, currency: str, digits: int | None) -> str | None:
    """`value` of `unit` in English; None for what is not written here."""
    if unit == "money" and currency in SYMBOLS:
        text = _fixed(value, small_digits(value, 2) if digits is None else digits)
        if digits is None:
            units, _, part = text.partition(".")
            text = f"{units}.{part.rstrip('0'):0<2}"
        return f"-{SYMBOLS[currency]}{text[1:]}" if text[0] == "-" else SYMBOLS[currency] + text
    if unit == "percent" and digits is not None:
        return f"{_fixed(_exact(value).scaleb(2), digits)}%"
    if unit not in ("count", "people", "number", ""):
        return None
    if digits is not None:
        return _fixed(value, digits)
    whole = value == int(value) or abs(float(value)) >= _WHOLE_FROM
    text = _fixed(value, 0 if whole else 2)
    return text if whole else text.rstrip("0").removesuffix(".")


def english_period(start: date, grain: str) -> str | None:
    """The name of a period in English; None for what is not written here."""
    if grain == "year" and start.month == 1:
        return f"{start.year}"
    if grain == "quarter" and start.month % 3 == 1:
        return f"Q{start.month // 3 + 1} {start.year}"
    if grain == "month":
        return f"{MONTHS[start.month - 1]} {start.year}"
    return f"{MONTHS[start.month - 1]} {start.day}, {start.year}" if grain == "day" else None


def small_digits(value: Number, usual: int) -> int:
    """The decimals of an amount of money: as many as its currency has, and enough for two digits that count."""
    size = abs(float(value))
    return usual if size == 0 or size >= 10 ** (1 - usual) else min(6, 1 - math.floor(math.log10(size)))


def _fixed(value: Number | Decimal, digits: int) -> str:
    # Halves round up, as in spreadsheets and SQL, and forty digits of a DECIMAL fit.
    with localcontext(rounding=ROUND_HALF_UP, prec=60):
        rounded = _exact(value).quantize(Decimal(1).scaleb(-digits)) + 0
    return f"{rounded:,}"


def _exact(value: Number | Decimal) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(repr(value))
