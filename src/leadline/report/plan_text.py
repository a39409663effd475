"""The measurement plan in a terminal: KPIs along the journey with their timetable, and what was left out and why."""

from __future__ import annotations

import datetime as dt
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence

from leadline.charts.label import clean, columns
from leadline.charts.value import NOTHING, format_value
from leadline.governance.aim import Aim
from leadline.governance.plan_file import Finding
from leadline.governance.planned import Driver, Kpi, LeftOut, MeasurementPlan
from leadline.model.metric import Metric
from leadline.model.question import JOURNEY
from leadline.report.coverage_text import STAGE_NAMES
from leadline.report.format import format_period
from leadline.report.table import PLAIN, Style

_GAP = "  "
_NUMBER = re.compile(r"(?<![\d.,])\d{4,}(?= in |$)")
_WIDE = 110
_HEADS = ("KPI", "watches", "last 90 days", "look", "means something", "today's work shows", "owner")
_RIGHT = 2
_LOOK = {"week": "weekly", "month": "monthly", "quarter": "quarterly"}
_SIGNS = {"wrong": "✗", "look": "!", "sound": "✓"}


def render_plan(plan: MeasurementPlan, metrics: Mapping[str, Metric], style: Style = PLAIN) -> str:
    """The plan as lines of text."""
    lines = [style.bold(f"{plan.workspace} · measurement plan"), style.faint(plan.business), ""]
    goals = "; ".join(_goal(aim, metrics) for aim in plan.goals)
    lines += _wrap(f"Goal{'s' if len(plan.goals) > 1 else ''}: {goals}", style)
    lines += [f"{len(plan.kpis)} KPIs, {len(plan.measurable)} can be measured today"]
    cells = {kpi.metric: _cells(kpi, plan) for kpi in plan.kpis}
    widths = [max(columns(text) for text in texts) for texts in zip(_HEADS, *cells.values(), strict=True)]
    lines += ["", style.faint(f"  {_line(_HEADS, widths)}")]
    for stage in JOURNEY:
        own = [kpi for kpi in plan.kpis if kpi.stage == stage]
        if own:
            lines += ["", f"{style.bold(STAGE_NAMES[stage])} · {plan.aims.get(stage, '')}"]
            for kpi in own:
                lines.append(f"  {_line(cells[kpi.metric], widths)}")
                lines += [line for text in _details(kpi) for line in _wrap(text, style, indent=4, faint=True)]
    if plan.notes:
        lines += ["", style.bold("Mind")]
        lines += [line for note in plan.notes for line in _wrap(note, style, indent=2)]
    lines += ["", style.bold("Left out"), *_left_out(plan.left_out, style)]
    if plan.changes:
        lines += ["", style.bold("Would change")]
        lines += [line for change in plan.changes for line in _wrap(change, style, indent=2)]
    return "\n".join(lines)


def render_check(plan: MeasurementPlan, findings: Sequence[Finding], style: Style = PLAIN) -> str:
    """What holding a plan against the data found, a line each."""
    lines = [style.bold(f"{plan.workspace} · measurement plan held against the data of {_day(plan.made)}")]
    paint = {"wrong": "31", "look": "33", "sound": "36"}
    lines += [f"{style.paint(_SIGNS[one.sign], paint[one.sign])} {one.text}" for one in findings]
    return "\n".join(lines)


def _goal(aim: Aim, metrics: Mapping[str, Metric]) -> str:
    """`won_revenue 197100 in 2026-07` as people read it."""
    rest = _NUMBER.sub(lambda found: f"{int(found[0]):,}", aim.text.partition(" ")[2], count=1)
    return f"{clean(metrics[aim.metric].label)} {rest}".strip()


def _cells(kpi: Kpi, plan: MeasurementPlan) -> tuple[str, ...]:
    table = kpi.timetable
    value = format_value(kpi.value, kpi.unit, currency=kpi.currency, compact=True) if not kpi.needs else "no data"
    if table.first is None:
        first, shows = f"{table.first_days} days after data", f"within {table.shows_days} days"
    else:
        first = "now" if table.first <= plan.made else _day(table.first)
        shows = _day(table.shows) if table.shows else NOTHING
    return (kpi.name, f"{kpi.timing} {kpi.measures}", value, _LOOK[table.cadence], first, shows, kpi.owner or NOTHING)


def _details(kpi: Kpi) -> Iterator[str]:
    if kpi.needs:
        yield f"needs {kpi.needs}"
    yield f"why: {kpi.why}" + (f"; leads to {' > '.join(kpi.path)}" if kpi.path else "")
    if kpi.drivers:
        yield f"drivers: {', '.join(map(_driver, kpi.drivers))}"
    if kpi.act:
        yield f"if short: {kpi.act}"
    if kpi.notes:
        yield f"notes: {clean(kpi.notes)}"


def _driver(driver: Driver) -> str:
    return driver.name if driver.known else f"{driver.name} (no data)"


def _left_out(left_out: Sequence[LeftOut], style: Style) -> list[str]:
    """Reasons told once: metrics that lack data, and those that one KPI stands for, are named together."""
    waiting = [one.name for one in left_out if one.why.startswith("cannot be measured yet")]
    groups: dict[str, list[str]] = {}
    for one in left_out:
        if one.name not in waiting:
            groups.setdefault(f"{one.why}{f' ({one.notes})' if one.notes else ''}", []).append(one.name)
    lines = [
        line for why, names in groups.items() for line in _wrap(f"{', '.join(names)}: {clean(why)}", style, indent=2)
    ]
    if waiting:
        lines += _wrap(f"{', '.join(waiting)}: cannot be measured yet", style, indent=2)
    return lines


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    parts = []
    for at, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        space = " " * (width - columns(cell))
        parts.append(space + cell if at == _RIGHT else cell + space)
    return _GAP.join(parts).rstrip()


def _wrap(text: str, style: Style, *, indent: int = 0, faint: bool = False) -> list[str]:
    pad = " " * indent
    wrapped = textwrap.wrap(text, style.width or _WIDE, initial_indent=pad, subsequent_indent=pad + "  ")
    return [style.faint(line) if faint else line for line in wrapped]


def _day(day: dt.date) -> str:
    return format_period(day, "day", "en")
