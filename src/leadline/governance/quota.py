"""Quota and pipeline: what is left to win, what is planned to close in time, and what this period's leads will bring.

Coverage is the catalogue's `pipeline_coverage`, for a salesperson's quota too. The expected pipeline (requirement
001-05) is leads × close rate at their stage × average sale; its rate is that of cohorts whose 180 days are over, for
the rate of young ones has only begun.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from leadline.charts.scale import Number
from leadline.governance.goal import condition_of
from leadline.governance.pace import Pace, Paces
from leadline.model.goal import QUOTA_METRIC, measured_by
from leadline.model.infer import check_formula
from leadline.model.metric import Metric
from leadline.model.parse import parse_formula
from leadline.plan.compile import compile_query
from leadline.time.business import DAY
from leadline.workspace import Workspace

STAGES = ("lead", "mql", "sql", "opportunity")
WINDOW = 180
"""Days that a cohort has to become customers, as the catalogue's rates have it."""
_PLANNED = "sum(deal.amount where status = 'open' at expected_close_at)"


class Coverage(Struct, frozen=True):
    """A goal of won revenue: what is left of it, the open deals planned to close in its period, and their quotient.

    `coverage` is None once the goal is reached.
    """

    metric: str
    segment: tuple[tuple[str, str], ...]
    target: Number
    won: Number
    left: Number
    planned: Number
    coverage: float | None


class Expected(Struct, frozen=True):
    """What the people who entered a stage so far in the period will bring: count × rate × average sale."""

    stage: str
    count: Number
    rate: float
    sale: Number
    value: float


class Pipeline(Struct, frozen=True):
    """The pipeline beside goals of won revenue; `cohorts` are the days whose leads gave the rates.

    `through` is the last day whose people count: where deals are told to, which other goals may be ahead of.
    """

    currency: str
    coverages: tuple[Coverage, ...]
    expected: tuple[Expected, ...] = ()
    cohorts: tuple[dt.date, dt.date] | None = None
    through: dt.date | None = None


def measure_pipeline(workspace: Workspace, paces: Paces) -> Pipeline | None:
    """The pipeline for the running goals of won revenue among some paces; None when there is none."""
    running = [one for one in paces.paces if measured_by(one.goal.metric) == QUOTA_METRIC and one.days_left]
    measured = [one for one in running if one.actual is not None]
    if not measured or "deal" not in workspace.states():
        return None
    known = paces.as_known_at or None
    coverages = tuple(_coverage(workspace, one, known) for one in measured)
    whole = next((one for one in measured if not one.goal.segment), None)
    found = Pipeline(measured[0].currency, coverages)
    return found if whole is None else _with_expected(workspace, found, whole, known)


def _coverage(workspace: Workspace, pace: Pace, known: str | None) -> Coverage:
    goal = pace.goal
    planned = _value(workspace, _PLANNED, goal.start, goal.end, condition_of(goal.segment), known) or Decimal(0)
    left = goal.target - Decimal(str(pace.actual))
    quotient = float(planned) / float(left) if left > 0 else None
    return Coverage(goal.metric, goal.segment, goal.target, pace.actual or 0, left, planned, quotient)


def _with_expected(workspace: Workspace, found: Pipeline, whole: Pace, known: str | None) -> Pipeline:
    """The pipeline with what the leads so far will bring, where both the leads and the sales of a year are known."""
    if whole.through is None or "stage_entry" not in workspace.states():
        return found
    until = whole.through - DAY * WINDOW
    cohorts = (until - DAY * 365, until)
    year = (whole.through - DAY * 365, whole.through + DAY)
    sale = _value(
        workspace,
        "sum(deal.amount where status = 'won' at won_at) / count(deal where status = 'won' at won_at)",
        *year,
        None,
        known,
    )
    if sale is None:
        return found
    rows = []
    for stage in STAGES:
        count = _value(
            workspace,
            f"count(stage_entry where stage = '{stage}' and is_first)",
            whole.goal.start,
            whole.through + DAY,
            None,
            known,
        )
        rate = _value(workspace, f"reach({stage}, customer, within {WINDOW} days)", *cohorts, None, known)
        if count is not None and rate is not None:
            rows.append(Expected(stage, count, float(rate), sale, float(count) * float(rate) * float(sale)))
    if not rows:
        return found
    return replace(found, expected=tuple(rows), cohorts=(cohorts[0], cohorts[1] - DAY), through=whole.through)


def _value(
    workspace: Workspace, formula: str, start: dt.date, end: dt.date, where: str | None, known: str | None
) -> Number | None:
    """A formula that needs no name of its own, over [start, end)."""
    name = "asked"
    tree = check_formula(parse_formula(formula), workspace.facts, workspace.metrics, where="pipeline")
    metric = Metric(id=name, formula=formula, tree=tree)
    query = workspace.ask([name], period=f"{start}..{end - DAY}", where=where, as_known_at=known)
    plan = compile_query(query, {**workspace.metrics, name: metric}, workspace.facts, workspace.states())
    rows = workspace.run(plan).rows
    found = rows[0][0] if rows else None
    return found if isinstance(found, int | float | Decimal) else None
