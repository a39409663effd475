"""Totals: asked of the records again without the breakdown, never summed from the rows.

With a breakdown over time there is a total for each period, and one over all of them; else one over everything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from msgspec.structs import replace

from leadline.plan.query import Query
from leadline.plan.result import Mark, Result, Total, Value
from leadline.time.period import Period


def total_queries(query: Query, labels: Sequence[dt.date | int]) -> list[Query]:
    """The queries that yield the totals of an answer with these labels; none when it is one number already."""
    found = []
    if query.by and query.grain is not None:
        found.append(replace(query, by=()))
    if query.by or query.grain is not None:
        found.append(replace(query, by=(), grain=None, period=_whole(query, labels)))
    return found


def _whole(query: Query, labels: Sequence[dt.date | int]) -> Period | None:
    """The period asked for, or the one that the labels span."""
    days = [label for label in labels if isinstance(label, dt.date)]
    if query.period is not None or query.grain is None or not days:
        return query.period
    first, end = min(days), query.calendar.shift(max(days), query.grain, 1)
    return Period(first, end, query.grain, len(days), f"{first}..{end - dt.timedelta(days=1)}")


def total_rows(result: Result, answer: Result) -> list[Total]:
    """The rows of a total query's answer, laid out as those of the result."""
    found = []
    names = {name: at for at, name in enumerate(answer.names)}
    for number, row in enumerate(answer.rows):
        values: list[Value] = []
        marks: dict[int, Mark] = {}
        for at, column in enumerate(result.columns):
            place = names.get(column.name) if column.kind != "dimension" else None
            values.append(row[place] if place is not None else None)
            if place is not None and (number, place) in answer.marks:
                marks[at] = answer.marks[number, place]
            # Of amounts that were converted, `currency` is what they were booked in: a total is none of its members.
            booked = result.query is not None and result.query.currency and "currency" in result.query.by
            if column.kind == "dimension" and column.name == "currency" and not booked:
                values[-1] = next((c.currency for c in answer.columns if c.currency), None)
        found.append(Total(tuple(values), marks))
    return found
