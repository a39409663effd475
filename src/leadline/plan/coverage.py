"""How far data reaches into the periods of an answer: which are unfinished or settling, how much of each is there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeAlias

from leadline.model import tree
from leadline.model.fact import Fact
from leadline.model.tree import Measure, Row
from leadline.plan.compile import Plan
from leadline.plan.leg import Span
from leadline.plan.output import Leaf
from leadline.plan.query import FactState
from leadline.plan.reach import DAY, RETIRED_AFTER, SourceReach, reaches
from leadline.plan.span import Shift, moved_label, time_column
from leadline.time.zone import offset_at

Label: TypeAlias = dt.date | int
Shares: TypeAlias = dict[str, dict[str, dict[str, float]]]
# What platforms go on changing for days past; of facts without such columns, all of them settle.
_CONVERSIONS = ("conversions", "conversion_value")


class Coverage:
    """Answers about periods from what the ledger knows; of the facts at most which source feeds what is read.

    What it once told it keeps, so a plan that is run again is told at once.
    """

    def __init__(
        self,
        plan: Plan,
        facts: Mapping[str, Fact],
        states: Mapping[str, FactState],
        feeding: Callable[[str, Sequence[Row]], Sequence[Collection[str]]] | None = None,
    ) -> None:
        """`feeding` says for each of some conditions which sources of a fact have rows that meet it.

        Without it all sources are taken to.
        """
        self.plan = plan
        self.facts = facts
        self.states = states
        self.feeding = feeding
        self._late: dict[tuple[Label, str, Shift], list[str]] = {}
        self._fed: dict[str, dict[str, Collection[str]]] = {}
        self._settling: dict[tuple[Label, str, Shift], list[str]] = {}
        self._reached: dict[tuple[Label, str, Shift], bool] = {}
        self._shares: Shares | None = None
        self._reach: dict[str, tuple[SourceReach, ...]] = {}
        self._known: dict[tuple[str, str], tuple[dt.date, dt.date] | None] = {}
        self._spans: dict[tuple[Label, str, Shift], Span | None] = {}

    def late_sources(self, label: Label, leaf: Leaf) -> list[str]:
        """Sources of the leaf's measure whose data stops within its period.

        A source silent since long before the period has ended; one that stops within or just before it is late. One
        that has never brought a row the measure counts keeps nobody waiting.
        """
        key = (label, leaf.alias, leaf.shift)
        found = self._late.get(key)
        if found is None:
            span = self.span(label, leaf)
            found = self._late[key] = [] if span is None else self._stopping(leaf.measure, span)
        return found

    def _stopping(self, measure: Measure, span: Span) -> list[str]:
        start, last_day = span[0], span[1] - DAY
        reach = self.reach(measure.fact)
        late = [
            source.source
            for source in reach
            if source.begins <= last_day and source.last < last_day and source.last >= start - RETIRED_AFTER
        ]
        condition = _condition(measure)
        if not late or len(reach) == 1 or condition is None or self.feeding is None:
            return late
        feeding = self._feeding(measure.fact)[repr(condition)]
        return [source for source in late if source in feeding] if feeding else late

    def _feeding(self, fact: str) -> dict[str, Collection[str]]:
        """The sources that feed each condition on a fact in the plan: asked together, so that it is read once."""
        if fact not in self._fed:
            assert self.feeding is not None
            measures = (leaf.measure for output in self.plan.outputs for leaf in output.leaves)
            conditions = [_condition(measure) for measure in measures if measure.fact == fact]
            asked = {repr(row): row for row in conditions if row is not None}
            self._fed[fact] = dict(zip(asked, self.feeding(fact, list(asked.values())), strict=True))
        return self._fed[fact]

    def settling_sources(self, label: Label, leaf: Leaf) -> list[str]:
        """Sources of the leaf's fact that are whole in its period, but still change what they said of its last days."""
        key = (label, leaf.alias, leaf.shift)
        found = self._settling.get(key)
        if found is None:
            found = self._settling[key] = self._changing(label, leaf)
        return found

    def _changing(self, label: Label, leaf: Leaf) -> list[str]:
        span = self.span(label, leaf)
        if span is None or not _settles(leaf.measure, self.facts[leaf.measure.fact]):
            return []
        last_day = span[1] - DAY
        return [
            source.source
            for source in self.reach(leaf.measure.fact)
            if source.lag
            and source.lives_in(*span)
            and last_day <= source.last < last_day + dt.timedelta(days=source.lag)
        ]

    def reach(self, fact: str) -> tuple[SourceReach, ...]:
        """From when until when each source of a fact speaks."""
        if fact not in self._reach:
            query = self.plan.query
            state = self.states.get(fact, FactState())
            self._reach[fact] = reaches(self.facts[fact], state, query.timezone, query.today)
        return self._reach[fact]

    def completeness(self) -> Shares:
        """For each fact and source the share of each period's days it speaks for.

        Periods of the answer by first day (or `all`); those that lie wholly before a source began or after it ended
        are left out. Without a period there are no days to count.
        """
        if self._shares is None:
            self._shares = self._told_shares()
        return {fact: {source: {**shares} for source, shares in of.items()} for fact, of in self._shares.items()}

    def _told_shares(self) -> Shares:
        found: Shares = {}
        leaves = {leaf.measure.fact: leaf for output in self.plan.outputs for leaf in output.leaves if not leaf.shift}
        for fact in leaves:
            for source in self.reach(fact):
                shares: dict[str, float] = {}
                for label in self.plan.labels:
                    span = self._whole(label)
                    if span is not None and source.lives_in(*span):
                        days = (span[1] - span[0]).days
                        shares[_name(label)] = round(source.days_within(*span) / days, 4)
                found.setdefault(fact, {})[source.source] = shares
        return found

    def comparisons(self) -> list[dict[str, Any]]:
        """What was compared with other than plain periods, or not at all, and why: one entry a period and reading."""
        found: dict[tuple[Any, ...], dict[str, Any]] = {}
        for output in self.plan.outputs:
            for leaf in output.leaves:
                for label in self.plan.labels if leaf.shift else ():
                    part = self.plan.parts.get((label, leaf.alias, leaf.shift))
                    if part is None or part.kind == "whole" or (part.kind != "none" and not self.reaches(label, leaf)):
                        continue
                    key = (label, leaf.shift, part.kind, part.part, part.span, part.uneven, part.why)
                    entry = found.setdefault(key, {"period": _name(label), "columns": []})
                    if output.column.name not in entry["columns"]:
                        entry["columns"].append(output.column.name)
                    entry |= {"kind": part.kind, "part": _days(part.part)}
                    if part.kind == "none":
                        entry["why"] = part.why
                        continue
                    entry["with"] = _days(part.span)
                    if part.uneven:
                        entry["until"] = {source: until.isoformat() for source, until in part.uneven}
        return list(found.values())

    def reaches(self, label: Label, leaf: Leaf) -> bool:
        """Whether any data of the leaf's fact speaks for its period."""
        key = (label, leaf.alias, leaf.shift)
        found = self._reached.get(key)
        if found is None:
            found = self._reached[key] = self._meets(label, leaf)
        return found

    def _meets(self, label: Label, leaf: Leaf) -> bool:
        known = self._extent(leaf)
        if known is None:
            return False
        span = self.span(label, leaf)
        return span is None or (span[1] > known[0] and span[0] <= known[1])

    def parts(self, label: Label, leaf: Leaf) -> int | None:
        """How many days (weeks, …) of the leaf's period any data speaks for; None when none."""
        assert isinstance(leaf.measure, tree.Across)
        known = self._extent(leaf)
        if known is None:
            return None
        first, end = known[0], known[1] + DAY
        span = self.span(label, leaf)
        if span is not None:
            first, end = max(first, span[0]), min(end, span[1])
        return len(self.plan.query.calendar.starts(first, end, leaf.measure.grain)) or None

    def _extent(self, leaf: Leaf) -> tuple[dt.date, dt.date] | None:
        """First and last local day that the leaf's fact knows of, by the column that places its rows."""
        fact, column = leaf.measure.fact, time_column(leaf.measure, self.facts)
        key = (fact, column)
        if key not in self._known:
            state = self.states.get(fact, FactState())
            bounds = state.bounds(column) if state.rows else None
            if bounds is None:
                self._known[key] = None
            else:
                is_date = self.facts[fact].column(column).type == "date"
                first, last = (at.date() if is_date else self._local(at) for at in bounds)
                through = max((s.through.date() for s in state.sources if s.through is not None), default=last)
                self._known[key] = (first, max(last, through))
        return self._known[key]

    def _local(self, instant: dt.datetime) -> dt.date:
        return (instant + offset_at(instant, self.plan.query.timezone)).date()

    def span(self, label: Label, leaf: Leaf) -> Span | None:
        """The half-open local days a leaf reads for a label; None for all time."""
        key = (label, leaf.alias, leaf.shift)
        if key not in self._spans:
            self._spans[key] = self._span(label, leaf)
        return self._spans[key]

    def _span(self, label: Label, leaf: Leaf) -> Span | None:
        part = self.plan.parts.get((label, leaf.alias, leaf.shift))
        if part is not None and part.kind not in {"none", "reached"}:
            return part.span
        query, shift = self.plan.query, leaf.shift
        if isinstance(label, int) or query.grain is None:
            return self.plan.spans.get(shift)
        start = moved_label(label, shift, query)
        end = query.calendar.shift(start, query.grain, 1)
        if query.period is not None and not shift:
            end = min(end, query.period.end)
        return start, end

    def _whole(self, label: Label) -> Span | None:
        """The days of a period of the answer, as far as they were asked for."""
        query = self.plan.query
        if isinstance(label, int) or query.grain is None:
            return (query.period.start, query.period.end) if query.period is not None else None
        start, end = label, query.calendar.shift(label, query.grain, 1)
        if query.period is not None:
            start, end = max(start, query.period.start), min(end, query.period.end)
        return start, end


def _condition(measure: Measure) -> Row | None:
    """What a measure counts only rows of, where it has such a condition."""
    found: Row | None = getattr(getattr(measure, "of", measure), "where", None)
    return found


def _settles(measure: Measure, fact: Fact) -> bool:
    """Whether a measure reads what a platform goes on changing."""
    if not any(fact.has(name) for name in _CONVERSIONS):
        return True
    of = getattr(measure, "of", measure)
    columns = {*tree.columns_of(getattr(of, "value", None)), *tree.columns_of(getattr(of, "where", None))}
    return not columns.isdisjoint(_CONVERSIONS)


def _name(label: Label) -> str:
    return "all" if isinstance(label, int) else label.isoformat()


def _days(span: Span) -> dict[str, str]:
    return {"from": span[0].isoformat(), "until": span[1].isoformat()}
