"""The goals of a scorecard in a terminal: how much is reached, at what pace, whether to act, and what comes next."""

from __future__ import annotations

from leadline.charts.value import format_value
from leadline.language.language import ENGLISH, Language
from leadline.report.format import format_attained, format_period
from leadline.report.goal_view import span_words, status_view
from leadline.report.grid import render_grid
from leadline.report.scorecard import Kpi, Scorecard
from leadline.report.scorecard_goal import amount
from leadline.report.table import PLAIN, Style

_HEADS = (
    ("KPI", False), ("owner", False), ("goal", True), ("reached", True), ("running goal", False), ("goal", True),
    ("so far", True), ("pace", True), ("at this pace", True), ("status", False), ("data to", False), ("def.", True),
)  # fmt: skip


def render_scorecard_goals(card: Scorecard, style: Style = PLAIN, *, language: Language = ENGLISH) -> list[str]:
    """A line a KPI with a goal, and below what to do next; no line where no KPI has one.

    Columns that are empty throughout (nobody owns a KPI, nothing runs) are left out.
    """
    aimed = [kpi for kpi in card.kpis if kpi.goal is not None or kpi.pace is not None]
    if not aimed:
        return []
    rows = [_cells(kpi, language) for kpi in aimed]
    used = [at for at, texts in enumerate(zip(*rows, strict=True)) if any(texts)]
    heads = [language.say(_HEADS[at][0]) for at in used]
    lines = [style.bold(language.say("Goals"))]
    lines += render_grid(heads, [[row[at] for at in used] for row in rows], [_HEADS[at][1] for at in used], style)
    told = [f"{kpi.definition.name}: {kpi.action}" for kpi in aimed if kpi.action]
    if told:
        lines += ["", style.bold(language.say("Next")), *told]
    lines += ["", style.faint(language.say("At this pace is the course so far to the end of the period, no forecast."))]
    return lines


def _cells(kpi: Kpi, language: Language) -> list[str]:
    goal, pace = kpi.goal, kpi.pace
    status = status_view(kpi.status, language)
    return [
        kpi.definition.name,
        kpi.definition.owner,
        amount(goal, goal.goal.target, language) if goal else "",
        format_attained(goal.attainment, language.locale) if goal else "",
        span_words(pace.goal.start, pace.goal.end, language) if pace else "",
        amount(pace, pace.goal.target, language) if pace else "",
        amount(pace, pace.actual, language) if pace else "",
        format_value(pace.index, digits=2, locale=language.locale) if pace else "",
        amount(pace, pace.projected, language) if pace and pace.days_left else "",
        f"{status['sign']} {status['word']}" if status else "",
        format_period(kpi.fresh_to, "day", language.locale) if kpi.fresh_to else "",
        f"v{kpi.definition.version}",
    ]
