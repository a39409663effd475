"""Cohorts of a workspace."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from leadline.errors import RefusedError, UsageError, unknown
from leadline.journey.cohort import (
    BALANCES,
    MEASURES,
    MONEY,
    CohortAnswer,
    CohortQuestion,
    Kind,
    balance_rows,
    cohort_periods,
    people_rows,
)
from leadline.model.level import check_level
from leadline.plan.query import FactState, Query
from leadline.time.period import parse_period
from leadline.time.zone import day_start
from leadline.workspace.beside import answered_near
from leadline.workspace.known import KnownEvents

if TYPE_CHECKING:
    from leadline.model.level import Level
    from leadline.timeline import Match
    from leadline.timeline.question import RetentionQuestion


class Cohorts(KnownEvents):
    """Answers who comes back."""

    @answered_near
    def cohort(
        self,
        start: str = "",
        back: str = "",
        *,
        value: str = "people",
        grain: str = "month",
        upto: int = 12,
        period: str | None = None,
        kind: Kind = "first",
        unbounded: bool = False,
        days: int = 0,
        by: str = "",
        where: str | None = None,
        currency: str | None = None,
        as_known_at: str | dt.datetime | None = None,
        level: Level = "person",
    ) -> CohortAnswer:
        """Cohorts by their `start`, and who of each did `back` in the k-th period after it (or stretch of `days`).

        `value` people counts them, revenue adds up what the back events were worth; subscribers, nrr and grr are taken
        of subscriptions at the end of each period, which start and back have no part in. `start` and `back` are steps
        in words; without `back` coming back is starting again. Filters and breakdowns go by the event that starts. At
        the `level` of accounts these are followed and counted.
        Raises `UsageError` or `RefusedError`, never a wrong number.
        """
        measure = next((one for one in MEASURES if one == value), None)
        if measure is None:
            raise unknown("value", value, MEASURES)
        sized = self._cohort_grain(grain)
        today = self.known_day(as_known_at)
        calendar = self.settings.calendar
        span = parse_period(period, today, calendar) if period else None
        if upto < 0 or days < 0:
            raise UsageError("bad-upto", "Periods and days are counted upwards.", fix="give a number above zero")
        starts, count = cohort_periods(span, sized, upto, calendar, today)
        question = CohortQuestion(
            measure=measure,
            start=start,
            back=back or start,
            grain=sized,
            starts=starts,
            count=count,
            upto=upto,
            timezone=self.settings.timezone,
            until=day_start(today, self.settings.timezone),
            kind=kind,
            unbounded=unbounded,
            days=days,
            by=by,
            where=where or "",
            level=check_level(level),
        )
        asked = self.ask((), where=where, as_known_at=as_known_at, currency=currency)
        if measure in BALANCES:
            return self._stayed_subscribed(question, asked)
        if not start:
            raise UsageError(
                "no-start",
                "Cohorts need an event that people start with.",
                fix="name one, such as --start customer or --start order; `leadline funnel --events` lists them",
            )
        return self._came_back(question, asked)

    def _came_back(self, question: CohortQuestion, asked: Query) -> CohortAnswer:
        """People who came back, and what that was worth, from the timeline."""
        from leadline.journey.answer import left_out_words
        from leadline.journey.step import read_property, read_step
        from leadline.timeline.retention import ask_retention

        if question.measure == "revenue" and question.unbounded:
            raise UsageError(
                "worth-unbounded",
                "Value comes back in one period each, not in it or later.",
                fix="leave --unbounded out, or ask for people",
            )
        currency = ""
        converted: tuple[str, ...] = ()
        if question.measure == "revenue":
            currency, converted = self._worth_of_back(question.back, asked)
        with self._events_known(asked, converted) as timeline:
            start, back = read_step(question.start, timeline), read_step(question.back, timeline)
            facts = tuple(dict.fromkeys(name.partition("/")[0] for name in (*start.events, *back.events)))
            question = replace(question, until=self._known_until(facts, asked))
            view, only = self._people_and_start(timeline, asked)
            followed = self._at_level(timeline.narrowed(view), question.level)
            result = ask_retention(
                followed.view,
                timeline.dictionaries,
                _retention(question, start, back, read_property(question.by, timeline) if question.by else "", only),
                worth=question.measure == "revenue",
            )
        first = [(cohort.group, _micros(question, cohort.since), cohort) for cohort in result.cohorts]
        rows = people_rows(
            question,
            [(group, at, one.size, one.back, one.worth) for group, at, one in first if at < question.count],
        )
        origin = self._cohort_origin(question, asked, facts, currency)
        return CohortAnswer(question, rows, origin, currency, tuple(left_out_words(followed)))

    def _stayed_subscribed(self, question: CohortQuestion, asked: Query) -> CohortAnswer:
        """Subscribers and recurring revenue kept, from the subscription fact."""
        from leadline.journey.subscription import FACT, kept_sql, members_sql, subscription_leg
        from leadline.model.infer import check_condition
        from leadline.model.text import condition_text

        for name, given in (
            ("--start", question.start),
            ("--kind", question.kind != "first"),
            ("--unbounded", question.unbounded),
            ("--days", question.days),
            ("--level account", question.level == "account"),
        ):
            if given:
                raise UsageError(
                    "not-of-subscriptions",
                    f"{name} is of no use with --value {question.measure}.",
                    why="subscriptions begin with the first one paid for, and are looked at when each period ends",
                    fix="leave it out, or ask for people or revenue",
                )
        fact = self.facts[FACT]
        if question.by and question.by not in fact.dimensions:
            raise unknown("dimension", question.by, fact.dimensions, why=f"cohorts are of the fact {FACT}")
        if asked.where is not None:
            check_condition(asked.where, fact, condition_text(asked.where))
        question = replace(question, until=self._known_until((FACT,), asked))
        currency = ""
        if question.measure in MONEY:
            currency = asked.currency or self._cohort_currency((FACT,))
        leg = subscription_leg(question.by, asked.where, asked.calendar, asked.timezone)
        renderer = self._ready(asked, [leg])
        warehouse = self.warehouse()
        if asked.currency:
            from leadline.warehouse.exchange import used_rates

            used_rates(warehouse, renderer, [leg], asked.as_of_load)
        statements = [members_sql(renderer, leg, question), kept_sql(renderer, leg, question)]
        members, kept = ([tuple(row) for row in warehouse.rows(sql)[1]] for sql in statements)
        rows = balance_rows(question, members, kept)
        origin = self._cohort_origin(question, asked, (FACT,), currency) | {"sql": statements}
        return CohortAnswer(question, rows, origin, currency)

    def _worth_of_back(self, back: str, asked: Query) -> tuple[str, tuple[str, ...]]:
        """The currency of what events are worth, and the facts whose amounts must be converted into it."""
        from leadline.timeline.source import RULES

        worth = {rule.fact for rule in RULES if rule.value}
        told = {part for part in worth if part in back.replace("/", " ").split()}
        if not told:
            raise UsageError(
                "no-value",
                f"{back!r} is worth nothing.",
                why=f"only {' and '.join(sorted(worth))} rows have an amount",
                fix="write --back order, or --back deal/won",
            )
        facts = tuple(sorted(told))
        if not asked.currency:
            return self._cohort_currency(facts), ()
        states = self.states()
        foreign = {name for fact in facts for name in states.get(fact, FactState()).currencies} - {asked.currency}
        return asked.currency, facts if foreign else ()

    def _cohort_currency(self, facts: Sequence[str]) -> str:
        """The one currency of some facts' amounts; `RefusedError` when there are several."""
        states = self.states()
        found = sorted({name for fact in facts for name in states.get(fact, FactState()).currencies if name})
        if len(found) > 1:
            raise RefusedError(
                "mixed-currencies",
                f"Amounts in {' and '.join(found)} cannot be added.",
                why=f"{' and '.join(facts)} has rows in each",
                fix=f"convert them: --currency {found[0]}",
            )
        return found[0] if found else self.settings.currency

    def _cohort_origin(
        self, question: CohortQuestion, asked: Query, facts: Sequence[str], currency: str
    ) -> dict[str, Any]:
        told = {
            "measure": question.measure,
            "start": question.start or None,
            "back": question.back or None,
            "kind": question.kind,
            "unbounded": question.unbounded,
            "grain": question.grain,
            "days": question.days or None,
            "upto": question.upto,
            "by": question.by or None,
            "level": question.level,
            "where": question.where or None,
            "currency": currency or None,
        }
        return self._journey_provenance(told, asked, facts, question.until)


def _retention(question: CohortQuestion, start: Match, back: Match, by: str, only: Match) -> RetentionQuestion:
    from leadline.timeline.question import RetentionQuestion, micros

    return RetentionQuestion(
        tuple(micros(moment) for moment in question.moments),
        start,
        back,
        question.kind,
        question.unbounded,
        question.days * 86_400_000_000,
        question.upto,
        by=by,
        only=only,
    )


def _micros(question: CohortQuestion, since: int) -> int:
    """The number of the cohort that begins at a moment."""
    from leadline.timeline.question import micros

    return [micros(moment) for moment in question.moments].index(since)
