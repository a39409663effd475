"""Records of a delimited text: the cells of one logical line, with the physical line on which it starts.

Python's csv module parses; what is ours is that lines are read in bounded pieces and that an error names the line on
which the quote in question opened.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from msgspec import Struct

from leadline.errors import DataError
from leadline.ingest.read.survey import endless_line

if TYPE_CHECKING:
    from _csv import Reader as CellReader

SPACE = " "
_KEPT = 1 << 18


class Dialect(Struct, frozen=True):
    """How cells are kept apart: `delimiter` is one character, a space standing for runs of blanks."""

    delimiter: str = ","
    quote: str = '"'


class Record(Struct, frozen=True):
    """One record: `cells` as delivered (text, or a workbook's values), `raw` the line's text."""

    line: int
    cells: list[Any]
    raw: str = ""


def records(path: Path, name: str, dialect: Dialect, limit: int, skip: int = 0, ends: str = "\n") -> Iterator[Record]:
    """The records of a UTF-8 file; raises DataError at a quote that is never closed or closed within a cell.

    `ends` is how its lines end: with `\\n`, before which a `\\r` may stand, or empty for any of the three ways.
    """
    with path.open(encoding="utf-8-sig", newline=ends) as file:
        lines = _Lines(file, name, limit)
        for _ in range(skip):
            next(lines, None)
        if dialect.delimiter == SPACE:
            for text in lines:
                lines.clear()
                yield Record(lines.number, text.split(), text.rstrip("\r\n"))
            return
        yield from _quoted(lines, name, dialect, limit)


def _quoted(lines: _Lines, name: str, dialect: Dialect, limit: int) -> Iterator[Record]:
    if csv.field_size_limit() < limit:
        csv.field_size_limit(limit)
    reader = cells_of(lines, dialect)
    while True:
        lines.clear()
        line = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _bad_quote(name, line, "".join(lines.kept), dialect, str(error)) from None
        yield Record(line, cells, "".join(lines.kept).rstrip("\r\n"))


def cells_of(lines: Iterable[str], dialect: Dialect) -> CellReader:
    """Python's reader over physical lines: its `line_num` counts those it has taken."""
    if not dialect.quote:
        return csv.reader(lines, delimiter=dialect.delimiter, quotechar=None, quoting=csv.QUOTE_NONE, strict=True)
    return csv.reader(lines, delimiter=dialect.delimiter, quotechar=dialect.quote, strict=True)


class _Lines:
    """Physical lines of a file, one at a time; `kept` are the first since the last `clear`."""

    def __init__(self, file: TextIO, name: str, limit: int) -> None:
        self._file, self._name, self._limit = file, name, limit
        self.number = 0
        self.kept: list[str] = []
        self._held = 0

    def clear(self) -> None:
        """Forget the lines taken so far: a new record begins."""
        self.kept.clear()
        self._held = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        text = self._file.readline(self._limit)
        if not text:
            raise StopIteration
        if len(text) >= self._limit:
            raise endless_line(self._name, self.number + 1, self._limit)
        self._held += len(text)
        if self._held > self._limit:
            # csv holds a quoted cell until it ends: give it up before it has eaten the file
            raise csv.Error("unexpected end of data")
        self.number += 1
        if self._held < _KEPT:
            self.kept.append(text)
        return text


def _bad_quote(name: str, line: int, text: str, dialect: Dialect, reason: str) -> DataError:
    opened = line + text.count("\n", 0, opening_quote(text, dialect))
    if "unexpected end" in reason or "larger than" in reason:
        return DataError(
            "unclosed-quote",
            f"{name}, line {opened}: a quote opens here and is never closed.",
            why="everything after it would be one cell",
            fix="export it again; if quotes in this file are plain characters, say `quote: ''`",
        )
    if "new-line character" in reason:
        return DataError(
            "stray-return",
            f"{name}, line {line}: a carriage return stands within an unquoted cell.",
            why="half of the programs that read the file would begin a new row there",
            fix="export it again, with quotes around text",
        )
    return DataError(
        "stray-quote",
        f"{name}, line {opened}: a quoted cell goes on after its closing quote.",
        why="the quote within it is not doubled, or the one that opens it was never closed",
        fix="export it again; if quotes in this file are plain characters, say `quote: ''`",
    )


def opening_quote(text: str, dialect: Dialect) -> int:
    """Where in a broken record the quoted cell begins that does not end as it should."""
    mark, quote = re.escape(dialect.delimiter), re.escape(dialect.quote)
    whole = re.compile(
        rf"(?:{quote}(?:[^{quote}]|{quote}{quote})*{quote}|[^{mark}{quote}\r\n][^{mark}\r\n]*|)(?={mark})"
    )
    at = 0
    while (cell := whole.match(text, at)) is not None:
        at = cell.end() + 1
    return at
