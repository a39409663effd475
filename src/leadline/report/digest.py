"""The weekly digest: what a team must know on Monday of the week that ended on Sunday, in seven parts.

It is made as on the day after the week, whatever day it is asked: goals stand where they stood then, and sources are
late if they did not reach the week's end. A digest whose KPIs wait for a late source says so, keeps the unfinished
numbers back and is not to be sent (`send`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import cast

from msgspec import Struct
from msgspec.structs import replace

from leadline.charts.scale import Number
from leadline.errors import LeadlineError, UsageError
from leadline.governance.contract import read_terms
from leadline.governance.goal import reach_of
from leadline.governance.pace import Pace, measure_pace
from leadline.governance.sla import Delivery, Item, measure_sla
from leadline.governance.twin import twin_of
from leadline.language.language import ENGLISH, Language
from leadline.model.annotation import Annotation, read_annotations
from leadline.model.goal import measured_by
from leadline.model.version import held, since
from leadline.report.change import Change, change
from leadline.report.scorecard import Kpi, Scorecard, build_scorecard
from leadline.report.signal import Limits, Signal, signal_of
from leadline.report.translate import translated_card
from leadline.time.period import parse_period
from leadline.time.zone import day_start
from leadline.workspace import Workspace

DAY = dt.timedelta(days=1)
WEEK = dt.timedelta(days=7)
MOST_BREACHES = 5
_WEEKS_BEFORE = 12
_WEEKS_RESTATED = 8
_AT_RISK = ("watch", "act", "missed")
_SENT_AT = "T08:00"


class Line(Struct, frozen=True):
    """A KPI of the week: its row of the scorecard, and the limits it was held against.

    `waits` names the late sources; then the numbers are those of the last week that is whole.
    """

    kpi: Kpi
    limits: Limits | None = None
    waits: tuple[str, ...] = ()


class Risk(Struct, frozen=True):
    """A goal that this pace will miss, and the day it is missed on."""

    pace: Pace
    miss: dt.date


class Kept(Struct, frozen=True):
    """How a promise about leads was kept by those due in the week; `title` is what people call it."""

    promise: str
    title: str
    team: str
    kept: int
    breached: int
    open: int


class Promises(Struct, frozen=True):
    """Both ways: what was delivered of the month's promise, what was kept of those due in the week, and the worst."""

    tallies: tuple[Kept, ...]
    deliveries: tuple[Delivery, ...]
    worst: tuple[Item, ...]
    breaches: int = 0


class Late(Struct, frozen=True):
    """A source that does not reach the end of the week, to which day it reaches, and the KPIs that wait for it."""

    source: str
    through: dt.date | None
    metrics: tuple[str, ...]


class Restated(Struct, frozen=True):
    """A figure of an earlier week that is another one now than a week ago."""

    metric: str
    week: dt.date
    was: Number | None
    now: Number | None


class Replaced(Struct, frozen=True):
    """Rows that loads of the week put right: how many of a fact a source changed or took away."""

    source: str
    fact: str
    updated: int
    removed: int


class Found(Struct, frozen=True):
    """Errors and warnings of the week's loads by source, and rows put aside."""

    source: str
    problems: int
    quarantined: int


class Redefined(Struct, frozen=True):
    """A metric with another meaning from a day of the week on."""

    metric: str
    first: dt.date
    was: int
    version: int
    note: str = ""


class Unsigned(Struct, frozen=True):
    """A team that agreed to another meaning than is written today (`stale`), or took its word back."""

    metric: str
    team: str
    state: str


class Digest(Struct, frozen=True):
    """The digest of a week; names of metrics are by id in `names`, in the language it was made in.

    `week` is its first day. `send` is false when a KPI waits for a source or nothing is known; `why` says so by id:
    `late-source`, `no-data`.
    """

    workspace: str
    week: dt.date
    timezone: str
    currency: str
    send: bool
    why: tuple[str, ...]
    kpis: tuple[Line, ...]
    signals: tuple[Signal, ...] = ()
    risks: tuple[Risk, ...] = ()
    promises: Promises | None = None
    annotations: tuple[Annotation, ...] = ()
    late: tuple[Late, ...] = ()
    restated: tuple[Restated, ...] = ()
    replaced: tuple[Replaced, ...] = ()
    found: tuple[Found, ...] = ()
    redefined: tuple[Redefined, ...] = ()
    unsigned: tuple[Unsigned, ...] = ()
    names: dict[str, str] = {}
    remarks: tuple[str, ...] = ()

    @property
    def last(self) -> dt.date:
        """The last day of the week."""
        return self.week + WEEK - DAY


def build_digest(space: Workspace, week: str | None = None, *, language: Language = ENGLISH) -> Digest:
    """The digest of a week such as `2026-W26`, of the last one that is over unless given.

    Raises `UsageError` for what is no week, or one that is not over, and `DefinitionError` for a workspace without
    KPIs or with a wrong annotation.
    """
    start = _week(space, week)
    monday = start + WEEK
    space.states()
    settings = replace(space.settings, today=monday)
    then = cast("Workspace", twin_of(replace(space.project, settings=settings), space))
    period = f"{start - _WEEKS_BEFORE * WEEK}..{monday - DAY}"
    card = build_scorecard(then, grain="week", period=period, today=monday, language=language)
    card = translated_card(card, language, space.metrics)
    lines = [_line(then, kpi, start) for kpi in card.kpis]
    signals: list[Signal] = []
    for at, line in enumerate(lines):
        if line.waits or line.kpi.period != start:
            continue
        preferred = getattr(space.project.dashboards.get("scorecard"), "by", "")
        limits, signal = signal_of(then, line.kpi, start, preferred)
        lines[at] = replace(line, limits=limits)
        signals += [signal] if signal else []
    promises, remarks = _promises(then, start)
    late = _late(then, lines)
    why = (["late-source"] if late else []) + ([] if any(line.kpi.period for line in lines) else ["no-data"])
    found = Digest(
        workspace=card.workspace,
        week=start,
        timezone=card.timezone,
        currency=card.currency,
        send=not why,
        why=tuple(why),
        kpis=tuple(lines),
        signals=tuple(signals),
        risks=_risks(then),
        promises=promises,
        annotations=tuple(one for one in read_annotations(space.path, space.metrics) if one.within(start, monday)),
        late=late,
        restated=_restated(then, card, start),
        replaced=_replaced(space, start),
        found=_found(space, start),
        redefined=_redefined(space, start),
        unsigned=_unsigned(space),
        remarks=remarks,
    )
    told = {name: language.metric_name(space.metrics[name]) for name in _named(found) if name in space.metrics}
    return replace(found, names=told)


def _named(digest: Digest) -> list[str]:
    """The ids of the metrics a digest speaks of."""
    names = [line.kpi.definition.id for line in digest.kpis]
    names += [measured_by(risk.pace.goal.metric) for risk in digest.risks]
    names += [one.metric for part in (digest.annotations, digest.redefined, digest.unsigned) for one in part]
    return list(dict.fromkeys(names))


def _week(space: Workspace, text: str | None) -> dt.date:
    calendar, today = space.settings.calendar, space.today
    found = parse_period(text or "last-week", today, calendar)
    if found is None or found.unit != "week" or found.count != 1:
        raise UsageError("bad-week", f"{text!r} is not a week.", fix="write 2026-W26, or leave it out for the last one")
    if found.end > today:
        raise UsageError(
            "week-not-over", f"{found.label} is not over.", why=f"it ends on {found.end - DAY}; today is {today}",
            fix="ask for the week before, or wait for Monday",
        )  # fmt: skip
    return found.start


def _line(then: Workspace, kpi: Kpi, start: dt.date) -> Line:
    """The KPI as of the week; where the week is not whole, why."""
    if kpi.period == start or kpi.state in ("maturing", "settling") or (kpi.period is None and not kpi.fresh_to):
        return Line(kpi)
    if kpi.problem == "no cohort is mature yet":
        return Line(kpi)
    reach = reach_of(then, kpi.definition.id, None, start, start + WEEK)
    if reach is None or reach.last < start + WEEK - DAY:
        return Line(replace(kpi, state="late"), None, reach.late if reach else ())
    if start not in kpi.periods:
        return Line(kpi)
    # Silence as long as is usual for its sources: the week is known, though no row says so.
    at = kpi.periods.index(start)
    unit, better = kpi.definition.unit, kpi.definition.better
    before = kpi.values[at - 1] if at else None
    whole = replace(
        kpi, period=start, value=kpi.values[at], previous=change(kpi.values[at], before, unit=unit, better=better),
        year=Change(None), unfinished=0, state="complete", periods=kpi.periods[: at + 1], values=kpi.values[: at + 1],
        last_year=kpi.last_year[: at + 1], remarks=(),
    )  # fmt: skip
    return Line(whole)


def _late(then: Workspace, lines: Sequence[Line]) -> tuple[Late, ...]:
    """The sources that KPIs wait for, with the day each reaches."""
    through: dict[str, dt.date] = {}
    for state in then.states().values():
        for source in state.sources:
            if source.through is not None:
                day = source.through.date()
                through[source.source] = max(day, through.get(source.source, day))
    names = dict.fromkeys(source for line in lines for source in line.waits)
    found = [
        Late(name, through.get(name), tuple(line.kpi.definition.id for line in lines if name in line.waits))
        for name in names
    ]
    nameless = tuple(line.kpi.definition.id for line in lines if line.kpi.state == "late" and not line.waits)
    return (*found, *([Late("", None, nameless)] if nameless else []))


def _risks(then: Workspace) -> tuple[Risk, ...]:
    """Goals behind their curve, those that run longest last."""
    paces = measure_pace(then).paces
    found = [Risk(pace, _miss(pace)) for pace in paces if pace.status in _AT_RISK]
    return tuple(sorted(found, key=lambda one: (one.miss, one.pace.index or 0)))


def _miss(pace: Pace) -> dt.date:
    """The day a goal is missed at this pace: the last of its period, or the one a total passes what it may be."""
    last = pace.goal.end - DAY
    if pace.kind != "sum" or pace.better != "lower" or pace.through is None or not pace.rate or pace.actual is None:
        return last
    left = (float(pace.goal.target) - float(pace.actual)) / pace.rate
    return min(last, pace.through + dt.timedelta(days=max(0, int(left)) + 1))


def _promises(then: Workspace, start: dt.date) -> tuple[Promises | None, tuple[str, ...]]:
    """The promises between teams, and why a part of them is not told."""
    if not any((then.path / "sla").glob("*.y*ml")):
        return None, ()
    first = day_start(start, then.settings.timezone)
    end = day_start(start + WEEK, then.settings.timezone)
    ledger = measure_sla(then, None)
    due = [item for item in ledger.items if first <= item.due < end]
    breaches = [item for item in due if item.state == "breached"]

    def count(promise: str, state: str) -> int:
        return sum(item.promise == promise and item.state == state for item in due)

    tallies = tuple(
        Kept(one.promise, one.title, one.team, *(count(one.promise, state) for state in ("kept", "breached", "open")))
        for one in ledger.tallies
    )
    worst = sorted(breaches, key=lambda item: (-(item.late_open or 0), item.due, item.record))[:MOST_BREACHES]
    month = then.settings.calendar.floor(start + WEEK - DAY, "month")
    last = then.settings.calendar.shift(month, "month", 1) - DAY
    try:
        deliveries, remarks = measure_sla(then, f"{month}..{last}").deliveries, tuple[str, ...]()
    except LeadlineError as error:
        deliveries, remarks = (), (error.what,)
    return Promises(tallies, deliveries, tuple(worst), len(breaches)), remarks


def _restated(then: Workspace, card: Scorecard, start: dt.date) -> tuple[Restated, ...]:
    """Figures of the weeks before that differ from what the digest before this one could have said."""
    moment = f"{start}{_SENT_AT}"
    names = [kpi.definition.id for kpi in card.kpis if kpi.period is not None]
    if not names or not then.load_at(moment):
        return ()
    period = f"{start - _WEEKS_RESTATED * WEEK}..{start - DAY}"
    old = then.query(names, grain="week", period=period, as_known_at=moment)
    new = then.query(names, grain="week", period=period)
    now = {row[0]: row for row in new.rows}
    found = []
    for place, row in enumerate(old.rows):
        for at, column in enumerate(old.columns):
            if column.kind != "metric" or old.marks.get((place, at)) is not None or row[0] not in now:
                continue
            was, is_now = row[at], now[row[0]][at]
            if was != is_now and isinstance(row[0], dt.date):
                found.append(Restated(column.metric or column.name, row[0], _number(was), _number(is_now)))
    return tuple(sorted(found, key=lambda one: (one.metric, one.week)))


def _span(space: Workspace, start: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """The moments between the digest before and this one, as the ledger has them."""
    zone = space.settings.timezone
    return day_start(start + DAY, zone), day_start(start + WEEK + DAY, zone)


def _replaced(space: Workspace, start: dt.date) -> tuple[Replaced, ...]:
    from leadline.warehouse.ledger import replaced_rows

    rows = replaced_rows(space.warehouse().ledger(), *_span(space, start))
    return tuple(Replaced(row["source"], row["fact"], int(row["updated"]), int(row["removed"])) for row in rows)


def _found(space: Workspace, start: dt.date) -> tuple[Found, ...]:
    from leadline.warehouse.ledger import problems_by_source

    rows = problems_by_source(space.warehouse().ledger(), *_span(space, start))
    return tuple(Found(row["source"], int(row["problems"]), int(row["quarantined"])) for row in rows)


def _redefined(space: Workspace, start: dt.date) -> tuple[Redefined, ...]:
    found = []
    for metric in space.metrics.values():
        first = since(metric)
        if first is not None and start <= first < start + WEEK:
            before = list(held(metric))[-2]
            found.append(Redefined(metric.id, first, before.version, metric.version, before.note))
    return tuple(found)


def _unsigned(space: Workspace) -> tuple[Unsigned, ...]:
    return tuple(
        Unsigned(term.metric, one.team, one.state)
        for term in read_terms(space.project)
        for one in term.standings
        if one.state in ("stale", "withdrawn")
    )


def _number(value: object) -> Number | None:
    return cast("Number", value) if value is not None else None
