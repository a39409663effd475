"""Blocks: the tables that one delivered sheet of cells holds, told apart from titles, comments and footers.

Vendors put a title, a date range or comment lines above the header, and some put several tables into one file. The
records go by once, with a short look ahead; what comes out says where each table begins and which records are its rows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from leadline.ingest.read.look import extent, filled, is_comment, is_name, is_remark, is_typed, shown
from leadline.ingest.read.record import Record

LOOK = 40
_TYPES_FROM = 1000


class Start(Struct, frozen=True):
    """A table begins: its header record and the lines above that belong to it."""

    header: Record
    preamble: tuple[str, ...]
    name: str


class Row(Struct, frozen=True):
    """A record of the table that began last."""

    record: Record


class Aside(Struct, frozen=True):
    """A record that is no row: `repeat` of the header, `comment` or `footer`, or `wide`, with too many cells."""

    record: Record
    kind: str


Item = Start | Row | Aside


class _Ahead:
    """An iterator over records that can be looked into."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._rest = iter(records)
        self._held: deque[Record] = deque()

    def take(self) -> Record | None:
        if self._held:
            return self._held.popleft()
        return next(self._rest, None)

    def peek(self, count: int) -> list[Record]:
        while len(self._held) < count and (record := next(self._rest, None)) is not None:
            self._held.append(record)
        return [self._held[position] for position in range(min(count, len(self._held)))]


def blocks(records: Iterable[Record], *, narrow: bool = False, relaxed: bool = False) -> Iterator[Item]:
    """The tables in these records, in order, as starts, rows and asides.

    `narrow` says that the whole file has one column, so that a single cell is a row and not a title; `relaxed` takes
    the first record that is as wide as what follows for the header, even when it looks like values.
    """
    ahead = _Ahead(records)
    above: list[Record] = []
    table: _Open | None = None
    gap = False
    while (record := ahead.take()) is not None:
        width = extent(record)
        if not width:
            gap = gap or table is not None
            continue
        if table is not None:
            kind = table.kind(record, width, gap, ahead, narrow)
            if kind == "row":
                table.learn(record)
                gap = False
                yield Row(record)
                continue
            if kind in ("repeat", "comment", "wide", "footer"):
                yield Aside(record, kind)
                continue
            table = None  # "new": another table begins here, with this line or below it
        gap = False
        if is_header(record, ahead.peek(LOOK), narrow, relaxed):
            preamble = tuple(item.raw or ", ".join(shown(c) for c in item.cells if shown(c)) for item in above)
            yield Start(record, preamble, _title(above))
            table = _Open(record)
            above = []
        else:
            above.append(record)
    for record in above:
        yield Aside(record, "footer")


class _Open:
    """The table whose rows are going by: its header, and which columns hold values."""

    def __init__(self, header: Record) -> None:
        self.header = [shown(cell) for cell in header.cells]
        self.width = max(len(header.cells), 1)
        self.named = extent(header)
        self.rows = 0
        self.numbered = False
        self._seen = [0] * self.width
        self._typed = [0] * self.width
        self._met: list[Record] = []

    def learn(self, record: Record) -> None:
        self.rows += 1
        self.numbered = self.numbered or is_comment(record)
        if self.rows <= _TYPES_FROM:
            self._met.append(record)

    def typed(self, position: int) -> bool:
        """Whether a column has held values, and little else."""
        for record in self._met:  # most files never ask
            for place, cell in enumerate(record.cells[: self.width]):
                text = shown(cell)
                if text and text not in ("--", "-"):
                    self._seen[place] += 1
                    self._typed[place] += is_typed(cell)
        self._met.clear()
        return self._typed[position] > 0 and self._typed[position] >= 0.8 * self._seen[position]

    def broken_by(self, record: Record) -> int:
        """In how many columns of values this record has a name."""
        pairs = enumerate(record.cells[: self.width])
        return sum(1 for position, cell in pairs if self.typed(position) and is_name(cell))

    def kind(self, record: Record, width: int, gap: bool, ahead: _Ahead, narrow: bool) -> str:
        """What a record below the header is: row, repeat, comment, footer, wide, or new (not of this table)."""
        first = shown(record.cells[0])
        if (
            width == self.named
            and first == self.header[0]
            and list(map(shown, record.cells[:width])) == self.header[:width]
        ):
            return "repeat"
        if is_remark(record, self.width, numbered=narrow or self.numbered):
            return "new" if _header_below(ahead.peek(LOOK), self, narrow) else "comment"
        if width == 1 and self.named > 1:
            following = ahead.peek(LOOK)
            if is_name(record.cells[0]) and _header_below(following, self, narrow):
                return "new"
            return "footer" if self._footer(record, gap, following) else "row"
        # a row as wide as its header, with no gap above, is a row: the rest need not be asked
        if (gap or width != self.named) and self._header_of_another(record, width, gap, ahead.peek(LOOK), narrow):
            return "new"
        return "wide" if width > self.width else "row"

    def _header_of_another(self, record: Record, width: int, gap: bool, following: list[Record], narrow: bool) -> bool:
        if not _all_names(record) or not is_header(record, following, narrow, False):
            return False
        broken = self.broken_by(record)
        if gap:
            return broken > 0 or self.rows == 0 or (width != self.named and not narrow)
        return broken > 1 and width != self.named

    def _footer(self, record: Record, gap: bool, rest: list[Record]) -> bool:
        """Whether a lone first cell is a remark below the table and not a sparse row."""
        if any(filled(item) > 1 for item in rest if extent(item)):
            return False
        text = shown(record.cells[0])
        return (gap and self.named > 1) or text[0] in "©*(" or (self.named > 2 and self.typed(0) and is_name(text))


def _header_below(following: list[Record], table: _Open, narrow: bool) -> bool:
    """Whether the next records, after more titles and comments, are another table's header."""
    for position, record in enumerate(following):
        width = extent(record)
        if not width or is_comment(record) or (filled(record) == 1 and table.named > 1):
            continue
        if _all_names(record) and is_header(record, following[position + 1 :], narrow, False):
            return table.rows == 0 or table.broken_by(record) > 0 or width != table.named
        if all(is_typed(cell) or not shown(cell) for cell in record.cells[1:]) and filled(record) == 2:
            continue  # a label and its value, as in a preamble
        return False
    return False


def _all_names(record: Record) -> bool:
    """Whether every filled cell could be a name: asked of a header in the midst of data, where less is not enough."""
    return all(is_name(cell) for cell in record.cells if shown(cell))


def is_header(record: Record, following: list[Record], narrow: bool, relaxed: bool) -> bool:
    """Whether a record names the columns of the records that follow."""
    width = extent(record)
    if width < 2 and not narrow:
        return False
    run: list[Record] = []
    for item in following:
        if not extent(item) or is_remark(item, len(record.cells)):
            break
        run.append(item)
    if is_comment(record) and (width < 2 or not run or extent(run[0]) != width or is_comment(run[0])):
        return False
    cells = [cell for cell in record.cells[:width] if shown(cell)]
    names = sum(1 for cell in cells if is_name(cell))
    if relaxed:
        if narrow or len(run) < 1:
            return names > 0
        widths = [extent(item) for item in run]
        return width == max(set(widths), key=widths.count) and names > 0
    if not is_name(cells[0]) or names < 0.5 * len(cells) or len(cells) < 0.5 * width:
        return False
    if narrow or not run:
        return True
    near = run[:5]
    if sum(1 for item in near if extent(item) <= len(record.cells)) * 2 < len(near):
        return False
    return not _wider_header_below(run, width)


def _wider_header_below(run: list[Record], width: int) -> bool:
    """Whether labels with values (`Account, Acme`) stand above the real header, without a line between."""
    if width > 3:
        return False
    for position, item in enumerate(run):
        if extent(item) > width + 1 and sum(map(is_name, item.cells)) > 0.5 * extent(item):
            below = run[position + 1 : position + 6]
            return all(extent(row) > width for row in below)
    return False


def _title(above: list[Record]) -> str:
    """The first line above a header that is one cell of words."""
    for record in above:
        cells: list[Any] = [cell for cell in record.cells if shown(cell)]
        text = shown(cells[0]).lstrip("# ").strip() if cells else ""
        if (len(cells) == 1 or is_comment(record)) and any(char.isalpha() for char in text):
            return text if len(cells) == 1 else shown(record.raw).lstrip("# ").strip()
    return ""
