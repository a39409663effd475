"""From when until when a source speaks: what the ledger knows of its rows, and what its definition adds.

A source is known to reach to the last moment it stated or delivered. One that delivers a row every few days may be
silent without being late: silence shorter than three of its usual gaps is taken for silence, that is where a row has a
chance of one in twenty to stay away if rows come at random (Poisson: e to the power of minus three).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import reduce

from msgspec import Struct

from leadline.model import tree
from leadline.model.fact import Fact
from leadline.model.tree import Row
from leadline.plan.query import FactState, SourceState
from leadline.time.zone import offset_at

DAY = dt.timedelta(days=1)
RETIRED_AFTER = dt.timedelta(days=45)
"""A source silent since longer than this before a period has ended; it is not late in it."""
_DENSE = 1.5
_GAPS = 3
_LONGEST_SILENCE = 366


class SourceReach(Struct, frozen=True):
    """The local days, both included, that a source speaks for.

    `first` and `last` are the first and last day known; `begins` and `until` add the silence that is usual for it; none
    passes today. `covered` are the stretches its deliveries speak for, in order and apart from one another.
    """

    source: str
    begins: dt.date
    last: dt.date
    until: dt.date
    lag: int
    covered: tuple[tuple[dt.date, dt.date], ...]

    @property
    def first(self) -> dt.date:
        return self.covered[0][0]

    def lives_in(self, start: dt.date, end: dt.date) -> bool:
        """Whether it had begun before `end`, and had not ended long before `start`."""
        return self.begins < end and self.until >= start - RETIRED_AFTER

    def days_within(self, start: dt.date, end: dt.date) -> int:
        """How many days of [start, end) it speaks for."""
        pieces = ((max(first, start), min(last + DAY, end)) for first, last in self.covered)
        return sum(max((until - first).days, 0) for first, until in pieces)


def reaches(fact: Fact, state: FactState, timezone: str, today: dt.date | None) -> tuple[SourceReach, ...]:
    """The reach of each source of a fact that has rows."""
    found = (_reach(source, fact, timezone, today) for source in state.sources)
    return tuple(reach for reach in found if reach is not None)


def _reach(source: SourceState, fact: Fact, timezone: str, today: dt.date | None) -> SourceReach | None:
    if not source.rows or source.first is None or source.through is None:
        return None
    first, last = source.first.date(), source.through.date()
    if today is not None:
        # A row dated later by another of its times (a deal's end) shows as well that the source was heard then.
        days = [day for day in _last_days(source, fact, timezone) if day <= today]
        last = min(max([last, *days]), today)
    quiet = dt.timedelta(days=_silence(source, fact))
    until = last + quiet
    begins = source.begins or first - quiet
    stated = source.covered or ((first, last),)
    covered = _joined([(min(begins, first), first), *stated] if source.begins else stated, quiet)
    return SourceReach(
        source.source, begins, last, until if today is None else min(until, today), source.lag, tuple(covered)
    )


def _last_days(source: SourceState, fact: Fact, timezone: str) -> list[dt.date]:
    found = []
    for name, (_, high) in source.times.items():
        if high is not None and fact.has(name):
            is_date = fact.column(name).type == "date"
            found.append((high if is_date else high + offset_at(high, timezone)).date())
    return found


def _silence(source: SourceState, fact: Fact) -> int:
    """The days without a row that say nothing; none where rows come about daily."""
    low, high = source.times.get(fact.time, (None, None))
    if source.rows < 2 or low is None or high is None:
        return _LONGEST_SILENCE
    gap = (high - low) / DAY / (source.rows - 1)
    return 0 if gap < _DENSE else min(round(gap * _GAPS), _LONGEST_SILENCE)


def _joined(stretches: Sequence[tuple[dt.date, dt.date]], quiet: dt.timedelta) -> list[tuple[dt.date, dt.date]]:
    """Stretches in order, those that touch or lie within the usual silence of one another made one."""
    found: list[tuple[dt.date, dt.date]] = []
    for first, last in sorted(stretches):
        if found and first <= found[-1][1] + DAY + quiet:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def asked_sources(where: Row | None, names: Sequence[str]) -> list[str]:
    """Those of some sources that a filter lets through, as far as it is about `_source`."""
    conditions = where.of if isinstance(where, tree.And) else (where,) if where is not None else ()
    return reduce(_narrowed, conditions, list(names))


def _narrowed(names: list[str], condition: Row) -> list[str]:
    match condition:
        case tree.Compare("=", tree.Column("_source"), tree.Constant(value)):
            return [name for name in names if name == value]
        case tree.Compare("<>", tree.Column("_source"), tree.Constant(value)):
            return [name for name in names if name != value]
        case tree.Among(tree.Column("_source"), values, negated):
            listed = {item.value for item in values if isinstance(item, tree.Constant)}
            return [name for name in names if (name in listed) != negated]
        case _:
            return names


def behind(reach: Mapping[str, dt.date], start: dt.date, end: dt.date) -> dict[str, dt.date]:
    """Where each source's part of [start, end) ends, from the last day each reaches."""
    return {name: min(max(last + DAY, start), end) for name, last in reach.items()}
