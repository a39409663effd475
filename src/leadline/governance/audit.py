"""What is wrong with what was agreed: stale and missing sign-offs, examples that fail, texts that cannot be read."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct

from leadline.errors import LeadlineError
from leadline.governance.agreement import agreement_path
from leadline.governance.contract import Standing, Term
from leadline.governance.dispute import read_disputes
from leadline.governance.example import Outcome
from leadline.governance.meaning import change_text
from leadline.model.annotation import read_annotations
from leadline.model.goal import read_goals
from leadline.model.promise import read_agreements, read_hours
from leadline.model.saved import read_views
from leadline.project import Project

Severity = Literal["error", "warning"]
_PLACE = re.compile(r"[\w./ -]+:\d+")


class Concern(Struct, frozen=True):
    """Something to look at: how bad, about what, where it is written (`file:line`, or empty), in a line."""

    severity: Severity
    kind: Literal["contract", "example", "text", "data"]
    place: str
    what: str


def text_concerns(project: Project, today: dt.date) -> tuple[list[Concern], str]:
    """What is wrong with goals/, sla/, annotations/ and views/, one concern a folder; and how many are sound."""
    folder = project.folder
    concerns: list[Concern] = []
    sound: list[str] = []
    calendar, timezone = project.settings.calendar, project.settings.timezone

    def goals() -> str:
        found = read_goals(folder, project.metrics, project.facts, project.tables, calendar)
        return f"{len(found)} goals" if found else ""

    def promises() -> str:
        agreements = read_agreements(folder, project.metrics, project.facts)
        read_hours(folder, timezone, today)
        read_disputes(folder, [team for one in agreements.values() for team in one.between])
        count = sum(len(one.promises) for one in agreements.values())
        return f"{count} promises" if count else ""

    def annotations() -> str:
        found = read_annotations(folder, project.metrics)
        return f"{len(found)} annotations" if found else ""

    def views() -> str:
        found = read_views(folder, project.metrics)
        return f"{len(found)} saved views" if found else ""

    for read in (goals, promises, annotations, views):
        try:
            sound.append(read())
        except LeadlineError as error:
            place = _PLACE.match(error.why)
            cure = f"; {error.fix}" if error.fix else ""
            concerns.append(Concern("error", "text", place[0] if place else "", f"{error.what.rstrip('.')}{cure}"))
    return concerns, ", ".join(text for text in sound if text)


def contract_concerns(terms: Sequence[Term]) -> list[Concern]:
    """Definitions that a team has not agreed to as they are written today.

    A sign-off of another meaning and one that was withdrawn are errors; one that has yet to come is a warning.
    """
    return [concern for term in terms for concern in _of_term(term)]


def _of_term(term: Term) -> list[Concern]:
    if term.gone:
        teams = ", ".join(one.team for one in term.standings)
        told = f"{term.metric} was agreed to by {teams} and is no metric any more"
        place = agreement_path(Path(), term.metric).as_posix()
        return [Concern("error", "contract", place, f"{told}; take its file out once both know")]
    return [_of_standing(term, one) for one in term.standings if one.state != "agreed"]


def _of_standing(term: Term, one: Standing) -> Concern:
    if one.state == "missing":
        what = f"{term.metric} waits for {one.team}: `leadline agree {term.metric} --as {one.team}`"
        return Concern("warning", "contract", term.origin, what)
    day = one.sign_off.day if one.sign_off is not None else ""
    if one.state == "withdrawn":
        return Concern("error", "contract", term.origin, f"{one.team} withdrew its agreement to {term.metric} on {day}")
    changed = "; ".join(change_text(change) for change in one.changes)
    what = f"{term.metric} is not what {one.team} agreed to on {day}. Changed: {changed}"
    return Concern("error", "contract", term.origin, what)


def example_concerns(outcomes: Sequence[Outcome]) -> list[Concern]:
    """Golden examples that do not yield what they must."""
    return [
        Concern("error", "example", one.golden.place, f"the example of {one.golden.metric} {one.problem}")
        for one in outcomes
        if one.problem
    ]
