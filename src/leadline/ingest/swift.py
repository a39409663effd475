"""Swift loads: a large first delivery goes straight from its file into the fact, and is checked before the commit.

Staging the rows first costs half of a load. It is needed to say what is wrong with a row, and to leave some rows out; a
clean delivery needs neither. So a large file is only sampled, to learn how its cells are written, and one statement
reads, types and inserts it; then it is held against the same rules where it lies. If anything at all is found, a row is
missing, or the sample was not like the rest, the transaction is undone and the delivery takes the way of all others
(`UnsureError`).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from leadline.engines.duckdb import sql_errors
from leadline.ingest.check import check_fact
from leadline.ingest.mapping import Mapped
from leadline.ingest.overlap import COMPARED
from leadline.ingest.read.table import UnsureError
from leadline.sql.name import quote
from leadline.warehouse.shelf import has_room

if TYPE_CHECKING:
    from leadline.ingest.delivery import LoadContext, Part
    from leadline.warehouse import Load

ROWS = 50_000
"""Smaller deliveries gain nothing."""


def may_be_swift(context: LoadContext, part: Part) -> bool:
    """Whether a part may go straight in: large, one row a record, the first of its source."""
    source = part.fit.definition.source
    if part.table.rows < ROWS or context.staged_only or context.dry_run or len(context.parts) > 1:
        return False
    if len(source.facts) > 1 or source.where or source.totals or source.range_columns:
        return False
    fact_map = source.facts[0]
    if fact_map.group or fact_map.where or fact_map.fact in COMPARED:
        return False
    if any(note.severity == "error" for note in part.table.notes):
        return False
    warehouse = context.settings.warehouse
    return has_room(warehouse.con, warehouse.facts[fact_map.fact], source.name)


def insert(context: LoadContext, part: Part, load: Load, mapped: Mapped) -> None:
    """Insert the rows of a view and check them where they lie; `UnsureError` when anything is found."""
    settings, con = context.settings, context.settings.warehouse.con
    columns = [name for name in mapped.columns if name not in mapped.fixed] + (["_key"] if mapped.keyed else [])
    numbered = bool(part.table.sample) and mapped.in_order
    names = ", ".join(quote(name) for name in [*columns, *([] if numbered else ["_line"])])
    select = f"SELECT {names} FROM {mapped.relation} WHERE _issue = 0 AND _flags = 0"
    try:
        counts = load.fill(mapped.fact.name, select, mapped.fixed, part.table.header_line + 1 if numbered else None)
    except sql_errors() as error:
        raise UnsureError from error
    if counts.inserted != part.table.rows or part.record is None:
        raise UnsureError
    shown = ", ".join(quote(name) for name in mapped.columns)
    lines = "_line"
    if numbered:
        # Rows that are not committed yet lie at other places than they will.
        row = con.execute(f"SELECT min(_line) FROM fact.{quote(mapped.fact.name)} WHERE _load = {load.id}").fetchone()
        lines = f"_line - {row[0] - part.table.header_line - 1 if row else 0} AS _line"
    inserted = (
        f"(SELECT {shown}, {lines}, _key, 0 AS _issue, CAST(NULL AS VARCHAR) AS _value, 0 AS _flags "
        f"FROM fact.{quote(mapped.fact.name)} WHERE _load = {load.id})"
    )
    lying = msgspec.structs.replace(mapped, relation=inserted, view=False)
    today = settings.today or dt.datetime.now(dt.UTC).date()
    verdict = check_fact(con, part.record, lying, max_bad=settings.max_bad, today=today)
    if verdict.findings:
        raise UnsureError
    part.verdicts.append(verdict)
    part.counts.append((mapped.fact.name, counts))
