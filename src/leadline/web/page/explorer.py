"""Explorer: any metrics by any legal dimensions, period and filter, as chart and table; shared by its address."""

from __future__ import annotations

import datetime as dt
from typing import Any

from msgspec.structs import replace

from leadline.errors import LeadlineError
from leadline.language.language import Language
from leadline.model.annotation import read_annotations
from leadline.plan.drawing import course_of, of_metric
from leadline.plan.result import Result
from leadline.report import view
from leadline.report.format import FOOTNOTES, MARKS, format_member, format_period
from leadline.report.note import time_notes
from leadline.report.scorecard import Scorecard
from leadline.report.translate import translated_result
from leadline.web.link import about
from leadline.web.page.explorer_ask import (
    GRAINS,
    MOST,
    MOST_DIMENSIONS,
    MOST_ROWS,
    PERIODS,
    ROWS,
    Asked,
    answer,
    asked_of,
)
from leadline.web.page.explorer_cure import cures, legal
from leadline.web.page.explorer_file import FILES
from leadline.web.page.explorer_plot import plot_of
from leadline.web.page.explorer_saved import listed
from leadline.web.page.explorer_table import legend_of, table_of
from leadline.web.question import Page, Question, View


def show(question: Question) -> View:
    """The form as it was filled in, and the answer: charts, a table, what to know, and the ways out."""
    try:
        asked, wrong = asked_of(question), None
    except LeadlineError as error:
        asked, wrong = Asked(), error
    form = _form(question, asked) | {"saved": listed(question, asked), "answer": None, "error": None, "cures": []}
    if wrong is None and asked.metrics:
        try:
            return form | _answered(question, asked, answer(question, asked))
        except LeadlineError as error:
            wrong = error
    if wrong is not None:
        form["cures"] = cures(question, asked) if asked.metrics else []
        form["error"] = wrong.as_dict()
        form["said"] = wrong.what
    return form


def dimensions(question: Question, asked: Asked) -> list[tuple[str, str, bool]]:
    """What can be asked by, with names: what all of the metrics have, and what is asked though it does not fit."""
    fitting: list[str] | None = None
    for name in asked.metrics:
        if name in question.workspace.metrics:
            found = legal(question, name)
            fitting = [each for each in (found if fitting is None else fitting) if each in found]
    fit = dict.fromkeys(fitting or (), True) | {name: name in (fitting or ()) for name in asked.by}
    told = [(name, question.language.column(name), fits) for name, fits in fit.items()]
    return sorted(told, key=lambda one: one[1].lower())


def _form(question: Question, asked: Asked) -> View:
    language, known = question.language, question.workspace.metrics
    return {
        "asked": asked,
        "chosen": [
            (name, language.metric_name(known[name]) if name in known else name) for name in asked.metrics
        ],
        "full": len(asked.metrics) >= MOST,
        "metrics": _choices(question),
        "dimensions": dimensions(question, asked),
        "places": min(len(asked.by) + 1, MOST_DIMENSIONS),
        "grains": [(grain, language.label("grains", grain) if grain != "none" else language.say("in all"))
                   for grain in GRAINS],
        "periods": [(period, language.say(name)) for period, name in PERIODS.items()],
        "compares": [
            ("previous", language.say("the period before")),
            ("year", language.say("a year before")),
            ("previous,year", language.say("both")),
        ],
        "title": "",
        "said": "",
    }  # fmt: skip


def _answered(question: Question, asked: Asked, result: Result) -> View:
    space, language = question.workspace, question.language
    told = translated_result(result, language, space.metrics)
    names = ", ".join(language.metric_name(space.metrics[name]) for name in asked.metrics)
    title = names
    if asked.by:
        broken = ", ".join(language.column(name) for name in asked.by)
        title = language.fill("{name} by {dimension}", name=names, dimension=broken)
    table = table_of(told, asked, language)
    rows = language.count("{count} rows", table["count"])
    return {
        "answer": {
            "title": title,
            "charts": _charts(question, told, asked),
            "table": table,
            "rows": rows,
            "more": asked.address(rows=MOST_ROWS) if table["hidden"] and asked.rows < MOST_ROWS else "",
            "marks": [(MARKS[mark], language.say(FOOTNOTES[mark])) for mark in legend_of(told)],
        },
        "said": f"{title}: {rows}",
        "notes": list(time_notes(result.provenance, language)),
        "needs": [_need(space.metrics[name], source, language) for name, source in result.provenance["needs"].items()],
        "exports": [(ending.upper(), asked.address(f"/explore.{ending}", rows=ROWS)) for ending in FILES],
        "about_metrics": [(language.metric_name(space.metrics[name]), about(name)) for name in asked.metrics],
        "records": [
            (language.metric_name(space.metrics[name]), _records(asked, name)) for name in asked.metrics
        ],
        "sql": result.provenance["sql"],
        "about": _about(result, language),
    }  # fmt: skip


def _charts(question: Question, told: Result, asked: Asked) -> list[dict[str, Any]]:
    """A chart for each metric that has one: drawn here, and as numbers for the script that zooms."""
    space, language = question.workspace, question.language
    card = Scorecard("", "day" if asked.grain == "none" else asked.grain, (), currency=space.settings.currency)
    currency = str(told.provenance.get("currency") or card.currency)
    noted = read_annotations(space.path, space.metrics)
    found: list[dict[str, Any]] = []
    order: tuple[str, ...] = ()
    for number, name in enumerate(asked.metrics):
        title, part = language.metric_name(space.metrics[name]), of_metric(told, name)
        course = course_of(part, member=lambda value: format_member(value, language), say=language.say, order=order)
        shown = view.breakdown(view.Breakdown(title, part, "", noted, order), card, language, number)
        if course is not None and asked.by:
            # A member has one colour in all charts.
            order = order or tuple(line.label for line in course.series)
        if shown["wide"]:
            plot = plot_of(course, part, title, view.remarks_of(noted, [name]), language, currency)
            found.append(
                {key: shown[key] for key in ("title", "wide", "narrow", "remarks", "undrawn")} | {"plot": plot}
            )
    return found


def _records(asked: Asked, metric: str) -> str:
    return (
        replace(asked, metrics=(metric,), compare="", sort="", view="")
        .address("/records")
        .replace("metrics=", "metric=", 1)
    )


def _choices(question: Question) -> list[dict[str, Any]]:
    """Metrics by stage, those that have data first."""
    space, language = question.workspace, question.language
    known = {name for name, state in space.states().items() if state.rows}
    groups: dict[str, list[dict[str, Any]]] = {}
    for name, metric in space.metrics.items():
        entry = {"id": name, "name": language.metric_name(metric), "fed": set(space.meaning(name).facts) <= known}
        groups.setdefault(language.label("stages", metric.stage), []).append(entry)
    return [
        {"name": group, "metrics": sorted(entries, key=lambda entry: (not entry["fed"], entry["name"].lower()))}
        for group, entries in groups.items()
    ]


def _need(metric: Any, source: str, language: Language) -> str:
    return language.fill("{name} has no data yet. It needs {source}.", name=language.metric_name(metric), source=source)


def _about(result: Result, language: Language) -> list[tuple[str, str]]:
    """What the numbers were made under."""
    told = result.provenance
    period = told.get("period")
    return [
        (language.say(name), str(value))
        for name, value in (
            ("Period", _span(period, language) if period else ""),
            ("Filter", told.get("where") or ""),
            ("Time zone", told.get("timezone") or ""),
            ("Currency", told.get("currency") or ""),
            ("Facts", ", ".join(f"{fact} ({facts['rows']:,})" for fact, facts in told.get("facts", {}).items())),
        )
        if value
    ]


def _span(period: Any, language: Language) -> str:
    """First and last day; the answer tells the day after it."""
    first, last = dt.date.fromisoformat(period["from"]), dt.date.fromisoformat(period["until"]) - dt.timedelta(days=1)
    return " – ".join(format_period(day, "day", language.locale) for day in (first, last))


PAGE = Page("explorer", "/explore", "Explorer", "explorer.html.j2", show)
