"""What a metric without a value is waiting for: facts without rows, columns that no source fills, and who would.

A sum or count over a column that is empty in every row would be nought, and nought is an answer nobody gave: such a
value is none, and the metric says which source would feed it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from msgspec import Struct

from leadline.model import tree
from leadline.model.fact import Fact
from leadline.model.infer import facts_of
from leadline.model.metric import Metric, expand
from leadline.model.tree import Measure, Row

Empty = Callable[[str, Collection[str]], Collection[str]]
"""Of these columns of a fact, those that are empty in all of its rows."""


class Need(Struct, frozen=True):
    """What a metric lacks. `source` says in words what would feed it; empty where nothing is known to be missing."""

    facts: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    source: str = ""

    def __bool__(self) -> bool:
        return bool(self.facts or self.columns)


def need_of(
    metric: Metric,
    metrics: Mapping[str, Metric],
    facts: Mapping[str, Fact],
    loaded: Collection[str],
    empty: Empty,
    where: Row | None = None,
) -> Need:
    """What `metric` lacks when the facts of `loaded` have rows, asked under the filter `where`."""
    parts = tree.measures_of(expand(metric.tree, metrics))
    read = dict.fromkeys(name for part in parts for name in facts_of(part))
    missing = tuple(name for name in read if name not in loaded)
    wanted: dict[str, dict[str, None]] = {}
    for part in parts:
        for fact, column in (*required(part), *((part.fact, name) for name in _must(where))):
            if fact in loaded and facts[fact].has(column):
                wanted.setdefault(fact, {})[column] = None
    unfilled = []
    for fact, names in wanted.items():
        found = empty(fact, tuple(names))
        unfilled += [(fact, name) for name in names if name in found]
    return Need(missing, tuple(unfilled), _source(metric, metrics, facts, missing, unfilled))


def _source(
    metric: Metric,
    metrics: Mapping[str, Metric],
    facts: Mapping[str, Fact],
    missing: Iterable[str],
    unfilled: Iterable[tuple[str, str]],
) -> str:
    """In words: what the definitions ask for; else what feeds facts without rows and what empty columns hold."""
    # What a definition asks for is told before what the definitions it refers to ask for.
    words = list(dict.fromkeys(text for text in _told(metric, metrics) if text))
    if not words:
        words = [f"{facts[name].fed_by} (fact {name})" for name in missing]
        words += [f"{fact}.{name} ({facts[fact].column(name).doc})" for fact, name in unfilled]
    return "; ".join(words)


def _told(metric: Metric, metrics: Mapping[str, Metric]) -> Iterable[str]:
    yield metric.needs
    for name in tree.refs_of(metric.tree):
        yield from _told(metrics[name], metrics)


def required(measure: Measure) -> tuple[tuple[str, str], ...]:
    """Fact and column of all that must be filled for a measure to count anything."""
    found: dict[tuple[str, str], None] = {}
    match measure:
        case tree.Reach(start, end) | tree.Elapsed(start, end):
            conditions = [(step.fact, step.where) for step in (start, end)]
        case tree.Credit(of, where=where):
            conditions = [(of.fact, of.where), ("touch", where)]
            measure = of
        case tree.Last(of) | tree.Trailing(of) | tree.ToDate(of) | tree.Across(of):
            conditions = [(of.fact, of.where)]
            measure = of
        case _:
            conditions = [(measure.fact, measure.where)]
    for fact, where in conditions:
        for name in _must(where):
            found[fact, name] = None
    value = getattr(measure, "value", None)
    for name in _filled(value):
        found[measure.fact, name] = None
    return tuple(found)


def _must(row: Row | None) -> tuple[str, ...]:
    """Columns without which a condition can never hold."""
    match row:
        case tree.And(of):
            return tuple(dict.fromkeys(name for part in of for name in _must(part)))
        case tree.Column(name):
            return (name,)
        case tree.Compare(_, left, right):
            return _filled(left) + _filled(right)
        case tree.Among(of) | tree.Between(of) | tree.Like(of):
            return _filled(of)
        case tree.IsNull(of, negated=True):
            return _filled(of)
        case _:
            return ()


def _filled(row: Row | None) -> tuple[str, ...]:
    """Columns without which a row value is empty; what stands inside coalesce() may be missing."""
    match row:
        case tree.Column(name):
            return (name,)
        case tree.Calculate(_, left, right):
            return _filled(left) + _filled(right)
        case tree.Minus(of):
            return _filled(of)
        case tree.Duration(start, end):
            return (start, end)
        case tree.Apply("coalesce"):
            return ()
        case tree.Apply(_, arguments):
            return tuple(name for item in arguments for name in _filled(item))
        case _:
            return ()
