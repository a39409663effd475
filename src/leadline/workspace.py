"""A workspace at work: one Python call for what every surface shows.

with open_workspace("my-company") as workspace:
    workspace.load(["exports/"])
    print(workspace.query(["ad_spend", "cpc"], by=["channel"], grain="month", period="2026"))
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import msgspec

from leadline.errors import DefinitionError, UsageError, unknown
from leadline.model.fact import Fact
from leadline.model.metric import Metric
from leadline.plan.answer import Answer
from leadline.plan.compile import Plan, compile_query
from leadline.plan.query import Comparison, FactState, Query, SourceState
from leadline.plan.result import Result
from leadline.project import Project, Settings, find_workspace, open_project
from leadline.sql.render import Renderer
from leadline.time.period import check_grain, parse_period

if TYPE_CHECKING:
    from leadline.ingest.load import LoadReport
    from leadline.warehouse import Warehouse


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

    def warehouse(self, *, write: bool = False) -> Warehouse:
        """The workspace's warehouse, opened for reading unless `write`."""
        from leadline.warehouse import Warehouse

        if self._warehouse is not None and write and self._read_only:
            self.close()
        if self._warehouse is None:
            folder = self.path
            path = folder / self.settings.warehouse
            exists = path.exists()
            self._warehouse = Warehouse.open(
                path, self.facts, read_only=exists and not write, landing=folder / self.settings.landing
            )
            self._read_only = exists and not write
            if self._read_only and not self._warehouse.has({name: self.facts[name] for name in self.settings.facts}):
                # A dimension was declared since the last load: its column is added before anything is asked.
                return self.warehouse(write=True)
        return self._warehouse

    def states(self) -> dict[str, FactState]:
        """What the ledger knows of every fact that has rows."""
        if self._states is None:
            self._states = _read_states(self.warehouse(), self.facts, self.settings.timezone)
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
        settings = LoadSettings(
            warehouse=self.warehouse(write=True),
            sources=read_definitions(self.path / "sources", self.facts),
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
            as_of_load=self.load_at(as_known_at) if as_known_at is not None else None,
        )

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
        return compile_query(query, self.metrics, self.facts, self.states())

    def renderer(self, query: Query) -> Renderer:
        """Renders legs over the facts as the query wants them known."""
        warehouse = self.warehouse()
        return Renderer(self.facts, lambda fact: warehouse.relation(fact, query.as_of_load))

    def query(
        self,
        metrics: Sequence[str],
        by: Sequence[str] = (),
        grain: str = "none",
        period: str | None = None,
        where: str | None = None,
        compare: Sequence[str] = (),
        as_known_at: str | dt.datetime | None = None,
    ) -> Result:
        """Measure metrics; every number carries its provenance.

        `by` dimensions, `grain` day to year or none, `period` as `leadline query --help` lists them, `where` a
        condition, `compare` previous and/or year. Raises `UsageError` or `RefusedError`, never a wrong number.
        """
        asked = self.ask(
            metrics, by=by, grain=grain, period=period, where=where, compare=compare, as_known_at=as_known_at
        )
        return self.run(self.compile(asked))

    def run(self, plan: Plan) -> Result:
        """Run a plan and combine its legs."""
        renderer = self.renderer(plan.query)
        con = self.warehouse().con
        answer = Answer(plan, self.facts, self.states())
        statements = []
        for leg in plan.legs:
            sql = renderer.render(leg)
            statements.append(sql)
            answer.take(leg, con.execute(sql).fetchall())
        columns, rows, marks = answer.rows()
        provenance = self._provenance(plan, statements, answer)
        provenance["marks"] = [[row, column, mark] for (row, column), mark in marks.items()]
        return Result(tuple(columns), rows, provenance, marks)

    def _provenance(self, plan: Plan, statements: list[str], answer: Answer) -> dict[str, Any]:
        query = plan.query
        used = dict.fromkeys(leaf.measure.fact for output in plan.outputs for leaf in output.leaves)
        states = self.states()
        facts: dict[str, Any] = {}
        for name in used:
            state = states.get(name, FactState())
            facts[name] = {
                "rows": state.rows,
                "sources": {
                    source.source: {
                        "rows": source.rows,
                        "from": source.first.isoformat() if source.first else None,
                        "through": source.through.isoformat() if source.through else None,
                    }
                    for source in state.sources
                },
            }
        return {
            "metrics": plan.definitions,
            "period": {
                "from": query.period.start.isoformat(),
                "until": query.period.end.isoformat(),
                "label": query.period.label,
            }
            if query.period
            else None,
            "grain": query.grain,
            "by": list(query.by),
            "timezone": query.timezone,
            "as_of_load": query.as_of_load,
            "facts": facts,
            "without_data": [name for name in used if not states.get(name, FactState()).rows],
            "late": answer.late(),
            "sql": statements,
        }

    def records(self, query: Query, limit: int = 100) -> list[tuple[str, list[str], list[tuple[Any, ...]]]]:
        """The rows behind a query's numbers: for each leg the fact, column names and rows (newest first).

        Each row ends with the file and line it came from. Personal data is masked.
        """
        plan = self.compile(query)
        renderer = self.renderer(query)
        con = self.warehouse().con
        found = []
        for leg in plan.legs:
            cursor = con.execute(
                f"SELECT records.*, delivery.origin AS _file FROM ({renderer.records(leg, limit)}) AS records "
                "LEFT JOIN ledger.load AS delivery ON delivery.id = _load"
            )
            names = [column[0] for column in cursor.description or ()]
            found.append((leg.fact, names, cursor.fetchall()))
        return found


def _read_states(warehouse: Warehouse, facts: Mapping[str, Fact], timezone: str) -> dict[str, FactState]:
    """The ledger's knowledge by fact; what sources cover is told in local time, for days are local."""
    from leadline.time.zone import offset_at

    rows = warehouse.con.execute(
        "SELECT s.fact, s.source, s.row_count, s.currencies, s.times, c.first, c.last FROM ledger.state s LEFT JOIN "
        "(SELECT fact, source, min(first) AS first, max(last) AS last FROM ledger.coverage GROUP BY ALL) c "
        "ON c.fact = s.fact AND c.source = s.source WHERE s.row_count > 0 ORDER BY s.fact, s.source"
    ).fetchall()
    states: dict[str, list[SourceState]] = {}
    for fact, source, count, currencies, times, first, last in rows:
        bounds = {name: (_moment(low), _moment(high)) for name, (low, high) in msgspec.json.decode(times).items()}
        if fact not in facts:
            continue
        low, high = bounds.get(facts[fact].time, (None, None))
        begins = min((at for at in (first, low) if at is not None), default=None)
        reaches = max((at for at in (last, high) if at is not None), default=None)
        if facts[fact].column(facts[fact].time).type == "timestamp":
            begins, reaches = (at and at + offset_at(at, timezone) for at in (begins, reaches))
        states.setdefault(fact, []).append(
            SourceState(
                source,
                count,
                tuple(currencies),
                bounds,
                begins,
                reaches,
            )
        )
    return {fact: FactState(tuple(sources)) for fact, sources in states.items()}


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None
