"""A result as a table in a terminal: aligned, fitted to its width, and open about what it leaves out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from typing import TextIO

from msgspec import Struct
from msgspec.structs import replace

from leadline.charts.label import clean, columns, shorten_columns
from leadline.charts.value import DURATIONS, format_value
from leadline.language.language import ENGLISH, Language
from leadline.plan.result import Mark, Result, ResultColumn, Value
from leadline.report.format import FOOTNOTES, MARKS, column_digits, format_cell
from leadline.report.note import time_notes

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
    result: Result, style: Style = PLAIN, *, language: Language = ENGLISH, currency: str = "", limit: int = 0
) -> str:
    """The result as lines of text, without a final line end.

    Numbers are right-aligned with equal decimals; names are cut and columns left out only where the width asks for it,
    and a line below says what is missing. `limit` 0 shows all rows.
    """
    rows = result.rows[:limit] if limit else result.rows
    shown = _with_totals(result, rows, language)
    if not result.columns:
        return language.say("No columns.")
    body, marks = _cells(shown, shown.rows, language, currency or str(result.provenance.get("currency") or ""))
    heads = [heading(column, language) for column in result.columns]
    right = [column.kind == "metric" for column in result.columns]
    wrapped = [_wrap(head, [row[i] for row in body]) for i, head in enumerate(heads)]
    widths = [max(columns(text) for text in [*wrapped[i], *(row[i] for row in body)]) for i in range(len(heads))]
    kept, fitted, cut = _fit(widths, right, style.width)
    tallest = max(len(wrapped[i]) for i in kept)
    padded = [[""] * (tallest - len(wrapped[i])) + wrapped[i] for i in kept]
    flush = [right[i] for i in kept]
    lines = [style.bold(_row([head[line] for head in padded], fitted, flush, language)) for line in range(tallest)]
    lines.append(style.faint(_GAP.join("─" * width for width in fitted)))
    for number, row in enumerate(body):
        if number == len(rows) and number:
            lines.append(style.faint(_GAP.join("─" * width for width in fitted)))
        line = _row([row[i] for i in kept], fitted, flush, language)
        lines.append(style.bold(line) if number >= len(rows) else line)
    if not rows:
        lines.append(language.say("No rows."))
    notes = [f"{MARKS[mark]} {language.say(FOOTNOTES[mark])}" for mark in MARKS if mark in marks]
    notes += time_notes(result.provenance, language)
    if len(rows) < len(result.rows):
        whole = format_value(len(result.rows), locale=language.locale)
        hidden = len(result.rows) - len(rows)
        notes.append(language.count("{count} of {total} rows not shown", hidden, total=whole))
    if len(kept) < len(heads):
        left_out = ", ".join(head for i, head in enumerate(heads) if i not in kept)
        notes.append(
            language.fill("columns not shown for lack of width: {names} (--format csv has all)", names=left_out)
        )
    if cut:
        notes.append(language.say("names ending in … are shortened (--format csv has them whole)"))
    lines += [style.faint(note) for note in notes]
    return "\n".join(from_left(line, language) for line in lines)


def _with_totals(result: Result, rows: Sequence[tuple[Value, ...]], language: Language) -> Result:
    """The rows shown, followed by the totals as rows of their own."""
    place = next((at for at, column in enumerate(result.columns) if column.kind == "dimension"), 0)
    marks = {key: mark for key, mark in result.marks.items() if key[0] < len(rows)}
    whole: list[tuple[Value, ...]] = list(rows)
    for total in result.totals:
        over_all = all(total.values[at] is None for at, column in enumerate(result.columns) if column.kind == "time")
        named = {0 if over_all else place: language.say("Total")}
        marks |= {(len(whole), column): mark for column, mark in total.marks.items()}
        whole.append(tuple(named.get(at, _blank(result, at, value)) for at, value in enumerate(total.values)))
    return replace(result, rows=whole, marks=marks, totals=())


def _blank(result: Result, at: int, value: Value) -> Value:
    """A dimension of a total is none of its members, so nothing stands there, not even that it is missing."""
    return " " if value is None and result.columns[at].kind != "metric" else value


def heading(column: ResultColumn, language: Language = ENGLISH) -> str:
    """What stands above a column: its label, the comparison, and the unit where cells leave it out."""
    text = clean(column.label or column.name)
    if column.compare and column.label == "":
        text = clean(column.metric or column.name)
    if column.compare and _COMPARED[column.compare] not in text:
        text += f", {language.say(_COMPARED[column.compare])}"
    if column.unit in DURATIONS:
        text += f" ({language.label('units', column.unit)})"
    return text


def _wrap(head: str, cells: Sequence[str]) -> list[str]:
    """A heading on as many lines as keep its column about as narrow as its figures."""
    room = max([_HEADING, *(columns(cell) for cell in cells)])
    if columns(head) <= room:
        return [head]
    import textwrap

    return textwrap.wrap(head, room, break_long_words=False, break_on_hyphens=False) or [""]


def _cells(
    result: Result, rows: Sequence[tuple[object, ...]], language: Language, currency: str
) -> tuple[list[list[str]], set[Mark]]:
    grain = str(result.provenance.get("grain") or "day")
    digits = [column_digits([row[i] for row in rows], column.unit) for i, column in enumerate(result.columns)]
    body = [
        [
            _cell(value, result.columns[i], language, currency, grain, digits[i], result.marks.get((at, i)))
            for i, value in enumerate(row)
        ]
        for at, row in enumerate(rows)
    ]
    seen = {mark for (at, _), mark in result.marks.items() if at < len(rows)}
    _pad_marks(body, result.columns)
    return body, seen


def _cell(
    value: object,
    column: ResultColumn,
    language: Language,
    currency: str,
    grain: str,
    digits: int | None,
    mark: Mark | None,
) -> str:
    if isinstance(value, str) and column.kind == "time":
        return value
    if value == " ":
        return ""
    if column.kind == "metric" and column.unit in DURATIONS and value is not None:
        # The unit stands in the heading, so that "1 day" and "12.3 days" do not break the column.
        text = format_value(value, digits=digits, locale=language.locale)  # type: ignore[arg-type]
        return text + MARKS.get(mark or "", "")
    return format_cell(value, column, currency=currency, language=language, grain=grain, mark=mark, digits=digits)


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


def isolated(cell: str, language: Language) -> str:
    """A cell that a terminal which turns Arabic round lays out by itself, not mixed with the one beside it."""
    return f"\u2068{cell}\u2069" if language.direction == "rtl" and cell else cell


def from_left(line: str, language: Language) -> str:
    """A line that begins from the left, whatever it begins with, so that columns stay under each other."""
    return f"\u200e{line}" if language.direction == "rtl" else line


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _row(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool], language: Language) -> str:
    parts = []
    for cell, width, flush in zip(cells, widths, right, strict=True):
        text = shorten_columns(cell, width)
        space = " " * (width - columns(text))
        alone = isolated(text, language)
        parts.append(space + alone if flush else alone + space)
    return _GAP.join(parts).rstrip()
