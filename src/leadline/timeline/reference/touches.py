"""Touches before conversions, and the credit rules that need no path, as they are defined: see `TouchQuestion`."""

from __future__ import annotations

from collections.abc import Sequence

from leadline.timeline.question import TouchQuestion
from leadline.timeline.reference.event import Event

Shares = dict[str, list[float]]
"""By model the share of each touch, in order."""


def touches_of_person(events: Sequence[Event], question: TouchQuestion) -> list[tuple[Event, list[Event]]]:
    """Each conversion of one person in the period, and its touches in order."""
    return [
        (
            conversion,
            [
                touch
                for touch in events
                if touch is not conversion
                and touch.meets(question.touches)
                and conversion.at - question.lookback <= touch.at <= conversion.at
            ],
        )
        for conversion in events
        if conversion.meets(question.conversions) and question.since <= conversion.at < question.until
    ]


def share_credit(moments: Sequence[int], converted: int, half_life: int, outer: float) -> Shares:
    """How a conversion is shared among touches at these moments; each model's shares add up to one."""
    count = len(moments)
    weights = [2.0 ** ((moment - converted) / half_life) for moment in moments]
    inner = [(1 - 2 * outer) / (count - 2)] * (count - 2) if count > 2 else []
    position = [outer, *inner, outer] if count > 2 else [1 / count] * count
    return {
        "first": [1.0, *[0.0] * (count - 1)],
        "last": [*[0.0] * (count - 1), 1.0],
        "linear": [1 / count] * count,
        "time_decay": [weight / sum(weights) for weight in weights],
        "position": position,
    }
