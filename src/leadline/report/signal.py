"""Signals: whether a week differs from the weeks before by more than they differ from one another, and where from.

The rule is the process behaviour chart of Shewhart and Wheeler for single values (XmR): natural limits lie 2.66 mean
moving ranges on either side of the mean of the weeks before (2.66 is 3 / 1.128, three sigma by the mean range of two
values). It assumes weeks that are alike but for chance: a season or a steady trend inside the weeks before makes the
limits wider or calls a trend a signal. Of a balance the change in the week is judged, for its level is last week's and
a step.

Why is told only where it adds up: the differences of the members of a breakdown to the week before make the difference
of the whole, exactly, with what is not named as one rest.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import pairwise

from msgspec import Struct

from leadline.charts.scale import Number, finite, magnitude
from leadline.errors import LeadlineError
from leadline.model.infer import meaning_of
from leadline.plan.result import Value
from leadline.report.scorecard import Kpi
from leadline.report.workspace import Asked

RULE = "XmR"
_WIDTH = 2.66
LEAST_WEEKS = 8
"""Fewer weeks before give limits that say little."""
DIMENSIONS = ("channel", "campaign", "source", "region", "country", "product", "plan", "owner", "pipeline")
_NAMED = 3


class Limits(Struct, frozen=True):
    """The natural limits of a row of weeks; `of_change`: of the week-to-week differences."""

    low: float
    mean: float
    high: float
    weeks: int
    of_change: bool = False
    rule: str = RULE


class Contribution(Struct, frozen=True):
    """A member of a dimension and its difference to the week before; None is Unattributed."""

    member: Value
    difference: Number


class Why(Struct, frozen=True):
    """The largest contributions of a breakdown that adds up; `rest` is what all others make together."""

    dimension: str
    difference: Number
    parts: tuple[Contribution, ...]
    rest: Number
    others: int


class Signal(Struct, frozen=True):
    """A KPI that left its limits: `up` or `down`, and why as far as a breakdown adds up."""

    metric: str
    up: bool
    limits: Limits
    why: Why | None = None


def limits_of(values: Sequence[float], *, of_change: bool = False) -> Limits | None:
    """The natural limits of values in their order; None of fewer than `LEAST_WEEKS`."""
    if len(values) < LEAST_WEEKS:
        return None
    mean = sum(values) / len(values)
    ranges = [abs(after - before) for before, after in pairwise(values)]
    reach = _WIDTH * sum(ranges) / len(ranges)
    # What never fell below nothing, such as a count, has nothing for its lowest limit.
    low = mean - reach if of_change or min(values) < 0 else max(0.0, mean - reach)
    return Limits(low, mean, mean + reach, len(values), of_change)


def judged(kpi: Kpi, week: dt.date, *, balance: bool) -> tuple[Limits | None, float | None]:
    """The limits of the weeks before `week`, and what is held against them."""
    known = [(day, finite(value)) for day, value in zip(kpi.periods, kpi.values, strict=True) if day <= week]
    series = [(day, value) for day, value in known if value is not None]
    if not series or series[-1][0] != week:
        return None, None
    numbers = [value for _, value in series]
    if balance:
        numbers = [after - before for before, after in pairwise(numbers)]
    if not numbers:
        return None, None
    return limits_of(numbers[:-1], of_change=balance), numbers[-1]


def signal_of(workspace: Asked, kpi: Kpi, week: dt.date, preferred: str = "") -> tuple[Limits | None, Signal | None]:
    """The limits a KPI of the week was held against (None: too few weeks), and the signal if it left them."""
    metric = workspace.metrics[kpi.definition.id]
    balance = meaning_of(metric, workspace.metrics, workspace.facts).additivity == "semi-additive"
    limits, value = judged(kpi, week, balance=balance)
    if limits is None or value is None or limits.low <= value <= limits.high:
        return limits, None
    why = why_of(workspace, metric.id, week, (preferred, *DIMENSIONS))
    return limits, Signal(metric.id, value > limits.high, limits, why)


def why_of(workspace: Asked, metric: str, week: dt.date, dimensions: Iterable[str]) -> Why | None:
    """The first breakdown of the difference to the week before that adds up and tells members apart."""
    legal = meaning_of(workspace.metrics[metric], workspace.metrics, workspace.facts).dimensions
    before = week - dt.timedelta(days=7)
    period = f"{before}..{week + dt.timedelta(days=6)}"
    whole: dict[dt.date, Number] | None = None
    for dimension in dict.fromkeys(name for name in dimensions if name in legal):
        try:
            result = workspace.query([metric], by=[dimension], grain="week", period=period)
            if whole is None:
                asked = workspace.query([metric], grain="week", period=period)
                whole = {_day(row[0]): _exact(row[-1]) for row in asked.rows}
        except LeadlineError:
            # Legal by its columns, yet refused for its rows: such a breakdown explains nothing.
            continue
        members: dict[Value, dict[dt.date, Number]] = {}
        for moment, member, value in result.rows:
            members.setdefault(member, {})[_day(moment)] = _exact(value)
        if len(members) < 2 or any(
            not _same(_sum(one.get(day, 0) for one in members.values()), whole.get(day, 0)) for day in (before, week)
        ):
            continue
        found = [Contribution(name, _minus(one.get(week, 0), one.get(before, 0))) for name, one in members.items()]
        moved = sorted(
            (one for one in found if one.difference), key=lambda one: magnitude(one.difference), reverse=True
        )
        difference = _minus(whole.get(week, 0), whole.get(before, 0))
        if not moved:
            continue
        named, others = moved[:_NAMED], moved[_NAMED:]
        rest = _minus(difference, _sum(one.difference for one in named))
        return Why(dimension, difference, tuple(named), rest, len(others))
    return None


def _day(value: Value) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    raise TypeError("a row by week begins with its day")


def _exact(value: Value) -> Number:
    return value if isinstance(value, int | float | Decimal) else 0


def _sum(values: Iterable[Number]) -> Number:
    total: Number = 0
    for value in values:
        total = (
            total + value
            if not isinstance(value, float) and not isinstance(total, float)
            else float(total) + float(value)
        )
    return total


def _plus(left: Number, right: Number) -> Number:
    return float(left) + float(right) if isinstance(left, float) or isinstance(right, float) else left + right


def _minus(left: Number, right: Number) -> Number:
    return _plus(left, -right)


def _same(left: Number, right: Number) -> bool:
    if isinstance(left, float) or isinstance(right, float):
        return abs(float(left) - float(right)) <= 1e-9 * max(1.0, abs(float(right)))
    return left == right
