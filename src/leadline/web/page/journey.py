"""Journey: how far people come from stage to stage, or from event to event; who they are, and the ways they went."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from leadline.charts.bowtie import Knot, bowtie_chart
from leadline.charts.funnel import FunnelBar, funnel_chart
from leadline.errors import LeadlineError, UsageError
from leadline.journey.answer import told_people
from leadline.journey.funnel import UNATTRIBUTED, FunnelAnswer, FunnelLine
from leadline.journey.stage_funnel import StageAnswer, StageLine
from leadline.journey.step import event_names
from leadline.report.format import format_period
from leadline.time.period import parse_period
from leadline.web.draw import both, number, percent, span
from leadline.web.question import Page, Question, View

if TYPE_CHECKING:
    from leadline.language.language import Language
    from leadline.timeline.stages import Fate

PERIODS = ("last-12-months", "last-3-months", "this-year", "last-year", "this-quarter", "all")
WINDOWS = ("30 days", "90 days", "180 days", "365 days", "none")
WINDOW = "180 days"
"""The catalogue's rates to customer have this window too."""
FIELDS = ("steps", "journey", "window", "period", "by", "at", "where")
MOST_COHORTS = 13
MOST_ROWS = 8
MOST_PEOPLE = 500
FATES: dict[str, Fate] = {
    "reached": "reached", "inferred": "inferred", "stopped": "stopped", "back": "back", "left": "exited",
}  # fmt: skip


def show(question: Question) -> View:
    """The stages of a journey, or the steps that the address names, with the people behind each."""
    space, asked = question.workspace, asked_of(question)
    states = space.states()
    page = {
        "asked": asked,
        "tabs": tabs("steps" if asked["steps"] else "stages", question),
        "periods": PERIODS,
        "windows": WINDOWS,
        "properties": _properties(question),
        "journeys": sorted(space.project.journeys),
        "empty": not states,
        "error": None,
        "answer": None,
        "events": [],
    }
    if not states:
        return page
    if not asked["steps"] and "stage_entry" not in states:
        return page | {"empty": True}
    try:
        if asked["steps"]:
            page["events"] = list(event_names(space.timeline()))
        answer = answer_of(question)
        view = _stages(answer, question) if isinstance(answer, StageAnswer) else _steps(answer, question)
    except LeadlineError as error:
        return page | {"error": {"code": error.code, "what": error.what, "why": error.why, "fix": error.fix}}
    return page | {"answer": view}


def asked_of(question: Question) -> dict[str, Any]:
    """What the address asks, with what goes without saying."""
    given = question.given
    steps = [step.strip() for step in given.get("steps", "").split(",") if step.strip()]
    return {
        "steps": steps,
        "journey": given.get("journey", ""),
        "window": given.get("window", "") or WINDOW,
        "period": given.get("period", "") or PERIODS[0],
        "by": given.get("by", ""),
        "at": given.get("at", "") or "first",
        "where": given.get("where", ""),
    }


def answer_of(question: Question) -> StageAnswer | FunnelAnswer:
    """The funnel of the question in the address."""
    asked, space = asked_of(question), question.workspace
    where = question.people(asked["where"] or None)
    words = {name: asked[name] for name in ("window", "by", "at", "period")}
    if asked["steps"]:
        return space.funnel(asked["steps"], where=where, **words)
    return space.stage_funnel(asked["journey"], where=where, **words)


def link(page: str, asked: dict[str, Any], **more: str) -> str:
    """The same question with something changed, at a page."""
    steps = ", ".join(asked.get("steps", ()))
    words = {name: str(asked.get(name, "")) for name in FIELDS} | {"steps": steps} | more
    return f"{page}?{urlencode({name: value for name, value in words.items() if value})}"


def tabs(here: str, question: Question) -> list[dict[str, Any]]:
    """The three ways to look at journeys."""
    say = question.language.say
    ways = (
        ("stages", "/journey", "Stages"),
        ("steps", "/journey?" + urlencode({"steps": _example(question)}), "Events in order"),
        ("paths", "/journey/paths", "Common paths"),
    )
    return [{"href": href, "name": say(name), "here": id == here} for id, href, name in ways]


def _example(question: Question) -> str:
    """Some steps to begin with, of what was loaded."""
    states = question.workspace.states()
    first = "touch" if "touch" in states else "page_view" if "page_view" in states else ""
    last = "deal/won" if "deal" in states else "order" if "order" in states else ""
    return ", ".join(step for step in (first, "mql" if "stage_entry" in states else "", last) if step)


def _properties(question: Question) -> list[tuple[str, str]]:
    from leadline.timeline.source import PROPERTIES

    return [(name, question.language.column(name)) for name in PROPERTIES]


def _stages(answer: StageAnswer, question: Question) -> View:
    language, asked = question.language, asked_of(question)
    closing = asked["window"] != "none"

    def drawing(frame: Any) -> str:
        lines = [line for line in answer.rows if line.total]
        if answer.by:
            return _bars(frame, answer.rows, question)
        return bowtie_chart(frame, [_knot(line, language, closing=closing) for line in lines])

    title = answer.title if _own_title(question) else language.say("From stage to stage")
    pictures = both(drawing, title, "journey", language)
    if not answer.by:
        # Columns side by side have no room on a phone.
        pictures["narrow"] = both(lambda frame: _bars(frame, answer.rows, question), title, "bars", language)["narrow"]
    heads = ["Stage", "People", "Inferred", "Of the first", "Of the one before", "Median time", "Went back", "Left",
             "May still go on" if closing else "There still"]  # fmt: skip
    return {
        "title": title,
        **pictures,
        "heads": [language.say(head) for head in heads],
        "rows": [_stage_row(line, answer, question) for line in _shown(answer)],
        "cohorts": [] if answer.by else _cohorts(question),
        "stages": [language.label("stages", line.stage) for line in answer.rows if line.total],
        "hidden": _hidden(answer, language),
        "puzzling": False,
        "notes": [language.tell(note) for note in answer.notes],
        "grouped": language.column(answer.by) if answer.by else "",
    }


def _own_title(question: Question) -> bool:
    journeys = question.workspace.project.journeys
    return any(journey.title for journey in journeys.values())


def _knot(line: StageLine, language: Language, *, closing: bool) -> Knot:
    left = language.fill("left: {count}", count=number(line.left, language)) if line.left else ""
    return Knot(
        language.label("stages", line.stage),
        line.people,
        line.inferred,
        (line.open or 0) if closing else 0,
        percent(line.of_previous, language) if line.step > 1 else "",
        span(line.median, language) if line.median is not None else "",
        left,
    )


def _bars(frame: Any, lines: Sequence[StageLine | FunnelLine], question: Question) -> str:
    language = question.language
    grouped = any(not line.total for line in lines)
    bars = [
        FunnelBar(
            _name(line, language),
            line.people,
            line.of_previous,
            0 if line.people < (line.open or 0) else (line.open or 0),
            _row_name(line, language) if grouped else "",
            line.inferred if isinstance(line, StageLine) else 0,
        )
        for line in lines
        if not (grouped and line.total)
    ]
    return funnel_chart(frame, bars)


def _name(line: StageLine | FunnelLine, language: Language) -> str:
    return language.label("stages", line.stage) if isinstance(line, StageLine) else line.event


def _row_name(line: StageLine | FunnelLine, language: Language) -> str:
    if line.total:
        return language.say("All people")
    return language.say(UNATTRIBUTED) if line.group is None else str(line.group)


def _shown(answer: Any) -> list[Any]:
    """The lines of the largest rows, and of all people."""
    groups = list(dict.fromkeys(line.group for line in answer.rows if not line.total))[:MOST_ROWS]
    return [line for line in answer.rows if line.total or line.group in groups]


def _hidden(answer: Any, language: Language) -> str:
    rows = {line.group for line in answer.rows if not line.total}
    left = len(rows) - MOST_ROWS
    return (
        language.count("{count} of {total} rows not shown", left, total=number(len(rows), language)) if left > 0 else ""
    )


def _stage_row(line: StageLine, answer: StageAnswer, question: Question) -> View:
    language, asked = question.language, asked_of(question)
    counts = (("people", line.people), ("inferred", line.inferred))
    ends = (("back", line.back), ("left", line.left))
    people = {name: _people(asked, line, fate, count) for name, fate, count in (
        ("people", "reached", line.people), ("inferred", "inferred", line.inferred),
        ("back", "back", line.back), ("left", "left", line.left),
    )}  # fmt: skip
    return {
        "row": _row_name(line, language) if answer.by else "",
        "begins": line.step == 1,
        "name": language.label("stages", line.stage),
        "by": "" if answer.by else link("/journey", asked, by="channel"),
        "cells": [
            *((number(count, language), people[name]) for name, count in counts),
            (percent(line.of_first, language), ""),
            (percent(line.of_previous, language) if line.step > 1 else "", ""),
            (span(line.median, language) if line.step > 1 else "", ""),
            *((number(count, language), people[name]) for name, count in ends),
            ("" if line.open is None else number(line.open, language), ""),
        ],
    }


def _people(asked: dict[str, Any], line: StageLine | FunnelLine, fate: str, count: int) -> str:
    """Where the people of a line are listed, if there are any."""
    if not count:
        return ""
    row = {} if line.total else {"row": UNATTRIBUTED if line.group is None else str(line.group)}
    return link("/journey/people", asked, step=str(line.step), fate=fate, **row)


def _cohorts(question: Question) -> list[View]:
    """Who entered in each month, how far they came, and whether their window is over for all of them."""
    space, language, asked = question.workspace, question.language, asked_of(question)
    whole = parse_period(asked["period"], space.today, space.settings.calendar)
    if whole is None or whole.days > 31 * MOST_COHORTS or whole.days < 31:
        return []
    where = question.people(asked["where"] or None)
    words = {name: asked[name] for name in ("window", "period")}
    found = []
    for day, answer in space.stage_cohorts(asked["journey"], where=where, **words):
        lines = [line for line in answer.rows if line.total]
        waiting = asked["window"] != "none" and any(line.open for line in lines)
        found.append(
            {
                "name": format_period(day, "month", language.locale),
                "open": waiting,
                "people": number(lines[0].people, language),
                "shares": [percent(line.of_first, language) for line in lines[1:]],
            }
        )
    return found


def _steps(answer: FunnelAnswer, question: Question) -> View:
    language, asked = question.language, asked_of(question)
    pictures = both(lambda frame: _bars(frame, answer.rows, question), answer.title, "steps", language)
    heads = ["Event", "People", "Of the first", "Of the one before", "Median time", "May still go on"]
    return {
        "title": answer.title,
        **pictures,
        "heads": [language.say(head) for head in heads],
        "rows": [
            {
                "row": _row_name(line, language) if answer.by else "",
                "begins": line.step == 1,
                "name": line.event,
                "by": "" if answer.by else link("/journey", asked, by="channel"),
                "cells": [
                    (number(line.people, language), _people(asked, line, "reached", line.people)),
                    (percent(line.of_first, language), ""),
                    (percent(line.of_previous, language) if line.step > 1 else "", ""),
                    (span(line.median, language) if line.step > 1 else "", ""),
                    (number(line.open, language), ""),
                ],
            }
            for line in _shown(answer)
        ],
        "cohorts": [],
        "stages": [],
        # Why nobody came to a step is among the notes.
        "puzzling": any(line.total and not line.people for line in answer.rows),
        "hidden": _hidden(answer, language),
        "notes": [language.tell(note) for note in answer.notes],
        "grouped": language.column(answer.by) if answer.by else "",
    }


def show_people(question: Question) -> View:
    """The people behind a number of a funnel, one a line; addresses as dots unless the visitor may see them."""
    given, language, asked = question.given, question.language, asked_of(question)
    step = given.get("step", "")
    if not step.isdigit():
        raise UsageError("no-step", "Whose people?", fix="come here from a number of a journey")
    fate = given.get("fate", "") or "reached"
    if fate not in FATES:
        raise UsageError("unknown-fate", f"Nobody is {fate!r} there.", fix=f"use one of {', '.join(FATES)}")
    row = {} if "row" not in given else {"group": None if given["row"] == UNATTRIBUTED else given["row"]}
    answer = answer_of(question)
    if isinstance(answer, StageAnswer):
        ids = answer.people(int(step), fate=FATES[fate], **row)
    else:
        ids = answer.people(int(step), stopped=fate == "stopped", **row)
    lines = [line for line in answer.rows if line.step == int(step)]
    told = told_people(ids, reveal=question.visitor.reveals)
    name = _name(lines[0], language)
    words = {
        "reached": "People who came to {name}", "inferred": "People who skipped {name}",
        "stopped": "People who came no further than {name}", "back": "People who went back from {name}",
        "left": "People who left at {name}",
    }  # fmt: skip
    return {
        "title": language.fill(words[fate], name=name),
        "people": told[:MOST_PEOPLE],
        "size": number(len(ids), language),
        "more": language.fill("{count} more not shown", count=number(len(told) - MOST_PEOPLE, language))
        if len(told) > MOST_PEOPLE
        else "",
        "facts": [
            (language.say(name), value) for name, value in _facts(asked, given.get("row", ""), language) if value
        ],
        "back": link("/journey", asked),
        "masked": not question.visitor.reveals and any("@" in id for id in ids),
    }


def _facts(asked: dict[str, Any], row: str, language: Language) -> list[tuple[str, str]]:
    by = f"{language.column(asked['by'])}: {row}" if asked["by"] and row else ""
    return [
        ("Period", asked["period"]), ("Window", asked["window"]), ("Filter", asked["where"]), ("By", by),
        ("Steps", ", ".join(asked["steps"])),
    ]  # fmt: skip


PAGE = Page("journey", "/journey", "Journey", "journey.html.j2", show)
PEOPLE = Page("people", "/journey/people", "People", "people.html.j2", show_people, menu=False, under="journey")
