"""Writers of vendor-shaped export files: a table of cells with everything around it, and mistakes to plant in it.

An `Export` is a file as cells, before it becomes bytes: each column has the name that the vendor's YAML gives it
(`names`) beside the header of the interface language (`header`), so that one mistake works in every language.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

Number = int | Decimal


@dataclass(frozen=True)
class Locale:
    """How one interface language writes numbers and days: decimal mark, group mark, strftime pattern of a day."""

    language: str
    decimal: str = "."
    group: str = ","
    day: str = "%Y-%m-%d"

    def number(self, value: Number, digits: int = 0, *, grouped: bool = True) -> str:
        """`value` with `digits` decimals (half up), as this language writes it."""
        rounded = Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
        text = f"{rounded:,.{digits}f}" if grouped else f"{rounded:.{digits}f}"
        return text.translate(str.maketrans({",": self.group, ".": self.decimal}))

    def percent(self, part: Number, whole: Number, digits: int = 2, sign: str = "%") -> str:
        """`part / whole` as a printed percentage; 0 for an empty whole."""
        share = Decimal(part) / Decimal(whole) * 100 if whole else Decimal(0)
        return self.number(share, digits) + sign

    def date(self, day: date) -> str:
        """The day as this language writes it; `%-d` and `%-m` (no leading zero) work on every system."""
        pattern = self.day.replace("%-d", str(day.day)).replace("%-m", str(day.month))
        return day.strftime(pattern)


@dataclass(frozen=True)
class Export:
    """One delivered text file as cells.

    `lines` above the header are `preamble`, rows after the data `totals` (before it when `totals_first`), free lines
    at the end `trailer`. `names` are the YAML's column names, parallel to `header` ("" for columns nobody reads).
    """

    name: str
    names: tuple[str, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    locale: Locale = field(default_factory=lambda: Locale("en"))
    preamble: tuple[str, ...] = ()
    totals: tuple[tuple[str, ...], ...] = ()
    totals_first: bool = False
    trailer: tuple[str, ...] = ()
    encoding: str = "utf-8"
    bom: bytes = b""
    delimiter: str = ","
    newline: str = "\n"
    quote_all: bool = False

    def __post_init__(self) -> None:
        assert len(self.names) == len(self.header), (self.names, self.header)
        for row in (*self.rows, *self.totals):
            assert len(row) == len(self.header), row

    def index(self, name: str) -> int:
        """Position of the column that the YAML calls `name`."""
        return self.names.index(name)

    def cell(self, row: int, name: str) -> str:
        """The text in data row `row` (0 is the first; negative counts from the end)."""
        return self.rows[row][self.index(name)]

    def line(self, row: int) -> int:
        """The file line, from 1, of data row `row`; right while no cell holds a line break."""
        first = len(self.preamble) + 2 + (len(self.totals) if self.totals_first else 0)
        return first + (row if row >= 0 else len(self.rows) + row)

    def text(self) -> str:
        """The file as decoded text."""
        body = (*self.totals, *self.rows) if self.totals_first else (*self.rows, *self.totals)
        out = io.StringIO()
        quoting = csv.QUOTE_ALL if self.quote_all else csv.QUOTE_MINIMAL
        writer = csv.writer(out, delimiter=self.delimiter, lineterminator=self.newline, quoting=quoting)
        for line in self.preamble:
            out.write(line + self.newline)
        writer.writerow(self.header)
        writer.writerows(body)
        for line in self.trailer:
            out.write(line + self.newline)
        return out.getvalue()

    def data(self) -> bytes:
        """The file as bytes."""
        return self.bom + self.text().encode(self.encoding)

    def write(self, folder: Path) -> Path:
        """Write the file into `folder`; its path."""
        path = folder / self.name
        path.write_bytes(self.data())
        return path

    def with_cell(self, row: int, name: str, text: str) -> Export:
        """The same file with one data cell replaced."""
        rows = [list(cells) for cells in self.rows]
        rows[row][self.index(name)] = text
        return replace(self, rows=tuple(map(tuple, rows)))

    def with_rows(self, rows: Sequence[Sequence[str]]) -> Export:
        """The same file with other data rows."""
        return replace(self, rows=tuple(map(tuple, rows)))

    def without(self, *names: str) -> Export:
        """The same file without some columns."""
        keep = [i for i, name in enumerate(self.names) if name not in names]

        def pick(cells: Sequence[str]) -> tuple[str, ...]:
            return tuple(cells[i] for i in keep)

        return replace(
            self,
            names=pick(self.names),
            header=pick(self.header),
            rows=tuple(map(pick, self.rows)),
            totals=tuple(map(pick, self.totals)),
        )


@dataclass(frozen=True)
class Raw:
    """A planted file that is no longer a table: plain bytes under the export's name."""

    name: str
    content: bytes

    def write(self, folder: Path) -> Path:
        """Write the bytes into `folder`; the path."""
        path = folder / self.name
        path.write_bytes(self.content)
        return path


@dataclass(frozen=True)
class Mistake:
    """A mistake to plant: `plant` makes the broken file, `rules` are the codes that may name it, any when empty.

    `row` is the data row whose line the finding must name (None: the whole file is at fault).
    """

    name: str
    plant: Callable[[Export], Export | Raw]
    rules: tuple[str, ...] = ()
    row: int | None = None


def set_cell(name: str, text: str, row: int = 1, *, rules: Sequence[str] = (), title: str = "") -> Mistake:
    """Data cell `name` of `row` reads `text`."""
    return Mistake(title or f"{name} reads {text!r}", lambda e: e.with_cell(row, name, text), tuple(rules), row)


def mixed_style(name: str, text: str, row: int = 1, *, rules: Sequence[str]) -> Mistake:
    """Data cell `name` of `row` is written in another style than the rest, so that the column contradicts itself.

    The whole column is at fault: which of the two styles is the true one nobody knows.
    """
    return Mistake(f"{name} among others reads {text!r}", lambda e: e.with_cell(row, name, text), tuple(rules))


def edit_cell(
    title: str, name: str, edit: Callable[[Export, str], str], row: int = 1, *, rules: Sequence[str] = ()
) -> Mistake:
    """Data cell `name` of `row` becomes `edit(export, old text)`."""
    return Mistake(title, lambda e: e.with_cell(row, name, edit(e, e.cell(row, name))), tuple(rules), row)


def move_date(name: str, days: int, row: int = 1, *, rules: Sequence[str] = ()) -> Mistake:
    """The day in `name` of `row` lies `days` later (earlier when negative)."""

    def edit(export: Export, text: str) -> str:
        day = datetime.strptime(text, export.locale.day.replace("%-d", "%d").replace("%-m", "%m")).date()
        return export.locale.date(date.fromordinal(day.toordinal() + days))

    return edit_cell(f"{name} moved by {days} days", name, edit, row, rules=rules)


def drop_column(*names: str, rules: Sequence[str] = ()) -> Mistake:
    """The columns are not in the file at all."""
    return Mistake(f"without {', '.join(names)}", lambda e: e.without(*names), tuple(rules))


def rename_column(name: str, header: str, *, rules: Sequence[str] = ()) -> Mistake:
    """The header of `name` reads `header`."""

    def plant(export: Export) -> Export:
        headers = list(export.header)
        headers[export.index(name)] = header
        return replace(export, header=tuple(headers))

    return Mistake(f"{name} renamed to {header!r}", plant, tuple(rules))


def repeat_row(row: int = 1, *, rules: Sequence[str] = ("duplicate-key",)) -> Mistake:
    """Data row `row` stands in the file twice; the second one, at the end, is at fault."""
    return Mistake("row twice", lambda e: e.with_rows([*e.rows, e.rows[row]]), tuple(rules), -1)


def alter_total(name: str, text: str, *, rules: Sequence[str] = ("control-total",)) -> Mistake:
    """Every total row's `name` reads `text`."""

    def plant(export: Export) -> Export:
        totals = [list(cells) for cells in export.totals]
        for cells in totals:
            cells[export.index(name)] = text
        return replace(export, totals=tuple(map(tuple, totals)))

    return Mistake(f"total of {name} reads {text!r}", plant, tuple(rules))


def drop_row(row: int = 1, *, rules: Sequence[str] = ("control-total",)) -> Mistake:
    """A data row is missing, so the file's own totals no longer agree."""
    return Mistake("row lost", lambda e: e.with_rows([r for i, r in enumerate(e.rows) if i != row]), tuple(rules))


def concatenate() -> Mistake:
    """The file pasted behind itself, header and preamble and all."""
    return Mistake("two files in one", lambda e: Raw(e.name, e.data() + e.data()))


def truncate() -> Mistake:
    """The transfer broke off in the middle of the last data row."""

    def plant(export: Export) -> Raw:
        kept = replace(export, totals=() if not export.totals_first else export.totals, trailer=())
        last = len(replace(kept, rows=kept.rows[-1:]).text()) - len(replace(kept, rows=()).text())
        return Raw(export.name, export.bom + kept.text()[: -(last // 2)].encode(export.encoding))

    return Mistake("broken off in the last row", plant)


def html_page() -> Mistake:
    """A sign-in page saved under the export's name."""
    page = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><p>Session expired.</p></body></html>\n"
    return Mistake("an HTML page", lambda e: Raw(e.name, page.encode()), ("html-not-data",))


def broken_byte(name: str, row: int = 1) -> Mistake:
    """One cell of `row` holds bytes that are not text in the file's encoding."""

    def plant(export: Export) -> Raw:
        mark = "\u2603snow\u2603"
        broken = b"\x00\xdc" if export.encoding.startswith("utf-16") else b"\xff\xfe\x80"
        content = export.with_cell(row, name, mark).data()
        return Raw(export.name, content.replace(mark.encode(export.encoding), broken))

    return Mistake("a broken byte", plant)


def empty_file() -> Mistake:
    """Only the lines above the data: a report without rows is told, not passed over."""
    return Mistake("no rows", lambda e: replace(e, rows=(), totals=()), ("no-rows",))


def file_mistakes(text_column: str) -> tuple[Mistake, ...]:
    """Mistakes of the file as a whole, which every text format must catch; `text_column` is any free-text column."""
    return (concatenate(), truncate(), html_page(), broken_byte(text_column))
