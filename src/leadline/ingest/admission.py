"""Admission: what a table must be before its rows are mapped: of single days, with lookups that answer once, and with
cells that its filters can read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from leadline.ingest.expression import Expression
from leadline.ingest.record import Record
from leadline.ingest.source import Finding
from leadline.sql.name import quote

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection

Path = tuple[str | int, ...]
"""Where an expression stands in a definition."""


def check_daily(con: Connection, record: Record) -> tuple[Finding, ...]:
    """Refusals of a table whose rows add up more than a day each, though the fact is daily."""
    delivery = record.delivery
    source = delivery.definition.source
    if not source.daily and not source.range_columns:
        return ()
    found = delivery.headers.columns
    one_day = delivery.first is not None and delivery.first == delivery.last
    if source.daily and (source.daily in found or source.daily in source.derived or one_day):
        return ()
    fields = record.fields
    names = [name for name in source.range_columns or () if (field := fields.get(name.lower())) and field.raw != "NULL"]
    reason = f"it has no {source.daily} column" if source.daily else "its rows have ranges"
    if len(names) == 2:
        start, end = (f"CAST({quote(name)} AS DATE)" for name in names)
        step = "counted" if record.is_total else record.before_totals
        row = con.execute(
            record.sql(
                f"SELECT count(*) FILTER ({start} IS DISTINCT FROM {end}), "
                f"min(_line) FILTER ({start} IS DISTINCT FROM {end}), "
                f"arg_min(CAST({start} AS VARCHAR) || ' to ' || CAST({end} AS VARCHAR), _line) "
                f"FILTER ({start} IS DISTINCT FROM {end}) FROM {quote(step)}",
                upto=step,
            )
        ).fetchone()
        longer, line, shown = row or (0, None, "")
        if not longer:
            return ()
        reason = f"line {line} covers {shown or 'an unknown range'}"
        at = line
    elif not source.daily:
        return ()
    else:
        at = delivery.table.header_line or None
    return (
        Finding(
            "error",
            "aggregates-over-range",
            delivery.table.file,
            f"it aggregates over a range of days: {reason}",
            source.daily_cure or "export with a row per day",
            at,
        ),
    )


def check_filters(con: Connection, record: Record, expressions: Mapping[Path, Expression]) -> list[Finding]:
    """Warnings for rows that a `where` of the mapping drops although it gives neither yes nor no, and no cell is empty.

    A cell that its column's type cannot read is told already; this is one that a cast within the filter cannot.
    """
    findings = []
    for path, expression in expressions.items():
        if path[-1] != "where" or path[0] not in ("where", "facts"):
            continue
        names = [
            record.fields[name].name for parts in expression.columns if (name := parts[0].lower()) in record.fields
        ]
        filled = "".join(f" AND {quote(name)} IS NOT NULL" for name in dict.fromkeys(names))
        if not names:
            continue
        before = (
            next((at for at, (name, _) in enumerate(record.steps) if name == "kept"), 0) if path[0] == "where" else 0
        )
        step = record.steps[before - 1][0] if before else "judged"
        sound = " AND _issue = 0" if step == "judged" else ""
        row = con.execute(
            record.sql(
                f"SELECT count(*), min(_line) FROM {quote(step)} WHERE ({expression.text}\n) IS NULL{filled}{sound}",
                upto=step,
            )
        ).fetchone()
        count, line = row or (0, None)
        if count:
            findings.append(
                Finding(
                    "warning",
                    "filter-unreadable",
                    record.delivery.table.file,
                    f"the filter {expression.text!r} gives neither yes nor no for {count} row(s) whose cells are "
                    "filled; they are left out",
                    f"say in {expression.place} what such a cell means, for example with coalesce",
                    line,
                    count=count,
                )
            )
    return findings


def check_lookups(con: Connection, record: Record, keys: Mapping[str, Sequence[str]]) -> tuple[Finding, ...]:
    """Refusals of lookups with two rows for one key: they would multiply the rows that ask."""
    findings = []
    source = record.delivery.definition.source
    for name, lookup in source.lookups.items():
        if not keys[name] or lookup.newest:
            continue
        staged = record.delivery.lookups[name]
        columns = ", ".join(quote(column) for column in keys[name])
        where = f" WHERE ({lookup.where}\n)" if lookup.where else ""
        row = con.execute(
            f"SELECT list(_line ORDER BY _line)[1:2], {columns} FROM (SELECT * FROM {staged.relation}{where}) "
            f"GROUP BY {columns} HAVING count(*) > 1 LIMIT 1"
        ).fetchone()
        if row:
            value = ", ".join(map(str, row[1:]))
            findings.append(
                Finding(
                    "error",
                    "lookup-not-unique",
                    staged.file,
                    f"lines {row[0][0]} and {row[0][1]} of {staged.file} both answer to {value}",
                    f"keep one row per key, or say under lookups.{name} which counts with `newest:` or `where:`",
                    row[0][1],
                )
            )
    if source.lookups and not findings:
        doubled = con.execute(
            record.sql("SELECT _line FROM joined GROUP BY _line HAVING count(*) > 1 LIMIT 1", upto="joined")
        ).fetchone()
        if doubled:
            findings.append(
                Finding(
                    "error",
                    "lookup-not-unique",
                    record.delivery.table.file,
                    "a lookup finds several rows for this one",
                    "make `on:` compare columns that are unique in the lookup",
                    doubled[0],
                )
            )
    return tuple(findings)
