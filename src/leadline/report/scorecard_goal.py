"""The scorecard held against goals: what is reached, at what pace, whether to act, and what comes next.

A KPI's value is that of its last complete period and is held against the goal of that period; the pace is that of the
goal that runs now. "At this pace" is what was reached divided by the share that was due, and no forecast.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import cast

from msgspec.structs import replace

from leadline.charts.value import format_value
from leadline.errors import LeadlineError
from leadline.governance.goal import Wanted, condition_of, goals_of, wanted_in
from leadline.governance.pace import WATCH, Pace, pace_of, settled_pace
from leadline.governance.sla import measure_sla
from leadline.language.language import ENGLISH, Language
from leadline.model.annotate import of_metrics
from leadline.model.annotation import read_annotations
from leadline.model.goal import Goal
from leadline.model.promise import Deliver, read_agreements
from leadline.report.format import format_period
from leadline.report.scorecard import Kpi, Scorecard, Status, build_scorecard
from leadline.time.calendar import Grain
from leadline.time.period import Period
from leadline.workspace import Workspace

_DAY = dt.timedelta(days=1)


def aimed_scorecard(
    workspace: Workspace,
    *,
    kpis: Sequence[str] = (),
    grain: str = "",
    period: str | None = None,
    as_known_at: str | None = None,
    where: str | None = None,
    language: Language = ENGLISH,
) -> Scorecard:
    """As `build_scorecard`, with goals and what was noted about its KPIs."""
    card = build_scorecard(
        workspace,
        kpis=kpis,
        grain=grain,
        period=period,
        as_known_at=as_known_at,
        today=workspace.today,
        where=where,
        language=language,
    )
    noted = read_annotations(workspace.path, workspace.metrics)
    return replace(
        with_goals(card, workspace, where=where, as_known_at=as_known_at, language=language),
        annotations=of_metrics(noted, [kpi.definition.id for kpi in card.kpis]),
    )


def with_goals(
    card: Scorecard,
    workspace: Workspace,
    *,
    where: str | None = None,
    as_known_at: str | None = None,
    language: Language = ENGLISH,
) -> Scorecard:
    """The scorecard with the goals of its KPIs: one small query when there are none.

    `where` is the condition that the scorecard was asked under: then only goals set for exactly that segment count.
    """
    goals = goals_of(workspace, as_known_at=as_known_at)
    named = {kpi.definition.id for kpi in card.kpis}
    if not any(goal.metric in named for goal in goals):
        return card
    broken = {} if where else _broken_promises(workspace, named)
    aimed = [
        _aimed(kpi, card.grain, workspace, _goals_for(kpi, goals, where), as_known_at=as_known_at) for kpi in card.kpis
    ]
    return replace(
        card,
        kpis=tuple(replace(kpi, action=_action(kpi, broken.get(kpi.definition.id, 0), language)) for kpi in aimed),
    )


def _goals_for(kpi: Kpi, goals: Sequence[Goal], where: str | None) -> list[Goal]:
    """The goals of a KPI as a whole; where it has them by segment only, those, for they may add up to it."""
    own = [goal for goal in goals if goal.metric == kpi.definition.id]
    if where is not None:
        return [goal for goal in own if condition_of(goal.segment) == where]
    return [goal for goal in own if not goal.segment] or own


def _aimed(kpi: Kpi, grain: str, workspace: Workspace, own: Sequence[Goal], *, as_known_at: str | None) -> Kpi:
    if not own:
        return kpi
    calendar, unit = workspace.settings.calendar, cast("Grain", grain)
    yesterday = workspace.known_day(as_known_at) - _DAY
    segment = own[0].segment if len({goal.segment for goal in own}) == 1 else ()

    def wanted(start: dt.date | None) -> Wanted | None:
        period = None
        if start is not None:
            period = Period(start, calendar.shift(start, unit, 1), unit, 1, start.isoformat())
        return next((one for one in wanted_in(workspace, own, period) if one.goal.segment == segment), None)

    done = wanted(kpi.period) if kpi.period is not None else None
    running = wanted(calendar.floor(yesterday, unit)) or wanted(None)
    goal = None
    if done is not None and kpi.value is not None:
        same_money = not done.goal.currency or done.goal.currency == kpi.currency
        goal = (
            settled_pace(workspace, done, kpi.value)
            if same_money
            else pace_of(workspace, done, as_known_at=as_known_at)
        )
    pace = None
    if running is not None and (done is None or running.goal.key != done.goal.key):
        pace = pace_of(workspace, running, as_known_at=as_known_at)
    found = replace(kpi, goal=goal and replace(goal, points=()), pace=pace and replace(pace, points=()))
    if pace is not None and pace.through is not None and kpi.state != "late":
        # What is told of the running goal is measured to this day: sources that do not feed the KPI hold nothing up.
        found = replace(found, fresh_to=pace.through)
    return replace(found, status=_status(found))


def _status(kpi: Kpi) -> Status | None:
    """By the goal that runs; while it is too early to judge that, by the one of the period shown."""
    pace = kpi.pace
    if pace is not None:
        if pace.status in ("on track", "reached"):
            return "on track"
        if pace.status == "watch":
            return "watch"
        if pace.status in ("act", "missed"):
            return "act"
    if kpi.goal is None or kpi.goal.status not in ("reached", "missed"):
        return None
    if kpi.goal.status == "reached":
        return "on track"
    return "watch" if kpi.goal.index is not None and kpi.goal.index >= WATCH else "act"


def _broken_promises(workspace: Workspace, named: set[str]) -> dict[str, int | str]:
    """How many leads wait longer than promised this month, by the metric whose delivery that agreement promises; why
    nobody can tell, where a promise cannot be measured.
    """
    found: dict[str, int | str] = {}
    agreements = read_agreements(workspace.path, workspace.metrics, workspace.facts)
    delivered = {
        one.metric: name
        for name, agreement in agreements.items()
        for one in agreement.promises.values()
        if isinstance(one, Deliver) and one.metric in named
    }
    if not delivered:
        return {}
    try:
        ledger = measure_sla(workspace, reveal=False)
    except LeadlineError as error:
        return dict.fromkeys(delivered, error.what)
    for metric, name in delivered.items():
        about = {each for each, one in agreements[name].promises.items() if not isinstance(one, Deliver)}
        found[metric] = len({item.record for item in ledger.breaches if item.promise in about})
    return found


def _action(kpi: Kpi, broken: int | str, language: Language) -> str:
    """What to do next, in plain words."""
    parts = [part for part in (_pace_action(kpi, language), _promise_action(broken, language)) if part]
    return " ".join(parts)


def _promise_action(broken: int | str, language: Language) -> str:
    if isinstance(broken, str):
        return broken
    if broken == 1:
        return language.say("Work the lead that waits longer than promised.")
    return language.count("Work the {count} leads that wait longer than promised.", broken) if broken else ""


def _pace_action(kpi: Kpi, language: Language) -> str:
    pace = kpi.pace
    if kpi.status is None:
        return ""
    if pace is None or pace.status in ("early", "no data", "not begun"):
        return _settled_action(kpi, language)
    if kpi.status == "on track":
        return language.say("Keep on: the goal is in reach.") if pace.status != "reached" else language.say(
            "The goal is reached: set the next one."
        )  # fmt: skip
    told = {
        "last": format_period(pace.goal.end - _DAY, "day", language.locale),
        "needed": amount(pace, pace.needed, language),
        "rate": amount(pace, pace.rate, language),
        "actual": amount(pace, pace.actual, language),
        "target": amount(pace, pace.goal.target, language),
    }
    if pace.needed is not None and pace.rate is not None:
        if kpi.status == "watch":
            return language.fill("Look at it each week: {needed} a day needed until {last}, {rate} so far.", **told)
        return language.fill("Decide now: {needed} a day needed until {last}, {rate} so far.", **told)
    if kpi.status == "watch":
        return language.fill("Look at it each week: it stands at {actual}, the goal is {target}.", **told)
    return language.fill("Decide now: it stands at {actual}, the goal is {target}.", **told)


def _settled_action(kpi: Kpi, language: Language) -> str:
    goal = kpi.goal
    if goal is None or kpi.period is None or goal.status == "reached":
        return language.say("Keep on: the last goal was reached.") if goal is not None else ""
    told = {"actual": amount(goal, goal.actual, language), "target": amount(goal, goal.goal.target, language)}
    return language.fill("Agree what changes: {actual} came where the goal was {target}.", **told)


def amount(pace: Pace, value: object, language: Language = ENGLISH) -> str:
    """A value in the unit of a goal, shortened; part people and part deals to a tenth."""
    if pace.unit in ("percent", "ratio", "money") or value is None:
        return format_value(value, pace.unit, currency=pace.currency, locale=language.locale, compact=True)  # type: ignore[arg-type]
    digits = None if value == int(value) else 1  # type: ignore[call-overload]
    return format_value(value, pace.unit, locale=language.locale, compact=True, digits=digits)  # type: ignore[arg-type]
