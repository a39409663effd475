"""What stands between a metric and a value: facts, columns and members that no source brings, and data that stopped.

All metrics are looked at together: one statement a fact tells which columns are filled and which members occur.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

from msgspec import Struct

from leadline.errors import LeadlineError
from leadline.model import tree
from leadline.model.goal import Goal
from leadline.model.infer import TOUCHES, facts_of
from leadline.model.metric import Metric, expand
from leadline.model.tree import Formula, Measure, Row
from leadline.plan.need import required
from leadline.plan.reach import DAY, RETIRED_AFTER, SourceReach, reaches
from leadline.plan.result import Result
from leadline.sql.name import quote
from leadline.time.period import Period
from leadline.workspace import Workspace

Kind = Literal["fact", "column", "member", "old"]
_YEAR = dt.timedelta(days=366)


class Gap(Struct, frozen=True):
    """One thing that is missing: a fact without rows, an empty column, a member that no row has, or newer data.

    `words` say what it is, `source` what would bring it.
    """

    kind: Kind
    fact: str
    column: str = ""
    member: str = ""
    words: str = ""
    source: str = ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What tells gaps apart, whoever has them."""
        return self.kind, self.fact, self.column, self.member


class Standing(Struct, frozen=True):
    """Where a metric stands: what it lacks; first and last day of its data, and the share of the period's days.

    Only sources that have what a part of the formula asks for count. The part that is worst off decides; `behind` names
    the source furthest behind and where it ends, `lag` are the days for which a source goes on changing what it said.
    """

    gaps: tuple[Gap, ...] = ()
    since: dt.date | None = None
    until: dt.date | None = None
    complete: float = 0.0
    behind: str = ""
    lag: int = 0


class Inventory:
    """Answers for many metrics of one workspace from the ledger and one statement a fact."""

    def __init__(self, workspace: Workspace, wanted: Iterable[tuple[str, Sequence[str]]], period: Period) -> None:
        self.workspace = workspace
        self.period = period
        self.states = workspace.states()
        self._parts: dict[str, tuple[Measure, ...]] = {}
        self._found: dict[tuple[str, str, str], set[str]] = {}
        self._reach: dict[str, tuple[SourceReach, ...]] = {}
        self._look(wanted)

    def standing(self, metric: str, by: Sequence[str] = ()) -> Standing:
        """Where a metric broken down by `by` stands; it must be among those wanted."""
        gaps: dict[tuple[str, ...], Gap] = {}
        feeding: list[list[SourceReach]] = []
        for part in self.parts(metric):
            for fact in facts_of(part):
                if fact not in self.states:
                    self._add(gaps, "fact", fact, metric)
                    continue
                asked = [one for one in _conditions(part, by, self.workspace) if one[0] == fact]
                for _, column, member in asked:
                    if not self._found[fact, column, member]:
                        self._add(gaps, "member" if member else "column", fact, metric, column, member)
                sources = self._feeding(fact, [one for one in asked if one[1] not in by])
                if sources and all(one.until < self.period.start for one in sources):
                    self._add(gaps, "old", fact, metric)
                feeding.append(sources)
        return self._standing(tuple(gaps.values()), feeding)

    def standing_of(self, facts: Sequence[str]) -> Standing:
        """Where what is told by whole facts together stands."""
        gaps: dict[tuple[str, ...], Gap] = {}
        for fact in facts:
            if fact not in self.states:
                self._add(gaps, "fact", fact)
        return self._standing(tuple(gaps.values()), [list(self.reach(fact)) for fact in facts if fact in self.states])

    def _standing(self, gaps: tuple[Gap, ...], feeding: Sequence[Sequence[SourceReach]]) -> Standing:
        if not feeding or any(not each for each in feeding):
            return Standing(gaps)
        complete, behind = min((self._share(each) for each in feeding), key=lambda found: found[0])
        return Standing(
            gaps,
            since=max(min(one.begins for one in each) for each in feeding),
            until=min(max(one.last for one in each) for each in feeding),
            complete=complete,
            behind=behind,
            lag=max(one.lag for each in feeding for one in each),
        )

    def _feeding(self, fact: str, asked: Sequence[tuple[str, str, str]]) -> list[SourceReach]:
        """The sources of a fact that have all that is asked; all of them where none has."""
        sources = list(self.reach(fact))
        having = [one for one in sources if all(one.source in self._found[key] for key in asked)]
        return having or sources

    def parts(self, metric: str) -> tuple[Measure, ...]:
        """The measures that a metric's formula is made of."""
        if metric not in self._parts:
            metrics = self.workspace.metrics
            self._parts[metric] = tuple(tree.measures_of(expand(metrics[metric].tree, metrics)))
        return self._parts[metric]

    def reach(self, fact: str) -> tuple[SourceReach, ...]:
        """From when until when each source of a fact speaks."""
        if fact not in self._reach:
            space = self.workspace
            self._reach[fact] = reaches(space.facts[fact], self.states[fact], space.settings.timezone, space.today)
        return self._reach[fact]

    def _share(self, sources: Sequence[SourceReach]) -> tuple[float, str]:
        """The share of the period's days that the source furthest behind speaks for, usual silence included."""
        start, end = self.period.start, self.period.end
        shares = []
        for one in [one for one in sources if one.last >= start - RETIRED_AFTER] or sources:
            quiet = _occasion(one)
            until = max(one.until, min(one.last + quiet, self.workspace.today)) if quiet else one.until
            told = f"{one.source}, which ends {one.last.isoformat()}"
            if quiet and one.begins < end and until >= start:
                shares.append((min((min(until + DAY, end) - start).days / (end - start).days, 1.0), told))
            elif one.lives_in(start, end):
                silent = max((min(until + DAY, end) - max(one.last + DAY, start)).days, 0)
                shares.append((min((one.days_within(start, end) + silent) / (end - start).days, 1.0), told))
        return min(shares, default=(0.0, ""))

    def _look(self, wanted: Iterable[tuple[str, Sequence[str]]]) -> None:
        asked: dict[str, dict[tuple[str, str], None]] = {}
        for metric, by in wanted:
            for part in self.parts(metric):
                for fact, column, member in _conditions(part, by, self.workspace):
                    if fact in self.states:
                        asked.setdefault(fact, {})[column, member] = None
        warehouse = self.workspace.warehouse()
        for fact, pairs in asked.items():
            terms = []
            for column, member in pairs:
                test = f"{quote(column)} = {_literal(member)}" if member else f"{quote(column)} IS NOT NULL"
                terms.append(f"max(CASE WHEN {test} THEN 1 ELSE 0 END)")
            source = quote("_source")
            sql = f"SELECT {source}, {', '.join(terms)}\nFROM {warehouse.relation(fact)} AS seen\nGROUP BY {source}"
            rows = warehouse.rows(sql)[1]
            for place, pair in enumerate(pairs, start=1):
                self._found[fact, *pair] = {str(row[0]) for row in rows if row[place]}

    def _add(
        self,
        gaps: dict[tuple[str, ...], Gap],
        kind: Kind,
        name: str,
        metric: str = "",
        column: str = "",
        member: str = "",
    ) -> None:
        fact = self.workspace.facts[name]
        words = fact.fed_by
        if kind == "column":
            told = self.workspace.metrics[metric].needs
            words = f"{fact.column(column).doc} ({name}.{column} is empty)"
            words = told if f"{name}." in told and column in told else words
        elif kind == "member":
            words = f"records whose {column.replace('_', ' ')} is ‘{member}’ (fact {name})"
        elif kind == "old":
            words = (
                f"newer data: what there is ends {max(one.last for one in self.reach(name)).isoformat()} (fact {name})"
            )
        gap = Gap(kind, name, column, member, words, fact.fed_by)
        gaps.setdefault(gap.key, gap)


def _occasion(source: SourceReach) -> dt.timedelta | None:
    """The silence usual for a source whose deliveries each speak for a day or two, as an event's guest list does.

    Three of its usual (median) gaps, a year where it came only once; None for a source that speaks for stretches.
    """
    stretches = source.covered
    if any(last - first > DAY for first, last in stretches):
        return None
    gaps = sorted(later[0] - earlier[1] for earlier, later in pairwise(stretches))
    return min(3 * gaps[len(gaps) // 2], _YEAR) if gaps else _YEAR


def values_of(workspace: Workspace, metrics: Sequence[str], period: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Metrics over a period, asked in one go: values by metric, and of those that have no right answer the reason."""
    if not metrics:
        return {}, {}
    try:
        result = workspace.query(metrics, period=period)
    except LeadlineError as error:
        if len(metrics) == 1:
            return {}, {metrics[0]: str(error.what)}
        half = len(metrics) // 2
        left, right = (values_of(workspace, part, period) for part in (metrics[:half], metrics[half:]))
        return left[0] | right[0], left[1] | right[1]
    return _first_row(result), {}


def goal_span(
    measures: Sequence[Measure], goals: Sequence[Goal], start: dt.date, end: dt.date
) -> tuple[dt.date, dt.date] | None:
    """The half-open days of the whole goals in [start, end) that some measures add up; None where none has ended.

    A goal is for the whole of its period, so what is held against it must be of that period too. Where none lies wholly
    within the days, it is the last one that was over by their end.
    """
    wanted = {
        member
        for part in measures
        for fact, where in _filters(part)
        if fact == "goal"
        for column, member in _members(where)
        if column == "metric"
    }
    over = sorted({(one.start, one.end) for one in goals if one.metric in wanted and one.end <= end})
    if not over:
        return None
    whole = [span for span in over if span[0] >= start] or [max(over, key=lambda span: (span[1], span[0]))]
    return min(first for first, _ in whole), max(last for _, last in whole)


def _first_row(result: Result) -> dict[str, Any]:
    row = result.rows[0] if result.rows else ()
    return {
        column.metric or column.name: value
        for column, value in zip(result.columns, row, strict=False)
        if column.kind == "metric"
    }


def _conditions(part: Measure, by: Sequence[str], workspace: Workspace) -> Iterator[tuple[str, str, str]]:
    """Fact and column of all that must be filled, and with which member where only one of some will do.

    Columns that another table looks up are left to that table.
    """
    tables = workspace.project.tables
    needed = [(fact, column, "") for fact, column in required(part)]
    needed += [(fact, column, member) for fact, where in _filters(part) for column, member in _members(where)]
    for dimension in by:
        credited = isinstance(part, tree.Credit) and tables[TOUCHES].has(dimension)
        needed.append((TOUCHES if credited else part.fact, dimension, ""))
    for fact, column, member in needed:
        if fact in tables and tables[fact].has(column):
            yield fact, column, member


def _filters(part: Measure) -> list[tuple[str, Row | None]]:
    match part:
        case tree.Reach(start, end) | tree.Elapsed(start, end):
            return [(step.fact, step.where) for step in (start, end)]
        case tree.Credit(of, where=where):
            return [(of.fact, of.where), (TOUCHES, where)]
        case tree.Last(of) | tree.Trailing(of) | tree.ToDate(of) | tree.Across(of):
            return [(of.fact, of.where)]
        case _:
            return [(part.fact, part.where)]


def _members(where: Row | None) -> Iterator[tuple[str, str]]:
    """Columns that must hold one given text for a condition to be met."""
    match where:
        case tree.And(of):
            for one in of:
                yield from _members(one)
        case tree.Compare("=", tree.Column(name), tree.Constant(str(value))):
            yield name, value
        case _:
            return


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def longest_wait(formula: Formula, metrics: Mapping[str, Metric]) -> tuple[float, str]:
    """The days a metric's newest cases need to have had their chance, and in words why; 0 for none."""
    waits = [(0.0, "")]
    for part in tree.measures_of(expand(formula, metrics)):
        match part:
            case tree.Reach(days=days) if days:
                waits.append((days, f"its window is {days:g} days"))
            case tree.Reach(grain=grain, nth=nth) if grain:
                length = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}[grain]
                waits.append((float(length * ((nth or 0) + 1)), f"its window is {grain} {nth}"))
            case tree.Trailing(days=days):
                waits.append((days, f"it looks {days:g} days back"))
            case _:
                continue
    return max(waits)
