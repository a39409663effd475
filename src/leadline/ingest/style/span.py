"""Spans: the date range that a report's preamble states, in the words of its language.

Babel formats dates but does not read ranges, so the dates are found here; the months' names come from it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from msgspec import Struct

from leadline.ingest.style.date import language_order
from leadline.ingest.style.month import LANGUAGES, language_code, month_of

_NUMERIC = re.compile(
    r"(?<![\d.,/])(?:(?P<iso>(?:19|20)\d{2})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})"
    r"|(?P<compact>(?:19|20)\d{6})"
    r"|(?P<first>\d{1,2})(?P<slash>[-/.])(?P<second>\d{1,2})(?P=slash)(?P<year>(?:19|20)?\d{2})"
    r"|(?:(?P<cjk_year>\d{4})[年년]\s?)?(?P<cjk_month>\d{1,2})[月월]\s?(?P<cjk_day>\d{1,2})[日일])(?!\d)"
)
_CLOCK = re.compile(
    r"(?:,?\s*(?:at\s+)?|T)\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:\s?[ap]\.?\s?m\b\.?)?(?:\s?(?:UTC|GMT|Z\b))?", re.I
)
_WORD = re.compile(r"tháng_\d+|\d+|[^\W\d_]+\.?|\S")
_DASHES = frozenset("-–—~～至") | {
    "to",
    "bis",
    "au",
    "tot",
    "al",
    "a",
    "đến",
    "until",
    "till",
    "through",
    "hasta",
}


class Span(Struct, frozen=True):
    """First and last day, both included."""

    first: dt.date
    last: dt.date

    @property
    def days(self) -> int:
        """How many days the span has."""
        return (self.last - self.first).days + 1


class _Piece(Struct):
    day: int = 0
    month: int = 0
    year: int = 0


def parse_range(text: str, language: str | None = None) -> Span | None:
    """The span a text states, a single date being a span of one day; None when it states none, or not plainly.

    `1/2/2026` without a language that settles the order counts only when other dates of the text settle it.
    """
    cleaned = _CLOCK.sub(" ", text).replace(" t/m ", " - ")
    dates = _numeric_dates(cleaned, language)
    if dates is None:
        return None
    if not dates:
        dates = _worded_dates(cleaned, language)
    if not dates or len(dates) > 2 or dates[0] > dates[-1]:
        return None
    return Span(dates[0], dates[-1])


def preamble_range(lines: Sequence[str], language: str | None = None) -> Span | None:
    """The span that the lines above a header state: one line with two dates, or a start line and an end line."""
    single: list[dt.date] = []
    lone: Span | None = None
    for line in lines:
        span = parse_range(line, language)
        if span is None:
            continue
        if span.first != span.last or _is_twice(line, span, language):
            return span
        label = line.lower()
        if not any(word in label for word in _MADE):
            single.append(span.first)
            lone = lone or span
    if len(single) >= 2 and single[0] <= single[1]:
        return Span(single[0], single[1])
    return lone if len(single) == 1 and _alone(lines, single[0], language) else None


# a line that says when the report was made, not what it covers
_MADE = (
    *("generated", "created", "downloaded", "exported", "report time", "erstellt", "généré", "créé", "generado"),
    *("creado", "gemaakt", "gegenereerd", "oluştur", "tạo lúc", "ngày tạo", "生成", "创建"),
)


def _is_twice(line: str, span: Span, language: str | None) -> bool:
    """Whether a line states the same day as start and end."""
    halves = re.split(r"\s+[-–—~]\s+|\s+to\s+", line)
    return len(halves) == 2 and all(parse_range(half, language) == span for half in halves)


def _alone(lines: Sequence[str], day: dt.date, language: str | None) -> bool:
    """Whether a line is nothing but one date: a report of one day."""
    return any(
        parse_range(line, language) == Span(day, day) and ":" not in line and len(line.strip(' "#,\t')) < 30
        for line in lines
    )


def _numeric_dates(text: str, language: str | None) -> list[dt.date] | None:
    """Dates in digits; None when their order is not plain."""
    found = list(_NUMERIC.finditer(text))
    pairs = [(int(m["first"]), int(m["second"])) for m in found if m["first"]]
    order = ""
    if pairs:
        day = any(a > 12 for a, _ in pairs) or all(m["slash"] == "." for m in found if m["first"])
        month = any(b > 12 for _, b in pairs)
        order = "month" if month and not any(a > 12 for a, _ in pairs) else "day" if day and not month else ""
        if not order and not (day and month):
            order = language_order(language) if language else ""
        if not order:
            return None
    dates: list[dt.date] = []
    year = 0
    for match in found:
        if match["iso"]:
            parts = (int(match["iso"]), int(match["month"]), int(match["day"]))
        elif match["compact"]:
            digits = match["compact"]
            parts = (int(digits[:4]), int(digits[4:6]), int(digits[6:]))
        elif match["first"]:
            a, b = int(match["first"]), int(match["second"])
            written = int(match["year"])
            full = written if written > 99 else 2000 + written
            parts = (full, b, a) if order == "day" else (full, a, b)
        else:
            year = int(match["cjk_year"] or year)
            parts = (year, int(match["cjk_month"]), int(match["cjk_day"]))
        try:
            dates.append(dt.date(*parts))
        except ValueError:
            return None
    return dates


def _worded_dates(text: str, language: str | None) -> list[dt.date]:
    """Dates with a month's name; what one end of a range leaves out is the other's."""
    text = re.sub(r"(?:thg|tháng)\.?\s+(\d{1,2})", r"tháng_\1", text, flags=re.IGNORECASE)
    languages = [language_code(language), *LANGUAGES] if language else LANGUAGES
    pieces: list[_Piece] = [_Piece()]
    for token in _WORD.findall(text):
        piece = pieces[-1]
        if token.startswith("tháng_"):
            month = int(token[6:])
        elif token.isdecimal():
            if len(token) == 4 and token[:2] in ("19", "20") and not piece.year:
                piece.year = int(token)
            elif len(token) <= 2 and not piece.day and 1 <= int(token) <= 31:
                piece.day = int(token)
            else:
                return []
            continue
        elif token.lower() in _DASHES:
            if piece.day or piece.month:
                pieces.append(_Piece())
            continue
        else:
            month = month_of(token, languages)
            if not month:
                continue
        if piece.month:
            return []
        piece.month = month
    filled = [piece for piece in pieces if piece.day]
    if not 1 <= len(filled) <= 2:
        return []
    first, last = filled[0], filled[-1]
    year = last.year or first.year
    try:
        end = dt.date(last.year or year, last.month or first.month, last.day)
        month = first.month or last.month
        begin_year = first.year or (year - 1 if month > end.month else year)
        begin = dt.date(begin_year, month, first.day)
    except ValueError:
        return []
    return [begin] if len(filled) == 1 else [begin, end]
