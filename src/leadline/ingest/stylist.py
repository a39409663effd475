"""The style of a table: decimal mark, date formats and the kinds of undeclared columns, found from its own cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from leadline.ingest.cell import Style, sample_texts
from leadline.ingest.source import Source, ValueType
from leadline.ingest.style import detect_dates, detect_decimal, number_sql

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection
    from leadline.ingest.read.table import Table
    from leadline.ingest.record import Delivery

_CODE = re.compile(r"0\d+|\d{16,}")
_NUMBER = re.compile(
    r"[-+(]?\s*(?:[A-Z]{3}|[$€£¥₫₺₹])?\s*[-+]?\d[\d.,'\u00a0\u202f ]*\s*(?:[A-Z]{3}|[$€£¥₫₺₹%])?\s*\)?-?"
)
_DATE = re.compile(
    r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}\.?(?P<time>[T ,]+\d.*)?|\d{4}年\d{1,2}月\d{1,2}日(?P<time2>.*\d.*)?"
)
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
            cells = (
                [_literal_text(clue.raw)]
                if clue.raw.startswith("'")
                else sample_texts(con, table.relation, clue.raw, table.rows)
            )
            texts[clue.header] = [text for cell in cells if (text := cell.strip()) not in marks]
    guessed = {clue.header: guess_kind(texts[clue.header]) for clue in clues if clue.kind is None}
    kinds = {clue.header: clue.kind or guessed[clue.header] for clue in clues}
    numbers = [text for header, kind in kinds.items() if kind in _NUMERIC for text in texts[header]]
    language = delivery.headers.language or None
    decimal = source.decimal or table.decimal or detect_decimal(numbers, language)
    dates: dict[str, tuple[str, ...]] = {}
    for clue in clues:
        if (clue.kind or guessed.get(clue.header)) in ("date", "datetime") and texts[clue.header]:
            dates[clue.header] = detect_dates(texts[clue.header], source.dates or language)
    style = Style(decimal, dates, delivery.zone, source.nulls)
    return style, _confirm(con, table, clues, guessed, style)


def guess_kind(texts: Sequence[str]) -> ValueType:
    """What a column's texts all are; text when they are not all one thing, or codes rather than numbers."""
    if not texts:
        return "text"
    if all(text.lower() in ("true", "false") for text in texts):
        return "boolean"
    dates = [_DATE.fullmatch(text) for text in texts]
    if all(dates):
        return "datetime" if any(found and (found["time"] or found["time2"]) for found in dates) else "date"
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
    if not open_ or table.rows <= 20_000:
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
