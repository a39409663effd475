"""What happened in the simulation: records of every kind, before any vendor's file format. Moments are naive UTC."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct

from leadline.demo.company import Campaign, Company


class AdDay(Struct, frozen=True):
    """A campaign's day: delivery, cost in cents, and what the platform claims (hundredths of a conversion)."""

    day: date
    campaign: Campaign
    impressions: int
    reach: int
    clicks: int
    link_clicks: int
    cents: int
    claimed: int


class VisitDay(Struct, frozen=True):
    """Website sessions of a day, channel and campaign, with the form fills that came of them."""

    day: date
    channel: str
    campaign: str
    sessions: int
    engaged: int
    seconds: int
    users: int
    new_users: int
    events: int
    key_events: int
    forms: int


class SearchDay(Struct, frozen=True):
    """Organic search results of a day; `position` in tenths."""

    day: date
    impressions: int
    clicks: int
    position: int


class Mailing(Struct, frozen=True):
    """One e-mail campaign and what became of it."""

    id: str
    kind: str
    title: str
    subject: str
    sent_at: datetime
    recipients: int
    soft_bounces: int
    hard_bounces: int
    opens: int
    total_opens: int
    clicks: int
    total_clicks: int
    unsubscribes: int
    complaints: int

    @property
    def delivered(self) -> int:
        return self.recipients - self.soft_bounces - self.hard_bounces


class Webinar(Struct, frozen=True):
    """A webinar, by its start."""

    id: str
    topic: str
    starts_at: datetime
    minutes: int


class Person(Struct, frozen=True):
    """A contact of the CRM: where it came from and when it entered each stage."""

    id: str
    first: str
    last: str
    email: str
    company: str
    country: str
    owner: str
    channel: str
    campaign: str
    created_at: datetime
    stages: dict[str, datetime]
    visits: int

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"


class Member(Struct, frozen=True):
    """A registration for a webinar, with the times the person was in the room."""

    webinar: Webinar
    person: Person
    registered_at: datetime
    joins: tuple[tuple[datetime, datetime], ...]


class Activity(Struct, frozen=True):
    """What sales did with a lead."""

    id: str
    at: datetime
    kind: str
    outcome: str
    automated: bool
    person: Person


class Deal(Struct, frozen=True):
    """An opportunity; `cents` is its value for a year."""

    id: str
    person: Person
    plan: str
    cents: int
    created_at: datetime
    status: str
    stage: str
    closed_at: datetime | None
    expected_close: datetime
    loss_reason: str


class Subscription(Struct, frozen=True):
    """A stretch of time with one price; `cents` a month, billed monthly or yearly."""

    id: str
    customer: str
    person: Person
    plan: str
    kind: str
    cents: int
    interval: str
    starts_at: datetime
    canceled_at: datetime | None
    ends_at: datetime | None
    reason: str


class Payment(Struct, frozen=True):
    """A charge: what was asked for, what was given back, and how it ended."""

    id: str
    subscription: Subscription
    at: datetime
    cents: int
    refunded: int
    refunded_at: datetime | None
    fee: int
    status: str


class Usage(Struct, frozen=True):
    """Something a user did in the product, `quantity` times."""

    id: str
    at: datetime
    email: str
    event: str
    plan: str
    quantity: int


class Answer(Struct, frozen=True):
    """An answer to the quarterly survey, 0 to 10."""

    id: str
    at: datetime
    person: Person
    score: int
    plan: str


class Cost(Struct, frozen=True):
    """A booking of the finance team, on the last day of a month."""

    day: date
    team: str
    category: str
    vendor: str
    channel: str
    cents: int
    planned: int


class World(Struct, frozen=True):
    """Everything that happened."""

    company: Company
    seed: int
    ads: tuple[AdDay, ...]
    visits: tuple[VisitDay, ...]
    search: tuple[SearchDay, ...]
    mailings: tuple[Mailing, ...]
    people: tuple[Person, ...]
    members: tuple[Member, ...]
    activities: tuple[Activity, ...]
    deals: tuple[Deal, ...]
    subscriptions: tuple[Subscription, ...]
    payments: tuple[Payment, ...]
    usage: tuple[Usage, ...]
    answers: tuple[Answer, ...]
    costs: tuple[Cost, ...]
