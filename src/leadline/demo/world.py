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
    """Website sessions of a day, channel and campaign, with the pages seen and the form fills that came of them."""

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

    @property
    def views(self) -> int:
        return self.sessions + self.engaged * 2


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
    """A stretch of time with one price; `cents` a month, billed monthly or yearly, perhaps after a free trial."""

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
    trial_at: datetime | None = None


class Trial(Struct, frozen=True):
    """A free trial that nobody paid for afterwards; `cents` is what a month would have cost."""

    id: str
    customer: str
    person: Person
    plan: str
    cents: int
    starts_at: datetime
    ends_at: datetime


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
    feature: str = ""


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


class Reply(Struct, frozen=True):
    """An answer to another survey: satisfaction, effort, or whether somebody asked at random knows the name."""

    id: str
    at: datetime
    kind: str
    survey: str
    email: str
    score: int
    scale: int


class Post(Struct, frozen=True):
    """A post, article or episode on an own channel, and what became of it."""

    day: date
    network: str
    profile: str
    id: str
    kind: str
    impressions: int
    reach: int
    likes: int
    comments: int
    shares: int
    saves: int
    clicks: int
    views: int = 0
    plays: int = 0
    hooks: int = 0
    seconds: int = 0


class Audience(Struct, frozen=True):
    """How many people followed a profile, or were on a list, on a day."""

    day: date
    network: str
    profile: str
    followers: int


class Collab(Struct, frozen=True):
    """A piece of an influencer's; money in cents, `rate` that of one engagement."""

    day: date
    network: str
    influencer: str
    campaign: str
    followers: int
    impressions: int
    engagements: int
    fee: int
    product: int
    boost: int
    conversions: int
    revenue: int
    rate: int


class Mention(Struct, frozen=True):
    """What others said of a brand: a single piece, or as many as the monitoring tool counted in a week."""

    id: str
    at: datetime
    kind: str
    network: str
    outlet: str
    tier: str
    brand: str
    influencer: bool
    copied: bool
    sentiment: str
    count: int
    displays: int
    stars: int


class Reading(Struct, frozen=True):
    """A figure from outside, read on a day: `value`, or `cents` when it is money."""

    day: date
    figure: str
    subject: str
    brand: str
    tool: str
    value: float | None = None
    cents: int | None = None


class Query(Struct, frozen=True):
    """A search query's week, as an SEO tool reports it; `position` in tenths, `cents` what the clicks would cost."""

    day: date
    text: str
    impressions: int
    clicks: int
    position: int
    cents: int


class PageSeen(Struct, frozen=True):
    """A page of the blog, seen; `depth` is how far it was scrolled, in hundredths."""

    at: datetime
    visitor: str
    session: str
    page: str
    kind: str
    seconds: int
    depth: int


class Contact(Struct, frozen=True):
    """A touch of marketing with a known person."""

    id: str
    at: datetime
    person: Person
    channel: str
    campaign: str
    kind: str
    content: str


class Entry(Struct, frozen=True):
    """A stage that another system than the CRM keeps: accepted, rejected, qualified by chat or use, gone, back, …"""

    id: str
    at: datetime
    person: Person
    stage: str
    reason: str


class Invitation(Struct, frozen=True):
    """A customer invited somebody; `guest` is empty while nobody took it up. The reward is in cents."""

    id: str
    at: datetime
    host: Person
    host_since: datetime
    guest: Person | None
    accepted_at: datetime | None
    converted_at: datetime | None
    reward: int


class Target(Struct, frozen=True):
    """A goal of a month; values in cents when `is_money`. `actual` is known once the month is over."""

    first: date
    ends: date
    metric: str
    owner: str
    is_money: bool
    target: int
    forecast: int | None
    actual: int | None


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
    trials: tuple[Trial, ...]
    replies: tuple[Reply, ...]
    posts: tuple[Post, ...]
    audiences: tuple[Audience, ...]
    collabs: tuple[Collab, ...]
    mentions: tuple[Mention, ...]
    readings: tuple[Reading, ...]
    queries: tuple[Query, ...]
    pages: tuple[PageSeen, ...]
    contacts: tuple[Contact, ...]
    entries: tuple[Entry, ...]
    invitations: tuple[Invitation, ...]
    targets: tuple[Target, ...]
