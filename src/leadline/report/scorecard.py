"""The scorecard: at most seven KPIs along the journey, each for its last complete period.

A KPI whose source is behind, or whose latest cohorts still have time to convert, shows the last period it has whole,
under that period's name, and says so: never a part of a period dressed as all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal, cast

from msgspec import Struct

from leadline.charts.label import clean
from leadline.charts.period import as_date
from leadline.charts.scale import Number
from leadline.errors import DefinitionError, LeadlineError, UsageError, unknown
from leadline.governance.pace import Pace
from leadline.language.language import ENGLISH, Language
from leadline.model.annotation import Annotation
from leadline.plan.result import Mark, Result
from leadline.report.change import Change, Verdict, change
from leadline.report.note import comparison_notes
from leadline.report.provenance import statements, watermark
from leadline.report.workspace import Asked
from leadline.time.calendar import GRAINS, Grain

MOST_KPIS = 7
# A year and the period it is held against, or what an eye takes in.
SHOWN = {"day": 29, "week": 13, "month": 13, "quarter": 9, "year": 6}
STAGES = (
    "awareness", "visitor", "acquisition", "lead", "activation", "mql", "sal", "sql", "opportunity", "revenue",
    "customer", "retention", "expansion", "referral", "advocate",
)  # fmt: skip
_MOST_UNFINISHED = 4
State = Literal["complete", "maturing", "settling", "late", "missing"]
Status = Literal["on track", "watch", "act"]
# What makes a period unfit to stand for itself; being compared in part does not.
_UNFIT = ("unfinished", "settling", "immature", "no-data")


class Definition(Struct, frozen=True):
    """What a reader needs to know of a metric to trust its number."""

    id: str
    name: str
    doc: str = ""
    formula: str = ""
    unit: str = "count"
    better: str = ""
    stage: str = ""
    timing: str = ""
    owner: str = ""
    version: str = ""
    pitfalls: tuple[str, ...] = ()


class Kpi(Struct, frozen=True):
    """One row of the scorecard.

    `values` and `last_year` go with `periods`, oldest first; the last `unfinished` of them are not whole yet and
    `value` is that of the one before them, in `period`. `state` says why that is not the scorecard's own period:
    its source is late, later cohorts are maturing or conversions settling; `problem` says why there is no value,
    `remarks` why there is no comparison or with what it is made. On each of `breaks` another definition begins.
    `goal` holds `value` against the goal of its period, `pace` is the goal still running; `status` and `action` follow
    from them (`leadline.report.scorecard_goal`).
    """

    definition: Definition
    period: date | None = None
    value: Number | None = None
    previous: Change = Change(None)
    year: Change = Change(None)
    periods: tuple[date, ...] = ()
    values: tuple[Number | None, ...] = ()
    last_year: tuple[Number | None, ...] = ()
    unfinished: int = 0
    state: State = "complete"
    fresh_to: date | None = None
    currency: str = ""
    problem: str = ""
    remarks: tuple[str, ...] = ()
    breaks: tuple[date, ...] = ()
    goal: Pace | None = None
    pace: Pace | None = None
    status: Status | None = None
    action: str = ""

    @property
    def verdict(self) -> Verdict:
        """Better or worse: than a year before, which knows the season, else than the period before."""
        return self.previous.verdict if self.year.verdict == "unknown" else self.year.verdict


class Scorecard(Struct, frozen=True):
    """KPIs in the order of the journey, with what all of them share.

    `period` is the latest complete one; `fresh_to` the last day of the freshest source: a KPI that is behind says so.
    """

    workspace: str
    grain: str
    kpis: tuple[Kpi, ...]
    period: date | None = None
    fresh_to: date | None = None
    currency: str = ""
    timezone: str = ""
    model: str = ""
    as_known_at: str = ""
    sql: tuple[str, ...] = ()
    annotations: tuple[Annotation, ...] = ()


def build_scorecard(
    workspace: Asked,
    *,
    kpis: Sequence[str] = (),
    grain: str = "",
    period: str | None = None,
    as_known_at: Any = None,
    today: date | None = None,
    where: str | None = None,
    language: Language = ENGLISH,
) -> Scorecard:
    """The scorecard of a workspace, from one query over all its KPIs.

    `kpis` and `grain` are those of `dashboards/scorecard.yaml` unless given; `period` limits the time looked at (its
    last complete period of `grain` is shown), `where` the rows. A KPI that cannot be asked shows its reason, the others
    their numbers. Raises `DefinitionError` for more than seven KPIs, `UsageError` for an unknown grain or metric.
    """
    dashboard = workspace.project.dashboards.get("scorecard")
    grain = grain or getattr(dashboard, "grain", "month")
    if grain not in GRAINS:
        raise UsageError("unknown-grain", f"There is no grain {grain!r}.", fix=f"use {', '.join(GRAINS)}")
    chosen = list(kpis) or list(getattr(dashboard, "kpis", ()))
    _check(chosen, workspace)
    now = today or workspace.today
    currency = workspace.settings.currency
    found: list[Kpi] = []
    asked: list[str] = []
    for names, result in _ask(workspace, chosen, grain, period, as_known_at, where):
        if isinstance(result, LeadlineError):
            found += [Kpi(_definition(workspace, name), state="missing", problem=result.what) for name in names]
            continue
        asked += [sql for sql in statements(result.provenance) if sql not in asked]
        found += [_kpi(result, workspace, name, grain, now, currency, language) for name in names]
    latest = max((kpi.period for kpi in found if kpi.period), default=None)
    order = {name: index for index, name in enumerate(STAGES)}
    fresh = [kpi.fresh_to for kpi in found if kpi.fresh_to]
    return Scorecard(
        workspace=str(getattr(workspace.settings, "name", "")),
        grain=grain,
        kpis=tuple(
            _marked_late(kpi, latest)
            for kpi in sorted(found, key=lambda kpi: order.get(kpi.definition.stage.lower(), len(order)))
        ),
        period=latest,
        fresh_to=max(fresh, default=None),
        currency=currency,
        timezone=workspace.settings.timezone,
        model=workspace.settings.model,
        as_known_at=str(as_known_at or ""),
        sql=tuple(asked),
    )


def _check(chosen: Sequence[str], workspace: Asked) -> None:
    if not chosen:
        raise DefinitionError(
            "empty-scorecard",
            "The workspace has no KPIs on its scorecard.",
            why="dashboards/scorecard.yaml names none",
            fix="write `kpis: [metric, …]` there, at most seven",
        )
    if len(chosen) > MOST_KPIS:
        raise DefinitionError(
            "too-many-kpis",
            f"A scorecard holds at most {MOST_KPIS} KPIs; this one has {len(chosen)}.",
            why="a team steers by a few numbers; the rest belong on a dashboard of their own",
            fix=f"keep {MOST_KPIS} in dashboards/scorecard.yaml",
        )
    for name in chosen:
        if name not in workspace.metrics:
            raise unknown("metric", name, workspace.metrics, why="it is on the scorecard")


def _ask(
    workspace: Asked, names: list[str], grain: str, period: str | None, as_known_at: Any, where: str | None
) -> list[tuple[list[str], Result | LeadlineError]]:
    """All KPIs in one query; one by one only when that fails, so that one bad KPI does not hide the others."""
    try:
        return [(names, _query(workspace, names, grain, period, as_known_at, where))]
    except LeadlineError as error:
        if len(names) == 1:
            return [(names, error)]
    return [answer for name in names for answer in _ask(workspace, [name], grain, period, as_known_at, where)]


def _query(
    workspace: Asked, names: list[str], grain: str, period: str | None, as_known_at: Any, where: str | None
) -> Result:
    words: dict[str, Any] = {"where": where} if where else {}
    compare = ("previous", "year")
    return workspace.query(names, grain=grain, period=period, compare=compare, as_known_at=as_known_at, **words)


def _kpi(
    result: Result, workspace: Asked, name: str, grain: str, today: date, currency: str, language: Language
) -> Kpi:
    main = _column(result, name)
    definition = _definition(workspace, name, result.columns[main].unit if main is not None else "")
    rows = {compare: _by_period(result, definition.id, compare) for compare in ("", "previous", "year")}
    marks = _marks_by_period(result, definition.id)
    values = rows[""]
    known_to = watermark(result.provenance, _facts_of(workspace, name))
    begun = [period for period in sorted(values) if period <= min(known_to or today, today)]
    filled = [period for period in begun if values[period] is not None]
    if not filled:
        return Kpi(definition, state="missing", fresh_to=known_to, problem="no data in this time")
    end = known_to or filled[-1]
    calendar, step = workspace.settings.calendar, cast("Grain", grain)
    whole = [p for p in begun if p <= end and marks.get(p) not in _UNFIT and calendar.shift(p, step, 1) <= today]
    if not whole:
        immature = "immature" in marks.values()
        problem = "no cohort is mature yet" if immature else f"no {grain} is complete yet"
        return Kpi(definition, state="missing", fresh_to=known_to, problem=problem)
    at = whole[-1]
    after = [period for period in begun if period > at and values[period] is not None][:_MOST_UNFINISHED]
    shown = [calendar.shift(at, step, -back) for back in reversed(range(SHOWN[grain]))]
    first = max(shown[0], begun[0])
    shown = [period for period in shown if period >= first] + after
    before = rows["previous"].get(at, values.get(calendar.shift(at, step, -1)))
    unit, better = definition.unit, definition.better
    return Kpi(
        definition,
        period=at,
        value=values[at],
        previous=change(values[at], before, unit=unit, better=better),
        year=change(values[at], rows["year"].get(at), unit=unit, better=better),
        periods=tuple(shown),
        values=tuple(values.get(period) for period in shown),
        last_year=tuple(rows["year"].get(period) for period in shown),
        unfinished=len(after),
        state=_state([marks.get(period) for period in after]),
        remarks=tuple(comparison_notes(result.provenance, at, definition.id, language)),
        breaks=tuple(result.breaks_of(definition.id)),
        fresh_to=known_to,
        currency=(result.columns[main].currency if main is not None else "") or currency,
    )


def _state(after: Sequence[Mark | None]) -> State:
    """Why the periods after the one shown are not fit to be shown, as far as it is not the calendar's doing."""
    if "immature" in after:
        return "maturing"
    return "settling" if "settling" in after else "complete"


def _marked_late(kpi: Kpi, latest: date | None) -> Kpi:
    if kpi.period is None or latest is None or kpi.period >= latest or kpi.state in ("maturing", "settling"):
        return kpi
    from msgspec.structs import replace

    return replace(kpi, state="late")


def _column(result: Result, metric: str, compare: str = "") -> int | None:
    for index, column in enumerate(result.columns):
        if column.kind == "metric" and (column.metric or column.name) == metric and column.compare == compare:
            return index
    return None


def _by_period(result: Result, metric: str, compare: str) -> dict[date, Number | None]:
    index = _column(result, metric, compare)
    found: dict[date, Number | None] = {}
    for period, row in _dated(result):
        value = result.rows[row][index] if index is not None else None
        if isinstance(value, int | float | Decimal):
            found[period] = value
        elif index is not None:
            found[period] = None
    return found


def _marks_by_period(result: Result, metric: str) -> dict[date, Mark]:
    index = _column(result, metric)
    dated = {row: period for period, row in _dated(result)}
    return {dated[row]: mark for (row, column), mark in result.marks.items() if column == index and row in dated}


def _dated(result: Result) -> list[tuple[date, int]]:
    """Each row's period and place; rows outside time have none."""
    time = next((i for i, column in enumerate(result.columns) if column.kind == "time"), None)
    if time is None:
        return []
    periods = [(row[time], place) for place, row in enumerate(result.rows)]
    return [(as_date(period), place) for period, place in periods if isinstance(period, date)]


def _facts_of(workspace: Asked, name: str) -> tuple[str, ...]:
    from leadline.model.infer import meaning_of

    return meaning_of(workspace.metrics[name], workspace.metrics, workspace.facts).facts


def _definition(workspace: Asked, name: str, unit: str = "") -> Definition:
    metric = workspace.metrics[name]
    return Definition(
        id=name,
        name=clean(metric.label),
        doc=clean(metric.doc),
        formula=clean(metric.formula),
        unit=unit or metric.unit or "count",
        better=metric.better,
        stage=metric.stage,
        timing=metric.timing,
        owner=clean(metric.owner),
        version=str(metric.version),
        pitfalls=tuple(map(clean, metric.pitfalls)),
    )
