"""Metrics that meant one thing until a day and another after: each period of an answer by the definition in effect.

A period in which a definition changes is put together from both halves where that is exact: sums and counts take each
row by the definition of its day, balances and trailing windows are measured at the period's end and take the one of
that day. Anything else (a rate over cohorts, a median, a distinct count) has no value in such a period.

Readings further back (`prior()`, a comparison) take the definition that was in effect then.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from leadline.errors import RefusedError
from leadline.model import tree
from leadline.model.fact import Fact
from leadline.model.metric import Metric, credit
from leadline.model.tree import Formula, Measure, Row
from leadline.model.version import Held, held, held_on
from leadline.plan.leg import Span
from leadline.plan.output import Aliases, Output, Sense, output_of, settled
from leadline.plan.query import Query
from leadline.plan.span import Shift, moved_label, moved_span, time_column
from leadline.time.zone import day_start

Label = dt.date | int
_DAY = dt.timedelta(days=1)
_COMPARED: dict[str, Shift] = {"previous": ((1, "period"),), "year": ((1, "year"),)}


class Break(Struct, frozen=True):
    """A metric's definition changes on `first`: from the version `was` to `version`; `columns` are told by it."""

    metric: str
    first: dt.date
    version: int
    was: int
    columns: tuple[str, ...]
    note: str = ""


def earlier_measures(chosen: Sequence[Sense], metrics: Mapping[str, Metric]) -> list[Measure]:
    """The measures that earlier versions of metrics read, for the time they cover."""
    found: dict[Measure, None] = {}
    seen: set[str] = set()

    def visit(metric: Metric) -> None:
        if metric.id in seen:
            return
        seen.add(metric.id)
        for one in held(metric):
            found.update(dict.fromkeys(tree.measures_of(one.tree)))
            for name in tree.refs_of(one.tree):
                visit(metrics[name])

    for sense in chosen:
        if sense.varies:
            visit(sense.metric)
    return list(found)


def vary_outputs(
    query: Query,
    outputs: tuple[Output, ...],
    chosen: Sequence[Sense],
    aliases: Aliases,
    metrics: Mapping[str, Metric],
    facts: Mapping[str, Fact],
    labels: tuple[Label, ...],
    base: Span | None,
) -> tuple[tuple[Output, ...], tuple[Break, ...]]:
    """The outputs by the definitions in effect in each period, and the changes of definition within the answer.

    Raises `RefusedError` where a single number would need two definitions that do not go together.
    """
    varying = {sense.metric.id for sense in chosen if sense.varies}
    if not varying or not labels:
        return outputs, ()
    found: list[Output] = []
    breaks: dict[tuple[str, dt.date], Break] = {}
    used: dict[str, dict[Label, frozenset[tuple[str, int]]]] = {}
    for output in outputs:
        name, compare = output.column.metric, output.column.compare
        if name not in varying:
            found.append(output)
            continue
        reading = _Reading(query, metrics, facts, base)
        shift: Shift = _COMPARED[compare] if compare else ()
        by_label: dict[Label, Output | None] = {}
        made: dict[Formula, Output] = {}
        versions: dict[Label, frozenset[tuple[str, int]]] = {}
        for label in labels:
            formula, versions[label] = reading.metric_in(name, label, shift)
            if formula is None:
                by_label[label] = None
                continue
            for count, unit in shift:
                formula = tree.Prior(formula, count, unit)
            formula = settled(formula, query)
            if formula not in made:
                made[formula] = output_of(output.column, formula, aliases, facts)
            by_label[label] = made[formula]
        if not compare:
            used[name] = versions
        redefined = _redefined(labels, versions, used[name] if compare else None, by_label)
        leaves = tuple(dict.fromkeys(leaf for one in made.values() for leaf in one.leaves))
        found.append(replace(output, leaves=leaves, by_label=by_label, redefined=redefined))
        for change in reading.breaks:
            known = breaks.setdefault((change.metric, change.first), change)
            columns = tuple(dict.fromkeys((*known.columns, output.column.name)))
            breaks[change.metric, change.first] = replace(known, columns=columns)
    return tuple(found), tuple(sorted(breaks.values(), key=lambda one: (one.first, one.metric)))


def _redefined(
    labels: tuple[Label, ...],
    versions: Mapping[Label, frozenset[tuple[str, int]]],
    beside: Mapping[Label, frozenset[tuple[str, int]]] | None,
    by_label: Mapping[Label, Output | None],
) -> frozenset[Label]:
    """Periods with two definitions in them, the first one by a new definition, and comparisons across a change."""
    found: set[Label] = set()
    before: frozenset[tuple[str, int]] | None = None
    for label in labels:
        now = versions[label]
        mixed = len({name for name, _ in now}) < len(now)
        new = now != beside[label] if beside is not None else before is not None and bool(now - before)
        if mixed or new or by_label[label] is None:
            found.add(label)
        before = now
    return frozenset(found)


class _Straddles(Exception):  # noqa: N818 - never leaves this module: a period without one definition is no error
    """A metric has two definitions in a period that cannot be put together."""

    def __init__(self, metric: Metric, changed: dt.date, why: str) -> None:
        super().__init__()
        self.metric = metric
        self.changed = changed
        self.why = why


class _Reading:
    """Expands a metric for one period after another, and keeps which definitions it met."""

    def __init__(
        self, query: Query, metrics: Mapping[str, Metric], facts: Mapping[str, Fact], base: Span | None
    ) -> None:
        self.query = query
        self.metrics = metrics
        self.facts = facts
        self.base = base
        self.breaks: list[Break] = []
        self._used: set[tuple[str, int]] = set()

    def metric_in(self, name: str, label: Label, shift: Shift) -> tuple[Formula | None, frozenset[tuple[str, int]]]:
        """What a metric means in a period of the answer moved by a shift, and the versions that say so.

        None when it has two definitions there; without a grain that is refused.
        """
        self._used = set()
        try:
            formula = self._ref(name, label, shift)
        except _Straddles as found:
            if self.query.grain is None:
                raise self._refused(found) from None
            return None, frozenset(self._used)
        return formula, frozenset(self._used)

    def _refused(self, found: _Straddles) -> RefusedError:
        before = found.changed - _DAY
        return RefusedError(
            "definition-changed",
            f"{found.metric.id} means something else from {found.changed} on, within the time asked for.",
            why=found.why,
            fix=f"ask by --grain, or by one definition for all of it: --definition newest, or --definition {before}",
        )

    def _ref(self, name: str, label: Label, shift: Shift) -> Formula:
        metric = self.metrics[name]
        if not metric.versions:
            return self._expanded(metric.tree, label, shift)
        if self.query.definition is not None:
            one = held_on(metric, self.query.definition)
            self._used.add((name, one.version))
            return self._expanded(one.tree, label, shift)
        start, end = self._span(label, shift)
        holding = [one for one in held(metric) if one.overlaps(start, end)]
        self._used.update((name, one.version) for one in holding)
        self._note(metric, start, end)
        if len(holding) == 1:
            return self._expanded(holding[0].tree, label, shift)
        parts = [self._expanded(one.tree, label, shift) for one in holding]
        if all(map(_at_end, parts)):
            return parts[-1]
        changed = next(one.first for one in holding[1:] if one.first is not None)
        bounded = [self._bounded(part, one, metric, changed) for part, one in zip(parts, holding, strict=True)]
        whole = bounded[0]
        for part in bounded[1:]:
            whole = tree.Combine("+", whole, part)
        return whole

    def _expanded(self, formula: Formula, label: Label, shift: Shift) -> Formula:
        match formula:
            case tree.Ref(name):
                return self._ref(name, label, shift)
            case tree.Combine(op, left, right):
                return tree.Combine(op, self._expanded(left, label, shift), self._expanded(right, label, shift))
            case tree.Negate(of):
                return tree.Negate(self._expanded(of, label, shift))
            case tree.Prior(of, count, grain):
                return tree.Prior(self._expanded(of, label, (*shift, (count, grain))), count, grain)
            case tree.Total(of):
                return tree.Total(self._expanded(of, label, shift))
            case tree.Credited(of):
                return credit(self._expanded(of, label, shift), formula)
            case _:
                return formula

    def _span(self, label: Label, shift: Shift) -> Span:
        """The local days of a period of the answer, moved; not beyond what can be known, nor what was asked."""
        query = self.query
        if isinstance(label, int) or query.grain is None:
            span = moved_span(self.base, shift, query)
        else:
            first = moved_label(label, shift, query)
            span = (first, query.calendar.shift(first, query.grain, 1))
            if not shift and query.period is not None:
                span = (max(span[0], query.period.start), min(span[1], query.period.end))
        start, end = span or (dt.date.min, dt.date.max)
        if query.today is not None:
            end = max(start + _DAY, min(end, query.today + _DAY))
        return start, end

    def _note(self, metric: Metric, start: dt.date, end: dt.date) -> None:
        """Remember the changes within a period, or on its first day."""
        before: Held | None = None
        for one in held(metric):
            if before is not None and one.first is not None and start <= one.first < end:
                change = Break(metric.id, one.first, one.version, before.version, (), before.note)
                if change not in self.breaks:
                    self.breaks.append(change)
            before = one

    def _bounded(self, formula: Formula, one: Held, metric: Metric, changed: dt.date) -> Formula:
        """A formula of sums and counts over the rows of the days that a definition holds on."""

        def within(part: Formula) -> Formula:
            return self._bounded(part, one, metric, changed)

        match formula:
            case tree.Sum() | tree.Count():
                return self._days(formula, one)
            case tree.Credit(of) if formula.model != "any":
                return replace(formula, of=self._days(of, one))
            case tree.Negate(of):
                return tree.Negate(within(of))
            case tree.Combine("+" | "-" as op, left, right):
                return tree.Combine(op, within(left), within(right))
            case tree.Combine("*" | "/" as op, of, tree.Number() as factor):
                return tree.Combine(op, within(of), factor)
            case tree.Combine("*", tree.Number() as factor, of):
                return tree.Combine("*", factor, within(of))
            case _:
                why = "a rate, a distinct count or a time cannot be put together from the days before and after"
                raise _Straddles(metric, changed, why)

    def _days(self, measure: tree.Sum | tree.Count, one: Held) -> tree.Sum | tree.Count:
        column = time_column(measure, self.facts)
        conditions: list[Row] = []
        if measure.where is not None:
            conditions += measure.where.of if isinstance(measure.where, tree.And) else (measure.where,)
        if one.first is not None:
            after: Row = tree.Compare(">=", tree.Column(column), self._moment(measure.fact, column, one.first))
            # A row without a time lies in no period; where all time is asked for, it goes by the newest definition.
            conditions.append(after if one.end is not None else tree.Or((after, tree.IsNull(tree.Column(column)))))
        if one.end is not None:
            conditions.append(tree.Compare("<", tree.Column(column), self._moment(measure.fact, column, one.end)))
        return replace(measure, where=conditions[0] if len(conditions) == 1 else tree.And(tuple(conditions)))

    def _moment(self, fact: str, column: str, day: dt.date) -> tree.Constant:
        """The beginning of a local day as the column has it."""
        if self.facts[fact].column(column).type == "date":
            return tree.Constant(day.isoformat())
        return tree.Constant(day_start(day, self.query.timezone).isoformat(sep=" "))


def _at_end(formula: Formula) -> bool:
    """Whether a formula is measured at the end of a period, whatever came before."""
    measures = tree.measures_of(formula)
    return bool(measures) and all(isinstance(one, tree.Last | tree.Trailing) for one in measures)
