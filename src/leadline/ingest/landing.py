"""Landing: a checked delivery written into the warehouse, step by step within one transaction."""

from __future__ import annotations

from leadline.errors import UsageError
from leadline.ingest import swift
from leadline.ingest.check import issue_words
from leadline.ingest.delivery import LoadContext, Part, instant, stamp
from leadline.ingest.read.table import UnsureError
from leadline.sql.name import literal, quote
from leadline.warehouse import Load


def land(context: LoadContext, part: Part) -> None:
    """Keep the delivered file verbatim; one that goes straight in, once it has proved clean."""
    if context.path.is_file() and not any(mapped.view for mapped in part.mapped):
        context.settings.warehouse.land(context.path, context.content)


def merge(context: LoadContext, part: Part) -> None:
    """Bring the good rows into their facts.

    Under `snapshot` all maps to one fact are merged at once: what one of them lacks is not gone if another brings it.
    """
    load = _open(part)
    mode = part.fit.definition.source.mode
    selects: dict[str, list[str]] = {}
    for mapped in part.mapped:
        if mapped.view:
            swift.insert(context, part, load, mapped)
            if context.path.is_file():
                if stamp(context.path) != context.stamp:
                    raise UnsureError
                context.settings.warehouse.land(context.path, context.content)
            return
    for verdict in part.verdicts:
        mapped = verdict.mapped
        names = ", ".join(quote(name) for name in mapped.columns)
        where = f" WHERE NOT ({verdict.rejected})" if verdict.rejected else ""
        select = f"SELECT {names}, _line, _key FROM {mapped.relation}{where}"
        if mode == "snapshot":
            selects.setdefault(mapped.fact.name, []).append(select)
        else:
            part.counts.append((mapped.fact.name, load.merge(mapped.fact.name, select)))
    for fact, several in selects.items():
        part.counts.append((fact, load.merge(fact, " UNION ALL BY NAME ".join(several), "snapshot")))


def quarantine(context: LoadContext, part: Part) -> None:
    """Set bad rows aside with line, rule and reason, and keep the findings."""
    load = _open(part)
    for verdict in part.verdicts:
        if verdict.rejected:
            mapped = verdict.mapped
            part.quarantined += load.quarantine(
                _aside(
                    part,
                    mapped.fact.name,
                    mapped.relation,
                    verdict.rejected,
                    verdict.rejected_rule,
                    verdict.rejected_what,
                )
            )
    if part.records.bad and part.record:
        rules, whats = issue_words(part.record.issues)
        part.quarantined += load.quarantine(_aside(part, "", part.judged, "_issue <> 0", rules, whats))
    for note in part.table.notes:
        if note.severity == "error":
            part.quarantined += load.quarantine(
                f"SELECT NULL AS fact, {note.line or 'NULL'} AS line, {literal(note.rule)} AS rule, "
                f"{literal(note.what)} AS what, {literal(note.value)} AS raw"
            )
    load.note(part.findings)


def cover(context: LoadContext, part: Part) -> None:
    """Say for which time the delivery speaks: the range it states, else that of its rows, whatever fact they are of.

    A file with the stages of contacts was exported at one moment: where the last sign-up is older than the last lead,
    there was no newer sign-up.
    """
    load = _open(part)
    delivery = part.record.delivery if part.record else None
    moments = [at for verdict in part.verdicts for at in (verdict.first, verdict.last) if at is not None]
    widest = (min(moments, key=instant), max(moments, key=instant)) if moments else None
    for verdict in part.verdicts:
        fact = verdict.mapped.fact
        if delivery and delivery.first and delivery.last and fact.column(fact.time).type == "date":
            load.cover(fact.name, delivery.first, delivery.last)
        elif widest is not None and verdict.last is not None:
            load.cover(fact.name, *widest)


def _aside(part: Part, fact: str, relation: str, rejected: str, rule: str, what: str) -> str:
    """SQL for the rejected rows of a staged table, with the delivered record as JSON."""
    return (
        f"SELECT nullif({literal(fact)}, '') AS fact, bad._line AS line, bad.rule, bad.what, "
        f"CAST(to_json(delivered) AS VARCHAR) AS raw FROM (SELECT _line, {rule} AS rule, {what} AS what "
        f"FROM {relation} WHERE {rejected}) AS bad "
        f"LEFT JOIN {part.table.relation} AS delivered ON delivered._line = bad._line"
    )


def _open(part: Part) -> Load:
    if part.load is None:
        raise UsageError("no-load", "A part is written within its load only.")
    return part.load
