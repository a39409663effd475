"""What a workspace's data say of the metrics a plan considers: can they be measured, do they move, are they twins."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from leadline.errors import LeadlineError
from leadline.governance.coverage import RECENT
from leadline.governance.measurable import Inventory, Standing, values_of
from leadline.governance.redundancy import Series, Twin, sparse, still, twin_of
from leadline.plan.result import Result
from leadline.time.period import parse_period
from leadline.workspace import Workspace

_WEEKS = 104
_UNFIT = ("unfinished", "immature", "no-data", "settling")


class Evidence(Struct, frozen=True):
    """Standing, recent value, weekly and monthly series (whole periods only) of each metric considered."""

    standings: Mapping[str, Standing]
    values: Mapping[str, Any]
    series: Mapping[str, Series]
    months: Mapping[str, Series]
    problems: Mapping[str, str]

    def needs(self, metric: str) -> str:
        """What is missing for the metric to have a value; empty when it has."""
        found = self.standings[metric]
        if found.gaps:
            return "; ".join(dict.fromkeys(gap.words for gap in found.gaps))
        if metric in self.problems:
            return self.problems[metric]
        if self.values.get(metric) is None and not self.series.get(metric):
            return "data of the last 90 days that give it a value"
        return ""

    def still(self, metric: str) -> bool:
        """Whether it has never moved."""
        return still(self.series.get(metric, {}))

    def usable(self, metric: str) -> bool:
        """Whether a team can steer by it today."""
        return not self.needs(metric) and not self.still(metric)

    def twin(self, left: str, right: str) -> Twin | None:
        """The two as twins, if the data say so: by weeks, or by months where one of them is nought in many weeks."""
        if sparse(self.series.get(left, {})) or sparse(self.series.get(right, {})):
            return twin_of(left, right, self.months, "month")
        return twin_of(left, right, self.series)

    def weekly(self, metric: str) -> list[float]:
        """The values of the last half year's whole weeks."""
        known = self.series.get(metric, {})
        return [known[at] for at in sorted(known)[-26:]]


def evidence_of(workspace: Workspace, metrics: Sequence[str]) -> Evidence:
    """Everything a plan asks of the data: one statement a fact, one query over 90 days, and the series of two years."""
    calendar, today = workspace.settings.calendar, workspace.today
    recent = parse_period(RECENT, today, calendar)
    assert recent is not None
    inventory = Inventory(workspace, [(name, ()) for name in metrics], recent)
    standings = {name: inventory.standing(name) for name in metrics}
    able = [name for name in metrics if not standings[name].gaps]
    last = recent.end - dt.timedelta(days=1)
    values, problems = values_of(workspace, able, f"{recent.start}..{last}")
    first = calendar.shift(calendar.floor(today, "week"), "week", -_WEEKS)
    asked = [name for name in able if name not in problems]
    weeks = _series(workspace, asked, f"{first}..{last}", "week")
    booked = [name for name in asked if sparse(weeks.get(name, {}))]
    partners = [name for name in asked if weeks.get(name)] if booked else []
    months = _series(workspace, partners, f"{first}..{last}", "month")
    return Evidence(standings, values, weeks, months, problems)


def _series(workspace: Workspace, metrics: Sequence[str], period: str, grain: str) -> dict[str, Series]:
    if not metrics:
        return {}
    try:
        result = workspace.query(metrics, grain=grain, period=period)
    except LeadlineError:
        # A metric that cannot be asked by period is asked apart from the others, and has no series.
        if len(metrics) == 1:
            return {}
        half = len(metrics) // 2
        left, right = (_series(workspace, part, period, grain) for part in (metrics[:half], metrics[half:]))
        return left | right
    return _by_metric(result)


def _by_metric(result: Result) -> dict[str, Series]:
    found: dict[str, dict[dt.date, float]] = {}
    for at, column in enumerate(result.columns):
        if column.kind != "metric":
            continue
        own = found.setdefault(column.metric or column.name, {})
        for number, row in enumerate(result.rows):
            start, value = row[0], row[at]
            if isinstance(start, dt.date) and value is not None and result.marks.get((number, at)) not in _UNFIT:
                own[start] = float(value)  # type: ignore[arg-type]
    return dict(found)
