"""The lifecycle of people, and their visits."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from leadline.errors import UsageError, unknown
from leadline.journey.cohort import cohort_periods
from leadline.time.period import parse_period
from leadline.time.zone import day_start
from leadline.workspace.beside import answered_near
from leadline.workspace.known import KnownEvents

if TYPE_CHECKING:
    from leadline.journey.lifecycle import LifecycleAnswer
    from leadline.journey.session import SessionsAnswer
    from leadline.timeline.question import SessionRule

SESSION_RULES: tuple[SessionRule, ...] = ("ga4", "ua", "matomo")
VIEWS = ("page_view", "screen_view")


class Visiting(KnownEvents):
    """Answers who is active, and how often they visit."""

    @answered_near
    def lifecycle(
        self,
        of: str,
        *,
        grain: str = "week",
        period: str | None = None,
        where: str | None = None,
        as_known_at: str | dt.datetime | None = None,
    ) -> LifecycleAnswer:
        """How many people were new, returning, resurrecting and dormant in each period.

        `of` is what counts as being active, in words; the period before the first shown is looked back to.
        """
        from leadline.journey.lifecycle import LifecycleAnswer, lifecycle_rows
        from leadline.journey.step import read_step
        from leadline.timeline.lifecycle import ask_lifecycle
        from leadline.timeline.question import EVERYTHING, LifecycleQuestion, micros

        sized = self._cohort_grain(grain)
        today = self.known_day(as_known_at)
        calendar = self.settings.calendar
        span = parse_period(period, today, calendar) if period else None
        starts, count = cohort_periods(span, sized, 0, calendar, today)
        asked = self.ask((), where=where, as_known_at=as_known_at)
        before = calendar.shift(starts[0], sized, -1)
        moments = [day_start(day, asked.timezone) for day in (before, *starts)]
        with self._events_known(asked, ()) as timeline:
            active = read_step(of, timeline)
            facts = tuple(dict.fromkeys(name.partition("/")[0] for name in active.events))
            until = self._known_until(facts, asked)
            view, only = self._people_and_start(timeline, asked)
            if only != EVERYTHING:
                raise UsageError(
                    "lifecycle-filter",
                    "The lifecycle is filtered by segments of people only.",
                    why="one person's events may lie on both sides of another filter",
                    fix="put the condition into --of, such as --of \"page_view where channel = 'Email'\"",
                )
            question = LifecycleQuestion(tuple(micros(moment) for moment in moments), active, micros(until))
            result = ask_lifecycle(view, timeline.dictionaries, question)
        rows = lifecycle_rows(starts[:count], result)
        told = {"of": of, "grain": sized, "where": where or None}
        return LifecycleAnswer(of, sized, rows, self._journey_provenance(told, asked, facts, until))

    @answered_near
    def sessions(
        self,
        preset: str = "ga4",
        *,
        of: str = "page_view",
        keys: str = "",
        by: str = "",
        period: str | None = None,
        where: str | None = None,
        as_known_at: str | dt.datetime | None = None,
    ) -> SessionsAnswer:
        """Visits made of single events by the rule of a tool: ga4, ua or matomo.

        `of` are the events that visits consist of, the page views among them are its pages; `keys` are those that make
        a visit engaged (GA4). Visits are counted in the period they begin in, in the row of their first event.
        """
        from msgspec.structs import replace

        from leadline.journey.session import SessionsAnswer, visits_of
        from leadline.journey.step import read_property, read_step
        from leadline.timeline.question import EARLIEST, EVERYTHING, LATEST, NOTHING, Match, SessionQuestion, micros
        from leadline.timeline.sessions import ask_sessions

        rule = next((one for one in SESSION_RULES if one == preset), None)
        if rule is None:
            raise unknown("preset", preset, SESSION_RULES)
        asked = self.ask((), where=where, as_known_at=as_known_at, period=period)
        bounds = (EARLIEST, LATEST)
        if asked.period is not None:
            days = (asked.period.start, asked.period.end)
            bounds = (micros(day_start(days[0], asked.timezone)), micros(day_start(days[1], asked.timezone)))
        with self._events_known(asked, ()) as timeline:
            events = read_step(of, timeline)
            key = read_step(keys, timeline) if keys else NOTHING
            view, only = self._people_and_start(timeline, asked)
            if only != EVERYTHING:
                raise UsageError(
                    "sessions-filter",
                    "Visits are filtered by segments of people only.",
                    why="a filter on single events would cut visits into pieces",
                    fix="ask with --by, or put the condition into --of if pieces are meant",
                )
            meant = replace(events, events=(*events.events, *key.events)) if keys and not events.where else events
            question = SessionQuestion(
                rule,
                of=meant,
                views=Match(tuple(name for name in events.events if name in VIEWS) or events.events, events.where),
                keys=key,
                actions=meant,
                by=read_property(by, timeline) if by else "",
                since=bounds[0],
                until=bounds[1],
            )
            found = ask_sessions(view, timeline.dictionaries, question, asked.timezone, times=True)
        facts = tuple(dict.fromkeys(name.partition("/")[0] for name in meant.events))
        told = {"preset": rule, "of": of, "keys": keys or None, "by": by or None, "where": where, "period": period}
        return SessionsAnswer(
            rule,
            by,
            tuple(visits_of(row) for row in found.rows),
            visits_of(found.all),
            self._journey_provenance(told, asked, facts, self._known_until(facts, asked)),
        )
