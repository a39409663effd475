"""What can be asked of a timeline: events, steps, breakdowns and the questions built from them.

All are plain frozen definitions. Times are microseconds since 1970 in UTC, spans microseconds; `micros` makes them from
Python's `datetime` and `timedelta`. Periods are half-open: `since` is in, `until` is not.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from msgspec import Struct

from leadline.errors import UsageError

FOREVER = 1 << 61
"""A span longer than any: no window."""

EARLIEST, LATEST = -(1 << 60), 1 << 60
"""Bounds of a period that is open."""

MOST_STEPS = 16

_EPOCH = dt.datetime(1970, 1, 1)

Order = Literal["ordered", "strict", "any"]
SessionRule = Literal["ga4", "ua", "matomo"]


def micros(value: dt.datetime | dt.date | dt.timedelta) -> int:
    """A moment (naive means UTC; a date its first moment) or a span as whole microseconds."""
    if isinstance(value, dt.timedelta):
        return value // dt.timedelta(microseconds=1)
    if not isinstance(value, dt.datetime):
        value = dt.datetime(value.year, value.month, value.day)
    if value.tzinfo is not None:
        value = value.astimezone(dt.UTC).replace(tzinfo=None)
    return (value - _EPOCH) // dt.timedelta(microseconds=1)


class Where(Struct, frozen=True, forbid_unknown_fields=True):
    """A property and the values it may have; None among them means that it has none."""

    property: str
    values: tuple[str | None, ...]


class Match(Struct, frozen=True, forbid_unknown_fields=True):
    """Which events are meant: any of these names (none given: all), each condition met.

    `named` is what reports call it; else the event names.
    """

    events: tuple[str, ...] = ()
    where: tuple[Where, ...] = ()
    named: str = ""

    @property
    def label(self) -> str:
        return self.named or " or ".join(self.events) or "any event"


EVERYTHING = Match()
NOTHING = Match(("",))


def match(*events: str, named: str = "", **where: str | None) -> Match:
    """`match("purchase", channel="email")`: events of these names whose properties have these values."""
    return Match(events, tuple(Where(name, (value,)) for name, value in where.items()), named)


class Exclusion(Struct, frozen=True, forbid_unknown_fields=True):
    """Events that must not happen after step `after` and before step `before` (counted from 1)."""

    match: Match
    after: int = 1
    before: int = 2


class Breakdown(Struct, frozen=True, forbid_unknown_fields=True):
    """How people are put into rows: by the value of a property at one of their events.

    `first touch`: at the earliest event that matches any step and has a value; `last touch`: at the latest such event,
    also after conversion; `step`: at the event counted as step number `step`; `first event`: at the first event of any
    kind that has a value. People without a value are in the row None.

    `every event`: each value has a funnel of its own, of the events that have it and as if there were no others. A
    person can be in several rows, so they add up to more than there are people.
    """

    property: str
    at: Literal["first touch", "last touch", "step", "first event", "every event"] = "first touch"
    step: int = 0


class FunnelQuestion(Struct, frozen=True, forbid_unknown_fields=True):
    """Who gets from step to step.

    `window`: from the first step to the last, inclusive, FOREVER for none. `gaps[k]`: from step k + 1 to step k + 2,
    inclusive; empty for none. Entries are counted in `since` to `until`, conversions until their window ends. A person
    not through by `now` whose window ends later is still open. See `leadline.timeline.reference.funnel` for the rules.
    """

    steps: tuple[Match, ...]
    window: int
    order: Order = "ordered"
    gaps: tuple[int, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    since: int = EARLIEST
    until: int = LATEST
    now: int = LATEST
    by: Breakdown | None = None

    def checked(self) -> FunnelQuestion:
        """Itself; `UsageError` with a cure when it cannot be answered."""
        count = len(self.steps)
        if not 1 <= count <= MOST_STEPS:
            raise UsageError(
                "funnel-steps", f"A funnel has 1 to {MOST_STEPS} steps, not {count}.", fix="leave steps out or split it"
            )
        if self.window < 0 or any(gap < 0 for gap in self.gaps) or self.window == 0:
            raise UsageError(
                "funnel-window", "A window must be longer than nothing.", fix="give a positive span, such as 14 days"
            )
        if self.gaps and len(self.gaps) != count - 1:
            raise UsageError(
                "funnel-gaps",
                f"{count} steps have {count - 1} windows between them, not {len(self.gaps)}.",
                fix="give one span for each pair of neighbours, None where there is no limit",
            )
        if self.since >= self.until:
            raise UsageError("empty-period", "The period of the entries is empty.", fix="let it end after its start")
        if self.order == "any" and (self.gaps or self.exclusions):
            raise UsageError(
                "funnel-any-order",
                "Steps in any order have no windows between them and no exclusions.",
                why="what lies between two steps is not defined when their order is free",
                fix="ask for order 'ordered', or leave them out",
            )
        for exclusion in self.exclusions:
            if not 1 <= exclusion.after < exclusion.before <= count:
                raise UsageError(
                    "funnel-exclusion",
                    f"An exclusion cannot lie between steps {exclusion.after} and {exclusion.before} of {count}.",
                    fix="count steps from 1 and name an earlier and a later one",
                )
        if len(self.exclusions) > MOST_STEPS:
            raise UsageError("funnel-exclusion", f"At most {MOST_STEPS} exclusions.", fix="put events into one of them")
        if self.by is not None and self.by.at == "step" and not 1 <= self.by.step <= count:
            raise UsageError(
                "funnel-breakdown",
                f"There is no step {self.by.step} to break down by.",
                fix=f"name one of 1 to {count}",
            )
        return self


class StageQuestion(Struct, frozen=True, forbid_unknown_fields=True):
    """How far people come through the stages of a journey, and what becomes of them.

    A person enters with the first entry ever of any of `stages`, counted in `since` to `until`; what happens within
    `window` of it counts, inclusive, FOREVER for all. `exits` are events that end a journey. A person not through, who
    has not left, and whose window ends after `now`, is still open. `by` is about entries of stages. See
    `leadline.timeline.reference.stages` for the rules.
    """

    stages: tuple[Match, ...]
    exits: Match = NOTHING
    window: int = FOREVER
    since: int = EARLIEST
    until: int = LATEST
    now: int = LATEST
    by: Breakdown | None = None

    def checked(self) -> StageQuestion:
        """Itself; `UsageError` with a cure when it cannot be answered."""
        count = len(self.stages)
        if not 2 <= count <= MOST_STEPS:
            raise UsageError(
                "journey-stages", f"A journey has 2 to {MOST_STEPS} stages, not {count}.", fix="name the main ones"
            )
        if self.window <= 0:
            raise UsageError(
                "funnel-window", "A window must be longer than nothing.", fix="give a positive span, such as 90 days"
            )
        if self.since >= self.until:
            raise UsageError("empty-period", "The period of the entries is empty.", fix="let it end after its start")
        if self.by is not None and self.by.at not in ("first touch", "last touch"):
            raise UsageError(
                "funnel-breakdown",
                "Stages are broken down by the first or last entry that has a value.",
                why="a stage that was skipped has no entry of its own to take a value from",
                fix="ask for the first or the last",
            )
        return self


class SessionQuestion(Struct, frozen=True, forbid_unknown_fields=True):
    """How visits divide a person's events, and what is counted of them.

    `ga4`: more than `gap` of silence begins a new one. `ua`: so do local midnight (`midnights`, ascending) and a
    campaign (property `campaign`) other than the session's. `matomo`: the same, and already silence of exactly `gap`.
    A session is counted where it begins, in the row of property `by` at its first event. Engaged (GA4): longer than
    10 s, or a key event, or two views. Bounce: GA4 not engaged, otherwise a single event of `actions`.

    Time on a page runs from its view to the session's next one. Of the last page it is known only where an event of
    `stays` (which shows that the page was still before someone's eyes) came after its view: then it runs to the last
    of these. Universal Analytics has no such events; its last pages have no time.
    """

    rule: SessionRule = "ga4"
    gap: int = 1_800_000_000
    of: Match = EVERYTHING
    views: Match = Match(("page_view", "screen_view"))
    keys: Match = NOTHING
    actions: Match = EVERYTHING
    campaign: str = "campaign"
    midnights: tuple[int, ...] = ()
    by: str = ""
    since: int = EARLIEST
    until: int = LATEST
    stays: Match = NOTHING


class RetentionQuestion(Struct, frozen=True, forbid_unknown_fields=True):
    """Who comes back.

    `periods` are the bounds of the cohort periods, ascending (n + 1 for n). `first`: a person belongs to the period of
    their first `start` event ever; `recurring`: to every period with one. Returned in k: a `back` event, at or after
    that period's first `start` event, in the k-th period after it, or (`width` given) in the k-th stretch of that
    length after that event. `unbounded`: in k or later. What is not over by `now` is marked as incomplete.

    That first `start` event of a period also says in which row of property `by` the person is, and must meet `only`:
    whoever's does not is in no cohort of that period. So rows add up to the whole, and filters take away from it.
    """

    periods: tuple[int, ...]
    start: Match = EVERYTHING
    back: Match = EVERYTHING
    kind: Literal["first", "recurring"] = "first"
    unbounded: bool = False
    width: int = 0
    upto: int = 12
    now: int = LATEST
    by: str = ""
    only: Match = EVERYTHING

    def checked(self) -> RetentionQuestion:
        """Itself; `UsageError` when it cannot be answered."""
        if len(self.periods) < 2 or any(a >= b for a, b in zip(self.periods, self.periods[1:], strict=False)):
            raise UsageError(
                "retention-periods", "The bounds of the periods must ascend.", fix="give each period's first moment"
            )
        if self.width < 0 or self.upto < 0:
            raise UsageError("retention-width", "A stretch of time must be longer than nothing.", fix="leave it out")
        return self


STATES = ("new", "returning", "resurrecting", "dormant")
"""What somebody can be in a period, in the order of reports."""


class LifecycleQuestion(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is new, who stays, who is back and who is gone.

    `periods` are bounds, ascending; the first period is only looked back to. Of those with an `of` event in a period
    `new` have their first one ever in it, `returning` had one in the period before too, `resurrecting` only earlier.
    `dormant` had one in the period before and none in it. So active = new + returning + resurrecting, and
    dormant(t) = active(t - 1) - returning(t). What is not over by `now` is marked.
    """

    periods: tuple[int, ...]
    of: Match = EVERYTHING
    now: int = LATEST

    def checked(self) -> LifecycleQuestion:
        """Itself; `UsageError` when it cannot be answered."""
        if len(self.periods) < 3 or any(a >= b for a, b in zip(self.periods, self.periods[1:], strict=False)):
            raise UsageError(
                "lifecycle-periods",
                "The bounds of the periods must ascend, and one period must come before the first shown.",
                fix="give each period's first moment",
            )
        return self


class PathQuestion(Struct, frozen=True, forbid_unknown_fields=True):
    """Which ways lead to an event, or from one.

    A way is the values of `by` (the event names, if empty) at the events of `nodes`. To `to`: the last `length` before
    each such event, since the one before it and within `window`; what is left at the end of a person's events is a way
    that has not led there yet. From `start`: the first `length` after each such event, until the next. Neighbours of
    the same value count as one unless `collapse` is off. Only ways whose `to` or `start` event (or, where none was
    reached, whose last node) lies in `since` to `until` are counted.
    """

    nodes: Match = EVERYTHING
    by: str = ""
    to: Match | None = None
    start: Match | None = None
    length: int = 10
    window: int = FOREVER
    collapse: bool = True
    since: int = EARLIEST
    until: int = LATEST
    top: int = 50

    def checked(self) -> PathQuestion:
        """Itself; `UsageError` when it cannot be answered."""
        if (self.to is None) == (self.start is None):
            raise UsageError(
                "path-ends", "A path leads either to an event or from one.", fix="give one of `to` and `start`"
            )
        if not 1 <= self.length <= 32 or self.window <= 0 or self.top < 1:
            raise UsageError("path-length", "A path has 1 to 32 places.", fix="choose another length")
        return self


class TouchQuestion(Struct, frozen=True, forbid_unknown_fields=True):
    """The touches before each conversion, at most `lookback` before it (inclusive; one at the same moment counts)."""

    touches: Match
    conversions: Match
    lookback: int = 90 * 86_400_000_000
    since: int = EARLIEST
    until: int = LATEST
