"""Retention, as it is defined: see `RetentionQuestion`."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from leadline.timeline.question import RetentionQuestion
from leadline.timeline.reference.event import Event


def first_starts(events: Sequence[Event], question: RetentionQuestion) -> dict[int, Event]:
    """For each cohort period the person belongs to, the `start` event that says so."""
    periods = question.periods
    starts = [event for event in events if event.meets(question.start)]
    if question.kind == "first":
        starts = starts[:1]
    found: dict[int, Event] = {}
    for event in starts:
        if periods[0] <= event.at < periods[-1]:
            found.setdefault(_period(event.at, periods), event)
    return {cohort: event for cohort, event in found.items() if event.meets(question.only)}


def retain_person(events: Sequence[Event], question: RetentionQuestion) -> dict[int, set[int]]:
    """For each cohort period the person belongs to, the k in which they came back."""
    found: dict[int, set[int]] = {}
    for cohort, start in first_starts(events, question).items():
        ks = [k for k, _ in _returns(events, question, cohort, start.at)]
        if question.unbounded:
            ks = list(range(max(ks, default=-1) + 1))
        found[cohort] = {k for k in ks if k <= question.upto}
    return found


def worth_of_person(events: Sequence[Event], question: RetentionQuestion) -> dict[int, dict[int, int]]:
    """For each cohort period the person belongs to, what their `back` events were worth by k, in millionths."""
    found: dict[int, dict[int, int]] = {}
    for cohort, start in first_starts(events, question).items():
        worth: dict[int, int] = {}
        for k, value in _returns(events, question, cohort, start.at):
            if k <= question.upto:
                worth[k] = worth.get(k, 0) + value
        found[cohort] = worth
    return found


def _returns(events: Sequence[Event], question: RetentionQuestion, cohort: int, begun: int) -> list[tuple[int, int]]:
    """The k and the value of each `back` event at or after the start."""
    return [
        (
            (event.at - begun) // question.width if question.width else _period(event.at, question.periods) - cohort,
            event.value,
        )
        for event in events
        if event.at >= begun and event.meets(question.back) and _counts(event.at, question)
    ]


def _counts(moment: int, question: RetentionQuestion) -> bool:
    """Without stretches or `unbounded` nothing after the last period counts."""
    return question.unbounded or question.width > 0 or moment < question.periods[-1]


def _period(moment: int, periods: Sequence[int]) -> int:
    """Number of the period a moment lies in; beyond the last one a number beyond all that are asked for."""
    return bisect_right(periods, moment) - 1 if moment < periods[-1] else 10_000
