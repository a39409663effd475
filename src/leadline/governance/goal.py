"""The goals of a workspace, as its fact `goal` has them, and what is wanted of any period they speak for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from leadline.charts.scale import Number
from leadline.errors import DefinitionError, RefusedError, UsageError, unknown
from leadline.governance.split import (
    Curve,
    Splitting,
    cumulative,
    even_curve,
    parts,
    past_spans,
    seasonal_curve,
    working_curve,
)
from leadline.model.goal import (
    FACT,
    FOLDER,
    KIND_WORDS,
    QUOTA,
    Goal,
    Kind,
    Segment,
    Split,
    check_goals,
    kind_of,
    measured_by,
    read_goals,
    segment_columns,
)
from leadline.model.infer import meaning_of
from leadline.plan.reach import reaches
from leadline.sql.name import quote
from leadline.time.business import DAY, BusinessHours
from leadline.time.period import Period
from leadline.warehouse.goal import SOURCE
from leadline.workspace import Workspace

_BUSY = 0.5
"""The share of past days on which something must have happened for a segment to have a season of its own."""


class Reach(Struct, frozen=True):
    """From when until when a metric is known, both days included, and the sources that are behind the others."""

    first: dt.date
    last: dt.date
    late: tuple[str, ...] = ()


class Wanted(Struct, frozen=True):
    """What a goal asks of a period: the goal itself, a part of it, or the sum of several.

    `made_of` says which of these in words; empty for the goal as it was set.
    """

    goal: Goal
    kind: Kind
    made_of: str = ""
    splitting: Splitting | None = None


def goals_of(workspace: Workspace, *, as_known_at: str | None = None) -> tuple[Goal, ...]:
    """Every goal that the workspace knows, from its files and other sources, ordered by metric, time and segment.

    Bands and split rules are those of the files. Raises `DefinitionError` when a goal stands twice.
    """
    workspace.states()
    dimensions = segment_columns(workspace.project.tables)
    asked = workspace.load_at(as_known_at) if as_known_at else None
    columns = ("metric", "date", "ends", "target", "currency", "_source", "_line", *dimensions)
    sql = (
        f"SELECT {', '.join(map(quote, columns))}\nFROM {workspace.warehouse().relation(FACT, asked)} AS goals\n"
        "WHERE target IS NOT NULL\nORDER BY metric, date, ends, _source, _line"
    )
    written = {goal.key: goal for goal in file_goals(workspace)}
    found = []
    for row in workspace.warehouse().rows(sql)[1]:
        goal = _goal_of(row, dimensions, workspace)
        told = written.get(goal.key) if row[5] == SOURCE else None
        if told is not None:
            goal = replace(goal, low=told.low, high=told.high, split=told.split, origin=told.origin)
        found.append(goal)
    check_goals(found, workspace.metrics)
    return tuple(sorted(found, key=lambda goal: (goal.metric, goal.start, goal.end, goal.segment)))


def file_goals(workspace: Workspace) -> tuple[Goal, ...]:
    """The goals of the folder `goals/`."""
    project = workspace.project
    return read_goals(workspace.path, project.metrics, project.facts, project.tables, workspace.settings.calendar)


def _goal_of(row: Sequence[Any], dimensions: Sequence[str], workspace: Workspace) -> Goal:
    metric, start, end, target, currency, source, line, *values = row
    origin = f"source {source}, line {line}"
    if end is None:
        raise DefinitionError(
            "bad-goal", f"A goal of {metric} has no end.", why=origin, fix="map `ends`, the day after its period"
        )
    segment = tuple(sorted((name, str(value)) for name, value in zip(dimensions, values, strict=True) if value))
    known = workspace.metrics.get(measured_by(metric))
    unit = meaning_of(known, workspace.metrics, workspace.facts).unit if known else ""
    own = (currency or workspace.settings.currency) if unit == "money" else ""
    return Goal(metric, start, end, Decimal(target), segment, currency=own, origin=origin, line=line)


def wanted_in(
    workspace: Workspace, goals: Sequence[Goal], period: Period | None, metrics: Sequence[str] = ()
) -> list[Wanted]:
    """What goals ask of a period, a line a metric and segment; without a period each goal that runs yesterday.

    Raises `UsageError` for a metric without goals, `RefusedError` for one asked by name whose goal cannot be split so.
    """
    named = {goal.metric for goal in goals}
    for name in metrics:
        if name not in named:
            if measured_by(name) not in workspace.metrics:
                raise unknown("metric", name, [*workspace.metrics, QUOTA])
            raise unknown("goal", name, named, fix=f"set one in {FOLDER}/, or see `leadline goals --template`")
    found = []
    for metric, own in _groups(goals):
        name = measured_by(metric)
        if (metrics and metric not in metrics) or name not in workspace.metrics:
            continue
        kind = kind_of(workspace.metrics[name], workspace.metrics)
        if period is None:
            yesterday = workspace.today - DAY
            running = [goal for goal in own if goal.start <= yesterday < goal.end]
            found += [Wanted(goal, kind) for goal in running]
            continue
        try:
            found += _wanted(workspace, own, period, kind)
        except RefusedError:
            if metrics:
                raise
    for name in metrics if period is not None else ():
        if name not in {one.goal.metric for one in found}:
            own = [goal for goal in goals if goal.metric == name]
            raise UsageError(
                "no-goal",
                f"No goal of {name} covers {period.label if period else ''}.",
                why=f"goals of it run from {min(map(_start, own))} to {max(goal.end for goal in own) - DAY}",
                fix="ask for a period that lies within one goal, or is made of whole ones",
            )
    found += _wholes(found)
    return sorted(
        found, key=lambda one: (one.goal.metric != QUOTA, one.goal.metric, bool(one.goal.segment), one.goal.segment)
    )


def _groups(goals: Iterable[Goal]) -> list[tuple[str, list[Goal]]]:
    found: dict[tuple[str, Segment], list[Goal]] = {}
    for goal in goals:
        found.setdefault((goal.metric, goal.segment), []).append(goal)
    return [(metric, own) for (metric, _), own in found.items()]


def _wanted(workspace: Workspace, own: Sequence[Goal], period: Period, kind: Kind) -> list[Wanted]:
    for goal in own:
        if (goal.start, goal.end) == (period.start, period.end):
            return [Wanted(goal, kind)]
    inside = sorted((goal for goal in own if goal.start >= period.start and goal.end <= period.end), key=_start)
    if inside and inside[0].start == period.start and inside[-1].end == period.end and _adjoin(inside):
        return [_rolled_up(inside, kind)] if kind in ("sum", "balance") else []
    around = next((goal for goal in own if goal.start <= period.start and goal.end >= period.end), None)
    return [] if around is None else [part_of(workspace, around, period, kind)]


def _start(goal: Goal) -> dt.date:
    return goal.start


def _adjoin(goals: Sequence[Goal]) -> bool:
    return all(one.end == other.start for one, other in pairwise(goals))


def _rolled_up(goals: Sequence[Goal], kind: Kind) -> Wanted:
    """The goals of adjoining periods as one: sums add up, of balances the last one counts."""
    last = goals[-1]
    if kind == "balance":
        return Wanted(replace(last, start=goals[0].start), kind, "the last of its goals")
    low, high = _sum([goal.low for goal in goals]), _sum([goal.high for goal in goals])
    total = sum((goal.target for goal in goals), Decimal(0))
    whole = replace(last, start=goals[0].start, target=total, low=low, high=high, origin=goals[0].origin)
    return Wanted(whole, kind, f"the sum of {len(goals)} goals")


def _sum(edges: Sequence[Decimal | None]) -> Decimal | None:
    """The sum of one edge of some bands; None when any of them is open there."""
    known = [edge for edge in edges if edge is not None]
    return sum(known, Decimal(0)) if len(known) == len(edges) else None


def _wholes(found: Sequence[Wanted]) -> list[Wanted]:
    """For sums whose goals are set by segment only, the goal for all: their sum, as attainment metrics take it too."""
    parted: dict[tuple[str, dt.date, dt.date], list[Wanted]] = {}
    for one in found:
        parted.setdefault((one.goal.metric, one.goal.start, one.goal.end), []).append(one)
    wholes = []
    for own in parted.values():
        if own[0].kind == "sum" and all(one.goal.segment for one in own):
            total = sum((one.goal.target for one in own), Decimal(0))
            goal = replace(own[0].goal, segment=(), target=total, low=None, high=None)
            words = f"the sum of {len(own)} goals by {' and '.join(own[0].goal.cut)}, held against all there is"
            wholes.append(Wanted(goal, "sum", words, own[0].splitting))
    return wholes


def part_of(workspace: Workspace, goal: Goal, period: Period, kind: Kind) -> Wanted:
    """What a goal asks of a part of its period. Raises `RefusedError` where its kind has no such part."""
    calendar = workspace.settings.calendar
    what = f"The goal of {goal.metric} for {goal.start} to {goal.end - DAY} has no part for {period.label}."
    if kind == "ratio":
        return Wanted(replace(goal, start=period.start, end=period.end), kind, "the same as for the whole")
    if kind == "balance":
        if period.end == goal.end:
            return Wanted(replace(goal, start=period.start), kind, "the same end")
        raise RefusedError(
            "not-splittable",
            what,
            why=f"it is {KIND_WORDS[kind]}",
            fix="ask for the whole, or set a goal for this period",
        )
    if kind == "distinct":
        raise RefusedError(
            "not-splittable",
            what,
            why=f"it is {KIND_WORDS[kind]}: those of two months may be the same ones",
            fix=f"set a goal for {period.label} itself, or for a count that adds up, such as new ones",
        )
    cuts = [max(day, goal.start) for day in calendar.starts(goal.start, goal.end, period.unit)]
    spans = list(zip(cuts, [*cuts[1:], goal.end], strict=True))
    within = [number for number, span in enumerate(spans) if period.start <= span[0] and span[1] <= period.end]
    if not within or spans[within[0]][0] != period.start or spans[within[-1]][1] != period.end:
        raise RefusedError(
            "not-splittable", what, why=f"a {period.unit} of its lies across the edge", fix="ask by day or month"
        )
    curve, splitting = curve_of(workspace, goal)
    shares = [sum((curve[day] for day in curve if first <= day < end), Fraction(0)) for first, end in spans]
    pieces = {
        name: parts(whole, shares, quantum_of(workspace, goal))
        for name, whole in (("target", goal.target), ("low", goal.low), ("high", goal.high))
        if whole is not None
    }
    ours = {name: sum((values[number] for number in within), Decimal(0)) for name, values in pieces.items()}
    part = replace(goal, start=period.start, end=period.end, **ours)
    return Wanted(part, kind, f"its part of {goal.start} to {goal.end - DAY}: {splitting.words}", splitting)


def quantum_of(workspace: Workspace, goal: Goal) -> Decimal:
    """The smallest unit that a part of a goal may have: one, or of money its smallest coin; finer if the goal is."""
    metric = workspace.metrics[measured_by(goal.metric)]
    unit = Decimal(1)
    if meaning_of(metric, workspace.metrics, workspace.facts).unit == "money":
        from babel.numbers import get_currency_precision

        unit = Decimal(1).scaleb(-get_currency_precision(goal.currency or workspace.settings.currency or "EUR"))
    exponent = goal.target.normalize().as_tuple().exponent
    return min(unit, Decimal(1).scaleb(exponent)) if isinstance(exponent, int) else unit


def reach_of(workspace: Workspace, metric: str, where: str | None, start: dt.date, end: dt.date) -> Reach | None:
    """How far the sources that feed a metric reach in [start, end), never into today; None without any data.

    Only sources that have rows of the metric count: that a fact has another, slower one, does not hold it up.
    """
    last_day = min(end, workspace.today) - DAY
    feeding = _feeding(workspace, metric, where, max(last_day, start))
    names = meaning_of(workspace.metrics[metric], workspace.metrics, workspace.facts).facts
    found = []
    for fact in names:
        state = workspace.states().get(fact)
        if state is not None:
            own = reaches(workspace.facts[fact], state, workspace.settings.timezone, workspace.today)
            living = [one for one in own if one.lives_in(start, end)]
            found += [one for one in living if one.source in feeding] or living
    if not found:
        return None
    last = min(min(one.until for one in found), last_day)
    late = tuple(sorted({one.source for one in found if one.until < last_day}))
    return Reach(min(one.begins for one in found), last, late)


def _feeding(workspace: Workspace, metric: str, where: str | None, until: dt.date) -> set[str]:
    """The sources with rows of any part of a metric: a ratio of two facts has no value for any single source."""
    asked = workspace.ask([metric], by=["_source"], period=f"{until - DAY * 365}..{until}", where=where)
    try:
        statements = workspace.statements(workspace.compile(asked))
    except RefusedError:
        return set()
    found: set[str] = set()
    for sql in statements:
        columns, rows = workspace.warehouse().rows(sql)
        source = columns.index("_source")
        counted = [at for at, name in enumerate(columns) if name not in ("_source", "currency_")]
        found |= {str(row[source]) for row in rows if row[source] is not None and any(row[at] for at in counted)}
    return found


def daily(
    workspace: Workspace, metric: str, where: str | None, start: dt.date, end: dt.date, **options: Any
) -> dict[dt.date, Number]:
    """A metric's value by day of [start, end); days without one are left out."""
    if end <= start:
        return {}
    result = workspace.query([metric], grain="day", period=f"{start}..{end - DAY}", where=where, **options)
    return {row[0]: row[1] for row in result.rows if isinstance(row[0], dt.date) and row[1] is not None}  # type: ignore[misc]


def curve_of(workspace: Workspace, goal: Goal) -> tuple[Curve, Splitting]:
    """The shares of a sum's goal by day, by its own rule or the best there is: season, else even."""
    rule = goal.split or "seasonal"
    if rule == "working_days":
        curve = working_curve(goal.start, goal.end, office_hours(workspace))
        if curve is not None:
            return curve, Splitting(rule)
    if rule in ("seasonal", "dates"):
        for segment in dict.fromkeys((goal.segment, ())):
            found = _season(workspace, goal, segment, same_dates=rule == "dates")
            if found is not None:
                return found
    return even_curve(goal.start, goal.end), Splitting("even")


def _season(workspace: Workspace, goal: Goal, segment: Segment, *, same_dates: bool) -> tuple[Curve, Splitting] | None:
    """The curve of a segment's past years; None without them, or where too little happened for it to tell a season."""
    metric, where = measured_by(goal.metric), condition_of(segment)
    reach = reach_of(workspace, metric, where, goal.start, goal.end)
    calendar = workspace.settings.calendar
    spans = past_spans(goal.start, goal.end, calendar, reach.first, reach.last) if reach else []
    if reach is None or not spans:
        return None
    oldest = min(spans[-1][0], goal.start - len(spans) * DAY * 364)
    newest = min(max(spans[0][1], goal.end - DAY * 364), reach.last + DAY)
    history = daily(workspace, metric, where, oldest - DAY * 7, newest)
    if segment and sum(1 for value in history.values() if value) < _BUSY * (newest - oldest).days:
        return None
    for years in range(len(spans), 0, -1):
        curve = seasonal_curve(goal.start, goal.end, history, calendar, years, reach.last, same_dates=same_dates)
        if curve is not None:
            rule: Split = "dates" if same_dates else "seasonal"
            return curve, Splitting(rule, years, of_all=bool(goal.segment) and not segment)
    return None


def office_hours(workspace: Workspace) -> BusinessHours:
    """The business hours of `sla/hours.yaml`, else Monday to Friday without holidays."""
    from leadline.model.promise import read_hours

    return read_hours(workspace.path, workspace.settings.timezone, workspace.today).of("")


def condition_of(segment: Segment) -> str | None:
    """A segment as a filter; None for all."""
    return " and ".join(f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in segment) or None


__all__ = [
    "Reach", "Wanted", "condition_of", "cumulative", "curve_of", "daily", "file_goals", "goals_of", "part_of",
    "reach_of", "wanted_in",
]  # fmt: skip
