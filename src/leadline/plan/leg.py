"""Legs of a plan: what one statement over one fact yields.

Each leg groups one fact at the query's own grain, from the fact outward; legs meet only by their group keys, in
`leadline.plan.answer`, never in a join, so no row is ever multiplied and nulls mean the same on every engine.
"""

from __future__ import annotations

import datetime as dt
from typing import TypeAlias

from msgspec import Struct

from leadline.model.tree import (
    Across,
    Aggregate,
    Credit,
    Elapsed,
    Gap,
    Last,
    Movement,
    Reach,
    Row,
    ToDate,
    Trailing,
)
from leadline.time.calendar import Calendar, Grain

Span = tuple[dt.date, dt.date]
Extent = tuple[dt.datetime, dt.datetime]


class Named(Struct, frozen=True):
    """An aggregate under the name of its output column."""

    alias: str
    measure: Aggregate


class Ground(Struct, frozen=True, kw_only=True):
    """What every leg says: the fact, the breakdown, the filter and the time.

    Rows fall into `spans` (half-open local days; none: all rows). With a `grain` they are labelled by the period they
    lie in, without one all by `window`. `extent` is the range of instants that rows may fall into, where the spans do
    not say.
    """

    fact: str
    by: tuple[str, ...]
    where: tuple[Row, ...]
    spans: tuple[Span, ...]
    grain: Grain | None
    window: int
    calendar: Calendar
    timezone: str
    extent: Extent | None = None


class Scan(Ground, frozen=True, kw_only=True):
    """Aggregates of one fact over the rows whose `time` falls in the spans; `currency` groups by currency too."""

    time: str
    measures: tuple[Named, ...]
    currency: bool = False


class Balance(Ground, frozen=True, kw_only=True):
    """A measure taken at the end of each span (one per label): a balance, a trailing window, a total to date."""

    alias: str
    measure: Last | Trailing | ToDate
    currency: bool = False


class Cohort(Ground, frozen=True, kw_only=True):
    """Entities that took a step within the spans: how many, how many reached the next, how many still may.

    `seen` is the last instant (naive UTC) the target's fact knows of: windows that end later are still open.
    """

    alias: str
    measure: Reach
    seen: dt.datetime | None


class Course(Ground, frozen=True, kw_only=True):
    """The time from an entity's first step within the spans to its next one, those under way until `seen` censored."""

    alias: str
    measure: Elapsed
    seen: dt.datetime | None


class Gaps(Ground, frozen=True, kw_only=True):
    """The time between consecutive moments of an entity, the later one within the spans."""

    alias: str
    measure: Gap


class Spread(Ground, frozen=True, kw_only=True):
    """The sum over the days (weeks, …) of a period of a measure taken for each of them."""

    alias: str
    measure: Across
    currency: bool = False


class Moves(Ground, frozen=True, kw_only=True):
    """What a balance gained and lost from the start to the end of each span; one column a kind of movement."""

    measures: tuple[tuple[str, Movement], ...]
    currency: bool = False


class Credits(Ground, frozen=True, kw_only=True):
    """Conversions within the spans, credited to the touches before each; `fact` is that of the conversions."""

    alias: str
    measure: Credit
    currency: bool = False


Leg: TypeAlias = Scan | Balance | Cohort | Course | Gaps | Spread | Moves | Credits
