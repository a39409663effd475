"""The timeline: events sorted by person and time, and the questions that are one pass over them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from leadline.timeline.question import (
    EARLIEST,
    EVERYTHING,
    FOREVER,
    LATEST,
    NOTHING,
    Breakdown,
    Exclusion,
    FunnelQuestion,
    LifecycleQuestion,
    Match,
    Order,
    PathQuestion,
    RetentionQuestion,
    SessionQuestion,
    SessionRule,
    StageQuestion,
    TouchQuestion,
    micros,
)
from leadline.timeline.store import Store

if TYPE_CHECKING:
    from leadline.timeline.funnel import FunnelResult
    from leadline.timeline.lifecycle import LifecycleResult
    from leadline.timeline.paths import PathResult
    from leadline.timeline.retention import RetentionResult
    from leadline.timeline.sessions import SessionResult, SessionTable
    from leadline.timeline.stages import StageResult
    from leadline.timeline.touches import CreditResult, TouchTable

Moment = dt.datetime | dt.date
DAY = dt.timedelta(days=1)
VIEWS = Match(("page_view", "screen_view"))


class Timeline(Store):
    """A timeline that can be asked. Moments are naive UTC or aware; a date is its first moment in UTC."""

    def funnel(
        self,
        steps: Sequence[Match | str],
        *,
        window: dt.timedelta | None,
        order: Order = "ordered",
        gaps: Sequence[dt.timedelta | None] = (),
        exclusions: Sequence[Exclusion] = (),
        since: Moment | None = None,
        until: Moment | None = None,
        now: Moment | None = None,
        by: Breakdown | None = None,
        times: bool = True,
    ) -> FunnelResult:
        """Who gets from step to step: see `FunnelQuestion`; `window` None: however long it takes."""
        from leadline.timeline.funnel import ask_funnel

        question = FunnelQuestion(
            tuple(as_match(step) for step in steps),
            _span(window),
            order,
            tuple(_span(gap) for gap in gaps),
            tuple(exclusions),
            _moment(since, EARLIEST),
            _moment(until, LATEST),
            _moment(now, LATEST),
            by,
        )
        return ask_funnel(self.view, self.dictionaries, question, times=times)

    def stages(
        self,
        stages: Sequence[Match | str],
        *,
        exits: Match | str = NOTHING,
        window: dt.timedelta | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        now: Moment | None = None,
        by: Breakdown | None = None,
    ) -> StageResult:
        """How far people come through the stages of a journey: see `StageQuestion`."""
        from leadline.timeline.stages import ask_stages

        question = StageQuestion(
            tuple(as_match(stage) for stage in stages),
            as_match(exits),
            _span(window),
            _moment(since, EARLIEST),
            _moment(until, LATEST),
            _moment(now, LATEST),
            by,
        )
        return ask_stages(self.view, self.dictionaries, question)

    def sessions(
        self,
        rule: SessionRule = "ga4",
        *,
        zone: str = "UTC",
        by: str = "",
        gap: dt.timedelta = dt.timedelta(minutes=30),
        of: Match = EVERYTHING,
        views: Match = VIEWS,
        keys: Match = NOTHING,
        actions: Match = EVERYTHING,
        campaign: str = "campaign",
        since: Moment | None = None,
        until: Moment | None = None,
        stays: Match = NOTHING,
        times: bool = False,
    ) -> SessionResult:
        """Visits counted by the rule of a tool: see `SessionQuestion`; days are those of `zone`.

        `times` adds up the time on pages too.
        """
        from leadline.timeline.sessions import ask_sessions

        question = SessionQuestion(
            rule, micros(gap), of, views, keys, actions, campaign, (), by,
            _moment(since, EARLIEST), _moment(until, LATEST), stays,
        )  # fmt: skip
        return ask_sessions(self.view, self.dictionaries, question, zone, times=times)

    def session_table(self, question: SessionQuestion, *, zone: str = "UTC") -> SessionTable:
        """Visits one by one."""
        from leadline.timeline.sessions import list_sessions

        return list_sessions(self.view, self.dictionaries, question, zone)

    def retention(
        self,
        periods: Sequence[Moment],
        *,
        start: Match | str = EVERYTHING,
        back: Match | str = EVERYTHING,
        kind: Literal["first", "recurring"] = "first",
        unbounded: bool = False,
        width: dt.timedelta | None = None,
        upto: int = 12,
        now: Moment | None = None,
        by: str = "",
        only: Match = EVERYTHING,
        worth: bool = False,
    ) -> RetentionResult:
        """Who comes back: see `RetentionQuestion`; `periods` are the bounds of the cohorts, n + 1 for n.

        `worth` adds up what the returns were worth.
        """
        from leadline.timeline.retention import ask_retention

        question = RetentionQuestion(
            tuple(micros(bound) for bound in periods),
            as_match(start),
            as_match(back),
            kind,
            unbounded,
            micros(width) if width is not None else 0,
            upto,
            _moment(now, LATEST),
            by,
            only,
        )
        return ask_retention(self.view, self.dictionaries, question, worth=worth)

    def lifecycle(
        self, periods: Sequence[Moment], *, of: Match | str = EVERYTHING, now: Moment | None = None
    ) -> LifecycleResult:
        """Who is new, returning, resurrecting, dormant: see `LifecycleQuestion`; the first period only leads up."""
        from leadline.timeline.lifecycle import ask_lifecycle

        question = LifecycleQuestion(tuple(micros(bound) for bound in periods), as_match(of), _moment(now, LATEST))
        return ask_lifecycle(self.view, self.dictionaries, question)

    def paths(
        self,
        *,
        to: Match | str | None = None,
        start: Match | str | None = None,
        nodes: Match | str = EVERYTHING,
        by: str = "",
        length: int = 10,
        window: dt.timedelta | None = None,
        collapse: bool = True,
        since: Moment | None = None,
        until: Moment | None = None,
        top: int = 50,
    ) -> PathResult:
        """The commonest ways to an event, or from one: see `PathQuestion`."""
        from leadline.timeline.paths import ask_paths

        question = PathQuestion(
            as_match(nodes),
            by,
            None if to is None else as_match(to),
            None if start is None else as_match(start),
            length,
            _span(window),
            collapse,
            _moment(since, EARLIEST),
            _moment(until, LATEST),
            top,
        )
        return ask_paths(self.view, self.dictionaries, question)

    def touches(
        self,
        touches: Match | str,
        conversions: Match | str,
        *,
        lookback: dt.timedelta | None = 90 * DAY,
        properties: Sequence[str] = (),
        since: Moment | None = None,
        until: Moment | None = None,
    ) -> TouchTable:
        """Each conversion and the touches before it, with properties of the touches."""
        from leadline.timeline.touches import list_touches

        question = _touch_question(touches, conversions, lookback, since, until)
        return list_touches(self.view, self.dictionaries, question, properties)

    def credit(
        self,
        touches: Match | str,
        conversions: Match | str,
        *,
        by: str,
        lookback: dt.timedelta | None = 90 * DAY,
        half_life: dt.timedelta = 7 * DAY,
        outer: float = 0.4,
        since: Moment | None = None,
        until: Moment | None = None,
    ) -> CreditResult:
        """Credit of first, last, linear, time-decay and position rules by a property of the touches."""
        from leadline.timeline.touches import ask_credit

        question = _touch_question(touches, conversions, lookback, since, until)
        return ask_credit(self.view, self.dictionaries, question, by, micros(half_life), outer)

    def persons(self, codes: Iterable[int]) -> list[str]:
        """The ids of persons, in the order of the codes."""
        return self.dictionaries.persons(codes)

    def counts(self) -> Mapping[str, int]:
        """How many persons (of a timeline by account: accounts) and events there are, each event once."""
        return {"accounts" if self.by_account else "persons": self.view.persons, "events": self.view.events}


def as_match(value: Match | str) -> Match:
    """A bare name means the events of that name."""
    return Match((value,)) if isinstance(value, str) else value


def _touch_question(
    touches: Match | str,
    conversions: Match | str,
    lookback: dt.timedelta | None,
    since: Moment | None,
    until: Moment | None,
) -> TouchQuestion:
    return TouchQuestion(
        as_match(touches), as_match(conversions), _span(lookback), _moment(since, EARLIEST), _moment(until, LATEST)
    )


def _span(value: dt.timedelta | None) -> int:
    return FOREVER if value is None else micros(value)


def _moment(value: Moment | None, otherwise: int) -> int:
    return otherwise if value is None else micros(value)
