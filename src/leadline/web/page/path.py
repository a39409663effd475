"""Paths: the commonest ways to an event, or from one, as a flow and as a table."""

from __future__ import annotations

from typing import Any

from leadline.charts.flow import Way, flow_chart
from leadline.errors import LeadlineError
from leadline.journey.path import DIRECT, DRAWN, PathAnswer
from leadline.journey.step import event_names
from leadline.web.draw import both, number, percent
from leadline.web.page.journey import PERIODS, WINDOWS, tabs
from leadline.web.question import Page, Question, View

LENGTH = 5
TOP = 20


def show(question: Question) -> View:
    """The form as it was filled in, and the ways."""
    space, asked = question.workspace, _asked(question)
    states = space.states()
    page: View = {
        "asked": asked, "tabs": tabs("paths", question), "periods": PERIODS, "windows": WINDOWS, "events": [],
        "places": [(name, question.language.column(name)) for name in ("channel", "campaign", "page", "device")],
        "empty": not states, "error": None, "answer": None,
    }  # fmt: skip
    if not states:
        return page
    try:
        page["events"] = list(event_names(space.timeline()))
        return page | {"answer": _answer(question, asked)}
    except LeadlineError as error:
        return page | {"error": {"code": error.code, "what": error.what, "why": error.why, "fix": error.fix}}


def _asked(question: Question) -> dict[str, str]:
    given, states = question.given, question.workspace.states()
    start = given.get("from", "")
    asked = {
        "to": given.get("to", ""),
        "from": start,
        "nodes": given.get("nodes", ""),
        "by": given.get("by", ""),
        "window": given.get("window", "") or "90 days",
        "period": given.get("period", "") or PERIODS[0],
        "where": given.get("where", ""),
    }
    if not asked["to"] and not start:
        # Something to look at first: what led to a customer, or to an order.
        asked["to"] = "customer" if "stage_entry" in states else "order" if "order" in states else "deal/won"
        if "touch" in states:
            asked |= {"nodes": "touch", "by": "channel"}
    return asked


def _answer(question: Question, asked: dict[str, str]) -> View:
    language, space = question.language, question.workspace
    found = space.paths(
        to=asked["to"], start=asked["from"], nodes=asked["nodes"], by=asked["by"], length=LENGTH, top=TOP,
        window=asked["window"], period=asked["period"], where=question.people(asked["where"] or None),
    )  # fmt: skip
    ways = [Way(line.way, line.count) for line in found.rows[:DRAWN] if line.way]
    text = "Ways to {name}" if found.leads_to else "Ways from {name}"
    title = language.fill(text, name=found.turn)

    def draw(frame: Any) -> str:
        columns = LENGTH if frame.width > 500 else 2
        return flow_chart(frame, ways, found.turn, leads_to=found.leads_to, columns=columns)

    return {"title": title, "notes": [language.tell(note) for note in found.notes], **_table(found, question),
            **(both(draw, title, "flow", language) if ways else {"wide": "", "narrow": ""})}  # fmt: skip


def _table(found: PathAnswer, question: Question) -> View:
    language = question.language
    valued = any(line.value for line in found.rows)
    heads = [("Way", False), ("Times", True), ("Share", True)]
    heads += [("Value", True)] * valued + [("Not yet", True)] * found.leads_to
    rows = [
        [
            (" → ".join(line.way) or language.say(DIRECT), False),
            (number(line.count, language), True),
            (percent(line.share, language), True),
            *([(number(round(line.value or 0), language), True)] if valued else []),
            *([(number(line.not_yet, language), True)] if found.leads_to else []),
        ]
        for line in found.rows
    ]
    return {"heads": [(language.say(head), right) for head, right in heads], "rows": rows}


PAGE = Page("paths", "/journey/paths", "Common paths", "paths.html.j2", show, menu=False, under="journey")
