"""When: the periods of the answer, and how far back formulas and comparisons read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

from leadline.errors import RefusedError
from leadline.model import tree
from leadline.model.fact import Fact
from leadline.model.tree import Measure
from leadline.plan.leg import Span
from leadline.plan.query import FactState, Query
from leadline.time.calendar import GRAINS, LIKE_YEAR, Grain
from leadline.time.zone import offset_at

Shift: TypeAlias = tuple[tuple[int, Grain | Literal["period", "opening"]], ...]
MAX_PERIODS = 20_000


def time_column(measure: Measure, facts: Mapping[str, Fact]) -> str:
    """The column that places the measure's rows in a period."""
    match measure:
        case tree.Reach(start):
            return start.at or facts[start.fact].time
        case tree.Elapsed(start):
            return start.at or facts[start.fact].time
        case tree.Last(tree.Sum(fact=name) | tree.Count(fact=name) | tree.Distinct(fact=name)) | tree.Movement(name):
            return facts[name].starts or facts[name].time
        case tree.Trailing(of) | tree.ToDate(of) | tree.Across(of) | tree.Credit(of):
            return time_column(of, facts)
        case tree.Gap(name):
            return facts[name].time
        case _:
            if measure.at:
                return measure.at
            fact = facts[measure.fact]
            value = getattr(measure, "value", None)
            # A duration belongs to the period in which it ended.
            if isinstance(value, tree.Duration) and value.end in fact.times:
                return value.end
            return fact.time


def answer_labels(
    query: Query, measures: Iterable[Measure], facts: Mapping[str, Fact], states: Mapping[str, FactState]
) -> tuple[tuple[dt.date | int, ...], Span | None]:
    """Labels of the answer, and the span of local days it covers (None: all time, without a grain)."""
    span: Span | None = None
    if query.period is not None:
        span = (query.period.start, query.period.end)
    elif query.grain is not None:
        bounds = [states[m.fact].bounds(time_column(m, facts)) for m in measures if m.fact in states]
        known = [pair for pair in bounds if pair is not None]
        if not known:
            return (), None
        first, last = min(low for low, _ in known), max(high for _, high in known)
        # A day on either side covers every zone; periods without data are dropped again.
        span = (_local(first, query).date(), _local(last, query).date() + dt.timedelta(days=1))
    if query.grain is None:
        return (0,), span
    if span is None:
        return (), None
    labels = query.calendar.starts(span[0], span[1], query.grain)
    if len(labels) > MAX_PERIODS:
        raise RefusedError(
            "too-many-periods",
            f"That is {len(labels)} periods.",
            why=f"from {span[0]} to {span[1]} by {query.grain}",
            fix="choose a shorter period or a coarser grain",
        )
    return tuple(labels), span


def cut_periods(labels: Sequence[dt.date | int], span: Span | None, query: Query) -> frozenset[dt.date]:
    """The periods of an answer that the asked range cuts: their values are of a part of their days."""
    if span is None or query.grain is None or query.period is None:
        return frozenset()
    dated = [label for label in labels if isinstance(label, dt.date)]
    ends = {label: query.calendar.shift(label, query.grain, 1) for label in {*dated[:1], *dated[-1:]}}
    return frozenset(label for label, end in ends.items() if label < span[0] or end > span[1])


def _local(instant: dt.datetime, query: Query) -> dt.datetime:
    return instant + offset_at(instant, query.timezone)


def moved_label(label: dt.date, shift: Shift, query: Query) -> dt.date:
    """The period `shift` before the one that starts at `label`, at the query's grain."""
    if not shift or query.grain is None:
        return label
    return shifted_period((label, label), shift, query, named=True)[0]


def shifted_period(whole: Span, shift: Shift, query: Query, *, named: bool = False) -> Span:
    """The calendar period `shift` before the one `whole` spans.

    A year before a retail period are the same weeks, 52 weeks earlier; with `named` it is the period of the same name.
    """
    calendar, grain = query.calendar, query.grain
    if grain is None:
        return _shifted_span(whole, shift, query, named=named)
    start, back = whole[0], dt.timedelta()
    for count, unit in shift:
        if unit == "year" and (grain == "week" or (calendar.retail is not None and (grain == "day" or not named))):
            back += LIKE_YEAR * count
        elif unit == "period" or unit == "opening":
            start = calendar.shift(start, grain, -count)
        else:
            start = calendar.floor(calendar.shift(start, unit, -count), grain)
    return start - back, calendar.shift(start, grain, 1) - back


def _shifted_span(whole: Span, shift: Shift, query: Query, *, named: bool) -> Span:
    calendar, period = query.calendar, query.period
    assert period is not None
    start, end = whole
    for count, unit in shift:
        if unit == "period" or unit == "opening":
            for _ in range(count):
                start, end = calendar.shift(start, period.unit, -period.count), start
        elif unit == "year" and not named:
            for _ in range(count):
                start, end = (calendar.year_before(day, period.unit) for day in (start, end))
        else:
            start, end = (calendar.shift(day, unit, -count) for day in (start, end))
    return start, end


def moved_span(span: Span | None, shift: Shift, query: Query) -> Span | None:
    """The span a shift reads when there is no grain; checks that the shift makes sense."""
    for count, unit in shift:
        if query.grain is not None:
            if unit not in ("period", "opening") and GRAINS.index(unit) < GRAINS.index(query.grain):
                raise RefusedError(
                    "prior-too-fine",
                    f"prior(…, {count} {unit}) has no meaning by {query.grain}.",
                    why=f"a {query.grain} is longer than {count} {unit}",
                    fix=f"ask with --grain {unit}, or go back whole {query.grain}s",
                )
        elif span is None or query.period is None:
            raise RefusedError(
                "prior-without-period",
                "A comparison with an earlier period needs a period.",
                why="all time has nothing before it",
                fix="add --period, for example --period last-28-days, or --grain month",
            )
    if query.grain is not None or not shift or query.period is None:
        return span
    return shifted_period((query.period.start, query.period.whole_end(query.calendar)), shift, query)


def read_windows(
    query: Query,
    labels: tuple[dt.date | int, ...],
    shifts: set[Shift],
    spans: Mapping[Shift, Span | None],
    windows: Mapping[Shift, int],
    *,
    merge: bool,
) -> list[tuple[int, tuple[Span, ...]]]:
    """With a grain: one window over all periods any shift reads, adjacent ones merged. Without: one a shift."""
    if query.grain is None:
        found = []
        for shift in shifts:
            span = spans[shift]
            found.append((windows[shift], (span,) if span is not None else ()))
        return sorted(found)
    starts = sorted(
        {moved_label(label, shift, query) for label in labels if isinstance(label, dt.date) for shift in shifts}
    )
    clipped = spans[()]
    pieces: list[Span] = []
    for start in starts:
        end = query.calendar.shift(start, query.grain, 1)
        if clipped is not None and query.period is not None and () in shifts and start in labels:
            # A period that the asked range cuts is read as far as it was asked for.
            start, end = max(start, clipped[0]), min(end, clipped[1])
        if merge and pieces and pieces[-1][1] == start:
            pieces[-1] = (pieces[-1][0], end)
        else:
            pieces.append((start, end))
    return [(0, tuple(pieces))] if pieces else []
