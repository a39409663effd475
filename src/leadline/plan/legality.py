"""Which breakdowns and filters have a right answer: all parts of a formula must have the column."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from leadline.errors import DefinitionError, RefusedError, UsageError, meant
from leadline.model import tree
from leadline.model.fact import Fact
from leadline.model.infer import TOUCHES, check_condition, dimensions_of
from leadline.model.text import condition_text
from leadline.plan.output import Output
from leadline.plan.query import Query


class Part(Struct, frozen=True):
    """A part of a metric: the fact it counts, and the columns it may be broken down and filtered by."""

    metric: str
    fact: Fact
    columns: tuple[str, ...]
    dimensions: tuple[str, ...]
    whole: bool


def parts_of(outputs: tuple[Output, ...], facts: Mapping[str, Fact]) -> list[Part]:
    """The parts of all outputs, each fact once; credit is broken down by the touch's columns too."""
    found: dict[tuple[str, ...], Part] = {}
    for output in outputs:
        for leaf in output.leaves:
            read = [facts[leaf.measure.fact]]
            if isinstance(leaf.measure, tree.Credit):
                read.append(facts[TOUCHES])
            columns = dict.fromkeys(name for fact in read for name in fact.breakdowns)
            part = Part(output.column.metric, read[0], tuple(columns), dimensions_of(leaf.measure, facts), leaf.whole)
            found.setdefault((*(fact.name for fact in read), str(leaf.whole)), part)
    return list(found.values())


def check_legality(query: Query, outputs: tuple[Output, ...], facts: Mapping[str, Fact]) -> None:
    """Refuse a breakdown or filter that some part of a metric cannot have."""
    parts = parts_of(outputs, facts)
    if len(set(query.by)) < len(query.by):
        raise UsageError("dimension-twice", "A dimension is named twice.", fix="name each once")
    for dimension in query.by:
        _check_dimension(dimension, [part for part in parts if not part.whole])
    if query.where is None:
        return
    for part in parts:
        missing = [name for name in tree.columns_of(query.where) if not _filters(part, name, facts)]
        if missing:
            raise RefusedError(
                "filter-missing",
                f"{part.metric} cannot be filtered by {missing[0]}.",
                why=f"its part from fact {part.fact.name} has no {missing[0]}",
                fix=f"filter by {', '.join(part.dimensions)}, or lend it with `lookups:` in leadline.yaml",
            )
        if all(part.fact.has(name) or name == "_source" for name in tree.columns_of(query.where)):
            try:
                check_condition(query.where, part.fact, f"where {condition_text(query.where)}")
            except DefinitionError as error:
                raise UsageError(error.code, error.what, why=error.why, fix=error.fix) from None


def _filters(part: Part, name: str, facts: Mapping[str, Fact]) -> bool:
    return name == "_source" or part.fact.has(name) or (TOUCHES in facts and name in part.columns)


def _check_dimension(dimension: str, parts: list[Part]) -> None:
    legal = {name for part in parts for name in part.columns}
    for part in parts:
        fact = part.fact
        if dimension in part.columns:
            continue
        if dimension in fact.times:
            raise UsageError(
                "time-as-dimension",
                f"{dimension!r} is a time.",
                why=f"fact {fact.name}",
                fix="use --grain day, week, month, …",
            )
        if dimension not in legal:
            raise UsageError(
                "unknown-dimension",
                f"There is no dimension {dimension!r} here.",
                why=f"metric {part.metric} counts rows of {fact.name}",
                fix=meant(dimension, legal, f"{fact.name} has {', '.join(part.dimensions)}"),
            )
        common = [name for name in part.dimensions if all(name in other.columns for other in parts)]
        raise RefusedError(
            "dimension-missing",
            f"{part.metric} cannot be broken down by {dimension}.",
            why=f"its part from fact {fact.name} has no {dimension}: the same number would repeat in every row",
            fix=f"{_without(common)}, or lend {fact.name} a {dimension} with `lookups:` in leadline.yaml",
        )


def _without(common: list[str]) -> str:
    return f"ask without it, by {', '.join(common)}" if common else "ask without it"
