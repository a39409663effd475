"""Which character keeps the cells of a text file apart.

Sniffers guess from the first lines and go wrong at preambles and decimal commas; here each candidate really parses the
head of the file, and the one under which most records fall into tables with headers wins.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator

from leadline.errors import DataError
from leadline.ingest.read.block import Aside, Row, Start, blocks
from leadline.ingest.read.look import extent, is_typed
from leadline.ingest.read.record import SPACE, Dialect, Record, cells_of

_NEAR = 300
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
    near = lines[:_NEAR]
    scores = {candidate: _score(near, candidate, quote) for candidate in _CANDIDATES}
    best = max(scores, key=scores.__getitem__)
    filled = [line for line in near if line.strip()]
    if scores[best] < (0.5 * len(filled), 0, 0) and _by_space(filled):
        return Dialect(SPACE, "")
    return Dialect(best if scores[best] > (0, 0, 0) else ",", quote)


def head_records(lines: list[str], dialect: Dialect) -> Iterator[Record]:
    """The records of a file's first lines as well as they can be had; one that is cut or broken ends them."""
    if dialect.delimiter == SPACE:
        for number, text in enumerate(lines, 1):
            yield Record(number, list(text.split()), text.rstrip("\r\n"))
        return
    reader = cells_of(lines, dialect)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except (StopIteration, csv.Error):
            return
        yield Record(line, list(cells), lines[line - 1].rstrip("\r\n"))


def _score(lines: list[str], delimiter: str, quote: str) -> tuple[int, int, int]:
    """How many records fall into tables with headers, less those that do not fit; failing that, the common width."""
    fit = width = 0
    widths: Counter[int] = Counter()
    for item in blocks(head_records(lines, Dialect(delimiter, quote))):
        match item:
            case Start(header):
                width = max(width, extent(header))
                fit += 1
            case Row(record):
                fit += extent(record) > 1
                widths[len(record.cells)] += 1
            case Aside(record, kind):
                fit -= 2 * (kind == "wide")
                widths[len(record.cells)] += 1
    count, common = max(((count, wide) for wide, count in widths.items() if wide > 1), default=(0, 0))
    return (max(fit, 0) if width else 0, width or count, common)


def _by_space(lines: list[str]) -> bool:
    """Whether runs of blanks cut nearly all lines into the same number of cells, some of them values."""
    widths = Counter(len(line.split()) for line in lines)
    if not widths:
        return False
    width, count = widths.most_common(1)[0]
    values = any(is_typed(cell) for line in lines[1:3] for cell in line.split())
    return width > 1 and count >= 0.9 * len(lines) and values
