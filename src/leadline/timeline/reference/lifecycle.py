"""The lifecycle, as it is defined: see `LifecycleQuestion`."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from leadline.timeline.question import LifecycleQuestion
from leadline.timeline.reference.event import Event


def place_person(events: Sequence[Event], question: LifecycleQuestion) -> dict[int, str]:
    """What the person is in each period: `new`, `returning`, `resurrecting` or `dormant`; nothing in all others."""
    moments = [event.at for event in events if event.meets(question.of)]
    if not moments:
        return {}
    active = {period for moment in moments if (period := _period(moment, question.periods)) is not None}
    first = _period(moments[0], question.periods)
    found: dict[int, str] = {}
    for period in range(1, len(question.periods) - 1):
        if period in active:
            found[period] = "new" if period == first else "returning" if period - 1 in active else "resurrecting"
        elif period - 1 in active:
            found[period] = "dormant"
    return found


def _period(moment: int, periods: Sequence[int]) -> int | None:
    """Number of the period a moment lies in; None before the first and after the last."""
    return bisect_right(periods, moment) - 1 if periods[0] <= moment < periods[-1] else None
