"""Loading: delivered files through recognition, mapping and checks into the warehouse, one transaction a delivery.

`STEPS` are the steps of one file, `PART_STEPS` those of each recognised part of it within its transaction. Whatever
stops a load, at any point, leaves the last good state; loading again gives what one clean load would have given.
"""

from __future__ import annotations

import datetime as dt
import glob
import hashlib
import itertools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import Struct, field

from leadline.errors import DataError, LeadlineError, UsageError, unknown
from leadline.ingest import check, currency
from leadline.ingest.definition import Definition, vendor_definitions
from leadline.ingest.mapping import Mapped, define_macros, map_fact, stage_judged
from leadline.ingest.preamble import stated_range
from leadline.ingest.recognise import Fit, explain_unrecognised, recognise
from leadline.ingest.record import Delivery, Record, build_record, lookup_keys, needed_columns, source_expressions
from leadline.ingest.source import Finding, Source
from leadline.sql.name import literal, quote
from leadline.warehouse.store import digest_file

if TYPE_CHECKING:
    from leadline.ingest.read.table import ReadOptions, Table
    from leadline.warehouse import Load, MergeCounts, Warehouse

MAX_BAD = 0.05
NO_DELIVERY = frozenset(("unrecognised", "no-header", "not-a-table"))
"""What a file that was only found in a folder may be without being refused: a licence, a picture, another table."""
Status = Literal["loaded", "unchanged", "refused", "skipped", "checked"]
Progress = Callable[[str, int, int], None]


class Settings(Struct, frozen=True):
    """What loading needs of a workspace: its warehouse, its own sources, and the defaults of its `leadline.yaml`.

    `folder` is where relative `files:` and lookups are also sought; `max_bad` the share of rows that may be set aside;
    `today` bounds dates from above.
    """

    warehouse: Warehouse
    sources: Sequence[Definition] = ()
    timezone: str = "UTC"
    currency: str = ""
    folder: Path | None = None
    max_bad: float = MAX_BAD
    today: dt.date | None = None


class FactLoaded(Struct, frozen=True):
    """What a load did to one fact, and the time its rows span."""

    fact: str
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    first: dt.date | dt.datetime | None = None
    last: dt.date | dt.datetime | None = None


class LoadReport(Struct, frozen=True):
    """What became of one delivered file, or of one part of it.

    `loaded`: committed (or `checked`, under a dry run); `unchanged`: this very content was there already; `refused`:
    nothing changed, `error` says why; `skipped`: no source knows the file, and it was only found in a folder (`source`
    is then the one that looks things up in it).
    """

    file: str
    status: Status
    path: str = ""
    source: str = ""
    vendor: str = ""
    title: str = ""
    facts: tuple[FactLoaded, ...] = ()
    rows: int = 0
    totals: int = 0
    left_out: int = 0
    quarantined: int = 0
    findings: tuple[Finding, ...] = ()
    load: int | None = None
    error: LeadlineError | None = None


class Part(Struct):
    """A recognised table of a delivery on its way: what is known of it so far."""

    fit: Fit
    table: Table
    mapping: str
    number: int
    record: Record | None = None
    judged: str = ""
    mapped: list[Mapped] = field(default_factory=list)
    verdicts: list[check.Verdict] = field(default_factory=list)
    totals: check.TotalsVerdict = check.TotalsVerdict()
    findings: list[Finding] = field(default_factory=list)
    refusals: list[Finding] = field(default_factory=list)
    counts: list[tuple[str, MergeCounts]] = field(default_factory=list)
    load: Load | None = None
    known: int | None = None
    quarantined: int = 0

    @property
    def source(self) -> str:
        return self.fit.definition.source.name


class LoadContext(Struct):
    """One delivered file on its way through the steps."""

    settings: Settings
    path: Path
    name: str
    wanted: str = ""
    named: bool = True
    dry_run: bool = False
    folders: Sequence[Path] = ()
    content: str = ""
    tables: list[Table] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    staged: list[str] = field(default_factory=list)


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
    A file that fails does not stop the others; a path that does not exist is a `UsageError` before anything is loaded.
    `progress` is called with the file's name, its number and how many there are.
    """
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
    definition = _definition(settings, name)
    source = definition.source
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


def find_files(paths: Sequence[Path | str]) -> tuple[list[tuple[Path, bool]], list[Path]]:
    """The files behind paths, folders and patterns, each once, with whether it was named itself; and the folders."""
    found: dict[Path, bool] = {}
    folders: list[Path] = []
    for given in paths:
        path = Path(given)
        if path.is_dir():
            folders.append(path)
            for file in sorted(path.rglob("*")):
                if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts):
                    found.setdefault(file, False)
        elif path.exists():
            found[path] = True
            folders.append(path.parent)
        else:
            matches = sorted(Path(match) for match in glob.glob(str(given), recursive=True))
            files = [match for match in matches if match.is_file()]
            if not files:
                raise UsageError("no-such-file", f"There is no file {given}.", fix="check the path or the pattern")
            for file in files:
                found.setdefault(file, False)
            folders += list(dict.fromkeys(file.parent for file in files))
    return list(found.items()), list(dict.fromkeys(folders))


def load_file(context: LoadContext) -> list[LoadReport]:
    """Take one file through all steps; what refuses it is in the report, and nothing of it stays."""
    try:
        for step in STEPS:
            step(context)
    except LeadlineError as error:
        _forget_load(context)
        return [_refused(context, error)]
    except BaseException:
        _forget_load(context)
        raise
    finally:
        clean_up(context)
    return [_report(context, part) for part in context.parts]


def identify(context: LoadContext) -> None:
    """Know the delivery by its content."""
    if context.path.is_file():
        context.content = digest_file(context.path)


def read_tables(context: LoadContext) -> None:
    """Stage what the file holds, with the options of the source that is named or that names the file."""
    from leadline.ingest.read import ReadOptions, read

    definition = _reading_definition(context)
    options = read_options(definition) if definition else ReadOptions()
    path = context.path if context.path.is_file() else None
    context.tables = read(context.settings.warehouse.con, path, options, name=context.name)
    if not context.content:
        context.content = _digest_rows(context)


def recognise_tables(context: LoadContext) -> None:
    """Find the source of each table; tables that no source reads are noted."""
    settings, con = context.settings, context.settings.warehouse.con
    own = [(definition, needed_columns(con, definition)) for definition in settings.sources]
    vendors: Sequence[Definition] = vendor_definitions()
    if context.wanted:
        definition = _definition(settings, context.wanted)
        own = [(one, needed) for one, needed in own if one is definition]
        own = [(_without_files(one), needed) for one, needed in own]
        vendors = [one for one in vendors if one is definition]
    found = recognise(context.tables, own, vendors)
    if not found:
        raise explain_unrecognised(context.tables, own, vendors, context.name)
    for number, fit in found:
        table = context.tables[number]
        context.parts.append(Part(fit, table, _mapping_hash(context, fit.definition), number))
    used = {number for number, _ in found} | {place for _, fit in found for place, _ in fit.context.values()}
    for number, table in enumerate(context.tables):
        if number not in used:
            called = f" ({table.name})" if table.name else ""
            what = f"no source reads the table that begins on line {table.header_line}{called}"
            context.notes.append(Finding("note", "table-skipped", table.file, what, line=table.header_line or None))


def find_known(context: LoadContext) -> None:
    """Leave alone what was delivered before: the same content under the same mapping."""
    for part in context.parts:
        part.known = context.settings.warehouse.loaded(_origin_source(part), context.content, part.mapping)


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
    settings, con = context.settings, context.settings.warehouse.con
    today = settings.today or dt.datetime.now(dt.UTC).date()
    for part in context.parts:
        if part.known is not None or part.record is None:
            continue
        part.findings += context.notes
        part.findings += part.totals.findings
        part.refusals += part.totals.refusals
        for mapped in part.mapped:
            verdict = check.check_fact(con, part.record, mapped, max_bad=settings.max_bad, today=today)
            part.verdicts.append(verdict)
            part.findings += verdict.findings
            part.refusals += verdict.refusals
            overlap = check.check_overlap(con, mapped, part.source, part.table.file)
            part.findings += overlap
            part.refusals += overlap
        part.findings = _once(part.findings)
        _judge_form(part, settings.max_bad)
    for left, right in itertools.combinations(context.parts, 2):
        if left.source == right.source and left.known is None and right.known is None:
            right.refusals += check.check_twins(con, left.mapped, right.mapped, right.table.file)
            right.findings += right.refusals
    refusals = [finding for part in context.parts for finding in part.refusals]
    if refusals:
        raise refusal(context, refusals)


def deliver(context: LoadContext) -> None:
    """Write each part in one transaction: land, merge, quarantine, cover, and the ledger entry on leaving."""
    for part in context.parts:
        if part.known is not None or context.dry_run:
            continue
        load = context.settings.warehouse.load(_origin_source(part), str(context.path), context.content, part.mapping)
        with load:
            part.load = load
            for step in PART_STEPS:
                step(context, part)


def land(context: LoadContext, part: Part) -> None:
    """Keep the delivered file verbatim."""
    if context.path.is_file():
        context.settings.warehouse.land(context.path, context.content)


def merge(context: LoadContext, part: Part) -> None:
    """Bring the good rows into their facts.

    Under `snapshot` all maps to one fact are merged at once: what one of them lacks is not gone if another brings it.
    """
    load = _open(part)
    mode = part.fit.definition.source.mode
    selects: dict[str, list[str]] = {}
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
    """Set bad rows aside with file line, rule and reason, and keep the findings."""
    load = _open(part)
    seen: list[str] = []
    for verdict in part.verdicts:
        mapped = verdict.mapped
        raw = f"LEFT JOIN {part.table.relation} AS source ON source._line = bad._line"
        if verdict.rejected:
            part.quarantined += load.quarantine(
                f"SELECT {literal(mapped.fact.name)} AS fact, bad._line AS line, bad.rule, bad.what, "
                f"CAST(to_json(source) AS VARCHAR) AS raw FROM (SELECT _line, {verdict.rejected_rule} AS rule, "
                f"{verdict.rejected_what} AS what FROM {mapped.relation} WHERE {verdict.rejected}) AS bad {raw}"
            )
        if mapped.fact_map.group and mapped.judged and mapped.judged not in seen:
            seen.append(mapped.judged)
            part.quarantined += load.quarantine(_judged_quarantine(part, mapped, raw))
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
    widest = (min(moments, key=_instant), max(moments, key=_instant)) if moments else None
    for verdict in part.verdicts:
        fact = verdict.mapped.fact
        if delivery and delivery.first and delivery.last and fact.column(fact.time).type == "date":
            load.cover(fact.name, delivery.first, delivery.last)
        elif widest is not None and verdict.last is not None:
            load.cover(fact.name, *widest)


def _instant(at: dt.date | dt.datetime) -> dt.datetime:
    return at if isinstance(at, dt.datetime) else dt.datetime(at.year, at.month, at.day)


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
    for name in context.staged:
        con.execute(f"DROP TABLE IF EXISTS {name}")
    release(con, context.tables)
    context.staged.clear()
    context.tables.clear()


def read_options(definition: Definition) -> ReadOptions:
    """How a source says its files are to be read."""
    from leadline.ingest.read import ReadOptions

    source = definition.source
    return ReadOptions(
        format=source.format, encoding=source.encoding, delimiter=source.delimiter, sheet=source.sheet,
        table=source.table, query=source.query, url=source.url, names=source.names, header=not source.names,
        skip=source.skip,
    )  # fmt: skip


def refusal(context: LoadContext, refusals: Sequence[Finding]) -> DataError:
    """The error for a delivery that breaks rules as a whole; the first is told, the others counted."""
    first = refusals[0]
    error = DataError(
        first.rule, f"{context.name} is refused: {first.what}.",
        why=f"line {first.line}" if first.line else (f"and {len(refusals) - 1} more" if len(refusals) > 1 else ""),
        fix=first.fix,
    )  # fmt: skip
    return error


def _map_part(context: LoadContext, part: Part) -> None:
    settings, con = context.settings, context.settings.warehouse.con
    definition = part.fit.definition
    delivery = _delivery(context, part)
    facts = settings.warehouse.facts
    record = build_record(con, delivery, facts)
    part.record = record
    keys = {name: lookup_keys(name, source_expressions(con, definition)[("lookups", name, "on")])
            for name in definition.source.lookups}  # fmt: skip
    part.refusals += check.check_daily(con, record)
    part.refusals += check.check_lookups(con, record, keys)
    if part.refusals:
        part.findings += part.refusals
        return
    part.totals = check.check_totals(con, record)
    part.findings += currency.findings(con, record)
    part.refusals += [finding for finding in part.findings if finding.severity == "error"]
    maps = definition.source.facts
    if len(maps) > 1 or any(fact_map.group for fact_map in maps):
        part.judged = stage_judged(con, record)
        context.staged.append(part.judged)
    for number, fact_map in enumerate(maps):
        mapped = map_fact(con, record, number, facts[fact_map.fact], part.judged)
        context.staged.append(mapped.relation)
        part.mapped.append(mapped)


def _delivery(context: LoadContext, part: Part) -> Delivery:
    settings = context.settings
    source = part.fit.definition.source
    language = part.fit.headers.language
    stated = stated_range(part.table.preamble, language)
    lookups = {name: _read_lookup(context, lookup.file, lookup.table) for name, lookup in source.lookups.items()}
    money = part.fit.headers.currency or source.currency
    return Delivery(
        part.table, context.tables, part.fit.definition, part.fit.headers, part.fit.context, lookups,
        source.timezone or settings.timezone, money or settings.currency,
        stated.first if stated else None, stated.last if stated else None, bool(money),
    )  # fmt: skip


def _read_lookup(context: LoadContext, file: str, table: str) -> Table:
    from leadline.ingest.read import ReadOptions, read

    path = _find_beside(context, file)
    tables = read(context.settings.warehouse.con, path, ReadOptions(table=table), name=path.name)
    context.tables += tables
    for found in tables:
        if not table or found.name == table:
            return found
    return tables[0]


def _find_beside(context: LoadContext, file: str) -> Path:
    """A lookup's file: beside the delivered file, in a folder given to the load, or in the workspace."""
    places = [context.path.parent, *context.folders, *([context.settings.folder] if context.settings.folder else [])]
    for place in places:
        found = sorted(path for path in place.glob(file) if path.is_file())
        if found:
            return found[-1]
    raise DataError(
        "lookup-missing", f"{context.name} needs {file}, which is not there.",
        why=f"sought in {', '.join(str(place) for place in dict.fromkeys(places))}",
        fix="put it beside the file, or give its folder to the load too",
    )  # fmt: skip


def _mapping_hash(context: LoadContext, definition: Definition) -> str:
    """What besides the content decides the rows: definition, defaults, and the lookups' content."""
    settings = context.settings
    digest = hashlib.sha256(f"{definition.hash}\n{settings.timezone}\n{settings.currency}\n".encode())
    for lookup in definition.source.lookups.values():
        digest.update(digest_file(_find_beside(context, lookup.file)).encode())
    return digest.hexdigest()


def _definition(settings: Settings, name: str) -> Definition:
    for definition in (*settings.sources, *vendor_definitions()):
        if definition.source.name == name:
            return definition
    names = [definition.source.name for definition in (*settings.sources, *vendor_definitions())]
    raise unknown("source", name, names)


def _reading_definition(context: LoadContext) -> Definition | None:
    """The source whose reading options hold: the one asked for, else an own one that names this file."""
    from leadline.ingest.recognise import names_file

    if context.wanted:
        return _definition(context.settings, context.wanted)
    for definition in context.settings.sources:
        source = definition.source
        special = (
            source.format,
            source.encoding,
            source.delimiter,
            source.names,
            source.skip,
            source.table,
            source.query,
        )
        if any(special) and source.files and names_file(source, str(context.path)):
            return definition
    return None


def _without_files(definition: Definition) -> Definition:
    """A source asked for by name reads the file whatever it is called."""
    return msgspec.structs.replace(definition, source=msgspec.structs.replace(definition.source, files=()))


def _origin_source(part: Part) -> str:
    return part.source


def _digest_rows(context: LoadContext) -> str:
    """Content of a delivery without a file (a database): a hash over its rows, whatever their order."""
    con = context.settings.warehouse.con
    digest = hashlib.sha256()
    for table in context.tables:
        columns = ", ".join(quote(name) for name in table.columns)
        row = con.execute(
            f"SELECT count(*), sum(CAST(hash({columns}) AS HUGEINT)), bit_xor(hash({columns})) FROM {table.relation}"
        ).fetchone()
        digest.update(repr((table.columns, row)).encode())
    return digest.hexdigest()


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


def _judged_quarantine(part: Part, mapped: Mapped, raw: str) -> str:
    issues = part.record.issues if part.record else ()
    rules = " ".join(f"WHEN {issue.number} THEN {literal(issue.rule)}" for issue in issues)
    whats = " ".join(
        f"WHEN {issue.number} THEN {literal((issue.column + ' ' + issue.what).strip())}" for issue in issues
    )
    return (
        f"SELECT {literal(mapped.fact.name)} AS fact, bad._line AS line, bad.rule, bad.what, CAST(to_json(source) AS VARCHAR) AS raw "
        f"FROM (SELECT _line, CASE _issue {rules} END AS rule, CASE _issue {whats} END || coalesce(': ' || _value, '') AS what "
        f"FROM {mapped.judged} WHERE _issue <> 0) AS bad {raw}"
    )


def _once(findings: Sequence[Finding]) -> list[Finding]:
    """Findings without those told twice (by two facts of one row)."""
    seen: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        seen.setdefault((finding.rule, finding.file, finding.line, finding.column, finding.what), finding)
    return list(seen.values())


def _open(part: Part) -> Load:
    if part.load is None:
        raise UsageError("no-load", "A part is written within its load only.")
    return part.load


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
        findings=tuple(_once(findings)), error=error,
    )  # fmt: skip


def _looked_up_by(context: LoadContext) -> Source | None:
    """The source that reads the file as a lookup, where there is one."""
    sources = [definition.source for definition in context.settings.sources]
    return next(
        (source for source in sources for lookup in source.lookups.values() if context.path.match(lookup.file)), None
    )


def _report(context: LoadContext, part: Part) -> LoadReport:
    source = part.fit.definition.source
    if part.known is not None:
        return LoadReport(context.name, "unchanged", str(context.path), source.name, source.vendor, source.title,
                          rows=part.table.rows, load=part.known)  # fmt: skip
    facts = _fact_reports(part)
    staged = max((mapped.rows for mapped in part.mapped if not mapped.fact_map.group), default=part.table.rows)
    return LoadReport(
        context.name, "checked" if context.dry_run else "loaded", str(context.path), source.name, source.vendor,
        source.title, facts, part.table.rows, part.totals.dropped,
        max(part.table.rows - part.totals.dropped - staged, 0) if len(part.mapped) == 1 else 0,
        part.quarantined or sum(verdict.bad for verdict in part.verdicts), tuple(part.findings),
        part.load.id if part.load else None,
    )  # fmt: skip


def _fact_reports(part: Part) -> tuple[FactLoaded, ...]:
    """What the load did to each fact, or under a dry run would do, all maps to it together."""
    reports = []
    for fact in dict.fromkeys(verdict.mapped.fact.name for verdict in part.verdicts):
        verdicts = [verdict for verdict in part.verdicts if verdict.mapped.fact.name == fact]
        firsts = [verdict.first for verdict in verdicts if verdict.first is not None]
        lasts = [verdict.last for verdict in verdicts if verdict.last is not None]
        first, last = min(firsts, key=_instant, default=None), max(lasts, key=_instant, default=None)
        counts = [merged for name, merged in part.counts if name == fact]
        if counts:
            inserted, updated = sum(one.inserted for one in counts), sum(one.updated for one in counts)
            unchanged, removed = sum(one.unchanged for one in counts), sum(one.removed for one in counts)
            reports.append(FactLoaded(fact, inserted, updated, unchanged, removed, first, last))
        else:
            reports.append(FactLoaded(fact, sum(verdict.good for verdict in verdicts), first=first, last=last))
    return tuple(reports)
