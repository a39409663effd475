"""From the legs' numbers to the answer: formulas evaluated once per cell, the same on every engine.

Legs meet by period and dimensions in a dictionary (docs/adr/0005). What holds for a whole period (how far back a leaf
reads, whether a source is late, what absence means) is worked out once per period, not per cell.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from leadline.errors import RefusedError
from leadline.model import tree
from leadline.model.fact import Fact
from leadline.plan.arithmetic import Evaluator, Number, divide, evaluator, plain, total
from leadline.plan.compile import Plan
from leadline.plan.coverage import Coverage
from leadline.plan.leg import Cohort, Leg, Scan
from leadline.plan.output import Leaf, Output
from leadline.plan.query import FactState
from leadline.plan.result import Mark, ResultColumn, Value
from leadline.plan.span import moved_label

Dims: TypeAlias = tuple[Value, ...]
Label: TypeAlias = dt.date | int
Cell: TypeAlias = dict[str, Any]
MAX_DENSE_CELLS = 200_000


class Answer:
    """Collects the rows of all legs by label and dimensions, then evaluates the outputs."""

    def __init__(self, plan: Plan, facts: Mapping[str, Fact], states: Mapping[str, FactState]) -> None:
        self.plan = plan
        self.states = states
        self.coverage = Coverage(plan, facts, states)
        self.cells: dict[tuple[Label, Dims], Cell] = {}

    def take(self, leg: Leg, rows: Iterable[Sequence[Any]]) -> None:
        """Add the rows of one leg, as `leadline.sql.render` lays them out.

        A cell holds a value by alias; of a leg split by currency, a mapping from currency to value.
        """
        head = 1 if leg.grain is not None else 0
        first = head + len(leg.by)
        aliases = _aliases(leg)
        split = not isinstance(leg, Cohort) and leg.currency
        label: Label = leg.window
        for row in rows:
            if head:
                label = row[0].date() if isinstance(row[0], dt.datetime) else row[0]
                if label is None:
                    continue
            cell = self.cells.setdefault((label, tuple(row[head:first])), {})
            if split:
                for alias, value in zip(aliases, row[first + 1 :], strict=True):
                    cell.setdefault(alias, {})[row[first] or ""] = value
            else:
                cell.update(zip(aliases, row[first:], strict=True))

    def rows(self) -> tuple[list[ResultColumn], list[tuple[Value, ...]], dict[tuple[int, int], Mark]]:
        """Columns, rows in order (time, then dimensions, the unattributed last) and marks."""
        query = self.plan.query
        evaluators = [_bound(output) for output in self.plan.outputs]
        rows: list[tuple[Value, ...]] = []
        marks: dict[tuple[int, int], Mark] = {}
        currencies: list[str] = []
        head = (1 if query.grain else 0) + len(query.by)
        for label, members in self._members():
            readers = [_Reader(self, output, label) for output in self.plan.outputs]
            pairs = list(zip(readers, evaluators, strict=True))
            for dims in members:
                values: list[Value] = []
                used: set[str] = set()
                for number, (reader, evaluate) in enumerate(pairs):
                    reader.turn_to(dims)
                    values.append(evaluate(reader))
                    if reader.currencies:
                        used |= reader.currencies
                    mark = reader.mark()
                    if mark is not None:
                        marks[len(rows), head + number] = mark
                if len(used) > 1:
                    raise self._mixed(dims, label, used)
                currencies.append(used.pop() if used else "")
                rows.append((label, *dims, *values) if query.grain else (*dims, *values))
        return self._with_currency(rows, marks, currencies)

    def late(self) -> dict[str, list[str]]:
        """Periods of the answer (first day, or `all`) that are unfinished, with the sources that are late."""
        found: dict[str, list[str]] = {}
        leaves = {leaf.measure.fact: leaf for output in self.plan.outputs for leaf in output.leaves if not leaf.shift}
        for label in self.plan.labels:
            late = sorted({source for leaf in leaves.values() for source in self.coverage.late_sources(label, leaf)})
            if late:
                found["all" if isinstance(label, int) else label.isoformat()] = late
        return found

    def _members(self) -> list[tuple[Label, list[Dims]]]:
        """Labels with the dimension values to show: every period for every combination that occurs."""
        plan = self.plan
        labels: list[Label] = sorted(plan.labels, key=_sortable)
        if not plan.query.by:
            return [(label, [()]) for label in labels]
        wanted = set(labels)
        combos = {dims for label, dims in self.cells if plan.query.grain is None or label in wanted}
        ordered = sorted(combos, key=_order)
        if len(ordered) * len(labels) <= MAX_DENSE_CELLS:
            return [(label, ordered) for label in labels]
        present: dict[Label, list[Dims]] = {}
        for label, dims in self.cells:
            if label in wanted:
                present.setdefault(label, []).append(dims)
        return [(label, sorted(present[label], key=_order)) for label in labels if label in present]

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
        money = [o.column.metric for o in self.plan.outputs if any(leaf.money for leaf in o.leaves)]
        return RefusedError(
            "mixed-currencies",
            f"Amounts in {', '.join(sorted(used))} cannot be added.",
            why=f"{', '.join(dict.fromkeys(money))}{where} has rows in {len(used)} currencies",
            fix=f"add --by currency, or --where \"currency = '{min(used)}'\"",
        )


class _Slot:
    """A leaf within one period: which label it reads, and what stands for a missing value."""

    __slots__ = ("absent", "alias", "currencies", "is_cohort", "label", "money", "nothing", "share")

    def __init__(self, answer: Answer, leaf: Leaf, label: Label) -> None:
        plan, measure = answer.plan, leaf.measure
        self.alias = leaf.alias
        self.money = leaf.money
        self.label: Label
        self.label = plan.windows[leaf.shift] if isinstance(label, int) else moved_label(label, leaf.shift, plan.query)
        self.is_cohort = isinstance(measure, tree.Reach)
        self.share = isinstance(measure, tree.Reach) and measure.share
        self.currencies = set(answer.states.get(measure.fact, FactState()).currencies) if leaf.money else set()
        # Nothing counted is zero where the fact has data for the period; where none reaches, it is no value.
        self.nothing = not answer.coverage.reaches(label, leaf)
        additive = isinstance(getattr(measure, "of", measure), tree.Sum | tree.Count | tree.Distinct)
        self.absent: Number | None = 0 if additive and not self.nothing else None


class _Reader:
    """Reads the leaves of one output in one period, for one combination of dimensions after another."""

    __slots__ = ("cells", "currencies", "dims", "late", "nothing", "open", "slots")

    def __init__(self, answer: Answer, output: Output, label: Label) -> None:
        self.cells = answer.cells
        self.slots = [_Slot(answer, leaf, label) for leaf in output.leaves]
        self.late = any(answer.coverage.late_sources(label, leaf) for leaf in output.leaves)
        self.turn_to(())

    def turn_to(self, dims: Dims) -> None:
        self.dims = dims
        self.currencies: set[str] | None = None
        self.open = False
        self.nothing = False

    def mark(self) -> Mark | None:
        """What must be said of the value just read."""
        if self.nothing:
            return "no-data"
        if self.open:
            return "immature"
        return "unfinished" if self.late else None

    def read(self, index: int) -> Number | None:
        """The value of a leaf."""
        slot = self.slots[index]
        cell = self.cells.get((slot.label, self.dims))
        if slot.is_cohort:
            return self._cohort(slot, cell or {})
        if cell is None or slot.alias not in cell:
            self.nothing = self.nothing or slot.nothing
            return slot.absent
        value = cell[slot.alias]
        if value is None or not slot.money:
            return plain(value) if isinstance(value, Decimal) else value
        if isinstance(value, dict):
            known = {
                currency for currency, amount in value.items() if amount or (amount is not None and len(value) == 1)
            }
            self._spend(known if known != {""} else slot.currencies)
            return total([amount for amount in value.values() if amount is not None])
        self._spend(slot.currencies)
        return plain(value) if isinstance(value, Decimal) else value

    def _spend(self, currencies: set[str]) -> None:
        self.currencies = currencies if self.currencies is None else self.currencies | currencies

    def _cohort(self, slot: _Slot, cell: Cell) -> Number | None:
        started, reached = cell.get(f"{slot.alias}_started", 0), cell.get(f"{slot.alias}_reached", 0)
        if cell.get(f"{slot.alias}_open", 0):
            self.open = True
        return divide(reached, started) if slot.share else int(reached)


def _bound(output: Output) -> Evaluator:
    return evaluator(output.formula, {(leaf.measure, leaf.shift): index for index, leaf in enumerate(output.leaves)})


def _aliases(leg: Leg) -> list[str]:
    if isinstance(leg, Scan):
        return [named.alias for named in leg.measures]
    if isinstance(leg, Cohort):
        return [f"{leg.alias}_started", f"{leg.alias}_reached", f"{leg.alias}_open"]
    return [leg.alias]


def _sortable(label: Label) -> int:
    return label if isinstance(label, int) else label.toordinal()


def _order(dims: Dims) -> tuple[tuple[bool, str], ...]:
    """Dimension values in order, the missing last."""
    return tuple((value is None, str(value)) for value in dims)
