"""Measures into legs: one scan of a fact for all plain aggregates that can share it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from leadline.errors import RefusedError
from leadline.model import tree
from leadline.model.fact import Fact
from leadline.model.tree import Measure
from leadline.plan.leg import Balance, Cohort, Course, Credits, Extent, Gaps, Leg, Moves, Named, Scan, Span, Spread
from leadline.plan.output import Output
from leadline.plan.query import FactState, Query
from leadline.plan.span import Shift, read_windows, time_column
from leadline.time.calendar import GRAINS

PERIOD_NEEDED = "add --period, for example --period last-28-days, or --grain month"


class Want(Struct, frozen=True):
    """A measure wanted under a name; `split` by currency, `whole` without the breakdown."""

    alias: str
    measure: Measure
    split: bool
    whole: bool


def gather_legs(
    query: Query,
    outputs: tuple[Output, ...],
    labels: tuple[dt.date | int, ...],
    spans: Mapping[Shift, Span | None],
    windows: Mapping[Shift, int],
    facts: Mapping[str, Fact],
    states: Mapping[str, FactState],
) -> tuple[Leg, ...]:
    """One scan for all plain aggregates of a fact that share time column, currency rule and window."""
    gathering = _Gathering(query, labels, spans, windows, facts, states)
    wanted: dict[Want, set[Shift]] = {}
    for output in outputs:
        for leaf in output.leaves:
            state = states.get(leaf.measure.fact, FactState())
            if state.rows:
                split = leaf.money and len(state.currencies) > 1 and not query.currency
                wanted.setdefault(Want(leaf.alias, leaf.measure, split, leaf.whole), set()).add(leaf.shift)
    shared: dict[tuple[Any, ...], dict[Want, set[Shift]]] = {}
    for want, shifts in wanted.items():
        shared.setdefault(gathering.companions(want, shifts), {})[want] = shifts
    legs: list[Leg] = []
    for group in shared.values():
        legs += gathering.legs(list(group), set().union(*group.values()))
    return (*(leg for leg in legs if isinstance(leg, Scan)), *(leg for leg in legs if not isinstance(leg, Scan)))


class _Gathering:
    """What all legs of a query have in common."""

    def __init__(
        self,
        query: Query,
        labels: tuple[dt.date | int, ...],
        spans: Mapping[Shift, Span | None],
        windows: Mapping[Shift, int],
        facts: Mapping[str, Fact],
        states: Mapping[str, FactState],
    ) -> None:
        self.query = query
        self.labels = labels
        self.spans = spans
        self.windows = windows
        self.facts = facts
        self.states = states

    def companions(self, want: Want, shifts: set[Shift]) -> tuple[Any, ...]:
        """Measures with the same key share one statement.

        Without a grain each shift is a window of its own, so only measures of the same shifts go together.
        """
        apart = () if self.query.grain else tuple(sorted(shifts))
        match want.measure:
            case tree.Movement(fact, value, _, where):
                return ("moves", fact, value, where, want.split, want.whole, apart)
            case tree.Sum() | tree.Count() | tree.Distinct() | tree.Mean() | tree.Least() | tree.Greatest():
                time = time_column(want.measure, self.facts)
                return ("scan", want.measure.fact, time, want.split, want.whole, apart)
            case tree.Percentile():
                time = time_column(want.measure, self.facts)
                return ("scan", want.measure.fact, time, want.split, want.whole, apart)
            case _:
                return (want,)

    def legs(self, wants: list[Want], shifts: set[Shift]) -> list[Leg]:
        """The legs of measures that share a statement, one a window."""
        first = wants[0]
        measure = first.measure
        # Balances are taken at the end of each period, so neighbouring periods stay apart.
        apart = isinstance(measure, tree.Last | tree.Trailing | tree.ToDate | tree.Movement)
        self._check(measure)
        found: list[Leg] = []
        for window, covered in read_windows(self.query, self.labels, shifts, self.spans, self.windows, merge=not apart):
            ground = self._ground(first, covered, window)
            match measure:
                case tree.Movement():
                    moves = tuple((want.alias, want.measure) for want in wants)
                    found.append(Moves(**ground, measures=moves, currency=first.split))  # type: ignore[arg-type]
                case tree.Last() | tree.Trailing() | tree.ToDate():
                    found.append(Balance(**ground, alias=first.alias, measure=measure, currency=first.split))
                case tree.Across():
                    found.append(Spread(**ground, alias=first.alias, measure=measure, currency=first.split))
                case tree.Gap():
                    found.append(Gaps(**ground, alias=first.alias, measure=measure))
                case tree.Credit():
                    found.append(Credits(**ground, alias=first.alias, measure=measure, currency=first.split))
                case tree.Reach() | tree.Elapsed():
                    found += self._journey(measure, first.alias, ground)
                case _:
                    named = tuple(Named(want.alias, want.measure) for want in wants)  # type: ignore[arg-type]
                    time = time_column(measure, self.facts)
                    found.append(Scan(**ground, time=time, measures=named, currency=first.split))
        return found

    def _journey(self, measure: tree.Reach | tree.Elapsed, alias: str, ground: dict[str, Any]) -> list[Leg]:
        """A leg from one step to another; none where no first step is known."""
        own = self.states[measure.fact].bounds(time_column(measure, self.facts))
        end = measure.end
        known = self.states.get(end.fact, FactState()).bounds(end.at or self.facts[end.fact].time)
        if own is None:
            return []
        ground["extent"] = _extent(own, known)
        seen = known[1] if known else None
        if isinstance(measure, tree.Reach):
            return [Cohort(**ground, alias=alias, measure=measure, seen=seen)]
        return [Course(**ground, alias=alias, measure=measure, seen=max(own[1], seen) if seen else own[1])]

    def _check(self, measure: Measure) -> None:
        """Whether the query's time lets the measure mean something."""
        grain = self.query.grain
        if isinstance(measure, tree.ToDate | tree.Movement) and grain is None and self.query.period is None:
            raise RefusedError(
                "period-needed",
                "This measure needs a period.",
                why="it compares the end of a period with its start, and all time has neither",
                fix=PERIOD_NEEDED,
            )
        if isinstance(measure, tree.Across | tree.ToDate) and grain is not None:
            inner = GRAINS.index(measure.grain) < GRAINS.index(grain)
            if isinstance(measure, tree.Across) and not inner and measure.grain != grain:
                raise RefusedError(
                    "grain-too-fine",
                    f"A mean by {measure.grain} has no meaning by {grain}.",
                    why=f"a {grain} is shorter than a {measure.grain}",
                    fix=f"ask with --grain {measure.grain} or a longer one",
                )
            if isinstance(measure, tree.ToDate) and inner:
                raise RefusedError(
                    "grain-too-coarse",
                    f"A {measure.grain} to date has no meaning by {grain}.",
                    why=f"a {grain} is longer than a {measure.grain}",
                    fix=f"ask with --grain {measure.grain} or a shorter one",
                )

    def _ground(self, want: Want, covered: tuple[Span, ...], window: int) -> dict[str, Any]:
        query = self.query
        extent = None
        if not covered:
            own = self.states[want.measure.fact].bounds(time_column(want.measure, self.facts))
            extent = _extent(own, None) if own is not None else None
        return {
            "fact": want.measure.fact,
            "by": () if want.whole else query.by,
            "where": (query.where,) if query.where is not None else (),
            "spans": covered,
            "grain": query.grain,
            "window": window,
            "calendar": query.calendar,
            "timezone": query.timezone,
            "extent": extent,
        }


def _extent(own: Extent, other: Extent | None) -> Extent:
    """The instants that rows fall into, a day more at the end."""
    lows, highs = zip(*(pair for pair in (own, other) if pair is not None), strict=True)
    return (min(lows), max(highs) + dt.timedelta(days=1))
