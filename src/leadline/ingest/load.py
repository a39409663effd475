"""Loading: delivered files through recognition, mapping and checks into the warehouse, one transaction a delivery.

`STEPS` are the steps of one file, `PART_STEPS` those of each recognised part of it within its transaction. Whatever
stops a load, at any point, leaves the last good state; loading again gives what one clean load would have given.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from leadline.errors import DataError, LeadlineError, UsageError
from leadline.ingest import admission, check, currency, overlap, swift
from leadline.ingest.definition import Definition, vendor_definitions
from leadline.ingest.delivery import (
    FactLoaded,
    LoadContext,
    LoadReport,
    Part,
    Settings,
    Status,
    once,
    report_part,
    stamp,
)
from leadline.ingest.landing import cover, land, merge, quarantine
from leadline.ingest.mapping import define_macros, map_fact, stage_judged
from leadline.ingest.origin import (
    digest_rows,
    find_beside,
    find_definition,
    find_files,
    read_lookup,
    read_options,
    reading_definition,
)
from leadline.ingest.preamble import stated_range
from leadline.ingest.read.table import UnsureError
from leadline.ingest.recognise import explain_unrecognised, recognise
from leadline.ingest.record import Delivery, lookup_keys, needed_columns, source_expressions
from leadline.ingest.recorder import build_record
from leadline.ingest.source import Finding, Severity, Source
from leadline.ingest.totals import check_totals
from leadline.warehouse.store import digest_file

if TYPE_CHECKING:
    from leadline.ingest.read.table import Table

__all__ = ["PART_STEPS", "STEPS", "FactLoaded", "LoadReport", "Settings", "Status", "load_paths", "load_source"]

NO_DELIVERY = frozenset(("unrecognised", "no-header", "not-a-table"))
"""What a file that was only found in a folder may be without being refused: a licence, a picture, another table."""
Progress = Callable[[str, int, int], None]


def load_paths(
    settings: Settings,
    paths: Sequence[Path | str],
    *,
    source: str | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> list[LoadReport]:
    """Load files, folders and patterns; a report for each delivered file, in the order they were loaded.

    `source` names the source to read them with instead of recognising it. Under `dry_run` all is done but the writing.
    A file that fails does not stop the others; a path or source that does not exist is a `UsageError` at once.
    `progress` is called with the file's name, its number and how many there are.
    """
    if source:
        find_definition(settings, source)
    files, folders = find_files(paths)
    define_macros(settings.warehouse.con)
    reports: list[LoadReport] = []
    for number, (path, named) in enumerate(files):
        if progress:
            progress(path.name, number, len(files))
        context = LoadContext(settings, path, path.name, source or "", named, dry_run, folders)
        reports += load_file(context)
    if progress and files:
        progress("", len(files), len(files))
    return reports


def load_source(settings: Settings, name: str, *, dry_run: bool = False) -> list[LoadReport]:
    """Load a workspace's own source from where it says itself: a database address, or its `files:`."""
    source = find_definition(settings, name).source
    define_macros(settings.warehouse.con)
    if source.url:
        context = LoadContext(settings, Path(source.name), source.name, name, True, dry_run, ())
        return load_file(context)
    folder = settings.folder or Path()
    paths = [str(folder / pattern) for pattern in source.files]
    if not paths:
        raise UsageError(
            "no-origin", f"Source {name} says neither `files` nor `url`.", fix=f"leadline load --source {name} PATH"
        )
    return load_paths(settings, paths, source=name, dry_run=dry_run)


def load_file(context: LoadContext) -> list[LoadReport]:
    """Take one file through all steps; what refuses it is in the report, and nothing of it stays."""
    try:
        try:
            _take_steps(context)
        except (UnsureError, LeadlineError) as error:
            if not (isinstance(error, UnsureError) or any(table.sample for table in context.tables)):
                raise
            # Whatever there is to say is said of all rows, not of a sample.
            clean_up(context)
            context.parts, context.notes, context.staged_only = [], [], True
            _take_steps(context)
    except LeadlineError as error:
        _forget_load(context)
        return [_refused(context, error)]
    except BaseException:
        _forget_load(context)
        raise
    finally:
        clean_up(context)
    return [report_part(context, part) for part in context.parts]


def _take_steps(context: LoadContext) -> None:
    for step in STEPS:
        step(context)


def identify(context: LoadContext) -> None:
    """Know the delivery by its content."""
    if context.path.is_file():
        seen = stamp(context.path)
        if seen != context.stamp:
            context.stamp, context.content = seen, digest_file(context.path)


def read_tables(context: LoadContext) -> None:
    """Stage what the file holds, with the options of the source that is named or that names the file."""
    from leadline.ingest.read import ReadOptions, read

    definition = reading_definition(context)
    options = read_options(definition) if definition else ReadOptions()
    path = context.path if context.path.is_file() else None
    later = 0 if context.staged_only or context.dry_run else swift.ROWS
    tables = read(context.settings.warehouse.con, path, options, name=context.name, later=later)
    context.tables = [_as_text(table) for table in tables]
    if not context.content:
        context.content = digest_rows(context)


def recognise_tables(context: LoadContext) -> None:
    """Find the source of each table; tables that no source reads are noted."""
    settings, con = context.settings, context.settings.warehouse.con
    own = [(definition, needed_columns(con, definition)) for definition in settings.sources]
    vendors: Callable[[], Sequence[Definition]] = vendor_definitions
    if context.wanted:
        definition = find_definition(settings, context.wanted)
        own = [(one, needed) for one, needed in own if one is definition]
        own = [(_without_files(one), needed) for one, needed in own]
        vendors = lambda: [one for one in vendor_definitions() if one is definition]  # noqa: E731
    found = recognise(context.tables, own, vendors)
    if not found:
        raise explain_unrecognised(context.tables, own, vendors(), context.name)
    for number, fit in found:
        table = context.tables[number]
        context.parts.append(Part(fit, table, _mapping_hash(context, fit.definition), number))
    used = {number for number, _ in found} | {place for _, fit in found for place, _ in fit.context.values()}
    # A vendor's file may have tables of no use; below a table of one's own it is more likely rows of it that are lost.
    sheets = {context.tables[number].file for number, fit in found if not fit.definition.source.vendor}
    for number, table in enumerate(context.tables):
        if number not in used:
            lost = table.file in sheets and table.rows > 0
            called = f" ({table.name})" if table.name else ""
            rows = f": {table.rows} row(s) are left out" if table.rows else ""
            what = f"no source reads the table that begins on line {table.header_line}{called}{rows}"
            fix = "remove the line there if it is no header, or put the tables into files of their own" if lost else ""
            severity: Severity = "warning" if lost else "note"
            context.notes.append(
                Finding(
                    severity, "table-skipped", table.file, what, fix, table.header_line or None, count=table.rows or 1
                )
            )


def find_known(context: LoadContext) -> None:
    """Leave alone what was delivered before: the same content under the same mapping."""
    for part in context.parts:
        part.known = context.settings.warehouse.loaded(part.source, context.content, part.mapping)


def map_rows(context: LoadContext) -> None:
    """Stage each part's rows as facts."""
    for part in context.parts:
        if part.known is None:
            _map_part(context, part)
    refused = [part for part in context.parts if part.refusals]
    good = [part for part in context.parts if not part.refusals]
    if refused and good:
        # The file has a table that can be loaded: one that only adds up days is told, not held against it.
        for part in refused:
            reason = part.refusals[0]
            context.notes.append(msgspec.structs.replace(reason, severity="note", rule="table-skipped"))
        context.parts = good


def check_rows(context: LoadContext) -> None:
    """Prove the invariants; a broken rule about the whole delivery refuses the file."""
    parts = [part for part in context.parts if part.known is None and part.record is not None]
    for part in parts:
        part.findings += context.notes
        _check_part(context, part)
    for left, right in itertools.combinations(parts, 2):
        if left.source == right.source:
            con = context.settings.warehouse.con
            twins = overlap.check_twins(con, left.mapped, right.mapped, right.table.file)
            right.refusals += twins
            right.findings += twins
    refusals = [finding for part in parts for finding in part.refusals]
    if refusals:
        raise refusal(context, refusals)


def deliver(context: LoadContext) -> None:
    """Write each part in one transaction: land, merge, quarantine, cover, and the ledger entry on leaving."""
    for part in context.parts:
        if part.known is not None or context.dry_run:
            continue
        load = context.settings.warehouse.load(part.source, str(context.path), context.content, part.mapping)
        with load:
            part.load = load
            for step in PART_STEPS:
                step(context, part)


STEPS: tuple[Callable[[LoadContext], None], ...] = (
    identify,
    read_tables,
    recognise_tables,
    find_known,
    map_rows,
    check_rows,
    deliver,
)
PART_STEPS: tuple[Callable[[LoadContext, Part], None], ...] = (land, merge, quarantine, cover)


def clean_up(context: LoadContext) -> None:
    """Drop what was staged."""
    from leadline.ingest.read import release

    con = context.settings.warehouse.con
    for name in context.views:
        con.execute(f"DROP VIEW IF EXISTS {name}")
    for name in context.staged:
        con.execute(f"DROP TABLE IF EXISTS {name}")
    release(con, context.tables)
    context.views.clear()
    context.staged.clear()
    context.tables.clear()


def refusal(context: LoadContext, refusals: Sequence[Finding]) -> DataError:
    """The error for a delivery that breaks rules as a whole; the first is told, the others counted."""
    first, more = refusals[0], len(refusals) - 1
    told = [f"line {first.line} shows it"] if first.line else []
    told += [f"and {more} more {'reason' if more == 1 else 'reasons'}"] if more else []
    return DataError(
        first.rule, f"{context.name} is refused: {first.what}.",
        why=", ".join(told), fix=first.fix,
    )  # fmt: skip


def _map_part(context: LoadContext, part: Part) -> None:
    con, facts = context.settings.warehouse.con, context.settings.warehouse.facts
    definition = part.fit.definition
    swiftly = swift.may_be_swift(context, part)
    if part.table.sample and not swiftly:
        raise UnsureError
    record = part.record = build_record(con, _delivery(context, part), facts)
    expressions = source_expressions(con, definition)
    keys = {name: lookup_keys(name, expressions[("lookups", name, "on")]) for name in definition.source.lookups}
    part.refusals += admission.check_daily(con, record)
    part.refusals += admission.check_lookups(con, record, keys)
    if part.refusals:
        part.findings += part.refusals
        return
    part.totals = check_totals(con, record)
    part.findings += currency.findings(con, record, facts)
    part.refusals += [finding for finding in part.findings if finding.severity == "error"]
    maps = definition.source.facts
    if len(maps) > 1 or any(fact_map.group for fact_map in maps):
        part.judged = stage_judged(con, record)
        context.staged.append(part.judged)
    if swiftly:
        if part.refusals:
            raise UnsureError
        mapped = map_fact(con, record, 0, facts[maps[0].fact], view=True)
        context.views.append(mapped.relation)
        part.mapped.append(mapped)
        return
    _stage_facts(context, part)
    if not definition.source.vendor:
        part.findings += admission.check_filters(con, record, expressions)


def _stage_facts(context: LoadContext, part: Part) -> None:
    con, facts = context.settings.warehouse.con, context.settings.warehouse.facts
    part.mapped.clear()
    for number, fact_map in enumerate(part.fit.definition.source.facts):
        if part.record is not None:
            mapped = map_fact(con, part.record, number, facts[fact_map.fact], part.judged)
            context.staged.append(mapped.relation)
            part.mapped.append(mapped)


def _check_part(context: LoadContext, part: Part) -> None:
    settings, con = context.settings, context.settings.warehouse.con
    today = settings.today or dt.datetime.now(dt.UTC).date()
    if part.record is None:
        return
    part.findings += part.totals.findings
    part.refusals += part.totals.refusals
    if part.judged:
        part.records = check.check_records(con, part.record, part.judged, max_bad=settings.max_bad)
        part.findings += part.records.findings
        part.refusals += part.records.refusals
    for mapped in part.mapped:
        if mapped.view:
            continue
        verdict = check.check_fact(con, part.record, mapped, max_bad=settings.max_bad, today=today)
        part.verdicts.append(verdict)
        overlap.recall_beside(settings.warehouse, mapped)
        twice = overlap.check_ad_overlap(con, mapped, part.source, part.table.file)
        twice += overlap.check_session_overlap(con, mapped, part.source, part.table.file)
        part.findings += [*verdict.findings, *twice]
        part.refusals += [*verdict.refusals, *twice]
    twins = overlap.check_maps(con, part.mapped, part.table.file)
    part.findings += twins
    part.refusals += twins
    _judge_form(part, settings.max_bad)
    part.findings = once(part.findings)


def _delivery(context: LoadContext, part: Part) -> Delivery:
    settings = context.settings
    source = part.fit.definition.source
    language = part.fit.headers.language
    stated = stated_range(part.table.preamble, language)
    lookups = {name: read_lookup(context, lookup.file, lookup.table) for name, lookup in source.lookups.items()}
    money = part.fit.headers.currency or source.currency
    return Delivery(
        part.table, context.tables, part.fit.definition, part.fit.headers, part.fit.context, lookups,
        source.timezone or settings.timezone, money or settings.currency,
        stated.first if stated else None, stated.last if stated else None, bool(money),
    )  # fmt: skip


def _mapping_hash(context: LoadContext, definition: Definition) -> str:
    """What besides the content decides the rows: definition, defaults, and the lookups' content."""
    settings = context.settings
    digest = hashlib.sha256(f"{definition.hash}\n{settings.timezone}\n{settings.currency}\n".encode())
    for lookup in definition.source.lookups.values():
        digest.update(digest_file(find_beside(context, lookup.file)).encode())
    return digest.hexdigest()


def _without_files(definition: Definition) -> Definition:
    """A source asked for by name reads the file whatever it is called."""
    return msgspec.structs.replace(definition, source=msgspec.structs.replace(definition.source, files=()))


def _judge_form(part: Part, max_bad: float) -> None:
    """Findings about the file's form: a lost row counts as a bad one."""
    part.findings += part.table.notes
    lost = sum(note.count for note in part.table.notes if note.severity == "error")
    if lost and lost > max_bad * max(part.table.rows + lost, 1):
        part.refusals += [note for note in part.table.notes if note.severity == "error"][:1]
    if part.table.rows == 0 and not any(
        note.rule == "no-rows" and note.severity == "warning" for note in part.findings
    ):
        part.findings.append(
            Finding(
                "warning",
                "no-rows",
                part.table.file,
                "the file has a header and no rows",
                "check its date range and filters",
            )
        )


def _as_text(table: Table) -> Table:
    """Formulas are flagged and kept: as text in a warehouse they do nothing."""
    notes = tuple(
        msgspec.structs.replace(note, severity="warning") if note.rule == "formula-cell" else note
        for note in table.notes
    )
    return msgspec.structs.replace(table, notes=notes)


def _forget_load(context: LoadContext) -> None:
    for part in context.parts:
        part.load = None


def _refused(context: LoadContext, error: LeadlineError) -> LoadReport:
    """The report of a refused file; the ledger keeps why."""
    part = context.parts[0] if context.parts else None
    findings = [finding for one in context.parts for finding in one.findings]
    if not any(finding.rule == error.code for finding in findings):
        findings.append(
            Finding("error", error.code, context.name, error.what + (f" {error.why}" if error.why else ""), error.fix)
        )
    skipped = error.code in NO_DELIVERY and not context.named and not part
    if not context.dry_run and not skipped and context.content:
        source = part.source if part else context.wanted
        context.settings.warehouse.refuse(
            source, str(context.path), context.content, part.mapping if part else "", findings
        )
    source_ = part.fit.definition.source if part else _looked_up_by(context) if skipped else None
    return LoadReport(
        context.name, "skipped" if skipped else "refused", str(context.path), source_.name if source_ else "",
        source_.vendor if source_ else "", source_.title if source_ else "", rows=part.table.rows if part else 0,
        findings=tuple(once(findings)), error=error,
    )  # fmt: skip


def _looked_up_by(context: LoadContext) -> Source | None:
    """The source that reads the file as a lookup, where there is one."""
    sources = [definition.source for definition in context.settings.sources]
    return next(
        (source for source in sources for lookup in source.lookups.values() if context.path.match(lookup.file)), None
    )
