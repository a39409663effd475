"""Events and webinars: invited → reminded → opened → registered → attended → engaged → lead → pipeline → revenue.

One event is one `event_id` (or name and start, where there is no id). A step that no source feeds has no count, and
says which source would feed it; nothing is ever counted as none because nobody looked (000-15, 000-16).

invited, reminded, opened   people whose row in `event_member` says so; where no source tells people, e-mails of a
                            campaign that names the event: a count of e-mails, not of people
registered, attended        people of `event_member`; attended is live, and its share is of those registered
engaged                     attendees with a poll answered, a question or a chat, of those whose tool tells
lead                        attendees who are leads by the end of the window, of those who attended
pipeline                    attendees with a deal open at the event, or opened within the window after it
revenue                     of these, attendees with a deal won within the window

Following an event is not caused by it. What attendees' deals are worth is *influenced*; what a credit model gives to
the event's touches is *credited*: two figures that are never added.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from leadline.journey.event_mail import Mail

StepName = Literal["invited", "reminded", "opened", "registered", "attended", "engaged", "lead", "pipeline", "revenue"]
STEPS: tuple[StepName, ...] = (
    "invited", "reminded", "opened", "registered", "attended", "engaged", "lead", "pipeline", "revenue",
)  # fmt: skip
OF: Mapping[str, StepName] = {
    "reminded": "registered",
    "opened": "reminded",
    "registered": "invited",
    "attended": "registered",
    "engaged": "attended",
    "lead": "attended",
    "pipeline": "attended",
    "revenue": "pipeline",
}
"""What each step is a share of. Reminders go to those who registered, whatever the order of telling."""
BOTH = ("reminded", "opened", "registered", "attended")
"""Steps that people may take without the one before; their share is of those who took both."""
OUTCOMES = ("lead", "pipeline", "revenue")
NEEDS: Mapping[str, str] = {
    "invited": "who was invited (event_member.invited), or invitations by an e-mail tool that name the event",
    "reminded": "who was reminded (event_member.reminded), or reminders by an e-mail tool that name the event",
    "opened": "who opened a reminder (event_member.opened_reminder), or opens of the reminders from the e-mail tool",
    "registered": "a webinar tool's attendee report or a guest list with registrations (event_member.registered)",
    "attended": "a webinar tool's attendee report (event_member.attended)",
    "engaged": "polls, questions and chats by attendee (event_member.interactions)",
    "lead": "a CRM's export of contacts with the dates of their stages (stage_entry)",
    "pipeline": "a CRM's export of deals with their contact (deal.person_id)",
    "revenue": "a CRM's export of deals with their contact and the day they were won (deal.won_at)",
}
MAILED: Mapping[str, str] = {"invited": "invitation", "reminded": "reminder", "opened": "reminder"}
Mailed = tuple[int, int | None, int | None]
"""E-mails delivered, opened and clicked; None where no campaign tells."""


class Member(Struct, frozen=True):
    """A person at an event. Flags are None where the source says nothing."""

    key: str
    person: str | None
    email: str | None
    registered_at: dt.datetime | None = None
    invited: bool | None = None
    registered: bool | None = None
    attended: bool | None = None
    reminded: bool | None = None
    opened: bool | None = None
    minutes: float | None = None
    interactions: int | None = None


class Occasion(Struct, frozen=True):
    """One event that took or takes place, its people and its mails."""

    id: str
    name: str
    at: dt.datetime
    members: tuple[Member, ...]
    mails: tuple[Mail, ...] = ()


class Deal(Struct, frozen=True):
    """A deal of an attendee; `pipeline` is its value as it stands, `won` what it was won for (None: not won)."""

    id: str
    person: str
    created_at: dt.datetime
    closed_at: dt.datetime | None
    won_at: dt.datetime | None
    pipeline: float
    won: float | None


class Step(Struct, frozen=True):
    """A step of the process: how many, and what share of the step `of`.

    `count` is None where nothing can be said: `needs` names the source that would, `note` says what to know. `unit` is
    people or e-mails.
    """

    name: StepName
    count: int | None
    unit: str = "people"
    share: float | None = None
    of: str = ""
    needs: str = ""
    note: str = ""


class Contribution(Struct, frozen=True):
    """What followed the event within the window: deals of its attendees, and what a model credits to its touches.

    `opened` are deals opened after it, `open_before` those open when it took place, `won` those won after it. Amounts
    are None where no source feeds them; credited ones are None, too, where no touch of the event is known.
    """

    opened: int | None = None
    opened_value: float | None = None
    open_before: int | None = None
    open_before_value: float | None = None
    won: int | None = None
    won_value: float | None = None
    credited_pipeline: float | None = None
    credited_revenue: float | None = None


class EventLine(Struct, frozen=True):
    """One event, or all of them together (`id` empty). `people` are behind each step, as the warehouse has them."""

    id: str
    name: str
    at: dt.datetime | None
    steps: tuple[Step, ...]
    contribution: Contribution
    minutes: float | None
    registered_of_attended: int
    window_ends: dt.datetime | None
    window_open: bool
    mails: Mapping[str, Mailed]
    hint: str = ""
    people: Mapping[str, tuple[Member, ...]] = {}
    deals: Mapping[str, tuple[Deal, ...]] = {}

    def step(self, name: str) -> Step:
        """A step by its name."""
        return next(step for step in self.steps if step.name == name)


class Known(Struct, frozen=True):
    """What is known beside the events: first moments as lead and deals by person (None: no source), and until when."""

    leads: Mapping[str, dt.datetime] | None
    deals: Mapping[str, Sequence[Deal]] | None
    now: dt.datetime
    window: dt.timedelta


def follow(occasion: Occasion, known: Known, before: Iterable[Occasion] = ()) -> EventLine:
    """The process of one event; `before` are earlier events, to judge the registrations of one that is to come."""
    members = occasion.members
    ahead = occasion.at > known.now
    ends = occasion.at + known.window
    told = {
        "invited": _flagged(members, lambda one: one.invited),
        "reminded": _flagged(members, lambda one: one.reminded),
        "opened": _flagged(members, lambda one: one.opened),
        "registered": _flagged(members, lambda one: one.registered),
        "attended": None if ahead else _flagged(members, lambda one: one.attended),
    }
    attended = told["attended"]
    told["engaged"] = None if attended is None else _flagged(
        attended, lambda one: None if one.interactions is None else one.interactions > 0
    )  # fmt: skip
    deals: dict[str, tuple[Deal, ...]] = {}
    told["lead"] = told["pipeline"] = told["revenue"] = None
    if attended is not None and known.leads is not None:
        told["lead"] = tuple(one for one in attended if _at(known.leads, one.person) < ends)
    if attended is not None and known.deals is not None:
        deals = _followed(occasion, attended, known.deals, ends)
        for name, kinds in (("pipeline", ("opened", "open_before", "won")), ("revenue", ("won",))):
            owners = {deal.person for kind in kinds for deal in deals[kind]}
            told[name] = tuple(one for one in attended if one.person in owners)
    people = {name: found for name, found in told.items() if found is not None}
    mails = {kind: _mailed(occasion.mails, kind) for kind in ("invitation", "reminder")}
    steps = tuple(_step(name, people, mails, ahead=ahead, at=occasion.at, known=known) for name in STEPS)
    minutes = [one.minutes for one in attended or () if one.minutes is not None]
    return EventLine(
        occasion.id,
        occasion.name,
        occasion.at,
        _with_shares(steps, people),
        _contribution(deals) if deals else Contribution(),
        sum(minutes) / len(minutes) if minutes else None,
        sum(bool(one.registered) for one in attended or ()),
        ends,
        ends > known.now,
        {kind: found for kind, found in mails.items() if found is not None},
        _hint(occasion, list(before), known.now) if ahead else "",
        people,
        deals,
    )


def total_of(lines: Sequence[EventLine], window_open: bool) -> EventLine:
    """All events together: places at events are added, people who became leads or bought are counted once.

    Deals count once too, however many events their owner went to.
    """
    people: dict[str, tuple[Member, ...]] = {}
    for name in STEPS:
        fed = [line.people[name] for line in lines if name in line.people]
        if fed and name in OUTCOMES:
            once = {one.person or one.key: one for found in fed for one in found}
            people[name] = tuple(once.values())
        elif fed:
            people[name] = tuple(one for found in fed for one in found)
    mails = {
        kind: _mails_added([line.mails[kind] for line in lines if kind in line.mails])
        for kind in ("invitation", "reminder")
        if any(kind in line.mails for line in lines)
    }
    steps = []
    for name in STEPS:
        of_lines = [line.step(name) for line in lines]
        counted = [step for step in of_lines if step.count is not None]
        if not counted:
            steps.append(replace(of_lines[0], share=None) if of_lines else Step(name, None, needs=NEEDS[name]))
            continue
        count = len(people[name]) if name in OUTCOMES else sum(step.count or 0 for step in counted)
        missing = len(of_lines) - len(counted)
        units = {step.unit for step in counted}
        note = f"of {len(counted)} of {len(of_lines)} events" if missing else ""
        steps.append(Step(name, count, units.pop() if len(units) == 1 else "people and e-mails", note=note))
    deals = {}
    for kind in ("opened", "open_before", "won"):
        once_deals = {deal.id: deal for line in lines for deal in line.deals.get(kind, ())}
        deals[kind] = tuple(once_deals.values())
    fed_deals = any(line.deals for line in lines)
    whole = _contribution(deals) if fed_deals else Contribution()
    whole = replace(
        whole,
        credited_pipeline=_added(line.contribution.credited_pipeline for line in lines),
        credited_revenue=_added(line.contribution.credited_revenue for line in lines),
    )
    minutes = [one.minutes for one in people.get("attended", ()) if one.minutes is not None]
    return EventLine(
        "",
        "All events",
        None,
        _with_shares(tuple(steps), people, lines),
        whole,
        sum(minutes) / len(minutes) if minutes else None,
        sum(line.registered_of_attended for line in lines),
        None,
        window_open,
        mails,
        "",
        people,
        deals if fed_deals else {},
    )


def _flagged(members: Sequence[Member], flag: Callable[[Member], bool | None]) -> tuple[Member, ...] | None:
    """Members for whom a flag is true; None where it says nothing of anybody."""
    if all(flag(one) is None for one in members):
        return None
    return tuple(one for one in members if flag(one))


def _at(leads: Mapping[str, dt.datetime], person: str | None) -> dt.datetime:
    return leads.get(person or "", dt.datetime.max)


def _followed(
    occasion: Occasion, attended: Sequence[Member], deals: Mapping[str, Sequence[Deal]], ends: dt.datetime
) -> dict[str, tuple[Deal, ...]]:
    """Deals of the attendees that the event may have moved."""
    own = {deal.id: deal for one in attended if one.person for deal in deals.get(one.person, ())}
    at = occasion.at
    return {
        "opened": tuple(deal for deal in own.values() if at <= deal.created_at < ends),
        "open_before": tuple(
            deal for deal in own.values() if deal.created_at < at and (deal.closed_at is None or deal.closed_at >= at)
        ),
        "won": tuple(deal for deal in own.values() if deal.won_at is not None and at <= deal.won_at < ends),
    }


def _contribution(deals: Mapping[str, Sequence[Deal]]) -> Contribution:
    opened, before, won = (deals[kind] for kind in ("opened", "open_before", "won"))
    return Contribution(
        len(opened),
        sum(deal.pipeline for deal in opened),
        len(before),
        sum(deal.pipeline for deal in before),
        len(won),
        sum(deal.won or 0.0 for deal in won),
    )


def _mailed(mails: Sequence[Mail], kind: str) -> Mailed | None:
    """The e-mails of a kind; None where there were none."""
    found = [(mail.delivered, mail.opens, mail.clicks) for mail in mails if mail.kind == kind]
    return _mails_added(found) if found else None


def _mails_added(found: Sequence[Mailed]) -> Mailed:
    return (
        sum(delivered for delivered, _, _ in found),
        _whole([opens for _, opens, _ in found]),
        _whole([clicks for _, _, clicks in found]),
    )


def _whole(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _step(
    name: StepName,
    people: Mapping[str, Sequence[Member]],
    mails: Mapping[str, Mailed | None],
    *,
    ahead: bool,
    at: dt.datetime,
    known: Known,
) -> Step:
    if name in people:
        note = ""
        if name in OUTCOMES and at + known.window > known.now:
            note = "the window is still open"
        return Step(name, len(people[name]), note=note)
    kind = MAILED.get(name)
    found = mails.get(kind) if kind else None
    count = None if found is None else found[1 if name == "opened" else 0]
    if count is not None:
        return Step(name, count, "e-mails")
    if ahead and STEPS.index(name) >= STEPS.index("attended"):
        return Step(name, None, note="the event is still to come")
    return Step(name, None, needs=NEEDS[name])


def _with_shares(
    steps: Sequence[Step], people: Mapping[str, Sequence[Member]], lines: Sequence[EventLine] = ()
) -> tuple[Step, ...]:
    """Each step with its share of the one it comes from; a share is of those who took both, never above one."""
    counts = {step.name: step.count for step in steps}
    found = []
    for step in steps:
        base = OF.get(step.name, "")
        below = counts.get(base) if base else None  # type: ignore[call-overload]
        share = None
        if step.count is not None and below and _comparable(step, base, lines):
            above = step.count
            if step.name in BOTH and step.name in people and base in people:
                above = sum(bool(getattr(one, base)) for one in people[step.name])
            if step.name == "engaged":
                below = sum(one.interactions is not None for one in people["attended"])
            if step.name in OUTCOMES and base == "attended":
                below = len({one.person or one.key for one in people["attended"]})
            share = above / below if below else None
        found.append(replace(step, share=share, of=base if share is not None else ""))
    return tuple(found)


def _comparable(step: Step, base: str, lines: Sequence[EventLine]) -> bool:
    """Whether both steps are told of the same events: of a total they may not be."""
    return all((line.step(step.name).count is None) == (line.step(base).count is None) for line in lines)


def _added(amounts: Iterable[float | None]) -> float | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None


def _hint(occasion: Occasion, before: Sequence[Occasion], now: dt.datetime) -> str:
    """What to do when fewer have registered than for earlier events as many days before them (000-12)."""
    left = occasion.at - now
    usual = []
    for other in sorted(before, key=lambda one: one.at)[-5:]:
        dated = [one.registered_at for one in other.members if one.registered and one.registered_at is not None]
        if other.at <= now and dated:
            usual.append(sum(at <= other.at - left for at in dated))
    if not usual:
        return ""
    middle = sorted(usual)[len(usual) // 2] if len(usual) % 2 else sum(sorted(usual)[len(usual) // 2 - 1 :][:2]) / 2
    registered = sum(bool(one.registered) for one in occasion.members)
    days = left.days + (left.seconds > 0)
    told = (
        f"{registered} registered {days} days before; {middle:g} at the same time before the last {len(usual)} events"
    )
    if registered < middle:
        return f"{told}: send more invitations, or raise the incentive to sign up."
    return f"{told}."
