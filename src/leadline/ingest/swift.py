"""Swift loads: a large first delivery goes straight from its mapping into the fact, and is checked before the commit.

Staging the rows first costs a third of a load. It is needed to say what is wrong with a row, and to leave some rows
out; a clean delivery needs neither. So a large one is inserted at once, then held against the same rules where it lies;
if anything at all is found, the transaction is undone and the delivery takes the way of all others.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec

from leadline.ingest.check import check_fact
from leadline.ingest.mapping import Mapped
from leadline.sql.name import literal, quote

if TYPE_CHECKING:
    from leadline.ingest.delivery import LoadContext, Part
    from leadline.warehouse import Load

ROWS = 50_000
"""Smaller deliveries gain nothing."""

_COMPARED = frozenset(("ad", "session"))
"""Facts whose rows are held against those of other sources before they are written."""


class NotCleanError(Exception):
    """Something was found: what was inserted has to be undone."""


def is_swift(context: LoadContext, part: Part) -> bool:
    """Whether a part may go straight in: large, one row a record, a key unique by itself, the first of its source."""
    source = part.fit.definition.source
    if part.table.rows < ROWS or context.dry_run or len(context.parts) > 1 or len(source.facts) > 1:
        return False
    fact_map = source.facts[0]
    if fact_map.group or fact_map.where or source.where or source.totals or fact_map.fact in _COMPARED:
        return False
    if any(note.severity == "error" for note in part.table.notes):
        return False
    row = context.settings.warehouse.con.execute(
        f"SELECT 1 FROM fact.{quote(fact_map.fact)} WHERE _source = {literal(source.name)} LIMIT 1"
    ).fetchone()
    return row is None


def insert(context: LoadContext, part: Part, load: Load, mapped: Mapped) -> None:
    """Insert the rows of a view and check them where they lie; `NotCleanError` when anything is found."""
    import duckdb

    settings, con = context.settings, context.settings.warehouse.con
    names = ", ".join(quote(name) for name in mapped.columns)
    select = f"SELECT {names}, _line, _key FROM {mapped.relation} WHERE _issue = 0 AND _flags = 0"
    try:
        counts = load.merge(mapped.fact.name, select)
    except duckdb.Error as error:
        raise NotCleanError from error
    if counts.inserted != part.table.rows or part.record is None:
        raise NotCleanError
    inserted = (
        f"(SELECT {names}, _line, _key, 0 AS _issue, CAST(NULL AS VARCHAR) AS _value, 0 AS _flags "
        f"FROM fact.{quote(mapped.fact.name)} WHERE _load = {load.id})"
    )
    lying = msgspec.structs.replace(mapped, relation=inserted, view=False)
    today = settings.today or dt.datetime.now(dt.UTC).date()
    verdict = check_fact(con, part.record, lying, max_bad=settings.max_bad, today=today)
    if verdict.findings:
        raise NotCleanError
    part.verdicts.append(verdict)
    part.counts.append((mapped.fact.name, counts))
