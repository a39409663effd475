"""When to look at a KPI, from when on it means something, and when the work of today shows in it.

A number means something once one whole period of its cadence has passed since its data began, its newest cases have
had their chance (the window of a cohort, the days a formula looks back), a comparison it contains has its earlier
period, and its source no longer changes what it said. Before there are data all of that is told in days.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from statistics import median

from msgspec import Struct

from leadline.governance.measurable import Standing, longest_wait
from leadline.model import tree
from leadline.model.measurement import Cadence, Measures
from leadline.model.metric import Metric, expand
from leadline.model.tree import Formula
from leadline.time.calendar import Calendar

CADENCES: tuple[Cadence, ...] = ("week", "month", "quarter")
LENGTH: dict[Cadence, int] = {"week": 7, "month": 31, "quarter": 92}
ENOUGH_CASES = 20
"""A count of fewer a period changes by a quarter and more by chance alone (one over the root of twenty is 0.22)."""
_WEEKS: dict[Cadence, float] = {"week": 1, "month": 4.35, "quarter": 13}


class Timetable(Struct, frozen=True):
    """`first` is the day from which a KPI means something, `shows` the day by which the work of today does.

    Without data both are None, and `first_days` and `shows_days` count from the first data. `why` explains them.
    """

    cadence: Cadence
    why: str
    first: dt.date | None
    shows: dt.date | None
    first_days: int
    shows_days: int


def cadence_of(timing: str, measures: Measures, weekly: Sequence[float]) -> tuple[Cadence, str]:
    """How often to look: early ones weekly, late ones monthly, and no oftener than cases come in."""
    base: Cadence = "month" if timing == "late" or (timing == "mid" and measures != "quantity") else "week"
    if measures != "quantity" or not weekly:
        return base, {"early": "moves within days", "late": "moves slowly"}.get(timing, "moves within weeks")
    usual = median(weekly)
    for cadence in CADENCES[CADENCES.index(base) :]:
        if usual * _WEEKS[cadence] >= ENOUGH_CASES:
            return cadence, f"about {usual * _WEEKS[cadence]:,.0f} a {cadence}"
    return "quarter", f"only about {usual * _WEEKS['quarter']:,.0f} a quarter"


def timetable_of(
    metric: Metric,
    metrics: Mapping[str, Metric],
    standing: Standing,
    cadence: Cadence,
    takes: float,
    today: dt.date,
    calendar: Calendar,
) -> Timetable:
    """The timetable of a KPI; `takes` are the days after which work usually shows in it."""
    wait, why = longest_wait(metric.tree, metrics)
    before = _periods_before(metric.tree, metrics, cadence)
    settle = dt.timedelta(days=wait + standing.lag)
    delay = max(wait, takes) + standing.lag
    first = shows = None
    if standing.since is not None and not standing.gaps:
        begin = calendar.floor(standing.since, cadence)
        if begin < standing.since:
            begin = calendar.shift(begin, cadence, 1)
        first = calendar.shift(begin, cadence, 1 + before) + settle
        begin = calendar.floor(today, cadence)
        shows = calendar.shift(begin, cadence, 1) + dt.timedelta(days=round(delay))
    parts = [f"a whole {cadence}", *([why] if why else [])]
    if before:
        parts.append(f"and {before} {cadence}{'s' if before > 1 else ''} before it to compare with")
    if standing.lag:
        parts.append(f"and {standing.lag} days until the source has settled")
    if takes > wait:
        parts.append(f"work shows after about {takes:.0f} days")
    return Timetable(
        cadence, ", ".join(parts), first, shows, round(LENGTH[cadence] * (1 + before) + wait + standing.lag),
        round(LENGTH[cadence] + delay),
    )  # fmt: skip


def _periods_before(formula: Formula, metrics: Mapping[str, Metric], cadence: Cadence) -> int:
    """How many earlier periods a formula compares with."""
    return -(-_days_before(expand(formula, metrics), cadence) // LENGTH[cadence])


def _days_before(formula: Formula, cadence: Cadence) -> int:
    match formula:
        case tree.Prior(of, count, grain):
            own = LENGTH[cadence]
            lengths = {"period": own, "opening": own, "day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
            return count * lengths[grain] + _days_before(of, cadence)
        case tree.Combine(_, left, right):
            return max(_days_before(left, cadence), _days_before(right, cadence))
        case tree.Negate(of) | tree.Total(of):
            return _days_before(of, cadence)
        case _:
            return 0
