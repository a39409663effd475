"""Deliveries: what loading needs of a workspace, what is known of a file on its way, and what became of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

from leadline.errors import LeadlineError
from leadline.ingest.check import RecordsVerdict, Verdict
from leadline.ingest.definition import Definition
from leadline.ingest.mapping import Mapped
from leadline.ingest.recognise import Fit
from leadline.ingest.record import Record
from leadline.ingest.source import Finding
from leadline.ingest.totals import TotalsVerdict

if TYPE_CHECKING:
    from leadline.ingest.read.table import Table
    from leadline.warehouse import Load, MergeCounts, Warehouse

MAX_BAD = 0.05
Status = Literal["loaded", "unchanged", "refused", "skipped", "checked"]


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
    verdicts: list[Verdict] = field(default_factory=list)
    totals: TotalsVerdict = TotalsVerdict()
    records: RecordsVerdict = RecordsVerdict()
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
    """One delivered file on its way through the steps.

    `stamp` is what the file was when its content was hashed; `staged_only` that no row goes in before it was looked at.
    """

    settings: Settings
    path: Path
    name: str
    wanted: str = ""
    named: bool = True
    dry_run: bool = False
    folders: Sequence[Path] = ()
    content: str = ""
    stamp: tuple[int, int] = (0, 0)
    staged_only: bool = False
    tables: list[Table] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    staged: list[str] = field(default_factory=list)
    views: list[str] = field(default_factory=list)


def stamp(path: Path) -> tuple[int, int]:
    """Size and time of a file: what shows that it was written to since."""
    seen = path.stat()
    return seen.st_size, seen.st_mtime_ns


def report_part(context: LoadContext, part: Part) -> LoadReport:
    source = part.fit.definition.source
    if part.known is not None:
        return LoadReport(context.name, "unchanged", str(context.path), source.name, source.vendor, source.title,
                          rows=part.table.rows, load=part.known)  # fmt: skip
    facts = report_facts(part)
    staged = max((mapped.rows for mapped in part.mapped if not mapped.fact_map.group), default=part.table.rows)
    return LoadReport(
        context.name, "checked" if context.dry_run else "loaded", str(context.path), source.name, source.vendor,
        source.title, facts, part.table.rows, part.totals.dropped,
        max(part.table.rows - part.totals.dropped - staged, 0) if len(part.mapped) == 1 else 0,
        part.quarantined or part.records.bad + sum(verdict.bad for verdict in part.verdicts), tuple(part.findings),
        part.load.id if part.load else None,
    )  # fmt: skip


def report_facts(part: Part) -> tuple[FactLoaded, ...]:
    """What the load did to each fact, or under a dry run would do, all maps to it together."""
    reports = []
    for fact in dict.fromkeys(verdict.mapped.fact.name for verdict in part.verdicts):
        verdicts = [verdict for verdict in part.verdicts if verdict.mapped.fact.name == fact]
        firsts = [verdict.first for verdict in verdicts if verdict.first is not None]
        lasts = [verdict.last for verdict in verdicts if verdict.last is not None]
        first, last = min(firsts, key=instant, default=None), max(lasts, key=instant, default=None)
        counts = [merged for name, merged in part.counts if name == fact]
        if counts:
            inserted, updated = sum(one.inserted for one in counts), sum(one.updated for one in counts)
            unchanged, removed = sum(one.unchanged for one in counts), sum(one.removed for one in counts)
            reports.append(FactLoaded(fact, inserted, updated, unchanged, removed, first, last))
        else:
            reports.append(FactLoaded(fact, sum(verdict.good for verdict in verdicts), first=first, last=last))
    return tuple(reports)


def instant(at: dt.date | dt.datetime) -> dt.datetime:
    """A date or time as a time, so that the two compare."""
    return at if isinstance(at, dt.datetime) else dt.datetime(at.year, at.month, at.day)


def once(findings: Sequence[Finding]) -> list[Finding]:
    """Findings without those told twice (by two facts of one row)."""
    seen: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        seen.setdefault((finding.rule, finding.file, finding.line, finding.column, finding.what), finding)
    return list(seen.values())
