"""Legs of a plan: what one statement over one fact yields.

Each leg groups one fact at the query's own grain, from the fact outward; legs meet only by their group keys, in
`leadline.plan.answer`, never in a join, so no row is ever multiplied and nulls mean the same on every engine.
"""

from __future__ import annotations

import datetime as dt
from typing import TypeAlias

from msgspec import Struct

from leadline.model.tree import Aggregate, Last, Reach, Row, Trailing
from leadline.time.calendar import Calendar, Grain

Span = tuple[dt.date, dt.date]


class Named(Struct, frozen=True):
    """An aggregate under the name of its output column."""

    alias: str
    measure: Aggregate


class Scan(Struct, frozen=True):
    """Aggregates of one fact over the rows whose `time` falls in `spans` (half-open local days; empty: all rows).

    `window` is the label of all rows when there is no grain. With `currency` rows are grouped by currency too.
    """

    fact: str
    time: str
    measures: tuple[Named, ...]
    by: tuple[str, ...]
    where: tuple[Row, ...]
    spans: tuple[Span, ...]
    grain: Grain | None
    window: int
    calendar: Calendar
    timezone: str
    currency: bool = False


class Balance(Struct, frozen=True):
    """A measure of one fact taken at the end of each of `spans` (one per label): a balance, or a trailing window."""

    fact: str
    alias: str
    measure: Last | Trailing
    by: tuple[str, ...]
    where: tuple[Row, ...]
    spans: tuple[Span, ...]
    grain: Grain | None
    window: int
    calendar: Calendar
    timezone: str
    currency: bool = False


class Cohort(Struct, frozen=True):
    """Entities that took a step within `spans`: how many, how many reached the next, how many still may.

    `seen` is the last instant (naive UTC) the target's fact knows of: windows that end later are still open. `extent`
    is the range of instants that rows of either fact fall into.
    """

    fact: str
    alias: str
    measure: Reach
    by: tuple[str, ...]
    where: tuple[Row, ...]
    spans: tuple[Span, ...]
    grain: Grain | None
    window: int
    calendar: Calendar
    timezone: str
    seen: dt.datetime | None
    extent: tuple[dt.datetime, dt.datetime]


Leg: TypeAlias = Scan | Balance | Cohort
