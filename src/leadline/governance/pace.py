"""Pace: how far a goal is on its way, every day of its period, against what its curve expects by then.

Actuals are measured up to the last day that every feeding source knows whole, and so is the expectation: a late source
never looks like a lost goal, and today counts tomorrow. The projection is the simplest there is, what was reached
divided by the share of the goal that was due; a forecast with an interval is another matter.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from msgspec import Struct

from leadline.charts.scale import Number, finite
from leadline.governance.goal import (
    Reach,
    Wanted,
    condition_of,
    curve_of,
    daily,
    goals_of,
    office_hours,
    reach_of,
    wanted_in,
)
from leadline.governance.split import Curve, cumulative, days_of
from leadline.model.goal import KIND_WORDS, Goal, Kind, measured_by
from leadline.model.infer import meaning_of
from leadline.plan.reach import DAY
from leadline.time.period import Period, parse_period
from leadline.workspace import Workspace

ON_TRACK = 0.95
WATCH = 0.85
"""From which pace index on a goal is on track, or to be watched; below it is time to act. A convention of ours."""
EARLY = 0.15
"""The share of a sum that must be due before its pace is judged: in the first days one deal more says nothing."""
TOLERANCE = 0.1
"""How far from its target a metric without a better side may be when its goal has no band."""
Status = Literal["on track", "watch", "act", "early", "reached", "missed", "not begun", "no data"]


class Point(Struct, frozen=True):
    """A day of the pace curve: running totals until its end; `actual` None where it is not known yet."""

    day: dt.date
    expected: Number
    actual: Number | None = None


class Pace(Struct, frozen=True):
    """A goal and how far it is.

    `through` is the last day measured. `expected` is the part of the target due by then, `attainment` actual over
    target (turned over where lower is better; of a growing total only at the end), `index` one when on course and more
    when better. `projected` is the end at this pace. `needed` and `rate` are per calendar day: what the rest asks, and
    what there was; `needed_working` per working day left. `late` are sources that hold the measurement up.
    """

    goal: Goal
    name: str
    unit: str
    currency: str
    better: str
    kind: Kind
    made_of: str = ""
    curve: str = ""
    through: dt.date | None = None
    days: int = 0
    days_left: int = 0
    working_days_left: int = 0
    actual: Number | None = None
    expected: Number | None = None
    attainment: float | None = None
    index: float | None = None
    projected: Number | None = None
    rate: float | None = None
    needed: float | None = None
    needed_working: float | None = None
    status: Status = "no data"
    late: tuple[str, ...] = ()
    note: str = ""
    points: tuple[Point, ...] = ()

    def _repr_html_(self) -> str:
        from leadline.governance.drawing import pace_page

        return pace_page([self])


class Paces(Struct, frozen=True):
    """The pace of several goals, as known at one moment."""

    today: dt.date
    timezone: str
    paces: tuple[Pace, ...]
    as_known_at: str = ""

    def _repr_html_(self) -> str:
        from leadline.governance.drawing import pace_page

        return pace_page(self.paces)


def measure_pace(
    workspace: Workspace,
    metrics: Sequence[str] = (),
    *,
    period: str | None = None,
    where: str | None = None,
    as_known_at: str | None = None,
) -> Paces:
    """The pace of the goals for `period`, or of all goals that ran yesterday; of some metrics when they are named.

    `where` keeps the goals of one segment, written `channel = 'Email'`. Raises `UsageError` for a metric without a
    goal, `RefusedError` for one whose goal has no such part.
    """
    asked = parse_period(period, workspace.today, workspace.settings.calendar) if period else None
    found = wanted_in(workspace, goals_of(workspace, as_known_at=as_known_at), _whole(asked, workspace), metrics)
    if where is not None:
        found = [one for one in found if condition_of(one.goal.segment) == _plain(where)]
    known = workspace.known_day(as_known_at)
    paces = tuple(pace_of(workspace, one, as_known_at=as_known_at) for one in found)
    return Paces(known, workspace.settings.timezone, paces, as_known_at or "")


def _whole(period: Period | None, workspace: Workspace) -> Period | None:
    """A period to date (`mtd`) stands for the whole one: its goal is that of the month."""
    if period is None:
        return None
    end = period.whole_end(workspace.settings.calendar)
    return Period(period.start, end, period.unit, period.count, period.label)


def _plain(where: str) -> str:
    return " ".join(where.split())


def pace_of(workspace: Workspace, wanted: Wanted, *, as_known_at: str | None = None) -> Pace:
    """How far a goal is."""
    goal = wanted.goal
    base = _unmeasured(workspace, wanted)
    metric, where = measured_by(goal.metric), condition_of(goal.segment)
    known = workspace.known_day(as_known_at)
    reach = reach_of(workspace, metric, where, goal.start, goal.end)
    if reach is None:
        return _changed(base, note="no source feeds it yet")
    through = min(reach.last, known - DAY)
    if through < goal.start:
        late = f"; {', '.join(reach.late)} ends {reach.last}" if reach.late and known - DAY >= goal.start else ""
        return _changed(
            base, status="not begun", late=reach.late, days_left=base.days, note=f"nothing measured yet{late}"
        )
    told = _Told(workspace, goal, metric, where, through, as_known_at, _target_currency(goal, base.unit, workspace))
    return _measured(base, told, reach)


def settled_pace(workspace: Workspace, wanted: Wanted, actual: Number) -> Pace:
    """A goal whose period is over, held against what is known to have been reached, in the goal's own currency."""
    base = _changed(_unmeasured(workspace, wanted), through=wanted.goal.end - DAY, actual=actual)
    return _judged(_changed(base, expected=wanted.goal.target, attainment=_attainment(base)))


def _unmeasured(workspace: Workspace, wanted: Wanted) -> Pace:
    goal = wanted.goal
    metric = workspace.metrics[measured_by(goal.metric)]
    unit = meaning_of(metric, workspace.metrics, workspace.facts).unit
    currency = (goal.currency or workspace.settings.currency) if unit == "money" else ""
    name = metric.label if goal.metric == metric.id else f"{goal.metric.capitalize()}: {metric.label}"
    days = (goal.end - goal.start).days
    return Pace(goal, name, unit, currency, metric.better, wanted.kind, wanted.made_of, days=days)


def _target_currency(goal: Goal, unit: str, workspace: Workspace) -> str | None:
    """What money is measured in: the goal's currency, where it is not the one amounts are in anyway."""
    own = goal.currency if unit == "money" else ""
    return own if own and own != (workspace.settings.reporting_currency or workspace.settings.currency) else None


class _Told(Struct, frozen=True):
    """What a goal is measured with."""

    workspace: Workspace
    goal: Goal
    metric: str
    where: str | None
    through: dt.date
    as_known_at: str | None
    currency: str | None

    def value(self, start: dt.date, through: dt.date) -> Number | None:
        """The metric over some days."""
        result = self.workspace.query(
            [self.metric],
            period=f"{start}..{through}",
            where=self.where,
            as_known_at=self.as_known_at,
            currency=self.currency,
        )
        found = result.rows[0][0] if result.rows else None
        return found if isinstance(found, int | float | Decimal) else None

    def by_day(self) -> dict[dt.date, Number]:
        """The metric by day since the goal began."""
        options = {"as_known_at": self.as_known_at, "currency": self.currency}
        return daily(self.workspace, self.metric, self.where, self.goal.start, self.through + DAY, **options)


def _measured(base: Pace, told: _Told, reach: Reach) -> Pace:
    goal, through = told.goal, told.through
    hours = office_hours(told.workspace)
    base = _changed(
        base,
        through=through,
        late=reach.late,
        days_left=(goal.end - through - DAY).days,
        working_days_left=hours.working_days(through + DAY, goal.end),
    )
    if base.kind == "sum":
        curve, splitting = curve_of(told.workspace, goal)
        return _of_sum(_changed(base, curve=splitting.words), told, curve)
    actual = told.value(goal.start, through)
    if actual is None:
        return _changed(base, note="no value yet in this period")
    if base.kind == "balance":
        return _of_balance(base, told, actual)
    if base.kind == "ratio":
        whole = _changed(base, actual=actual, expected=goal.target, projected=actual, curve="the same every day")
        return _judged(_changed(whole, attainment=_attainment(whole), points=_points_to_date(told, goal)))
    done = _changed(base, actual=actual, attainment=_attainment(_changed(base, actual=actual)))
    if base.days_left:
        return _changed(done, note=f"no pace: it is {KIND_WORDS['distinct']}", status="watch")
    return _judged(_changed(done, expected=goal.target))


def _of_sum(base: Pace, told: _Told, curve: Curve) -> Pace:
    goal, values = told.goal, told.by_day()
    # A metric with days but no value has none yet: of a sum that is nought.
    actual: Number = sum(values.values(), Decimal(0) if any(isinstance(v, Decimal) for v in values.values()) else 0)
    share = cumulative(curve, told.through)
    points, total, due = [], type(actual)(0), Fraction(0)
    for day in days_of(goal.start, goal.end):
        due += curve[day]
        total += values.get(day, 0)  # type: ignore[operator]
        points.append(Point(day, _decimal(Fraction(goal.target) * due), total if day <= told.through else None))
    passed = base.days - base.days_left
    rest = float(goal.target) - float(actual)
    found = _changed(
        base,
        actual=actual,
        expected=_decimal(Fraction(goal.target) * share),
        projected=_decimal(Fraction(actual) / share)
        if share and base.days_left
        else (None if base.days_left else actual),
        rate=float(actual) / passed,
        needed=max(rest, 0.0) / base.days_left if base.days_left else None,
        needed_working=max(rest, 0.0) / base.working_days_left if base.working_days_left else None,
        points=tuple(points),
    )
    over = base.better != "lower" or not base.days_left
    return _judged(_changed(found, attainment=_attainment(found) if over else None))


def _of_balance(base: Pace, told: _Told, actual: Number) -> Pace:
    """A balance is due at the end; on the way a straight line from where it stood the day before is expected."""
    goal = told.goal
    opening = told.value(goal.start - DAY, goal.start - DAY)
    found = _changed(base, actual=actual, attainment=_attainment(_changed(base, actual=actual)))
    if opening is None:
        return (
            _judged(_changed(found, expected=goal.target))
            if not base.days_left
            else _changed(found, status="watch", note="no pace: nothing is known of the day before it began")
        )
    start, target, passed = Fraction(opening), Fraction(goal.target), base.days - base.days_left
    line = [start + (target - start) * count / base.days for count in range(1, base.days + 1)]
    values = told.by_day()
    days = days_of(goal.start, goal.end)
    points = [Point(day, _decimal(due), values.get(day)) for day, due in zip(days, line, strict=True)]
    change = Fraction(actual) - start
    return _judged(
        _changed(
            found,
            curve="a straight line from its opening balance",
            expected=_decimal(line[passed - 1]),
            projected=_decimal(start + change * base.days / passed),
            rate=float(change) / passed,
            needed=float(target - Fraction(actual)) / base.days_left if base.days_left else None,
            points=tuple(points),
        )
    )


def _points_to_date(told: _Told, goal: Goal) -> tuple[Point, ...]:
    """The course of a rate: to date, asked anew for at most thirteen days, for rates of days do not add up."""
    days = days_of(goal.start, told.through + DAY)
    every = max(1, -(-len(days) // 13))
    asked = set(days[::-1][::every])
    return tuple(
        Point(day, goal.target, told.value(goal.start, day) if day in asked else None)
        for day in days_of(goal.start, goal.end)
    )


def _attainment(pace: Pace) -> float | None:
    """Actual over target, turned over where lower is better; None without a denominator."""
    actual, target = finite(pace.actual), float(pace.goal.target)
    if actual is None:
        return None
    above, below = (target, actual) if pace.better == "lower" else (actual, target)
    return above / below if below else None


def _judged(pace: Pace) -> Pace:
    """The pace with its index and status."""
    actual, expected = finite(pace.actual), finite(pace.expected)
    if actual is None or expected is None:
        return pace
    above, below = (expected, actual) if pace.better == "lower" else (actual, expected)
    index = above / below if below else None
    return _changed(pace, index=index, status=_status(pace, index, actual, expected))


def _status(pace: Pace, index: float | None, actual: float, expected: float) -> Status:
    due = expected / float(pace.goal.target) if pace.goal.target else 1.0
    early = pace.kind == "sum" and bool(pace.days_left) and due < EARLY
    if pace.goal.low is not None or pace.goal.high is not None or pace.better == "target":
        inside = _in_band(pace, actual, expected)
        if not pace.days_left:
            return "reached" if inside else "missed"
        return "on track" if inside else "early" if early else "act"
    if not pace.days_left:
        met = actual <= expected if pace.better == "lower" else actual >= expected
        return "reached" if met else "missed"
    if pace.kind == "sum" and pace.better != "lower" and actual >= float(pace.goal.target):
        return "reached"
    if index is None:
        # Nothing was due yet, or nothing of what should be low has come about.
        return "on track"
    if index >= ON_TRACK:
        return "on track"
    return "early" if early else "watch" if index >= WATCH else "act"


def _in_band(pace: Pace, actual: float, expected: float) -> bool:
    """Whether a value lies in the goal's band, both laid over the days so far as the target is."""
    target = float(pace.goal.target)
    due = expected / target if pace.kind == "sum" and target else 1.0
    low = float(pace.goal.low) * due if pace.goal.low is not None else None
    high = float(pace.goal.high) * due if pace.goal.high is not None else None
    if low is None and high is None:
        low, high = expected * (1 - TOLERANCE), expected * (1 + TOLERANCE)
    return (low is None or actual >= low) and (high is None or actual <= high)


def _decimal(value: Fraction) -> Decimal:
    """Six decimals, as the warehouse keeps amounts."""
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.000001"))


def _changed(pace: Pace, **changes: object) -> Pace:
    from msgspec.structs import replace

    return replace(pace, **changes)
