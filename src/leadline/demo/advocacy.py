"""Around the CRM: touches of marketing, stages other systems keep, invitations by customers, and further surveys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from leadline.demo.clock import Clock, month_starts
from leadline.demo.company import Company
from leadline.demo.dice import Dice
from leadline.demo.world import (
    Activity,
    Answer,
    Contact,
    Entry,
    Invitation,
    Member,
    Person,
    Reply,
    Subscription,
    Usage,
)

PAPERS = ("Benchmark report", "Marketing report template", "Guide to the funnel", "Pipeline review checklist")
REJECTIONS = ("no budget", "student or job seeker", "wrong country", "competitor", "cannot be reached")
LATER = ("Direct", "Email", "Organic Search", "Paid Search", "Organic Social")
LATER_SHARE = (34, 26, 22, 11, 7)
PQL_ACTIONS = 25
REWARD = 100_00


def touches(
    clock: Clock, people: list[Person], members: list[Member], invitations: list[Invitation], dice: Dice
) -> list[Contact]:
    """What marketing did with known people: forms filled, papers, chats, later visits, events and invitations."""
    found: list[tuple[datetime, Person, str, str, str, str]] = []
    guests = {one.guest.id: one for one in invitations if one.guest is not None}
    for person in people:
        if person.id in guests:
            at = person.created_at - timedelta(minutes=2)
            found.append((at, person, person.channel, person.campaign, "referral", guests[person.id].host.company))
        # Who fills the form of a webinar has registered for it.
        kind = "event" if "Webinar" in person.campaign or person.campaign.startswith("Invitation") else "form"
        found.append((person.created_at, person, person.channel, person.campaign, kind, ""))
        if dice.chance(0.14):
            at = person.created_at + timedelta(minutes=1 + dice.randrange(9))
            found.append((at, person, person.channel, person.campaign, "download", dice.choice(PAPERS)))
        if dice.chance(0.04):
            at = clock.awake(person.created_at + timedelta(hours=1 + dice.randrange(90)), dice)
            found.append((at, person, "Direct", "", "chat", "Website chat"))
        found.extend(_visits(clock, person, dice))
    for member in members:
        if member.joins:
            found.append((member.webinar.starts_at, member.person, "Email", "", "event", member.webinar.topic))
    found.sort(key=lambda one: (one[0], one[1].id, one[4]))
    return [Contact(f"T{number + 1:06d}", *one) for number, one in enumerate(found)]


def _visits(clock: Clock, person: Person, dice: Dice) -> Iterator[tuple[datetime, Person, str, str, str, str]]:
    """Later visits of those who went on to qualify, until their last stage."""
    last = max(person.stages.values(), default=person.created_at)
    if "mql" not in person.stages or last - person.created_at < timedelta(hours=8):
        return
    span = (last - person.created_at).total_seconds() / 60
    for _ in range(min(person.visits - 1, 4)):
        at = clock.awake(person.created_at + timedelta(minutes=30 + int(dice.random() * (span - 60))), dice)
        if at < last:
            yield at, person, dice.pick(LATER, LATER_SHARE), "", "visit", ""


def entries(
    clock: Clock,
    people: list[Person],
    activities: list[Activity],
    contacts: list[Contact],
    subscriptions: list[Subscription],
    usage: list[Usage],
    answers: list[Answer],
    horizon: datetime,
    dice: Dice,
) -> list[Entry]:
    """Stages the CRM's export has no date for, each from the system that knows it."""
    found: list[tuple[datetime, Person, str, str]] = []
    worked: dict[str, datetime] = {}
    for activity in activities:
        if not activity.automated:
            worked.setdefault(activity.person.id, activity.at)
    chatted = {one.person.id: one.at for one in contacts if one.kind == "chat"}
    for person in people:
        if person.id in chatted and "mql" in person.stages:
            found.append((chatted[person.id], person, "cql", ""))
        found.extend(_decision(clock, person, worked.get(person.id), dice))
    found.extend(_comings_and_goings(subscriptions, horizon))
    found.extend(_qualified_by_use(subscriptions, usage))
    for answer in answers:
        if answer.score >= 9 and dice.chance(0.2):
            at = clock.working(answer.at + timedelta(days=2 + dice.randrange(30)), dice)
            found.append((at, answer.person, "advocate", dice.choice(("reference call", "case study", "talk"))))
    kept = sorted((one for one in found if one[0] < horizon), key=lambda one: (one[0], one[1].id, one[2]))
    return [Entry(f"S{number + 1:06d}", *one) for number, one in enumerate(kept)]


def _decision(
    clock: Clock, person: Person, touched: datetime | None, dice: Dice
) -> Iterator[tuple[datetime, Person, str, str]]:
    """Sales accepted a qualified lead before it became an SQL, or turned it down after a first talk."""
    qualified, became = person.stages.get("mql"), person.stages.get("sql")
    if qualified is None:
        return
    if became is not None:
        share = dice.uniform(0.2, 0.8)
        yield qualified + (became - qualified) * share, person, "sal", ""
    elif touched is not None and dice.chance(0.6):
        yield (
            clock.working(touched + timedelta(days=dice.randrange(6)), dice),
            person,
            "rejected",
            dice.choice(REJECTIONS),
        )


def _comings_and_goings(
    subscriptions: list[Subscription], horizon: datetime
) -> Iterator[tuple[datetime, Person, str, str]]:
    """A customer whose plan ended without the next one beginning has left; one whose plan begins later is back."""
    plans: dict[str, list[Subscription]] = defaultdict(list)
    for one in subscriptions:
        if one.kind == "plan":
            plans[one.customer].append(one)
    for stretches in plans.values():
        stretches.sort(key=lambda one: one.starts_at)
        for one, following in zip(stretches, [*stretches[1:], None], strict=True):
            if one.ends_at is None or one.ends_at >= horizon or (following and following.starts_at <= one.ends_at):
                continue
            yield one.ends_at, one.person, "churned", one.reason
            if following:
                yield following.starts_at, one.person, "reactivated", ""


def _qualified_by_use(
    subscriptions: list[Subscription], usage: list[Usage]
) -> Iterator[tuple[datetime, Person, str, str]]:
    """Buyers whose own use passed a mark within a month of their sign-up: worth a call about a larger plan."""
    buyers = {one.person.email: one.person for one in subscriptions}
    since: dict[str, datetime] = {}
    done: dict[str, int] = defaultdict(int)
    for event in usage:
        if event.email in buyers and event.event == "signup":
            since[event.email] = event.at
        elif event.event == "key_action" and event.email in since and done[event.email] < PQL_ACTIONS:
            done[event.email] += event.quantity
            if done[event.email] >= PQL_ACTIONS and event.at - since[event.email] <= timedelta(days=30):
                yield event.at, buyers[event.email], "pql", f"{PQL_ACTIONS} key actions"


def invite(people: list[Person], subscriptions: list[Subscription], horizon: datetime, dice: Dice) -> list[Invitation]:
    """Invitations by customers: half of those who came by referral were invited, and about as many never answered."""
    since: dict[str, datetime] = {}
    hosts: dict[str, Person] = {}
    for one in subscriptions:
        since[one.customer] = min(one.starts_at, since.get(one.customer, one.starts_at))
        hosts[one.customer] = one.person
    ordered = sorted(hosts, key=lambda customer: since[customer])
    found: list[tuple[datetime, Person, datetime, Person | None, datetime | None, datetime | None, int]] = []
    for person in people:
        if person.channel != "Referral" or not dice.chance(0.5):
            continue
        known = [customer for customer in ordered if since[customer] < person.created_at - timedelta(days=22)]
        if not known:
            continue
        host = dice.choice(known)
        at = person.created_at - timedelta(days=dice.randrange(20), minutes=10 + dice.randrange(900))
        bought = person.stages.get("customer")
        found.append((at, hosts[host], since[host], person, person.created_at, bought, REWARD if bought else 0))
        for _ in range(dice.poisson(1.1)):
            later = at + timedelta(minutes=1 + dice.randrange(20_000))
            if later < horizon:
                found.append((later, hosts[host], since[host], None, None, None, 0))
    found.sort(key=lambda one: (one[0], one[1].id))
    return [Invitation(f"R{number + 1:05d}", *one) for number, one in enumerate(found)]


def survey(company: Company, clock: Clock, subscriptions: list[Subscription], dice: Dice) -> list[Reply]:
    """After support cases satisfaction (1 to 5) and effort (1 to 7); twice a year 300 strangers: do they know us?"""
    horizon = clock.midnight(company.ends + timedelta(days=1))
    found: list[tuple[datetime, str, str, str, int, int]] = []
    for first in month_starts(company.starts, company.ends):
        opened = clock.midnight(first)
        for one in subscriptions:
            active = one.starts_at < opened and not (one.ends_at and one.ends_at <= opened)
            if one.kind == "plan" and active and dice.chance(0.08):
                at = clock.working(opened + timedelta(days=dice.randrange(27)), dice)
                csat = dice.pick((5, 4, 3, 2, 1), (38, 37, 13, 7, 5))
                found.append((at, "csat", "After a support case", one.person.email, csat, 5))
                effort = min(7, max(1, round(dice.gauss(csat + 1.2, 1.1))))
                found.append((at, "ces", "After a support case", one.person.email, effort, 7))
        if first.month in (3, 9):
            years = (first - company.starts).days / 365.25
            for _ in range(300):
                at = clock.working(opened + timedelta(days=8 + dice.randrange(5)), dice)
                found.append((at, "awareness", "Brand survey, aided", "", int(dice.chance(0.11 * 1.2**years)), 1))
    kept = sorted(one for one in found if one[0] < horizon)
    return [Reply(f"Q{number + 1:05d}", *one) for number, one in enumerate(kept)]
