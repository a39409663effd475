"""The truth behind the demo: the parameters of the simulation and what exactly came of them, month by month.

Nothing here is computed by the product: totals are added up from the simulated records themselves, so that a test can
hold the product's answers against them.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import median

from msgspec import Struct

from leadline.demo.clock import Clock, month_starts
from leadline.demo.company import BROKEN_CAMPAIGN, Company
from leadline.demo.world import Subscription, World

Value = int | Decimal
Cells = dict[str, dict[str, dict[str, Value]]]

STAGE_MEASURES = {
    "lead": "leads",
    "mql": "mqls",
    "sql": "sqls",
    "opportunity": "opportunities",
    "customer": "new_customers",
}


class Breakage(Struct, frozen=True):
    """The campaign whose landing page stopped producing leads: since when, and what was spent for nothing."""

    campaign: str
    broken_from: date
    spend: Decimal
    sessions: int
    leads: int


class Truth(Struct, frozen=True):
    """What is true of the simulated company.

    `by_channel` and `by_campaign` hold measure, month (2026-06, local time) and channel or campaign; `by_month`
    measure and month. Money is in units of the currency. `files` are the names of the export files written.
    """

    notice: str
    seed: int
    company: Company
    broken: Breakage
    by_channel: Cells
    by_campaign: Cells
    by_month: dict[str, dict[str, Value]]
    medians: dict[str, dict[str, float]]
    files: tuple[str, ...] = ()

    def value(self, measure: str, month: str, channel: str = "") -> Value:
        """A measure's total of a month, of one channel or all; 0 where nothing happened."""
        if measure in self.by_month:
            return self.by_month[measure].get(month, 0)
        cells = self.by_channel[measure].get(month, {})
        return cells.get(channel, 0) if channel else sum(cells.values())


def find(world: World) -> Truth:
    """The truth of a simulated world."""
    clock = Clock(world.company.timezone)
    channels, campaigns, months = _Cells(), _Cells(), _Months()
    _delivery(world, channels, campaigns)
    _journey(world, clock, channels, campaigns)
    _mail_and_webinars(world, clock, months)
    _money(world, clock, months)
    _customers(world, clock, months)
    return Truth(
        notice=world.company.notice,
        seed=world.seed,
        company=world.company,
        broken=_breakage(world),
        by_channel=channels.plain(),
        by_campaign=campaigns.plain(),
        by_month=months.plain(),
        medians=_medians(world, clock),
    )


class _Cells:
    """Sums by measure, month and label, kept as whole numbers; measures of money as cents until they are read."""

    def __init__(self) -> None:
        self._sums: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
        self._cents: set[str] = set()

    def add(self, measure: str, month: str, label: str, amount: int) -> None:
        self._sums[measure][month][label] += amount

    def cents(self, measure: str, month: str, label: str, amount: int) -> None:
        self._cents.add(measure)
        self.add(measure, month, label, amount)

    def plain(self) -> Cells:
        return {
            measure: {
                month: {
                    label: Decimal(amount).scaleb(-2) if measure in self._cents else amount
                    for label, amount in sorted(labels.items())
                }
                for month, labels in sorted(months.items())
            }
            for measure, months in sorted(self._sums.items())
        }


class _Months:
    """Sums by measure and month."""

    def __init__(self) -> None:
        self._cells = _Cells()

    def add(self, measure: str, month: str, amount: int = 1) -> None:
        self._cells.add(measure, month, "", amount)

    def cents(self, measure: str, month: str, amount: int) -> None:
        self._cells.cents(measure, month, "", amount)

    def plain(self) -> dict[str, dict[str, Value]]:
        cells = self._cells.plain()
        return {measure: {month: labels[""] for month, labels in months.items()} for measure, months in cells.items()}


def _delivery(world: World, channels: _Cells, campaigns: _Cells) -> None:
    """Advertising, visits and search: the days of the two years, as the reports cover them."""
    starts = world.company.starts
    for ad in world.ads:
        if ad.day < starts:
            continue
        month = f"{ad.day:%Y-%m}"
        for cells, label in ((channels, ad.campaign.channel), (campaigns, ad.campaign.name)):
            cells.cents("spend", month, label, ad.cents)
            cells.add("impressions", month, label, ad.impressions)
            cells.add("clicks", month, label, ad.clicks)
            cells.add("link_clicks", month, label, ad.link_clicks)
            cells.cents("claimed_conversions", month, label, ad.claimed)
    for visit in world.visits:
        if visit.day < starts:
            continue
        month = f"{visit.day:%Y-%m}"
        for cells, label in ((channels, visit.channel), (campaigns, visit.campaign)):
            cells.add("sessions", month, label, visit.sessions)
            cells.add("new_users", month, label, visit.new_users)
            cells.add("engaged_sessions", month, label, visit.engaged)
            cells.add("key_events", month, label, visit.key_events)
    for day in world.search:
        if day.day >= starts:
            channels.add("search_clicks", f"{day.day:%Y-%m}", "Organic Search", day.clicks)
            channels.add("search_impressions", f"{day.day:%Y-%m}", "Organic Search", day.impressions)


def _journey(world: World, clock: Clock, channels: _Cells, campaigns: _Cells) -> None:
    """Contacts, stages and deals, by the month in which each happened; cohorts by the month of the lead."""
    touched: dict[str, list[datetime]] = defaultdict(list)
    for activity in world.activities:
        if not activity.automated:
            touched[activity.person.id].append(activity.at)
    for person in world.people:
        channels.add("contacts", clock.month(person.created_at), person.channel, 1)
        for stage, measure in STAGE_MEASURES.items():
            if stage in person.stages:
                month = clock.month(person.stages[stage])
                channels.add(measure, month, person.channel, 1)
                if person.campaign:
                    campaigns.add(measure, month, person.campaign, 1)
        lead, mql = person.stages.get("lead"), person.stages.get("mql")
        if lead and mql and mql <= lead + timedelta(days=90):
            channels.add("leads_mql_in_90_days", clock.month(lead), person.channel, 1)
        if mql and any(mql <= touch <= mql + timedelta(days=14) for touch in touched[person.id]):
            channels.add("mqls_worked_in_14_days", clock.month(mql), person.channel, 1)
    for deal in world.deals:
        channel = deal.person.channel
        channels.add("deals_created", clock.month(deal.created_at), channel, 1)
        channels.cents("pipeline_created", clock.month(deal.created_at), channel, deal.cents)
        if deal.closed_at is not None:
            month = clock.month(deal.closed_at)
            channels.add(f"deals_{deal.status}", month, channel, 1)
            if deal.status == "won":
                channels.cents("won_amount", month, channel, deal.cents)


def _mail_and_webinars(world: World, clock: Clock, months: _Months) -> None:
    opening = clock.midnight(world.company.starts)
    for mailing in world.mailings:
        if mailing.sent_at < opening:
            continue
        month = clock.month(mailing.sent_at)
        months.add("mailings", month)
        months.add("emails_sent", month, mailing.recipients)
        months.add("emails_delivered", month, mailing.delivered)
        months.add("email_opens", month, mailing.opens)
        months.add("email_clicks", month, mailing.clicks)
        months.add("unsubscribes", month, mailing.unsubscribes)
    for member in world.members:
        if member.webinar.starts_at < opening:
            continue
        month = clock.month(member.webinar.starts_at)
        months.add("registrations", month)
        months.add("registrations_by_signup", clock.month(member.registered_at))
        if member.joins:
            months.add("attendees", month)
            months.add("minutes_attended", month, _minutes(member.joins))


def _minutes(joins: tuple[tuple[datetime, datetime], ...]) -> int:
    """Minutes present: times on two devices at once count once."""
    total, until = timedelta(), datetime.min
    for joined, left in sorted(joins):
        total += max(timedelta(), left - max(joined, until))
        until = max(until, left)
    return round(total.total_seconds() / 60)


def _money(world: World, clock: Clock, months: _Months) -> None:
    """Payments, costs, activities, survey and product events."""
    for payment in world.payments:
        month = clock.month(payment.at)
        if payment.status == "Failed":
            months.add("failed_payments", month)
            continue
        months.add("payments", month)
        months.cents("charged", month, payment.cents)
        months.cents("refunded", month, payment.refunded)
    for cost in world.costs:
        months.cents(f"{cost.team}_cost", f"{cost.day:%Y-%m}", cost.cents)
        if cost.category == "media":
            months.cents("media_cost", f"{cost.day:%Y-%m}", cost.cents)
    for activity in world.activities:
        months.add("sales_touches", clock.month(activity.at))
    for answer in world.answers:
        month = clock.month(answer.at)
        months.add("survey_answers", month)
        months.add("promoters", month, int(answer.score >= 9))
        months.add("detractors", month, int(answer.score <= 6))
    active: dict[str, set[str]] = defaultdict(set)
    for usage in world.usage:
        month = clock.month(usage.at)
        months.add("product_events", month)
        months.add(f"product_{usage.event}", month, usage.quantity)
        active[month].add(usage.email)
    for month, people in active.items():
        months.add("active_users", month, len(people))


def _customers(world: World, clock: Clock, months: _Months) -> None:
    """Recurring revenue and customers at each month's end, and how they moved since the end of the month before.

    Moves compare a customer's two month ends: what came and went within one month does not show.
    """
    company = world.company
    before: dict[str, int] = {}
    ever: set[str] = set()
    for first in month_starts(company.crm_since, company.ends):
        month = f"{first:%Y-%m}"
        end = clock.midnight((first + timedelta(days=31)).replace(day=1))
        now: dict[str, int] = defaultdict(int)
        for one in world.subscriptions:
            if one.starts_at < end and (one.ends_at is None or one.ends_at >= end):
                now[one.customer] += one.cents
        months.cents("mrr", month, sum(now.values()))
        months.add("paying_customers", month, len(now))
        months.add("customers_gone", month, sum(customer not in now for customer in before))
        for customer in {**before, **now}:
            old, new = before.get(customer, 0), now.get(customer, 0)
            kind = _move(old, new, customer in ever)
            if kind:
                months.cents(f"{kind}_mrr", month, abs(new - old))
        ever.update(now)
        before = dict(now)
    _lost(world, clock, months)


def _lost(world: World, clock: Clock, months: _Months) -> None:
    """Customers whose last subscription ended and who did not come back, by the month in which it ended."""
    last: dict[str, list[Subscription]] = defaultdict(list)
    for one in world.subscriptions:
        last[one.customer].append(one)
    for stretches in last.values():
        ends = [one.ends_at for one in stretches if one.ends_at is not None]
        if len(ends) == len(stretches):
            month = clock.month(max(ends))
            months.add("lost_customers", month)
            months.cents("lost_mrr", month, sum(one.cents for one in stretches if one.ends_at == max(ends)))


def _move(old: int, new: int, known: bool) -> str:
    if old == new:
        return ""
    if not old:
        return "reactivation" if known else "new"
    if not new:
        return "churned"
    return "expansion" if new > old else "contraction"


def _medians(world: World, clock: Clock) -> dict[str, dict[str, float]]:
    """Median days from a deal's creation to its win, by the month of the win."""
    days: dict[str, list[float]] = defaultdict(list)
    for deal in world.deals:
        if deal.status == "won" and deal.closed_at is not None:
            days[clock.month(deal.closed_at)].append((deal.closed_at - deal.created_at).total_seconds() / 86400)
    return {"sales_cycle_days": {month: median(values) for month, values in sorted(days.items())}}


def _breakage(world: World) -> Breakage:
    campaign = next(campaign for campaign in world.company.campaigns if campaign.name == BROKEN_CAMPAIGN)
    since = campaign.broken_from or world.company.ends
    return Breakage(
        campaign=campaign.name,
        broken_from=since,
        spend=Decimal(sum(ad.cents for ad in world.ads if ad.campaign == campaign and ad.day >= since)).scaleb(-2),
        sessions=sum(
            visit.sessions for visit in world.visits if visit.campaign == campaign.name and visit.day >= since
        ),
        leads=sum(visit.forms for visit in world.visits if visit.campaign == campaign.name and visit.day >= since),
    )
