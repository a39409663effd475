"""What a query puts out: a formula a column, and the measures it reads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal, TypeAlias

from msgspec import Struct

from leadline.model import tree
from leadline.model.fact import Fact
from leadline.model.infer import is_money, meaning_of
from leadline.model.metric import Metric, definition_hash, expand
from leadline.model.tree import Formula, Measure
from leadline.model.version import varies
from leadline.plan.query import Query
from leadline.plan.result import ResultColumn
from leadline.plan.span import Shift

Aliases: TypeAlias = dict[tuple[Measure, bool], str]
LeafKey: TypeAlias = tuple[Measure, Shift, bool]


class Sense(Struct, frozen=True):
    """What a metric means whatever is asked of it: its formula without references, its unit, its definition's hash.

    It `varies` when it, or a metric it stands on, meant something else before.
    """

    metric: Metric
    formula: Formula
    unit: str
    hash: str
    varies: bool = False


def sense_of(metric: Metric, metrics: Mapping[str, Metric], facts: Mapping[str, Fact]) -> Sense:
    """The sense of a metric; worth keeping, for it costs more than the rest of a plan."""
    return Sense(
        metric,
        expand(metric.tree, metrics),
        meaning_of(metric, metrics, facts).unit,
        definition_hash(metric, metrics),
        varies(metric, metrics),
    )


class Leaf(Struct, frozen=True):
    """A measure as a formula uses it: its output column, how far back it is read, and whether over all dimensions."""

    alias: str
    measure: Measure
    shift: Shift
    money: bool
    whole: bool = False


class Output(Struct, frozen=True):
    """A metric column of the result, its formula, and its leaves by (measure, shift).

    Of a metric that means different things in different periods `by_label` has the output of each, None where a period
    has no one definition; `leaves` are then those of all of them, and `redefined` the periods in which a new one begins
    or that are held against one with another.
    """

    column: ResultColumn
    formula: Formula
    leaves: tuple[Leaf, ...]
    by_label: Mapping[dt.date | int, Output | None] = {}
    redefined: frozenset[dt.date | int] = frozenset()

    def at(self, label: dt.date | int) -> Output | None:
        """What the column means in a period of the answer."""
        return self.by_label.get(label) if self.by_label else self


_COMPARE_LABEL = {"previous": "previous period", "year": "a year before"}


def gather_outputs(query: Query, chosen: list[Sense], facts: Mapping[str, Fact]) -> tuple[tuple[Output, ...], Aliases]:
    """One output a metric and comparison; equal measures over the same breakdown share one alias."""
    aliases: Aliases = {}
    outputs = []
    for sense in chosen:
        metric = sense.metric
        formula = settled(sense.formula, query)
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
                name, "metric", label, unit=sense.unit, metric=metric.id, compare=compare, better=metric.better
            )
            outputs.append(output_of(column, moved, aliases, facts))
    return tuple(outputs), aliases


def output_of(column: ResultColumn, formula: Formula, aliases: Aliases, facts: Mapping[str, Fact]) -> Output:
    """The output of a settled formula; its measures are added to `aliases`."""
    leaves: dict[LeafKey, Leaf] = {}
    _read(formula, (), False, aliases, leaves, facts)
    return Output(column, formula, tuple(leaves.values()))


def settled(formula: Formula, query: Query) -> Formula:
    """The formula with what only the query knows filled in.

    The attribution model and its lookback where credit names none; and no totals where there is no breakdown.
    """
    match formula:
        case tree.Combine(op, left, right):
            return tree.Combine(op, settled(left, query), settled(right, query))
        case tree.Negate(of):
            return tree.Negate(settled(of, query))
        case tree.Prior(of, count, grain):
            return tree.Prior(settled(of, query), count, grain)
        case tree.Total(of):
            return tree.Total(settled(of, query)) if query.by else settled(of, query)
        case tree.Credit(of, model, days, where):
            return tree.Credit(of, model or query.attribution, query.lookback_days if days is None else days, where)
        case _:
            return formula


def _read(
    formula: Formula,
    shift: Shift,
    whole: bool,
    aliases: Aliases,
    leaves: dict[LeafKey, Leaf],
    facts: Mapping[str, Fact],
) -> None:
    match formula:
        case tree.Number() | tree.Ref() | tree.Credited():
            return
        case tree.Combine(_, left, right):
            _read(left, shift, whole, aliases, leaves, facts)
            _read(right, shift, whole, aliases, leaves, facts)
        case tree.Negate(of):
            _read(of, shift, whole, aliases, leaves, facts)
        case tree.Total(of):
            _read(of, shift, True, aliases, leaves, facts)
        case tree.Prior(of, count, grain):
            _read(of, (*shift, (count, grain)), whole, aliases, leaves, facts)
        case measure:
            alias = aliases.setdefault((measure, whole), f"m{len(aliases)}")
            leaves[measure, shift, whole] = Leaf(alias, measure, shift, is_money(measure, facts), whole)
