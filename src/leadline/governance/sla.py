"""The ledger of promises: each kept, breached or open, with owner, record and by how much it was late.

A promise about a lead belongs to the period in which it is due, so that a month can be closed: nothing of it is still
to come. What is due after the last day that sources tell of is open, never breached. Late times are told as they
passed, and as open time of the office.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from leadline.charts.scale import Number
from leadline.errors import DefinitionError, RefusedError, UsageError, unknown
from leadline.governance.case import Case, Seen, fits, read_cases, seen_of
from leadline.governance.dispute import Dispute, read_disputes
from leadline.governance.goal import goals_of, reach_of, wanted_in
from leadline.model.note import Note
from leadline.model.promise import (
    FOLDER,
    Agreement,
    Decide,
    Deliver,
    Office,
    Promise,
    Touch,
    read_agreements,
    read_hours,
)
from leadline.time.business import DAY, BusinessHours, parse_within
from leadline.time.period import Period, parse_period
from leadline.time.zone import day_start
from leadline.workspace import Workspace

State = Literal["kept", "breached", "open", "released", "excused"]
WORK_RATE = "lead_work_rate"


class Item(Struct, frozen=True):
    """One promise about one lead. Moments are naive UTC; `late` and `late_open` are seconds, None when not late.

    `released` means that the lead was rejected with a reason before the promise was due; `excused` that a dispute was
    upheld. `name` is empty unless the workspace shows personal data.
    """

    promise: str
    team: str
    record: str
    owner: str
    handed_at: dt.datetime
    due: dt.datetime
    state: State
    done_at: dt.datetime | None = None
    late: float | None = None
    late_open: float | None = None
    note: str = ""
    name: str = ""
    dispute: str = ""


class Tally(Struct, frozen=True):
    """How often a promise about leads was kept; `rate` is kept of kept and breached."""

    promise: str
    title: str
    team: str
    kept: int
    breached: int
    open: int
    released: int
    excused: int
    disputed: int
    rate: float | None


class Part(Struct, frozen=True):
    """A member of a dimension and its own minimum."""

    member: str
    delivered: Number
    target: Decimal


class Delivery(Struct, frozen=True):
    """A promise to deliver: what came, weighted where worths are agreed, against what was promised."""

    promise: str
    title: str
    team: str
    metric: str
    delivered: Number
    target: Decimal
    state: State
    weighted: bool = False
    parts: tuple[Part, ...] = ()
    through: dt.date | None = None


class Ledger(Struct, frozen=True):
    """All promises of a period. `seen` is until when sources tell (the earlier of touches and decisions, naive UTC).

    `work_rate` is the share of leads that sales worked at all, by the catalogue's `lead_work_rate`; `young` while some
    of them still may be.
    """

    period: Period | None
    timezone: str
    tallies: tuple[Tally, ...]
    deliveries: tuple[Delivery, ...]
    items: tuple[Item, ...]
    teams: tuple[str, ...]
    seen: dt.datetime | None = None
    work_rate: float | None = None
    young: bool = False

    @property
    def breaches(self) -> list[Item]:
        """The breached promises, latest first."""
        found = [item for item in self.items if item.state == "breached"]
        return sorted(found, key=lambda item: (-(item.late_open or 0), item.due, item.record))

    def _repr_html_(self) -> str:
        from leadline.governance.drawing import ledger_page

        return ledger_page(self)


def agreements_of(workspace: Workspace) -> dict[str, Agreement]:
    """The agreements of the workspace; `UsageError` when there are none."""
    found = read_agreements(workspace.path, workspace.metrics, workspace.facts)
    if not found:
        raise UsageError(
            "no-agreement",
            "Marketing and sales have promised each other nothing yet.",
            why=f"{FOLDER}/ holds no agreement",
            fix=f"write one in {FOLDER}/, see docs/sla.md",
        )
    return found


def measure_sla(
    workspace: Workspace,
    period: str | None = "this-month",
    *,
    team: str = "",
    as_known_at: str | None = None,
    reveal: bool | None = None,
) -> Ledger:
    """The ledger of a period (None: of all time, deliveries left out), of one team or all.

    `reveal` names the people behind the records, else the workspace says whether to. Raises `UsageError` for an unknown
    team, `RefusedError` when deliveries by month are asked for other periods.
    """
    agreements = agreements_of(workspace)
    teams = tuple(dict.fromkeys(name for one in agreements.values() for name in one.between))
    if team and team not in teams:
        raise unknown("team", team, teams)
    known = workspace.known_day(as_known_at)
    load = workspace.load_at(as_known_at) if as_known_at else None
    asked = parse_period(period, workspace.today, workspace.settings.calendar) if period else None
    office = read_hours(workspace.path, workspace.settings.timezone, workspace.today)
    disputes = read_disputes(workspace.path, teams)
    items: list[Item] = []
    tallies: list[Tally] = []
    deliveries: list[Delivery] = []
    ends: list[dt.datetime] = []
    for agreement in agreements.values():
        chosen = {name: one for name, one in agreement.promises.items() if not team or one.team == team}
        about = {name: one for name, one in chosen.items() if not isinstance(one, Deliver)}
        seen = seen_of(workspace, agreement, known)
        cases = read_cases(workspace, agreement, load) if about else []
        ends += [moment for moment in (seen.touches, seen.decisions) if moment is not None and about]
        for name, promise in about.items():
            opened = [_opened(case, name, promise, office) for case in cases if fits(case, promise)]
            own = [
                _disputed(_judge(item, case, promise, agreement, office, seen), disputes)
                for item, case in opened
                if _due_in(item, asked, workspace.settings.timezone)
            ]
            if workspace.settings.reveal_personal if reveal is None else reveal:
                emails = {(case.record, case.at): case.email for case in cases}
                own = [replace(item, name=emails[item.record, item.handed_at]) for item in own]
            items += own
            tallies.append(_tally(name, promise, own))
        for name, given in chosen.items():
            if isinstance(given, Deliver) and asked is not None:
                deliveries.append(_delivery(workspace, name, given, asked, as_known_at))
    rate, young = _work_rate(workspace, asked, as_known_at)
    return Ledger(
        asked, workspace.settings.timezone, tuple(tallies), tuple(deliveries), tuple(items), teams,
        min(ends, default=None), rate, young,
    )  # fmt: skip


def title_of(name: str, promise: Promise) -> str:
    """What a promise is called."""
    return promise.title or name.replace("_", " ").capitalize()


def _due_in(item: Item, period: Period | None, timezone: str) -> bool:
    return period is None or day_start(period.start, timezone) <= item.due < day_start(period.end, timezone)


def _opened(case: Case, name: str, promise: Touch | Decide, office: Office) -> tuple[Item, Case]:
    """What is promised about a case, before it is looked at."""
    due = parse_within(promise.within).due(case.at, office.of(case.tells.get("region")))
    return Item(name, promise.team, case.record, case.owner, case.at, due, "open"), case


def _judge(item: Item, case: Case, promise: Touch | Decide, agreement: Agreement, office: Office, seen: Seen) -> Item:
    hours, due = office.of(case.tells.get("region")), item.due
    if isinstance(promise, Decide):
        return _judge_decision(item, case, promise, hours, seen.decisions)
    counted = [
        one.at for one in case.contacts if one.kind in promise.kinds and (promise.automated or not one.automated)
    ]
    done = counted[promise.attempts - 1] if len(counted) >= promise.attempts else None
    freed = next((entry.at for entry in case.entries if entry.stage in agreement.ends and entry.reason), None)
    if freed is not None and freed <= due and (done is None or done > freed):
        return replace(item, state="released", done_at=freed, note="rejected with a reason first")
    note = ""
    if promise.attempts > 1:
        note = Note("{done} of {wanted} attempts", done=len(counted), wanted=promise.attempts)
    return _settled(item, done, hours, seen.touches, note or ("" if done else "never touched"))


def _judge_decision(item: Item, case: Case, promise: Decide, hours: BusinessHours, seen: dt.datetime | None) -> Item:
    for entry in case.entries:
        if entry.stage in promise.accept:
            return _settled(item, entry.at, hours, seen, "accepted late")
        if entry.stage in promise.reject:
            agreed = entry.reason and (not promise.reasons or entry.reason in promise.reasons)
            if agreed:
                return _settled(item, entry.at, hours, seen, "rejected late")
            told = "rejected without a reason"
            if entry.reason:
                told = Note("reason '{reason}' is not one agreed on", reason=entry.reason)
            return replace(_settled(item, entry.at, hours, seen, told), state="breached", note=told)
    return _settled(item, None, hours, seen, "no decision")


def _settled(item: Item, done: dt.datetime | None, hours: BusinessHours, seen: dt.datetime | None, note: str) -> Item:
    """Kept when done by the time it was due; breached when done later, or not by the time sources tell of."""
    if done is not None and done <= item.due:
        return replace(item, state="kept", done_at=done)
    if done is None and (seen is None or item.due >= seen):
        return item
    until = done or seen or item.due
    late = (until - item.due).total_seconds()
    return replace(
        item,
        state="breached",
        done_at=done,
        late=late,
        late_open=hours.between(item.due, until).total_seconds(),
        note=note,
    )


def _disputed(item: Item, disputes: dict[tuple[str, str, dt.datetime], Dispute]) -> Item:
    found = disputes.get((item.record, item.promise, item.handed_at))
    if found is None or item.state != "breached":
        return item
    return replace(item, dispute=found.reason, state="excused" if found.outcome == "upheld" else "breached")


def _tally(name: str, promise: Promise, items: Sequence[Item]) -> Tally:
    def count(state: State) -> int:
        return sum(1 for item in items if item.state == state)

    kept, breached = count("kept"), count("breached")
    return Tally(
        name, title_of(name, promise), promise.team, kept, breached, count("open"), count("released"),
        count("excused"), sum(1 for item in items if item.dispute and item.state == "breached"),
        kept / (kept + breached) if kept + breached else None,
    )  # fmt: skip


def _delivery(workspace: Workspace, name: str, promise: Deliver, period: Period, as_known_at: str | None) -> Delivery:
    """What was delivered in whole months, against the promise or the goals of the metric."""
    calendar = workspace.settings.calendar
    end = period.whole_end(calendar)
    months = calendar.starts(period.start, end, "month")
    if months[0] != period.start or calendar.shift(months[-1], "month", 1) != end:
        raise RefusedError(
            "not-a-month",
            f"{name} is promised by month.",
            why=f"{period.label} is not made of months",
            fix="ask for 2026-06",
        )
    whole = Period(period.start, end, period.unit, period.count, period.label)
    target = _promised(workspace, name, promise, whole, len(months), as_known_at)
    reach = reach_of(workspace, promise.metric, None, period.start, end)
    through = min(reach.last, workspace.known_day(as_known_at) - DAY) if reach else None
    base = Delivery(name, title_of(name, promise), promise.team, promise.metric, 0, target, "open", bool(promise.worth))
    if through is None or through < period.start:
        return base
    by = [promise.by] if promise.by else []
    rows = workspace.query([promise.metric], by=by, period=f"{period.start}..{through}", as_known_at=as_known_at).rows
    found = {str(row[0]) if by and row[0] is not None else "": _exact(row[-1]) for row in rows}
    worth = {member: promise.worth.get(member, promise.otherwise) for member in found}
    delivered = sum((value * worth[member] if promise.worth else value for member, value in found.items()), Decimal(0))
    parts = tuple(
        Part(member, found.get(member, Decimal(0)), minimum * len(months))
        for member, minimum in promise.targets.items()
    )
    met = delivered >= target and all(part.delivered >= part.target for part in parts)
    state: State = "kept" if met else "breached" if through >= end - DAY else "open"
    return replace(base, delivered=delivered, state=state, parts=parts, through=through)


def _exact(value: object) -> Decimal:
    return Decimal(str(value)) if isinstance(value, int | float | Decimal) else Decimal(0)


def _promised(
    workspace: Workspace, name: str, promise: Deliver, period: Period, months: int, as_known_at: str | None
) -> Decimal:
    """The target: the promise's own by month, or the goals of the metric; both only when they agree."""
    goals = [goal for goal in goals_of(workspace, as_known_at=as_known_at) if goal.metric == promise.metric]
    wanted = [one.goal.target for one in wanted_in(workspace, goals, period) if not one.goal.segment]
    own = promise.target * months if promise.target is not None else None
    if promise.worth and own is not None:
        return own
    if own is not None and wanted and wanted[0] != own:
        raise DefinitionError(
            "two-targets",
            f"{name} promises {own} of {promise.metric}, and its goal for {period.label} is {wanted[0]:f}.",
            why="a promise and a goal of one metric are one number",
            fix="leave `target` out of the promise, or mend the goal in goals/",
        )
    if own is None and not wanted:
        raise UsageError(
            "no-goal", f"{name} promises no number of {promise.metric}, and there is no goal for {period.label}.",
            fix="set a goal in goals/, or a `target` in the promise",
        )  # fmt: skip
    return own if own is not None else wanted[0]


def _work_rate(workspace: Workspace, period: Period | None, as_known_at: str | None) -> tuple[float | None, bool]:
    if period is None or WORK_RATE not in workspace.metrics:
        return None, False
    span = f"{period.start}..{period.end - DAY}"
    result = workspace.query([WORK_RATE], period=span, as_known_at=as_known_at)
    value = result.rows[0][0] if result.rows else None
    return (float(value) if isinstance(value, int | float | Decimal) else None), "immature" in result.marks.values()
