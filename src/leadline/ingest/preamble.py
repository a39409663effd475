"""The lines above a header: which days a report says it covers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from functools import cache

_DIGITS = re.compile(r"(?<!\d)(\d{4})(\d{2})(\d{2})(?!\d)")
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})[-./年]\s?(\d{1,2})[-./月]\s?(\d{1,2})(?!\d)")
_YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})[-./](\d{1,2})[-./](\d{4})(?!\d)")
_DAY_WORD = re.compile(r"(?<!\d)(\d{1,2})\.?(?:\s+de|er|º)?\s+([^\W\d_]+\.?)(?:\s+de)?,?\s+(\d{4})(?!\d)")
_WORD_DAY = re.compile(r"([^\W\d_]+\.?)\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?!\d)")
_VIETNAMESE = re.compile(r"(\d{1,2})\s+(?:tháng|thg)\s+(\d{1,2}),?\s+(?:năm\s+)?(\d{4})", re.IGNORECASE)
_MADE = re.compile(r"generat|gmt\)|created|erstellt|généré|gegenereerd|generado|oluştur|tạo lúc|生成|download|exported", re.I)
_LANGUAGES = ("en", "de", "fr", "nl", "es", "tr", "it", "pt", "ms")


def stated_range(preamble: Sequence[str], language: str = "") -> tuple[dt.date, dt.date] | None:
    """First and last day the lines above the header name; None when they name no range.

    The line saying when the file was made does not count. A numeric date whose day and month could be swapped is read
    as the other dates force it, as month first in English and as day first elsewhere.
    """
    days: list[dt.date] = []
    loose: list[tuple[int, int, int]] = []
    lines = [line for line in preamble if not _MADE.search(line)]
    # A line that names two days is the range; other lines may date something else.
    whole = next((line for line in lines if len(_days(line)) + len(_YEAR_LAST.findall(line)) >= 2), None)
    for line in [whole] if whole else lines:
        days += _days(line)
        loose += [(int(a), int(b), int(year)) for a, b, year in _YEAR_LAST.findall(line)]
    if loose:
        month_first = any(b > 12 for _, b, _ in loose) or (
            language in ("", "en") and not any(a > 12 for a, _, _ in loose)
        )
        days += [day for a, b, year in loose if (day := _day(year, *((a, b) if month_first else (b, a))))]
    if len(days) < 2:
        return (days[0], days[0]) if len(days) == 1 and any(_single(line) for line in preamble) else None
    return min(days), max(days)


def _days(line: str) -> list[dt.date]:
    found = [_day(int(y), int(m), int(d)) for y, m, d in (*_YEAR_FIRST.findall(line), *_DIGITS.findall(line))]
    found += [_day(int(y), int(m), int(d)) for d, m, y in _VIETNAMESE.findall(line)]
    found += [_day(int(y), _months().get(_plain(word), 0), int(d)) for d, word, y in _DAY_WORD.findall(line)]
    found += [_day(int(y), _months().get(_plain(word), 0), int(d)) for word, d, y in _WORD_DAY.findall(line)]
    return [day for day in found if day]


def _single(line: str) -> bool:
    """A line that is nothing but one date speaks of that one day."""
    return bool(re.fullmatch(r"[\"'\s]*[^:]{6,40}[\"'\s]*", line)) and len(_days(line)) == 1


def _day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _plain(word: str) -> str:
    return word.casefold().rstrip(".")


@cache
def _months() -> dict[str, int]:
    """Month names, long and short, in the languages vendors write them."""
    from babel.dates import get_month_names

    names: dict[str, int] = {}
    for language in _LANGUAGES:
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for number, name in get_month_names(width, context, language).items():
                    names.setdefault(_plain(name), number)
    return names
