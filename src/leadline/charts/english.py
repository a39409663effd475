"""Numbers and periods in plain English, without the locale library: what a cold command prints most.

Loading the CLDR's data costs as much CPU as a small query. So the commonest forms of the locale `en` are written here;
whatever is not (other locales, compact numbers, other currencies, weeks) is left to Babel. A test holds both equal.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext

from leadline.charts.scale import Number

SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£"}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WHOLE_FROM = 1000


def english_value(value: Number, unit: str, currency: str, digits: int | None) -> str | None:
    """`value` of `unit` in English; None for what is not written here."""
    if unit == "money" and currency in SYMBOLS:
        text = _fixed(value, 2 if digits is None else digits)
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


def _fixed(value: Number | Decimal, digits: int) -> str:
    # Halves round up, as in spreadsheets and SQL, and forty digits of a DECIMAL fit.
    with localcontext(rounding=ROUND_HALF_UP, prec=60):
        rounded = _exact(value).quantize(Decimal(1).scaleb(-digits)) + 0
    return f"{rounded:,}"


def _exact(value: Number | Decimal) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(repr(value))
