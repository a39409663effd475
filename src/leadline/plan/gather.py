"""Measures into legs: one scan of a fact for all plain aggregates that can share it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from leadline.model import tree
from leadline.model.fact import Fact
from leadline.model.tree import Measure
from leadline.plan.leg import Balance, Cohort, Leg, Named, Scan, Span
from leadline.plan.output import Output
from leadline.plan.query import FactState, Query
from leadline.plan.span import Shift, read_windows, time_column


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
    wanted: dict[tuple[Measure, str, bool], set[Shift]] = {}
    for output in outputs:
        for leaf in output.leaves:
            if states.get(leaf.measure.fact, FactState()).rows:
                wanted.setdefault((leaf.measure, leaf.alias, leaf.money), set()).add(leaf.shift)
    scans: dict[tuple[str, str, bool, tuple[Shift, ...]], dict[Named, set[Shift]]] = {}
    legs: list[Leg] = []
    for (measure, alias, money), shifts in wanted.items():
        fact, state = facts[measure.fact], states[measure.fact]
        split = money and len(state.currencies) > 1
        if not isinstance(measure, tree.Last | tree.Trailing | tree.Reach):
            # Without a grain each shift is a window of its own, so only measures of the same shifts share a scan.
            apart = () if query.grain else tuple(sorted(shifts))
            scans.setdefault((fact.name, time_column(measure, facts), split, apart), {})[Named(alias, measure)] = shifts
            continue
        merge = isinstance(measure, tree.Reach)
        for window, covered in read_windows(query, labels, shifts, spans, windows, merge=merge):
            ground = _ground(query, fact.name, covered, window)
            if isinstance(measure, tree.Last | tree.Trailing):
                legs.append(Balance(**ground, alias=alias, measure=measure, currency=split))
                continue
            own = state.bounds(time_column(measure, facts))
            known = states.get(measure.end.fact, FactState()).bounds(measure.end.at or facts[measure.end.fact].time)
            if own is not None:
                lows, highs = zip(*(pair for pair in (own, known) if pair is not None), strict=True)
                extent = (min(lows), max(highs) + dt.timedelta(days=1))
                seen = known[1] if known else None
                legs.append(Cohort(**ground, alias=alias, measure=measure, seen=seen, extent=extent))
    plain: list[Leg] = []
    for (fact_name, time, split, _), measures in scans.items():
        together: set[Shift] = set().union(*measures.values())
        for window, covered in read_windows(query, labels, together, spans, windows, merge=True):
            ground = _ground(query, fact_name, covered, window)
            plain.append(Scan(**ground, time=time, measures=tuple(measures), currency=split))
    return (*plain, *legs)


def _ground(query: Query, fact: str, covered: tuple[Span, ...], window: int) -> dict[str, Any]:
    return {
        "fact": fact,
        "by": query.by,
        "where": (query.where,) if query.where is not None else (),
        "spans": covered,
        "grain": query.grain,
        "window": window,
        "calendar": query.calendar,
        "timezone": query.timezone,
    }
