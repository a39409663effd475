"""The glossary: a page for each metric in a language, and an index by alphabet and by group, as plain HTML files.

No script and no outside asset; pages link only to each other, so that a folder of them can be put anywhere.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

from msgspec import Struct

from leadline.charts.palette import DARK_VARIABLES, LIGHT_VARIABLES, RULES
from leadline.charts.period import period_label
from leadline.governance.contract import Term
from leadline.language.formula import formula_words
from leadline.language.language import Language
from leadline.language.order import initial, order_key
from leadline.language.phrase import Link, Phrase
from leadline.model.fact import Fact
from leadline.model.infer import meaning_of
from leadline.model.metric import Metric, expand
from leadline.model.text import formula_text
from leadline.model.tree import refs_of
from leadline.model.version import since
from leadline.report.html import environment, write_html
from leadline.report.lineage import columns_read, used_by

INDEX = "index.html"
_PLAIN = re.compile(r"[a-z0-9_]+")
_GROUPS = (
    "awareness", "brand", "web", "content", "social", "influencer", "email", "events", "acquisition", "activation",
    "revenue", "recurring", "goals", "attribution", "retention", "referral", "own",
)  # fmt: skip


class Terms(Struct, frozen=True):
    """What a glossary is about: metrics and the facts they read, under a title, and the contracts about them."""

    metrics: Mapping[str, Metric]
    facts: Mapping[str, Fact]
    title: str = ""
    contracts: tuple[Term, ...] = ()


def write_glossary(folder: Path, terms: Terms, languages: Sequence[Language]) -> list[Path]:
    """Writes the pages of each language and gives their paths.

    One language goes into `folder` itself; several go into folders of their codes, with links between them and an
    index of languages above.
    """
    several = len(languages) > 1
    written: list[Path] = []
    for language in languages:
        place = folder / language.tag if several else folder
        place.mkdir(parents=True, exist_ok=True)
        for name, text in _pages(terms, language, languages):
            write_html(place / name, text)
            written.append(place / name)
    if several:
        write_html(folder / INDEX, _languages_page(terms, languages))
        written.append(folder / INDEX)
    return written


def page_name(metric: str) -> str:
    """The file of a metric's page: its id, or a hash where the id is no safe name for a file."""
    if _PLAIN.fullmatch(metric) and metric != "index":
        return f"{metric}.html"
    return f"m-{hashlib.sha256(metric.encode()).hexdigest()[:12]}.html"


def _pages(terms: Terms, language: Language, languages: Sequence[Language]) -> list[tuple[str, str]]:
    shared = _shared(terms, language)
    users = used_by(terms.metrics)
    pages = [
        (INDEX, _render("glossary_index", shared | index_view(terms, language) | _others(INDEX, language, languages)))
    ]
    for metric in terms.metrics.values():
        name = page_name(metric.id)
        view = {"metric": metric_view(metric, terms, language, users.get(metric.id, ()), languages)}
        pages.append((name, _render("glossary_metric", shared | view | _others(name, language, languages))))
    return pages


def _languages_page(terms: Terms, languages: Sequence[Language]) -> str:
    listed = [{"name": each.name, "tag": each.tag, "dir": each.direction, "title": _title(each)} for each in languages]
    return _render("glossary_languages", _shared(terms, languages[0]) | {"languages": listed})


def _shared(terms: Terms, language: Language) -> dict[str, Any]:
    return {
        "t": language.say,
        "lang": language.tag,
        "dir": language.direction,
        "title": terms.title,
        "glossary": _title(language),
        "translated": language.code != "en",
        "chart_style": RULES,
        "light": LIGHT_VARIABLES,
        "dark": DARK_VARIABLES,
    }


def _others(page: str, language: Language, languages: Sequence[Language]) -> dict[str, Any]:
    """The same page in the other languages of the glossary."""
    others = [each for each in languages if each.tag != language.tag]
    return {"others": [{"name": each.name, "tag": each.tag, "href": f"../{each.tag}/{page}"} for each in others]}


def _title(language: Language) -> str:
    return language.say("Glossary of metrics")


def index_view(terms: Terms, language: Language, base: str = "") -> dict[str, Any]:
    """All metrics by alphabet and by group; links lead to pages in `base`."""
    entries = sorted(
        (_brief(metric, language, base) for metric in terms.metrics.values()),
        key=lambda entry: order_key(entry["name"], language.code),
    )
    letters = [
        (letter, list(group))
        for letter, group in groupby(entries, key=lambda entry: initial(entry["name"], language.code))
    ]
    groups = [
        (group, language.label("groups", group), [entry for entry in entries if entry["group"] == group])
        for group in _GROUPS
    ]
    return {
        "number": language.count("{count} metrics", len(entries)),
        "letters": letters,
        "groups": [part for part in groups if part[2]],
    }


def _brief(metric: Metric, language: Language, base: str = "") -> dict[str, Any]:
    told = language.metric(metric)
    return {
        "id": metric.id,
        "href": base + page_name(metric.id),
        "name": told.name,
        "doc": told.doc,
        "foreign": told.foreign,
        "group": group_of(metric),
    }


def group_of(metric: Metric) -> str:
    """The file of the catalogue that a metric is in; `own` for those of a workspace."""
    place = metric.origin.partition(".")[0].removeprefix("catalogue/")
    return place if metric.origin.startswith("catalogue/") and place in _GROUPS else "own"


def metric_view(
    metric: Metric,
    terms: Terms,
    language: Language,
    users: Sequence[str],
    languages: Sequence[Language] = (),
    base: str = "",
) -> dict[str, Any]:
    """A metric's page: what it means, reads, uses and is used by (`users`), and its names in other `languages`."""
    meaning = meaning_of(metric, terms.metrics, terms.facts)
    whole = formula_text(expand(metric.tree, terms.metrics))
    say = language.say
    begun = since(metric)
    facts = [
        (say("Group"), language.label("groups", group_of(metric))),
        (say("Unit"), language.label("units", meaning.unit)),
        (say("Direction"), language.label("better", metric.better)),
        (say("Stage"), language.label("stages", metric.stage)),
        (say("Journey stage"), language.label("stages", metric.funnel)),
        (say("Timing"), language.label("timings", metric.timing)),
        (say("Totals"), language.label("additivity", meaning.additivity)),
        (say("Owner"), metric.owner),
        (say("Version"), str(metric.version)),
        (say("In effect since"), _day(begun, language) if begun is not None else ""),
    ]
    return _brief(metric, language, base) | {
        "formula": metric.formula,
        "whole": whole if whole != formula_text(metric.tree) else "",
        "words": _words(formula_words(metric.tree, language, terms.metrics), base),
        "facts": [(name, value) for name, value in facts if value],
        "pitfalls": metric.pitfalls,
        "decision": metric.decision,
        "needs": metric.needs,
        "written": language.written(metric),
        "earlier": [
            {
                "version": str(one.version),
                "until": language.fill("until {day}", day=_day(one.until, language)),
                "formula": one.formula,
                "note": one.note,
            }
            for one in reversed(metric.versions)
        ],
        "agreed": _agreed(metric, terms, language),
        "reads": _reads(metric, terms, language),
        "uses": [_brief(terms.metrics[name], language, base) for name in refs_of(metric.tree)],
        "users": [_brief(terms.metrics[name], language, base) for name in users],
        "dimensions": [(language.column(name), name) for name in meaning.dimensions],
        "names": _names(metric, language, languages),
    }


def _agreed(metric: Metric, terms: Terms, language: Language) -> list[dict[str, str]]:
    """Where each team stands on what is written today."""
    states = {
        "agreed": language.say("agreed"),
        "stale": language.say("agreed to an earlier definition"),
        "withdrawn": language.say("withdrawn"),
        "missing": language.say("not agreed"),
    }
    found = []
    for term in terms.contracts:
        for one in term.standings if term.metric == metric.id else ():
            last = one.sign_off
            when = _day(last.day, language) if last is not None else ""
            found.append(
                {
                    "team": one.team,
                    "state": states[one.state],
                    "when": when,
                    "by": last.by if last is not None else "",
                    "note": last.note if last is not None else "",
                }
            )
    return found


def _day(day: date, language: Language) -> str:
    return period_label(day, "day", language.locale)


def _words(phrase: Phrase, base: str) -> list[dict[str, str]]:
    return [
        {"text": part.name, "href": base + page_name(part.metric)}
        if isinstance(part, Link)
        else {"text": part, "href": ""}
        for part in phrase
    ]


def _reads(metric: Metric, terms: Terms, language: Language) -> list[dict[str, Any]]:
    found = []
    for name, columns in columns_read(metric, terms.metrics, terms.facts).items():
        fact = terms.facts[name]
        known = [(language.column(column, name), column, _doc(fact, column, language)) for column in columns]
        found.append({"name": name, "label": language.label("facts", name), "columns": known})
    return found


def _doc(fact: Fact, column: str, language: Language) -> str:
    return fact.column(column).doc if language.code == "en" and fact.has(column) else ""


def _names(metric: Metric, language: Language, languages: Sequence[Language]) -> list[dict[str, str]]:
    """What the metric is called in the other languages of the glossary."""
    told = [(each, each.metric(metric)) for each in languages if each.tag != language.tag]
    return [
        {"language": each.name, "tag": each.tag, "name": text.name, "href": f"../{each.tag}/{page_name(metric.id)}"}
        for each, text in told
        if not text.foreign
    ]


def _render(template: str, context: dict[str, Any]) -> str:
    return environment().get_template(f"{template}.html.j2").render(context)
