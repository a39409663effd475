"""The totals row of a table nobody knows yet: the last one, where it says so and leaves out what other rows have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from leadline.ingest.read.table import LINE, fresh, ident
from leadline.ingest.style import number_sql
from leadline.ingest.totals import allowed_gap

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection
    from leadline.ingest.guess import Seen
    from leadline.ingest.read import Table

_SAYS_SO = re.compile(
    r"((grand|sub|report)[ -]?)?totals?|sum|summe|gesamt(summe)?|insgesamt|total (g[ée]n[ée]ral|general)|totaux"
    r"|(eind)?totaal|totale[ns]?|totalt|suma|razem|итого|всего|(genel )?toplam|tổng( cộng| số)?|jumlah( besar)?"
    r"|总计|合计|總計|合計|总额|总数|(المجموع|الإجمالي)( الكلي)?",
    re.IGNORECASE,
)
_FILLED = 0.9
"""Share of the other rows that fill a column which a totals row leaves empty."""
_FEWEST = 3


class TotalRow(Struct, frozen=True):
    """A totals row: its line, the cell that says so (`header`, `label`), and a column that it alone leaves empty."""

    line: int
    header: str
    label: str
    empty: str


def find_total(con: Connection, table: Table) -> TotalRow | None:
    """The last row of a table, where it is one of totals."""
    if table.rows < _FEWEST or not table.columns:
        return None
    cells = [f"nullif(trim(CAST({ident(header)} AS VARCHAR)), '')" for header in table.columns]
    last = con.execute(
        f"SELECT {LINE}, {', '.join(cells)} FROM {table.relation} ORDER BY {LINE} DESC LIMIT 1"
    ).fetchone()
    if last is None:
        return None
    line, *texts = last
    said = [at for at, text in enumerate(texts) if text and _SAYS_SO.fullmatch(text.rstrip(":： "))]
    filled = con.execute(
        f"SELECT {', '.join(f'count({cell})' for cell in cells)} FROM {table.relation} WHERE {LINE} <> {line}"
    ).fetchone()
    empty = [
        at for at, (text, count) in enumerate(zip(texts, filled or (), strict=True))
        if not text and count >= _FILLED * (table.rows - 1)
    ]  # fmt: skip
    if not said or not empty:
        return None
    return TotalRow(line, table.columns[said[0]], texts[said[0]], table.columns[empty[0]])


def without(con: Connection, table: Table, row: TotalRow) -> Table:
    """The table without its totals row."""
    name = fresh("view")
    con.execute(f"CREATE TEMP VIEW {name} AS SELECT * FROM {table.relation} WHERE {LINE} <> {row.line}")
    return msgspec.structs.replace(table, relation=name, rows=table.rows - 1, parts=(*table.parts, name))


def summed(con: Connection, table: Table, row: TotalRow, columns: Iterable[Seen], decimal: str) -> list[str]:
    """Headers of the columns whose cell in the totals row of `table` is the sum of the others."""
    found = []
    for seen in columns:
        number = f"CAST({number_sql(seen.sql, decimal)} AS DOUBLE)"
        sums = con.execute(
            f"SELECT sum({number}) FILTER ({LINE} = {row.line}), sum({number}) FILTER ({LINE} <> {row.line}) "
            f"FROM {table.relation}"
        ).fetchone()
        stated, added = sums or (None, None)
        if (
            stated is not None
            and added is not None
            and abs(stated - added) <= allowed_gap(table.rows - 1, stated, added)
        ):
            found.append(seen.header)
    return found
