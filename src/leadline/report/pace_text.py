"""Goals and pace in a terminal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import groupby

from leadline.charts.label import clean
from leadline.charts.scale import Number
from leadline.charts.value import format_value
from leadline.governance.drawing import title_of_goal
from leadline.governance.pace import Pace, Paces
from leadline.governance.quota import Pipeline
from leadline.model.goal import Goal
from leadline.report.format import format_attained, format_period
from leadline.report.grid import render_grid
from leadline.report.table import PLAIN, Style
from leadline.time.business import DAY

_SIGNS = {"on track": "●", "reached": "✓", "watch": "▲", "act": "✗", "missed": "✗"}


def render_paces(paces: Paces, pipeline: Pipeline | None = None, style: Style = PLAIN) -> str:
    """A line a goal, grouped by period: actual, due, target, pace, what the rest asks; then coverage and notes."""
    if not paces.paces:
        return "No goal runs in this time. Set some in goals/ (`leadline goals --template`)."
    lines: list[str] = []
    ordered = sorted(paces.paces, key=lambda pace: (pace.goal.start, pace.goal.end))
    for (start, end), group in groupby(ordered, key=lambda pace: (pace.goal.start, pace.goal.end)):
        own = list(group)
        measured = sorted({pace.through for pace in own if pace.through is not None})
        lines += [style.bold(f"{span_text(start, end)} · {_measured(measured, own[0])} · {paces.timezone}"), ""]
        lines += _table(own, style)
        lines.append("")
    if pipeline is not None:
        lines += [*_pipeline(pipeline, style), ""]
    lines += [style.faint(note) for note in _notes(ordered, paces)]
    return "\n".join(lines).rstrip()


def span_text(start: dt.date, end: dt.date) -> str:
    """A period as people call it: a month or year by name, else its first and last day."""
    last = end - DAY
    if start.day == 1 and end.day == 1 and (end - start).days <= 31:
        return format_period(start, "month", "en")
    if (start.month, start.day, end.month, end.day) == (1, 1, 1, 1) and end.year == start.year + 1:
        return str(start.year)
    return f"{format_period(start, 'day', 'en')} – {format_period(last, 'day', 'en')}"


def _measured(days: Sequence[dt.date], pace: Pace) -> str:
    if not days:
        return "nothing measured yet"
    passed = (min(days[-1] + DAY, pace.goal.end) - pace.goal.start).days
    return f"measured to {format_period(days[-1], 'day', 'en')}, day {passed} of {pace.days}"


def _table(own: Sequence[Pace], style: Style) -> list[str]:
    heads = [
        "goal",
        "actual",
        "due by then",
        "target",
        "reached",
        "pace",
        "at this pace",
        "a day so far",
        "a day needed",
        "",
    ]
    rows = [
        [
            clean(title_of_goal(pace)),
            amount(pace, pace.actual), amount(pace, pace.expected), amount(pace, pace.goal.target),
            format_attained(pace.attainment), format_value(pace.index, digits=2),
            amount(pace, pace.projected), _each(pace, pace.rate), _each(pace, pace.needed),
            f"{_SIGNS.get(pace.status, '·')} {pace.status}",
        ]
        for pace in own
    ]  # fmt: skip
    return render_grid(heads, rows, [False, *[True] * 8, False], style)


def amount(pace: Pace, value: Number | None) -> str:
    """A value in the unit of a goal, shortened; part people and part deals are rounded to tenths."""
    if pace.unit in ("percent", "ratio", "money") or value is None:
        return format_value(value, pace.unit, currency=pace.currency, compact=True)
    return format_value(value, compact=True, digits=None if value == int(value) else 1)


def _each(pace: Pace, value: float | None) -> str:
    if pace.unit == "money":
        return format_value(value, "money", currency=pace.currency, compact=True)
    return format_value(value, digits=1) if pace.kind in ("sum", "balance") else format_value(None)


def _pipeline(found: Pipeline, style: Style) -> list[str]:
    def money(value: Number | None) -> str:
        return format_value(value, "money", currency=found.currency, compact=True)

    rows = [
        [
            ", ".join(value for _, value in one.segment) or f"all ({one.metric})", money(one.target), money(one.won),
            money(max(one.left, 0)), money(one.planned), format_value(one.coverage, "ratio", digits=1),
        ]
        for one in found.coverages
    ]  # fmt: skip
    lines = [
        style.bold("Pipeline coverage"),
        style.faint("open deals planned to close in the period, per unit still to win"),
    ]
    lines += render_grid(["quota", "target", "won", "left", "planned", "coverage"], rows, [False, *[True] * 5], style)
    if found.expected and found.cohorts and found.through:
        first, last = (format_period(day, "day", "en") for day in found.cohorts)
        rows = [
            [
                one.stage,
                format_value(one.count),
                format_value(one.rate, "percent", digits=1),
                money(one.sale),
                money(one.value),
            ]
            for one in found.expected
        ]
        through = format_period(found.through, "day", "en")
        made = f"people × rate to customer (cohorts of {first} – {last}) × average sale of the last year"
        lines += ["", style.bold(f"Expected pipeline of the period so far, measured to {through}")]
        lines.append(style.faint(f"{made}; stages overlap, so take one"))
        heads = ["stage", "people", "rate", "average sale", "expected"]
        lines += render_grid(heads, rows, [False, *[True] * 4], style)
    return lines


def _notes(paces: Sequence[Pace], whole: Paces) -> list[str]:
    notes = []
    curves: dict[str, list[str]] = {}
    for pace in paces:
        if pace.curve:
            curves.setdefault(pace.curve, []).append(title_of_goal(pace))
    for curve, names in curves.items():
        which = "all goals" if len(names) == sum(bool(pace.curve) for pace in paces) else _some(names)
        notes.append(f"due by then: {curve} ({which})")
    notes += [f"{title_of_goal(pace)}: {pace.made_of}" for pace in paces if pace.made_of]
    late: dict[tuple[str, ...], list[Pace]] = {}
    for pace in paces:
        if pace.late and pace.through is not None:
            late.setdefault(pace.late, []).append(pace)
    for sources, held in late.items():
        day = format_period(held[0].through, "day", "en") if held[0].through else ""
        notes.append(f"late: {', '.join(sources)} ends {day}, so what it feeds is measured and due to that day")
    notes += [f"{title_of_goal(pace)}: {pace.note}" for pace in paces if pace.note]
    notes.append("pace: actual per unit due by then, or due per actual where lower is better; 1 is on course. "
                 "At this pace is that course to the end, not a forecast")  # fmt: skip
    if any(pace.status == "early" for pace in paces):
        notes.append("early: too little is due yet for the pace to say anything")
    if whole.as_known_at:
        notes.append(f"as known at {whole.as_known_at}")
    return notes


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def render_goals(goals: Sequence[tuple[Goal, str, str]], style: Style = PLAIN) -> str:
    """A line a goal: `goals` go with the unit of their metric and what they are in words."""
    if not goals:
        return "No goals yet. `leadline goals --template` writes a table to fill in."
    rows = [
        [
            goal.metric, span_text(goal.start, goal.end),
            ", ".join(f"{name}: {value}" for name, value in goal.segment) or "all",
            format_value(goal.target, unit, currency=goal.currency), _band(goal, unit), words, goal.origin,
        ]
        for goal, unit, words in goals
    ]  # fmt: skip
    heads = ["metric", "period", "segment", "target", "band", "", "set in"]
    return "\n".join(render_grid(heads, rows, [False, False, False, True, True, False, False], style, give=6))


def _band(goal: Goal, unit: str) -> str:
    if goal.low is None and goal.high is None:
        return ""
    low, high = (format_value(value, unit, currency=goal.currency) for value in (goal.low, goal.high))
    return f"{low} to {high}"
