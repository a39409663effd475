"""From the legs' numbers to the answer: formulas evaluated once per cell, the same on every engine.

Division is a node with its policy: by zero, or by nothing, it is null. What is missing is zero only where the fact
has data and no row counted; where no data reaches it is null.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from leadline.errors import RefusedError
from leadline.model import tree
from leadline.model.fact import Fact
from leadline.model.tree import Formula
from leadline.plan.compile import Plan
from leadline.plan.leg import Cohort, Leg, Scan
from leadline.plan.output import Leaf, Output
from leadline.plan.query import FactState
from leadline.plan.result import Mark, ResultColumn, Value
from leadline.plan.span import Shift, moved_label, time_column
from leadline.time.zone import offset_at

Number: TypeAlias = int | float | Decimal
Dims: TypeAlias = tuple[Value, ...]
Label: TypeAlias = dt.date | int
MAX_DENSE_CELLS = 200_000


class Answer:
    """Collects the rows of all legs by label and dimensions, then evaluates the outputs."""

    def __init__(self, plan: Plan, facts: Mapping[str, Fact], states: Mapping[str, FactState]) -> None:
        self.plan = plan
        self.facts = facts
        self.states = states
        self.cells: dict[tuple[Label, Dims], dict[str, dict[str, Any]]] = {}

    def take(self, leg: Leg, rows: Iterable[Sequence[Any]]) -> None:
        """Add the rows of one leg, as `leadline.sql.render` lays them out."""
        grain, width = leg.grain is not None, len(leg.by)
        split = not isinstance(leg, Cohort) and leg.currency
        aliases = self._aliases(leg)
        for row in rows:
            at = 0
            label: Label = leg.window
            if grain:
                label = row[0].date() if isinstance(row[0], dt.datetime) else row[0]
                at = 1
            if label is None:
                continue
            dims = tuple(row[at : at + width])
            at += width
            currency = ""
            if split:
                currency = row[at] or ""
                at += 1
            cell = self.cells.setdefault((label, dims), {})
            for alias, value in zip(aliases, row[at:], strict=True):
                cell.setdefault(alias, {})[currency] = value

    @staticmethod
    def _aliases(leg: Leg) -> list[str]:
        if isinstance(leg, Scan):
            return [named.alias for named in leg.measures]
        if isinstance(leg, Cohort):
            return [f"{leg.alias}_started", f"{leg.alias}_reached", f"{leg.alias}_open"]
        return [leg.alias]

    def rows(self) -> tuple[list[ResultColumn], list[tuple[Value, ...]], dict[tuple[int, int], Mark]]:
        """Columns, rows in order (time, then dimensions, the unattributed last) and marks."""
        query = self.plan.query
        keys = self._keys()
        evaluators = [(output, _evaluator(output.formula, ())) for output in self.plan.outputs]
        rows: list[tuple[Value, ...]] = []
        marks: dict[tuple[int, int], Mark] = {}
        currencies: list[str] = []
        head = (1 if query.grain else 0) + len(query.by)
        for label, dims in keys:
            values: list[Value] = []
            used: set[str] = set()
            for number, (output, evaluate) in enumerate(evaluators):
                reader = _Reader(self, output, label, dims)
                values.append(evaluate(reader))
                used |= reader.currencies
                mark = self._mark(output, label, reader)
                if mark:
                    marks[len(rows), head + number] = mark
            if len(used) > 1:
                raise self._mixed(dims, label, used)
            currencies.append(used.pop() if used else "")
            front = (label, *dims) if query.grain else dims
            rows.append((*front, *values))
        return self._with_currency(rows, marks, currencies)

    def _keys(self) -> list[tuple[Label, Dims]]:
        """Labels and dimensions of the answer: every period for every combination that occurs."""
        plan = self.plan
        labels = set(plan.labels)
        if plan.query.grain is None:
            combos = dict.fromkeys(dims for _, dims in self.cells)
        else:
            combos = dict.fromkeys(dims for label, dims in self.cells if label in labels)
        if not plan.query.by:
            combos = {(): None}
        ordered = sorted(combos, key=_order)
        if len(ordered) * len(labels) > MAX_DENSE_CELLS:
            present = {key for key in self.cells if key[0] in labels}
            return sorted(present, key=lambda key: (key[0], _order(key[1])))
        return [(label, dims) for label in sorted(labels, key=_sortable) for dims in ordered]

    def _with_currency(
        self, rows: list[tuple[Value, ...]], marks: dict[tuple[int, int], Mark], currencies: list[str]
    ) -> tuple[list[ResultColumn], list[tuple[Value, ...]], dict[tuple[int, int], Mark]]:
        """Money in one currency carries it in the column; in several, each row says its own."""
        query = self.plan.query
        columns = []
        if query.grain:
            columns.append(ResultColumn(query.grain, "time", query.grain.capitalize()))
        columns += [
            ResultColumn(name, "dimension", name.strip("_").replace("_", " ").capitalize()) for name in query.by
        ]
        known = {currency for currency in currencies if currency}
        one = next(iter(known)) if len(known) == 1 else ""
        for output in self.plan.outputs:
            column = output.column
            if one and column.unit.startswith("money"):
                column = ResultColumn(
                    column.name,
                    column.kind,
                    column.label,
                    column.unit,
                    column.metric,
                    column.compare,
                    column.better,
                    one,
                )
            columns.append(column)
        if len(known) < 2 or "currency" in query.by:
            return columns, rows, marks
        at = len(columns) - len(self.plan.outputs)
        columns.insert(at, ResultColumn("currency", "dimension", "Currency"))
        widened = [(*row[:at], currency or None, *row[at:]) for row, currency in zip(rows, currencies, strict=True)]
        return columns, widened, {(row, column + 1): mark for (row, column), mark in marks.items()}

    def _mixed(self, dims: Dims, label: Label, used: set[str]) -> RefusedError:
        names = [str(value) for value in dims if value is not None]
        if isinstance(label, dt.date):
            names.insert(0, label.isoformat())
        where = f" for {', '.join(names)}" if names else ""
        metrics = ", ".join(
            dict.fromkeys(o.column.metric for o in self.plan.outputs if any(leaf.money for leaf in o.leaves))
        )
        return RefusedError(
            "mixed-currencies",
            f"Amounts in {', '.join(sorted(used))} cannot be added.",
            why=f"{metrics}{where} has rows in {len(used)} currencies",
            fix=f"add --by currency, or --where \"currency = '{min(used)}'\"",
        )

    def _mark(self, output: Output, label: Label, reader: _Reader) -> Mark | None:
        if reader.nothing:
            return "no-data"
        if reader.open:
            return "immature"
        return "unfinished" if self.unfinished(label, output.leaves) else None

    def unfinished(self, label: Label, leaves: Iterable[Leaf]) -> bool:
        """Whether a source that speaks for the period has not yet delivered its last day."""
        return any(self.late_sources(label, leaf) for leaf in leaves)

    def late_sources(self, label: Label, leaf: Leaf) -> list[str]:
        """Sources of the leaf's fact whose data stops within its period."""
        span = self._span(label, leaf.shift)
        if span is None:
            return []
        start, last_day = span[0], span[1] - dt.timedelta(days=1)
        sources = [
            s for s in self.states.get(leaf.measure.fact, FactState()).sources if s.rows and s.through is not None
        ]
        late = []
        for source in sources:
            through = source.through
            first = source.first
            if through is None or (first is not None and first.date() > last_day):
                continue
            # A source silent for long before the period has ended; one that stops within or just before it is late.
            if through.date() < last_day and through.date() >= start - dt.timedelta(days=45):
                late.append(source.source)
        return late

    def late(self) -> dict[str, list[str]]:
        """Periods of the answer (first day, or `all`) that are unfinished, with the sources that are late."""
        found: dict[str, list[str]] = {}
        for label in self.plan.labels:
            leaves = {
                leaf.measure.fact: leaf for output in self.plan.outputs for leaf in output.leaves if not leaf.shift
            }
            late = sorted({source for leaf in leaves.values() for source in self.late_sources(label, leaf)})
            if late:
                found["all" if isinstance(label, int) else label.isoformat()] = late
        return found

    def local_day(self, instant: dt.datetime, measure: tree.Measure) -> dt.date:
        """The day of the query's zone on which a value of the measure's time column lies."""
        column = time_column(measure, self.facts)
        if self.facts[measure.fact].column(column).type == "date":
            return instant.date()
        return (instant + offset_at(instant, self.plan.query.timezone)).date()

    def _span(self, label: Label, shift: Shift) -> tuple[dt.date, dt.date] | None:
        query = self.plan.query
        if isinstance(label, int):
            return self.plan.spans.get(shift)
        assert query.grain is not None
        start = moved_label(label, shift, query)
        end = query.calendar.shift(start, query.grain, 1)
        if query.period is not None and not shift:
            end = min(end, query.period.end)
        return start, end


class _Reader:
    """Reads leaves for one cell of the answer, noting currencies, open windows and absence of data."""

    def __init__(self, answer: Answer, output: Output, label: Label, dims: Dims) -> None:
        self.answer = answer
        self.leaves = {(leaf.measure, leaf.shift): leaf for leaf in output.leaves}
        self.label = label
        self.dims = dims
        self.currencies: set[str] = set()
        self.open = False
        self.nothing = False

    def read(self, measure: tree.Measure, shift: Shift) -> Number | None:
        plan = self.answer.plan
        leaf = self.leaves[measure, shift]
        label: Label
        label = plan.windows[shift] if isinstance(self.label, int) else moved_label(self.label, shift, plan.query)
        cell = self.answer.cells.get((label, self.dims), {})
        if isinstance(measure, tree.Reach):
            return self._cohort(leaf, measure, cell)
        found = cell.get(leaf.alias)
        if found is None:
            return self._absent(leaf, measure, label)
        state = self.answer.states[measure.fact]
        if leaf.money:
            known = {currency for currency, value in found.items() if value is not None and (value or len(found) == 1)}
            if known == {""}:
                known = set(state.currencies)
            self.currencies |= known
        values = [value for value in found.values() if value is not None]
        return _total(values)

    def _cohort(self, leaf: Leaf, measure: tree.Reach, cell: Mapping[str, Mapping[str, Any]]) -> Number | None:
        started = cell.get(f"{leaf.alias}_started", {}).get("", 0)
        reached = cell.get(f"{leaf.alias}_reached", {}).get("", 0)
        if cell.get(f"{leaf.alias}_open", {}).get("", 0):
            self.open = True
        if not measure.share:
            return int(reached)
        return divide(reached, started)

    def _absent(self, leaf: Leaf, measure: tree.Measure, label: Label) -> Number | None:
        """Nothing counted: zero where the fact has data for the period, else no value."""
        answer = self.answer
        state = answer.states.get(measure.fact, FactState())
        bounds = state.bounds(time_column(measure, answer.facts))
        span = answer._span(self.label, leaf.shift)
        outside = False
        if bounds is not None and span is not None:
            first, last = (answer.local_day(at, measure) for at in bounds)
            through = max((s.through for s in state.sources if s.through is not None), default=None)
            if through is not None:
                last = max(last, through.date())
            outside = span[1] <= first or span[0] > last
        if not state.rows or bounds is None or outside:
            self.nothing = True
            return None
        additive = isinstance(getattr(measure, "of", measure), tree.Sum | tree.Count | tree.Distinct)
        return 0 if additive else None


def _total(values: list[Any]) -> Number | None:
    if not values:
        return None
    total: Number = values[0]
    for value in values[1:]:
        total = total + value
    return plain(total) if isinstance(total, Decimal) else total


def plain(value: Decimal) -> Decimal:
    """The same number without trailing zeros, and without an exponent."""
    short = value.normalize()
    return short.quantize(Decimal(1)) if short.as_tuple().exponent > 0 else short  # type: ignore[operator]


def divide(left: Number | None, right: Number | None) -> float | None:
    """left / right as a float; null when either is null or the divisor is zero."""
    if left is None or right is None or right == 0:
        return None
    if isinstance(left, float) or isinstance(right, float):
        return float(left) / float(right)
    return float(Decimal(left) / Decimal(right))


def combine(op: tree.Arithmetic, left: Number | None, right: Number | None) -> Number | None:
    """Arithmetic in which null stays null; exact decimals stay exact unless a float comes in."""
    if op == "/":
        return divide(left, right)
    if left is None or right is None:
        return None
    if isinstance(left, float) or isinstance(right, float):
        left, right = float(left), float(right)
    match op:
        case "+":
            return left + right  # type: ignore[operator]
        case "-":
            return left - right  # type: ignore[operator]
        case "*":
            return left * right  # type: ignore[operator]


def _evaluator(formula: Formula, shift: Shift) -> Callable[[_Reader], Number | None]:
    """A function of a reader for a formula; built once a query."""
    match formula:
        case tree.Number(value):
            return lambda _: value
        case tree.Combine(op, left, right):
            first, second = _evaluator(left, shift), _evaluator(right, shift)
            return lambda reader: combine(op, first(reader), second(reader))
        case tree.Negate(of):
            inner = _evaluator(of, shift)

            def negated(reader: _Reader) -> Number | None:
                value = inner(reader)
                return None if value is None else -value

            return negated
        case tree.Prior(of, count, grain):
            return _evaluator(of, (*shift, (count, grain)))
        case tree.Ref(metric):
            raise KeyError(metric)
        case measure:
            return lambda reader: reader.read(measure, shift)


def _sortable(label: Label) -> int:
    return label if isinstance(label, int) else label.toordinal()


def _order(dims: Dims) -> tuple[tuple[bool, str], ...]:
    """Dimension values in order, the missing last."""
    return tuple((value is None, str(value)) for value in dims)
