"""What a cell looks like: a value (number, date, time, rate), a name, or nothing.

Only used to tell headers from data; reading values is the business of `ingest.style`.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from leadline.ingest.read.record import Record

NOTHING = frozenset({"", "-", "--", "–", "—", "n/a", "na", "null", "none", "nan", "#n/a"})

_DIGITS = re.compile(r"[-+]?\d[\d.,:/% -]*")
_YEAR = re.compile(r"(?<!\d)(19|20)\d\d(?!\d)")
_DAY = re.compile(r"(?<!\d)\d{1,2}(?!\d)")
_WORD = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"#(?=.*\d)[\w./-]+")


def shown(cell: Any) -> str:
    """A cell as text, trimmed."""
    return "" if cell is None else str(cell).strip()


def is_typed(cell: Any) -> bool:
    """Whether a cell is a value rather than words: mostly digits, or a date with a month's name."""
    if isinstance(cell, (int, float, dt.date, dt.time, dt.timedelta)):
        return True
    text = shown(cell)
    if _DIGITS.fullmatch(text):
        return True
    digits = sum(char.isdigit() for char in text)
    if not digits:
        return text.lower() in ("true", "false")
    letters = sum(char.isalpha() for char in text)
    if digits >= letters and not text.startswith("#"):
        return True
    words = _WORD.findall(text)
    return len(words) <= 2 and bool(_YEAR.search(text)) and bool(_DAY.search(_YEAR.sub("", text, count=1)))


def is_name(cell: Any) -> bool:
    """Whether a cell could be a column's name."""
    text = shown(cell)
    return text.lower() not in NOTHING and not text.endswith((":", "：")) and len(text) <= 300 and not is_typed(cell)


def extent(record: Record) -> int:
    """Cells up to the last one that holds something."""
    for position in range(len(record.cells), 0, -1):
        if shown(record.cells[position - 1]):
            return position
    return 0


def filled(record: Record) -> int:
    """Cells that hold something."""
    return sum(1 for cell in record.cells if shown(cell))


def is_comment(record: Record) -> bool:
    """Whether the line begins with `#` as comment lines do."""
    return bool(record.cells) and shown(record.cells[0]).startswith("#")


def is_remark(record: Record, width: int, *, numbered: bool = False) -> bool:
    """Whether a line among rows of `width` cells is a comment: it begins with `#` and is no row by its form.

    Orders, tickets and ranks bear a `#` too. So a line with all its delimiters is a row, however many cells at its end
    are empty, unless it says nothing but that; so is one that begins with a number (`#1001`) and goes on; where rows
    are `numbered` like that, or nothing but such cells, a comment has a blank after its mark.
    """
    first = shown(record.cells[0]) if record.cells else ""
    if not first.startswith("#") or (numbered and not first.startswith("# ")):
        return False
    return filled(record) == 1 or (len(record.cells) < width and not _NUMBER.fullmatch(first))
