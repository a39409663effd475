"""Glossary: what every number means, where it comes from, who agreed, and how it went in the last months."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from leadline.errors import LeadlineError, unknown
from leadline.governance.contract import read_terms
from leadline.language.language import Language
from leadline.language.read import read_language
from leadline.model.metric import Metric
from leadline.report import view
from leadline.report.format import format_period
from leadline.report.glossary import Terms, index_view, metric_view, page_name
from leadline.report.lineage import columns_read, used_by
from leadline.report.scorecard import Scorecard
from leadline.report.translate import translated_result
from leadline.web.draw import WIDE
from leadline.web.link import GLOSSARY
from leadline.web.question import Page, Question, View

SHOWN = "last-13-months"


def show(question: Question) -> View:
    """All metrics by group and by alphabet."""
    space = question.workspace
    terms = Terms(space.metrics, space.facts)
    language = _whole(question)
    return {**index_view(terms, language, GLOSSARY), "translated": language.code != "en"}


def show_metric(question: Question) -> View:
    """One metric: its definition as the glossary of files has it, its sources, its course, and the ways on."""
    space, language, page = question.workspace, _whole(question), question.path["page"]
    pages = {page_name(name): metric for name, metric in space.metrics.items()}
    # Whoever links here may know the id only.
    metric = pages.get(page) or space.metrics.get(page.removesuffix(".html"))
    if metric is None:
        raise unknown("metric", page.removesuffix(".html"), space.metrics)
    terms = Terms(space.metrics, space.facts, contracts=read_terms(space.project))
    entry = metric_view(metric, terms, language, used_by(space.metrics).get(metric.id, ()), base=GLOSSARY)
    picked = {"metrics": metric.id, "period": SHOWN}
    return {
        "title": language.metric_name(metric),
        "metric": entry,
        "translated": language.code != "en",
        "course": _course(metric, question),
        "sources": _sources(metric, question),
        "shown_in": [
            dashboard.title or name
            for name, dashboard in sorted(space.project.dashboards.items())
            if metric.id in dashboard.kpis
        ],
        "explore": f"/explore?{urlencode(picked | {'grain': 'month'})}",
        "explore_by": {name: f"/explore?{urlencode(picked | {'by': name})}" for _, name in entry["dimensions"]},
        "records": f"/records?{urlencode({'metric': metric.id, 'period': 'last-month'})}",
    }


def _whole(question: Question) -> Language:
    """The visitor's language with all its texts: English spoken without its files cannot say a formula."""
    language, space = question.language, question.workspace
    if language.formula:
        return language
    return read_language(language.tag, folder=space.path, home=language.home, known=space.metrics)


def _course(metric: Metric, question: Question) -> View:
    """The last months as a line and as a table, or why there are none."""
    space, language = question.workspace, question.language
    try:
        result = question.query([metric.id], grain="month", period=SHOWN)
    except LeadlineError as error:
        return {"error": {"code": error.code, "what": error.what, "why": error.why, "fix": error.fix}}
    needs = result.provenance["needs"].get(metric.id)
    if needs:
        return {"error": None, "needs": language.fill("It has no data yet. It needs {source}.", source=needs)}
    told = translated_result(result, language, space.metrics)
    card = Scorecard("", "month", (), currency=space.settings.currency)
    shown = view.breakdown(view.Breakdown(language.metric_name(metric), told), card, language, 0, wide=WIDE)
    return {"error": None, "needs": "", **shown}


def _sources(metric: Metric, question: Question) -> list[View]:
    """What delivers the facts that the metric reads, and up to when."""
    space, language = question.workspace, question.language
    states = space.states()
    return [
        {
            "name": one.source,
            "href": f"/sources/{quote(one.source, safe='')}",
            "fact": language.label("facts", fact),
            "through": _day(one.through, language),
        }
        for fact in columns_read(metric, space.metrics, space.facts)
        for one in (states[fact].sources if fact in states else ())
        if one.rows
    ]


def _day(moment: Any, language: Language) -> str:
    return format_period(moment.date(), "day", language.locale) if moment else ""


PAGE = Page("glossary", "/glossary", "Glossary", "glossary.html.j2", show)
METRIC = Page("metric", GLOSSARY + "{page}", "Metric", "metric.html.j2", show_metric, menu=False, under="glossary")
