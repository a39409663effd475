"""Like with like: what a comparison reads where the plain period before would mislead.

An unfinished period is held against the same part of the earlier one, source by source as far as each has come; a
balance against that of the same day. In a retail calendar a year before is 52 weeks before. Where a source that now
speaks did not speak then, there is no comparison, and the reason is told instead.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from leadline.model import tree
from leadline.model.fact import Fact
from leadline.model.tree import Measure, Row
from leadline.plan.gather import gather_legs
from leadline.plan.leg import Leg, Span
from leadline.plan.output import Leaf, Output
from leadline.plan.query import FactState, Query
from leadline.plan.reach import DAY, SourceReach, asked_sources, behind, reaches
from leadline.plan.span import Shift, shifted_period, time_column
from leadline.time.calendar import Grain
from leadline.time.period import Period, like_end
from leadline.time.zone import day_start

Label: TypeAlias = dt.date | int
PartKey: TypeAlias = tuple[Label, str, Shift]
_AT_END = (tree.Last, tree.Trailing, tree.Movement)


class Part(Struct, frozen=True):
    """What a leaf reads for one label of the answer instead of the period its shift leads to.

    `kind`: `like` the same part of an earlier period, `weeks` the same weeks of it, `whole` all of a period that the
    answer has only a part of, `reached` the period itself as far as it has come (balances), `none` nothing, for `why`.
    `span` are the days read, `part` those of the period that have come; `uneven` says where the span ends for sources
    that reach less far. `window` labels the rows read.
    """

    kind: Literal["like", "weeks", "whole", "reached", "none"]
    part: Span
    span: Span
    uneven: tuple[tuple[str, dt.date], ...] = ()
    why: str = ""
    window: int = -1


class _Asked(Struct, frozen=True):
    """A label's period: [start, end) as asked, of the calendar period from `first` to `whole`."""

    first: dt.date
    whole: dt.date
    start: dt.date
    end: dt.date
    unit: Grain


def find_parts(
    query: Query,
    outputs: tuple[Output, ...],
    labels: tuple[Label, ...],
    facts: Mapping[str, Fact],
    states: Mapping[str, FactState],
    first_window: int,
) -> dict[PartKey, Part]:
    """The parts of a plan, by label, alias and shift of the leaf; leaves that read plain periods have none."""
    # Leaves of one fact that read alike share their part; what reads no other period than its own needs none.
    alike: dict[tuple[tuple[object, ...], Shift], dict[str, Leaf]] = {}
    for output in outputs:
        for leaf in output.leaves:
            if leaf.shift or isinstance(leaf.measure, _AT_END):
                alike.setdefault((_trait(leaf.measure, facts), leaf.shift), {})[leaf.alias] = leaf
    spoken = {
        fact: _spoken(query, facts[fact], states[fact])
        for fact in {leaf.measure.fact for leaves in alike.values() for leaf in leaves.values()}
        if fact in states
    }
    found: dict[PartKey, Part] = {}
    windows: dict[tuple[object, ...], int] = {}
    for label in labels if spoken else ():
        asked = _asked(label, query)
        if asked is None:
            continue
        for (_, shift), leaves in alike.items():
            leaf = next(iter(leaves.values()))
            part = _part(leaf, asked, spoken.get(leaf.measure.fact, ()), query)
            if part is None:
                continue
            if part.kind != "none":
                place = (label, leaf.measure.fact, shift, part.span, part.uneven)
                part = replace(part, window=windows.setdefault(place, first_window + len(windows)))
            for alias in leaves:
                found[label, alias, shift] = part
    return found


def _spoken(query: Query, fact: Fact, state: FactState) -> tuple[SourceReach, ...]:
    """The reach of the sources that the query's filter lets through."""
    sources = reaches(fact, state, query.timezone, query.today)
    names = asked_sources(query.where, [source.source for source in sources])
    return tuple(source for source in sources if source.source in names)


def part_legs(
    query: Query,
    outputs: tuple[Output, ...],
    parts: Mapping[PartKey, Part],
    facts: Mapping[str, Fact],
    states: Mapping[str, FactState],
) -> tuple[Leg, ...]:
    """The legs that read the parts: each a window of its own, without a grain."""
    leaves = {(leaf.alias, leaf.shift): leaf for output in outputs for leaf in output.leaves}
    together: dict[int, tuple[Part, dict[tuple[str, Shift], Leaf]]] = {}
    for (_, alias, shift), part in parts.items():
        if part.kind != "none":
            together.setdefault(part.window, (part, {}))[1][alias, shift] = leaves[alias, shift]
    legs: list[Leg] = []
    for window, (part, wanted) in together.items():
        wanted = {key: leaf for key, leaf in wanted.items() if _any_rows(leaf, part, facts, states)}
        by_time: dict[str, dict[tuple[str, Shift], Leaf]] = {}
        for key, leaf in wanted.items():
            by_time.setdefault(time_column(leaf.measure, facts) if part.uneven else "", {})[key] = leaf
        for time, chosen in by_time.items():
            fact = next(iter(chosen.values())).measure.fact
            own = Period(part.span[0], part.span[1], "day", (part.span[1] - part.span[0]).days, "like part")
            narrowed = _and(query.where, _uneven(part, facts[fact], time, query)) if part.uneven else query.where
            apart = replace(query, grain=None, period=own, where=narrowed)
            shifts = {leaf.shift for leaf in chosen.values()}
            output = replace(outputs[0], leaves=tuple(chosen.values()))
            spans, windows = dict.fromkeys(shifts, part.span), dict.fromkeys(shifts, window)
            legs += gather_legs(apart, (output,), (0,), spans, windows, facts, states)
    return tuple(legs)


def _any_rows(leaf: Leaf, part: Part, facts: Mapping[str, Fact], states: Mapping[str, FactState]) -> bool:
    """Whether any row can lie in or before the part; a day more covers every zone."""
    bounds = states[leaf.measure.fact].bounds(time_column(leaf.measure, facts))
    return bounds is not None and part.span[1] > bounds[0].date() - DAY


def plain_outputs(query: Query, outputs: tuple[Output, ...], parts: Mapping[PartKey, Part]) -> tuple[Output, ...]:
    """The outputs with the leaves that still read plain periods; with a grain, other labels need them all."""
    if query.grain is not None:
        return outputs
    return tuple(
        replace(output, leaves=tuple(leaf for leaf in output.leaves if (0, leaf.alias, leaf.shift) not in parts))
        for output in outputs
    )


def _asked(label: Label, query: Query) -> _Asked | None:
    period = query.period
    if isinstance(label, int) or query.grain is None:
        if period is None:
            return None
        return _Asked(period.start, period.whole_end(query.calendar), period.start, period.end, period.unit)
    end = query.calendar.shift(label, query.grain, 1)
    if period is None:
        return _Asked(label, end, label, end, query.grain)
    return _Asked(label, end, max(label, period.start), min(end, period.end), query.grain)


def _trait(measure: Measure, facts: Mapping[str, Fact]) -> tuple[object, ...]:
    """What of a measure decides which part it reads."""
    match measure:
        case tree.Last() | tree.Movement():
            fact = facts[measure.fact]
            return (measure.fact, "held" if fact.starts and fact.ends else "read", type(measure).__name__)
        case tree.Trailing(_, days):
            return (measure.fact, "trailing", days)
        case tree.ToDate(_, grain):
            return (measure.fact, "to date", grain)
        case _:
            return (measure.fact, "plain", "")


def _part(leaf: Leaf, asked: _Asked, sources: tuple[SourceReach, ...], query: Query) -> Part | None:
    calendar, shift = query.calendar, leaf.shift
    if not shift and all(source.until >= asked.end - DAY for source in sources):
        return None
    living = [source for source in sources if source.lives_in(asked.start, asked.end)]
    if not living:
        return None
    ends = behind({source.source: source.until for source in living}, asked.start, asked.end)
    end = max(ends.values())
    part = (asked.start, end)
    if end <= asked.start:
        return Part("none", part, part, why="nothing has come for this period yet") if shift else None
    if not shift:
        return Part("reached", part, part) if end < asked.end else None
    other = shifted_period((asked.first, asked.whole), shift, query)

    def like(day: dt.date) -> dt.date:
        return like_end(asked.first, day, asked.whole, other, asked.unit, calendar)

    if shift[-1][1] == "opening":
        return _opening(leaf, asked, living, sources, ends, query)
    span = other if part == (asked.first, asked.whole) else (like(asked.start), like(end))
    if span[1] <= span[0]:
        return Part("none", part, span, why="the earlier period has no such part")
    why = _unlike(leaf.measure, span, living, sources, ends, asked, query)
    if why:
        return Part("none", part, span, why=why)
    held = isinstance(leaf.measure, tree.Last | tree.Movement)
    uneven = tuple((name, like(until)) for name, until in sorted(ends.items()) if until < end and not held)
    if part == (asked.first, asked.whole) and not uneven:
        named = shifted_period((asked.first, asked.whole), shift, query, named=True) if calendar.retail else span
        if span != named:
            return Part("weeks", part, span)
        return Part("whole", part, span) if _cut_by(query, span) else None
    return Part("like", part, span, uneven)


def _opening(
    leaf: Leaf,
    asked: _Asked,
    living: list[SourceReach],
    sources: tuple[SourceReach, ...],
    ends: Mapping[str, dt.date],
    query: Query,
) -> Part | None:
    """What a balance began with: all of the period before, however much of the one asked for has come.

    In a comparison it is the earlier period's; where the range asked for begins within a period, its first day counts.
    """
    calendar, earlier = query.calendar, leaf.shift[:-1]
    whole = (asked.first, asked.whole)
    own = shifted_period(whole, earlier, query) if earlier else whole
    begins = like_end(asked.first, asked.start, asked.whole, own, asked.unit, calendar) if earlier else asked.start
    span = (shifted_period(whole, leaf.shift, query)[0], begins)
    why = _unlike(leaf.measure, span, living, sources, ends, asked, query)
    if why:
        return Part("none", (asked.start, max(ends.values())), span, why=why)
    if asked.start == asked.first and not _cut_by(query, span):
        return None
    return Part("whole", (asked.start, max(ends.values())), span)


def _cut_by(query: Query, span: Span) -> bool:
    """Whether the range asked for begins or ends within a span: what is read for the answer is then a part of it."""
    period = query.period
    if query.grain is None or period is None:
        return False
    return span[0] < period.start < span[1] or span[0] < period.end < span[1]


def _unlike(
    measure: Measure,
    span: Span,
    living: list[SourceReach],
    sources: tuple[SourceReach, ...],
    ends: Mapping[str, dt.date],
    asked: _Asked,
    query: Query,
) -> str:
    """Why the span has no value to compare with: a source now there was not there then, and none has gone since."""
    if not any(source.first < span[1] and source.until >= span[0] for source in sources):
        return ""
    match measure:
        case tree.Last():
            needed = span[1] - DAY
        case tree.Trailing(_, days):
            needed = span[1] - dt.timedelta(days=round(days))
        case tree.ToDate(_, grain):
            needed = query.calendar.floor(span[1] - DAY, grain)
        case _:
            needed = span[0]
    new = [source for source in living if ends[source.source] > asked.start and source.begins > needed]
    gone = [source for source in sources if source not in living and source.until >= span[0]]
    if not new or gone:
        return ""
    told = ", ".join(f"{source.source} begins on {source.first.isoformat()}" for source in new)
    return f"{told}: the earlier period, from {needed.isoformat()}, is without it"


def _uneven(part: Part, fact: Fact, time: str, query: Query) -> tuple[Row, ...]:
    """Conditions that cut each source's rows where its own part ends."""
    found: list[Row] = []
    for source, until in part.uneven:
        is_date = fact.column(time).type == "date"
        text = until.isoformat() if is_date else day_start(until, query.timezone).isoformat(sep=" ")
        beyond = tree.And(
            (
                tree.Compare("=", tree.Column("_source"), tree.Constant(source)),
                tree.Compare(">=", tree.Column(time), tree.Constant(text)),
            )
        )
        found.append(tree.Not(beyond))
    return tuple(found)


def _and(where: Row | None, more: tuple[Row, ...]) -> Row:
    parts = (*(where.of if isinstance(where, tree.And) else (where,) if where is not None else ()), *more)
    return parts[0] if len(parts) == 1 else tree.And(parts)
