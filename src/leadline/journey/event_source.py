"""Events out of the warehouse: their people, their mails, and what attendees did afterwards."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from leadline.journey.event import Deal, Member, Occasion
from leadline.journey.event_mail import Mail, kind_of, mails_of

Rows = Callable[[str], list[tuple[Any, ...]]]

_MEMBER = (
    "event_id, event, event_at, person_id, email, registered_at, invited, registered, attended, reminded, "
    "opened_reminder, minutes, interactions, _key"
)


def read_occasions(rows: Rows, members: str, emails: str | None) -> list[Occasion]:
    """All events in the order of their start. `members` and `emails` are the SQL of the facts' rows (None: none)."""
    found: dict[tuple[str, str, dt.datetime], dict[str, Member]] = {}
    for row in rows(f"SELECT {_MEMBER} FROM {members} AS member WHERE event_at IS NOT NULL ORDER BY event_at, _key"):
        id, name, at, *_ = row
        key = (str(id or f"{name} {at:%Y-%m-%d %H:%M}"), str(name or id), at)
        member = _member(row)
        people = found.setdefault(key, {})
        people[member.key] = _merged(people.get(member.key), member)
    mails = _mails(rows, emails) if emails is not None else []
    starts: dict[str, list[dt.datetime]] = {}
    for _, name, at in found:
        starts.setdefault(name, []).append(at)
    return [
        Occasion(id, name, at, tuple(people.values()), mails_of(name, at, starts[name], mails))
        for (id, name, at), people in sorted(found.items(), key=lambda each: (each[0][2], each[0][0]))
    ]


def read_leads(rows: Rows, entries: str, members: str) -> dict[str, dt.datetime]:
    """When each attendee first became a lead."""
    sql = (
        f"SELECT person_id, min(entered_at) FROM {entries} AS entry WHERE stage = 'lead' AND entered_at IS NOT NULL "
        f"AND person_id IN (SELECT person_id FROM {members} AS member WHERE attended) GROUP BY person_id"
    )
    return {str(person): at for person, at in rows(sql)}


def read_deals(rows: Rows, opened: str, won: str, members: str) -> dict[str, list[Deal]]:
    """The deals of attendees by person. `opened` are deals with amounts of the day they were opened, `won` with those
    of the day they were won (the same but for the rate of the day).
    """
    chosen = f"person_id IN (SELECT person_id FROM {members} AS member WHERE attended)"
    values = {
        (source, key): amount
        for source, key, amount in rows(
            f"SELECT _source, _key, amount FROM {won} AS won WHERE won_at IS NOT NULL AND status = 'won' AND {chosen}"
        )
    }
    found: dict[str, list[Deal]] = {}
    sql = (
        f"SELECT _source, _key, person_id, created_at, closed_at, won_at, amount FROM {opened} AS opened "
        f"WHERE created_at IS NOT NULL AND {chosen} ORDER BY created_at, _source, _key"
    )
    for source, key, person, created, closed, won_at, amount in rows(sql):
        value = values.get((source, key))
        deal = Deal(
            f"{source}:{key}",
            str(person),
            created,
            closed,
            won_at if (source, key) in values else None,
            float(amount or 0),
            None if (source, key) not in values else float(value or 0),
        )
        found.setdefault(deal.person, []).append(deal)
    return found


def _member(row: Sequence[Any]) -> Member:
    person, email, key = row[3], row[4], row[13]
    return Member(
        str(person or email or key),
        None if person is None else str(person),
        email,
        registered_at=row[5],
        invited=row[6],
        registered=row[7],
        attended=row[8],
        reminded=row[9],
        opened=row[10],
        minutes=None if row[11] is None else float(row[11]),
        interactions=row[12],
    )


def _merged(one: Member | None, other: Member) -> Member:
    """What two sources say of one person at one event: a yes of either, the earlier registration, the longer stay."""
    if one is None:
        return other

    def either(left: bool | None, right: bool | None) -> bool | None:
        return right if left is None else left if right is None else left or right

    def best(pick: Callable[[list[Any]], Any], left: Any, right: Any) -> Any:
        known = [value for value in (left, right) if value is not None]
        return pick(known) if known else None

    return Member(
        one.key,
        one.person or other.person,
        one.email or other.email,
        best(min, one.registered_at, other.registered_at),
        either(one.invited, other.invited),
        either(one.registered, other.registered),
        either(one.attended, other.attended),
        either(one.reminded, other.reminded),
        either(one.opened, other.opened),
        best(max, one.minutes, other.minutes),
        best(max, one.interactions, other.interactions),
    )


def _mails(rows: Rows, emails: str) -> list[Mail]:
    """Campaigns that invite or remind; sends told person by person are added up."""
    sql = (
        "SELECT kind, campaign, subject, sent_at, coalesce(delivered, sent), opens, clicks, person_id "
        f"FROM {emails} AS email WHERE sent_at IS NOT NULL ORDER BY sent_at, _key"
    )
    found: list[Mail] = []
    for kind, campaign, subject, sent_at, delivered, opens, clicks, person in rows(sql):
        told = kind_of(kind, campaign, subject)
        if not told:
            continue
        reached = delivered if delivered is not None else 1 if person is not None else 0
        found.append(Mail(told, f"{campaign or ''} {subject or ''}", sent_at, int(reached), opens, clicks))
    return found


def find_occasions(occasions: Sequence[Occasion], wanted: str) -> list[Occasion]:
    """Events by id, by the part of an id before its date, or by name; case does not matter."""
    word = wanted.casefold().strip()
    for test in (_by_id, _by_short_id, _by_name):
        found = [one for one in occasions if test(one, word)]
        if found:
            return found
    return []


def _by_id(one: Occasion, word: str) -> bool:
    return one.id.casefold() == word


def _by_short_id(one: Occasion, word: str) -> bool:
    return one.id.casefold().partition(" ")[0] == word


def _by_name(one: Occasion, word: str) -> bool:
    return one.name.casefold() == word


def names_of(occasions: Sequence[Occasion]) -> list[str]:
    """What an event may be called by."""
    return list(dict.fromkeys(name for one in occasions for name in (one.name, one.id)))


def credit_window(one: Occasion, same: Mapping[str, Sequence[Occasion]]) -> tuple[dt.datetime, dt.datetime]:
    """When touches of this event may lie: after the one before it of the same name, up to a week after it."""
    before = [other.at for other in same[one.name] if other.at < one.at]
    week = dt.timedelta(days=7)
    first = max(before) + week if before else one.at - dt.timedelta(days=90)
    return max(first, one.at - dt.timedelta(days=90)), one.at + week
