"""Results as an Excel workbook: the numbers on the first sheet, where they come from on the second.

Numbers are numbers, dates dates, and text is text: it is written as text whatever it begins with, and what a
spreadsheet would take for a formula once it is edited carries the quote prefix that keeps it from that. Excel itself
holds fifteen digits of a number; CSV, JSON and Parquet hold all of them.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from leadline.charts.label import clean, clean_lines, columns
from leadline.errors import UsageError
from leadline.language.language import ENGLISH, Language
from leadline.plan.result import Result, ResultColumn, Value
from leadline.report.export import FORMULA_STARTS, encode_json
from leadline.report.format import FOOTNOTES, format_member
from leadline.report.table import heading

_MOST_ROWS = 1_048_575
_MOST_TEXT = 32_000
_NARROW, _WIDE = 9, 48
_FORMATS = {"percent": "0.0%", "points": "0.0", "ratio": "0.00", "rank": "0.0", "score": "0.0"}


def write_excel(result: Result, path: Path, *, language: Language = ENGLISH) -> None:
    """Writes the result to `path` as .xlsx, whole or not at all.

    Raises `UsageError` without xlsxwriter, and for more rows than a sheet holds.
    """
    try:
        import xlsxwriter
    except ImportError:
        raise UsageError("needs-extra", "Excel needs xlsxwriter.", fix="pip install 'leadline[excel]'") from None
    if len(result.rows) + len(result.totals) > _MOST_ROWS:
        raise UsageError(
            "too-many-rows", f"A sheet holds {_MOST_ROWS:,} rows; this result has {len(result.rows):,}.",
            fix="ask for --format parquet or csv, or limit it",
        )  # fmt: skip
    unfinished = path.with_name(path.name + ".part")
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(unfinished), options) as book:
        _numbers(book, result, language)
        _provenance(book, result, language)
    unfinished.replace(path)


def _numbers(book: Any, result: Result, language: Language) -> None:
    sheet = book.add_worksheet(clean(language.say("Numbers"))[:31])
    if language.direction == "rtl":
        sheet.right_to_left()
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    head.set_quote_prefix()
    whole = [_whole(result, at) for at in range(len(result.columns))]
    formats = [_format(book, *one, bold=False) for one in zip(result.columns, whole, strict=True)]
    totals = [_format(book, *one, bold=True) for one in zip(result.columns, whole, strict=True)]
    widths = [_NARROW] * len(result.columns)
    for at, column in enumerate(result.columns):
        text = heading(column, language)
        sheet.write_string(0, at, text, head)
        widths[at] = max(widths[at], min(columns(text), _WIDE // 2))
    rows = [(row, formats) for row in result.rows] + [(total.values, totals) for total in result.totals]
    for number, (row, styles) in enumerate(rows, 1):
        total = number > len(result.rows)
        for at, (value, column) in enumerate(zip(row, result.columns, strict=True)):
            if total and value is None and column.kind != "metric":
                if at == 0:
                    sheet.write_string(number, at, language.say("Total"), styles[at][1])
                continue
            shown = _write(sheet, number, at, value, column, styles[at], language)
            widths[at] = max(widths[at], min(shown, _WIDE))
            mark = result.marks.get((number - 1, at)) if not total else None
            if mark is not None:
                sheet.write_comment(number, at, language.say(FOOTNOTES[mark]))
    for at, width in enumerate(widths):
        sheet.set_column(at, at, width + 2)
    sheet.freeze_panes(1, sum(column.kind != "metric" for column in result.columns))
    if result.rows:
        sheet.autofilter(0, 0, len(result.rows), max(len(result.columns) - 1, 0))


def _write(
    sheet: Any, row: int, at: int, value: Value, column: ResultColumn, style: tuple[Any, Any], language: Language
) -> int:
    """Writes a cell; the width it asks for."""
    if column.kind == "time" and isinstance(value, dt.date):
        sheet.write_datetime(row, at, dt.datetime(value.year, value.month, value.day), style[0])
        return 10
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        if math.isfinite(value):
            sheet.write_number(row, at, float(value) if isinstance(value, Decimal) else value, style[0])
        return len(f"{value:,.2f}")
    if value is None and column.kind == "metric":
        return 0
    text = format_member(value, language)[:_MOST_TEXT]
    sheet.write_string(row, at, text, style[1] if text.startswith(FORMULA_STARTS) else style[0])
    return columns(text)


def _whole(result: Result, at: int) -> bool:
    values = [row[at] for row in (*result.rows, *(total.values for total in result.totals))]
    numbers = [value for value in values if isinstance(value, int | float | Decimal) and math.isfinite(value)]
    return all(value == int(value) for value in numbers)


def _format(book: Any, column: ResultColumn, whole: bool, *, bold: bool) -> tuple[Any, Any]:
    """How a column looks, and the same for text that must never become a formula."""
    look: dict[str, Any] = {"bold": True, "top": 1} if bold else {}
    if column.kind == "time":
        look["num_format"] = "yyyy-mm-dd"
    elif column.kind == "metric":
        look["num_format"] = _number_format(column, whole)
    plain, quoted = book.add_format(look), book.add_format(look)
    quoted.set_quote_prefix()
    return plain, quoted


def _number_format(column: ResultColumn, whole: bool) -> str:
    if column.unit in ("seconds", "minutes", "hours", "days", "months"):
        return "#,##0.0"
    if column.unit.startswith("money"):
        # A code, not a sign: "$" is the dollar of a dozen countries.
        return f'#,##0.00 "{column.currency}"' if column.currency.isalpha() else "#,##0.00"
    return _FORMATS.get(column.unit, "#,##0" if whole else "#,##0.00")


def _provenance(book: Any, result: Result, language: Language) -> None:
    sheet = book.add_worksheet(clean(language.say("Provenance"))[:31])
    bold = book.add_format({"bold": True, "valign": "top"})
    body = book.add_format({"text_wrap": True, "valign": "top"})
    body.set_quote_prefix()
    for row, (name, text) in enumerate(_facts(result.provenance)):
        sheet.write_string(row, 0, name, bold)
        sheet.write_string(row, 1, text[:_MOST_TEXT], body)
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 1, 110)


def _facts(provenance: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = []
    for name, value in provenance.items():
        if value in (None, "", [], {}) or name == "marks":
            continue
        if name == "sql":
            found += [("sql", clean_lines(str(text))) for text in ([value] if isinstance(value, str) else value)]
        else:
            text = value if isinstance(value, str) else encode_json(value)
            found.append((clean(name), clean_lines(text)))
    return found
