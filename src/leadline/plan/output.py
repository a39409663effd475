"""What a query puts out: a formula a column, and the measures it reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from leadline.model import tree
from leadline.model.fact import Fact
from leadline.model.infer import is_money, meaning_of
from leadline.model.metric import Metric, expand
from leadline.model.tree import Formula, Measure
from leadline.plan.query import Query
from leadline.plan.result import ResultColumn
from leadline.plan.span import Shift


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


_COMPARE_LABEL = {"previous": "previous period", "year": "a year before"}


def gather_outputs(
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
            _read(moved, (), aliases, leaves, facts)
            outputs.append(Output(column, moved, tuple(leaves.values())))
    return tuple(outputs), aliases


def _read(
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
            _read(left, shift, aliases, leaves, facts)
            _read(right, shift, aliases, leaves, facts)
        case tree.Negate(of):
            _read(of, shift, aliases, leaves, facts)
        case tree.Prior(of, count, grain):
            _read(of, (*shift, (count, grain)), aliases, leaves, facts)
        case measure:
            alias = aliases.setdefault(measure, f"m{len(aliases)}")
            leaves[measure, shift] = Leaf(alias, measure, shift, is_money(measure, facts))
