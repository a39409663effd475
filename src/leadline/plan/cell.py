"""From a cell of an answer back to the rows behind it: the legs of that cell alone, and the dimension values it has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from leadline.errors import UsageError
from leadline.model import tree
from leadline.model.fact import Fact
from leadline.model.text import formula_text
from leadline.model.tree import Row
from leadline.plan.compile import Plan
from leadline.plan.gather import gather_legs
from leadline.plan.leg import Leg, Span
from leadline.plan.like import part_legs
from leadline.plan.output import Leaf, Output
from leadline.plan.query import FactState, Query
from leadline.plan.result import Result, Total, Value
from leadline.plan.span import moved_label
from leadline.time.period import Period

Label: TypeAlias = dt.date | int


class CellLeg(Struct, frozen=True):
    """One measure of a cell: the leg that counts its rows, and the cell's dimension values as conditions."""

    leaf: Leaf
    leg: Leg
    cell: tuple[Row, ...]


class Records(Struct, frozen=True):
    """The rows behind one measure of a cell.

    `measure` is its formula, `period` the local days it was read from (first and last), `count` the number of all
    rows; `rows` may be fewer. Columns that begin with _ are not the fact's own: _source, _load, _line and _file say
    where a row came from, others what the measure made of it.
    """

    measure: str
    fact: str
    period: str
    columns: list[str]
    rows: list[tuple[Any, ...]]
    count: int
    sql: str

    @classmethod
    def of(cls, one: CellLeg, columns: list[str], rows: list[tuple[Any, ...]], count: int, sql: str) -> Records:
        return cls(formula_text(one.leaf.measure), one.leg.fact, spans_text(one.leg.spans), columns, rows, count, sql)

    def column(self, name: str) -> list[Any]:
        """The values of one column."""
        at = self.columns.index(name)
        return [row[at] for row in self.rows]


def spans_text(spans: tuple[Span, ...]) -> str:
    """Local days as a reader writes them: first and last day, both included."""
    if not spans:
        return "all time"
    first, last = spans[0][0], spans[-1][1] - dt.timedelta(days=1)
    return first.isoformat() if first == last else f"{first.isoformat()}..{last.isoformat()}"


def cell_of(result: Result, row: int | Total) -> tuple[Query, Label, dict[str, Value]]:
    """What a row of a result (or one of its totals) stands for: the query, the period's label, the dimension values."""
    if result.query is None:
        raise UsageError(
            "no-query", "This result does not say what was asked.", fix="take one that `Workspace.query` returned"
        )
    if isinstance(row, int) and not -len(result.rows) <= row < len(result.rows):
        raise UsageError("no-row", f"There is no row {row}.", fix=f"rows are 0 to {len(result.rows) - 1}")
    values = result.rows[row] if isinstance(row, int) else row.values
    heads = list(zip(result.columns, values, strict=True))
    label = next((value for head, value in heads if head.kind == "time"), None)
    dimensions = {head.name: value for head, value in heads if head.kind == "dimension"}
    query = result.query
    if not isinstance(row, int):
        # A total is over all of the breakdown; a currency column that the answer added is none of it.
        dimensions = {name: value for name, value in dimensions.items() if name not in query.by and value is not None}
        query = replace(query, by=(), grain=query.grain if label is not None else None)
    return query, label if isinstance(label, dt.date) else 0, dimensions


def cell_legs(
    plan: Plan,
    output: Output,
    label: Label,
    dimensions: Mapping[str, Value],
    facts: Mapping[str, Fact],
    states: Mapping[str, FactState],
) -> list[CellLeg]:
    """The legs of one cell, in the order of the formula; a measure over all dimensions keeps none of the cell's."""
    cell = tuple(is_value(name, value) for name, value in dimensions.items())
    found = []
    meant = output.at(label)
    for leaf in meant.leaves if meant is not None else ():
        for leg in _leaf_legs(plan, output, leaf, label, facts, states):
            found.append(CellLeg(leaf, leg, () if leaf.whole else cell))
    return found


def _leaf_legs(
    plan: Plan,
    output: Output,
    leaf: Leaf,
    label: Label,
    facts: Mapping[str, Fact],
    states: Mapping[str, FactState],
) -> tuple[Leg, ...]:
    """The legs of one measure in one period, over all dimensions; none where a comparison has no right answer."""
    key = (label, leaf.alias, leaf.shift)
    part = plan.parts.get(key)
    query = replace(plan.query, by=(), compare=())
    if part is not None:
        wanted = Output(output.column, leaf.measure, (replace(leaf, whole=False),))
        return part_legs(query, (wanted,), {key: part}, facts, states)
    span = cell_span(plan, leaf, label)
    period = Period(span[0], span[1], "day", (span[1] - span[0]).days, "") if span is not None else None
    wanted = Output(output.column, leaf.measure, (replace(leaf, shift=(), whole=False),))
    plain = replace(query, grain=None, period=period)
    return gather_legs(plain, (wanted,), (0,), {(): span}, {(): 0}, facts, states)


def cell_span(plan: Plan, leaf: Leaf, label: Label) -> Span | None:
    """The local days that a leaf's value of a plain period was read from; None for all time."""
    query = plan.query
    if isinstance(label, int) or query.grain is None:
        return plan.spans.get(leaf.shift)
    start = moved_label(label, leaf.shift, query)
    end = query.calendar.shift(start, query.grain, 1)
    read_as_asked = any(
        (other.measure, other.shift, other.whole) == (leaf.measure, (), leaf.whole)
        for output in plan.outputs
        for other in output.leaves
    )
    if query.period is not None and read_as_asked and start in plan.labels:
        # A period that the asked range cuts was read as far as it was asked for.
        return max(start, query.period.start), min(end, query.period.end)
    return start, end


def is_value(column: str, value: Value) -> Row:
    """The condition that a column has a value; None is what nothing is attributed to."""
    if value is None:
        return tree.IsNull(tree.Column(column))
    if isinstance(value, dt.date):
        return tree.Compare("=", tree.Column(column), tree.Constant(value.isoformat()))
    constant = float(value) if isinstance(value, Decimal) else value
    return tree.Compare("=", tree.Column(column), tree.Constant(constant))
