"""Explorer: any metrics by any legal dimensions, period and filter, as chart and table; shared by its address."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from leadline.errors import LeadlineError
from leadline.language.language import Language
from leadline.model.annotation import read_annotations
from leadline.model.infer import meaning_of
from leadline.plan.result import Result
from leadline.report import view
from leadline.report.export import to_csv, to_json
from leadline.report.note import time_notes
from leadline.report.scorecard import Scorecard
from leadline.report.translate import translated_result
from leadline.web.link import about
from leadline.web.question import Page, Question, View

MOST = 6
"""Metrics in one question: what a chart can tell apart."""
GRAINS = ("none", "day", "week", "month", "quarter", "year")
PERIODS = ("last-7-days", "last-28-days", "last-3-months", "last-12-months", "this-month", "this-quarter", "this-year",
           "all")  # fmt: skip
FIELDS = ("metrics", "by", "grain", "period", "where", "compare")


def show(question: Question) -> View:
    """The form as it was filled in, and the answer: a chart, a table, what to know, and the ways out."""
    space, language, asked = question.workspace, question.language, asked_of(question)
    form = {
        "asked": asked,
        "metrics": _choices(question),
        "dimensions": dimensions(question, asked["metrics"]),
        "grains": [(grain, language.label("grains", grain) if grain != "none" else language.say("in all"))
                   for grain in GRAINS],
        "periods": PERIODS,
        "answer": None,
        "error": None,
        "title": "",
    }  # fmt: skip
    if not asked["metrics"]:
        return form
    try:
        result = answer(question)
    except LeadlineError as error:
        return form | {"error": {"code": error.code, "what": error.what, "why": error.why, "fix": error.fix}}
    told = translated_result(result, language, space.metrics)
    names = ", ".join(language.metric_name(space.metrics[name]) for name in asked["metrics"])
    grain = "" if asked["grain"] == "none" else asked["grain"]
    card = Scorecard("", grain or "day", (), currency=space.settings.currency)
    words = urlencode([(name, asked[name]) for name in FIELDS if name != "metrics" and asked[name]])
    picked = urlencode([("metrics", name) for name in asked["metrics"]])
    here = f"{picked}&{words}"
    noted = read_annotations(space.path, space.metrics)
    shown = view.breakdown(view.Breakdown(names, told, annotations=noted), card, language, 0)
    return form | {
        "answer": shown,
        "notes": list(time_notes(result.provenance, language)),
        "needs": [_need(space.metrics[name], source, language) for name, source in result.provenance["needs"].items()],
        "exports": [(kind, f"/explore.{kind}?{here}") for kind in ("csv", "json")],
        "about_metrics": [(language.metric_name(space.metrics[name]), about(name)) for name in asked["metrics"]],
        "records": [
            (language.metric_name(space.metrics[name]), f"/records?{urlencode({'metric': name})}&{words}")
            for name in asked["metrics"]
        ],
        "sql": result.provenance["sql"],
        "about": _about(result, language),
    }


def asked_of(question: Question) -> dict[str, Any]:
    """What the address asks; metrics come one by one or with commas, at most `MOST` of them."""
    given = question.given
    metrics = [name.strip() for name in given.get("metrics", "").split(",") if name.strip()]
    return {
        "metrics": list(dict.fromkeys(metrics))[:MOST],
        "by": given.get("by", ""),
        "grain": given.get("grain", "") or "none",
        "period": given.get("period", "") or "last-12-months",
        "where": given.get("where", ""),
        "compare": given.get("compare", ""),
    }


def answer(question: Question) -> Result:
    """The result of the question in the address."""
    asked = asked_of(question)
    return question.query(
        asked["metrics"],
        by=[asked["by"]] if asked["by"] else [],
        grain=asked["grain"],
        period=asked["period"],
        where=asked["where"] or None,
        compare=[asked["compare"]] if asked["compare"] else [],
        total=bool(asked["by"]) and asked["grain"] == "none",
    )


def as_csv(question: Question) -> str:
    """The answer as CSV."""
    return to_csv(answer(question))


def as_json(question: Question) -> str:
    """The answer as JSON, with its provenance."""
    return to_json(answer(question)) + "\n"


def dimensions(question: Question, metrics: list[str]) -> list[tuple[str, str]]:
    """What all of the metrics can be broken down by, with names."""
    space = question.workspace
    legal: list[str] | None = None
    for name in metrics:
        if name in space.metrics:
            found = meaning_of(space.metrics[name], space.metrics, space.facts).dimensions
            legal = [each for each in (found if legal is None else legal) if each in found]
    return sorted(((name, question.language.column(name)) for name in legal or ()), key=lambda pair: pair[1].lower())


def _choices(question: Question) -> list[dict[str, Any]]:
    """Metrics by stage, those that have data first."""
    space, language = question.workspace, question.language
    known = {name for name, state in space.states().items() if state.rows}
    groups: dict[str, list[dict[str, Any]]] = {}
    for name, metric in space.metrics.items():
        meaning = meaning_of(metric, space.metrics, space.facts)
        entry = {"id": name, "name": language.metric_name(metric), "fed": set(meaning.facts) <= known}
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
            ("Period", f"{period['from']} – {period['until']}" if period else ""),
            ("Filter", told.get("where") or ""),
            ("Time zone", told.get("timezone") or ""),
            ("Facts", ", ".join(f"{fact} ({facts['rows']:,})" for fact, facts in told.get("facts", {}).items())),
        )
        if value
    ]


PAGE = Page("explorer", "/explore", "Explorer", "explorer.html.j2", show)
