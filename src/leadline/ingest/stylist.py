"""The style of a table: decimal mark, date formats and the kinds of undeclared columns, found from its own cells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from leadline.errors import DataError
from leadline.ingest.cell import DIRECTIONS, Style, sample_texts
from leadline.ingest.read.table import Table, UnsureError
from leadline.ingest.source import Source, ValueType
from leadline.ingest.style.ambiguous import Ambiguous
from leadline.ingest.style.date import detect_dates
from leadline.ingest.style.number import detect_decimal, is_plain, number_sql

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection
    from leadline.ingest.record import Delivery

_UNSEEN = dict.fromkeys(map(ord, DIRECTIONS))
_CODE = re.compile(r"0\d+|\d{16,}")
_NUMBER = re.compile(
    r"[-+(]?\s*(?:[A-Z]{3}|[$€£¥₫₺₹])?\s*[-+]?\d[\d.,'\u00a0\u202f ]*\s*(?:[A-Z]{3}|[$€£¥₫₺₹%])?\s*\)?-?"
)
_DATE = re.compile(
    r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}\.?(?P<time>[T ,]+\d.*)?|\d{4}年\d{1,2}月\d{1,2}日(?P<time2>.*\d.*)?"
)
_COMPACT_DATE = re.compile(r"(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_NUMERIC_DATE = re.compile(r"\s*\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}")
_NUMERIC: tuple[ValueType, ...] = ("integer", "number", "money", "percent")


class Clue(Struct, frozen=True):
    """A column whose style matters: its header, SQL for the delivered cell, its kind (None: to be found)."""

    header: str
    raw: str
    kind: ValueType | None


def find_style(
    con: Connection, table: Table, clues: Sequence[Clue], source: Source, delivery: Delivery
) -> tuple[Style, dict[str, ValueType]]:
    """The table's style, and the kinds found for columns without one.

    What the definition says (`decimal`, `dates`, `timezone`) goes before what the cells say; `DataError` when the cells
    can be read in two ways and nothing decides.
    """
    marks = {mark.strip() for mark in source.nulls}
    texts: dict[str, list[str]] = {}
    for clue in clues:
        if clue.kind != "text" and clue.header not in texts:
            cells = [_literal_text(clue.raw)] if clue.raw.startswith("'") else sample_texts(con, *table.shown, clue.raw)
            texts[clue.header] = [text for cell in cells if (text := cell.translate(_UNSEEN).strip()) not in marks]
    guessed = {clue.header: guess_kind(texts[clue.header]) for clue in clues if clue.kind is None}
    if table.sample and not all(texts[header] for header in guessed):
        raise UnsureError
    kinds = {clue.header: clue.kind or guessed[clue.header] for clue in clues}
    numbers = [text for header, kind in kinds.items() if kind in _NUMERIC for text in texts[header]]
    decimal = source.decimal or table.decimal or _decimal(con, table, numbers, clues, kinds, delivery)
    dated = {header: texts[header] for header, kind in kinds.items() if kind in ("date", "datetime") and texts[header]}
    dates = date_formats(dated, delivery) if dated else {}
    if table.sample and not all(is_plain(text, decimal) for text in numbers):
        raise UnsureError
    style = Style(decimal, dates, delivery.zone, source.nulls, bool(table.sample), table.wide)
    return style, _confirm(con, table, clues, guessed, style)


def date_formats(texts: Mapping[str, Sequence[str]], delivery: Delivery) -> dict[str, tuple[str, ...]]:
    """The date formats of each column.

    Where a column cannot tell day from month the definition's `dates` decides, then the file's other columns, then its
    language. A few cells against all others, or that could be swapped among many that cannot, are left to be found
    unreadable.
    """
    source, excel = delivery.definition.source, delivery.table.kind == "excel"
    language = {"en": "en-US"}.get(delivery.headers.language, delivery.headers.language) or None
    stated = _stated_order(source.dates)
    found: dict[str, tuple[str, ...]] = {}
    open_: dict[str, Ambiguous] = {}
    for header, all_cells in texts.items():
        cells = _without_strays(all_cells)
        formats = detect_dates(cells, stated, excel=excel)
        if isinstance(formats, Ambiguous) and formats.conflict:
            formats = detect_dates(_majority(cells), stated, excel=excel)
        elif isinstance(formats, Ambiguous) and len(clear := _clear(cells)) * 2 >= len(cells):
            formats = detect_dates(clear, stated, excel=excel)
        if isinstance(formats, Ambiguous):
            open_[header] = formats
        else:
            found[header] = formats
    orders = {order for formats in found.values() for form in formats if (order := _order_of(form))}
    for header, ambiguous in open_.items():
        hint = next(iter(orders)) if len(orders) == 1 else language
        formats = detect_dates(texts[header], hint, excel=excel) if not ambiguous.conflict else ambiguous
        if isinstance(formats, Ambiguous):
            raise DataError(
                "ambiguous-dates",
                f"{delivery.table.file}, column {header!r}: {ambiguous.what}",
                why=f"for example {', '.join(ambiguous.samples[:3])}",
                fix=ambiguous.fix,
            )
        found[header] = formats
    if "%" in source.dates:
        found = {header: tuple(dict.fromkeys((*formats, source.dates))) for header, formats in found.items()}
    return found


def _without_strays(cells: Sequence[str]) -> Sequence[str]:
    """Cells without a few like `06/05/2025` among dates of another form: nothing proves which of them is the month."""
    strays = [cell for cell in cells if _NUMERIC_DATE.match(cell)]
    if not strays or len(strays) * 4 > len(cells):
        return cells
    return [cell for cell in cells if not _NUMERIC_DATE.match(cell)]


def _stated_order(dates: str) -> str | None:
    """The language that writes dates in the order `dates` says: a pattern, `day-first` or `month-first`."""
    text = dates.lower()
    if not text:
        return None
    day = text.find("%d") if "%" in text else text.find("d")
    month = text.find("%m") if "%" in text else text.find("m")
    return "en-GB" if 0 <= day < month or month < 0 else "en-US"


def _order_of(form: str) -> str:
    """The order a numeric pattern has; empty where the year comes first or a month has a name."""
    if not re.match(r"%[dm][-/]%[dm][-/]", form):
        return ""
    return "en-GB" if form.startswith("%d") else "en-US"


def _clear(cells: Sequence[str]) -> list[str]:
    """Cells whose day and month cannot be swapped: with the year first, or with the month's name."""
    return [cell for cell in cells if not re.match(r"\s*\d{1,2}[-/]\d{1,2}[-/]\d", cell)]


def _majority(cells: Sequence[str]) -> list[str]:
    """Cells without the few that contradict all others; all of them when neither side is few."""
    sides: dict[bool, list[str]] = {True: [], False: []}
    for cell in cells:
        parts = re.match(r"\s*(\d{1,2})[-/.](\d{1,2})[-/.]", cell)
        if parts and (int(parts[1]) > 12) != (int(parts[2]) > 12):
            sides[int(parts[1]) > 12].append(cell)
    few, many = sorted(sides.values(), key=len)
    if len(few) * 4 > len(many):
        return list(cells)
    return [cell for cell in cells if cell not in set(few)]


def _decimal(
    con: Connection, table: Table, numbers: Sequence[str], clues: Sequence[Clue], kinds: Mapping[str, ValueType],
    delivery: Delivery,
) -> str:  # fmt: skip
    """The decimal mark of all number columns; where cells contradict each other, the one that reads nearly all."""
    found = detect_decimal(numbers, delivery.headers.language or None)
    if isinstance(found, str):
        return found
    if found.conflict:
        raws = [clue.raw for clue in clues if kinds[clue.header] in _NUMERIC]
        counts = ", ".join(
            " + ".join(f"count(*) FILTER ({raw} IS NOT NULL AND {number_sql(raw, mark)} IS NULL)" for raw in raws)
            for mark in (".", ",")
        )
        point, comma = con.execute(f"SELECT {counts} FROM {table.relation}").fetchone() or (0, 0)
        if min(point, comma) * 4 <= max(point, comma):
            return "." if point < comma else ","
    raise DataError(
        "ambiguous-numbers",
        f"{table.file}: {found.what}",
        why=f"for example {', '.join(found.samples[:3])}",
        fix=found.fix,
    )


def guess_kind(texts: Sequence[str]) -> ValueType:
    """What a column's texts all are; text when they are not all one thing, or codes rather than numbers."""
    if not texts:
        return "text"
    if all(text.lower() in ("true", "false") for text in texts):
        return "boolean"
    dates = [_DATE.fullmatch(text) for text in texts]
    if all(dates):
        return "datetime" if any(found and (found["time"] or found["time2"]) for found in dates) else "date"
    if all(_COMPACT_DATE.fullmatch(text) for text in texts):
        return "date"
    if any(_CODE.fullmatch(text) for text in texts):
        return "text"
    if all(_NUMBER.fullmatch(text) for text in texts):
        if any("%" in text for text in texts):
            return "percent"
        return "integer" if all(text.lstrip("+-").isdigit() for text in texts) else "number"
    return "text"


def _confirm(
    con: Connection, table: Table, clues: Sequence[Clue], guessed: dict[str, ValueType], style: Style
) -> dict[str, ValueType]:
    """Hold guesses of numbers, made on a sample, against every row: one code or word makes the column text."""
    open_ = [clue for clue in clues if clue.kind is None and guessed[clue.header] in _NUMERIC]
    if not open_ or (table.rows <= 20_000 and not table.sample):
        return guessed
    parts = []
    for clue in open_:
        parts.append(f"count(*) FILTER (regexp_full_match({clue.raw}, '\\s*(0\\d+|\\d{{16,}})\\s*'))")
        parts.append(f"count(*) FILTER ({clue.raw} IS NOT NULL AND {number_sql(clue.raw, style.decimal)} IS NULL)")
        parts.append(f"count(*) FILTER (contains({clue.raw}, '.') OR contains({clue.raw}, ','))")
    counts = con.execute(f"SELECT {', '.join(parts)} FROM {table.relation}").fetchone() or ()
    result = dict(guessed)
    for number, clue in enumerate(open_):
        codes, words, fractions = counts[number * 3 : number * 3 + 3]
        if codes or words > 0.05 * table.rows:
            result[clue.header] = "text"
        elif fractions and result[clue.header] == "integer":
            result[clue.header] = "number"
    return result


def _literal_text(raw: str) -> str:
    return raw[1:-1].replace("''", "'")
