"""Query to plan: names resolved, dates and zones fixed, measures gathered into one scan a fact."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal, TypeAlias

from msgspec import Struct

from leadline.errors import RefusedError, UsageError, closest, unknown
from leadline.model import tree
from leadline.model.fact import Fact
from leadline.model.infer import check_row, is_money, meaning_of
from leadline.model.metric import Metric, definition_hash, expand
from leadline.model.text import formula_text
from leadline.model.tree import Formula, Measure
from leadline.plan.leg import Balance, Cohort, Leg, Named, Scan, Span
from leadline.plan.query import FactState, Query
from leadline.plan.result import ResultColumn
from leadline.time.calendar import GRAINS, Grain

Shift: TypeAlias = tuple[tuple[int, Grain | Literal["period"]], ...]
MAX_PERIODS = 20_000


class Leaf(Struct, frozen=True):
    """A measure as a formula uses it: its output column, and how far back it is read."""

    alias: str
    measure: Measure
    shift: Shift
    money: bool


class Output(Struct, frozen=True):
    """A metric column of the result, its formula, and its leaves by (measure, shift)."""

    column: ResultColumn
    formula: Formula
    leaves: tuple[Leaf, ...]


class Plan(Struct, frozen=True):
    """Statements to run, and how their numbers become the answer.

    `labels` are the periods of the answer (first days), or one label 0 without a grain; `windows` maps a shift to the
    label of a leg without a grain.
    """

    query: Query
    legs: tuple[Leg, ...]
    outputs: tuple[Output, ...]
    labels: tuple[dt.date | int, ...]
    windows: dict[Shift, int]
    spans: dict[Shift, Span | None]
    definitions: dict[str, dict[str, object]]


def compile_query(
    query: Query, metrics: Mapping[str, Metric], facts: Mapping[str, Fact], states: Mapping[str, FactState]
) -> Plan:
    """The plan of a query.

    Raises `UsageError` for unknown names, `RefusedError` for a breakdown or comparison that has no right answer.
    """
    chosen = [_metric(name, metrics) for name in query.metrics]
    if not chosen:
        raise UsageError("no-metric", "No metric was asked for.", fix="name one, for example `leadline query revenue`")
    outputs, aliases = _outputs(query, chosen, metrics, facts)
    _check_by(query, outputs, facts)
    labels, base = _labels(query, aliases, facts, states)
    shifts = list(dict.fromkeys(leaf.shift for output in outputs for leaf in output.leaves))
    spans = {shift: _moved(base, shift, query) for shift in ((), *shifts)}
    windows = {shift: number for number, shift in enumerate(spans)}
    legs = _legs(query, outputs, labels, spans, windows, facts, states)
    definitions: dict[str, dict[str, object]] = {
        metric.id: {
            "formula": metric.formula,
            "version": metric.version,
            "hash": definition_hash(metric, metrics),
            "origin": metric.origin,
        }
        for metric in chosen
    }
    return Plan(query, legs, outputs, labels, windows, spans, definitions)


def _metric(name: str, metrics: Mapping[str, Metric]) -> Metric:
    if name not in metrics:
        raise unknown("metric", name, metrics, fix="list them with `leadline metrics`")
    return metrics[name]


def _outputs(
    query: Query, chosen: list[Metric], metrics: Mapping[str, Metric], facts: Mapping[str, Fact]
) -> tuple[tuple[Output, ...], dict[Measure, str]]:
    """One output a metric and comparison; equal measures share one alias."""
    aliases: dict[Measure, str] = {}
    outputs = []
    for metric in chosen:
        formula = expand(metric.tree, metrics)
        unit = meaning_of(metric, metrics, facts).unit
        comparisons: tuple[Literal["", "previous", "year"], ...] = ("", *query.compare)
        for compare in comparisons:
            moved = formula
            if compare == "previous":
                moved = tree.Prior(formula, 1, "period")
            elif compare == "year":
                moved = tree.Prior(formula, 1, "year")
            name = f"{metric.id}_{compare}" if compare else metric.id
            label = f"{metric.label}, {_COMPARE_LABEL[compare]}" if compare else metric.label
            column = ResultColumn(
                name, "metric", label, unit=unit, metric=metric.id, compare=compare, better=metric.better
            )
            leaves: dict[tuple[Measure, Shift], Leaf] = {}
            _gather(moved, (), aliases, leaves, facts)
            outputs.append(Output(column, moved, tuple(leaves.values())))
    return tuple(outputs), aliases


_COMPARE_LABEL = {"previous": "previous period", "year": "a year before"}


def _gather(
    formula: Formula,
    shift: Shift,
    aliases: dict[Measure, str],
    leaves: dict[tuple[Measure, Shift], Leaf],
    facts: Mapping[str, Fact],
) -> None:
    match formula:
        case tree.Number() | tree.Ref():
            return
        case tree.Combine(_, left, right):
            _gather(left, shift, aliases, leaves, facts)
            _gather(right, shift, aliases, leaves, facts)
        case tree.Negate(of):
            _gather(of, shift, aliases, leaves, facts)
        case tree.Prior(of, count, grain):
            _gather(of, (*shift, (count, grain)), aliases, leaves, facts)
        case measure:
            alias = aliases.setdefault(measure, f"m{len(aliases)}")
            leaves[measure, shift] = Leaf(alias, measure, shift, is_money(measure, facts))


def breakdown_columns(fact: Fact) -> tuple[str, ...]:
    """Columns a number may be broken down by: dimensions, ids and plain attributes, never personal data."""
    return (
        *(c.name for c in fact.columns if c.role in {"dimension", "id", "attribute"} and not c.personal),
        "_source",
    )


def _check_by(query: Query, outputs: tuple[Output, ...], facts: Mapping[str, Fact]) -> None:
    names = {leaf.measure.fact: output.column.metric for output in outputs for leaf in output.leaves}
    if len(set(query.by)) < len(query.by):
        raise UsageError("dimension-twice", "A dimension is named twice.", fix="name each once")
    for dimension in query.by:
        legal = {name for fact in names for name in breakdown_columns(facts[fact])}
        for fact_name, metric in names.items():
            fact = facts[fact_name]
            if dimension in breakdown_columns(fact):
                continue
            if dimension in fact.times:
                raise UsageError(
                    "time-as-dimension",
                    f"{dimension!r} is a time.",
                    why=f"fact {fact_name}",
                    fix="use --grain day, week, month, …",
                )
            if dimension not in legal:
                near = closest(dimension, legal)
                raise UsageError(
                    "unknown-dimension",
                    f"There is no dimension {dimension!r} here.",
                    why=f"metric {metric} counts rows of {fact_name}",
                    fix=f"did you mean {', '.join(near)}?" if near else f"{fact_name} has {', '.join(fact.dimensions)}",
                )
            common = [name for name in fact.dimensions if all(name in facts[other].dimensions for other in names)]
            raise RefusedError(
                "dimension-missing",
                f"{metric} cannot be broken down by {dimension}.",
                why=f"its part from fact {fact_name} has no {dimension}: the same number would repeat in every row",
                fix=f"ask without it, or by {', '.join(common)}" if common else "ask the metrics one by one",
            )
    if query.where is not None:
        for fact_name, metric in names.items():
            missing = [
                name for name in tree.columns_of(query.where) if name != "_source" and not facts[fact_name].has(name)
            ]
            if missing:
                raise RefusedError(
                    "filter-missing",
                    f"{metric} cannot be filtered by {missing[0]}.",
                    why=f"its part from fact {fact_name} has no {missing[0]}",
                    fix=f"columns of {fact_name}: {', '.join(facts[fact_name].dimensions)}",
                )
            check_row(query.where, facts[fact_name])


def time_column(measure: Measure, facts: Mapping[str, Fact]) -> str:
    """The column that places the measure's rows in a period."""
    match measure:
        case tree.Reach(start):
            return start.at or facts[start.fact].time
        case tree.Last(of):
            fact = facts[of.fact]
            return fact.starts or fact.time
        case _:
            if measure.at:
                return measure.at
            fact = facts[measure.fact]
            value = getattr(measure, "value", None)
            # A duration belongs to the period in which it ended.
            if isinstance(value, tree.Duration) and value.end in fact.times:
                return value.end
            return fact.time


def _labels(
    query: Query, aliases: Mapping[Measure, str], facts: Mapping[str, Fact], states: Mapping[str, FactState]
) -> tuple[tuple[dt.date | int, ...], Span | None]:
    """Labels of the answer, and the span of local days it covers (None: all time, without a grain)."""
    span: Span | None = None
    if query.period is not None:
        span = (query.period.start, query.period.end)
    elif query.grain is not None:
        bounds = [states[m.fact].bounds(time_column(m, facts)) for m in aliases if m.fact in states]
        known = [pair for pair in bounds if pair is not None]
        if not known:
            return (), None
        first, last = min(low for low, _ in known), max(high for _, high in known)
        # A day on either side covers every zone; periods without data are dropped again.
        span = (_local(first, query).date(), _local(last, query).date() + dt.timedelta(days=1))
    if query.grain is None:
        return (0,), span
    if span is None:
        return (), None
    labels = query.calendar.starts(span[0], span[1], query.grain)
    if len(labels) > MAX_PERIODS:
        raise RefusedError(
            "too-many-periods",
            f"That is {len(labels)} periods.",
            why=f"from {span[0]} to {span[1]} by {query.grain}",
            fix="choose a shorter period or a coarser grain",
        )
    return tuple(labels), span


def _local(instant: dt.datetime, query: Query) -> dt.datetime:
    from leadline.time.zone import offset_at

    return instant + offset_at(instant, query.timezone)


def moved_label(label: dt.date, shift: Shift, query: Query) -> dt.date:
    """The period `shift` before the one that starts at `label`, at the query's grain."""
    grain = query.grain
    if grain is None:
        return label
    for count, unit in shift:
        if unit == "period":
            label = query.calendar.shift(label, grain, -count)
        elif unit == "year" and grain == "week":
            label -= dt.timedelta(days=364 * count)
        else:
            label = query.calendar.floor(query.calendar.shift(label, unit, -count), grain)
    return label


def _moved(span: Span | None, shift: Shift, query: Query) -> Span | None:
    """The span a shift reads when there is no grain; checks that the shift makes sense."""
    for count, unit in shift:
        if query.grain is not None:
            if unit != "period" and GRAINS.index(unit) < GRAINS.index(query.grain):
                raise RefusedError(
                    "prior-too-fine",
                    f"prior(…, {count} {unit}) has no meaning by {query.grain}.",
                    why=f"a {query.grain} is longer than {count} {unit}",
                    fix=f"ask with --grain {unit}, or go back whole {query.grain}s",
                )
            continue
        if span is None or query.period is None:
            raise RefusedError(
                "prior-without-period",
                "A comparison with an earlier period needs a period.",
                why="all time has nothing before it",
                fix="add --period, for example --period last-28-days, or --grain month",
            )
        calendar, length = query.calendar, query.period
        if unit == "period":
            start = span[0]
            for _ in range(count):
                start, end = calendar.shift(start, length.unit, -length.count), start
            span = (start, end)
        elif unit == "year":
            ends = span
            for _ in range(count):
                ends = (calendar.year_before(ends[0], length.unit), calendar.year_before(ends[1], length.unit))
            span = ends
        else:
            span = (calendar.shift(span[0], unit, -count), calendar.shift(span[1], unit, -count))
    return span


def _legs(
    query: Query,
    outputs: tuple[Output, ...],
    labels: tuple[dt.date | int, ...],
    spans: Mapping[Shift, Span | None],
    windows: Mapping[Shift, int],
    facts: Mapping[str, Fact],
    states: Mapping[str, FactState],
) -> tuple[Leg, ...]:
    """One scan for all plain aggregates of a fact that share time column, currency rule and window."""
    wanted: dict[tuple[Measure, str, bool], set[Shift]] = {}
    for output in outputs:
        for leaf in output.leaves:
            if states.get(leaf.measure.fact, FactState()).rows:
                wanted.setdefault((leaf.measure, leaf.alias, leaf.money), set()).add(leaf.shift)
    where = (query.where,) if query.where is not None else ()
    scans: dict[tuple[str, str, bool, tuple[Shift, ...]], dict[Named, set[Shift]]] = {}
    legs: list[Leg] = []
    for (measure, alias, money), shifts in wanted.items():
        fact, state = facts[measure.fact], states[measure.fact]
        split = money and len(state.currencies) > 1
        if not isinstance(measure, tree.Last | tree.Reach):
            # Without a grain each shift is a window of its own, so only measures of the same shifts share a scan.
            apart = () if query.grain else tuple(sorted(shifts))
            scans.setdefault((fact.name, time_column(measure, facts), split, apart), {})[Named(alias, measure)] = shifts
            continue
        merge = isinstance(measure, tree.Reach)
        for window, covered in _windows(query, labels, shifts, spans, windows, merge=merge):
            common = (query.by, where, covered, query.grain, window, query.calendar, query.timezone)
            if isinstance(measure, tree.Last):
                legs.append(Balance(fact.name, alias, measure, *common, split))
                continue
            own = state.bounds(time_column(measure, facts))
            known = states.get(measure.end.fact, FactState()).bounds(measure.end.at or facts[measure.end.fact].time)
            if own is not None:
                lows, highs = zip(*(pair for pair in (own, known) if pair is not None), strict=True)
                extent = (min(lows), max(highs) + dt.timedelta(days=1))
                legs.append(Cohort(fact.name, alias, measure, *common, known[1] if known else None, extent))
    plain: list[Leg] = []
    for (fact_name, time, split, _), measures in scans.items():
        together: set[Shift] = set().union(*measures.values())
        for window, covered in _windows(query, labels, together, spans, windows, merge=True):
            plain.append(
                Scan(
                    fact_name,
                    time,
                    tuple(measures),
                    query.by,
                    where,
                    covered,
                    query.grain,
                    window,
                    query.calendar,
                    query.timezone,
                    split,
                )
            )
    return (*plain, *legs)


def _windows(
    query: Query,
    labels: tuple[dt.date | int, ...],
    shifts: set[Shift],
    spans: Mapping[Shift, Span | None],
    windows: Mapping[Shift, int],
    *,
    merge: bool,
) -> list[tuple[int, tuple[Span, ...]]]:
    """With a grain: one window over all periods any shift reads, adjacent ones merged. Without: one a shift."""
    if query.grain is None:
        found = []
        for shift in shifts:
            span = spans[shift]
            found.append((windows[shift], (span,) if span is not None else ()))
        return sorted(found)
    starts = sorted(
        {moved_label(label, shift, query) for label in labels if isinstance(label, dt.date) for shift in shifts}
    )
    clipped = spans[()]
    pieces: list[Span] = []
    for start in starts:
        end = query.calendar.shift(start, query.grain, 1)
        if clipped is not None and query.period is not None and () in shifts and start in labels:
            # A period that the asked range cuts is read as far as it was asked for.
            start, end = max(start, clipped[0]), min(end, clipped[1])
        if merge and pieces and pieces[-1][1] == start:
            pieces[-1] = (pieces[-1][0], end)
        else:
            pieces.append((start, end))
    return [(0, tuple(pieces))] if pieces else []


def describe_output(output: Output) -> str:
    """The formula of an output in canonical text."""
    return formula_text(output.formula)
