"""A workspace folder as data: settings, facts, metrics and dashboards, resolved and checked.

Parsing a hundred formulas costs more than answering a query, so the checked project is kept beside the warehouse as
MessagePack under a stamp of every file it was made from; any change makes it anew.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from leadline.errors import DefinitionError, UsageError, meant
from leadline.model.clock import ClockDefinition, SourceClock, read_clocks
from leadline.model.document import Document, read_document
from leadline.model.fact import Column, ColumnType, Fact
from leadline.model.journey import JourneyDefinition, read_journey
from leadline.model.lookup import Lookup, LookupDefinition, lookup_table, resolve_lookups
from leadline.model.metric import Metric, MetricDefinition
from leadline.model.rollup import RollupDefinitions, check_rollups
from leadline.model.segment import resolve_segments, segment_files
from leadline.model.sign_in import SignIn
from leadline.model.tree import CreditModel
from leadline.time.calendar import Calendar
from leadline.time.retail import WEEKDAYS, Pattern, RetailYear, parse_year_end
from leadline.version import __version__

SETTINGS_FILE = "leadline.yaml"
CACHE_FOLDER = ".leadline"
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class OwnColumn(Struct, frozen=True, forbid_unknown_fields=True):
    """A dimension that a workspace adds to a fact."""

    doc: str
    type: ColumnType = "text"
    personal: bool = False


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`leadline.yaml`.

    `timezone` is an IANA name, `currency` an ISO 4217 code, `fiscal_year_start` a month from 1 to 12. `today` fixes
    the clock, for workspaces about the past. `facts` adds own dimensions to facts, `lookups` lends them those of files
    and other facts. Amounts are converted into `reporting_currency` where one is set. `reveal_personal` lets the
    command line show personal data in records. `teams` are those that sign definitions. `retail_calendar` makes months,
    quarters and years those of whole weeks, the year ending as `retail_year_ends` says. `sources` says what a source
    cannot say itself of its time. `sign_in` lets people in by an identity provider.
    `rollups` are the facts kept counted up by day, with the dimensions they keep.
    """

    name: str = ""
    model: str = ""
    timezone: str = "UTC"
    currency: str = ""
    reporting_currency: str = ""
    attribution: CreditModel = "last_non_direct"
    lookback_days: float = 90
    week_start: Weekday = "monday"
    fiscal_year_start: int = 1
    retail_calendar: Pattern | None = None
    retail_year_ends: str = "nearest saturday to the end of january"
    languages: tuple[str, ...] = ("en",)
    warehouse: str = "warehouse.duckdb"
    landing: str = "landing"
    today: dt.date | None = None
    facts: dict[str, dict[str, OwnColumn]] = field(default_factory=dict)
    lookups: dict[str, LookupDefinition] = field(default_factory=dict)
    reveal_personal: bool = False
    teams: tuple[str, ...] = ("marketing", "sales")
    sources: dict[str, ClockDefinition] = field(default_factory=dict)
    sign_in: SignIn | None = None
    rollups: RollupDefinitions = field(default_factory=dict)

    @property
    def calendar(self) -> Calendar:
        if self.retail_calendar is None:
            return Calendar(WEEKDAYS.index(self.week_start), self.fiscal_year_start)
        retail = RetailYear(self.retail_calendar, *parse_year_end(self.retail_year_ends))
        return Calendar(retail.week_start, retail=retail)


class LeftOut(Struct, frozen=True, forbid_unknown_fields=True):
    """A KPI considered and not taken, and why: the record that requirement 000-01 asks for."""

    metric: str
    why: str


class Dashboard(Struct, frozen=True, forbid_unknown_fields=True):
    """A chosen set of KPIs."""

    title: str = ""
    kpis: tuple[str, ...] = ()
    grain: Literal["week", "month", "quarter"] = "month"
    by: str = ""
    left_out: tuple[LeftOut, ...] = ()


class Project(Struct, frozen=True):
    """All definitions of a workspace. `path` is its folder.

    `facts` are what can be asked, looked-up dimensions included; `tables` what the warehouse keeps.
    """

    path: str
    settings: Settings
    facts: dict[str, Fact]
    metrics: dict[str, Metric]
    dashboards: dict[str, Dashboard]
    tables: dict[str, Fact]
    lookups: tuple[Lookup, ...] = ()
    clocks: dict[str, SourceClock] = field(default_factory=dict)
    journeys: dict[str, JourneyDefinition] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return Path(self.path)


class _Kept(Struct, frozen=True):
    stamp: str
    project: Project


def find_workspace(start: Path) -> Path:
    """The workspace folder at `start` or above it; `UsageError` when there is none."""
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / SETTINGS_FILE).is_file():
            return folder
    raise UsageError(
        "no-workspace",
        f"There is no workspace at {start}.",
        why=f"neither this folder nor one above it has a {SETTINGS_FILE}",
        fix="make one with `leadline init DIR`, or name one with --workspace DIR",
    )


def open_project(folder: Path) -> Project:
    """The project of a workspace folder, from the cache when no definition has changed."""
    if not (folder / SETTINGS_FILE).is_file():
        raise UsageError(
            "no-workspace",
            f"{folder} is not a workspace: it has no {SETTINGS_FILE}.",
            fix=f"make one with `leadline init {folder}`",
        )
    stamp = project_stamp(folder)
    cache = folder / CACHE_FOLDER / "project.msgpack"
    try:
        kept = msgspec.msgpack.decode(cache.read_bytes(), type=_Kept)
        if kept.stamp == stamp:
            return kept.project
    except (OSError, msgspec.DecodeError):
        # No cache, or one written by another version: it is made anew below.
        pass
    project = read_project(folder)
    _keep(cache, _Kept(stamp, project))
    return project


def _keep(cache: Path, kept: _Kept) -> None:
    try:
        cache.parent.mkdir(exist_ok=True)
        partial = cache.with_suffix(".part")
        partial.write_bytes(msgspec.msgpack.encode(kept))
        partial.replace(cache)
    except OSError:
        # A read-only workspace works too, only slower.
        return


def _definition_files(folder: Path) -> Iterator[Path]:
    yield folder / SETTINGS_FILE
    for room in ("metrics", "dashboards", "sources", "segments", "journeys"):
        yield from sorted((folder / room).glob("*.yaml"))
        yield from sorted((folder / room).glob("*.yml"))


def project_stamp(folder: Path) -> str:
    digest = hashlib.sha256(f"{__version__}|{folder.resolve()}|{_catalogue_stamp()}".encode())
    for path in _definition_files(folder):
        facts = path.stat()
        digest.update(f"|{path.name}|{facts.st_mtime_ns}|{facts.st_size}".encode())
    return digest.hexdigest()


def _catalogue_stamp() -> str:
    """Changes when the installed package does, so that developers never see yesterday's definitions."""
    package = Path(__file__).parent
    newest = max(
        entry.stat().st_mtime_ns
        for room in ("catalogue", "model", "ingest/vendors")
        for entry in (package / room).iterdir()
        if entry.is_file()
    )
    return f"{newest}|{Path(__file__).stat().st_mtime_ns}"


def read_project(folder: Path) -> Project:
    """Read and check every definition of a workspace folder, without any cache."""
    document = _document(folder / SETTINGS_FILE, folder)
    settings = _read_settings(document)
    stored = _extended_facts(settings)
    lookups, facts = resolve_lookups(settings.lookups, stored, document)
    segments, facts = resolve_segments([_document(path, folder) for path in segment_files(folder)], stored, facts)
    lookups += segments
    tables = stored | {lookup.table: lookup_table(lookup) for lookup in lookups if lookup.file}
    check_rollups(settings.rollups, stored, document)
    metrics = read_metrics(folder, facts)
    _check_contracts(metrics, settings)
    dashboards = {}
    for path in sorted((folder / "dashboards").glob("*.y*ml")):
        document = _document(path, folder)
        dashboard = document.convert(Dashboard, document.data)
        _check_dashboard(dashboard, metrics, document)
        dashboards[path.stem] = dashboard
    clocks = read_clocks(folder, settings.sources, document.place("sources"))
    journeys = {
        path.stem: read_journey(_document(path, folder)) for path in sorted((folder / "journeys").glob("*.y*ml"))
    }
    return Project(str(folder.resolve()), settings, facts, metrics, dashboards, tables, lookups, clocks, journeys)


def _document(path: Path, folder: Path) -> Document:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DefinitionError(
            "bad-yaml", f"{path.name} is not UTF-8 text.", why=str(error), fix="save it as UTF-8"
        ) from None
    return read_document(text, str(path.relative_to(folder)))


def _read_settings(document: Document) -> Settings:
    from leadline.catalogue import LANGUAGES
    from leadline.model.facts import FACTS
    from leadline.model.sign_in import check_sign_in
    from leadline.time.zone import zone

    settings = document.convert(Settings, document.data)
    try:
        zone(settings.timezone)
    except UsageError as error:
        raise DefinitionError(error.code, error.what, why=document.place("timezone"), fix=error.fix) from None
    if not 1 <= settings.fiscal_year_start <= 12:
        raise DefinitionError(
            "bad-definition",
            "The fiscal year starts in a month from 1 to 12.",
            why=document.place("fiscal_year_start"),
            fix="write 4 for April",
        )
    _check_retail(settings, document)
    check_sign_in(settings.sign_in, document)
    for name in ("currency", "reporting_currency"):
        code = getattr(settings, name)
        if code and not is_currency(code):
            raise DefinitionError(
                "bad-definition",
                f"{code!r} is not a currency code.",
                why=document.place(name),
                fix="write three capital letters, for example EUR",
            )
    for number, tag in enumerate(settings.languages):
        if tag[:2].lower() not in LANGUAGES:
            raise DefinitionError(
                "unknown-language",
                f"There are no texts in a language {tag!r}.",
                why=document.place("languages", str(number)),
                fix=f"use one of {', '.join(LANGUAGES)}, with a region if you like (ar-EG)",
            )
    for fact in settings.facts:
        if fact not in FACTS:
            raise DefinitionError(
                "unknown-fact",
                f"There is no fact named {fact!r}.",
                why=document.place("facts", fact),
                fix=meant(fact, FACTS, f"facts are {', '.join(FACTS)}"),
            )
    return settings


def _check_retail(settings: Settings, document: Document) -> None:
    """A retail calendar says itself when weeks and years begin."""
    if settings.retail_calendar is None:
        if "retail_year_ends" in document.data:
            raise DefinitionError(
                "bad-definition",
                "A retail year needs a retail calendar.",
                why=document.place("retail_year_ends"),
                fix="add `retail_calendar: 4-5-4`",
            )
        return
    try:
        first = WEEKDAYS[settings.calendar.week_start]
    except UsageError as error:
        raise DefinitionError(error.code, error.what, why=document.place("retail_year_ends"), fix=error.fix) from None
    for name, wrong in (("fiscal_year_start", True), ("week_start", settings.week_start != first)):
        if name in document.data and wrong:
            raise DefinitionError(
                "two-calendars",
                f"A retail calendar and {name} contradict each other.",
                why=document.place(name),
                fix=f"leave {name} out: weeks begin on {first}, years as retail_year_ends says",
            )


def is_currency(code: str) -> bool:
    """Whether a text has the form of an ISO 4217 code."""
    return len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()


def _extended_facts(settings: Settings) -> dict[str, Fact]:
    from leadline.model.facts import FACTS

    facts = dict(FACTS)
    for name, columns in settings.facts.items():
        own = tuple(
            Column(column, spec.type, spec.doc, role="dimension", personal=spec.personal)
            for column, spec in columns.items()
        )
        facts[name] = facts[name].extended(own)
    return facts


def read_metrics(folder: Path | None, facts: Mapping[str, Fact]) -> dict[str, Metric]:
    """The catalogue's metrics and the workspace's own, which may replace a built-in one of the same id."""
    from leadline.model.infer import check_cycles, check_formula, check_versions

    read = dict(_built_in())
    own: dict[str, tuple[Metric, str]] = {}
    if folder is not None:
        for path in sorted((folder / "metrics").glob("*.y*ml")):
            document = _document(path, folder)
            for name, entry in _metrics_of(document).items():
                if name in own:
                    raise DefinitionError(
                        "metric-twice",
                        f"Metric {name!r} is defined twice.",
                        why=f"{own[name][1]} and {entry[1]}",
                        fix="keep one of them",
                    )
                own[name] = entry
    read |= own
    metrics = {}
    for name, (metric, place) in read.items():
        checked = check_formula(metric.tree, facts, read, where=place)
        versions = tuple(
            msgspec.structs.replace(version, tree=check_formula(version.tree, facts, read, where=place))
            for version in metric.versions
        )
        metrics[name] = msgspec.structs.replace(metric, tree=checked, versions=versions)
    check_cycles(metrics)
    for metric in metrics.values():
        if metric.versions:
            check_versions(metric, metrics, facts)
    return metrics


@cache
def _built_in() -> Mapping[str, tuple[Metric, str]]:
    """The catalogue's metrics before they are checked: they are the same for all workspaces of a process."""
    from leadline.catalogue import documents

    return MappingProxyType({name: entry for document in documents() for name, entry in _metrics_of(document).items()})


_APART = ("examples", "versions")
"""Fields of a definition that a resolved metric has not, or has otherwise."""


def _metrics_of(document: Document) -> dict[str, tuple[Metric, str]]:
    from leadline.model.parse import parse_formula
    from leadline.model.version import read_versions

    if not isinstance(document.data, dict):
        raise DefinitionError(
            "bad-definition",
            "A metrics file maps ids to metrics.",
            why=f"{document.file}:1",
            fix="write `my_metric:` with `formula:` below it",
        )
    found = {}
    for name, data in document.data.items():
        place = document.place(str(name))
        definition = document.convert(MetricDefinition, _as_definition(data, place), str(name))
        where = document.place(str(name), "formula")
        try:
            formula = parse_formula(definition.formula)
        except DefinitionError as error:
            raise DefinitionError(
                error.code, error.what, why=f"{where}: metric {name}, {error.why}", fix=error.fix
            ) from None
        plain = {key: getattr(definition, key) for key in definition.__struct_fields__ if key not in _APART}
        versions = read_versions(definition, document, str(name)) if definition.versions else ()
        found[str(name)] = (Metric(id=str(name), tree=formula, origin=where, versions=versions, **plain), where)
    return found


def _check_contracts(metrics: Mapping[str, Metric], settings: Settings) -> None:
    """Only teams of the workspace can be asked to sign."""
    for metric in metrics.values():
        for team in metric.contract.teams if metric.contract is not None else ():
            if team not in settings.teams:
                raise DefinitionError(
                    "unknown-team",
                    f"There is no team named {team!r}.",
                    why=f"{metric.origin}: the contract of {metric.id}",
                    fix=meant(team, settings.teams, "add it to `teams:` in leadline.yaml"),
                )


def _as_definition(data: Any, place: str) -> Any:
    """A lone text is short for a formula."""
    if isinstance(data, str):
        return {"formula": data}
    if not isinstance(data, dict):
        raise DefinitionError(
            "bad-definition", "A metric needs a formula.", why=place, fix="write `formula: sum(ad.spend)` below its id"
        )
    return data


def _check_dashboard(dashboard: Dashboard, metrics: Mapping[str, Metric], document: Document) -> None:
    for number, kpi in enumerate(dashboard.kpis):
        if kpi not in metrics:
            raise DefinitionError(
                "unknown-metric",
                f"There is no metric named {kpi!r}.",
                why=document.place("kpis", str(number)),
                fix=meant(kpi, metrics, "list them with `leadline metrics`"),
            )
    if len(dashboard.kpis) > 7:
        raise DefinitionError(
            "too-many-kpis",
            f"A scorecard holds at most seven KPIs, and this one has {len(dashboard.kpis)}.",
            why=document.place("kpis", "7"),
            fix="move the rest to `left_out` with the reason; the full deck is one query away",
        )
