"""What a plan is for: goals as asked, as planned before, as the workspace has them, or as usual for the business."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from msgspec import Struct

from leadline.errors import UsageError, unknown
from leadline.governance.goal import goals_of
from leadline.model.goal import Goal, measured_by
from leadline.workspace import Workspace

USUAL = "usual for this business"
_FORM = re.compile(r"(?P<metric>[A-Za-z_]\w*)(\s+(?P<rest>.+))?\Z")
_TARGET = re.compile(r"[+\-−]?\s*\d")


class Aim(Struct, frozen=True):
    """A goal in words, and the metric that tells whether it is reached."""

    metric: str
    text: str
    origin: str


def parse_aim(text: str, workspace: Workspace, origin: str = "--goal") -> Aim:
    """A goal such as `won_revenue +20%` or `mql 450 in 2026-07`; `UsageError` for another form or an unknown metric."""
    found = _FORM.match(text.strip())
    rest = (found["rest"] or "") if found else ""
    if found is None or (rest and not _TARGET.match(rest)):
        raise UsageError(
            "bad-goal", f"{text!r} is not a goal.", why=origin, fix="write a metric and how far: --goal 'revenue +20%'"
        )
    if measured_by(found["metric"]) not in workspace.metrics:
        raise unknown("metric", found["metric"], workspace.metrics, why=origin)
    return Aim(measured_by(found["metric"]), f"{found['metric']} {rest}".strip(), origin)


def aims_of(workspace: Workspace, asked: Sequence[str], planned: Sequence[str], usual: str) -> tuple[Aim, ...]:
    """The goals asked for; else those of the plan file; else those set in the workspace; else the usual one."""
    if asked:
        return _each([parse_aim(text, workspace) for text in asked])
    if planned:
        return _each([parse_aim(text, workspace, "plan.yaml") for text in planned])
    return set_aims(workspace) or (Aim(usual, usual, USUAL),)


def set_aims(workspace: Workspace) -> tuple[Aim, ...]:
    """Of each metric with goals the one that runs today, else the newest; those set for all before those for parts."""
    found: dict[str, Goal] = {}
    for goal in goals_of(workspace):
        name = measured_by(goal.metric)
        if name not in workspace.metrics:
            continue
        best = found.get(name)
        if best is None or _rank(goal, workspace) > _rank(best, workspace):
            found[name] = goal
    return tuple(Aim(name, _words(name, goal, workspace), goal.origin) for name, goal in found.items())


def _rank(goal: Goal, workspace: Workspace) -> tuple[bool, bool, int]:
    runs = goal.start <= workspace.today < goal.end
    return not goal.segment, runs, goal.end.toordinal()


def _words(name: str, goal: Goal, workspace: Workspace) -> str:
    """The goal as one would type it; a goal set by segment has no one number."""
    if goal.segment:
        return name
    calendar = workspace.settings.calendar
    when = f"{goal.start}..{goal.end - dt.timedelta(days=1)}"
    if goal.start.day == 1 and calendar.shift(goal.start, "month", 1) == goal.end:
        when = f"{goal.start:%Y-%m}"
    return f"{name} {goal.target.normalize():f} in {when}"


def _each(aims: Sequence[Aim]) -> tuple[Aim, ...]:
    return tuple({aim.metric: aim for aim in aims}.values())
