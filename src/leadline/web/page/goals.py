"""Goals: how far each is, at what pace, what the rest asks for, and its curve day by day."""

from __future__ import annotations

import datetime as dt
from itertools import groupby
from typing import TYPE_CHECKING, Any

from leadline.charts.canvas import Frame
from leadline.charts.pace import PaceWords, pace_chart
from leadline.charts.value import format_value
from leadline.errors import LeadlineError
from leadline.governance.goal import condition_of
from leadline.governance.pace import Pace, measure_pace
from leadline.governance.quota import Pipeline, measure_pipeline
from leadline.model.annotation import read_annotations
from leadline.model.goal import measured_by
from leadline.report.format import format_attained, format_period
from leadline.report.goal_view import pace_view, span_words
from leadline.report.scorecard_goal import amount
from leadline.report.view import remarks_of, told_remarks
from leadline.web.draw import both
from leadline.web.question import Page, Question, View
from leadline.web.render import error_view

if TYPE_CHECKING:
    from leadline.language.language import Language

PERIODS = ("this-month", "last-month", "this-quarter", "last-quarter", "this-year")
MOST_CURVES = 8


def show(question: Question) -> View:
    """The goals that run (or those of a period) by period, the pipeline beside quotas, and a curve each."""
    space, language = question.workspace, question.language
    period = question.given.get("period", "")
    page: View = {
        "title": language.say("Goals"),
        "tabs": tabs(question, "goals"),
        "period": period,
        "periods": PERIODS,
        "groups": [],
        "curves": [],
        "pipeline": None,
        "error": None,
        "rows_limited": bool(question.visitor.rows),
        "example": EXAMPLE,
    }
    try:
        paces = measure_pace(space, period=period or None)
        pipeline = None if question.visitor.rows else measure_pipeline(space, paces)
    except LeadlineError as error:
        return page | {"error": error_view(error)}
    seen = [pace for pace in paces.paces if _may_see(pace, question)]
    ordered = sorted(seen, key=lambda pace: (pace.goal.start, pace.goal.end))
    whole = [pace for pace in ordered if not pace.goal.segment or question.visitor.rows]
    drawn = [pace for pace in whole if any(point.actual is not None for point in pace.points)]
    return page | {
        "groups": [
            _group(start, end, list(group), question)
            for (start, end), group in groupby(ordered, key=lambda pace: (pace.goal.start, pace.goal.end))
        ],
        "curves": [_curve(pace, at, question) for at, pace in enumerate(drawn[:MOST_CURVES])],
        "pipeline": pipeline and _pipeline(pipeline, language),
    }


def tabs(question: Question, here: str) -> list[dict[str, Any]]:
    """The two pages of what was agreed on."""
    found = (("goals", "/goals", "Goals"), ("sla", "/sla", "SLA"))
    return [{"href": href, "name": question.language.say(name), "here": id == here} for id, href, name in found]


def goal_title(pace: Pace, question: Question) -> str:
    """The metric of a goal in the reader's language, with its segment."""
    metric = question.workspace.metrics[measured_by(pace.goal.metric)]
    name = question.language.metric_name(metric)
    if pace.goal.metric != metric.id:
        name = question.language.fill("Quota: {name}", name=name)
    segment = ", ".join(value for _, value in pace.goal.segment)
    return f"{name} · {segment}" if segment else name


def _may_see(pace: Pace, question: Question) -> bool:
    """Visitors who see some rows only see the goals set for exactly those."""
    return not question.visitor.rows or condition_of(pace.goal.segment) == " ".join(question.visitor.rows.split())


def _group(start: dt.date, end: dt.date, own: list[Pace], question: Question) -> View:
    language = question.language
    measured = sorted({pace.through for pace in own if pace.through is not None})
    curves = {pace.curve: None for pace in own if pace.curve}
    return {
        "when": span_words(start, end, language),
        "measured": format_period(measured[-1], "day", language.locale) if measured else "",
        "rows": [_row(pace, question, own) for pace in own],
        "curves": [language.say(curve) for curve in curves],
        "late": sorted({source for pace in own for source in pace.late}),
    }


def _row(pace: Pace, question: Question, own: list[Pace]) -> View:
    """A line of the table; a part under its whole is called by its segment alone."""
    language = question.language
    part = bool(pace.goal.segment) and any(one.goal.metric == pace.goal.metric and not one.goal.segment for one in own)
    return pace_view(pace, language) | {
        "name": ", ".join(value for _, value in pace.goal.segment) if part else goal_title(pace, question),
        "part": part,
        "metric": measured_by(pace.goal.metric),
        "attained": format_attained(pace.attainment, language.locale),
        "rate": _each(pace, pace.rate, language),
        "needed": _each(pace, pace.needed, language),
        "set": pace.made_of or pace.goal.origin,
    }


def _each(pace: Pace, value: float | None, language: Language) -> str:
    """An amount a day, of what comes by days."""
    if pace.kind not in ("sum", "balance") or value is None:
        return format_value(None)
    return amount(pace, value, language)


def _curve(pace: Pace, at: int, question: Question) -> View:
    space, language = question.workspace, question.language
    days = [point.day for point in pace.points]
    remarks = remarks_of(read_annotations(space.path, space.metrics), [measured_by(pace.goal.metric)])
    words = PaceWords(**{name: language.say(getattr(PaceWords(), name)) for name in PaceWords.__struct_fields__})

    def draw(frame: Frame) -> str:
        return pace_chart(
            frame,
            days,
            [point.expected for point in pace.points],
            [point.actual for point in pace.points],
            pace.goal.target,
            projects=pace.kind == "sum",
            remarks=remarks,
            words=words,
        )

    title = goal_title(pace, question)
    return {
        "title": title,
        "when": span_words(pace.goal.start, pace.goal.end, language),
        "drawing": both(draw, title, f"pace-{at}", language, grain="day", unit=pace.unit, currency=pace.currency),
        "remarks": told_remarks(remarks, days, "day", language),
        "status": pace_view(pace, language)["status"],
    }


def _pipeline(found: Pipeline, language: Language) -> View:
    def money(value: Any) -> str:
        return format_value(value, "money", currency=found.currency, locale=language.locale, compact=True)

    def named(*names: str) -> list[tuple[str, bool]]:
        return [(language.say(name), at > 0) for at, name in enumerate(names)]

    covered = [
        [
            ", ".join(value for _, value in one.segment) or language.say("all"), money(one.target), money(one.won),
            money(max(one.left, 0)), money(one.planned),
            format_value(one.coverage, "ratio", digits=1, locale=language.locale),
        ]
        for one in found.coverages
    ]  # fmt: skip
    expected = [
        [
            language.label("stages", one.stage), format_value(one.count, locale=language.locale),
            format_value(one.rate, "percent", digits=1, locale=language.locale), money(one.sale), money(one.value),
        ]
        for one in found.expected
    ]  # fmt: skip
    return {
        "covered_heads": named("Quota", "Target", "Won", "Still missing", "Planned", "Coverage"),
        "covered": _cells(covered),
        "expected_heads": named("Stage", "People", "Rate to customer", "Average sale", "Expected"),
        "expected": _cells(expected),
        "through": format_period(found.through, "day", language.locale) if found.through else "",
    }


def _cells(rows: list[list[str]]) -> list[list[tuple[str, bool]]]:
    return [[(cell, at > 0) for at, cell in enumerate(row)] for row in rows]


EXAMPLE = (
    "goals:\n  - {metric: leads, period: 2026-09, target: 450}\n  - {metric: mrr, period: 2026-Q3, target: 470000}\n"
)
PAGE = Page("goals", "/goals", "Goals & SLA", "goals.html.j2", show)
