"""From the legs' numbers to the answer: formulas evaluated once per cell, the same on every engine.

Legs meet by period and dimensions in a dictionary (docs/adr/0005). What holds for a whole period (how far back a leaf
reads, whether a source is late, what absence means) is worked out once per period, not per cell.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, TypeAlias, cast

from leadline.errors import RefusedError
from leadline.model import tree
from leadline.plan.arithmetic import Evaluator, Number, divide, evaluator, plain, total
from leadline.plan.compile import Plan
from leadline.plan.coverage import Coverage
from leadline.plan.leg import Cohort, Course, Leg, Moves, Scan
from leadline.plan.need import Empty
from leadline.plan.output import Leaf, Output
from leadline.plan.query import FactState
from leadline.plan.result import Mark, ResultColumn, Value
from leadline.plan.span import moved_label

Dims: TypeAlias = tuple[Value, ...]
Label: TypeAlias = dt.date | int
Key: TypeAlias = tuple[Label, Dims]
MAX_DENSE_CELLS = 200_000


class Answer:
    """Collects the rows of all legs by label and dimensions, then evaluates the outputs."""

    def __init__(
        self, plan: Plan, states: Mapping[str, FactState], coverage: Coverage, empty: Empty | None = None
    ) -> None:
        """`empty` tells which columns no row of a fact fills; without it none is taken to be."""
        self.plan = plan
        self.states = states
        self.coverage = coverage
        self.empty = empty
        self.columns: dict[str, dict[Key, Any]] = {}
        self.keys: list[Key] = []
        self._gaps: dict[str, tuple[int, ...]] = {}

    def take(self, leg: Leg, rows: Iterable[Sequence[Any]]) -> None:
        """Add the rows of one leg, as `leadline.sql.render` lays them out.

        A column holds a value by period and dimensions; of a leg split by currency, a mapping from currency to value.
        """
        first = (1 if leg.grain is not None else 0) + len(leg.by)
        split = getattr(leg, "currency", False)
        found = list(rows)
        keys = list(_keys(leg, found, first))
        if None in keys:
            found = [row for row, key in zip(found, keys, strict=True) if key is not None]
            keys = [key for key in keys if key is not None]
        known = cast("list[Key]", keys)
        self.keys += known
        for at, alias in enumerate(_aliases(leg), start=first + (1 if split else 0)):
            column = self.columns.setdefault(alias, {})
            if split:
                for key, row in zip(known, found, strict=True):
                    column.setdefault(key, {})[row[first] or ""] = row[at]
            else:
                column.update(zip(known, [row[at] for row in found], strict=True))

    def rows(self) -> tuple[list[ResultColumn], list[tuple[Value, ...]], dict[tuple[int, int], Mark]]:
        """Columns, rows in order (time, then dimensions, the unattributed last) and marks."""
        query = self.plan.query
        evaluators = [None if output.by_label else _bound(output) for output in self.plan.outputs]
        rows: list[tuple[Value, ...]] = []
        marks: dict[tuple[int, int], Mark] = {}
        currencies: list[str] = []
        head = (1 if query.grain else 0) + len(query.by)
        for label, members in self._members():
            ahead = (label,) if query.grain else ()
            readers: list[_Reader | _Column | _Redefined] = [
                _redefined(self, output, label)
                if evaluate is None
                else _Column.of(self, output, label) or _Reader(self, output, label, evaluate)
                for output, evaluate in zip(self.plan.outputs, evaluators, strict=True)
            ]
            if len(readers) == 1 and isinstance(readers[0], _Column):
                readers[0].cells(members, ahead, rows, currencies, marks)
                continue
            for dims in members:
                values: list[Value] = []
                used: set[str] | None = None
                for number, reader in enumerate(readers, start=head):
                    value, mark, spent = reader.cell(dims)
                    values.append(value)
                    if spent:
                        used = used | spent if used else spent
                    if mark is not None:
                        marks[len(rows), number] = mark
                if used and len(used) > 1:
                    raise self._mixed(dims, label, used)
                currencies.append(next(iter(used)) if used else "")
                rows.append((*ahead, *dims, *values))
        return self._with_currency(rows, marks, currencies)

    def late(self) -> dict[str, list[str]]:
        """Periods of the answer (first day, or `all`) that are unfinished, with the sources that are late."""
        leaves = {leaf.measure.fact: leaf for output in self.plan.outputs for leaf in output.leaves if not leaf.shift}
        return self._by_period(list(leaves.values()), self.coverage.late_sources)

    def settling(self) -> dict[str, list[str]]:
        """Periods of the answer whose conversions are still being credited, with the sources that do."""
        leaves = [leaf for output in self.plan.outputs for leaf in output.leaves if not leaf.shift]
        return self._by_period(leaves, self.coverage.settling_sources)

    def _by_period(self, leaves: Sequence[Leaf], sources: Callable[[Label, Leaf], list[str]]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for label in self.plan.labels:
            names = sorted({source for leaf in leaves for source in sources(label, leaf)})
            if names:
                found["all" if isinstance(label, int) else label.isoformat()] = names
        return found

    def unplaced(self, output: Output) -> tuple[int, ...]:
        """Dimensions by which an output has nothing to tell: no row fills them in what it is made of.

        All of it is unattributed then, and no member has a nought of it. A sum has something to tell where one of its
        parts has, a product or ratio where all have.
        """
        dims = range(len(self.plan.query.by)) if self.empty is not None else ()
        told = {leaf.measure: self._unfilled(leaf) for leaf in output.leaves if self.columns.get(leaf.alias)}
        return tuple(at for at in dims if _is_void(output.formula, {one for one, gaps in told.items() if at in gaps}))

    def _unfilled(self, leaf: Leaf) -> tuple[int, ...]:
        """Dimensions that no row of a leaf's fact fills, nor a lookup, a rule or the touches of a credit lend."""
        if self.empty is None or leaf.whole or isinstance(leaf.measure, tree.Credit):
            return ()
        found = self._gaps.get(leaf.alias)
        if found is None:
            by, column = self.plan.query.by, self.columns[leaf.alias]
            unseen = [at for at in range(len(by)) if not any(dims[at] is not None for _, dims in column)]
            empty = self.empty(leaf.measure.fact, tuple(by[at] for at in unseen)) if unseen else ()
            found = self._gaps[leaf.alias] = tuple(at for at in unseen if by[at] in empty)
        return found

    def _members(self) -> list[tuple[Label, list[Dims]]]:
        """Labels with the dimension values to show: every period for every combination that occurs."""
        plan = self.plan
        labels: list[Label] = sorted(plan.labels, key=_sortable)
        if not plan.query.by:
            return [(label, [()]) for label in labels]
        wanted = set(labels)
        combos = {dims for label, dims in self.keys if dims and (plan.query.grain is None or label in wanted)}
        ordered = sorted(combos, key=_order)
        if len(ordered) * len(labels) <= MAX_DENSE_CELLS:
            return [(label, ordered) for label in labels]
        present: dict[Label, list[Dims]] = {}
        for label, dims in self.keys:
            if dims and label in wanted:
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
            fix=f"convert with --currency {min(used)}, add --by currency, or --where \"currency = '{min(used)}'\"",
        )


Told: TypeAlias = tuple[Number | None, Mark | None, set[str] | None]
_ABSENT: Any = object()


def _nothing(_: Any) -> None:
    return None


class _Slot:
    """A leaf within one period: which label it reads, and what stands for a missing value."""

    __slots__ = (
        "absent",
        "alias",
        "column",
        "currencies",
        "kind",
        "label",
        "like",
        "money",
        "nothing",
        "parts",
        "unlike",
        "whole",
    )

    def __init__(self, answer: Answer, leaf: Leaf, label: Label) -> None:
        plan, measure = answer.plan, leaf.measure
        self.alias = leaf.alias
        self.column = answer.columns.get(leaf.alias, {})
        self.money = leaf.money
        self.whole = leaf.whole
        self.label: Label
        part = plan.parts.get((label, leaf.alias, leaf.shift))
        self.unlike = part is not None and part.kind == "none"
        self.like = part is not None and part.kind in {"like", "weeks"}
        if part is not None and not self.unlike:
            self.label = part.window
        elif isinstance(label, int):
            self.label = plan.windows[leaf.shift]
        else:
            self.label = moved_label(label, leaf.shift, plan.query)
        self.kind: Literal["plain", "share", "number", "course"] = "plain"
        if isinstance(measure, tree.Reach):
            self.kind = "share" if measure.share else "number"
        elif isinstance(measure, tree.Elapsed):
            self.kind = "course"
        self.parts = answer.coverage.parts(label, leaf) if isinstance(measure, tree.Across) else None
        self.currencies = _currencies(answer, leaf)
        # Nothing counted is zero where the fact has data for the period; where none reaches, it is no value.
        self.nothing = not answer.coverage.reaches(label, leaf)
        of = getattr(measure, "of", measure)
        additive = isinstance(of, tree.Sum | tree.Count | tree.Distinct | tree.Movement)
        self.absent: Number | None = 0 if additive and not self.nothing else None


class _Column:
    """An output that is one plain measure: its values as they came, without evaluating a formula for each."""

    __slots__ = ("absence", "column", "currencies", "label", "mark", "whole")

    @classmethod
    def of(cls, answer: Answer, output: Output, label: Label) -> _Column | None:
        """None for an output that needs more: a formula, a comparison, several currencies."""
        if len(output.leaves) != 1 or output.formula is not output.leaves[0].measure:
            return None
        reader = _Reader(answer, output, label, _nothing)
        slot = reader.slots[0]
        if reader.unplaced:
            return None
        if slot.kind != "plain" or slot.parts is not None or slot.unlike or (slot.money and len(slot.currencies) > 1):
            return None
        made = cls()
        made.column = slot.column
        made.label = slot.label
        made.whole = slot.whole
        made.mark = reader.mark()
        made.absence = (slot.absent, "no-data" if slot.nothing else made.mark, None)
        made.currencies = slot.currencies if slot.money else None
        return made

    absence: Told
    column: dict[Key, Any]
    currencies: set[str] | None
    label: Label
    mark: Mark | None
    whole: bool

    def cells(
        self,
        members: Sequence[Dims],
        ahead: tuple[Value, ...],
        rows: list[tuple[Value, ...]],
        currencies: list[str],
        marks: dict[tuple[int, int], Mark],
    ) -> None:
        """A row for each of these dimensions, after what stands `ahead`; the same as `cell` one by one, in one loop."""
        if not members:
            return
        get, label = self.column.get, self.label
        absent, absent_mark, _ = self.absence
        money = next(iter(self.currencies), "") if self.currencies else ""
        if self.whole:
            values = [get((label, ()), _ABSENT)] * len(members)
        else:
            values = [get((label, dims), _ABSENT) for dims in members]
        if self.mark is not None or absent_mark is not None:
            at = len(ahead) + len(members[0])
            for number, value in enumerate(values, start=len(rows)):
                mark = absent_mark if value is _ABSENT else self.mark
                if mark is not None:
                    marks[number, at] = mark
        currencies += ["" if value is _ABSENT or value is None else money for value in values]
        rows += [
            (*ahead, *dims, absent if value is _ABSENT else plain(value) if value.__class__ is Decimal else value)
            for dims, value in zip(members, values, strict=True)
        ]

    def cell(self, dims: Dims) -> Told:
        """The output's value for these dimensions, what must be said of it, and the currencies in it."""
        value = self.column.get((self.label, () if self.whole else dims), _ABSENT)
        if value is _ABSENT:
            return self.absence
        if value is None:
            return None, self.mark, None
        return plain(value) if isinstance(value, Decimal) else value, self.mark, self.currencies


class _Reader:
    """Reads the leaves of one output in one period, for one combination of dimensions after another."""

    __slots__ = (
        "columns",
        "currencies",
        "dims",
        "evaluate",
        "late",
        "like",
        "nothing",
        "open",
        "settling",
        "slots",
        "unlike",
        "unplaced",
    )

    def __init__(self, answer: Answer, output: Output, label: Label, evaluate: Evaluator) -> None:
        self.columns = answer.columns
        self.evaluate = evaluate
        self.slots = [_Slot(answer, leaf, label) for leaf in output.leaves]
        self.late = any(answer.coverage.late_sources(label, leaf) for leaf in output.leaves)
        self.like = any(slot.like for slot in self.slots)
        self.settling = any(answer.coverage.settling_sources(label, leaf) for leaf in output.leaves)
        self.unplaced = answer.unplaced(output)
        self.dims: Dims = ()
        self.currencies: set[str] | None = None
        self.open = self.nothing = self.unlike = False

    def cell(self, dims: Dims) -> Told:
        """The output's value for these dimensions, what must be said of it, and the currencies in it."""
        self.dims = dims
        self.currencies = None
        self.open = self.nothing = self.unlike = False
        if any(dims[at] is not None for at in self.unplaced):
            return None, None, None
        value = self.evaluate(self)
        return value, self.mark(), self.currencies

    def mark(self) -> Mark | None:
        """What must be said of the value just read."""
        if self.nothing:
            return "no-data"
        if self.unlike:
            return "unlike"
        if self.open:
            return "immature"
        if self.late:
            return "unfinished"
        if self.like:
            return "like"
        return "settling" if self.settling else None

    def read(self, index: int) -> Number | None:
        """The value of a leaf."""
        slot = self.slots[index]
        if slot.unlike:
            self.unlike = True
            return None
        key = (slot.label, () if slot.whole else self.dims)
        if slot.kind in {"share", "number"}:
            return self._cohort(slot, key)
        value = slot.column.get(key, _ABSENT)
        if value is _ABSENT:
            self.nothing = self.nothing or slot.nothing
            return slot.absent
        if slot.kind == "course":
            return self._course(value, self.columns[f"{slot.alias}_open"][key])
        found = self._amount(slot, value)
        return found if slot.parts is None else divide(found, slot.parts)

    def _amount(self, slot: _Slot, value: Any) -> Number | None:
        """A value of the leg; money by currency is added up, and its currencies noted."""
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

    def _cohort(self, slot: _Slot, key: Key) -> Number | None:
        started, reached, waiting = (
            self.columns.get(f"{slot.alias}_{name}", {}).get(key, 0) for name in ("started", "reached", "open")
        )
        if waiting:
            self.open = True
        return divide(reached, started) if slot.kind == "share" else int(reached)

    def _course(self, value: float | None, waiting: float | None) -> float | None:
        """The time it takes; immature while somebody under way for a shorter time may still change it."""
        if value is None or (waiting is not None and waiting < value):
            self.open = True
        return value


class _Redefined:
    """Reads a column whose definition changes: by the one in effect in a period, if there is one."""

    __slots__ = ("reader",)

    def __init__(self, reader: _Reader | _Column | None) -> None:
        self.reader = reader

    def cell(self, dims: Dims) -> Told:
        """The output's value for these dimensions, what must be said of it, and the currencies in it."""
        if self.reader is None:
            return None, "redefined", None
        value, mark, spent = self.reader.cell(dims)
        return value, "redefined" if mark in (None, "like") else mark, spent


def _redefined(answer: Answer, output: Output, label: Label) -> _Reader | _Column | _Redefined:
    meant = output.at(label)
    if meant is None:
        return _Redefined(None)
    reader = _Column.of(answer, meant, label) or _Reader(answer, meant, label, _bound(meant))
    return _Redefined(reader) if label in output.redefined else reader


def _currencies(answer: Answer, leaf: Leaf) -> set[str]:
    """What a leaf's amounts are in: the currency asked for, or those that its fact's rows have."""
    known = set(answer.states.get(leaf.measure.fact, FactState()).currencies) if leaf.money else set()
    return {answer.plan.query.currency} if known and answer.plan.query.currency else known


def _is_void(formula: tree.Formula, void: Collection[tree.Measure]) -> bool:
    """Whether nothing is left of a formula when these measures have nothing to tell."""
    match formula:
        case tree.Combine("+" | "-", left, right):
            parts = [part for part in (left, right) if not isinstance(part, tree.Number)]
            return bool(parts) and all(_is_void(part, void) for part in parts)
        case tree.Combine(_, left, right):
            return _is_void(left, void) or _is_void(right, void)
        case tree.Negate(of) | tree.Prior(of):
            return _is_void(of, void)
        case tree.Number() | tree.Total() | tree.Ref() | tree.Credited():
            return False
        case _:
            return formula in void


def _bound(output: Output) -> Evaluator:
    numbers = {(leaf.measure, leaf.shift, leaf.whole): index for index, leaf in enumerate(output.leaves)}
    return evaluator(output.formula, numbers)


def _keys(leg: Leg, rows: Sequence[Sequence[Any]], first: int) -> Iterable[Key | None]:
    """Period and dimensions of each row; None for rows that lie in no period."""
    if leg.grain is None:
        window = leg.window
        return ((window, tuple(row[:first])) for row in rows)
    if rows and isinstance(rows[0][0], dt.datetime):
        days = {moment: moment and moment.date() for moment in {row[0] for row in rows}}
        return (None if row[0] is None else (days[row[0]], tuple(row[1:first])) for row in rows)
    return (None if row[0] is None else (_day(row[0]), tuple(row[1:first])) for row in rows)


def _day(moment: dt.date) -> dt.date:
    return moment.date() if isinstance(moment, dt.datetime) else moment


def _aliases(leg: Leg) -> list[str]:
    if isinstance(leg, Scan):
        return [named.alias for named in leg.measures]
    if isinstance(leg, Cohort):
        return [f"{leg.alias}_started", f"{leg.alias}_reached", f"{leg.alias}_open"]
    if isinstance(leg, Course):
        return [leg.alias, f"{leg.alias}_open"]
    if isinstance(leg, Moves):
        return [alias for alias, _ in leg.measures]
    return [leg.alias]


def _sortable(label: Label) -> int:
    return label if isinstance(label, int) else label.toordinal()


def _order(dims: Dims) -> tuple[tuple[bool, str], ...]:
    """Dimension values in order, the missing last."""
    return tuple((value is None, str(value)) for value in dims)
