"""Cohorts: who came back, what they were still worth, which subscriptions were kept; and the lifecycle of people."""

from __future__ import annotations

import datetime as dt
from typing import Any

from leadline.charts.lifecycle import Stack, lifecycle_chart
from leadline.charts.value import format_value
from leadline.errors import LeadlineError
from leadline.journey.cohort import BALANCES, MEASURES, CohortAnswer, CohortRow
from leadline.language.language import Language
from leadline.report.format import UNATTRIBUTED, format_period
from leadline.time.calendar import GRAINS
from leadline.timeline.question import STATES
from leadline.web.draw import both, number, percent
from leadline.web.question import Page, Question, View

SHADES = 10
"""Steps of the shade of a cell; the style sheet has one class each."""
MOST_GROUPS = 6
NAMES = {
    "people": "People who came back",
    "revenue": "Revenue",
    "subscribers": "Subscribers kept",
    "nrr": "Net revenue retention (NRR)",
    "grr": "Gross revenue retention (GRR)",
}
PERIODS = {"day": "last-28-days", "week": "last-13-weeks", "month": "last-12-months", "quarter": "last-8-quarters",
           "year": "last-5-years"}  # fmt: skip
UPTO = {"day": "14", "week": "12", "month": "12", "quarter": "7", "year": "4"}
ACTIVE = ("product_event", "order", "page_view", "touch")
"""What being active is, where nobody says: the first of these that was loaded."""


def show(question: Question) -> View:
    """The heat map as a table, and the lifecycle below it; each with its own error, so that one does not hide both."""
    space, language, asked = question.workspace, question.language, asked_of(question)
    page: View = {
        "asked": asked,
        "measures": [(name, language.say(NAMES[name])) for name in MEASURES],
        "grains": [(grain, language.label("grains", grain)) for grain in GRAINS],
        "balance": asked["value"] in BALANCES,
        "by": _dimensions(question, asked),
        "empty": not space.states(),
        "error": None, "tables": [], "about": [], "life": None, "life_error": None,
    }  # fmt: skip
    if not space.states():
        return page
    try:
        answer = answer_of(question, asked)
        page |= {"tables": _tables(answer, question), "about": _about(answer, language)}
    except LeadlineError as error:
        page["error"] = _told(error)
    if not asked["of"]:
        return page
    try:
        page["life"] = _life(question, asked)
    except LeadlineError as error:
        page["life_error"] = _told(error)
    return page


def asked_of(question: Question) -> dict[str, str]:
    """What the address asks; without one what was loaded lends itself to."""
    given, states = question.given, question.workspace.states()
    grain = given.get("grain", "") if given.get("grain") in GRAINS else "month"
    value = given.get("value", "") or ("nrr" if "subscription" in states else "people")
    start = given.get("start", "") or ("order" if "order" in states else "customer")
    return {
        "value": value,
        "start": start,
        "back": given.get("back", "") or start,
        "grain": grain,
        "upto": given.get("upto", "") or UPTO[grain],
        "period": given.get("period", "") or PERIODS[grain],
        "by": given.get("by", ""),
        "where": given.get("where", ""),
        "of": given.get("of", "") or next((fact for fact in ACTIVE if fact in states), ""),
    }


def answer_of(question: Question, asked: dict[str, str]) -> CohortAnswer:
    """The cohorts of the question in the address."""
    balance = asked["value"] in BALANCES
    where = asked["where"] or None
    return question.workspace.cohort(
        "" if balance else asked["start"],
        "" if balance else asked["back"],
        value=asked["value"],
        grain=asked["grain"],
        upto=int(asked["upto"]) if asked["upto"].isdigit() else -1,
        period=asked["period"],
        by=asked["by"],
        where=question.rows(where) if balance else question.people(where),
    )


def _tables(answer: CohortAnswer, question: Question) -> list[View]:
    """A table a row of the breakdown, the largest first."""
    language, by = question.language, answer.question.by
    tables = []
    for group in answer.groups[:MOST_GROUPS]:
        shown = answer.of_group(group)
        values = [_values(shown, row) for row in shown.rows]
        known = [value for row in values for value in row if value is not None]
        most = max(known, default=0.0)
        # Where all of them lie close together, shades from nothing on would all look alike.
        least = min(known, default=0.0) if min(known, default=0.0) > most / 2 else 0.0
        name = language.say(NAMES[answer.question.measure])
        member = language.say(UNATTRIBUTED) if group is None else group
        tables.append(
            {
                "title": f"{name} · {language.column(by)}: {member}" if by else name,
                "ks": [number(k, language) for k in shown.ks],
                "rows": [_row(shown, row, language, (least, most)) for row in shown.rows],
                "average": [_text(shown, value, language) for value in shown.average],
                "size": number(sum(row.size for row in shown.rows), language),
            }
        )
    return tables


def _values(answer: CohortAnswer, row: CohortRow) -> tuple[float | None, ...]:
    return row.cells if answer.question.measure == "revenue" else row.shares


def _row(answer: CohortAnswer, row: CohortRow, language: Language, bounds: tuple[float, float]) -> View:
    return {
        "name": format_period(row.since, answer.question.grain, language.locale),
        "unfinished": row.unfinished,
        "size": number(row.size, language),
        # What is not over is blank; what nobody could come back to, for there was nobody, too.
        "cells": [
            (_text(answer, value, language), _shade(value, *bounds)) if row.cells[k] is not None else ("", None)
            for k, value in enumerate(_values(answer, row))
        ],
    }


def _shade(value: float | None, least: float, most: float) -> int | None:
    if value is None or most <= 0:
        return None
    if most == least:
        return SHADES // 2
    return round(SHADES * min(max(value - least, 0.0) / (most - least), 1.0))


def _text(answer: CohortAnswer, value: float | None, language: Language) -> str:
    if value is None:
        return ""
    if answer.question.measure == "revenue":
        return format_value(value, "money", currency=answer.currency, locale=language.locale, compact=True)
    return percent(value, language)


def _about(answer: CohortAnswer, language: Language) -> list[tuple[str, str]]:
    """What the columns are, and where the numbers end."""
    asked, told = answer.question, answer.provenance
    facts = [
        ("Columns", language.fill("{grain} after the first", grain=language.label("grains", asked.grain))),
        ("Begins with", asked.start),
        ("Comes back by", asked.back),
        ("Filter", asked.where),
        ("Data to", _last_day(told, language)),
        ("Time zone", asked.timezone),
    ]
    return [(language.say(name), value) for name, value in facts if value]


def _last_day(told: dict[str, Any], language: Language) -> str:
    """The last day known to its end: the one before the first that is not."""
    until = told.get("known_until")
    return format_period(dt.date.fromisoformat(until) - dt.timedelta(days=1), "day", language.locale) if until else ""


def _dimensions(question: Question, asked: dict[str, str]) -> list[tuple[str, str]]:
    from leadline.timeline.source import PROPERTIES

    known = question.workspace.facts["subscription"].dimensions if asked["value"] in BALANCES else PROPERTIES
    return sorted(((name, question.language.column(name)) for name in known), key=lambda pair: pair[1].lower())


def _life(question: Question, asked: dict[str, str]) -> View:
    language, grain = question.language, asked["grain"]
    # A condition about events cannot hold for somebody's absence: only segments apply here.
    where = question.people(asked["where"] if "segment." in asked["where"] else None)
    answer = question.workspace.lifecycle(asked["of"], grain=grain, period=asked["period"], where=where)
    names = [language.say(state) for state in STATES]

    def draw(frame: Any) -> str:
        stacks = [
            Stack(
                row.since,
                None if row.new is None else (row.new, row.returning or 0, row.resurrecting or 0),
                row.dormant,
            )
            for row in answer.rows
        ]
        return lifecycle_chart(frame, stacks, names)

    title = language.fill("Lifecycle by {name}", name=asked["of"])
    heads = [(language.say("Period"), False), *((name, True) for name in (language.say("active"), *names))]
    rows = [
        [
            (format_period(row.since, grain, language.locale), False),
            *(
                ("" if value is None else number(value, language), True)
                for value in (row.active, row.new, row.returning, row.resurrecting, row.dormant)
            ),
        ]
        for row in reversed(answer.rows)
    ]
    return {"title": title, **both(draw, title, "life", language, grain=grain), "heads": heads, "rows": rows}


def _told(error: LeadlineError) -> View:
    return {"code": error.code, "what": error.what, "why": error.why, "fix": error.fix}


PAGE = Page("cohorts", "/cohorts", "Cohorts", "cohorts.html.j2", show)
