"""Which character keeps the cells of a text file apart.

Sniffers guess from the first lines and go wrong at preambles and decimal commas; here each candidate really parses the
head of the file and the one under which most records have the same width wins.
"""

from __future__ import annotations

import csv
from collections import Counter

from leadline.errors import DataError
from leadline.ingest.read.look import is_typed
from leadline.ingest.read.record import SPACE, Dialect

_CANDIDATES = (",", "\t", ";", "|")
_NAMES = {"tab": "\t", "\\t": "\t", "space": SPACE, "comma": ",", "semicolon": ";", "pipe": "|"}


def dialect_of(lines: list[str], delimiter: str = "", quote: str = '"') -> Dialect:
    """The dialect of a file that begins with these physical lines; a given `delimiter` is taken at its word."""
    if delimiter:
        mark = _NAMES.get(delimiter.lower(), delimiter)
        if len(mark) != 1:
            raise DataError(
                "bad-delimiter", f"A delimiter is one character, not {delimiter!r}.", fix="use ',', ';', tab or space"
            )
        return Dialect(mark, quote)
    best, best_score = "", (0, 0)
    for candidate in _CANDIDATES:
        score = _score(lines, candidate, quote)
        if score > best_score:
            best, best_score = candidate, score
    filled = [line for line in lines if line.strip()]
    if best_score[0] < max(1, 0.5 * len(filled)) and _by_space(filled):
        return Dialect(SPACE, "")
    return Dialect(best or ",", quote)


def _score(lines: list[str], delimiter: str, quote: str) -> tuple[int, int]:
    """How many records share the commonest width above one, and that width."""
    quoting = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
    widths: Counter[int] = Counter()
    try:
        for cells in csv.reader(lines, delimiter=delimiter, quotechar=quote or None, quoting=quoting):
            if len(cells) > 1:
                widths[len(cells)] += 1
    except csv.Error:
        pass  # a broken record further down does not change what the ones before it say
    if not widths:
        return (0, 0)
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    return (count, width)


def _by_space(lines: list[str]) -> bool:
    """Whether runs of blanks cut nearly all lines into the same number of cells, some of them values."""
    widths = Counter(len(line.split()) for line in lines)
    if not widths:
        return False
    width, count = widths.most_common(1)[0]
    values = any(is_typed(cell) for line in lines[1:3] for cell in line.split())
    return width > 1 and count >= 0.9 * len(lines) and values
