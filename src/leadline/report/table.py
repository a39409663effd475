"""A result as a table in a terminal: aligned, fitted to its width, and open about what it leaves out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from typing import TextIO

from msgspec import Struct

from leadline.charts.label import clean, columns, shorten_columns
from leadline.charts.value import DURATIONS, format_value
from leadline.plan.result import Mark, Result, ResultColumn
from leadline.report.format import FOOTNOTES, MARKS, column_digits, format_cell

_GAP = "  "
_NARROWEST = 10
_HEADING = 16
_COMPARED = {"previous": "previous period", "year": "a year before"}


class Style(Struct, frozen=True):
    """How to write for a stream: width in columns (0: no limit) and whether to colour."""

    width: int = 0
    colour: bool = False

    def bold(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self.colour else text

    def faint(self, text: str) -> str:
        return f"\x1b[2m{text}\x1b[0m" if self.colour else text

    def paint(self, text: str, code: str) -> str:
        """`text` in an SGR colour; only ever beside a word or sign that says the same."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and code else text


PLAIN = Style()


def style_for(stream: TextIO) -> Style:
    """Colour and width only for a terminal; never colour when `NO_COLOR` is set or the terminal is dumb."""
    if not stream.isatty():
        return PLAIN
    colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Style(width=shutil.get_terminal_size().columns, colour=colour)


def render_table(
    result: Result, style: Style = PLAIN, *, locale: str = "en", currency: str = "", limit: int = 0
) -> str:
    """The result as lines of text, without a final line end.

    Numbers are right-aligned with equal decimals; names are cut and columns left out only where the width asks for it,
    and a line below says what is missing. `limit` 0 shows all rows.
    """
    rows = result.rows[:limit] if limit else result.rows
    if not result.columns:
        return "No columns."
    body, marks = _cells(result, rows, locale, currency or str(result.provenance.get("currency") or ""))
    heads = [heading(column) for column in result.columns]
    right = [column.kind == "metric" for column in result.columns]
    wrapped = [_wrap(head, [row[i] for row in body]) for i, head in enumerate(heads)]
    widths = [max(columns(text) for text in [*wrapped[i], *(row[i] for row in body)]) for i in range(len(heads))]
    kept, fitted, cut = _fit(widths, right, style.width)
    tallest = max(len(wrapped[i]) for i in kept)
    padded = [[""] * (tallest - len(wrapped[i])) + wrapped[i] for i in kept]
    lines = [
        style.bold(_row([head[line] for head in padded], fitted, [right[i] for i in kept])) for line in range(tallest)
    ]
    lines.append(style.faint(_GAP.join("─" * width for width in fitted)))
    lines += [_row([row[i] for i in kept], fitted, [right[i] for i in kept]) for row in body]
    if not rows:
        lines.append("No rows.")
    notes = [f"{MARKS[mark]} {FOOTNOTES[mark]}" for mark in MARKS if mark in marks]
    if len(rows) < len(result.rows):
        notes.append(f"{len(result.rows) - len(rows):,} of {len(result.rows):,} rows not shown")
    if len(kept) < len(heads):
        left_out = ", ".join(head for i, head in enumerate(heads) if i not in kept)
        notes.append(f"columns not shown for lack of width: {left_out} (--format csv has all)")
    if cut:
        notes.append("names ending in … are shortened (--format csv has them whole)")
    return "\n".join([*lines, *(style.faint(note) for note in notes)])


def heading(column: ResultColumn) -> str:
    """What stands above a column: its label, the comparison, and the unit where cells leave it out."""
    text = clean(column.label or column.name)
    if column.compare and column.label == "":
        text = clean(column.metric or column.name)
    if column.compare and _COMPARED[column.compare] not in text:
        text += f", {_COMPARED[column.compare]}"
    if column.unit in DURATIONS:
        text += f" ({column.unit})"
    return text


def _wrap(head: str, cells: Sequence[str]) -> list[str]:
    """A heading on as many lines as keep its column about as narrow as its figures."""
    room = max([_HEADING, *(columns(cell) for cell in cells)])
    if columns(head) <= room:
        return [head]
    import textwrap

    return textwrap.wrap(head, room, break_long_words=False, break_on_hyphens=False) or [""]


def _cells(
    result: Result, rows: Sequence[tuple[object, ...]], locale: str, currency: str
) -> tuple[list[list[str]], set[Mark]]:
    grain = str(result.provenance.get("grain") or "day")
    digits = [column_digits([row[i] for row in rows], column.unit) for i, column in enumerate(result.columns)]
    body = [
        [
            _cell(value, result.columns[i], locale, currency, grain, digits[i], result.marks.get((at, i)))
            for i, value in enumerate(row)
        ]
        for at, row in enumerate(rows)
    ]
    seen = {mark for (at, _), mark in result.marks.items() if at < len(rows)}
    _pad_marks(body, result.columns)
    return body, seen


def _cell(
    value: object, column: ResultColumn, locale: str, currency: str, grain: str, digits: int | None, mark: Mark | None
) -> str:
    if column.kind == "metric" and column.unit in DURATIONS and value is not None:
        # The unit stands in the heading, so that "1 day" and "12.3 days" do not break the column.
        return format_value(value, digits=digits, locale=locale) + MARKS.get(mark or "", "")  # type: ignore[arg-type]
    return format_cell(value, column, currency=currency, locale=locale, grain=grain, mark=mark, digits=digits)


def _pad_marks(body: list[list[str]], heads: Sequence[ResultColumn]) -> None:
    """Gives unmarked figures of a column with marks a trailing space, so that their digits stay under each other."""
    marks = tuple(MARKS.values())
    for i, column in enumerate(heads):
        if column.kind == "metric" and any(row[i].endswith(marks) for row in body):
            for row in body:
                if not row[i].endswith(marks):
                    row[i] += " "


def _fit(widths: Sequence[int], right: Sequence[bool], room: int) -> tuple[list[int], list[int], bool]:
    """Which columns to keep, how wide, and whether names are cut: names give way first, then the last columns."""
    kept = list(range(len(widths)))
    fitted = list(widths)
    over = _total(fitted) - room if room else 0
    cut = False
    for i in sorted(kept, key=lambda index: -widths[index]):
        if over > 0 and not right[i] and fitted[i] > _NARROWEST:
            taken = min(over, fitted[i] - _NARROWEST)
            fitted[i] -= taken
            over -= taken
            cut = True
    while over > 0 and len(kept) > 1:
        over -= fitted[kept.pop()] + len(_GAP)
    if -over > 0 and room and cut:
        # Room won back by leaving out a column goes to the names again.
        for i in kept:
            grown = min(widths[i] - fitted[i], -over)
            fitted[i] += grown
            over += grown
        cut = any(fitted[i] < widths[i] for i in kept)
    return kept, [fitted[i] for i in kept], cut


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _row(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    parts = []
    for cell, width, flush in zip(cells, widths, right, strict=True):
        text = shorten_columns(cell, width)
        space = " " * (width - columns(text))
        parts.append(space + text if flush else text + space)
    return _GAP.join(parts).rstrip()
