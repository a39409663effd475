"""A workspace at work: one Python call for what every surface shows.

with open_workspace("my-company") as workspace:
    workspace.load(["exports/"])
    print(workspace.query(["ad_spend", "cpc"], by=["channel"], grain="month", period="2026"))
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import msgspec

from leadline.errors import DefinitionError, RefusedError, UsageError, unknown
from leadline.model.fact import Fact
from leadline.model.lookup import Lookup
from leadline.model.metric import Metric
from leadline.model.tree import CREDIT_MODELS, CreditModel, Row
from leadline.plan.answer import Answer
from leadline.plan.cell import Records, cell_legs, cell_of
from leadline.plan.compile import Plan, compile_query
from leadline.plan.leg import Leg
from leadline.plan.need import Need, need_of
from leadline.plan.output import Sense
from leadline.plan.provenance import provenance_of
from leadline.plan.query import Comparison, FactState, Query
from leadline.plan.result import Mark, Result, ResultColumn, Total, Value
from leadline.plan.total import total_queries, total_rows
from leadline.project import Project, Settings, find_workspace, is_currency, open_project
from leadline.sql.relation import Widening
from leadline.sql.render import Renderer
from leadline.time.period import check_grain, parse_period

if TYPE_CHECKING:
    from leadline.ingest.load import LoadReport
    from leadline.warehouse import Warehouse


ORIGINAL = "original"
"""The word for amounts in the currencies they are in."""
ROLES = ("viewer", "admin")


def open_workspace(path: str | Path = ".") -> Workspace:
    """The workspace at `path` or above it."""
    return Workspace(open_project(find_workspace(Path(path))))


class Workspace:
    """Definitions and data of one folder. Use as a context manager, or call `close()`."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._warehouse: Warehouse | None = None
        self._read_only = True
        self._states: dict[str, FactState] | None = None
        self._senses: dict[str, Sense] = {}
        self._proved: set[tuple[str, int | None]] = set()
        self._filled: dict[tuple[str, str], bool] = {}

    @property
    def path(self) -> Path:
        return self.project.folder

    @property
    def settings(self) -> Settings:
        return self.project.settings

    @property
    def metrics(self) -> Mapping[str, Metric]:
        return self.project.metrics

    @property
    def facts(self) -> Mapping[str, Fact]:
        return self.project.facts

    @property
    def today(self) -> dt.date:
        """Today in the workspace's zone, or the day its settings fix."""
        if self.settings.today is not None:
            return self.settings.today
        from leadline.time.zone import offset_at

        now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
        return (now + offset_at(now, self.settings.timezone)).date()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the warehouse; it opens again when needed."""
        if self._warehouse is not None:
            self._warehouse.close()
            self._warehouse = None
        self._states = None
        self._proved.clear()
        self._filled.clear()

    def warehouse(self, *, write: bool = False) -> Warehouse:
        """The workspace's warehouse, opened for reading unless `write`."""
        from leadline.engines.address import is_address
        from leadline.warehouse import Warehouse

        if self._warehouse is None and is_address(self.settings.warehouse):
            from leadline.warehouse.remote import RemoteWarehouse

            landing = self.path / self.settings.landing
            self._warehouse = RemoteWarehouse.at(
                self.settings.warehouse, self.path, self.project.tables, landing=landing
            )
            self._read_only = False
        if self._warehouse is not None and write and self._read_only:
            self.close()
        if self._warehouse is None:
            folder = self.path
            path = folder / self.settings.warehouse
            exists = path.exists()
            self._warehouse = Warehouse.open(
                path, self.project.tables, read_only=exists and not write, landing=folder / self.settings.landing
            )
            self._read_only = exists and not write
            if self._read_only and not self._warehouse.has(self._declared()):
                # A dimension was declared since the last load: its column is added before anything is asked.
                return self.warehouse(write=True)
        return self._warehouse

    def _declared(self) -> dict[str, Fact]:
        """The tables whose columns this workspace declares."""
        own = {lookup.table for lookup in self.project.lookups if lookup.file} | set(self.settings.facts)
        return {name: self.project.tables[name] for name in sorted(own)}

    def states(self) -> dict[str, FactState]:
        """What the ledger knows of every fact that has rows."""
        if self._states is None:
            from leadline.warehouse.state import read_states

            self._states = read_states(self.warehouse(), self.facts, self.settings.timezone, self.project.clocks)
        return self._states

    def load(
        self,
        paths: Iterable[str | Path] = (),
        *,
        source: str | None = None,
        dry_run: bool = False,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> list[LoadReport]:
        """Load files, folders or patterns; one report a delivered file, refused ones among them.

        `source` names the source to read them with instead of recognising it; without paths it is loaded from where
        its definition says. `dry_run` does all but the writing. `progress` is told file name, number and count.
        """
        from leadline.ingest.definition import read_definitions
        from leadline.ingest.load import Settings as LoadSettings
        from leadline.ingest.load import load_paths, load_source

        given = list(paths)
        self.refresh_lookups()
        settings = LoadSettings(
            warehouse=self.warehouse(write=True),
            sources=read_definitions(self.path / "sources", self.project.tables),
            timezone=self.settings.timezone,
            currency=self.settings.currency,
            folder=self.path,
            today=self.today,
        )
        try:
            if not given and source:
                return load_source(settings, source, dry_run=dry_run)
            return load_paths(settings, given, source=source, dry_run=dry_run, progress=progress)
        finally:
            self._states = None
            self._proved.clear()
            self._filled.clear()

    def refresh_lookups(self, lookups: Sequence[Lookup] | None = None) -> None:
        """Bring the files of lookups (all of the workspace's, unless some are given) into the warehouse as they are."""
        of_files = [lookup for lookup in (self.project.lookups if lookups is None else lookups) if lookup.file]
        if not of_files:
            return
        from leadline.ingest.lookup import load_lookup, stale_lookups

        for lookup, content in stale_lookups(self.warehouse().con, self.path, of_files):
            load_lookup(self.warehouse(write=True), self.path, lookup, content)

    def ask(
        self,
        metrics: Sequence[str],
        *,
        by: Sequence[str] = (),
        grain: str = "none",
        period: str | None = None,
        where: str | None = None,
        compare: Sequence[str] = (),
        as_known_at: str | dt.datetime | None = None,
        currency: str | None = None,
        attribution: str | None = None,
        lookback: float | None = None,
    ) -> Query:
        """The query of these words, with its dates resolved."""
        condition = None
        if where:
            from leadline.model.parse import parse_condition

            try:
                condition = parse_condition(where)
            except DefinitionError as error:
                raise UsageError(
                    "bad-filter", error.what.replace("formula", "filter"), why=error.why, fix=error.fix
                ) from None
        compared: list[Comparison] = []
        for word in compare:
            if word == "previous":
                compared.append("previous")
            elif word == "year":
                compared.append("year")
            else:
                raise unknown("comparison", word, ("previous", "year"))
        calendar = self.settings.calendar
        return Query(
            metrics=tuple(dict.fromkeys(metrics)),
            by=tuple(by),
            grain=check_grain(grain),
            period=parse_period(period, self.today, calendar) if period else None,
            where=condition,
            compare=tuple(dict.fromkeys(compared)),
            calendar=calendar,
            timezone=self.settings.timezone,
            today=self.known_day(as_known_at),
            as_of_load=self.load_at(as_known_at) if as_known_at is not None else None,
            currency=self._reporting(currency),
            attribution=self._model(attribution),
            lookback_days=self.settings.lookback_days if lookback is None else lookback,
        )

    def _model(self, name: str | None) -> CreditModel:
        """The attribution model asked for, else the workspace's."""
        for model in CREDIT_MODELS:
            if model == (name or self.settings.attribution):
                return model
        raise unknown("attribution model", str(name), CREDIT_MODELS)

    def _reporting(self, currency: str | None) -> str:
        """The currency to convert amounts into: as asked, else the workspace's; empty for none."""
        if currency is None:
            return self.settings.reporting_currency
        if currency.lower() == ORIGINAL:
            return ""
        code = currency.upper()
        if not is_currency(code):
            raise UsageError(
                "unknown-currency",
                f"{currency!r} is not a currency.",
                why="a currency is a code of three letters",
                fix=f"write for example EUR, or `{ORIGINAL}` to leave amounts as they are",
            )
        return code

    def known_day(self, moment: str | dt.datetime | None) -> dt.date:
        """The last local day of which anything can be known: today, or the day of an earlier moment of knowledge."""
        if moment is None:
            return self.today
        if isinstance(moment, str):
            try:
                moment = dt.datetime.fromisoformat(moment)
            except ValueError:
                # Said with its cure where the load of that moment is looked up.
                return self.today
        if moment.tzinfo is not None:
            from leadline.time.zone import zone

            moment = moment.astimezone(zone(self.settings.timezone))
        return min(moment.date(), self.today)

    def load_at(self, moment: str | dt.datetime) -> int:
        """The last load known at a moment: an ISO date (its end) or time in the workspace's zone."""
        from leadline.time.zone import day_start, zone

        if isinstance(moment, str):
            try:
                if len(moment) == 10:
                    instant = day_start(dt.date.fromisoformat(moment) + dt.timedelta(days=1), self.settings.timezone)
                    return self.warehouse().load_at(instant)
                moment = dt.datetime.fromisoformat(moment)
            except ValueError as error:
                raise UsageError(
                    "bad-moment", f"{moment!r} is not a date or time.", fix="write 2026-03-31 or 2026-03-31T18:00"
                ) from error
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone(self.settings.timezone))
        return self.warehouse().load_at(moment.astimezone(dt.UTC).replace(tzinfo=None))

    def compile(self, query: Query) -> Plan:
        """The plan of a query."""
        return compile_query(query, self.metrics, self.facts, self.states(), self._senses)

    def renderer(self, query: Query) -> Renderer:
        """Renders legs over the facts as the query wants them known, in its currency, with looked-up dimensions."""
        warehouse, tables = self.warehouse(), self.project.tables
        widening = None
        if self.project.lookups or query.currency:
            exchange = None
            if query.currency:
                from leadline.warehouse.exchange import exchange_for

                known = (query.currency, query.timezone, tables, self.states(), query.as_of_load)
                exchange = exchange_for(warehouse, *known)
            widening = Widening(tables, self.project.lookups, self.states(), exchange)
        return warehouse.renderer(self.facts, lambda fact: warehouse.relation(fact, query.as_of_load), widening)

    def _ready(self, query: Query, legs: Sequence[Leg], *, whole: bool = False) -> Renderer:
        """The renderer of some legs, once the lookups they go through are up to date and proved."""
        renderer = self.renderer(query)
        if renderer.widening is None or not self.project.lookups:
            return renderer
        used = {item.name: item for leg in legs for item in renderer.widening.lookups_of(leg, whole=whole)}
        self.refresh_lookups(list(used.values()))
        renderer = self.renderer(query)
        for lookup in used.values():
            if not lookup.file and (lookup.name, query.as_of_load) not in self._proved:
                from leadline.warehouse.proof import prove_lookup

                prove_lookup(self.warehouse(), renderer, self.project.tables, lookup)
                self._proved.add((lookup.name, query.as_of_load))
        return renderer

    def query(
        self,
        metrics: Sequence[str],
        by: Sequence[str] = (),
        grain: str = "none",
        period: str | None = None,
        where: str | None = None,
        compare: Sequence[str] = (),
        as_known_at: str | dt.datetime | None = None,
        currency: str | None = None,
        attribution: str | None = None,
        lookback: float | None = None,
        total: bool = False,
    ) -> Result:
        """Measure metrics; every number carries its provenance.

        `by` dimensions, `grain` day to year or none, `period` as `leadline query --help` lists them, `where` a
        condition, `compare` previous and/or year, `currency` what amounts are converted into. Raises `UsageError` or
        `RefusedError`, never a wrong number. `total` adds the totals over the breakdown and over time.
        """
        asked = self.ask(
            metrics,
            by=by,
            grain=grain,
            period=period,
            where=where,
            compare=compare,
            as_known_at=as_known_at,
            currency=currency,
            attribution=attribution,
            lookback=lookback,
        )
        plan = self.compile(asked)
        return self.with_totals(self.run(plan), plan) if total else self.run(plan)

    def with_totals(self, result: Result, plan: Plan) -> Result:
        """The result with its totals, each counted from the records; the provenance says which have no right answer."""
        totals: list[Total] = []
        told: dict[str, Any] = {"sql": [], "refused": []}
        for asked in total_queries(plan.query, plan.labels):
            try:
                answer = self.run(self.compile(asked))
            except RefusedError as error:
                told["refused"].append(str(error.what))
                continue
            totals += total_rows(result, answer)
            told["sql"] += answer.provenance["sql"]
        return msgspec.structs.replace(result, totals=tuple(totals), provenance={**result.provenance, "totals": told})

    def statements(self, plan: Plan) -> list[str]:
        """The SQL of a plan, a statement a leg; nothing of it is run."""
        renderer = self._ready(plan.query, plan.legs)
        return [renderer.render(leg) for leg in plan.legs]

    def run(self, plan: Plan) -> Result:
        """Run a plan and combine its legs."""
        renderer = self._ready(plan.query, plan.legs)
        warehouse = self.warehouse()
        rates = []
        if plan.query.currency:
            from leadline.warehouse.exchange import used_rates

            rates = used_rates(warehouse, renderer, plan.legs, plan.query.as_of_load)
        answer = Answer(plan, self.facts, self.states())
        statements = []
        for leg in plan.legs:
            sql = renderer.render(leg)
            statements.append(sql)
            answer.take(leg, warehouse.rows(sql)[1])
        columns, rows, marks = answer.rows()
        rows, needs = self._without_nobodys_noughts(plan.query.where, columns, rows, marks)
        provenance = provenance_of(plan, statements, answer, self.states())
        provenance["needs"] = needs
        if plan.query.currency:
            provenance |= {"currency": plan.query.currency, "rates": rates}
        if renderer.widening is not None and self.project.lookups:
            used = {one.name: one for leg in plan.legs for one in renderer.widening.lookups_of(leg, whole=False)}
            provenance["lookups"] = {name: one.file or one.table for name, one in used.items()}
        provenance["marks"] = [[row, column, mark] for (row, column), mark in marks.items()]
        return Result(tuple(columns), rows, provenance, marks, plan.query)

    def need(self, metric: str, where: Row | None = None) -> Need:
        """What a metric lacks before it can have a value: facts without rows, and columns that no source fills.

        Under a filter `where` its columns are wanted too.
        """
        if metric not in self.metrics:
            raise unknown("metric", metric, self.metrics)
        return need_of(self.metrics[metric], self.metrics, self.facts, self.states(), self._empty_columns, where)

    def _empty_columns(self, fact: str, columns: Collection[str]) -> Collection[str]:
        """Of these columns, those empty in every row of the fact; asked once while the warehouse is open."""
        asked = [name for name in columns if (fact, name) not in self._filled]
        if asked:
            warehouse = self.warehouse()
            renderer = warehouse.renderer(self.facts, warehouse.relation)
            counts = ", ".join(f"count({renderer.quote(name)})" for name in asked)
            row = warehouse.rows(f"SELECT {counts} FROM {warehouse.relation(fact)} AS filled")[1][0]
            self._filled |= {(fact, name): bool(count) for name, count in zip(asked, row, strict=True)}
        return [name for name in columns if not self._filled[fact, name]]

    def _without_nobodys_noughts(
        self,
        where: Row | None,
        columns: Sequence[ResultColumn],
        rows: list[tuple[Value, ...]],
        marks: dict[tuple[int, int], Mark],
    ) -> tuple[list[tuple[Value, ...]], dict[str, str]]:
        """Rows without the noughts of metrics that no source feeds, and what each metric without a value needs."""
        needs: dict[str, str] = {}
        void: list[int] = []
        for at, column in enumerate(columns):
            name = column.metric or column.name
            if column.kind != "metric" or name not in self.metrics or any(row[at] for row in rows):
                continue
            need = self.need(name, where)
            if need:
                void.append(at)
            if need.source and (need or all(row[at] is None for row in rows)):
                needs[name] = need.source
        if not void:
            return rows, needs
        marks.update({(number, at): "no-data" for number in range(len(rows)) for at in void})
        return [tuple(None if at in void else value for at, value in enumerate(row)) for row in rows], needs

    def records(self, query: Query, limit: int = 100) -> list[tuple[str, list[str], list[tuple[Any, ...]]]]:
        """The rows behind a whole query: for each leg the fact, column names and rows (newest first).

        Each row ends with the file and line it came from. Personal data is masked. For one cell see `records_of`.
        """
        plan = self.compile(query)
        renderer = self._ready(query, plan.legs, whole=True)
        return [(leg.fact, *self._rows_with_files(renderer.records(leg, limit))) for leg in plan.legs]

    def records_of(
        self, result: Result, row: int | Total, column: str | int, *, role: str = "viewer", limit: int | None = None
    ) -> list[Records]:
        """The records behind one cell of a result: one set for each measure of the metric's formula.

        `row` is a row's number, or one of the result's totals; `column` a metric column by name or number. Counts and
        sums of the records give the measures' values; of a cohort they are first steps, with the moment the next one
        was reached. Personal data is masked unless `role` is `admin`. `limit` caps the rows shown, never `count`.
        """
        if role not in ROLES:
            raise unknown("role", role, ROLES)
        names = result.names
        at = names.index(column) if column in names else column
        if not isinstance(at, int) or not -len(names) <= at < len(names) or result.columns[at].kind != "metric":
            raise unknown("metric column", str(column), [one.name for one in result.columns if one.kind == "metric"])
        query, label, dimensions = cell_of(result, row)
        plan = self.compile(query)
        output = next(output for output in plan.outputs if output.column.name == names[at])
        legs = cell_legs(plan, output, label, dimensions, self.facts, self.states())
        renderer = self._ready(query, [one.leg for one in legs], whole=True)
        found = []
        for one in legs:
            sql = renderer.records(one.leg, limit, one.cell, reveal=role == "admin")
            columns, rows = self._rows_with_files(sql)
            count = len(rows)
            if limit is not None and count == limit:
                count = int(self.warehouse().rows(renderer.count_records(one.leg, one.cell))[1][0][0])
            found.append(Records.of(one, columns, rows, count, sql))
        return found

    def _rows_with_files(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Column names and rows of a drill, each row with the file it was delivered in."""
        warehouse = self.warehouse()
        names, rows = warehouse.rows(sql)
        loads = names.index("_load")
        origins = dict(warehouse.con.execute("SELECT id, origin FROM ledger.load").fetchall())
        return [*names, "_file"], [(*row, origins.get(row[loads])) for row in rows]
