"""Which facts and columns a formula reads, and which metrics it stands on and carries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from leadline.model import tree
from leadline.model.fact import Fact
from leadline.model.infer import TOUCHES
from leadline.model.metric import Metric, expand
from leadline.model.tree import Measure, Step, columns_of, measures_of, refs_of


def columns_read(metric: Metric, metrics: Mapping[str, Metric], facts: Mapping[str, Fact]) -> dict[str, list[str]]:
    """The columns a metric reads, with those of the metrics it uses, per fact in the order in which they appear."""
    found: dict[str, list[str]] = {}
    for measure in measures_of(expand(metric.tree, metrics)):
        for fact, columns in _read(measure, facts):
            known = found.setdefault(fact, [])
            known += [name for name in dict.fromkeys(columns) if name and name not in known]
    return found


def used_by(metrics: Mapping[str, Metric]) -> dict[str, tuple[str, ...]]:
    """For each metric the ids of those whose formulas name it."""
    found: dict[str, tuple[str, ...]] = {}
    for metric in metrics.values():
        for name in refs_of(metric.tree):
            found[name] = (*found.get(name, ()), metric.id)
    return found


def _read(measure: Measure, facts: Mapping[str, Fact]) -> Iterator[tuple[str, tuple[str, ...]]]:
    fact = facts[measure.fact]
    match measure:
        case tree.Last(of):
            yield from _read(of, facts)
            yield fact.name, (fact.starts, fact.ends, *fact.balance_of)
        case tree.Trailing(of) | tree.ToDate(of) | tree.Across(of):
            yield from _read(of, facts)
        case tree.Movement(_, value, _, where):
            yield fact.name, (*columns_of(value), *columns_of(where), fact.entity, fact.starts, fact.ends)
        case tree.Gap(_, _, _, where):
            yield fact.name, (fact.entity, fact.time, *columns_of(where))
        case tree.Reach(start, end) | tree.Elapsed(start, end):
            yield from (_of_step(step, facts) for step in (start, end))
        case tree.Credit(of, _, _, where):
            yield from _read(of, facts)
            yield TOUCHES, (facts[TOUCHES].entity, facts[TOUCHES].time, *columns_of(where))
        case tree.Count(_, where, at):
            yield fact.name, (*columns_of(where), at or fact.time)
        case _:
            yield fact.name, (*columns_of(measure.value), *columns_of(measure.where), measure.at or fact.time)


def _of_step(step: Step, facts: Mapping[str, Fact]) -> tuple[str, tuple[str, ...]]:
    fact = facts[step.fact]
    return fact.name, (fact.entity, *columns_of(step.where), step.at or fact.time)
