"""What is wrong with what was agreed: stale and missing sign-offs, golden examples that fail."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct

from leadline.governance.agreement import agreement_path
from leadline.governance.contract import Standing, Term
from leadline.governance.example import Outcome
from leadline.governance.meaning import change_text

Severity = Literal["error", "warning"]


class Concern(Struct, frozen=True):
    """Something to look at: how bad, about what, where it is written (`file:line`, or empty), in a line."""

    severity: Severity
    kind: Literal["contract", "example", "data"]
    place: str
    what: str


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
