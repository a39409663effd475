"""Totals: the rows of a report that repeat what the others say, dropped and held against them."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from leadline.ingest.record import Record
from leadline.ingest.source import Finding
from leadline.sql.name import literal, quote

if TYPE_CHECKING:
    from leadline.engines.duckdb import Connection


class TotalsVerdict(Struct, frozen=True):
    """Totals rows of a table: how many were dropped, and whether they agree with the rows."""

    dropped: int = 0
    findings: tuple[Finding, ...] = ()
    refusals: tuple[Finding, ...] = ()


def allowed_gap(count: int, *values: float) -> float:
    """How far a stated total may lie from the sum of `count` rows rounded to cents; whole `values` must be equal."""
    whole = all(value == int(value) for value in values)
    return 1e-9 + (0.0 if whole else 0.005 + min(0.005 * count, 4 * math.sqrt(count / 12) * 0.01))


def check_totals(con: Connection, record: Record) -> TotalsVerdict:
    """Count the totals rows and hold the grand ones against the sum of the other rows."""
    if not record.is_total:
        return TotalsVerdict()
    delivery = record.delivery
    totals = delivery.definition.source.totals
    if totals is None:
        return TotalsVerdict()
    step = record.before_totals
    derived = {name.lower() for name in delivery.definition.source.derived}
    sums = [
        name
        for name in totals.sums
        if (field := record.fields.get(name.lower())) and field.raw != "NULL" and name.lower() not in derived
    ]
    is_total = f"coalesce({record.is_total}, false)"
    values = "".join(f", {quote(name)}" for name in sums)
    cells = [
        f"trim(coalesce({'_first' if name == '_first' else quote('raw_' + name.lower())}, ''))"
        for name in totals.columns
        if name == "_first" or name.lower() in record.fields
    ]
    named = [f"CASE WHEN regexp_matches({cell}, {literal(totals.pattern)}, 'i') THEN {cell} END" for cell in cells]
    label = f"coalesce({', '.join(named)}, '')" if cells and totals.pattern else "''"
    rows = con.execute(
        record.sql(f"SELECT _line, {label}{values} FROM {quote(step)} WHERE {is_total} ORDER BY _line", upto=step)
    ).fetchall()
    if not rows:
        return TotalsVerdict()

    if totals.grand:
        grand = [row for row in rows if re.search(totals.grand, row[1], re.IGNORECASE)]
    else:
        grand = rows if len(rows) == 1 else [row for row in rows if not row[1]] or ([] if totals.pattern else rows)
        grand = grand if len(grand) == 1 or totals.where else []
    if not grand or not sums:
        return TotalsVerdict(len(rows))
    aggregates = ", ".join(f"sum({quote(name)})" for name in sums)
    own = (
        con.execute(
            record.sql(f"SELECT count(*), {aggregates} FROM {quote(step)} WHERE NOT {is_total}", upto=step)
        ).fetchone()
        or ()
    )
    count = int(own[0]) if own else 0
    findings: list[Finding] = []
    refusals: list[Finding] = []
    for position, name in enumerate(sums):
        stated = [(row[0], row[2 + position]) for row in grand if row[2 + position] is not None]
        if not stated:
            continue
        total = float(own[1 + position] or 0)
        candidates = [float(value) for _, value in stated] + [float(sum(value for _, value in stated))]
        gap = min(abs(value - total) for value in candidates)
        if gap <= allowed_gap(count, total, *candidates):
            continue
        field = record.fields[name.lower()]
        share = gap / max(abs(candidates[0]), 1e-9)
        estimated = share <= totals.within
        finding = Finding(
            "note" if estimated else "error",
            "control-total",
            delivery.table.file,
            f"the file's total of {field.shown} is {stated[0][1]}, its rows add up to {own[1 + position]}",
            "rows are missing, doubled or edited: export again",
            stated[0][0],
            field.shown,
            str(stated[0][1]),
        )
        findings.append(finding)
        if not estimated:
            refusals.append(finding)
    return TotalsVerdict(len(rows), tuple(findings), tuple(refusals))
