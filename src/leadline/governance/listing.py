"""Goals as a list, split into parts, and as a table that is still to be filled."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence

from leadline.charts.value import format_value
from leadline.errors import RefusedError, UsageError, unknown
from leadline.governance.goal import Wanted, goals_of, part_of
from leadline.model.goal import KIND_WORDS, QUOTA, Goal, kind_of, measured_by
from leadline.model.infer import meaning_of
from leadline.time.calendar import Grain
from leadline.time.period import Period, parse_period
from leadline.workspace import Workspace

Listed = tuple[Goal, str, str]
"""A goal, the unit of its metric, and a remark."""
_COLUMNS = ("metric", "period", "target", "low", "high")


def listed_goals(workspace: Workspace, metrics: Sequence[str], period: str | None) -> list[Listed]:
    """The goals of some metrics (all when none is named) that lie within a period. Raises `UsageError` for a name."""
    goals = goals_of(workspace)
    for name in metrics:
        _check(workspace, name)
    asked = parse_period(period, workspace.today, workspace.settings.calendar) if period else None
    return [
        (goal, _unit(workspace, goal), "" if measured_by(goal.metric) in workspace.metrics else "no such metric")
        for goal in goals
        if (not metrics or goal.metric in metrics)
        and (asked is None or (goal.start >= asked.start and goal.end <= asked.end))
    ]


def split_goals(workspace: Workspace, goals: Sequence[Listed], grain: str) -> list[Listed]:
    """Each goal in its parts. Raises `RefusedError` for one whose kind has none."""
    found: list[Listed] = []
    calendar = workspace.settings.calendar
    unit: Grain = grain  # type: ignore[assignment]
    for goal, of, words in goals:
        if words:
            raise UsageError(
                "unknown-metric", f"There is no metric named {goal.metric!r}.", fix="list them with `leadline metrics`"
            )
        kind = kind_of(workspace.metrics[measured_by(goal.metric)], workspace.metrics)
        cuts = [max(day, goal.start) for day in calendar.starts(goal.start, goal.end, unit)]
        if kind in ("distinct", "balance") and len(cuts) > 1:
            raise RefusedError(
                "not-splittable",
                f"The goal of {goal.metric} for {goal.start} cannot be split by {grain}.",
                why=f"it is {KIND_WORDS[kind]}",
                fix=f"set a goal for each {grain}, or leave the whole as it is",
            )
        for start, end in zip(cuts, [*cuts[1:], goal.end], strict=True):
            part: Wanted = part_of(workspace, goal, Period(start, end, unit, 1, start.isoformat()), kind)
            found.append((part.goal, of, part.splitting.words if part.splitting else part.made_of))
    return found


def template_text(workspace: Workspace, metrics: Sequence[str], period: str) -> str:
    """A CSV of goals to fill, a line a metric and month, with last year's values in comments.

    The metrics are those of the scorecard unless some are named; the period is the coming calendar year unless given.
    """
    dashboard = workspace.project.dashboards.get("scorecard")
    names = list(metrics) or list(getattr(dashboard, "kpis", ())) or ["revenue"]
    for name in names:
        _check(workspace, name)
    calendar = workspace.settings.calendar
    span = parse_period(period or str(workspace.today.year + 1), workspace.today, calendar)
    if span is None:
        raise UsageError("bad-period", "Goals are set for a time.", fix="--period 2027")
    out = io.StringIO()
    out.write(
        "# Fill in targets; a line without one does not count. Further columns may name a segment: owner, region,\n"
    )
    out.write("# channel, product, segment. low and high make a band. Percent as 4.5%, money without a sign: 125000.\n")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for name in names:
        kind = kind_of(workspace.metrics[measured_by(name)], workspace.metrics)
        out.write(f"# {name}: {workspace.metrics[measured_by(name)].label}; {KIND_WORDS[kind]}\n")
        for start in calendar.starts(span.start, span.end, "month"):
            before = _last_year(workspace, name, start.year - 1, start.month) if calendar.retail is None else ""
            if before:
                out.write(f"# {start.year - 1}-{start.month:02d}: {before}\n")
            writer.writerow((name, _named(start, workspace), "", "", ""))
    return out.getvalue()


def _named(start: dt.date, workspace: Workspace) -> str:
    retail = workspace.settings.calendar.retail
    if retail is None:
        return f"{start:%Y-%m}"
    number = retail.month_of(start)
    return f"{number // 12}-P{number % 12 + 1:02d}"


def _last_year(workspace: Workspace, name: str, year: int, month: int) -> str:
    metric = measured_by(name)
    try:
        result = workspace.query([metric], period=f"{year}-{month:02d}")
    except RefusedError:
        return ""
    value = result.rows[0][0] if result.rows else None
    if value is None or result.marks:
        return ""
    unit = meaning_of(workspace.metrics[metric], workspace.metrics, workspace.facts).unit
    return format_value(value, unit, currency=workspace.settings.currency)  # type: ignore[arg-type]


def _unit(workspace: Workspace, goal: Goal) -> str:
    name = measured_by(goal.metric)
    return (
        meaning_of(workspace.metrics[name], workspace.metrics, workspace.facts).unit
        if name in workspace.metrics
        else ""
    )


def _check(workspace: Workspace, name: str) -> None:
    if measured_by(name) not in workspace.metrics:
        raise unknown("metric", name, [*workspace.metrics, QUOTA])
