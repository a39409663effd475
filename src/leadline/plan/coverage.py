"""How far data reaches into the periods of an answer: which are unfinished, which no source speaks for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TypeAlias

from leadline.model.fact import Fact
from leadline.plan.compile import Plan
from leadline.plan.leg import Span
from leadline.plan.output import Leaf
from leadline.plan.query import FactState
from leadline.plan.span import Shift, moved_label, time_column
from leadline.time.zone import offset_at

Label: TypeAlias = dt.date | int
RETIRED_AFTER = dt.timedelta(days=45)
_DAY = dt.timedelta(days=1)


class Coverage:
    """Answers about periods from what the ledger knows; nothing is read from the facts."""

    def __init__(self, plan: Plan, facts: Mapping[str, Fact], states: Mapping[str, FactState]) -> None:
        self.plan = plan
        self.facts = facts
        self.states = states
        self._late: dict[tuple[str, Span | None], list[str]] = {}
        self._known: dict[tuple[str, str], tuple[dt.date, dt.date] | None] = {}

    def late_sources(self, label: Label, leaf: Leaf) -> list[str]:
        """Sources of the leaf's fact whose data stops within its period.

        A source silent since long before the period has ended; one that stops within or just before it is late.
        """
        span = self.span(label, leaf.shift)
        key = (leaf.measure.fact, span)
        found = self._late.get(key)
        if found is None:
            found = self._late[key] = [] if span is None else self._stopping(leaf.measure.fact, span)
        return found

    def _stopping(self, fact: str, span: Span) -> list[str]:
        start, last_day = span[0], span[1] - _DAY
        late = []
        for source in self.states.get(fact, FactState()).sources:
            if not source.rows or source.through is None or (source.first and source.first.date() > last_day):
                continue
            if source.through.date() < last_day and source.through.date() >= start - RETIRED_AFTER:
                late.append(source.source)
        return late

    def reaches(self, label: Label, leaf: Leaf) -> bool:
        """Whether any data of the leaf's fact speaks for its period."""
        known = self._extent(leaf)
        if known is None:
            return False
        span = self.span(label, leaf.shift)
        return span is None or (span[1] > known[0] and span[0] <= known[1])

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

    def span(self, label: Label, shift: Shift) -> Span | None:
        """The half-open local days a shift reads for a label; None for all time."""
        query = self.plan.query
        if isinstance(label, int) or query.grain is None:
            return self.plan.spans.get(shift)
        start = moved_label(label, shift, query)
        end = query.calendar.shift(start, query.grain, 1)
        if query.period is not None and not shift:
            end = min(end, query.period.end)
        return start, end
