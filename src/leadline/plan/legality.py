"""Which breakdowns and filters have a right answer: all parts of a formula must have the column."""

from __future__ import annotations

from collections.abc import Mapping

from leadline.errors import RefusedError, UsageError, closest
from leadline.model import tree
from leadline.model.fact import Fact
from leadline.model.infer import check_row
from leadline.plan.output import Output
from leadline.plan.query import Query


def breakdown_columns(fact: Fact) -> tuple[str, ...]:
    """Columns a number may be broken down by: dimensions, ids and plain attributes, never personal data."""
    return (
        *(c.name for c in fact.columns if c.role in {"dimension", "id", "attribute"} and not c.personal),
        "_source",
    )


def check_legality(query: Query, outputs: tuple[Output, ...], facts: Mapping[str, Fact]) -> None:
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
