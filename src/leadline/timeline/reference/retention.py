"""Retention, as it is defined: see `RetentionQuestion`."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from leadline.timeline.question import RetentionQuestion
from leadline.timeline.reference.event import Event


def retain_person(events: Sequence[Event], question: RetentionQuestion) -> dict[int, set[int]]:
    """For each cohort period the person belongs to, the k in which they came back."""
    periods = question.periods
    starts = [event.at for event in events if event.meets(question.start)]
    if question.kind == "first":
        starts = starts[:1]
    cohorts: dict[int, int] = {}
    for moment in starts:
        if periods[0] <= moment < periods[-1]:
            cohorts.setdefault(_period(moment, periods), moment)
    found: dict[int, set[int]] = {}
    for cohort, begun in cohorts.items():
        ks = [
            (event.at - begun) // question.width if question.width else _period(event.at, periods) - cohort
            for event in events
            if event.at >= begun and event.meets(question.back) and _counts(event.at, question)
        ]
        if question.unbounded:
            ks = list(range(max(ks, default=-1) + 1))
        found[cohort] = {k for k in ks if k <= question.upto}
    return found


def _counts(moment: int, question: RetentionQuestion) -> bool:
    """Without stretches or `unbounded` nothing after the last period counts."""
    return question.unbounded or question.width > 0 or moment < question.periods[-1]


def _period(moment: int, periods: Sequence[int]) -> int:
    """Number of the period a moment lies in; beyond the last one a number beyond all that are asked for."""
    return bisect_right(periods, moment) - 1 if moment < periods[-1] else 10_000
