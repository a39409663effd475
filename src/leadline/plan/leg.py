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


class Ground(Struct, frozen=True, kw_only=True):
    """What every leg says: the fact, the breakdown, the filter and the time.

    Rows fall into `spans` (half-open local days; none: all rows). With a `grain` they are labelled by the period they
    lie in, without one all by `window`.
    """

    fact: str
    by: tuple[str, ...]
    where: tuple[Row, ...]
    spans: tuple[Span, ...]
    grain: Grain | None
    window: int
    calendar: Calendar
    timezone: str


class Scan(Ground, frozen=True, kw_only=True):
    """Aggregates of one fact over the rows whose `time` falls in the spans; `currency` groups by currency too."""

    time: str
    measures: tuple[Named, ...]
    currency: bool = False


class Balance(Ground, frozen=True, kw_only=True):
    """A measure of one fact taken at the end of each span (one per label): a balance, or a trailing window."""

    alias: str
    measure: Last | Trailing
    currency: bool = False


class Cohort(Ground, frozen=True, kw_only=True):
    """Entities that took a step within the spans: how many, how many reached the next, how many still may.

    `seen` is the last instant (naive UTC) the target's fact knows of: windows that end later are still open. `extent`
    is the range of instants that rows of either fact fall into.
    """

    alias: str
    measure: Reach
    seen: dt.datetime | None
    extent: tuple[dt.datetime, dt.datetime]


Leg: TypeAlias = Scan | Balance | Cohort
