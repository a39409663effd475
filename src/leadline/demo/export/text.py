"""Cells and delimited text, as vendors print them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

File = tuple[str, bytes]
Row = Sequence[str]


def table(
    rows: Iterable[Row], *, delimiter: str = ",", newline: str = "\n", quote_all: bool = False, preamble: str = ""
) -> str:
    """Rows as delimited text under `preamble`, quoted where needed or everywhere."""
    out = io.StringIO()
    out.write(preamble)
    writer = csv.writer(
        out, delimiter=delimiter, lineterminator=newline, quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    )
    writer.writerows(rows)
    return out.getvalue()


def tabs(rows: Iterable[Row], preamble: str) -> str:
    """Rows as tab-separated text that quotes cells with a comma all the same, as the ad platforms do."""
    lines = ["\t".join(f'"{cell}"' if "," in cell else cell for cell in row) for row in rows]
    return preamble.replace("\n", "\r\n") + "".join(f"{line}\r\n" for line in lines)


def utf16(text: str) -> bytes:
    """Text as UTF-16, little-endian, with its byte-order mark."""
    return b"\xff\xfe" + text.encode("utf-16-le")


def utf8(text: str, *, mark: bool = False) -> bytes:
    """Text as UTF-8, with a byte-order mark if asked for."""
    return text.encode("utf-8-sig" if mark else "utf-8")


def money(cents: int, *, grouped: bool = False) -> str:
    """Cents as an amount with two decimals: 1234.50, or 1,234.50."""
    sign = "-" if cents < 0 else ""
    whole, part = divmod(abs(cents), 100)
    return f"{sign}{whole:,}.{part:02d}" if grouped else f"{sign}{whole}.{part:02d}"


def ratio(part: int, whole: int, digits: int = 2) -> str:
    """`part / whole`, rounded half up as vendors do; 0 where `whole` is 0."""
    value = Decimal(part) / Decimal(whole) if whole else Decimal(0)
    return f"{value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP):f}"


def percent(part: int, whole: int, digits: int = 2) -> str:
    """`part / whole` as a printed percentage: 2.50%."""
    return ratio(100 * part, whole, digits) + "%"


def long_date(day: date) -> str:
    """A day as 1 July 2024, in English whatever the machine speaks."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
